//! What we do not touch: services that are not ours, and services of a kind that the file format
//! has no word for. Pure.

use super::change::Change;
use super::draft::Draft;
use crate::names::ServiceName;
use crate::plan::Note;
use crate::platform::ecs::live::service::{Kind, LiveService};
use crate::platform::ecs::origin::{exact_value, key, tag_value};
use crate::platform::ecs::settings::service::scheduling::Scheduling;
use crate::platform::ecs::settings::{ServiceConfig, Tag};
use crate::platform::owner::{Marks, Owner, Tenant};
use crate::platform::{Failed, FailureKind, TakesOver};

/// Tags that say more exactly whose a service is than an earlier version did. One that is missing is
/// no reason to write: it goes along with the next change.
const HANDED_OVER: [&str; 2] = [key::TARGET, key::EXACT_PROJECT];

/// Whether the service carries our tags for this project, target and service.
pub(crate) fn is_ours(there: &LiveService, tenant: &Tenant, name: &ServiceName) -> bool {
    with_owner(tenant, name, |owner| owner.is_named_by(&marks(there)))
}

/// Whether it carries all of them, none missing.
pub(crate) fn is_surely_ours(there: &LiveService, tenant: &Tenant, name: &ServiceName) -> bool {
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

fn marks(there: &LiveService) -> Marks<'_> {
    Marks {
        project: there.tag(key::PROJECT),
        exact: there.tag(key::EXACT_PROJECT),
        target: there.tag(key::TARGET),
        service: there.tag(key::SERVICE),
    }
}

/// Whether nothing is to be done but to add marks that an earlier version did not know.
pub(crate) fn only_marks(changes: &[Change], there: &LiveService) -> bool {
    let missing =
        |tag: &Tag| HANDED_OVER.contains(&tag.key.as_str()) && there.tag(&tag.key).is_none();
    match changes {
        [Change::TagService { tags, .. }] => tags.iter().all(missing),
        _ => false,
    }
}

/// Refuses a service that is not ours, unless it is to be adopted: how that is done.
pub(crate) fn refuse_foreign(
    there: &LiveService,
    (tenant, name): (&Tenant, &ServiceName),
    draft: &Draft,
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
        TakesOver::Itself => format!("--adopt takes it over and {}", resets(draft)),
        TakesOver::ByApply => "`apply --adopt` takes it over".to_owned(),
    };
    Failed::new(
        format!("change service {service}"),
        FailureKind::Refused,
        format!("it exists and {whose}; {way}"),
    )
}

/// What an adoption resets, as a note of the plan.
pub(crate) fn note(draft: &Draft) -> Note {
    Note::warning(
        "adopts",
        format!(
            "This service was not ours; taking it over {}.",
            resets(draft)
        ),
    )
}

fn resets(draft: &Draft) -> String {
    let paths: Vec<&str> = draft
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

/// Refuses a service that is going away, of another kind than ours, or made for good in another way than
/// is wanted.
pub(crate) fn refuse_kind(there: &LiveService, wanted: &ServiceConfig) -> Option<Failed> {
    Some(Failed::new(
        format!("change service {}", there.config.service_name),
        FailureKind::Refused,
        what_hinders(there).or_else(|| what_stays(there, wanted))?,
    ))
}

fn what_hinders(there: &LiveService) -> Option<String> {
    if there.view.status == "DRAINING" {
        return Some(
            "it is being deleted; once its last task has stopped, a new one can be made".into(),
        );
    }
    Some(match &there.kind {
        Kind::Usual => return None,
        Kind::ControlledBy(other) => {
            format!("its deployments are controlled by {other}, not by ECS")
        }
        Kind::Express => "it is an Express Mode service, whose resources ECS manages itself".into(),
    })
}

/// What ECS does not change on a service that exists (Amazon ECS API reference, UpdateService: no launch
/// type is among its parameters, and an absent network configuration is kept).
fn what_stays(there: &LiveService, wanted: &ServiceConfig) -> Option<String> {
    let (there, wanted) = (&there.config.settings, &wanted.settings);
    let scheduled = [&there.scheduling, &wanted.scheduling].map(Scheduling::strategy);
    let launches = [&there.capacity.launch_type, &wanted.capacity.launch_type];
    let what = match launches {
        _ if scheduled[0] != scheduled[1] => {
            let [there, wanted] = scheduled;
            format!("its scheduling strategy is {there}, not {wanted}, which")
        }
        [Some(there), Some(wanted)] if there != wanted => {
            format!("its launch type is {there}, not {wanted}, which")
        }
        _ if there.network.network_configuration.is_some()
            && wanted.network.network_configuration.is_none() =>
        {
            "its tasks have addresses of their own (awsvpc), which".to_owned()
        }
        _ => return None,
    };
    Some(format!(
        "{what} ECS does not change on a service that exists; choose another `service` name, or delete \
         it first"
    ))
}
