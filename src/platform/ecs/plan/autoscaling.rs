//! What must be done to a service's autoscaling. Pure.
//!
//! Policies are ours by their names. A target is ours when all its policies are; bounds and
//! policies of others are left alone, and noted.

use super::change::Change;
use super::count::{Policies, count_after, counts, scaled};
use super::draft::{Draft, views};
use super::schedules;
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::counting;
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::render::own_policy_name;
use crate::platform::ecs::settings::{Desired, ScalableTarget, ScalingPolicy};
use crate::spec::EcsService;
use crate::spec::policy::Configuration;

pub(super) const OBJECT: &str = "autoscaling";

/// What is wanted, and when it may be done.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    /// What the file says.
    pub(crate) desired: &'a Desired,
    pub(crate) service: &'a EcsService,
    /// Only once the new revision is healthy.
    pub(crate) after_health: bool,
    /// How many tasks are wanted at present; `None`: the service is not there.
    pub(crate) count: Option<i32>,
}

/// Adds what brings the autoscaling in line.
pub(crate) fn scale(draft: &mut Draft, wish: &Wish<'_>, scaling: Option<&LiveScaling>) {
    let nothing = LiveScaling::default();
    let there = scaling.unwrap_or(&nothing);
    let policies = Policies::of(there, wish.service);
    match &wish.desired.scalable_target {
        Some(target) => {
            let scheduled = schedules::wanted(wish, there);
            let target = schedules::in_force(draft, &scheduled, target, there);
            bounds(draft, wish, &target, there.target.as_ref());
            let wanted = wanted(wish, there);
            for policy in &wanted {
                put(draft, wish, policy, there);
            }
            uncalled(draft, &wanted, there);
            let ours = policies.ours.iter();
            let gone = ours.filter(|name| wanted.iter().all(|policy| policy.policy_name != **name));
            remove(draft, wish, gone);
            schedules::schedule(draft, wish, &scheduled, there);
            let others = policies.others.iter();
            let others = others.filter(|name| wanted.iter().all(|one| one.policy_name != **name));
            left_alone(draft, &others.cloned().collect::<Vec<_>>());
        }
        None if there.target.is_none() => {}
        None if policies.are_ours => {
            if there.schedules_unread {
                draft.notes.push(Note::warning(
                    "schedules_unread",
                    "Scheduled actions may not be read; whatever there is of them goes with the autoscaling.",
                ));
            }
            leave(draft, wish);
        }
        None => {
            remove(draft, wish, policies.ours.iter());
            schedules::schedule(draft, wish, &[], there);
            left_alone(draft, &policies.others);
            if wish.service.counted_by_others {
                return;
            }
            draft.notes.push(Note::info(
                "scaled_by_others",
                "Something else scales this service, so `replicas` is not applied.",
            ));
        }
    }
}

/// What is wanted, under the name that it has there: a policy of just the name that the file says is taken
/// as it is, and left alone once the file does not say it any more.
fn wanted(wish: &Wish<'_>, there: &LiveScaling) -> Vec<ScalingPolicy> {
    let has = |name: &str| there.names().any(|one| one == name);
    let mut all = wish.desired.scaling_policies.clone();
    for own in &wish.service.own.autoscaler.policies {
        let ours = own_policy_name(wish.service, &own.name);
        let policy = all.iter_mut().find(|policy| policy.policy_name == ours);
        if let Some(policy) = policy.filter(|_| !has(&ours) && has(&own.name)) {
            policy.policy_name.clone_from(&own.name);
        }
    }
    all
}

/// A policy that scales by steps does nothing unless an alarm calls it, and Application Auto Scaling makes
/// none for it.
fn uncalled(draft: &mut Draft, wanted: &[ScalingPolicy], there: &LiveScaling) {
    let steps = wanted
        .iter()
        .filter(|policy| matches!(policy.configuration, Configuration::Step(_)));
    for policy in steps {
        let name = &policy.policy_name;
        let arn = there.uncalled.iter().find(|(one, _)| one == name);
        let what = match arn {
            Some((_, arn)) => arn.as_str(),
            None if there.names().any(|one| one == name) => continue,
            None => "its ARN, which the next plan tells,",
        };
        draft.notes.push(Note::warning(
            "no_alarm_calls",
            format!(
                "Policy {name} scales by steps, and no alarm calls it yet: put {what} among the actions of an alarm of CloudWatch."
            ),
        ));
    }
}

