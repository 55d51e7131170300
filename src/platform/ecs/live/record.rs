//! A service deployment, as `DescribeServiceDeployments` tells it. Pure.

use aws_sdk_ecs::types::ServiceDeployment;

use super::stage;
use super::view::{BreakerView, RecordView};
use crate::platform::ecs::settings::sdk::{count, time, word};

/// A `ServiceDeployment`; whose it is, its reader knows.
pub(crate) fn read(record: &ServiceDeployment) -> RecordView {
    let target = record.target_service_revision();
    let alarms = record.alarms();
    RecordView {
        is_ours: false,
        status: record.status().map(word).unwrap_or_default(),
        reason: record.status_reason().map(str::to_owned),
        created: time(record.created_at()),
        finished: time(record.finished_at()),
        stopped: time(record.stopped_at()),
        target: target.and_then(|target| target.arn()).map(str::to_owned),
        running: target.map_or(0, |target| count(target.running_task_count())),
        pending: target.map_or(0, |target| count(target.pending_task_count())),
        breaker: record
            .deployment_circuit_breaker()
            .map(|breaker| BreakerView {
                status: breaker.status().map(word).unwrap_or_default(),
                failures: count(breaker.failure_count()),
                threshold: count(breaker.threshold()),
            }),
        alarm_status: alarms.and_then(|alarms| alarms.status()).map(word),
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
        stage: stage::read(record),
        newer: None,
    }
}
