//! From SDK types to a [`View`](super::look::View).

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{
    Deployment, DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus, Service,
    ServiceDeployment,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::look::{BreakerView, DeploymentView, EventView, RecordView, ServiceView};

/// The API's time.
pub(crate) fn time(time: Option<&DateTime>) -> Option<Timestamp> {
    time.and_then(|time| Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok())
}

/// The API's counts are never negative.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// The ids of what ECS has said of a service, as far as an answer holds it.
pub(crate) fn said(service: &Service) -> BTreeSet<String> {
    let ids = service.events().iter().filter_map(|event| event.id.clone());
    ids.collect()
}

/// A service.
pub(crate) fn service(service: &Service) -> ServiceView {
    let breaker = service
        .deployment_configuration()
        .and_then(|configuration| configuration.deployment_circuit_breaker());
    let alarms = service
        .deployment_configuration()
        .and_then(|configuration| configuration.alarms());
    let events = service.events().iter().filter_map(|event| {
        Some(EventView {
            id: event.id()?.to_owned(),
            at: time(event.created_at())?,
            text: event.message()?.to_owned(),
        })
    });
    ServiceView {
        status: service.status().unwrap_or_default().to_owned(),
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        rolls_back: breaker.is_some_and(|breaker| breaker.enable() && breaker.rollback())
            || alarms.is_some_and(|alarms| alarms.enable() && alarms.rollback()),
        deployments: service.deployments().iter().map(deployment).collect(),
        events: events.collect(),
    }
}

fn deployment(deployment: &Deployment) -> DeploymentView {
    DeploymentView {
        id: deployment.id().unwrap_or_default().to_owned(),
        status: deployment.status().unwrap_or_default().to_owned(),
        task_definition: deployment.task_definition().unwrap_or_default().to_owned(),
        rollout: deployment
            .rollout_state()
            .map(|state| state.as_str().to_owned()),
        reason: deployment.rollout_state_reason().map(str::to_owned),
        desired: count(deployment.desired_count()),
        running: count(deployment.running_count()),
        pending: count(deployment.pending_count()),
        failed: count(deployment.failed_tasks()),
        created: time(deployment.created_at()),
    }
}

/// A `ServiceDeployment`, seen by whoever follows deployment `number`.
pub(crate) fn record(record: &ServiceDeployment, number: &str) -> RecordView {
    let target = record.target_service_revision();
    let revision = target.and_then(|target| target.arn());
    let alarms = record.alarms();
    RecordView {
        is_ours: revision.is_some_and(|arn| arn.rsplit('/').next() == Some(number)),
        status: record
            .status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        reason: record.status_reason().map(str::to_owned),
        created: time(record.created_at()),
        finished: time(record.finished_at()),
        running: target.map_or(0, |target| count(target.running_task_count())),
        pending: target.map_or(0, |target| count(target.pending_task_count())),
        breaker: record
            .deployment_circuit_breaker()
            .map(|breaker| BreakerView {
                status: breaker
                    .status()
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
                failures: count(breaker.failure_count()),
                threshold: count(breaker.threshold()),
            }),
        alarm_status: alarms
            .and_then(|alarms| alarms.status())
            .map(|status| status.as_str().to_owned()),
        alarms: alarms
            .map(|alarms| alarms.triggered_alarm_names().to_vec())
            .unwrap_or_default(),
        rollback_reason: record
            .rollback()
            .and_then(|rollback| rollback.reason())
            .map(str::to_owned),
        rollback_to: record
            .rollback()
            .and_then(|rollback| rollback.service_revision_arn())
            .map(str::to_owned),
        has_source: !record.source_service_revisions().is_empty(),
        awaits: awaits(record.lifecycle_hook_details()),
        newer: None,
    }
}

fn awaits(hooks: &[DeploymentLifecycleHookDetail]) -> Option<String> {
    let waiting = |hook: &&DeploymentLifecycleHookDetail| {
        hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction)
    };
    let hook = hooks.iter().find(waiting)?;
    Some(format!(
        "hook {} awaits an action",
        hook.hook_id().unwrap_or("without an id")
    ))
}
