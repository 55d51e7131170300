//! Who deployed what, when, from which commit, and how it ended, for `history`: ECS's own records,
//! and the tags of the task definitions.

pub(crate) mod deployments;

use std::collections::BTreeMap;

use aws_sdk_ecs::types as ecs;

use super::Ecs;
use super::live::definition::Definition;
use super::live::service::LiveService;
use super::live::view::RecordView;
use super::origin::{APPLY, Origin, Scaled, key};
use super::settings::Tag;
use super::settings::sdk::last_part;
use crate::answer::{Deployed, Ending};
use crate::platform::Failed;
use crate::spec::EcsService;

/// How a deployment ended, from ECS's own record of it.
pub(super) fn ending(record: &RecordView) -> Ending {
    match record.status.as_str() {
        "SUCCESSFUL" => Ending::Healthy,
        "ROLLBACK_SUCCESSFUL" => Ending::RolledBack,
        "ROLLBACK_FAILED" => Ending::Failed,
        "STOPPED" if record.platform_pulled() => Ending::Failed,
        "STOPPED" => Ending::Stopped,
        "PENDING"
        | "IN_PROGRESS"
        | "STOP_REQUESTED"
        | "ROLLBACK_REQUESTED"
        | "ROLLBACK_IN_PROGRESS" => Ending::Going,
        _ => Ending::Unknown,
    }
}

impl Ecs {
    /// The deployments of a service, newest first, at most `most`. Reads only.
    pub(crate) async fn history(
        &self,
        service: &EcsService,
        most: usize,
    ) -> Result<Vec<Deployed>, Failed> {
        let name = service.own.service.as_str();
        let (listed, found) = futures::join!(
            self.list_deployments(name, &[], most),
            self.find_service(name)
        );
        let (listed, found) = (listed?, found?);
        let arns: Vec<String> = listed
            .iter()
            .filter_map(|brief| brief.service_deployment_arn.clone())
            .collect();
        let targets = listed
            .iter()
            .filter_map(|brief| brief.target_service_revision_arn.clone());
        let (deployments, revisions) = futures::join!(
            self.describe_deployments(&arns),
            self.describe_revisions(targets)
        );
        let (deployments, revisions) = (deployments?, revisions?);
        let definitions = self.definitions_of(&revisions).await;
        let current = found
            .service
            .as_ref()
            .and_then(|there| serving(there, &deployments, &revisions));
        let facts = Facts {
            deployments: &deployments,
            revisions: &revisions,
            definitions: &definitions,
            tags: found
                .service
                .as_ref()
                .map_or(&[], |there| &there.config.tags),
        };
        let mut told: Vec<Deployed> = deployments
            .iter()
            .map(|one| facts.deployed(one, current.as_deref()))
            .collect();
        if let Some(there) = &found.service {
            let scaled = there.tag(key::SCALED).and_then(Scaled::read);
            let revision = last_part(&there.config.task_definition).to_owned();
            told.extend(scaled.map(|scaled| scaled.told(revision)));
        }
        told.sort_by_key(|one| std::cmp::Reverse(one.at));
        told.truncate(most);
        Ok(told)
    }

    /// The task definitions of these revisions, by ARN; one that may not be read is left out, and
    /// with it only its tags.
    async fn definitions_of(
        &self,
        revisions: &[ecs::ServiceRevision],
    ) -> BTreeMap<String, Definition> {
        let mut arns: Vec<&str> = revisions
            .iter()
            .filter_map(|revision| revision.task_definition.as_deref())
            .collect();
        arns.sort_unstable();
        arns.dedup();
        let mut all = BTreeMap::new();
        // A few at a time: reads of task definitions are refilled with 20 a second.
        for some in arns.chunks(TOGETHER) {
            let read = futures::future::join_all(some.iter().map(|arn| self.definition(arn)));
            for definition in Box::pin(read).await.into_iter().flatten() {
                all.insert(definition.arn.clone(), definition);
            }
        }
        all
    }
}

/// How many task definitions are read at a time.
const TOGETHER: usize = 8;

/// The number of the deployment whose revision serves: the PRIMARY one's own; while that one is still
/// under way, the one before it that was healthy and still has tasks; after an automatic
/// rollback, which has a number of its own, the newest successful one of the same task definition.
/// One whose record is not listed yet is under way.
fn serving(
    there: &LiveService,
    deployments: &[RecordView],
    revisions: &[ecs::ServiceRevision],
) -> Option<String> {
    let primary = last_part(there.primary_id()?);
    let of_primary = |one: &&RecordView| one.number() == Some(primary);
    let serving = match deployments.iter().find(of_primary) {
        Some(one) if ending(one) != Ending::Going => Some(primary),
        Some(_) => before(there, deployments),
        None => {
            let primary = there.view.primary()?;
            let before = before(there, deployments);
            let rolls = primary.rollout.as_deref() == Some("IN_PROGRESS");
            let same = || newest_of(&primary.task_definition, deployments, revisions);
            before.filter(|_| rolls).or_else(same).or(before)
        }
    };
    serving.map(str::to_owned)
}

