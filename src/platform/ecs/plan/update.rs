//! What must be done when the service is there: at most one UpdateService, and its tags. Pure.

use super::change::{Change, Revision, ServiceUpdate};
use super::count::CountOwner;
use super::draft::{Draft, other_revision, tag_view, views};
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::origin::key;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::Difference;
use crate::platform::ecs::settings::fields::patched::of_service;
use crate::platform::ecs::settings::patched::{is_member, over_members, sent};
use crate::platform::ecs::settings::{Desired, ServiceConfig, Tag};
use crate::platform::{Failed, FailureKind};

/// Adds what makes the service what it should be.
pub(crate) fn update(
    draft: &mut Draft,
    desired: &Desired,
    there: &LiveService,
    revision: Option<Revision>,
    owner: CountOwner,
) -> Result<(), Failed> {
    let wanted = &desired.service;
    let members = over_members(&there.members, &wanted.patch);
    let counted = owner == CountOwner::File;
    let compared = |config, members| {
        fields::service::compared(config, counted).with(of_service(members, &wanted.patch))
    };
    let differences =
        compared(&there.config, &there.members).differences(&compared(wanted, &members));
    refuse_advanced_balancers(there, &differences)?;
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
    Ok(())
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

/// The list of target groups is replaced as a whole; settings within it that the file has no word
/// for would be lost.
fn refuse_advanced_balancers(
    there: &LiveService,
    differences: &[Difference],
) -> Result<(), Failed> {
    let changes = differences
        .iter()
        .any(|difference| difference.group() == "loadBalancers");
    if there.has_blue_green && changes {
        return Err(Failed::new(
            format!("change the target groups of {}", there.config.service_name),
            FailureKind::Refused,
            "they carry settings for blue/green deployments that deploy.toml has no word for; \
             bring the file in line with the target groups that are there",
        ));
    }
    Ok(())
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
