//! The service that a manifest asks for. Pure.

use serde_json::{Map, Value, json};

use super::{Manifest, count, plain, seconds, set};
use crate::platform::ecs::live::scaling::LiveScaling;

/// The service, and what scales it.
pub(super) fn service(manifest: &mut Manifest) -> (Value, Option<LiveScaling>) {
    let mut service = Map::new();
    set(&mut service, "serviceName", Some(json!(manifest.name)));
    let cluster = manifest.application.clone();
    let cluster = cluster.map(|application| format!("{application}-{}", manifest.environment));
    set(
        &mut service,
        "cluster",
        Some(json!(cluster.unwrap_or_else(|| "default".to_owned()))),
    );
    let count = count::count(manifest);
    set(&mut service, "desiredCount", Some(json!(count.tasks)));
    match count.capacity {
        Some(capacity) => set(&mut service, "capacityProviderStrategy", Some(capacity)),
        None => set(&mut service, "launchType", Some(json!("FARGATE"))),
    }
    let exec = manifest.get("exec") == Some(&json!(true));
    set(&mut service, "enableExecuteCommand", Some(json!(exec)));
    set(&mut service, "propagateTags", Some(json!("SERVICE")));
    set(
        &mut service,
        "deploymentConfiguration",
        Some(deployment(manifest)),
    );
    network(manifest, &mut service);
    balanced(manifest, &mut service);
    connect(manifest, &mut service);
    (Value::Object(service), count.scaling)
}

/// Copilot always has a breaker that rolls back.
fn deployment(manifest: &mut Manifest) -> Value {
    let rolling = manifest.at("/deployment/rolling").map(plain);
    let (least, most) = match rolling.as_deref() {
        None | Some("default") => (100, 200),
        Some("recreate") => (0, 100),
        Some(_) => {
            let rolling = rolling.map(Value::from).unwrap_or_default();
            manifest.lose(
                "deployment.rolling",
                &rolling,
                "Copilot knows `default` and `recreate`",
            );
            (100, 200)
        }
    };
    let mut deployment = json!({
        "deploymentCircuitBreaker": { "enable": true, "rollback": true },
        "minimumHealthyPercent": least,
        "maximumPercent": most,
    });
    match manifest.at("/deployment/rollback_alarms").cloned() {
        Some(Value::Array(names)) => {
            deployment["alarms"] = json!({ "enable": true, "rollback": true, "alarmNames": names });
        }
        Some(alarms) => manifest.lose(
            "deployment.rollback_alarms",
            &alarms,
            "Copilot makes these alarms: name yours under `ecs.alarms`",
        ),
        None => {}
    }
    deployment
}

/// Subnets of Copilot's, unless the manifest names some.
fn network(manifest: &mut Manifest, service: &mut Map<String, Value>) {
    let placement = manifest.at("/network/vpc/placement").cloned();
    let subnets = placement
        .as_ref()
        .and_then(|placement| placement.get("subnets"));
    let private = placement
        .as_ref()
        .is_some_and(|placement| *placement == "private")
        || subnets.is_some();
    let groups = manifest.at("/network/vpc/security_groups").cloned();
    let groups = groups.map(|groups| groups.get("groups").cloned().unwrap_or(groups));
    let mut vpc = Map::new();
    let known = subnets.filter(|subnets| subnets.is_array()).cloned();
    set(
        &mut vpc,
        "subnets",
        Some(known.unwrap_or_else(|| json!(["subnet-0a"]))),
    );
    set(&mut vpc, "securityGroups", groups.filter(Value::is_array));
    set(
        &mut vpc,
        "assignPublicIp",
        (!private).then(|| json!("ENABLED")),
    );
    service.insert(
        "networkConfiguration".into(),
        json!({ "awsvpcConfiguration": vpc }),
    );
    let members = manifest.get("network").and_then(Value::as_object);
    let others: Vec<String> = members
        .into_iter()
        .flat_map(Map::keys)
        .filter(|key| !["connect", "vpc"].contains(&key.as_str()))
        .cloned()
        .collect();
    for key in others {
        manifest.note(format!("Copilot knows no `network.{key}`, and ignores it"));
    }
}

/// The name of what Copilot's load balancer is called where yours belongs.
pub(super) fn balancer(manifest: &Manifest) -> [String; 2] {
    let name: String = manifest.name.chars().take(32).collect();
    [
        format!("app/{name}/0123456789abcdef"),
        format!("targetgroup/{name}/0123456789abcdef"),
    ]
}

/// Whether a load balancer sends to it.
pub(super) fn is_balanced(manifest: &Manifest) -> bool {
    let web = manifest
        .get("type")
        .is_some_and(|kind| *kind == "Load Balanced Web Service");
    let http = manifest.get("http");
    http.is_some_and(|http| *http != false) || web && http.is_none()
}

fn balanced(manifest: &mut Manifest, service: &mut Map<String, Value>) {
    if !is_balanced(manifest) {
        return;
    }
    let own = manifest.at("/image/port").and_then(Value::as_i64);
    let to = manifest
        .at("/http/target_container")
        .or(manifest.at("/http/targetContainer"))
        .map(plain);
    let to = to.unwrap_or_else(|| manifest.name.clone());
    let sidecar = manifest
        .at("/sidecars")
        .and_then(|all| all.get(&to)?.get("port"));
    let sidecar = sidecar.and_then(|port| plain(port).split('/').next()?.parse().ok());
    let port = manifest
        .at("/http/target_port")
        .and_then(Value::as_i64)
        .or(sidecar)
        .or(own);
    let Some(port) = port else {
        return;
    };
    let (region, account) = (manifest.region, manifest.account);
    let [_, group] = balancer(manifest);
    let group = format!("arn:aws:elasticloadbalancing:{region}:{account}:{group}");
    service.insert(
        "loadBalancers".into(),
        json!([{ "targetGroupArn": group, "containerName": to, "containerPort": port }]),
    );
    let grace = manifest
        .at("/http/healthcheck/grace_period")
        .and_then(seconds)
        .unwrap_or(60);
    set(service, "healthCheckGracePeriodSeconds", Some(json!(grace)));
    manifest.note("Copilot made the load balancer: put your target group into the target's file; `http` says its rules, names and health check, which are the load balancer's");
}

/// Others find it by its name.
fn connect(manifest: &mut Manifest, service: &mut Map<String, Value>) {
    let Some(connect) = manifest
        .at("/network/connect")
        .filter(|connect| **connect != false)
        .cloned()
    else {
        return;
    };
    let mut config = Map::new();
    set(&mut config, "enabled", Some(json!(true)));
    match &manifest.application {
        Some(application) => {
            let namespace = format!("{}.{application}.local", manifest.environment);
            set(&mut config, "namespace", Some(json!(namespace)));
        }
        None => manifest.note("Copilot made the namespace of Service Connect: without one, the cluster's default is used"),
    }
    if let Some(port) = manifest.at("/image/port").cloned() {
        let alias = connect
            .get("alias")
            .map_or_else(|| manifest.name.clone(), plain);
        set(
            &mut config,
            "services",
            Some(json!([{
                "portName": "target",
                "discoveryName": format!("{}-sc", manifest.name),
                "clientAliases": [{ "port": port, "dnsName": alias }],
            }])),
        );
    }
    service.insert("serviceConnectConfiguration".into(), Value::Object(config));
}
