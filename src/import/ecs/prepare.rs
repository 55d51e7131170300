//! Makes the JSON of a source such as our types read it, and notes what they have no place for.

use serde_json::{Value, json};

use crate::import::Loss;

/// What stands in a `{"taskDefinition": …}`, or in the first of `{"services": […]}`; without nulls.
pub(super) fn unwrapped(value: &Value, key: &str) -> Value {
    let several = value.get(format!("{key}s")).and_then(|all| all.get(0));
    let inner = value.get(key).filter(|inner| inner.is_object());
    let mut inner = inner.or(several).unwrap_or(value).clone();
    // Tags are told beside a task definition.
    if let (Some(tags), Some(task)) = (value.get("tags"), inner.as_object_mut()) {
        task.entry("tags").or_insert_with(|| tags.clone());
    }
    drop_nothing(&mut inner);
    inner
}

/// Takes away what says nothing: null, and empty words.
fn drop_nothing(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(drop_nothing);
            members.retain(|key, value| {
                !(value.is_null() || key != "image" && key != "value" && *value == "")
            });
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nothing),
        _ => {}
    }
}

fn lacking(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.entry(key).or_insert_with(|| value.into());
    }
}

fn items<'v>(value: &'v mut Value, key: &str) -> impl Iterator<Item = &'v mut Value> {
    value
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// Fills in what our types demand, and takes out what would be read as something else.
pub(super) fn prepare_task(task: &mut Value, losses: &mut Vec<Loss>) {
    for size in ["cpu", "memory"] {
        if let Some(number) = task.get(size).filter(|value| value.is_number()) {
            task[size] = Value::from(number.to_string());
        }
    }
    lacking(task, "family", "");
    drop_odd_tags(task);
    for container in items(task, "containerDefinitions") {
        let name = container
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("main")
            .to_owned();
        let at = format!("containerDefinitions.{name}");
        lacking(container, "name", name);
        lacking(container, "image", "");
        for variable in items(container, "environment") {
            lacking(variable, "value", "");
        }
        if let Some(ports) = container
            .get_mut("portMappings")
            .and_then(Value::as_array_mut)
        {
            let (known, others) = ports
                .drain(..)
                .partition(|port| port.get("containerPort").is_some());
            *ports = known;
            let others: Vec<Value> = others;
            if !others.is_empty() {
                losses.push(Loss::unsaid(
                    "task",
                    format!("{at}.portMappings"),
                    others.into(),
                ));
            }
        }
        logs(container, &at, losses);
    }
}

/// A tag that has neither a key nor a value is none.
fn drop_odd_tags(value: &mut Value) {
    if let Some(tags) = value.get_mut("tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| tag.get("key").is_some());
        for tag in tags {
            lacking(tag, "value", "");
        }
    }
}

/// One without a driver says nothing that can be asked for.
fn logs(container: &mut Value, at: &str, losses: &mut Vec<Loss>) {
    let Some(logs) = container.get_mut("logConfiguration") else {
        return;
    };
    if logs.get("logDriver").is_some() {
        return;
    }
    let logs = logs.take();
    if logs.as_object().is_some_and(|logs| !logs.is_empty()) {
        losses.push(Loss::unsaid("task", format!("{at}.logConfiguration"), logs));
    }
    drop_nothing(container);
}

pub(super) fn prepare_service(service: &mut Value, family: &str) {
    let cluster = service.get("clusterArn").and_then(Value::as_str);
    let cluster = cluster.or_else(|| service.get("cluster").and_then(Value::as_str));
    let cluster = cluster
        .and_then(|cluster| cluster.rsplit('/').next())
        .unwrap_or("default")
        .to_owned();
    service["cluster"] = cluster.into();
    lacking(service, "serviceName", family);
    service["taskDefinition"] = family.into();
    drop_odd_tags(service);
    for item in items(service, "capacityProviderStrategy") {
        lacking(item, "weight", 0);
        lacking(item, "base", 0);
    }
    if service
        .get("capacityProviderStrategy")
        .is_some_and(|all| all.get(0).is_some())
    {
        // ECS tells the launch type of the tasks beside the strategy that chose it.
        service["launchType"] = Value::Null;
        drop_nothing(service);
    }
    prepare_daemon(service);
    if let Some(alarms) = service.pointer_mut("/deploymentConfiguration/alarms") {
        lacking(alarms, "alarmNames", json!([]));
    }
}

/// A daemon has no count, whatever is told of it, and percentages of its own where none are said (Amazon ECS
/// API reference, `DeploymentConfiguration`).
fn prepare_daemon(service: &mut Value) {
    if service.get("schedulingStrategy").and_then(Value::as_str) != Some("DAEMON") {
        return;
    }
    if let Some(members) = service.as_object_mut() {
        members.remove("desiredCount");
    }
    lacking(service, "deploymentConfiguration", json!({}));
    let deployment = &mut service["deploymentConfiguration"];
    lacking(deployment, "maximumPercent", 100);
    lacking(deployment, "minimumHealthyPercent", 0);
}
