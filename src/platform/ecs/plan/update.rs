//! What must be done when the service is there: at most one UpdateService, and its tags. Pure.

use serde_json::{Value, json};

use super::change::{Change, Revision, ServiceUpdate};
use super::count::CountOwner;
use super::draft::{Draft, other_revision, tag_view, views};
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::origin::key;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::patched::of_service;
use crate::platform::ecs::settings::patched::{is_member, over_members, sent};
use crate::platform::ecs::settings::service::deployment::shift::Shift;
use crate::platform::ecs::settings::{Desired, ServiceConfig, Tag};
use crate::spec::Overlay;

/// Adds what makes the service what it should be.
pub(crate) fn update(
    draft: &mut Draft,
    desired: &Desired,
    there: &LiveService,
    revision: Option<Revision>,
    owner: CountOwner,
) {
    let wanted = &desired.service;
    let patch = without_volumes(desired, &there.members);
    let members = over_members(&there.members, &patch);
    let counted = owner == CountOwner::File;
    let compared = |config, members| {
        fields::service::compared(config, counted).with(of_service(members, &patch))
    };
    let differences =
        compared(&there.config, &there.members).differences(&compared(wanted, &members));
    no_more_shift(draft, there, wanted);
    tags(draft, &there.config.tags, &wanted.tags, &there.arn);
    draft.views.extend(views("service", &differences));
    let mut update = ServiceUpdate::of(&wanted.cluster, &wanted.service_name);
    for difference in &differences {
        let group = difference.group();
        set(&mut update, wanted, group);
        if is_member(group) {
            update
                .members
                .insert(group.to_owned(), sent(&members, group));
        }
    }
    if has_no_room(wanted) && there.rebalances {
        update.ends_rebalancing = true;
        draft.views.push(ChangeView {
            object: "service".into(),
            path: "availabilityZoneRebalancing".into(),
            from: Some("ENABLED".into()),
            to: Some("DISABLED".into()),
            effect: Effect::Invisible,
        });
    }
    if let Some(Revision::Known(arn)) = &revision {
        let from = &there.config.task_definition;
        draft.views.push(other_revision(from, arn));
    }
    update.revision = revision;
    if !update.is_empty() {
        let deployment = &wanted.settings.deployment;
        update.settings.deployment = Some(deployment.complete(&there.config.settings.deployment));
        draft.update(update);
    }
    if owner == CountOwner::Unknown && there.config.desired_count != wanted.desired_count {
        draft.notes.push(Note::warning(
            "count_unknown",
            "Whether something scales this service may not be read, so `replicas` is not applied.",
        ));
    }
}

/// What is laid over the service that is `there`. One whose tasks have no volume on EBS any more has none to say how it
/// is: ECS makes one only where both say so.
fn without_volumes(desired: &Desired, there: &Value) -> Overlay {
    const VOLUMES: &str = "volumeConfigurations";
    let patch = desired.service.patch.clone();
    let mut volumes = desired.task_definition.volumes.iter();
    let has_any = volumes.any(|volume| volume.configured_at_launch == Some(true));
    if has_any || there.get(VOLUMES).is_none() {
        return patch;
    }
    patch.over(vec![(VOLUMES, json!([]))])
}

/// Whether no task above the count may run during a rollout.
fn has_no_room(wanted: &ServiceConfig) -> bool {
    let deployment = &wanted.settings.deployment.deployment_configuration;
    let deployment = deployment.as_ref();
    deployment.is_some_and(|deployment| deployment.maximum_percent.is_some_and(|most| most <= 100))
}

/// Sets the part of the call that brings the field group about. What only new tasks would take up
/// forces new ones; so does a change of capacity, which ECS refuses otherwise.
pub(crate) fn set(update: &mut ServiceUpdate, wanted: &ServiceConfig, group: &str) {
    if group == fields::service::COUNT {
        update.desired_count = wanted.desired_count;
    }
    update.settings.set(&wanted.settings, group);
    update.force_new_deployment |= update.settings.forces();
}

/// What shifted traffic without a word of the file is a rolling update from here on: that is no small
/// thing, and it is said.
fn no_more_shift(draft: &mut Draft, there: &LiveService, wanted: &ServiceConfig) {
    let shift = |config: &ServiceConfig| {
        let deployment = config.settings.deployment.deployment_configuration.as_ref();
        deployment.map(|deployment| deployment.shift.clone())
    };
    let was = shift(&there.config).filter(Shift::shifts);
    let Some(strategy) = was.and_then(|was| was.strategy) else {
        return;
    };
    if !shift(wanted).is_some_and(|shift| shift.shifts()) {
        draft.notes.push(Note::warning(
            "strategy_ends",
            format!(
                "The service deploys by {strategy}, of which the file says nothing: from here on tasks are replaced one by one. `strategy` in [service.NAME.ecs] keeps it; `deployer init` writes it down."
            ),
        ));
    }
}

/// Tags are set one by one; those of others are left alone. A tag of the user's that left the file
/// is removed: its key stands in the tag that lists them.
fn tags(draft: &mut Draft, there: &[Tag], wanted: &[Tag], arn: &str) {
    let find = |key: &str| there.iter().find(|tag| tag.key == key);
    let missing: Vec<Tag> = wanted
        .iter()
        .filter(|tag| find(&tag.key).is_none_or(|old| old.value != tag.value))
        .cloned()
        .collect();
    let listed = find(key::TAGS)
        .map(|tag| tag.value.as_str())
        .unwrap_or_default();
    let gone: Vec<String> = listed
        .split(' ')
        .chain([key::TAGS])
        .filter(|key| find(key).is_some() && wanted.iter().all(|tag| tag.key != **key))
        .map(str::to_owned)
        .collect();
    for tag in missing.iter().filter(|tag| tag.key != key::TAGS) {
        let old = find(&tag.key).map(|old| old.value.as_str());
        draft.views.push(tag_view(&tag.key, old, Some(&tag.value)));
    }
    for key in gone.iter().filter(|key| *key != key::TAGS) {
        let old = find(key).map(|old| old.value.as_str());
        draft.views.push(tag_view(key, old, None));
    }
    let arn = arn.to_owned();
    if !missing.is_empty() {
        draft.changes.push(Change::TagService {
            arn: arn.clone(),
            tags: missing,
        });
    }
    if !gone.is_empty() {
        draft.changes.push(Change::UntagService { arn, keys: gone });
    }
}
