//! What a person should know before saying yes: notes that follow from the file, from what is
//! there, and from what happened before. Pure but for [`Ecs::failed_before`].

use std::time::Duration;

use aws_sdk_ecs::types as ecs;

use super::Ecs;
use super::change::Change;
use super::deployments::AT_ONCE;
use super::observe::Observed;
use super::received::last_part;
use super::waves::waves;
use crate::plan::Note;
use crate::platform::Failed;
use crate::spec::{Provider, Service};

/// The shortest time in which a rollout of `count` tasks can end: each wave takes until the first
/// health check has passed, and the old tasks are drained once. What nobody can know beforehand
/// (pulling, booting) counts as nothing. `None`: it can never end.
pub fn shortest(service: &Service, count: u32) -> Option<Duration> {
    let ecs = &service.ecs;
    let waves = waves(count, ecs.minimum_healthy_percent, ecs.maximum_percent)?;
    let healthy = service
        .containers
        .iter()
        .filter(|container| container.essential)
        .filter_map(|container| container.health.as_ref())
        .map(|health| health.interval)
        .max()
        .unwrap_or_default();
    Some(healthy * waves + service.rollout.policy.bake)
}

/// Notes on a plan for `count` tasks that starts a rollout or not.
pub fn notes(service: &Service, changes: &[Change], count: u32, observed: &Observed) -> Vec<Note> {
    let mut notes = Vec::new();
    let created = observed.service.is_none();
    if changes.iter().any(Change::starts_rollout) {
        on_rollout(&mut notes, service, count, created);
    }
    if count == 0 {
        notes.push(Note::warning(
            "desired_zero",
            "No task is wanted, so nothing can show that this version works.",
        ));
    }
    left_alone(&mut notes, observed);
    notes
}

fn on_rollout(notes: &mut Vec<Note>, service: &Service, count: u32, created: bool) {
    let ecs = &service.ecs;
    let (low, high) = (ecs.minimum_healthy_percent, ecs.maximum_percent);
    let deadline = service.rollout.policy.deadline;
    match shortest(service, count) {
        None if !created => notes.push(Note::warning(
            "deadlock",
            format!(
                "With {count} tasks, at least {low} % (rounded up) and at most {high} % (rounded down), \
                 no task can ever be started or stopped: raise maximum_percent or lower minimum_healthy_percent."
            ),
        )),
        Some(shortest) if shortest > deadline => notes.push(Note::warning(
            "deadline_too_short",
            format!(
                "The rollout takes {} s at the very least; the deadline trips it after {} s.",
                shortest.as_secs(),
                deadline.as_secs()
            ),
        )),
        _ => {}
    }
    breaker(notes, service);
    let spot = |item: &crate::spec::Capacity| item.provider == Provider::FargateSpot;
    if !ecs.capacity.is_empty() && ecs.capacity.iter().all(spot) {
        notes.push(Note::warning(
            "spot_only",
            "All tasks run on Fargate Spot: when AWS takes its capacity back, none may be left.",
        ));
    }
}

fn breaker(notes: &mut Vec<Note>, service: &Service) {
    let breaker = &service.rollout.breaker;
    if !breaker.enabled {
        notes.push(Note::warning(
            "breaker_off",
            "The breaker is off: failing tasks are started again and again until the deadline.",
        ));
    } else if !breaker.rollback {
        notes.push(Note::warning(
            "rollback_off",
            "Rollback is off: a version that fails is left as it is.",
        ));
    }
}

fn left_alone(notes: &mut Vec<Note>, observed: &Observed) {
    let Some(service) = &observed.service else {
        return;
    };
    let of_definition = observed
        .running
        .iter()
        .flat_map(|running| running.residue.iter().map(|(path, _)| path));
    let all: Vec<&str> = service
        .unmodelled
        .iter()
        .chain(of_definition)
        .map(String::as_str)
        .collect();
    if !all.is_empty() {
        notes.push(Note::info(
            "left_alone",
            format!(
                "deploy.toml has no word for these; they are left alone: {}.",
                all.join(", ")
            ),
        ));
    }
}

impl Ecs {
    /// Whether this very specification failed before, with when and why; two reads that only feed
    /// a warning. Nothing should wait for them.
    pub async fn failed_before(&self, service: &Service) -> Result<Vec<Note>, Failed> {
        let name = service.ecs.service.as_str();
        let states = [
            ecs::ServiceDeploymentStatus::RollbackSuccessful,
            ecs::ServiceDeploymentStatus::RollbackFailed,
        ];
        let failures = self.list_deployments(name, &states, AT_ONCE).await?;
        if failures.is_empty() {
            return Ok(Vec::new());
        }
        let targets = failures
            .iter()
            .filter_map(|one| one.target_service_revision_arn.clone());
        let revisions = self.describe_revisions(targets).await?;
        Ok(newest_failure(service, &failures, &revisions)
            .into_iter()
            .collect())
    }
}

/// The newest failure of just these images.
fn newest_failure(
    service: &Service,
    failures: &[ecs::ServiceDeploymentBrief],
    revisions: &[ecs::ServiceRevision],
) -> Option<Note> {
    let same_images = |revision: &ecs::ServiceRevision| {
        !revision.container_images().is_empty()
            && service.containers.iter().all(|container| {
                revision.container_images().iter().any(|image| {
                    image.container_name.as_deref() == Some(container.name.as_str())
                        && image.image.as_deref() == Some(container.image.as_str())
                })
            })
    };
    let tripped = failures
        .iter()
        .filter(|failure| {
            revisions
                .iter()
                .filter(|revision| {
                    revision.service_revision_arn == failure.target_service_revision_arn
                })
                .any(same_images)
        })
        .max_by_key(|failure| failure.created_at.map(|at| at.secs()))?;
    let when = tripped
        .created_at
        .and_then(|at| jiff::Timestamp::from_second(at.secs()).ok())
        .map_or("before".to_owned(), |at| format!("on {at}"));
    let revision = revisions
        .iter()
        .find(|revision| revision.service_revision_arn == tripped.target_service_revision_arn)?;
    let definition = last_part(revision.task_definition.as_deref().unwrap_or_default());
    let why = tripped
        .status_reason
        .as_deref()
        .unwrap_or("no reason is known");
    Some(Note::warning(
        "tripped_before",
        format!("This image was deployed {when} as {definition} and tripped: {why}"),
    ))
}