/// The healthy one that still has tasks while another is under way.
fn before<'a>(there: &LiveService, deployments: &'a [RecordView]) -> Option<&'a str> {
    let running = there.view.deployments.iter();
    let running: Vec<&str> = running
        .filter(|one| one.running > 0)
        .map(|one| last_part(&one.id))
        .collect();
    let serves = |one: &&RecordView| {
        ending(one) == Ending::Healthy
            && one.number().is_some_and(|number| running.contains(&number))
    };
    deployments.iter().find(serves).and_then(RecordView::number)
}

/// The newest healthy one of a task definition.
fn newest_of<'a>(
    definition: &str,
    deployments: &'a [RecordView],
    revisions: &[ecs::ServiceRevision],
) -> Option<&'a str> {
    let runs = |one: &RecordView| {
        let arn = one.target.as_deref();
        revisions.iter().any(|revision| {
            arn.is_some()
                && revision.service_revision_arn.as_deref() == arn
                && revision.task_definition.as_deref() == Some(definition)
        })
    };
    deployments
        .iter()
        .filter(|one| ending(one) == Ending::Healthy && runs(one))
        .max_by_key(|one| one.created)
        .and_then(RecordView::number)
}

/// What a history is told from.
struct Facts<'a> {
    deployments: &'a [RecordView],
    revisions: &'a [ecs::ServiceRevision],
    definitions: &'a BTreeMap<String, Definition>,
    /// Of the service.
    tags: &'a [Tag],
}

impl Facts<'_> {
    fn revision(&self, arn: Option<&str>) -> Option<&ecs::ServiceRevision> {
        let same = |one: &&ecs::ServiceRevision| one.service_revision_arn.as_deref() == arn;
        self.revisions.iter().find(same).filter(|_| arn.is_some())
    }

    /// The ARN of the task definition that a deployment rolled out.
    fn definition(&self, one: &RecordView) -> Option<&str> {
        self.revision(one.target.as_deref())?
            .task_definition
            .as_deref()
    }

    fn deployed(&self, one: &RecordView, current: Option<&str>) -> Deployed {
        let revision = self.revision(one.target.as_deref());
        let number = one.number().unwrap_or_default();
        let back = self.revision(one.rollback_to.as_deref());
        let origin = self.origin(one, number);
        Deployed {
            at: one.created,
            finished: one.finished.or(one.stopped),
            id: number.to_owned(),
            revision: last_part(self.definition(one).unwrap_or("?")).to_owned(),
            images: revision.map(images).unwrap_or_default(),
            verb: origin.verb,
            by: origin.by,
            commit: origin.commit,
            why: origin.why,
            outcome: ending(one),
            status: if one.status.is_empty() {
                "unknown".to_owned()
            } else {
                one.status.clone()
            },
            reason: one.reason.clone(),
            went_back_to: back
                .and_then(|back| back.task_definition.as_deref())
                .map(|arn| last_part(arn).to_owned()),
            current: current == Some(number),
        }
    }

    /// Who started a deployment: as the service's tag says; else whoever registered what it rolled
    /// out, if it was the first to do so. Of any other nobody knows.
    fn origin(&self, one: &RecordView, number: &str) -> Origin {
        let credit = |tag: &&Tag| tag.key.strip_prefix(key::ROLLOUT) == Some(number);
        if let Some(tag) = self.tags.iter().find(credit) {
            return Origin::credited(&tag.value);
        }
        let Some(arn) = self.definition(one) else {
            return Origin::default();
        };
        let definition = self
            .definitions
            .get(arn)
            .filter(|_| self.is_first(one, arn));
        let Some(definition) = definition else {
            return Origin::default();
        };
        let tags = &definition.config.tags;
        let tag = |key: &str| {
            let tag = tags.iter().find(|tag| tag.key == key)?;
            Some(tag.value.clone())
        };
        let is_ours = tag(key::PROJECT).is_some();
        Origin {
            by: tag(key::BY),
            commit: tag(key::COMMIT),
            why: tag(key::WHY),
            verb: tag(key::VERB).or_else(|| is_ours.then(|| APPLY.to_owned())),
        }
    }

    /// Whether no older deployment that is known rolled out the same task definition.
    fn is_first(&self, one: &RecordView, arn: &str) -> bool {
        let mut older = self
            .deployments
            .iter()
            .filter(|other| other.created < one.created);
        !older.any(|other| self.definition(other) == Some(arn))
    }
}

fn images(revision: &ecs::ServiceRevision) -> BTreeMap<String, String> {
    revision
        .container_images()
        .iter()
        .filter_map(|image| Some((image.container_name.clone()?, image.image.clone()?)))
        .collect()
}
