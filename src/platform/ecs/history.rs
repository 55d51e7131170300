//! Who deployed what, when, from which commit, and how it ended, for `history`: ECS's own records,
//! and the tags of the task definitions.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as ecs;

use super::Ecs;
use super::followed::short;
use super::observe::{Definition, ObservedService};
use super::origin::key;
use super::received::last_part;
use super::wire;
use crate::answer::{Deployed, Ending};
use crate::platform::Failed;
use crate::spec::Service;

/// How a deployment ended, from ECS's own record of it.
pub(super) fn ending(deployment: &ecs::ServiceDeployment) -> Ending {
    use ecs::ServiceDeploymentStatus as Status;
    let breaker = deployment.deployment_circuit_breaker.as_ref();
    let alarms = deployment.alarms.as_ref();
    let monitors = [
        breaker.and_then(|breaker| breaker.status.as_ref()),
        alarms.and_then(|alarms| alarms.status.as_ref()),
    ];
    let triggered = monitors.contains(&Some(
        &ecs::ServiceDeploymentRollbackMonitorsStatus::Triggered,
    ));
    match &deployment.status {
        Some(Status::Successful) => Ending::Healthy,
        Some(Status::RollbackSuccessful) => Ending::RolledBack,
        Some(Status::RollbackFailed) => Ending::Failed,
        Some(Status::Stopped) if triggered => Ending::Failed,
        Some(Status::Stopped) => Ending::Stopped,
        Some(
            Status::Pending
            | Status::InProgress
            | Status::StopRequested
            | Status::RollbackRequested
            | Status::RollbackInProgress,
        ) => Ending::Going,
        _ => Ending::Unknown,
    }
}

impl Ecs {
    /// The deployments of a service, newest first, at most `most`. Reads only.
    pub async fn history(&self, service: &Service, most: usize) -> Result<Vec<Deployed>, Failed> {
        let name = service.ecs.service.as_str();
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
        let mut told: Vec<Deployed> = deployments
            .iter()
            .map(|one| deployed(one, &revisions, &definitions, current.as_deref()))
            .collect();
        told.sort_by_key(|one| std::cmp::Reverse(one.at));
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

/// The number of the deployment whose revision serves: the PRIMARY one's own; after an automatic
/// rollback, which has a number of its own, the newest successful one of the same task definition.
fn serving(
    there: &ObservedService,
    deployments: &[ecs::ServiceDeployment],
    revisions: &[ecs::ServiceRevision],
) -> Option<String> {
    let primary = last_part(there.primary_id()?);
    let target = |one: &ecs::ServiceDeployment| one.target_service_revision.as_ref()?.arn.clone();
    let number = |one| target(one).map(|arn| last_part(&arn).to_owned());
    if deployments
        .iter()
        .any(|one| number(one).as_deref() == Some(primary))
    {
        return Some(primary.to_owned());
    }
    let definition = there.primary()?.task_definition.as_deref()?;
    let runs = |one: &ecs::ServiceDeployment| {
        let arn = target(one);
        revisions.iter().any(|revision| {
            arn.is_some()
                && revision.service_revision_arn == arn
                && revision.task_definition.as_deref() == Some(definition)
        })
    };
    deployments
        .iter()
        .filter(|one| ending(one) == Ending::Healthy && runs(one))
        .max_by_key(|one| one.created_at.map(|at| (at.secs(), at.subsec_nanos())))
        .and_then(number)
}

fn deployed(
    one: &ecs::ServiceDeployment,
    revisions: &[ecs::ServiceRevision],
    definitions: &BTreeMap<String, Definition>,
    current: Option<&str>,
) -> Deployed {
    let target = one
        .target_service_revision
        .as_ref()
        .and_then(|target| target.arn.as_deref());
    let revision_by = |arn: Option<&str>| {
        let same = |one: &&ecs::ServiceRevision| one.service_revision_arn.as_deref() == arn;
        revisions.iter().find(same).filter(|_| arn.is_some())
    };
    let revision = revision_by(target);
    let definition_arn = revision.and_then(|one| one.task_definition.as_deref());
    let definition = definition_arn.and_then(|arn| definitions.get(arn));
    let tag = |key: &str| {
        let tags = &definition?.config.tags;
        let tag = tags.iter().find(|tag| tag.key == key)?;
        Some(tag.value.clone())
    };
    let number = target.map(last_part).unwrap_or_default();
    let back = one.rollback.as_ref();
    let back = revision_by(back.and_then(|back| back.service_revision_arn.as_deref()));
    Deployed {
        at: wire::time(one.created_at.as_ref()),
        finished: wire::time(one.finished_at.as_ref().or(one.stopped_at.as_ref())),
        id: number.to_owned(),
        revision: short(definition_arn.unwrap_or("?")).to_owned(),
        images: revision.map(images).unwrap_or_default(),
        by: tag(key::BY),
        commit: tag(key::COMMIT),
        why: tag(key::WHY),
        outcome: ending(one),
        status: one
            .status
            .as_ref()
            .map_or("unknown", |status| status.as_str())
            .to_owned(),
        reason: one.status_reason.clone(),
        went_back_to: back
            .and_then(|back| back.task_definition.as_deref())
            .map(|arn| short(arn).to_owned()),
        current: current == Some(number),
    }
}

fn images(revision: &ecs::ServiceRevision) -> BTreeMap<String, String> {
    revision
        .container_images()
        .iter()
        .filter_map(|image| Some((image.container_name.clone()?, image.image.clone()?)))
        .collect()
}
