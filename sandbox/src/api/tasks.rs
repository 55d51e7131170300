//! Tasks: listed, described, stopped.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, cluster, page, read, services, short, tags, time, time_if};
use crate::world::World;
use crate::world::task::{Phase, Task, TaskContainer};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster: Option<String>,
    service_name: Option<String>,
    family: Option<String>,
    started_by: Option<String>,
    desired_status: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    let stopped = input.desired_status.as_deref().unwrap_or("RUNNING") == "STOPPED";
    let service = input
        .service_name
        .as_deref()
        .map(|name| format!("{cluster}/{}", short(name)));
    if service
        .as_ref()
        .is_some_and(|key| !world.services.contains_key(key))
    {
        return Err(services::not_found());
    }
    let of_family =
        |task: &Task, family: &str| short(&task.definition).split(':').next() == Some(family);
    let fits = |task: &&Task| {
        task.cluster == cluster
            && task.ending == stopped
            && input
                .started_by
                .as_ref()
                .is_none_or(|by| task.deployment == *by)
            && input
                .family
                .as_ref()
                .is_none_or(|family| of_family(task, family))
    };
    let mut found: Vec<&Task> = match &service {
        Some(key) => world.tasks.of_service(key).filter(fits).collect(),
        None => world.tasks.values().filter(fits).collect(),
    };
    found.sort_by_key(|task| std::cmp::Reverse(task.number));
    let arns = found.into_iter().map(|task| task.arn.clone()).collect();
    let (arns, next) = page(arns, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(json!({"taskArns": arns, "nextToken": next}))
}

#[derive(Deserialize)]
struct Describe {
    cluster: Option<String>,
    #[serde(default)]
    tasks: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    if input.tasks.is_empty() {
        return Err(ApiError::invalid("Tasks cannot be empty."));
    }
    if input.tasks.len() > 100 {
        return Err(ApiError::invalid("Tasks cannot have more than 100 items."));
    }
    let tags = input.include.iter().any(|what| what == "TAGS");
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for reference in &input.tasks {
        match world
            .tasks
            .get(short(reference))
            .filter(|task| task.cluster == cluster)
        {
            Some(task) => found.push(view(world, task, tags)),
            None => failures.push(json!({"arn": reference, "reason": "MISSING"})),
        }
    }
    Ok(json!({"tasks": found, "failures": failures}))
}

