//! From the SDK's types to our own: what ECS and Application Auto Scaling hold, in the shape in
//! which it was asked for. Pure. What the file format has no word for is left out here and told
//! by [`super::unmanaged`].

use aws_sdk_applicationautoscaling::types as scaling;
use aws_sdk_ecs::types as ecs;

use super::{
    Alarms, AwsVpcConfiguration, CapacityProviderStrategyItem, CircuitBreaker, ContainerDefinition,
    ContainerDependency, DeploymentConfiguration, EphemeralStorage, HealthCheck, KeyValue,
    LoadBalancer, LogConfiguration, Metric, NetworkConfiguration, PortMapping, RuntimePlatform,
    ScalableTarget, ScalingPolicy, Secret, ServiceConfig, Tag, TargetTracking, TaskDefinition,
    ThresholdConfiguration,
};

/// The options of `awslogs` that the file format has words for.
pub const LOG_OPTIONS: [&str; 3] = ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"];

/// A task definition. Its tags come beside it in the answer.
pub fn task_definition(read: &ecs::TaskDefinition, tags: &[ecs::Tag]) -> TaskDefinition {
    TaskDefinition {
        family: read.family.clone().unwrap_or_default(),
        network_mode: read.network_mode.as_ref().map(word),
        requires_compatibilities: read.requires_compatibilities().iter().map(word).collect(),
        cpu: read.cpu.clone(),
        memory: read.memory.clone(),
        execution_role_arn: read.execution_role_arn.clone(),
        task_role_arn: read.task_role_arn.clone(),
        runtime_platform: read
            .runtime_platform
            .as_ref()
            .map(|platform| RuntimePlatform {
                cpu_architecture: platform.cpu_architecture.as_ref().map(word),
                operating_system_family: platform.operating_system_family.as_ref().map(word),
            }),
        ephemeral_storage: read
            .ephemeral_storage
            .as_ref()
            .map(|storage| EphemeralStorage {
                size_in_gib: storage.size_in_gib,
            }),
        container_definitions: read.container_definitions().iter().map(container).collect(),
        tags: tag_list(tags),
    }
}

/// Tags, sorted by key.
pub fn tag_list(tags: &[ecs::Tag]) -> Vec<Tag> {
    let mut tags: Vec<Tag> = tags
        .iter()
        .map(|tag| Tag {
            key: tag.key.clone().unwrap_or_default(),
            value: tag.value.clone().unwrap_or_default(),
        })
        .collect();
    tags.sort();
    tags
}

fn word(value: &(impl AsRef<str> + ?Sized)) -> String {
    value.as_ref().to_owned()
}

fn container(read: &ecs::ContainerDefinition) -> ContainerDefinition {
    ContainerDefinition {
        name: read.name.clone().unwrap_or_default(),
        image: read.image.clone().unwrap_or_default(),
        essential: read.essential,
        cpu: Some(read.cpu),
        memory: read.memory,
        port_mappings: read.port_mappings().iter().filter_map(port).collect(),
        entry_point: read.entry_point().to_vec(),
        command: read.command().to_vec(),
        environment: read.environment().iter().map(variable).collect(),
        secrets: read
            .secrets()
            .iter()
            .map(|secret| Secret {
                name: secret.name.clone(),
                value_from: secret.value_from.clone(),
            })
            .collect(),
        depends_on: read
            .depends_on()
            .iter()
            .map(|other| ContainerDependency {
                container_name: other.container_name.clone(),
                condition: word(&other.condition),
            })
            .collect(),
        stop_timeout: read.stop_timeout,
        user: read.user.clone(),
        working_directory: read.working_directory.clone(),
        readonly_root_filesystem: read.readonly_root_filesystem,
        log_configuration: read.log_configuration.as_ref().and_then(logs),
        health_check: read.health_check.as_ref().map(|health| HealthCheck {
            command: health.command.clone(),
            interval: health.interval,
            timeout: health.timeout,
            retries: health.retries,
            start_period: health.start_period,
        }),
    }
}

/// A mapping of a range of ports has no word in the file format.
fn port(read: &ecs::PortMapping) -> Option<PortMapping> {
    Some(PortMapping {
        container_port: read.container_port?,
        protocol: read.protocol.as_ref().map(word),
    })
}

fn variable(read: &ecs::KeyValuePair) -> KeyValue {
    let name = read.name.clone().unwrap_or_default();
    let value = read.value.clone().unwrap_or_default();
    KeyValue {
        sensitive: crate::spec::may_be_secret(&name, &value),
        name,
        value,
    }
}

fn logs(read: &ecs::LogConfiguration) -> Option<LogConfiguration> {
    (read.log_driver == ecs::LogDriver::Awslogs).then(|| LogConfiguration {
        log_driver: word(&read.log_driver),
        options: read
            .options
            .iter()
            .flatten()
            .filter(|(option, _)| LOG_OPTIONS.contains(&option.as_str()))
            .map(|(option, value)| (option.clone(), value.clone()))
            .collect(),
    })
}

/// A service.
pub fn service(read: &ecs::Service) -> ServiceConfig {
    ServiceConfig {
        cluster: last_part(read.cluster_arn.as_deref().unwrap_or_default()).to_owned(),
        service_name: read.service_name.clone().unwrap_or_default(),
        task_definition: read.task_definition.clone().unwrap_or_default(),
        desired_count: Some(read.desired_count),
        launch_type: read
            .launch_type
            .as_ref()
            .filter(|_| read.capacity_provider_strategy().is_empty())
            .map(word),
        capacity_provider_strategy: capacity(read.capacity_provider_strategy()),
        platform_version: read.platform_version.clone(),
        deployment_configuration: read.deployment_configuration.as_ref().map(deployment),
        network_configuration: read.network_configuration.as_ref().and_then(network),
        load_balancers: load_balancers(read.load_balancers()),
        health_check_grace_period_seconds: read.health_check_grace_period_seconds,
        enable_execute_command: Some(read.enable_execute_command),
        tags: tag_list(read.tags()),
    }
}

