//! The JSON of a task definition and of a service, in the types that requests are made of; with what
//! those types have no word for.

use serde_json::{Value, json};

use super::EcsSource;
use super::launch;
use super::prepare::{prepare_service, prepare_task, unwrapped};
use super::unfilled;
use crate::import::{Loss, NotTaken};
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::container::docker::Docker;
use crate::platform::ecs::settings::patched::is_member;
use crate::platform::ecs::settings::{ContainerDefinition, ServiceConfig, TaskDefinition};

/// A source as far as we have words for it, and the rest.
pub(super) struct Read {
    pub(super) task: TaskDefinition,
    pub(super) service: Option<ServiceConfig>,
    /// What scales it.
    pub(super) scaling: Option<LiveScaling>,
    /// What no type of ours has a place for.
    pub(super) losses: Vec<Loss>,
    /// What is to be put in the place of what the source leaves open.
    pub(super) notes: Vec<String>,
    pub(super) project: Option<String>,
    /// The service's name in the files.
    pub(super) name: String,
    /// The main container's name.
    pub(super) main: String,
    /// The account that the ARNs name.
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    /// The source as it was, for what is told of it.
    pub(super) sources: [Value; 2],
}

/// What an answer tells and no request asks for.
const READ_ONLY: &[&str] = &[
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "serviceArn",
    "clusterArn",
    "runningCount",
    "pendingCount",
    "deployments",
    "events",
    "createdAt",
    "createdBy",
    "roleArn",
    "taskSets",
    "platformFamily",
    "currentServiceDeployment",
    "currentServiceRevisions",
    "resourceManagementType",
    "taskDefinition",
    "deleteRequestedAt",
];

/// Words that say what is so anyway.
const DEFAULTS: &[(&str, &str)] = &[
    ("versionConsistency", "enabled"),
    ("schedulingStrategy", "REPLICA"),
    ("propagateTags", "NONE"),
    ("deploymentConfiguration.strategy", "ROLLING"),
    ("deploymentController.type", "ECS"),
    ("availabilityZoneRebalancing", "ENABLED"),
];

/// Members that no word will ever say, and why.
const WHY: &[(&str, &str)] = &[
    (
        "deploymentController.type",
        "another tool makes its rollouts; with these files ECS makes them itself, by its `strategy`",
    ),
    (
        "role",
        "load balancers are reached by the service-linked role of ECS",
    ),
];

impl Read {
    /// Reads a source; `account` is whose roles it names, where its own ARNs tell none.
    pub(super) fn of(source: &EcsSource, account: Option<&str>) -> Result<Self, NotTaken> {
        let task = unwrapped(&source.task, "taskDefinition");
        let service = source.service.as_ref();
        let service = service.map(|service| unwrapped(service, "service"));
        let is_task = task
            .get("containerDefinitions")
            .is_some_and(Value::is_array);
        if !is_task {
            return Err(NotTaken(
                "no task definition: it has no `containerDefinitions`".into(),
            ));
        }
        if service.as_ref().is_some_and(|service| !service.is_object()) {
            return Err(NotTaken("the service's file holds no service".into()));
        }
        let read = Self::as_it_is(&task, service.as_ref(), account)?;
        Ok(Self {
            scaling: source.scaling.clone(),
            losses: [read.losses, source.losses.clone()].concat(),
            notes: source.notes.clone(),
            project: source.project.clone(),
            ..read
        })
    }

    fn as_it_is(
        task: &Value,
        service: Option<&Value>,
        known_account: Option<&str>,
    ) -> Result<Self, NotTaken> {
        let mut losses = Vec::new();
        let mut known = task.clone();
        prepare_task(&mut known, &mut losses);
        let mut read: TaskDefinition = typed(&known, "task definition")?;
        beyond(&known, &json!(read), "task", "", &mut losses);
        let mut config = None;
        if let Some(service) = service {
            let mut known = service.clone();
            prepare_service(&mut known, &read.family);
            let read: ServiceConfig = typed(&known, "service")?;
            beyond(&known, &json!(read), "service", "", &mut losses);
            config = Some(read);
        }
        let mode = read.network_mode.clone();
        for container in &mut read.container_definitions {
            container.docker = Docker::of(json!(container.docker));
            container.ports.in_mode(mode.as_deref());
        }
        launch::prepare(&mut read, config.as_mut());
        unfilled::stand_in(&mut read, config.as_mut());
        let (service, text) = (service.unwrap_or(&Value::Null), texts(task, service));
        let account = known_account.map(str::to_owned).or_else(|| account(&text));
        let main = main(&read, config.as_ref())?;
        Ok(Self {
            region: region(&read, &text),
            name: service_name(&main),
            main,
            task: read,
            service: config,
            scaling: None,
            losses,
            notes: Vec::new(),
            project: None,
            account,
            sources: [task.clone(), service.clone()],
        })
    }
}

/// All that a source says, its own ARNs first: others may be of another account.
fn texts(task: &Value, service: Option<&Value>) -> String {
    let service = service.unwrap_or(&Value::Null);
    let own = [service.get("serviceArn"), task.get("taskDefinitionArn")];
    let own = own.into_iter().flatten().map(Value::to_string);
    let all = own.chain([task.to_string(), service.to_string()]);
    all.collect::<Vec<_>>().join("\n")
}

