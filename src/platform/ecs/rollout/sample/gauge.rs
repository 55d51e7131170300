//! The counts of one look. Pure.

use crate::platform::ecs::rollout::Watched;
use crate::platform::ecs::rollout::look::{Record, View};
use crate::rollout::{BreakerGauge, Gauge};

pub(super) fn gauge(view: &View, rollout: &Watched) -> Gauge {
    let Some(service) = &view.service else {
        return Gauge::default();
    };
    let ours = service.deployment(&rollout.ours.id);
    let running = ours.map_or(0, |deployment| deployment.running);
    let running = if rollout.ours.count_only.is_some() {
        service.running
    } else {
        running
    };
    let (breaker, alarms) = match &view.record {
        Record::Found(record) => (
            record.breaker.as_ref().map(|breaker| BreakerGauge {
                failures: breaker.failures,
                threshold: Some(breaker.threshold),
                state: breaker.status.clone(),
            }),
            record.alarms.clone(),
        ),
        _ => (
            ours.filter(|deployment| deployment.failed > 0)
                .map(|deployment| BreakerGauge {
                    failures: deployment.failed,
                    threshold: None,
                    state: deployment.rollout.clone().unwrap_or_default(),
                }),
            Vec::new(),
        ),
    };
    Gauge {
        desired: service.desired,
        running,
        pending: ours.map_or(0, |deployment| deployment.pending),
        old: service.running.saturating_sub(running),
        breaker,
        alarms,
    }
}
