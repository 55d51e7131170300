//! What a service is configured to be: its workload, which a revision freezes, and its settings,
//! which apply at once.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a service revision freezes; a change of it starts a deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workload {
    pub(crate) task_definition: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) launch_type: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) capacity_provider_strategy: Vec<StrategyItem>,
    pub(crate) platform_version: String,
    #[serde(default)]
    pub(crate) load_balancers: Vec<LoadBalancer>,
    #[serde(default)]
    pub(crate) service_registries: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network_configuration: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service_connect_configuration: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) volume_configurations: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) vpc_lattice_configurations: Vec<Value>,
}

impl Workload {
    /// Whether its tasks run on Fargate.
    pub(crate) fn is_on_fargate(&self) -> bool {
        let of_fargate = |item: &StrategyItem| item.capacity_provider.starts_with("FARGATE");
        match self.launch_type.as_deref() {
            Some(launch) => launch == "FARGATE",
            None => self.capacity_provider_strategy.iter().all(of_fargate),
        }
    }

    /// Whether its tasks need a container instance of the cluster; those of a registered host elsewhere
    /// are only recorded.
    pub(crate) fn is_on_instances(&self) -> bool {
        !self.is_on_fargate() && self.launch_type.as_deref() != Some("EXTERNAL")
    }
}

/// One provider of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyItem {
    pub(crate) capacity_provider: String,
    #[serde(default)]
    pub(crate) weight: i64,
    #[serde(default)]
    pub(crate) base: i64,
}

/// A target group that a container of the service is registered in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadBalancer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_group_arn: Option<String>,
    #[serde(
        default,
        rename = "loadBalancerName",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) classic: Option<String>,
    #[serde(default)]
    pub(crate) container_name: String,
    #[serde(default)]
    pub(crate) container_port: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) advanced_configuration: Option<Value>,
}

/// Settings of a service that apply without a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) deployment: DeploymentConfiguration,
    pub(crate) grace_seconds: i64,
    pub(crate) exec: bool,
    pub(crate) managed_tags: bool,
    pub(crate) propagate: String,
    pub(crate) rebalancing: String,
    pub(crate) placement_constraints: Vec<Value>,
    pub(crate) placement_strategy: Vec<Value>,
}

/// How deployments of a service proceed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeploymentConfiguration {
    pub(crate) deployment_circuit_breaker: Breaker,
    pub(crate) maximum_percent: i64,
    pub(crate) minimum_healthy_percent: i64,
    pub(crate) alarms: Alarms,
    pub(crate) strategy: String,
    pub(crate) bake_time_in_minutes: i64,
    pub(crate) lifecycle_hooks: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) linear_configuration: Option<Linear>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) canary_configuration: Option<Canary>,
}

/// Traffic shifts in equal steps; what is not given is 10 percent, and 6 minutes (Amazon ECS API reference,
/// `LinearConfiguration`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Linear {
    pub(crate) step_percent: f64,
    pub(crate) step_bake_time_in_minutes: i64,
}

impl Default for Linear {
    fn default() -> Self {
        Self {
            step_percent: 10.0,
            step_bake_time_in_minutes: 6,
        }
    }
}

/// A little traffic shifts first; what is not given is 5 percent, and 10 minutes (Amazon ECS API reference,
/// `CanaryConfiguration`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Canary {
    pub(crate) canary_percent: f64,
    pub(crate) canary_bake_time_in_minutes: i64,
}

impl Default for Canary {
    fn default() -> Self {
        Self {
            canary_percent: 5.0,
            canary_bake_time_in_minutes: 10,
        }
    }
}

impl Default for DeploymentConfiguration {
    /// What a service made without one reads back.
    fn default() -> Self {
        Self {
            deployment_circuit_breaker: Breaker::default(),
            maximum_percent: 200,
            minimum_healthy_percent: 100,
            alarms: Alarms::default(),
            strategy: "ROLLING".to_owned(),
            bake_time_in_minutes: 0,
            lifecycle_hooks: Vec::new(),
            linear_configuration: None,
            canary_configuration: None,
        }
    }
}

/// The deployment circuit breaker's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Breaker {
    pub(crate) enable: bool,
    pub(crate) rollback: bool,
    pub(crate) reset_on_healthy_task: bool,
    pub(crate) threshold_configuration: Threshold,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            enable: false,
            rollback: false,
            reset_on_healthy_task: true,
            threshold_configuration: Threshold::default(),
        }
    }
}

/// After how many failures the breaker trips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Threshold {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: i64,
}

impl Default for Threshold {
    fn default() -> Self {
        Self {
            kind: "BOUNDED_PERCENT".to_owned(),
            value: 50,
        }
    }
}

impl Threshold {
    /// The number of failures, for the count that is desired right now (Amazon ECS developer guide,
    /// deployment circuit breaker: half of the desired count, at least 3 and at most 200).
    pub(crate) fn failures(&self, desired: i64) -> i64 {
        let share = (self.value * desired + 99) / 100;
        match self.kind.as_str() {
            "COUNT" => self.value,
            "UNBOUNDED_PERCENT" => share,
            _ => share.clamp(3, 200),
        }
    }
}

/// CloudWatch alarms that fail a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alarms {
    #[serde(default)]
    pub(crate) alarm_names: Vec<String>,
    #[serde(default)]
    pub(crate) rollback: bool,
    #[serde(default)]
    pub(crate) enable: bool,
}

#[cfg(test)]
mod tests {
    use super::Threshold;

    #[test]
    fn thresholds_are_those_of_the_developer_guide() {
        let bounded = Threshold::default();
        assert_eq!(
            [1, 2, 25, 400, 800].map(|desired| bounded.failures(desired)),
            [3, 3, 13, 200, 200]
        );
        let of = |kind: &str, value| Threshold {
            kind: kind.to_owned(),
            value,
        };
        assert_eq!(of("UNBOUNDED_PERCENT", 50).failures(800), 400);
        assert_eq!(of("UNBOUNDED_PERCENT", 50).failures(1), 1);
        assert_eq!(of("COUNT", 7).failures(100), 7);
    }
}
