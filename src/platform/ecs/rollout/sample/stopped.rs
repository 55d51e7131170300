//! Stopped tasks and tasks that were never made, as evidence: whose they are, and what they say.

use aws_sdk_ecs::types::Task;

use crate::platform::ecs::live::view::EventView;
use crate::platform::ecs::rollout::Watched;
use crate::platform::ecs::rollout::causes;
use crate::platform::ecs::rollout::causes::{StoppedContainer, StoppedTask};
use crate::platform::ecs::settings::sdk::time;
use crate::rollout::{Cause, Failure, Unit};

/// An event that tells of a task that could not even be made. Failures of tasks that were made
/// are told by the tasks themselves.
pub(super) fn unplaced(event: &EventView) -> Option<Failure> {
    let lower = event.text.to_ascii_lowercase();
    if !lower.contains("unable to place a task") {
        return None;
    }
    let cause = match causes::by_text(&event.text) {
        Cause::Other => Cause::NoCapacity,
        cause @ (Cause::NoCapacity | Cause::Refused | Cause::RoleDenied) => cause,
        _ => return None,
    };
    Some(Failure {
        id: event.id.clone(),
        at: event.at,
        cause,
        text: event.text.clone(),
        container: None,
        exit_code: None,
        unit: Unit::Task,
        task: None,
    })
}

/// Whether our deployment started a task. ECS names the deployment; of an emulator that names something else, a task of
/// our revision is ours that is no older than our deployment.
pub(super) fn is_ours(task: &Task, rollout: &Watched) -> bool {
    match task.started_by() {
        Some(deployment) if deployment.starts_with("ecs-svc/") => deployment == rollout.ours.id,
        _ => {
            task.task_definition_arn() == Some(rollout.ours.task_definition.as_str())
                && rollout
                    .seen
                    .begun
                    .is_some_and(|begun| time(task.created_at()) >= Some(begun))
        }
    }
}

/// The parts of a stopped task that tell why it stopped.
pub(super) fn stopped_task(task: &Task) -> StoppedTask {
    let containers = task.containers().iter().map(|container| StoppedContainer {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
        health: container
            .health_status()
            .map(|health| health.as_str().to_owned()),
    });
    StoppedTask {
        arn: task.task_arn().unwrap_or_default().to_owned(),
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        reason: task.stopped_reason().map(str::to_owned),
        at: time(task.stopping_at()).or_else(|| time(task.stopped_at())),
        containers: containers.collect(),
    }
}
