//! What a person should know before saying yes: notes that follow from the file, from what is
//! there, and from what happened before. Pure but for [`Ecs::failed_before`].

use std::time::Duration;

use aws_sdk_ecs::types as ecs;

use super::change::Change;
use super::observe::Observed;
use super::waves::{bounds, deadlock, waves};
use crate::answer::Ending;
use crate::plan::{Change as _, Note};
use crate::platform::ecs::Ecs;
use crate::platform::ecs::history::deployments::AT_ONCE;
use crate::platform::ecs::history::ending;
use crate::platform::ecs::live::view::RecordView;
use crate::platform::ecs::settings::fields::definition::same;
use crate::platform::ecs::settings::fields::patched::says;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::{Failed, counting};
use crate::spec::{EcsService, NetworkMode, SPOT};

/// The shortest time in which a rollout of `count` tasks can end: each wave takes until the first
/// health check has passed. What nobody can know beforehand (pulling, booting) counts as nothing;
/// neither does draining: no read that a plan makes tells its delay, and whether a wave waits for
/// it is not documented. `None`: it can never end.
pub(crate) fn shortest(service: &EcsService, count: u32) -> Option<Duration> {
    let ecs = &service.own;
    let waves = waves(count, ecs.minimum_healthy_percent, ecs.maximum_percent)?;
    let healthy = service
        .containers
        .iter()
        .filter(|container| container.essential)
        .filter_map(|container| container.health.as_ref())
        .map(|health| health.interval)
        .max()
        .unwrap_or_default();
    Some(healthy * waves + service.rollout.policy.bake)
}

/// Notes on a plan for `count` tasks that starts a rollout or not.
pub(crate) fn notes(
    service: &EcsService,
    changes: &[Change],
    count: u32,
    observed: &Observed,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let created = observed.service.is_none();
    if changes.iter().any(Change::starts_rollout) {
        on_rollout(&mut notes, service, count, created);
    }
    if count == 0 {
        notes.push(counting::nothing_wanted(service, "task"));
    }
    left_alone(&mut notes, service, observed);
    let scaling = observed.scaling.as_ref();
    // What the file says to rest is no news.
    if service.own.autoscaler.suspended.is_none() {
        notes.extend(scaling.and_then(|scaling| counting::suspended(&scaling.suspended())));
    }
    notes
}

fn on_rollout(notes: &mut Vec<Note>, service: &EcsService, count: u32, created: bool) {
    let ecs = &service.own;
    let (low, high) = (ecs.minimum_healthy_percent, ecs.maximum_percent);
    let deadline = service.rollout.policy.deadline;
    match shortest(service, count) {
        None if !created => {
            let text = deadlock(count, low, high);
            notes.extend(text.map(|text| Note::warning("deadlock", text)));
        }
        Some(shortest) if shortest > deadline => notes.push(Note::warning(
            "deadline_too_short",
            format!(
                "The rollout takes {} s at the very least; the deadline trips it after {} s.",
                shortest.as_secs(),
                deadline.as_secs()
            ),
        )),
        _ => {}
    }
    if !created {
        notes.extend(host_port(service, count));
    }
    breaker(notes, service);
    let spot = |item: &crate::spec::Capacity| item.provider == SPOT;
    if !ecs.capacity.is_empty() && ecs.capacity.iter().all(spot) {
        notes.push(Note::warning(
            "spot_only",
            "All tasks run on Fargate Spot: when AWS takes its capacity back, none may be left.",
        ));
    }
}

/// A port of an instance leads to one task only: where no old task may stop first, the new ones need
/// instances beside those of the old ones. How many there are is not read.
fn host_port(service: &EcsService, count: u32) -> Option<Note> {
    let ecs = &service.own;
    let ports = service.containers.iter().flat_map(|one| &one.ports);
    let port = match ecs.network_mode {
        NetworkMode::Host => ports.map(|port| port.host.unwrap_or(port.number)).next(),
        NetworkMode::Bridge => ports.filter_map(|port| port.host).find(|host| *host != 0),
        NetworkMode::Awsvpc | NetworkMode::None => None,
    }?;
    let (lowest, _) = bounds(count, ecs.minimum_healthy_percent, ecs.maximum_percent);
    let tasks = if count == 1 { "task" } else { "tasks" };
    let lower = if count == 1 { "0" } else { "50" };
    (count > 0 && lowest >= count).then(|| {
        Note::info(
            "host_port",
            format!(
                "Port {port} of an instance can lead to one task only, and no old task may stop before a new \
                 one runs: the rollout needs more instances than {count} {tasks}. Where there are no more, set \
                 `minimum_healthy_percent = {lower}` and `maximum_percent = 100`."
            ),
        )
    })
}