fn left_alone(draft: &mut Draft, others: &[String]) {
    if !others.is_empty() {
        draft.notes.push(Note::info(
            "policies_left_alone",
            format!(
                "Scaling policies that are not ours are left alone: {}.",
                others.join(", ")
            ),
        ));
    }
}

fn bounds(
    draft: &mut Draft,
    wish: &Wish<'_>,
    wanted: &ScalableTarget,
    there: Option<&ScalableTarget>,
) {
    let from = there.map(|there| fields::scaling::target(&there.as_far_as(wanted)));
    let from = from.unwrap_or_default();
    let differences = from.differences(&fields::scaling::target(wanted));
    if differences.is_empty() {
        return;
    }
    draft.views.extend(views(OBJECT, &differences));
    if let Some(count) = wish.count {
        let within = count.min(wanted.max_capacity).max(wanted.min_capacity);
        draft.views.extend(counts(count, within));
        draft
            .notes
            .extend(counting::moved(scaled(wanted, count), "tasks"));
    }
    let mut target = wanted.clone();
    if there.is_some() {
        // Tags are taken only when a target is made.
        target.tags.clear();
    }
    draft.changes.push(Change::RegisterScalableTarget {
        target,
        after_health: wish.after_health,
    });
}

/// A service at zero proves nothing. If tasks are started once it is over, they are started with
/// the rollout, so that they are watched and can be gone back from.
pub(crate) fn start_within(draft: &mut Draft, count: Option<i32>) {
    let Some(after) = count
        .filter(|count| *count == 0)
        .and_then(|count| count_after(&draft.changes, count))
    else {
        return;
    };
    for change in &mut draft.changes {
        if let Change::UpdateService { update } = change {
            update.desired_count = Some(after);
        }
    }
}

fn put(draft: &mut Draft, wish: &Wish<'_>, wanted: &ScalingPolicy, there: &LiveScaling) {
    let old = there
        .policies
        .iter()
        .find(|policy| policy.policy_name == wanted.policy_name);
    let from = old.map(fields::scaling::policy).unwrap_or_default();
    let differences = from.differences(&fields::scaling::policy(wanted));
    if differences.is_empty() {
        return;
    }
    draft.views.extend(views(OBJECT, &differences));
    draft.changes.push(Change::PutScalingPolicy {
        policy: wanted.clone(),
        after_health: wish.after_health,
    });
}

fn remove<'a>(draft: &mut Draft, wish: &Wish<'_>, gone: impl Iterator<Item = &'a String>) {
    for name in gone {
        draft.views.push(ChangeView {
            object: OBJECT.into(),
            path: format!("policies.{name}"),
            from: Some(name.clone()),
            to: None,
            effect: Effect::Scales,
        });
        draft.changes.push(Change::DeleteScalingPolicy {
            name: name.clone(),
            resource: resource(wish),
            after_health: wish.after_health,
        });
    }
}

/// The file has no autoscaling any more and what is there is ours: it goes, and then the file's
/// count is set.
fn leave(draft: &mut Draft, wish: &Wish<'_>) {
    draft.views.push(ChangeView {
        object: OBJECT.into(),
        path: String::new(),
        from: Some(resource(wish)),
        to: None,
        effect: Effect::Scales,
    });
    draft.changes.push(Change::DeregisterScalableTarget {
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
        draft.views.extend(counts(from, to));
        draft.changes.push(Change::SetCount {
            cluster: wanted.cluster.clone(),
            service: wanted.service_name.clone(),
            count: to,
            after_health: wish.after_health,
        });
    }
}

pub(super) fn resource(wish: &Wish<'_>) -> String {
    let service = &wish.desired.service;
    format!("service/{}/{}", service.cluster, service.service_name)
}

/// A digest of what scales a service.
pub(crate) fn digest(scaling: Option<&LiveScaling>) -> String {
    let Some(scaling) = scaling else {
        return "unread".into();
    };
    let all = scaling
        .target
        .iter()
        .map(fields::scaling::target)
        .chain(scaling.policies.iter().map(fields::scaling::policy))
        .chain(scaling.schedules.iter().map(fields::scaling::scheduled));
    let digests: Vec<String> = all.map(|fields: Fields| fields.digest()).collect();
    fields::digest(digests.iter().chain(&scaling.others).map(String::as_str))
}
