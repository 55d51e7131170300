//! What we do not touch: services that are not ours, and services of a kind that the file format
//! has no word for. Pure.

use aws_sdk_ecs::types as ecs;

use super::change::Change;
use super::diff::Diff;
use super::observe::ObservedService;
use crate::names::ServiceName;
use crate::plan::Note;
use crate::platform::ecs::origin::{exact_value, key, tag_value};
use crate::platform::ecs::settings::Tag;
use crate::platform::owner::{Marks, Owner, Tenant};
use crate::platform::{Failed, FailureKind, TakesOver};

/// Tags that say more exactly whose a service is than an earlier version did. One that is missing is
/// no reason to write: it goes along with the next change.
const HANDED_OVER: [&str; 2] = [key::TARGET, key::EXACT_PROJECT];

/// Whether the service carries our tags for this project, target and service.
pub fn is_ours(there: &ObservedService, tenant: &Tenant, name: &ServiceName) -> bool {
    with_owner(tenant, name, |owner| owner.is_named_by(&marks(there)))
}

/// Whether it carries all of them, none missing.
pub fn is_surely_ours(there: &ObservedService, tenant: &Tenant, name: &ServiceName) -> bool {
    with_owner(tenant, name, |owner| {
        owner.is_named_in_full_by(&marks(there))
    })
}

fn with_owner<T>(tenant: &Tenant, name: &ServiceName, work: impl FnOnce(&Owner<'_>) -> T) -> T {
    let (project, exact) = (tag_value(&tenant.project), exact_value(&tenant.project));
    work(&Owner {
        project: &project,
        exact: exact.as_deref(),
        target: tenant.target.as_str(),
        service: name.as_str(),
    })
}

fn marks(there: &ObservedService) -> Marks<'_> {
    Marks {
        project: there.tag(key::PROJECT),
        exact: there.tag(key::EXACT_PROJECT),
        target: there.tag(key::TARGET),
        service: there.tag(key::SERVICE),
    }
}

/// Whether nothing is to be done but to add marks that an earlier version did not know.
pub fn only_marks(changes: &[Change], there: &ObservedService) -> bool {
    let missing =
        |tag: &Tag| HANDED_OVER.contains(&tag.key.as_str()) && there.tag(&tag.key).is_none();
    match changes {
        [Change::TagService { tags, .. }] => tags.iter().all(missing),
        _ => false,
    }
}

/// Refuses a service that is not ours, unless it is to be adopted: how that is done.
pub fn refuse_foreign(
    there: &ObservedService,
    (tenant, name): (&Tenant, &ServiceName),
    diff: &Diff,
    takes_over: TakesOver,
) -> Failed {
    let service = &there.config.service_name;
    let whose = match marks(there).whose() {
        Some(owner) => format!("belongs to {owner}"),
        None => format!(
            "is not ours: it has no tags {}={} and {}={name}",
            key::PROJECT,
            tag_value(&tenant.project),
            key::SERVICE
        ),
    };
    let way = match takes_over {
        TakesOver::Itself => format!("--adopt takes it over and {}", resets(diff)),
        TakesOver::ByApply => "`apply --adopt` takes it over".to_owned(),
    };
    Failed::new(
        format!("change service {service}"),
        FailureKind::Refused,
        format!("it exists and {whose}; {way}"),
    )
}

/// What an adoption resets, as a note of the plan.
pub fn note(diff: &Diff) -> Note {
    Note::warning(
        "adopts",
        format!(
            "This service was not ours; taking it over {}.",
            resets(diff)
        ),
    )
}

fn resets(diff: &Diff) -> String {
    let paths: Vec<&str> = diff
        .views
        .iter()
        .filter(|view| !view.path.starts_with("tags."))
        .map(|view| match view.path.as_str() {
            "" => view.object.as_str(),
            path => path,
        })
        .collect();
    if paths.is_empty() {
        "resets nothing but its tags".into()
    } else {
        format!("resets {}", paths.join(", "))
    }
}

/// Refuses a service that is going away, or of another kind than ours.
pub fn refuse_kind(there: &ecs::Service) -> Option<Failed> {
    let name = there.service_name.as_deref().unwrap_or_default();
    let why = what_hinders(there)?;
    Some(Failed::new(
        format!("change service {name}"),
        FailureKind::Refused,
        why,
    ))
}

fn what_hinders(there: &ecs::Service) -> Option<String> {
    if there.status.as_deref() == Some("DRAINING") {
        return Some(
            "it is being deleted; once its last task has stopped, a new one can be made".into(),
        );
    }
    let controller = there.deployment_controller.as_ref().map(|one| &one.r#type);
    if let Some(other) = controller.filter(|one| **one != ecs::DeploymentControllerType::Ecs) {
        return Some(format!(
            "its deployments are controlled by {other}, not by ECS"
        ));
    }
    if there.scheduling_strategy == Some(ecs::SchedulingStrategy::Daemon) {
        return Some("it is a daemon service, which Fargate does not have".into());
    }
    if there.resource_management_type == Some(ecs::ResourceManagementType::Ecs) {
        return Some("it is an Express Mode service, whose resources ECS manages itself".into());
    }
    let launch = there
        .launch_type
        .as_ref()
        .filter(|_| there.capacity_provider_strategy().is_empty())?;
    (*launch != ecs::LaunchType::Fargate).then(|| {
        format!(
            "its launch type is {launch}, which ECS does not change on a service that exists; \
             choose another `service` name, or delete it first"
        )
    })
}
