//! From the file's words to what ECS is asked for. Pure.

use std::time::Duration;

use super::{
    Alarms, AwsVpcConfiguration, CapacityProviderStrategyItem, CircuitBreaker, ContainerDefinition,
    ContainerDependency, DeploymentConfiguration, Desired, EphemeralStorage, HealthCheck, KeyValue,
    LoadBalancer, LogConfiguration, Metric, NetworkConfiguration, PortMapping, RuntimePlatform,
    ScalableTarget, ScalingPolicy, Secret, ServiceConfig, Tag, TargetTracking, TaskDefinition,
    ThresholdConfiguration,
};
use crate::platform::ecs::origin;
use crate::platform::ecs::origin::{Origin, key};
use crate::platform::owner::Tenant;
use crate::spec::{
    Architecture, Breaker, Container, Dependency, EcsPlace, Protocol, Provider, Scaling, Service,
    Threshold,
};

/// What is the same for every service of a command.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    /// Who owns it.
    pub tenant: &'a Tenant,
    /// The cluster and its network.
    pub place: &'a EcsPlace,
    /// Who deploys and why.
    pub origin: &'a Origin,
}

/// What ECS is asked for.
pub fn render(service: &Service, setting: &Setting<'_>) -> Desired {
    let resource = format!("service/{}/{}", setting.place.cluster, service.ecs.service);
    Desired {
        task_definition: task_definition(service, setting),
        service: service_config(service, setting),
        scalable_target: service
            .scaling
            .as_ref()
            .map(|scaling| scalable_target(scaling, &resource, service, setting)),
        scaling_policies: service
            .scaling
            .as_ref()
            .map(|scaling| policies(scaling, &resource, service))
            .unwrap_or_default(),
    }
}

/// The name of our policy for `what`: `cpu`, `memory` or `requests`.
pub fn policy_name(service: &Service, what: &str) -> String {
    format!("{}-{what}-scaling", service.name)
}

fn task_definition(service: &Service, setting: &Setting<'_>) -> TaskDefinition {
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
        family: service.ecs.family.to_string(),
        network_mode: Some("awsvpc".into()),
        requires_compatibilities: vec!["FARGATE".into()],
        cpu: Some(service.cpu.to_string()),
        memory: Some(service.memory.to_string()),
        execution_role_arn: service.ecs.execution_role.as_ref().map(ToString::to_string),
        task_role_arn: service.ecs.task_role.as_ref().map(ToString::to_string),
        runtime_platform: (service.architecture == Architecture::Arm64).then(|| RuntimePlatform {
            cpu_architecture: Some("ARM64".into()),
            operating_system_family: Some("LINUX".into()),
        }),
        ephemeral_storage: service.ecs.ephemeral_storage.map(|gib| EphemeralStorage {
            size_in_gib: whole(gib),
        }),
        container_definitions: service
            .containers
            .iter()
            .map(|container| container_definition(container, service))
            .collect(),
        tags,
    }
}

fn container_definition(container: &Container, service: &Service) -> ContainerDefinition {
    ContainerDefinition {
        name: container.name.to_string(),
        image: container.image.to_string(),
        essential: Some(container.essential),
        cpu: container.cpu.map(whole),
        memory: container.memory.map(whole),
        port_mappings: container
            .ports
            .iter()
            .map(|port| PortMapping {
                container_port: i32::from(port.number),
                protocol: Some(
                    match port.protocol {
                        Protocol::Tcp => "tcp",
                        Protocol::Udp => "udp",
                    }
                    .into(),
                ),
            })
            .collect(),
        entry_point: container.entrypoint.clone(),
        command: container.command.clone(),
        environment: environment(container),
        secrets: container
            .secrets
            .iter()
            .map(|(name, secret)| Secret {
                name: name.clone(),
                value_from: secret.value_from(),
            })
            .collect(),
        depends_on: container
            .depends_on
            .iter()
            .map(|(name, condition)| ContainerDependency {
                container_name: name.to_string(),
                condition: dependency(*condition).into(),
            })
            .collect(),
        stop_timeout: container.stop_timeout.map(seconds),
        user: container.user.clone(),
        working_directory: container.working_dir.clone(),
        readonly_root_filesystem: container.read_only_root.then_some(true),
        log_configuration: log_configuration(service),
        health_check: container.health.as_ref().map(|health| HealthCheck {
            command: vec!["CMD-SHELL".into(), health.command.clone()],
            interval: Some(seconds(health.interval)),
            timeout: Some(seconds(health.timeout)),
            retries: Some(whole(health.retries)),
            start_period: (!health.grace.is_zero()).then(|| seconds(health.grace)),
        }),
    }
}

