//! From the SDK's types to our own: what ECS and Application Auto Scaling hold, in the shape in
//! which it was asked for. Pure. What the file format has no word for is left out here and told
//! by [`super::unmanaged`].

use aws_sdk_applicationautoscaling::types as scaling;
use aws_sdk_ecs::types as ecs;

use super::service::ServiceSettings;
use super::{
    ContainerDefinition, EphemeralStorage, Metric, RuntimePlatform, ScalableTarget, ScalingPolicy,
    ServiceConfig, Tag, TargetTracking, TaskDefinition,
};

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
        container_definitions: read
            .container_definitions()
            .iter()
            .map(ContainerDefinition::received)
            .collect(),
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

/// A word of the API, as text.
pub(super) fn word(value: &(impl AsRef<str> + ?Sized)) -> String {
    value.as_ref().to_owned()
}

/// A service.
pub fn service(read: &ecs::Service) -> ServiceConfig {
    ServiceConfig {
        cluster: last_part(read.cluster_arn.as_deref().unwrap_or_default()).to_owned(),
        service_name: read.service_name.clone().unwrap_or_default(),
        task_definition: read.task_definition.clone().unwrap_or_default(),
        desired_count: Some(read.desired_count),
        settings: ServiceSettings::received(read),
        tags: tag_list(read.tags()),
    }
}

/// The revision-level half of a service, from a service revision.
pub fn revision(read: &ecs::ServiceRevision) -> ServiceConfig {
    ServiceConfig {
        task_definition: read.task_definition.clone().unwrap_or_default(),
        settings: ServiceSettings::of_a_revision(read),
        ..ServiceConfig::default()
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
