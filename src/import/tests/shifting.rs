//! Services whose rollouts shift traffic come in whole.

use serde_json::{Value, json};

use super::*;

fn service(configuration: &Value, advanced: &Value) -> Source {
    Source::Ecs(vec![EcsSource {
        task: json!({
            "family": "api",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [{
                "name": "api",
                "image": "example/api:v1",
                "essential": true,
                "portMappings": [{ "containerPort": 8080 }],
            }],
        }),
        service: Some(json!({
            "serviceName": "api",
            "launchType": "FARGATE",
            "desiredCount": 2,
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0a"] } },
            "deploymentConfiguration": configuration,
            "loadBalancers": [{
                "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef",
                "containerName": "api",
                "containerPort": 8080,
                "advancedConfiguration": advanced,
            }],
        })),
        ..EcsSource::default()
    }])
}

fn advanced() -> Value {
    json!({
        "alternateTargetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api-2/0123456789abcdef",
        "productionListenerRule": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/front/1/2/3",
        "testListenerRule": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/front/1/2/4",
        "roleArn": "arn:aws:iam::123456789012:role/ecsTraffic",
    })
}

#[test]
fn blue_green_with_its_hooks_comes_in_by_words() {
    let configuration = json!({
        "strategy": "BLUE_GREEN",
        "bakeTimeInMinutes": 5,
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "lifecycleHooks": [
            {
                "hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:smoke",
                "roleArn": "arn:aws:iam::123456789012:role/hooks",
                "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
                "hookDetails": { "suite": "smoke", "tries": 2 },
            },
            {
                "targetType": "PAUSE",
                "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"],
                "timeoutConfiguration": { "timeoutInMinutes": 60, "action": "CONTINUE" },
            },
        ],
    });
    let source = service(&configuration, &advanced());
    let imported = import(&source, &"production".parse().unwrap()).unwrap();
    assert_eq!((imported.losses, imported.patched), (vec![], vec![]));
    insta::assert_snapshot!(format!("{}\n{}", imported.deploy, imported.target));
}

#[test]
fn steps_come_in_by_words() {
    for configuration in [
        json!({ "strategy": "LINEAR", "bakeTimeInMinutes": 0, "linearConfiguration": { "stepPercent": 12.5, "stepBakeTimeInMinutes": 3 } }),
        json!({ "strategy": "LINEAR", "linearConfiguration": {} }),
        json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.5 } }),
        json!({ "strategy": "ROLLING" }),
    ] {
        let source = service(&configuration, &advanced());
        let imported = import(&source, &"production".parse().unwrap()).unwrap();
        assert_eq!(
            (imported.losses, imported.patched),
            (vec![], vec![]),
            "{configuration}"
        );
    }
}

#[test]
fn what_a_pipeline_fills_in_is_a_variable() {
    let filled = json!({
        "alternateTargetGroupArn": "{{ must_env `GREEN` }}",
        "productionListenerRule": "{{ must_env `RULE` }}",
        "roleArn": "arn:aws:iam::123456789012:role/ecsTraffic",
    });
    let configuration = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 });
    let imported = import(
        &service(&configuration, &filled),
        &"production".parse().unwrap(),
    )
    .unwrap();
    assert_eq!((imported.losses, imported.patched), (vec![], vec![]));
    assert!(
        imported.target.contains("\"${TARGET_GROUP_1_2}\""),
        "{}",
        imported.target
    );
    assert!(
        imported.target.contains("\"${LISTENER_RULE_1}\""),
        "{}",
        imported.target
    );
}
