//! What a service that is written for one platform says in vain at the other. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::spec::{Said, Spec, Workload};

/// A key of the other platform, and what says the same here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Lost {
    /// Whose it is.
    pub(crate) service: String,
    /// The key: `ecs.target_group`.
    pub(crate) key: String,
    /// What says the same here, or why nothing has to.
    pub(crate) instead: &'static str,
}

/// Keys of ECS, at Kubernetes.
const AT_KUBERNETES: [(&str, &str); 17] = [
    ("service", "kubernetes.name"),
    ("family", "kubernetes.name"),
    (
        "execution_role",
        "nothing: nodes pull images, and the secret store reads secrets",
    ),
    (
        "task_role",
        "kubernetes.role, with kubernetes.service_account",
    ),
    (
        "log_group",
        "nothing: the cluster's own agent carries logs away",
    ),
    (
        "log_prefix",
        "nothing: the cluster's own agent carries logs away",
    ),
    ("health_command", "health.command, or kubernetes.liveness"),
    ("target_group", "expose, and kubernetes.ingress"),
    ("target_groups", "expose, and kubernetes.ingress"),
    ("load_balancer", "expose, and kubernetes.ingress"),
    ("platform_version", "nothing: nodes have their own version"),
    ("exec", "nothing: `kubectl exec` works where one may"),
    ("health_grace", "kubernetes.startup"),
    ("minimum_healthy_percent", "kubernetes.max_unavailable"),
    ("maximum_percent", "kubernetes.max_surge"),
    ("launch_type", "kubernetes.node_selector"),
    (
        "capacity",
        "kubernetes.node_selector and kubernetes.tolerations",
    ),
];

/// Keys of Kubernetes, at ECS.
const AT_ECS: [(&str, &str); 20] = [
    ("name", "ecs.service and ecs.family"),
    (
        "service_account",
        "nothing: tasks have a role, not an account",
    ),
    ("role", "ecs.task_role"),
    ("secret", "nothing: ECS reads secrets where they are"),
    (
        "service_port",
        "nothing: the target group's listener has a port",
    ),
    ("requests", "cpu and memory"),
    ("limits", "cpu and memory"),
    ("readiness", "health, and the target group's health check"),
    ("liveness", "health.command, or ecs.health_command"),
    ("startup", "health.grace and ecs.health_grace"),
    ("max_surge", "ecs.maximum_percent"),
    ("kind", "nothing: tasks of ECS are all alike"),
    ("claims", "volumes, with efs"),
    (
        "strategy",
        "ecs.minimum_healthy_percent = 0, with ecs.maximum_percent = 100",
    ),
    ("max_unavailable", "ecs.minimum_healthy_percent"),
    (
        "disruption",
        "nothing: ECS starts another task before it drains one",
    ),
    ("spread", "nothing: ECS spreads over zones"),
    ("drain", "the target group's deregistration delay"),
    ("ingress", "ecs.target_group"),
    ("selector", "nothing: ECS knows its tasks"),
];

/// What the services say that are written for the other platform alone. One that has words for this
/// platform as well is written for both.
pub(crate) fn lost(spec: &Spec, said: &Said) -> Vec<Lost> {
    let (here, there, known): (_, _, &[(&str, &str)]) = match spec.workload {
        Workload::Ecs { .. } => ("ecs.", "kubernetes.", &AT_ECS),
        Workload::Kubernetes { .. } => ("kubernetes.", "ecs.", &AT_KUBERNETES),
    };
    let mut found = Vec::new();
    for (service, paths) in said {
        if paths.iter().any(|path| path.starts_with(here)) {
            continue;
        }
        let keys = paths.iter().filter_map(|path| path.strip_prefix(there));
        let keys: BTreeSet<&str> = keys.filter_map(|key| key.split('.').next()).collect();
        for key in keys {
            let instead = known.iter().find(|(name, _)| *name == key);
            found.push(Lost {
                service: service.clone(),
                key: format!("{there}{key}"),
                instead: instead.map_or("nothing says it here", |(_, instead)| *instead),
            });
        }
    }
    found
}
