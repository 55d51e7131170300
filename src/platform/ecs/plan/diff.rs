//! From what is asked for and what is there to what must be done. Pure.

use super::adopt;
use super::autoscaling;
use super::change::{Change, Revision};
use super::count::CountOwner;
use super::create;
use super::draft::{Draft, made, shown_as_new, views};
use super::observe::Observed;
use super::tagged;
use super::update;
use crate::platform::Failed;
use crate::platform::ecs::live::definition::Definition;
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::definition::same;
use crate::platform::ecs::settings::fields::patched::of_definition;
use crate::platform::ecs::settings::unmanaged;
use crate::platform::ecs::settings::{Desired, TaskDefinition};
use crate::spec::EcsService;

/// What must be done so that the cloud holds `desired`; `owner` decides how many tasks run.
pub(crate) fn diff(
    desired: &Desired,
    observed: &Observed,
    owner: CountOwner,
    service: &EcsService,
) -> Result<Draft, Failed> {
    let mut draft = Draft::default();
    let revision = choose_revision(&mut draft, &desired.task_definition, observed)?;
    match &observed.service {
        None => create::create(&mut draft, desired, observed, revision),
        Some(there) => update::update(&mut draft, desired, there, revision, owner),
    }
    let rolls = draft.starts_rollout();
    let there = observed.service.as_ref();
    let count = there.map(LiveService::desired);
    let wish = autoscaling::Wish {
        desired,
        service,
        after_health: there.is_some_and(|there| rolls || is_replacing(there)),
        count,
    };
    autoscaling::scale(&mut draft, &wish, observed.scaling.as_ref());
    if rolls {
        autoscaling::start_within(&mut draft, count);
    }
    if there.is_some_and(|there| adopt::only_marks(&draft.changes, there)) {
        draft.changes.clear();
        draft.views.clear();
    }
    tagged::refuse_many(&draft, there)?;
    Ok(draft)
}

/// Whether a rollout that takes the place of another is under way, or has failed and stays.
fn is_replacing(there: &LiveService) -> bool {
    let state = there.view.primary().and_then(|one| one.rollout.as_deref());
    matches!(state, Some("IN_PROGRESS" | "FAILED")) && there.view.deployments.len() > 1
}

/// The revision to run, where it is not the one that runs: the family's newest if it says the
/// same already (so that a second attempt registers nothing), else a new one.
fn choose_revision(
    draft: &mut Draft,
    wanted: &TaskDefinition,
    observed: &Observed,
) -> Result<Option<Revision>, Failed> {
    let running = observed.running.as_ref();
    let becomes = unmanaged::merge(wanted, running.map(|running| &running.raw))?;
    let compared =
        |config, raw| fields::definition::fields(config).with(of_definition(raw, &wanted.patch));
    let fresh = compared(wanted, &becomes);
    if let Some(running) = running {
        let differences = compared(&running.config, &running.raw).differences(&fresh);
        if differences.is_empty() {
            return Ok(None);
        }
        draft.views.extend(views("task definition", &differences));
    }
    let patched = (!wanted.patch.is_empty()).then(|| unmanaged::residue(&becomes));
    let left = match &patched {
        Some(patched) => wanted_of(patched, wanted),
        None => running.map_or_else(Vec::new, |running| wanted_of(&running.residue, wanted)),
    };
    let fits = |newest: &&Definition| {
        same(&newest.config, wanted) && wanted_of(&newest.residue, wanted) == left
    };
    if let Some(newest) = observed.newest.as_ref().filter(fits) {
        return Ok(Some(Revision::Known(newest.arn.clone())));
    }
    if running.is_none() {
        draft.views.push(made("task definition", &wanted.family));
        draft.views.extend(shown_as_new("task definition", &fresh));
    }
    let theirs = running.map(|running| running.config.tags.as_slice());
    draft.changes.push(Change::RegisterTaskDefinition {
        definition: TaskDefinition {
            tags: unmanaged::tags(&wanted.tags, theirs.unwrap_or_default()),
            ..wanted.clone()
        },
        carry_from: running
            .filter(|running| !wanted_of(&running.residue, wanted).is_empty())
            .map(|running| running.arn.clone()),
    });
    Ok(Some(Revision::Registered))
}

/// What a revision has beyond our words, without containers that are wanted no more.
fn wanted_of<'a>(
    residue: &'a [(String, String)],
    wanted: &TaskDefinition,
) -> Vec<&'a (String, String)> {
    let is_wanted = |path: &str| match path.strip_prefix("containers.") {
        None => true,
        Some(rest) => wanted
            .container_definitions
            .iter()
            .any(|container| rest.split('.').next() == Some(&container.name)),
    };
    let mut left: Vec<_> = residue.iter().collect();
    left.retain(|(path, _)| is_wanted(path));
    left.sort();
    left
}
