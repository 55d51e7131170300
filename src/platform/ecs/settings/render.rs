//! From the file's words to what ECS is asked for. Pure.

mod autoscaling;

use self::autoscaling::Scaler;
pub(crate) use self::autoscaling::{
    POLICIES, is_called, own_policy_name, policy_name, schedule_name,
};
use super::sdk::whole;
use super::service::ServiceSettings;
use super::unmanaged::merge;
use super::volumes;
use super::{
    ContainerDefinition, Desired, EphemeralStorage, RuntimePlatform, ServiceConfig, Tag,
    TaskDefinition,
};
use crate::platform::ecs::live::definition::config;
use crate::platform::ecs::origin;
use crate::platform::ecs::origin::{Origin, key};
use crate::platform::owner::Tenant;
use crate::spec::{Architecture, EcsPlace, EcsService};

/// What is the same for every service of a command.
#[derive(Debug, Clone)]
pub(crate) struct Setting<'a> {
    /// Who owns it.
    pub(crate) tenant: &'a Tenant,
    /// The cluster and its network.
    pub(crate) place: &'a EcsPlace,
    /// Who deploys and why.
    pub(crate) origin: &'a Origin,
}

/// What ECS is asked for.
pub(crate) fn render(service: &EcsService, setting: &Setting<'_>) -> Desired {
    let scaler = Scaler {
        service,
        cluster: setting.place.cluster.as_str(),
        resource: format!("service/{}/{}", setting.place.cluster, service.own.service),
    };
    let scaling = service.scaling.as_ref();
    Desired {
        task_definition: with_patch(task_definition(service, setting)),
        service: service_config(service, setting),
        scalable_target: scaling
            .map(|scaling| scaler.target(scaling, tags(service, setting.tenant))),
        scaling_policies: scaling
            .map(|scaling| scaler.policies(scaling))
            .unwrap_or_default(),
        scheduled_actions: scaling
            .iter()
            .flat_map(|scaling| &scaling.schedules)
            .map(|schedule| scaler.scheduled(schedule))
            .collect(),
    }
}

fn task_definition(service: &EcsService, setting: &Setting<'_>) -> TaskDefinition {
    let mut tags = tags(service, setting.tenant);
    tags.extend(
        setting
            .origin
            .tags()
            .into_iter()
            .map(|(key, value)| Tag { key, value }),
    );
    tags.sort();
    TaskDefinition {
        family: service.own.family.to_string(),
        network_mode: Some(service.own.network_mode.word().into()),
        requires_compatibilities: vec![service.own.launch.word().into()],
        cpu: service.own.cpu.map(|units| units.to_string()),
        memory: service.own.memory.map(|mebibytes| mebibytes.to_string()),
        pid_mode: service.own.pid_mode.map(str::to_owned),
        ipc_mode: service.own.ipc_mode.map(str::to_owned),
        execution_role_arn: service.own.execution_role.clone(),
        task_role_arn: service.own.task_role.clone(),
        runtime_platform: (service.own.architecture == Architecture::Arm64).then(|| {
            RuntimePlatform {
                cpu_architecture: Some("ARM64".into()),
                operating_system_family: Some("LINUX".into()),
            }
        }),
        ephemeral_storage: service.own.ephemeral_storage.map(|gib| EphemeralStorage {
            size_in_gib: whole(gib),
        }),
        container_definitions: service
            .containers
            .iter()
            .map(|container| ContainerDefinition::rendered(container, service))
            .collect(),
        volumes: volumes::rendered(service),
        tags,
        patch: service.own.patch.task.clone(),
    }
}

/// A task definition whose own words say what the patch makes of them. A patch that does not fit leaves
/// them; who lays it over what is there says why.
fn with_patch(definition: TaskDefinition) -> TaskDefinition {
    if definition.patch.is_empty() {
        return definition;
    }
    let Ok(merged) = merge(&definition, None) else {
        return definition;
    };
    let mut patched = config(&merged, &[]);
    for container in &mut patched.container_definitions {
        let was = definition.container_definitions.iter();
        let was = was.filter(|was| was.name == container.name);
        let hidden: Vec<&str> = was
            .flat_map(|was| &was.environment.environment)
            .filter(|variable| variable.sensitive)
            .map(|variable| variable.name.as_str())
            .collect();
        for variable in &mut container.environment.environment {
            variable.sensitive |= hidden.contains(&variable.name.as_str());
        }
    }
    TaskDefinition {
        tags: definition.tags,
        patch: definition.patch,
        ..patched
    }
}

fn service_config(service: &EcsService, setting: &Setting<'_>) -> ServiceConfig {
    ServiceConfig {
        cluster: setting.place.cluster.to_string(),
        service_name: service.own.service.to_string(),
        task_definition: service.own.family.to_string(),
        desired_count: (!service.own.daemon).then(|| whole(first_count(service))),
        settings: ServiceSettings::rendered(service, setting.place),
        tags: tags(service, setting.tenant),
        patch: service.own.patch.service.clone(),
    }
}

/// How many tasks a new service starts with: `replicas`, within the autoscaler's bounds.
fn first_count(service: &EcsService) -> u32 {
    match &service.scaling {
        Some(scaling) => service.replicas.min(scaling.max).max(scaling.min),
        None => service.replicas,
    }
}

/// The tags of everything that we make for a service, sorted by key.
fn tags(service: &EcsService, tenant: &Tenant) -> Vec<Tag> {
    let mut tags: Vec<Tag> = service
        .tags
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .chain([
            (key::PROJECT.to_owned(), origin::tag_value(&tenant.project)),
            (key::SERVICE.to_owned(), service.name.to_string()),
            (key::TARGET.to_owned(), tenant.target.to_string()),
        ])
        .chain(
            origin::exact_value(&tenant.project)
                .map(|exact| (key::EXACT_PROJECT.to_owned(), exact)),
        )
        .chain(
            origin::own_keys(service.tags.keys().map(String::as_str))
                .map(|keys| (key::TAGS.to_owned(), keys)),
        )
        .map(|(key, value)| Tag { key, value })
        .collect();
    tags.sort();
    tags
}
