//! What must be done to a service's autoscaling. Pure.
//!
//! Policies are ours by their names. A target is ours when all its policies are; bounds and
//! policies of others are left alone, and noted.

use super::change::Change;
use super::diff::{CountOwner, Diff, views};
use super::observe::Scaling;
use super::scale_and_restart::scaled;
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::counting;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::render::policy_name;
use crate::platform::ecs::settings::{Desired, ScalableTarget, ScalingPolicy};
use crate::spec::EcsService;

const OBJECT: &str = "autoscaling";

/// What is wanted, and when it may be done.
#[derive(Debug)]
pub struct Wish<'a> {
    /// What the file says.
    pub desired: &'a Desired,
    /// The file's words.
    pub service: &'a EcsService,
    /// Only once the new revision is healthy.
    pub after_health: bool,
    /// How many tasks are wanted at present; `None`: the service is not there.
    pub count: Option<i32>,
}

/// The names of policies that are there, split into ours and others'.
fn split(scaling: &Scaling, service: &EcsService) -> (Vec<String>, Vec<String>) {
    let ours = ["cpu", "memory", "requests"].map(|what| policy_name(service, what));
    let names = scaling.policies.iter().map(|policy| &policy.policy_name);
    names
        .chain(&scaling.others)
        .cloned()
        .partition(|name| ours.contains(name))
}

/// Who decides how many tasks run.
pub fn count_owner(
    desired: &Desired,
    scaling: Option<&Scaling>,
    service: &EcsService,
) -> CountOwner {
    if desired.scalable_target.is_some() || service.counted_by_others {
        return CountOwner::Autoscaler;
    }
    match scaling {
        None => CountOwner::Unknown,
        Some(scaling) if scaling.target.is_none() => CountOwner::File,
        Some(scaling) => {
            let (ours, others) = split(scaling, service);
            if !ours.is_empty() && others.is_empty() {
                CountOwner::Leaving
            } else {
                CountOwner::Autoscaler
            }
        }
    }
}

/// Adds what brings the autoscaling in line.
pub fn scale(diff: &mut Diff, wish: &Wish<'_>, scaling: Option<&Scaling>) {
    let nothing = Scaling::default();
    let there = scaling.unwrap_or(&nothing);
    let (ours, others) = split(there, wish.service);
    match &wish.desired.scalable_target {
        Some(target) => {
            bounds(diff, wish, target, there.target.as_ref());
            for policy in &wish.desired.scaling_policies {
                put(diff, wish, policy, there);
            }
            let wanted = &wish.desired.scaling_policies;
            let gone = ours
                .iter()
                .filter(|name| wanted.iter().all(|policy| policy.policy_name != **name));
            remove(diff, wish, gone);
            left_alone(diff, &others);
        }
        None if there.target.is_none() => {}
        None if !ours.is_empty() && others.is_empty() => leave(diff, wish),
        None => {
            remove(diff, wish, ours.iter());
            left_alone(diff, &others);
            if wish.service.counted_by_others {
                return;
            }
            diff.notes.push(Note::info(
                "scaled_by_others",
                "Something else scales this service, so `replicas` is not applied.",
            ));
        }
    }
}

fn left_alone(diff: &mut Diff, others: &[String]) {
    if !others.is_empty() {
        diff.notes.push(Note::info(
            "policies_left_alone",
            format!(
                "Scaling policies that are not ours are left alone: {}.",
                others.join(", ")
            ),
        ));
    }
}

fn bounds(
    diff: &mut Diff,
    wish: &Wish<'_>,
    wanted: &ScalableTarget,
    there: Option<&ScalableTarget>,
) {
    let from = there.map(fields::scaling::target).unwrap_or_default();
    let differences = from.differences(&fields::scaling::target(wanted));
    if differences.is_empty() {
        return;
    }
    diff.views.extend(views(OBJECT, &differences));
    if let Some(count) = wish.count {
        let within = count.min(wanted.max_capacity).max(wanted.min_capacity);
        diff.views.extend(counts(count, within));
        diff.notes
            .extend(counting::moved(scaled(wanted, count), "tasks"));
    }
    let mut target = wanted.clone();
    if there.is_some() {
        // Tags are taken only when a target is made.
        target.tags.clear();
    }
    diff.changes.push(Change::RegisterScalableTarget {
        target,
        after_health: wish.after_health,
    });
}

