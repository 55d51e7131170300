//! What scales a service of ECS comes in whole.

use serde_json::json;

use super::*;
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::{ScalableTarget, ScalingPolicy, SuspendedState};
use crate::spec::policy::{
    Configuration, CustomMetric, Metric, StepAdjustment, StepScaling, TargetTracking,
};

fn policy(name: &str, configuration: Configuration) -> ScalingPolicy {
    ScalingPolicy {
        policy_name: name.into(),
        service_namespace: "ecs".into(),
        resource_id: "service/main/api".into(),
        scalable_dimension: "ecs:service:DesiredCount".into(),
        policy_type: configuration.policy_type().into(),
        configuration,
    }
}

fn tracking(target_value: f64) -> TargetTracking {
    TargetTracking {
        target_value,
        predefined_metric_specification: None,
        customized_metric_specification: None,
        scale_out_cooldown: Some(60),
        scale_in_cooldown: Some(300),
        disable_scale_in: Some(false),
    }
}

fn scaled() -> LiveScaling {
    let cpu = TargetTracking {
        predefined_metric_specification: Some(Metric {
            predefined_metric_type: "ECSServiceAverageCPUUtilization".into(),
            resource_label: None,
        }),
        ..tracking(70.0)
    };
    let lag = TargetTracking {
        customized_metric_specification: Some(CustomMetric {
            metric_name: Some("lag".into()),
            namespace: Some("own".into()),
            statistic: Some("Maximum".into()),
            ..CustomMetric::default()
        }),
        ..tracking(5.5)
    };
    let only_out = TargetTracking {
        disable_scale_in: Some(true),
        ..cpu.clone()
    };
    let steps = StepScaling {
        adjustment_type: "ChangeInCapacity".into(),
        step_adjustments: vec![StepAdjustment {
            metric_interval_lower_bound: Some(0.0),
            metric_interval_upper_bound: None,
            scaling_adjustment: 2,
        }],
        min_adjustment_magnitude: None,
        cooldown: Some(120),
        metric_aggregation_type: Some("Average".into()),
    };
    LiveScaling {
        target: Some(ScalableTarget {
            service_namespace: "ecs".into(),
            resource_id: "service/main/api".into(),
            scalable_dimension: "ecs:service:DesiredCount".into(),
            min_capacity: 2,
            max_capacity: 8,
            suspended_state: Some(SuspendedState {
                dynamic_scaling_in_suspended: true,
                ..SuspendedState::default()
            }),
            tags: std::collections::BTreeMap::new(),
        }),
        policies: vec![
            policy("cpu-tracking", Configuration::TargetTracking(cpu)),
            policy("cpu-out", Configuration::TargetTracking(only_out)),
            policy("lag", Configuration::TargetTracking(lag)),
            policy("steps", Configuration::Step(steps)),
        ],
        ..LiveScaling::default()
    }
}

/// A service of Fargate with what scales it.
fn service(scaling: LiveScaling) -> Imported {
    let source = Source::Ecs(vec![EcsSource {
        task: json!({
            "family": "api",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [{ "name": "api", "image": "example/api:v1", "essential": true }],
        }),
        service: Some(json!({
            "serviceName": "api",
            "launchType": "FARGATE",
            "desiredCount": 2,
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0a"] } },
        })),
        scaling: Some(scaling),
        ..EcsSource::default()
    }]);
    import(&source, &"production".parse().unwrap()).unwrap()
}

#[test]
fn policies_that_no_word_says_come_in_by_the_form_of_the_api() {
    let imported = service(scaled());
    assert_eq!((imported.losses, imported.patched), (vec![], vec![]));
    insta::assert_snapshot!(imported.deploy);
}

#[test]
fn a_policy_is_not_taken_for_one_whose_name_ends_as_its_own() {
    let step = |name: &str| {
        let mut scaling = scaled();
        let one = scaling.policies.pop().unwrap();
        policy(name, one.configuration)
    };
    let imported = service(LiveScaling {
        policies: vec![step("a"), step("b-a")],
        ..scaled()
    });
    assert_eq!((imported.losses, imported.patched), (vec![], vec![]));
}
