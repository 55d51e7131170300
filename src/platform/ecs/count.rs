//! `scale` and `restart`: one change each, on a service that is there. Pure.

use super::change::{Change, ServiceUpdate};
use super::desired::ScalableTarget;
use super::diff::Diff;
use super::observe::{ObservedService, Scaling};
use crate::plan::{ChangeView, Effect, Note};

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
        notes: Vec::new(),
    }
}

/// The code of the note that the count lasts until the next apply, which sets the file's.
pub const UNTIL_NEXT_APPLY: &str = "until_next_apply";

/// Another count: through the autoscaler's bounds where there is one.
pub fn scale_to(there: &ObservedService, scaling: Option<&Scaling>, count: u32) -> Diff {
    let wanted = i32::try_from(count).unwrap_or(i32::MAX);
    let mut diff = match scaling.and_then(|scaling| scaling.target.as_ref()) {
        Some(target) => raise_bounds(target, wanted),
        None => set_count(there, wanted),
    };
    if !diff.changes.is_empty() {
        diff.notes.push(Note::info(
            UNTIL_NEXT_APPLY,
            "The next `apply` sets what deploy.toml says.",
        ));
    }
    diff
}

fn raise_bounds(there: &ScalableTarget, wanted: i32) -> Diff {
    let mut target = there.clone();
    target.min_capacity = wanted;
    target.max_capacity = target.max_capacity.max(wanted);
    let mut diff = Diff::default();
    for (path, from, to) in [
        ("min", there.min_capacity, target.min_capacity),
        ("max", there.max_capacity, target.max_capacity),
    ] {
        if from != to {
            diff.views.push(view("autoscaling", path, from, to));
        }
    }
    if *there != target {
        diff.changes.push(Change::RegisterScalableTarget {
            target,
            after_health: false,
        });
    }
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
        views: vec![view("service", "desiredCount", from, wanted)],
        notes: Vec::new(),
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
