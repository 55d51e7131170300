//! From what is asked for and what is there to what must be done. Pure.

use super::adopt;
use super::autoscaling;
use super::change::{Change, Revision};
use super::create;
use super::observe::{Definition, Observed, ObservedService, Scaling};
use super::update;
use crate::plan::{self, ChangeView, Effect};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::{Difference, Fields};
use crate::platform::ecs::settings::tagged;
use crate::platform::ecs::settings::unmanaged;
use crate::platform::ecs::settings::unmanaged::residue;
use crate::platform::ecs::settings::{Desired, TaskDefinition};
use crate::spec::EcsService;

/// What must be done on ECS.
pub type Diff = plan::Diff<Change>;

/// Who decides how many tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountOwner {
    /// The file's `replicas`.
    File,
    /// An autoscaler, or whoever else sets it: the count is never a difference.
    Autoscaler,
    /// An autoscaler of ours that the file no longer has; then the file.
    Leaving,
    /// We may not see whether something scales it.
    Unknown,
}

/// What must be done so that the cloud holds `desired`. `scaling` is what scales the service, as
/// far as that may be seen.
pub fn diff(
    desired: &Desired,
    observed: &Observed,
    scaling: Option<&Scaling>,
    service: &EcsService,
) -> Result<Diff, Failed> {
    let mut diff = Diff::default();
    let revision = choose_revision(&mut diff, &desired.task_definition, observed);
    let owner = autoscaling::count_owner(desired, scaling, service);
    match &observed.service {
        None => create::create(&mut diff, desired, observed, revision),
        Some(there) => update::update(&mut diff, desired, there, revision, owner)?,
    }
    let rolls = diff.starts_rollout();
    let there = observed.service.as_ref();
    let after_health = there.is_some_and(|there| rolls || is_replacing(there));
    let count = there.map(|there| there.raw.desired_count);
    let wish = autoscaling::Wish {
        desired,
        service,
        after_health,
        count,
    };
    autoscaling::scale(&mut diff, &wish, scaling);
    if rolls {
        autoscaling::start_within(&mut diff, count);
    }
    if there.is_some_and(|there| adopt::only_marks(&diff.changes, there)) {
        diff.changes.clear();
        diff.views.clear();
    }
    tagged::refuse_many(&diff, there)?;
    Ok(diff)
}

/// Whether a rollout that takes the place of another is under way, or has failed and stays.
fn is_replacing(there: &ObservedService) -> bool {
    use aws_sdk_ecs::types::DeploymentRolloutState as State;
    let state = there.primary().and_then(|one| one.rollout_state.as_ref());
    matches!(state, Some(State::InProgress | State::Failed)) && there.raw.deployments().len() > 1
}

/// Whether two views of a task definition say the same.
pub fn same_definition(one: &TaskDefinition, other: &TaskDefinition) -> bool {
    let one = fields::definition::fields(one);
    one.differences(&fields::definition::fields(other))
        .is_empty()
}

/// The revision to run, where it is not the one that runs: the family's newest if it says the
/// same already (so that a second attempt registers nothing), else a new one.
fn choose_revision(
    diff: &mut Diff,
    wanted: &TaskDefinition,
    observed: &Observed,
) -> Option<Revision> {
    let running = observed.running.as_ref();
    if let Some(running) = running {
        let from = fields::definition::fields(&running.config);
        let differences = from.differences(&fields::definition::fields(wanted));
        if differences.is_empty() {
            return None;
        }
        diff.views.extend(views("task definition", &differences));
    }
    if let Some(newest) = observed
        .newest
        .as_ref()
        .filter(|newest| fits(newest, wanted, running))
    {
        return Some(Revision::Known(newest.arn.clone()));
    }
    if running.is_none() {
        diff.views.push(made("task definition", &wanted.family));
        let fresh = fields::definition::fields(wanted);
        diff.views.extend(shown_as_new("task definition", &fresh));
    }
    let theirs = running.map(|running| running.config.tags.as_slice());
    diff.changes.push(Change::RegisterTaskDefinition {
        definition: TaskDefinition {
            tags: unmanaged::tags(&wanted.tags, theirs.unwrap_or_default()),
            ..wanted.clone()
        },
        carry_from: running
            .filter(|running| !residue_for(running, wanted).is_empty())
            .map(|running| running.arn.clone()),
    });
    Some(Revision::Registered)
}

/// Whether `newest` is what we would register.
fn fits(newest: &Definition, wanted: &TaskDefinition, running: Option<&Definition>) -> bool {
    let left = running
        .map(|running| residue_for(running, wanted))
        .unwrap_or_default();
    same_definition(&newest.config, wanted) && residue_for(newest, wanted) == left
}

/// What a revision has beyond our words, without containers that are wanted no more.
fn residue_for(definition: &Definition, wanted: &TaskDefinition) -> Vec<(String, String)> {
    let mut left: Vec<_> = residue::of_definition(&definition.raw)
        .into_iter()
        .filter(|(path, _)| match path.strip_prefix("containers.") {
            None => true,
            Some(rest) => wanted
                .container_definitions
                .iter()
                .any(|container| rest.split('.').next() == Some(&container.name)),
        })
        .collect();
    left.sort();
    left
}

/// Differences as they are shown; a value is masked on both sides if it may be secret on one.
pub fn views(object: &str, differences: &[Difference]) -> Vec<ChangeView> {
    differences
        .iter()
        .map(|difference| {
            let sides = [&difference.from, &difference.to];
            let masked = sides.into_iter().flatten().any(fields::Field::is_sensitive);
            let show =
                |field: &Option<fields::Field>| field.as_ref().map(|field| field.shown(masked));
            let (from, to) = (show(&difference.from), show(&difference.to));
            let hidden = masked && from.is_some() && to.is_some();
            ChangeView {
                object: object.to_owned(),
                path: difference.path.clone(),
                from,
                to: to.map(|to| {
                    if hidden {
                        format!("{to}, another value")
                    } else {
                        to
                    }
                }),
                effect: difference.effect(),
            }
        })
        .collect()
}

/// The view of an object that is made.
pub fn made(object: &str, name: &str) -> ChangeView {
    ChangeView {
        object: object.to_owned(),
        path: String::new(),
        from: None,
        to: Some(name.to_owned()),
        effect: Effect::Replaces,
    }
}

/// The fields of an object that is made, without those that are left at their default.
pub fn shown_as_new(object: &str, fields: &Fields) -> Vec<ChangeView> {
    fields
        .iter()
        .filter(|(_, field)| !field.default)
        .map(|(path, field)| ChangeView {
            object: object.to_owned(),
            path: path.to_owned(),
            from: None,
            to: Some(field.shown(false)),
            effect: Effect::Replaces,
        })
        .collect()
}

/// A view of one tag.
pub fn tag_view(key: &str, from: Option<&str>, to: Option<&str>) -> ChangeView {
    ChangeView {
        object: "service".to_owned(),
        path: format!("tags.{key}"),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        effect: Effect::Invisible,
    }
}

/// A digest of a service's compared fields; its count is among them only where nothing scales it.
pub fn service_digest(service: &ObservedService, counted: bool) -> String {
    fields::service::fields(&service.config)
        .without(|path| path == fields::service::COUNT && !counted)
        .digest()
}
