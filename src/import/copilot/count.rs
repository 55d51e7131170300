//! How many tasks a manifest asks for, on what, and what scales them. Pure.

use serde_json::{Value, json};

use super::service::{balancer, is_balanced};
use super::{Manifest, plain, seconds};
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::{ScalableTarget, ScalingPolicy};
use crate::spec::policy::{Configuration, Metric, TargetTracking};

/// How many tasks there are.
pub(super) struct Count {
    pub(super) tasks: i64,
    /// Shares of Fargate and Fargate Spot; `None`: all on Fargate.
    pub(super) capacity: Option<Value>,
    pub(super) scaling: Option<LiveScaling>,
}

/// The metrics of a manifest that Application Auto Scaling knows by name.
const METRICS: [(&str, &str); 3] = [
    ("cpu_percentage", "ECSServiceAverageCPUUtilization"),
    ("memory_percentage", "ECSServiceAverageMemoryUtilization"),
    ("requests", "ALBRequestCountPerTarget"),
];

/// The metrics that Copilot computes.
const COMPUTED: [&str; 2] = ["response_time", "queue_delay"];

/// Application Auto Scaling of ECS.
const NAMESPACE: &str = "ecs";
const DIMENSION: &str = "ecs:service:DesiredCount";

pub(super) fn count(manifest: &mut Manifest) -> Count {
    let said = manifest.get("count").cloned().unwrap_or_else(|| json!(1));
    let spot = |base: i64| {
        let mut shares = vec![json!({ "capacityProvider": "FARGATE_SPOT", "weight": 1 })];
        if base > 0 {
            shares.push(json!({ "capacityProvider": "FARGATE", "weight": 0, "base": base }));
        }
        Value::Array(shares)
    };
    if let Some(tasks) = said.as_i64() {
        return Count {
            tasks,
            capacity: None,
            scaling: None,
        };
    }
    let Some(range) = said.get("range") else {
        let tasks = said.get("spot").and_then(Value::as_i64);
        return Count {
            tasks: tasks.unwrap_or(1),
            capacity: tasks.map(|_| spot(0)),
            scaling: None,
        };
    };
    let text = plain(range);
    let (least, most) = if let Some((least, most)) = text.split_once('-') {
        (least.trim().parse().ok(), most.trim().parse().ok())
    } else {
        let bound = |key: &str| i32::try_from(range.get(key)?.as_i64()?).ok();
        (bound("min"), bound("max"))
    };
    let (least, most) = (least.unwrap_or(1), most.unwrap_or(1));
    let from = range
        .get("spot_from")
        .or(said.get("spot_from"))
        .and_then(Value::as_i64);
    let scaling = scaling(&said, (least, most), manifest);
    Count {
        tasks: i64::from(least),
        capacity: from.map(|from| spot(from - 1)),
        scaling: Some(scaling),
    }
}

fn scaling(said: &Value, (least, most): (i32, i32), manifest: &mut Manifest) -> LiveScaling {
    let resource = format!("service/{}", manifest.full_name());
    let mut policies = Vec::new();
    for (key, metric) in METRICS {
        let Some(aim) = said.get(key) else { continue };
        let Some(target_value) = aim.get("value").unwrap_or(aim).as_f64() else {
            continue;
        };
        let mut label = None;
        if key == "requests" {
            if !is_balanced(manifest) {
                manifest.note(
                    "`count.requests` needs a load balancer, which this manifest has none of",
                );
                continue;
            }
            manifest.note("put your load balancer and its target group into the target's file, for `scaling.requests`");
            label = Some(balancer(manifest).join("/"));
        }
        let rest = |way: &str| {
            let own = aim.get("cooldown").or(said.get("cooldown"))?.get(way)?;
            i32::try_from(seconds(own)?).ok()
        };
        // Copilot rests for two minutes after tasks were taken away, and for one after some were added.
        policies.push(ScalingPolicy {
            policy_name: key.to_owned(),
            service_namespace: NAMESPACE.to_owned(),
            resource_id: resource.clone(),
            scalable_dimension: DIMENSION.to_owned(),
            policy_type: "TargetTrackingScaling".to_owned(),
            configuration: Configuration::TargetTracking(TargetTracking {
                target_value,
                predefined_metric_specification: Some(Metric {
                    predefined_metric_type: metric.to_owned(),
                    resource_label: label,
                }),
                customized_metric_specification: None,
                scale_in_cooldown: Some(rest("in").unwrap_or(120)),
                scale_out_cooldown: Some(rest("out").unwrap_or(60)),
                disable_scale_in: None,
            }),
        });
    }
    for key in COMPUTED {
        if let Some(aim) = said.get(key) {
            let why = "there are words for CPU, memory and requests, and none for this metric";
            manifest.lose(&format!("count.{key}"), &aim.clone(), why);
        }
    }
    LiveScaling {
        target: Some(ScalableTarget {
            service_namespace: NAMESPACE.to_owned(),
            resource_id: resource,
            scalable_dimension: DIMENSION.to_owned(),
            min_capacity: least,
            max_capacity: most,
            suspended_state: None,
            tags: std::collections::BTreeMap::new(),
        }),
        policies,
        ..LiveScaling::default()
    }
}
