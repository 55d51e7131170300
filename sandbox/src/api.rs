//! The operations: each takes a world and the parameters of a request and gives the members of the
//! reply, in the shapes of the JSON protocols (the query protocol is translated from them).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::switches::DeploymentApi;
use super::world::{Millis, World};

mod balancing;
mod clusters;
mod container_instances;
mod containers;
mod create_service;
mod defaults;
mod eks;
mod fargate;
mod logs;
pub(crate) mod pod_identity;
mod run_task;
mod scaling;
mod scaling_policies;
mod scaling_rules;
mod scheduled_actions;
mod service_deployments;
mod service_rules;
mod service_view;
mod services;
mod strategy_rules;
mod tags;
mod task_definitions;
mod tasks;
mod update_service;

/// A refusal, as AWS words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// What an operation gives.
pub(crate) type Answer = Result<Value, ApiError>;

impl ApiError {
    /// A refusal with the status 400, which most have.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(crate) fn client(message: impl Into<String>) -> Self {
        Self::new("ClientException", message)
    }

    pub(crate) fn unknown(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("Unknown operation {operation}"),
        )
    }
}

/// Performs one operation at the world's present time.
pub(crate) fn perform(world: &mut World, service: &str, operation: &str, input: &Value) -> Answer {
    let answer = match service {
        "ecs" => ecs(world, operation, input),
        "application-autoscaling" => scaling::perform(world, operation, input),
        "elasticloadbalancing" => balancing::perform(world, operation, input),
        "eks" => eks::perform(world, operation, input),
        "logs" => logs::perform(world, operation, input),
        "sts" => sts(world, operation),
        _ => Err(ApiError::unknown(operation)),
    };
    answer.map(without_nulls)
}

fn ecs(world: &mut World, operation: &str, input: &Value) -> Answer {
    match operation {
        "CreateCluster" => clusters::create(world, input),
        "DescribeClusters" => clusters::describe(world, input),
        "ListClusters" => clusters::list(world, input),
        "PutClusterCapacityProviders" => clusters::put_providers(world, input),
        "DeleteCluster" => clusters::delete(world, input),
        "ListContainerInstances" => container_instances::list(world, input),
        "DescribeContainerInstances" => container_instances::describe(world, input),
        "DescribeCapacityProviders" => container_instances::providers(world, input),
        "RegisterTaskDefinition" => task_definitions::register(world, input),
        "DescribeTaskDefinition" => task_definitions::describe(world, input),
        "DeregisterTaskDefinition" => task_definitions::deregister(world, input),
        "DeleteTaskDefinitions" => task_definitions::delete(world, input),
        "ListTaskDefinitions" => task_definitions::list(world, input),
        "ListTaskDefinitionFamilies" => task_definitions::families(world, input),
        "CreateService" => create_service::create(world, input),
        "UpdateService" => update_service::update(world, input),
        "DeleteService" => services::delete(world, input),
        "DescribeServices" => services::describe(world, input),
        "ListServices" => services::list(world, input),
        "ListTasks" => tasks::list(world, input),
        "DescribeTasks" => tasks::describe(world, input),
        "RunTask" => run_task::run(world, input),
        "StopTask" => tasks::stop(world, input),
        "ExecuteCommand" => tasks::execute(world, input),
        "TagResource" => tags::tag(world, input),
        "UntagResource" => tags::untag(world, input),
        "ListTagsForResource" => tags::list(world, input),
        "ListServiceDeployments"
        | "DescribeServiceDeployments"
        | "DescribeServiceRevisions"
        | "ContinueServiceDeployment"
        | "StopServiceDeployment" => deployments(world, operation, input),
        _ => Err(ApiError::unknown(operation)),
    }
}

fn deployments(world: &mut World, operation: &str, input: &Value) -> Answer {
    match world.switches.deployment_api {
        DeploymentApi::Unknown => Err(ApiError::unknown(operation)),
        DeploymentApi::Denied => Err(access_denied(world, "ecs", operation)),
        DeploymentApi::Available | DeploymentApi::Empty => match operation {
            "ListServiceDeployments" => service_deployments::list(world, input),
            "DescribeServiceDeployments" => service_deployments::describe(world, input),
            "DescribeServiceRevisions" => service_deployments::revisions(world, input),
            "ContinueServiceDeployment" => service_deployments::go_on(world, input),
            _ => service_deployments::stop(world, input),
        },
    }
}

fn sts(world: &World, operation: &str) -> Answer {
    if operation != "GetCallerIdentity" {
        return Err(ApiError::unknown(operation));
    }
    let account = &world.account;
    Ok(json!({
        "Arn": format!("arn:aws:iam::{account}:user/sandbox"),
        "UserId": "AIDASANDBOXSANDBOXSAND",
        "Account": account,
    }))
}

/// The refusal of a caller who may not do this.
pub(crate) fn access_denied(world: &World, service: &str, operation: &str) -> ApiError {
    let who = format!("arn:aws:iam::{}:user/sandbox", world.account);
    let action = format!("{service}:{operation}");
    let message = format!(
        "User: {who} is not authorized to perform: {action} because no identity-based policy allows the {action} action"
    );
    ApiError::new("AccessDeniedException", message)
}

/// Reads the parameters of a request.
fn read<T: DeserializeOwned>(input: &Value) -> Result<T, ApiError> {
    let input = without_nulls(input.clone());
    serde_json::from_value(input)
        .map_err(|problem| ApiError::new("SerializationException", problem.to_string()))
}

/// The last part of an ARN or path: the name.
fn short(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// A time, as seconds since 1970 with a fraction.
fn time(at: Millis) -> Value {
    let at = u64::try_from(at).unwrap_or(0);
    json!(std::time::Duration::from_millis(at).as_secs_f64())
}

fn time_if(at: Option<Millis>) -> Value {
    at.map_or(Value::Null, time)
}

/// AWS leaves out what has no value.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, member)| !member.is_null());
            Value::Object(
                kept.map(|(name, member)| (name, without_nulls(member)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// One page of a list and the token of the next.
fn page<T>(
    items: Vec<T>,
    token: Option<&str>,
    size: Option<i64>,
    most: usize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let start = match token {
        None => 0,
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| ApiError::invalid("Invalid token."))?,
    };
    let size = size
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size > 0);
    let size = size.unwrap_or(most).min(most);
    let total = items.len();
    let items = items.into_iter().skip(start).take(size).collect();
    let next = start.saturating_add(size);
    Ok((items, (next < total).then(|| format!("page-{next}"))))
}

/// The cluster a request names (`default` when it names none), if it exists.
fn cluster(world: &World, reference: Option<&str>) -> Result<String, ApiError> {
    let name = short(reference.unwrap_or("default"));
    if world.clusters.contains_key(name) {
        return Ok(name.to_owned());
    }
    Err(ApiError::new(
        "ClusterNotFoundException",
        "Cluster not found.",
    ))
}
