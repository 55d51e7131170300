//! `scale` and `restart`: one change each, on a service that is there. Pure.

use super::autoscaling;
use super::change::{Change, ServiceUpdate};
use super::diff::Diff;
use super::observe::{ObservedService, Scaling};
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::Failed;
use crate::platform::counting::{self, Scaled};
use crate::platform::ecs::settings::ScalableTarget;
use crate::spec::EcsService;

/// New tasks of the same specification.
pub fn restart(there: &ObservedService) -> Diff {
    let config = &there.config;
    let mut update = ServiceUpdate::of(&config.cluster, &config.service_name);
    update.force_new_deployment = true;
    Diff {
        changes: vec![Change::UpdateService {
            update: Box::new(update),
        }],
        views: vec![ChangeView {
            object: "service".into(),
            path: "forceNewDeployment".into(),
            from: None,
            to: Some("true".into()),
            effect: Effect::Restarts,
        }],
        ..Diff::default()
    }
}

/// Another count: through the autoscaler's bounds where there is one.
pub fn scale_to(
    service: &EcsService,
    there: &ObservedService,
    scaling: Option<&Scaling>,
    count: u32,
) -> Result<Diff, Failed> {
    let target = scaling.and_then(|scaling| scaling.target.as_ref());
    let scaled = target.map(|target| scaled(target, there.raw.desired_count));
    if let Some(refused) = counting::refusal(service, scaled, count, "tasks") {
        return Err(refused);
    }
    let wanted = i32::try_from(count).unwrap_or(i32::MAX);
    let mut diff = match target {
        Some(target) => raise_bounds(target, there, wanted),
        None => set_count(there, wanted),
    };
    diff.notes
        .extend(scaled.map(|scaled| counting::through_bounds(scaled, count, "tasks")));
    if !diff.changes.is_empty() && !service.counted_by_others {
        diff.notes.push(Note::info(
            "until_next_apply",
            "The next `apply` sets what deploy.toml says.",
        ));
    }
    Ok(diff)
}

/// Bounds, and the number that is wanted at present.
pub fn scaled(target: &ScalableTarget, count: i32) -> Scaled {
    let whole = |count: i32| u32::try_from(count).unwrap_or(0);
    Scaled {
        min: whole(target.min_capacity),
        max: whole(target.max_capacity),
        now: whole(count),
    }
}

/// The new min moves a count that is below it. Where the min is so already, nothing else would.
fn raise_bounds(target: &ScalableTarget, there: &ObservedService, wanted: i32) -> Diff {
    if target.min_capacity == wanted {
        return if there.raw.desired_count < wanted {
            set_count(there, wanted)
        } else {
            Diff::default()
        };
    }
    let mut diff = Diff::default();
    diff.views
        .push(view("autoscaling", "min", target.min_capacity, wanted));
    let after = there.raw.desired_count.max(wanted);
    diff.views
        .extend(autoscaling::counts(there.raw.desired_count, after));
    diff.changes.push(Change::RegisterScalableTarget {
        target: ScalableTarget {
            min_capacity: wanted,
            ..target.clone()
        },
        after_health: false,
    });
    diff
}

fn set_count(there: &ObservedService, wanted: i32) -> Diff {
    let config = &there.config;
    let from = there.raw.desired_count;
    if from == wanted {
        return Diff::default();
    }
    let mut update = ServiceUpdate::of(&config.cluster, &config.service_name);
    update.desired_count = Some(wanted);
    Diff {
        changes: vec![Change::UpdateService {
            update: Box::new(update),
        }],
        views: autoscaling::counts(from, wanted).into_iter().collect(),
        ..Diff::default()
    }
}

fn view(object: &str, path: &str, from: i32, to: i32) -> ChangeView {
    ChangeView {
        object: object.into(),
        path: path.into(),
        from: Some(from.to_string()),
        to: Some(to.to_string()),
        effect: Effect::Scales,
    }
}