pub(super) fn view(world: &World, task: &Task, with_tags: bool) -> Value {
    let service = task.service.rsplit('/').next().unwrap_or_default();
    let group = task.group.clone();
    let group = group.unwrap_or_else(|| format!("service:{service}"));
    let containers: Vec<Value> = task.containers.iter().map(|c| container(task, c)).collect();
    let awsvpc = world
        .task_definition(&task.definition)
        .is_none_or(|definition| definition.text("networkMode") == "awsvpc");
    let attached = task.phase != Phase::Provisioning;
    let attributes = json!([{"name": "ecs.cpu-architecture", "value": task.architecture}]);
    let mut view = json!({
        "attachments": if awsvpc { vec![attachment(task)] } else { Vec::new() },
        "attributes": attributes,
        "availabilityZone": task.place.as_ref().map_or_else(|| format!("{}a", world.region), |place| place.zone.clone()),
        "containerInstanceArn": task.place.as_ref().map(|place| world.ecs_arn(&format!("container-instance/{}/{}", task.cluster, place.instance))),
        "clusterArn": world.ecs_arn(&format!("cluster/{}", task.cluster)),
        "containers": containers,
        "cpu": task.cpu,
        "memory": task.memory,
        "createdAt": time(task.created_at),
        "desiredStatus": if task.ending { "STOPPED" } else { "RUNNING" },
        "enableExecuteCommand": task.exec,
        "group": group,
        "healthStatus": task.health(),
        "lastStatus": task.phase,
        "launchType": launch_type(world, task),
        "capacityProviderName": task.provider,
        "overrides": overrides(task),
        "platformVersion": task.platform_version,
        "platformFamily": "Linux",
        "startedBy": (!task.deployment.is_empty()).then_some(&task.deployment),
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition,
        "version": task.step + 1,
        "ephemeralStorage": {"sizeInGiB": task.ephemeral_gib},
    });
    let more = [
        ("connectivity", json!(attached.then_some("CONNECTED"))),
        ("connectivityAt", time_if(task.pull_started_at)),
        ("pullStartedAt", time_if(task.pull_started_at)),
        ("pullStoppedAt", time_if(task.pull_stopped_at)),
        ("startedAt", time_if(task.started_at)),
        ("stoppingAt", time_if(task.stopping_at)),
        ("executionStoppedAt", time_if(task.execution_stopped_at)),
        ("stoppedAt", time_if(task.stopped_at)),
        ("stopCode", json!(task.stop_code)),
        ("stoppedReason", json!(task.stopped_reason)),
        (
            "tags",
            if with_tags {
                tags::view(&task.tags)
            } else {
                json!([])
            },
        ),
    ];
    if let Some(view) = view.as_object_mut() {
        view.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    view
}

fn overrides(task: &Task) -> Value {
    let mut overrides = json!({"containerOverrides": [], "inferenceAcceleratorOverrides": []});
    if let (Some(all), Some(given)) = (overrides.as_object_mut(), task.overrides.as_object()) {
        all.extend(given.clone());
    }
    overrides
}

/// As its service is launched; a task of its own runs on Fargate.
fn launch_type(world: &World, task: &Task) -> String {
    let service = world.services.get(&task.service);
    let Some(workload) = service.map(|service| &service.workload) else {
        let on = if task.place.is_some() {
            "EC2"
        } else {
            "FARGATE"
        };
        return on.to_owned();
    };
    let usual = if workload.is_on_fargate() {
        "FARGATE"
    } else {
        "EC2"
    };
    let launch = workload.launch_type.clone();
    launch.unwrap_or_else(|| usual.to_owned())
}

fn attachment(task: &Task) -> Value {
    let status = match task.phase {
        Phase::Provisioning => "PRECREATED",
        Phase::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    let mut details = vec![json!({"name": "subnetId", "value": task.subnet})];
    if task.phase != Phase::Provisioning {
        let mac = task.id.get(..2).unwrap_or("00");
        details.push(json!({"name": "networkInterfaceId", "value": format!("eni-{}", task.id.get(..17).unwrap_or_default())}));
        details.push(json!({"name": "macAddress", "value": format!("0a:58:0a:00:00:{mac}")}));
        details.push(json!({"name": "privateIPv4Address", "value": task.ip}));
    }
    json!({
        "id": task.id,
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": details,
    })
}

fn container(task: &Task, container: &TaskContainer) -> Value {
    let status = match task.phase {
        Phase::Provisioning | Phase::Pending => "PENDING",
        _ if container.running => "RUNNING",
        _ => "STOPPED",
    };
    let started = task.started_at.is_some();
    let interfaces = json!([{
        "attachmentId": task.id,
        "privateIpv4Address": task.ip,
    }]);
    json!({
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "runtimeId": started.then(|| format!("{}-{}", task.id, task.number)),
        "lastStatus": status,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "networkBindings": bindings(task, &container.name),
        "networkInterfaces": if task.phase == Phase::Provisioning { json!([]) } else { interfaces },
        "healthStatus": container.health,
        "cpu": container.cpu.to_string(),
    })
}

/// The host ports of a container, once its task has found its place.
fn bindings(task: &Task, container: &str) -> Vec<Value> {
    let all = task.place.iter().flat_map(|place| &place.bindings);
    let mine = all.filter(|one| one.container == container);
    let shown = mine.map(|one| {
        json!({
            "bindIP": "0.0.0.0",
            "containerPort": one.container_port,
            "hostPort": one.host_port,
            "protocol": one.protocol,
        })
    });
    shown.collect()
}

#[derive(Deserialize)]
struct Stop {
    cluster: Option<String>,
    task: String,
    reason: Option<String>,
}

pub(super) fn stop(world: &mut World, input: &Value) -> Answer {
    let input: Stop = read(input)?;
    cluster(world, input.cluster.as_deref())?;
    let id = short(&input.task).to_owned();
    if !world.tasks.contains_key(&id) {
        return Err(ApiError::invalid("The referenced task was not found."));
    }
    let reason = input
        .reason
        .unwrap_or_else(|| "Task stopped by user".to_owned());
    world.stop_task(&id, "UserInitiated", &reason);
    let task = world.tasks.get(&id).map(|task| view(world, task, false));
    Ok(json!({"task": task}))
}

#[derive(Deserialize)]
struct Execute {
    cluster: Option<String>,
    #[serde(default)]
    task: String,
}

/// There is nothing behind a task to run a command in.
pub(super) fn execute(world: &World, input: &Value) -> Answer {
    let input: Execute = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    let found = world.tasks.get(short(&input.task));
    let Some(task) = found.filter(|task| task.cluster == cluster) else {
        return Err(ApiError::invalid("The referenced task was not found."));
    };
    if !task.exec || !task.is_running() {
        return Err(ApiError::invalid(
            "The execute command failed because execute command was not enabled when the task was run or the execute command agent isn\u{2019}t running. Wait and try again or run a new task with execute command enabled and try again.",
        ));
    }
    Err(ApiError::new(
        "TargetNotConnectedException",
        "The execute command failed due to an internal error. Try again later.",
    ))
}
