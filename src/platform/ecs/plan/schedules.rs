//! What must be done to bounds that come at a time, and which of them are in force. Pure.
//!
//! A scheduled action is ours by its name. One of just the name that the file says is taken as it is,
//! and left alone once the file does not say it any more.

use super::autoscaling::{OBJECT, Wish, resource};
use super::change::Change;
use super::draft::{Draft, views};
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::fields::scaling::scheduled;
use crate::platform::ecs::settings::render::{is_called, schedule_name};
use crate::platform::ecs::settings::{ScalableTarget, ScheduledAction};
use crate::spec::EcsService;

/// Whether an action is ours by its name.
pub(crate) fn is_ours(action: &ScheduledAction, service: &EcsService) -> bool {
    is_called(schedule_name, service, &action.scheduled_action_name)
}

/// What is wanted, under the name that it has there.
pub(super) fn wanted(wish: &Wish<'_>, there: &LiveScaling) -> Vec<ScheduledAction> {
    let has = |name: &str| {
        let mut all = there.schedules.iter();
        all.any(|one| one.scheduled_action_name == name)
    };
    let said = wish.service.scaling.iter();
    let said = said.flat_map(|scaling| &scaling.schedules);
    let named = said.zip(&wish.desired.scheduled_actions);
    let taken = named.map(|(said, action)| {
        let mut action = action.clone();
        if !has(&action.scheduled_action_name) && has(&said.name) {
            action.scheduled_action_name.clone_from(&said.name);
        }
        action
    });
    taken.collect()
}

/// Adds what brings the scheduled actions in line.
pub(super) fn schedule(
    draft: &mut Draft,
    wish: &Wish<'_>,
    wanted: &[ScheduledAction],
    there: &LiveScaling,
) {
    let alike = |one: &ScheduledAction, other: &ScheduledAction| {
        one.scheduled_action_name == other.scheduled_action_name
    };
    for action in wanted {
        let mut all = there.schedules.iter();
        let old = all.find(|one| alike(one, action));
        let from = old.map(scheduled).unwrap_or_default();
        let differences = from.differences(&scheduled(action));
        if differences.is_empty() {
            continue;
        }
        draft.views.extend(views(OBJECT, &differences));
        draft.changes.push(Change::PutScheduledAction {
            action: action.clone(),
            after_health: wish.after_health,
        });
    }
    let gone = there.schedules.iter();
    let gone = gone.filter(|one| !wanted.iter().any(|wanted| alike(wanted, one)));
    let (ours, others): (Vec<_>, Vec<_>) = gone.partition(|one| is_ours(one, wish.service));
    for action in ours {
        let name = action.scheduled_action_name.clone();
        draft.views.push(ChangeView {
            object: OBJECT.into(),
            path: format!("schedules.{name}"),
            from: Some(name.clone()),
            to: None,
            effect: Effect::Scales,
        });
        draft.changes.push(Change::DeleteScheduledAction {
            name,
            resource: resource(wish),
            after_health: wish.after_health,
        });
    }
    if !others.is_empty() {
        let names: Vec<&str> = others
            .iter()
            .map(|one| one.scheduled_action_name.as_str())
            .collect();
        draft.notes.push(Note::info(
            "schedules_left_alone",
            format!(
                "Scheduled actions that are not in the file are left alone: {}.",
                names.join(", ")
            ),
        ));
    }
}

/// The bounds that are right at present: a bound that a scheduled action has set, and that the file
/// still has it set, holds until something sets another. To set the file's own in its place would end
/// a night in the middle of it.
pub(super) fn in_force(
    draft: &mut Draft,
    wanted: &[ScheduledAction],
    file: &ScalableTarget,
    there: &LiveScaling,
) -> ScalableTarget {
    let mut target = file.clone();
    let Some(live) = &there.target else {
        return target;
    };
    let same = |one: &&ScheduledAction| {
        wanted
            .iter()
            .any(|wanted| scheduled(wanted) == scheduled(one))
    };
    let sets = there.schedules.iter().filter(same);
    let sets: Vec<_> = sets.map(|one| &one.scalable_target_action).collect();
    if sets
        .iter()
        .any(|sets| sets.min_capacity == Some(live.min_capacity))
    {
        target.min_capacity = live.min_capacity;
    }
    if sets
        .iter()
        .any(|sets| sets.max_capacity == Some(live.max_capacity))
    {
        target.max_capacity = live.max_capacity;
    }
    if target.min_capacity > target.max_capacity {
        return file.clone();
    }
    if target != *file {
        draft.notes.push(Note::info(
            "schedule_in_force",
            format!(
                "A schedule has set {} to {} tasks, which holds until another one sets other bounds; the file's {} to {} are not set now.",
                target.min_capacity, target.max_capacity, file.min_capacity, file.max_capacity
            ),
        ));
    }
    target
}