/// The revision-level half of a service, from a service revision.
pub fn revision(read: &ecs::ServiceRevision) -> ServiceConfig {
    ServiceConfig {
        task_definition: read.task_definition.clone().unwrap_or_default(),
        launch_type: read.launch_type.as_ref().map(word),
        capacity_provider_strategy: capacity(read.capacity_provider_strategy()),
        platform_version: read.platform_version.clone(),
        network_configuration: read.network_configuration.as_ref().and_then(network),
        load_balancers: load_balancers(read.load_balancers()),
        ..ServiceConfig::default()
    }
}

fn capacity(read: &[ecs::CapacityProviderStrategyItem]) -> Vec<CapacityProviderStrategyItem> {
    read.iter()
        .map(|item| CapacityProviderStrategyItem {
            capacity_provider: item.capacity_provider.clone(),
            weight: item.weight,
            base: item.base,
        })
        .collect()
}

fn load_balancers(read: &[ecs::LoadBalancer]) -> Vec<LoadBalancer> {
    read.iter()
        .map(|balancer| LoadBalancer {
            target_group_arn: balancer
                .target_group_arn
                .clone()
                .or_else(|| balancer.load_balancer_name.clone())
                .unwrap_or_default(),
            container_name: balancer.container_name.clone().unwrap_or_default(),
            container_port: balancer.container_port.unwrap_or_default(),
        })
        .collect()
}

fn network(read: &ecs::NetworkConfiguration) -> Option<NetworkConfiguration> {
    let vpc = read.awsvpc_configuration.as_ref()?;
    Some(NetworkConfiguration {
        awsvpc_configuration: AwsVpcConfiguration {
            subnets: vpc.subnets.clone(),
            security_groups: vpc.security_groups().to_vec(),
            assign_public_ip: vpc.assign_public_ip.as_ref().map(word),
        },
    })
}

fn deployment(read: &ecs::DeploymentConfiguration) -> DeploymentConfiguration {
    DeploymentConfiguration {
        deployment_circuit_breaker: read.deployment_circuit_breaker.as_ref().map(|breaker| {
            CircuitBreaker {
                enable: breaker.enable,
                rollback: breaker.rollback,
                reset_on_healthy_task: breaker.reset_on_healthy_task,
                threshold_configuration: breaker.threshold_configuration.as_ref().map(
                    |threshold| ThresholdConfiguration {
                        r#type: word(&threshold.r#type),
                        value: threshold.value,
                    },
                ),
            }
        }),
        maximum_percent: read.maximum_percent,
        minimum_healthy_percent: read.minimum_healthy_percent,
        alarms: read.alarms.as_ref().map(|alarms| Alarms {
            alarm_names: alarms.alarm_names.clone(),
            enable: alarms.enable,
            rollback: alarms.rollback,
        }),
    }
}

/// A scalable target; its tags are not told.
pub fn scalable_target(read: &scaling::ScalableTarget) -> ScalableTarget {
    ScalableTarget {
        service_namespace: word(&read.service_namespace),
        resource_id: read.resource_id.clone(),
        scalable_dimension: word(&read.scalable_dimension),
        min_capacity: read.min_capacity,
        max_capacity: read.max_capacity,
        tags: std::collections::BTreeMap::new(),
    }
}

/// What of the scaling of a target is suspended, in words (Application Auto Scaling API reference,
/// `SuspendedState`).
pub fn suspended(read: &scaling::ScalableTarget) -> Vec<&'static str> {
    let state = read.suspended_state.as_ref();
    let parts = [
        (
            state.and_then(|state| state.dynamic_scaling_in_suspended),
            "scaling in",
        ),
        (
            state.and_then(|state| state.dynamic_scaling_out_suspended),
            "scaling out",
        ),
        (
            state.and_then(|state| state.scheduled_scaling_suspended),
            "scheduled scaling",
        ),
    ];
    let is = |(is, words): (Option<bool>, &'static str)| is.unwrap_or(false).then_some(words);
    parts.into_iter().filter_map(is).collect()
}

/// A target-tracking policy on a predefined metric; `None` for every other kind, which the file
/// format has no word for.
pub fn policy(read: &scaling::ScalingPolicy) -> Option<ScalingPolicy> {
    let tracking = read.target_tracking_scaling_policy_configuration.as_ref()?;
    let metric = tracking.predefined_metric_specification.as_ref()?;
    Some(ScalingPolicy {
        policy_name: read.policy_name.clone(),
        service_namespace: word(&read.service_namespace),
        resource_id: read.resource_id.clone(),
        scalable_dimension: word(&read.scalable_dimension),
        policy_type: word(&read.policy_type),
        target_tracking_scaling_policy_configuration: TargetTracking {
            target_value: tracking.target_value,
            predefined_metric_specification: Metric {
                predefined_metric_type: word(&metric.predefined_metric_type),
                resource_label: metric.resource_label.clone(),
            },
            scale_out_cooldown: tracking.scale_out_cooldown,
            scale_in_cooldown: tracking.scale_in_cooldown,
            disable_scale_in: tracking.disable_scale_in,
        },
    })
}

/// What follows the last `/` of an ARN: a cluster's or service's name, a task's id.
pub fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
