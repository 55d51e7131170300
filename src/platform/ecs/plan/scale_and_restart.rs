//! `scale` and `restart`: one change each, on a service that is there. Pure.

use super::change::{Change, ServiceUpdate};
use super::count::{counts, scaled};
use super::draft::Draft;
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::counting;
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::settings::ScalableTarget;
use crate::platform::{Failed, FailureKind};
use crate::spec::EcsService;

/// New tasks of the same specification.
pub(crate) fn restart(there: &LiveService) -> Draft {
    let mut draft = Draft::default();
    draft.update(ServiceUpdate {
        force_new_deployment: true,
        ..update_of(there)
    });
    draft.views.push(ChangeView {
        object: "service".into(),
        path: "forceNewDeployment".into(),
        from: None,
        to: Some("true".into()),
        effect: Effect::Restarts,
    });
    draft
}

/// Another count: through the autoscaler's bounds where there is one.
pub(crate) fn scale_to(
    service: &EcsService,
    there: &LiveService,
    scaling: Option<&LiveScaling>,
    count: u32,
) -> Result<Draft, Failed> {
    if there.config.settings.scheduling.is_daemon() {
        return Err(Failed::new(
            format!("set the count of {} to {count}", service.name),
            FailureKind::Refused,
            "it is a daemon: it has one task on each instance that its tasks may go to",
        ));
    }
    let target = scaling.and_then(|scaling| scaling.target.as_ref());
    let scaled = target.map(|target| scaled(target, there.desired()));
    if let Some(refused) = counting::refusal(service, scaled, count, "tasks") {
        return Err(refused);
    }
    let wanted = i32::try_from(count).unwrap_or(i32::MAX);
    let mut draft = match target {
        Some(target) => raise_bounds(target, there, wanted),
        None => set_count(there, wanted),
    };
    draft
        .notes
        .extend(scaled.map(|scaled| counting::through_bounds(scaled, count, "tasks")));
    if !draft.changes.is_empty() && !service.counted_by_others {
        draft.notes.push(Note::info(
            "until_next_apply",
            "The next `apply` sets what deploy.toml says.",
        ));
    }
    Ok(draft)
}

/// The new min moves a count that is below it. Where the min is so already, nothing else would.
fn raise_bounds(target: &ScalableTarget, there: &LiveService, wanted: i32) -> Draft {
    let (min, now) = (target.min_capacity, there.desired());
    if min == wanted {
        return if now < wanted {
            set_count(there, wanted)
        } else {
            Draft::default()
        };
    }
    let mut draft = Draft::default();
    draft.views.push(ChangeView {
        object: "autoscaling".into(),
        path: "min".into(),
        from: Some(min.to_string()),
        to: Some(wanted.to_string()),
        effect: Effect::Scales,
    });
    draft.views.extend(counts(now, now.max(wanted)));
    draft.changes.push(Change::RegisterScalableTarget {
        target: ScalableTarget {
            min_capacity: wanted,
            suspended_state: None,
            ..target.clone()
        },
        after_health: false,
    });
    draft
}

fn set_count(there: &LiveService, wanted: i32) -> Draft {
    let mut draft = Draft::default();
    if there.desired() != wanted {
        draft.update(ServiceUpdate {
            desired_count: Some(wanted),
            ..update_of(there)
        });
        draft.views.extend(counts(there.desired(), wanted));
    }
    draft
}

fn update_of(there: &LiveService) -> ServiceUpdate {
    ServiceUpdate::of(&there.config.cluster, &there.config.service_name)
}