/// How many tasks are wanted once these changes are made; `None`: as many as are wanted now. The
/// call that sets bounds moves the count inside them at once (Application Auto Scaling API
/// reference, `RegisterScalableTarget`).
pub fn count_after(changes: &[Change], count: i32) -> Option<i32> {
    let after = changes.iter().fold(count, |count, change| match change {
        Change::UpdateService { update } => update.desired_count.unwrap_or(count),
        Change::RegisterScalableTarget { target, .. } => {
            count.min(target.max_capacity).max(target.min_capacity)
        }
        Change::SetCount { count, .. } => *count,
        _ => count,
    });
    (after != count).then_some(after)
}

/// A service at zero proves nothing. If tasks are started once it is over, they are started with
/// the rollout, so that they are watched and can be gone back from.
pub fn start_within(diff: &mut Diff, count: Option<i32>) {
    let Some(after) = count
        .filter(|count| *count == 0)
        .and_then(|count| count_after(&diff.changes, count))
    else {
        return;
    };
    for change in &mut diff.changes {
        if let Change::UpdateService { update } = change {
            update.desired_count = Some(after);
        }
    }
}

fn put(diff: &mut Diff, wish: &Wish<'_>, wanted: &ScalingPolicy, there: &Scaling) {
    let old = there
        .policies
        .iter()
        .find(|policy| policy.policy_name == wanted.policy_name);
    let from = old.map(fields::scaling::policy).unwrap_or_default();
    let differences = from.differences(&fields::scaling::policy(wanted));
    if differences.is_empty() {
        return;
    }
    diff.views.extend(views(OBJECT, &differences));
    diff.changes.push(Change::PutScalingPolicy {
        policy: wanted.clone(),
        after_health: wish.after_health,
    });
}

fn remove<'a>(diff: &mut Diff, wish: &Wish<'_>, gone: impl Iterator<Item = &'a String>) {
    for name in gone {
        diff.views.push(ChangeView {
            object: OBJECT.into(),
            path: format!("policies.{name}"),
            from: Some(name.clone()),
            to: None,
            effect: Effect::Scales,
        });
        diff.changes.push(Change::DeleteScalingPolicy {
            name: name.clone(),
            resource: resource(wish),
            after_health: wish.after_health,
        });
    }
}

/// The file has no autoscaling any more and what is there is ours: it goes, and then the file's
/// count is set.
fn leave(diff: &mut Diff, wish: &Wish<'_>) {
    diff.views.push(ChangeView {
        object: OBJECT.into(),
        path: String::new(),
        from: Some(resource(wish)),
        to: None,
        effect: Effect::Scales,
    });
    diff.changes.push(Change::DeregisterScalableTarget {
        resource: resource(wish),
        after_health: wish.after_health,
    });
    if wish.service.counted_by_others {
        return;
    }
    let wanted = &wish.desired.service;
    let (Some(from), Some(to)) = (wish.count, wanted.desired_count) else {
        return;
    };
    if from != to {
        diff.views.extend(counts(from, to));
        diff.changes.push(Change::SetCount {
            cluster: wanted.cluster.clone(),
            service: wanted.service_name.clone(),
            count: to,
            after_health: wish.after_health,
        });
    }
}

/// The view of another number of tasks; `None`: it is the same.
pub fn counts(from: i32, to: i32) -> Option<ChangeView> {
    (from != to).then(|| ChangeView {
        object: "service".into(),
        path: fields::service::COUNT.into(),
        from: Some(from.to_string()),
        to: Some(to.to_string()),
        effect: Effect::Scales,
    })
}

fn resource(wish: &Wish<'_>) -> String {
    let service = &wish.desired.service;
    format!("service/{}/{}", service.cluster, service.service_name)
}

/// A digest of what scales a service.
pub fn digest(scaling: Option<&Scaling>) -> String {
    let Some(scaling) = scaling else {
        return "unread".into();
    };
    let all = scaling
        .target
        .iter()
        .map(fields::scaling::target)
        .chain(scaling.policies.iter().map(fields::scaling::policy));
    let digests: Vec<String> = all.map(|fields: Fields| fields.digest()).collect();
    fields::digest(digests.iter().chain(&scaling.others).map(String::as_str))
}
