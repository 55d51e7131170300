//! What goes on with a service before we touch it. Pure.

use crate::platform::ecs::live::view::{DeploymentView, ServiceView, tells_of_rollback};
use crate::platform::ecs::rollout::Watched;
use crate::platform::ecs::rollout::started::RolloutId;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::{Current, Whose};
use crate::spec::EcsService;

/// So many failures lately, and tasks missing, are no coincidence.
const FAILURES: usize = 2;

/// How what is asked for stands to what is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Nothing would be rolled out: the present revision and settings are what is asked for.
    pub(crate) runs: bool,
    /// Nothing but this revision would be rolled out, by ARN.
    pub(crate) revision: Option<&'a str>,
}

/// What goes on.
pub(crate) fn current(
    view: Option<&ServiceView>,
    asked: Asked<'_>,
    service: &EcsService,
) -> Current<Watched> {
    let Some(view) = view.filter(|view| view.status == "ACTIVE") else {
        return Current::Absent;
    };
    let Some(primary) = view.primary() else {
        return Current::Absent;
    };
    let missing = view.running < view.desired;
    match primary.rollout.as_deref() {
        Some("IN_PROGRESS") => rolling(view, primary, asked, service),
        Some("FAILED") => Current::Unwell {
            reason: format!(
                "{} failed: {}",
                last_part(&primary.task_definition),
                primary.reason.as_deref().unwrap_or("no reason given")
            ),
            rollout: follow(view, primary, service),
        },
        _ if missing && primary.failed > 0 => Current::Unwell {
            reason: format!(
                "{} of {} tasks run, and tasks keep failing",
                view.running, view.desired
            ),
            rollout: by_count(view, primary, service),
        },
        // On their way, or gone for a cause that only the tasks themselves tell.
        _ if missing => Current::Rolling(by_count(view, primary, service)),
        _ => Current::Settled {
            proven: view.desired > 0,
            serving: last_part(&primary.task_definition).to_owned(),
        },
    }
}

/// A deployment of that id, while the service lists it.
pub(crate) fn known(view: &ServiceView, id: &str, service: &EcsService) -> Option<Watched> {
    let deployment = view.deployment(id)?;
    Some(follow(view, deployment, service))
}

fn rolling(
    view: &ServiceView,
    primary: &DeploymentView,
    asked: Asked<'_>,
    service: &EcsService,
) -> Current<Watched> {
    let failed = view.deployments.iter().find(|deployment| {
        deployment.rollout.as_deref() == Some("FAILED") && deployment.id != primary.id
    });
    let rollback = goes_back(primary) || failed.is_some();
    let mut rollout = follow(view, primary, service);
    rollout.ours.is_rollback = rollback;
    if asked.runs {
        return Current::Rolling(rollout);
    }
    let mut whose = Whose::Another;
    // A rollback is the end of the rollout that failed: that is the one to follow.
    if let Some(failed) = failed.filter(|_| goes_back(primary)) {
        rollout = follow(view, failed, service);
        if asked.revision == Some(&failed.task_definition) {
            whose = Whose::Ours;
        }
    }
    Current::Busy {
        what: words(primary, rollback),
        rollout,
        whose,
    }
}

fn follow(view: &ServiceView, deployment: &DeploymentView, service: &EcsService) -> Watched {
    Watched::new(
        service,
        RolloutId {
            task_definition: deployment.task_definition.clone(),
            former: former(view, deployment),
            begun: deployment.created,
            ..RolloutId::found(&deployment.id)
        },
    )
}

fn by_count(view: &ServiceView, primary: &DeploymentView, service: &EcsService) -> Watched {
    let mut rollout = follow(view, primary, service);
    rollout.ours.count_only = Some(FAILURES);
    rollout
}

/// What ran before a deployment that is under way: the one that was completed and still drains.
fn former(view: &ServiceView, deployment: &DeploymentView) -> Option<String> {
    let others = view
        .deployments
        .iter()
        .filter(|other| other.id != deployment.id);
    others
        .clone()
        .find(|other| other.rollout.as_deref() == Some("COMPLETED"))
        .or_else(|| {
            others
                .clone()
                .find(|other| other.rollout.as_deref() != Some("FAILED"))
        })
        .map(|other| other.task_definition.clone())
}

fn goes_back(primary: &DeploymentView) -> bool {
    primary.reason.as_deref().is_some_and(tells_of_rollback)
}

fn words(primary: &DeploymentView, rollback: bool) -> String {
    let since = primary
        .created
        .map_or(String::new(), |created| format!(", since {created:.0}"));
    let what = if rollback {
        "a rollback to"
    } else {
        "a rollout of"
    };
    format!(
        "{what} {} ({}{since}; {} of {} tasks run)",
        last_part(&primary.task_definition),
        primary.id,
        primary.running,
        primary.desired
    )
}
