//! Who decides how many tasks run, and how many that comes to. Pure.

use super::change::Change;
use super::observe::Observed;
use super::schedules::is_ours;
use crate::plan::{ChangeView, Effect};
use crate::platform::counting::Scaled;
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::render::{POLICIES, is_called, own_policy_name, policy_name};
use crate::platform::ecs::settings::sdk;
use crate::platform::ecs::settings::{Desired, ScalableTarget};
use crate::spec::EcsService;

/// Who decides how many tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountOwner {
    /// The file's `replicas`.
    File,
    /// An autoscaler, or whoever else sets it: the count is never a difference.
    Autoscaler,
    /// An autoscaler of ours that the file no longer has; then the file.
    Leaving,
    /// We may not see whether something scales it.
    Unknown,
}

impl CountOwner {
    /// As the file and what scales the service have it.
    pub(crate) fn of(
        desired: &Desired,
        scaling: Option<&LiveScaling>,
        service: &EcsService,
    ) -> Self {
        if desired.scalable_target.is_some() || service.counted_by_others {
            return Self::Autoscaler;
        }
        match scaling {
            None => Self::Unknown,
            Some(scaling) if scaling.target.is_none() => Self::File,
            Some(scaling) if Policies::of(scaling, service).are_ours => Self::Leaving,
            Some(_) => Self::Autoscaler,
        }
    }
}

/// The names of the policies that are there. A target is ours when all its policies are.
#[derive(Debug)]
pub(crate) struct Policies {
    /// By their names, they are ours.
    pub(crate) ours: Vec<String>,
    /// Those of others.
    pub(crate) others: Vec<String>,
    /// Whether the autoscaler is ours: all of them and of the scheduled actions are, and there is one.
    pub(crate) are_ours: bool,
}

impl Policies {
    /// Of what scales the service.
    pub(crate) fn of(scaling: &LiveScaling, service: &EcsService) -> Self {
        let names = POLICIES.map(|what| policy_name(service, what));
        let is_own = |name: &str| is_called(own_policy_name, service, name);
        let all = scaling.names().cloned();
        let (ours, others): (Vec<String>, Vec<String>) =
            all.partition(|name| names.contains(name) || is_own(name));
        let schedules = &scaling.schedules;
        let any = !ours.is_empty() || !schedules.is_empty();
        let are_all = others.is_empty() && schedules.iter().all(|one| is_ours(one, service));
        Self {
            are_ours: any && are_all,
            ours,
            others,
        }
    }
}

/// How many tasks are wanted once these changes are made; `None`: as many as are wanted now. The
/// call that sets bounds moves the count inside them at once (Application Auto Scaling API
/// reference, `RegisterScalableTarget`).
pub(crate) fn count_after(changes: &[Change], count: i32) -> Option<i32> {
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

/// How many tasks a rollout of these changes is about, where the file does not say so: as many as are
/// wanted now, or as the changes themselves start where none is.
pub(crate) fn wanted(service: &EcsService, observed: &Observed, changes: &[Change]) -> u32 {
    let Some(there) = &observed.service else {
        return service.replicas;
    };
    match there.desired() {
        0 => sdk::count(count_after(changes, 0).unwrap_or(0)),
        now => sdk::count(now),
    }
}

/// Bounds, and the number that is wanted at present.
pub(crate) fn scaled(target: &ScalableTarget, count: i32) -> Scaled {
    Scaled {
        min: sdk::count(target.min_capacity),
        max: sdk::count(target.max_capacity),
        now: sdk::count(count),
    }
}

/// The view of another number of tasks; `None`: it is the same.
pub(crate) fn counts(from: i32, to: i32) -> Option<ChangeView> {
    (from != to).then(|| ChangeView {
        object: "service".into(),
        path: fields::service::COUNT.into(),
        from: Some(from.to_string()),
        to: Some(to.to_string()),
        effect: Effect::Scales,
    })
}