fn breaker(notes: &mut Vec<Note>, service: &EcsService) {
    let breaker = &service.rollout.breaker;
    if !breaker.enabled {
        notes.push(Note::warning(
            "breaker_off",
            "The breaker is off: failing tasks are started again and again until the deadline.",
        ));
    } else if !breaker.rollback {
        notes.push(Note::warning(
            "rollback_off",
            "Rollback is off: a version that fails is left as it is.",
        ));
    }
}

fn left_alone(notes: &mut Vec<Note>, wanted: &EcsService, observed: &Observed) {
    let Some(service) = &observed.service else {
        return;
    };
    let patch = &wanted.own.patch;
    let of_definition = observed
        .running
        .iter()
        .flat_map(|running| running.residue.iter().map(|(path, _)| path))
        .filter(|path| !says(&patch.task, path));
    let of_service = service
        .unmodelled
        .iter()
        .filter(|path| !says(&patch.service, path));
    let all: Vec<&str> = of_service
        .chain(of_definition)
        .map(String::as_str)
        .collect();
    if !all.is_empty() {
        notes.push(Note::info(
            "left_alone",
            format!(
                "deploy.toml says nothing of these; they are left alone: {}.",
                all.join(", ")
            ),
        ));
    }
}

impl Ecs {
    /// Whether this very specification failed before, with when and why; four reads at most, that
    /// only feed a warning. Nothing should wait for them.
    pub(crate) async fn failed_before(&self, service: &EcsService) -> Result<Vec<Note>, Failed> {
        let name = service.own.service.as_str();
        let states = [
            ecs::ServiceDeploymentStatus::RollbackSuccessful,
            ecs::ServiceDeploymentStatus::RollbackFailed,
            ecs::ServiceDeploymentStatus::Stopped,
        ];
        let listed = self.list_deployments(name, &states, AT_ONCE).await?;
        let arns: Vec<String> = listed
            .into_iter()
            .filter_map(|brief| brief.service_deployment_arn)
            .collect();
        let mut failures = self.describe_deployments(&arns).await?;
        // Most of what is STOPPED was only overtaken.
        failures.retain(|one| matches!(ending(one), Ending::RolledBack | Ending::Failed));
        let revisions =
            self.describe_revisions(failures.iter().filter_map(|one| one.target.clone()));
        let Some(failure) = newest_failure(service, &failures, &revisions.await?) else {
            return Ok(Vec::new());
        };
        // Where it may not be read, the images are what is known to be the same.
        let definition = self.definition(&failure.definition).await.ok();
        let wanted = self.desired(service).task_definition;
        let same = definition.is_some_and(|was| same(&was.config, &wanted));
        Ok(vec![failure.note(same)])
    }
}

/// A failure of just these images.
struct Failure {
    when: String,
    /// The ARN of its task definition.
    definition: String,
    why: String,
}

impl Failure {
    fn note(&self, same: bool) -> Note {
        let what = if same {
            "This very specification was"
        } else {
            "These images, with other settings, were"
        };
        let Self { when, why, .. } = self;
        let definition = last_part(&self.definition);
        Note::warning(
            "tripped_before",
            format!("{what} deployed {when} as {definition} and tripped: {why}"),
        )
    }
}

/// The newest failure of just these images.
fn newest_failure(
    service: &EcsService,
    failures: &[RecordView],
    revisions: &[ecs::ServiceRevision],
) -> Option<Failure> {
    let same_images = |revision: &&ecs::ServiceRevision| {
        !revision.container_images().is_empty()
            && service.containers.iter().all(|container| {
                revision.container_images().iter().any(|image| {
                    image.container_name.as_deref() == Some(container.name.as_str())
                        && image.image.as_deref() == Some(container.image.as_str())
                })
            })
    };
    let revision_of = |failure: &RecordView| {
        let arn = failure.target.as_ref()?;
        let of = |one: &&ecs::ServiceRevision| one.service_revision_arn.as_ref() == Some(arn);
        revisions.iter().find(of).filter(same_images)
    };
    let (failure, revision) = failures
        .iter()
        .filter_map(|failure| Some((failure, revision_of(failure)?)))
        .max_by_key(|(failure, _)| failure.created)?;
    let reason = failure.reason.as_deref();
    Some(Failure {
        when: failure
            .created
            .map_or("before".to_owned(), |at| format!("on {at:.0}")),
        definition: revision.task_definition.clone().unwrap_or_default(),
        why: reason.unwrap_or("no reason is known").to_owned(),
    })
}