/// The name of a service that is nearest to another name.
pub(super) fn service_name(container: &str) -> String {
    let clean = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = container.chars().map(clean).take(63).collect();
    match name.trim_matches('-') {
        "" => "main".to_owned(),
        name => name.to_owned(),
    }
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value, what: &str) -> Result<T, NotTaken> {
    serde_json::from_value(value.clone())
        .map_err(|error| NotTaken(format!("this is not the JSON of a {what}: {error}")))
}

/// What stands in `source` and not in what our types keep of it.
fn beyond(source: &Value, kept: &Value, of: &str, path: &str, losses: &mut Vec<Loss>) {
    match (source, kept) {
        (Value::Object(source), Value::Object(kept)) => {
            for (key, value) in source {
                let at = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                if READ_ONLY.contains(&key.as_str()) && path.is_empty() || is_nothing(value) {
                    continue;
                }
                // Members of a service are compared as members.
                if of == "service" && path.is_empty() && is_member(key) {
                    continue;
                }
                let word = value.as_str().unwrap_or_default();
                if DEFAULTS
                    .iter()
                    .any(|(path, default)| at.ends_with(path) && word == *default)
                {
                    continue;
                }
                match kept.get(key) {
                    Some(kept) => beyond(value, kept, of, &at, losses),
                    None if key == "deploymentController" => {
                        beyond(value, &json!({}), of, &at, losses);
                    }
                    None => {
                        let mut loss = Loss::unsaid(of, at, value.clone());
                        if let Some((_, why)) = WHY.iter().find(|(path, _)| *path == loss.path) {
                            (*why).clone_into(&mut loss.why);
                        }
                        losses.push(loss);
                    }
                }
            }
        }
        (Value::Array(source), Value::Array(kept)) => {
            for (index, (value, kept)) in source.iter().zip(kept).enumerate() {
                let name = value.get("name").or_else(|| value.get("containerPort"));
                let name = name.map(|name| {
                    name.as_str()
                        .map_or_else(|| name.to_string(), str::to_owned)
                });
                let name = name.unwrap_or_else(|| index.to_string());
                beyond(value, kept, of, &format!("{path}.{name}"), losses);
            }
        }
        _ => {}
    }
}

/// Empty, false and zero are what is so anyway, where they are no word of ours.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_nothing),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) => false,
    }
}

/// The account of the first ARN that names one, else of a registry.
fn account(text: &str) -> Option<String> {
    let is_account = |word: &&str| word.len() == 12 && word.bytes().all(|b| b.is_ascii_digit());
    let arns = text.split("arn:aws").skip(1);
    let mut accounts = arns.filter_map(|arn| {
        arn.split(':')
            .nth(3)
            .map(|word| word.split('"').next().unwrap_or(""))
    });
    let registry = || {
        let before = text.split(".dkr.ecr.").next()?;
        before
            .get(before.len().checked_sub(12)?..)
            .filter(|_| text.contains(".dkr.ecr."))
    };
    let found = accounts
        .find(is_account)
        .or_else(|| registry().filter(is_account));
    found.map(str::to_owned)
}

/// The Region that logs go to, else of the first ARN that names one, else of a registry.
fn region(task: &TaskDefinition, text: &str) -> Option<String> {
    let is_region = |word: &str| word.parse::<crate::names::Region>().is_ok();
    let logs = task.container_definitions.iter().filter_map(|container| {
        container
            .logs
            .log_configuration
            .as_ref()?
            .options
            .get("awslogs-region")
            .map(String::as_str)
    });
    let arns = text
        .split("arn:aws")
        .skip(1)
        .filter_map(|arn| arn.split(':').nth(2));
    let registries = text
        .split(".dkr.ecr.")
        .skip(1)
        .filter_map(|rest| rest.split('.').next());
    let mut all = logs.chain(arns).chain(registries);
    all.find(|word| is_region(word)).map(str::to_owned)
}

/// The container that the service is about: the load balancer's, the one called as the family is, the
/// first that listens, the first that is essential. A router of logs is it only where it is alone.
fn main(task: &TaskDefinition, service: Option<&ServiceConfig>) -> Result<String, NotTaken> {
    let balanced =
        service.and_then(|service| service.settings.target_groups.load_balancers.first());
    let balanced = balanced.map(|group| group.container_name.as_str());
    let named = |container: &&ContainerDefinition| Some(container.name.as_str()) == balanced;
    let routes =
        |container: &ContainerDefinition| container.docker.firelens_configuration.is_some();
    let essential = |container: &&ContainerDefinition| {
        container.image.essential != Some(false) && !routes(container)
    };
    let all = || task.container_definitions.iter();
    let found = all()
        .find(named)
        .or_else(|| {
            all()
                .filter(essential)
                .find(|container| container.name == task.family)
        })
        .or_else(|| {
            all()
                .filter(essential)
                .find(|container| !container.ports.port_mappings.is_empty())
        })
        .or_else(|| all().find(essential))
        .or_else(|| all().next());
    found
        .map(|container| container.name.clone())
        .ok_or_else(|| NotTaken("the task definition has no container".into()))
}