fn environment(container: &Container) -> Vec<KeyValue> {
    container
        .env
        .iter()
        .map(|(name, literal)| KeyValue {
            name: name.clone(),
            value: literal.expose().to_owned(),
            sensitive: literal.is_sensitive(),
        })
        .collect()
}

fn dependency(condition: Dependency) -> &'static str {
    match condition {
        Dependency::Start => "START",
        Dependency::Complete => "COMPLETE",
        Dependency::Success => "SUCCESS",
        Dependency::Healthy => "HEALTHY",
    }
}

fn log_configuration(service: &Service) -> Option<LogConfiguration> {
    let logs = service.ecs.logs.as_ref()?;
    Some(LogConfiguration {
        log_driver: "awslogs".into(),
        options: [
            ("awslogs-group", logs.group.clone()),
            ("awslogs-region", logs.region.to_string()),
            ("awslogs-stream-prefix", logs.prefix.clone()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect(),
    })
}

fn service_config(service: &Service, setting: &Setting<'_>) -> ServiceConfig {
    let ecs = &service.ecs;
    let network = &setting.place.network;
    let grace = seconds(ecs.health_grace);
    let has_grace = grace > 0 && !ecs.target_groups.is_empty();
    ServiceConfig {
        cluster: setting.place.cluster.to_string(),
        service_name: ecs.service.to_string(),
        task_definition: ecs.family.to_string(),
        desired_count: Some(whole(first_count(service))),
        launch_type: ecs.capacity.is_empty().then(|| "FARGATE".into()),
        capacity_provider_strategy: capacity(service),
        platform_version: Some(ecs.platform_version.clone()),
        deployment_configuration: Some(deployment_configuration(service)),
        network_configuration: Some(NetworkConfiguration {
            awsvpc_configuration: AwsVpcConfiguration {
                subnets: network.subnets.clone(),
                security_groups: network.security_groups.clone(),
                assign_public_ip: Some(
                    if network.public_ip {
                        "ENABLED"
                    } else {
                        "DISABLED"
                    }
                    .into(),
                ),
            },
        }),
        load_balancers: ecs
            .target_groups
            .iter()
            .map(|group| LoadBalancer {
                target_group_arn: group.arn.to_string(),
                container_name: group.container.to_string(),
                container_port: i32::from(group.port),
            })
            .collect(),
        health_check_grace_period_seconds: has_grace.then_some(grace),
        enable_execute_command: ecs.exec.then_some(true),
        tags: tags(service, setting.tenant),
    }
}

/// How many tasks a new service starts with: `replicas`, within the autoscaler's bounds.
fn first_count(service: &Service) -> u32 {
    match &service.scaling {
        Some(scaling) => service.replicas.min(scaling.max).max(scaling.min),
        None => service.replicas,
    }
}

fn capacity(service: &Service) -> Vec<CapacityProviderStrategyItem> {
    service
        .ecs
        .capacity
        .iter()
        .map(|item| CapacityProviderStrategyItem {
            capacity_provider: match item.provider {
                Provider::Fargate => "FARGATE",
                Provider::FargateSpot => "FARGATE_SPOT",
            }
            .into(),
            weight: whole(item.weight),
            base: whole(item.base),
        })
        .collect()
}

/// Always complete: on an update a part that is left out is kept, or set to a default, by rules
/// of its own for each.
fn deployment_configuration(service: &Service) -> DeploymentConfiguration {
    let breaker = &service.rollout.breaker;
    let ecs = &service.ecs;
    DeploymentConfiguration {
        deployment_circuit_breaker: Some(circuit_breaker(breaker)),
        maximum_percent: Some(whole(ecs.maximum_percent)),
        minimum_healthy_percent: Some(whole(ecs.minimum_healthy_percent)),
        alarms: (!ecs.alarms.is_empty()).then(|| Alarms {
            alarm_names: ecs.alarms.clone(),
            enable: true,
            rollback: breaker.rollback,
        }),
    }
}

fn circuit_breaker(breaker: &Breaker) -> CircuitBreaker {
    let (word, value) = match breaker.threshold {
        Threshold::BoundedPercent(percent) => ("BOUNDED_PERCENT", percent),
        Threshold::UnboundedPercent(percent) => ("UNBOUNDED_PERCENT", percent),
        Threshold::Count(count) => ("COUNT", count),
    };
    CircuitBreaker {
        enable: breaker.enabled,
        rollback: breaker.enabled && breaker.rollback,
        reset_on_healthy_task: Some(breaker.reset_on_healthy),
        threshold_configuration: Some(ThresholdConfiguration {
            r#type: word.into(),
            value: whole(value),
        }),
    }
}

/// The tags of everything that we make for a service, sorted by key.
fn tags(service: &Service, tenant: &Tenant) -> Vec<Tag> {
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

fn scalable_target(
    scaling: &Scaling,
    resource: &str,
    service: &Service,
    setting: &Setting<'_>,
) -> ScalableTarget {
    ScalableTarget {
        service_namespace: "ecs".into(),
        resource_id: resource.into(),
        scalable_dimension: "ecs:service:DesiredCount".into(),
        min_capacity: whole(scaling.min),
        max_capacity: whole(scaling.max),
        tags: tags(service, setting.tenant)
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect(),
    }
}

fn policies(scaling: &Scaling, resource: &str, service: &Service) -> Vec<ScalingPolicy> {
    let label = resource_label(service);
    [
        ("cpu", scaling.cpu, "ECSServiceAverageCPUUtilization", None),
        (
            "memory",
            scaling.memory,
            "ECSServiceAverageMemoryUtilization",
            None,
        ),
        (
            "requests",
            scaling.requests,
            "ALBRequestCountPerTarget",
            label,
        ),
    ]
    .into_iter()
    .filter_map(|(what, target, metric, resource_label)| {
        Some(ScalingPolicy {
            policy_name: policy_name(service, what),
            service_namespace: "ecs".into(),
            resource_id: resource.into(),
            scalable_dimension: "ecs:service:DesiredCount".into(),
            policy_type: "TargetTrackingScaling".into(),
            target_tracking_scaling_policy_configuration: TargetTracking {
                target_value: target?,
                predefined_metric_specification: Metric {
                    predefined_metric_type: metric.into(),
                    resource_label,
                },
                scale_out_cooldown: Some(seconds(scaling.scale_out_cooldown)),
                scale_in_cooldown: Some(seconds(scaling.scale_in_cooldown)),
                disable_scale_in: None,
            },
        })
    })
    .collect()
}

/// `app/LB/ID/targetgroup/TG/ID`, from the two ARNs (Application Auto Scaling API reference,
/// `PredefinedMetricSpecification`).
fn resource_label(service: &Service) -> Option<String> {
    let balancer = service.ecs.load_balancer.as_ref()?;
    let group = service.ecs.target_groups.first()?;
    let balancer = balancer.resource().strip_prefix("loadbalancer/")?;
    Some(format!("{balancer}/{}", group.arn.resource()))
}

/// The API's integers; the specification's are small and never negative.
fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}
