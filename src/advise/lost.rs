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

/// What says the same at the other platform; after "nothing", why nothing has to, or that nothing can.
type Rows = [(&'static str, &'static str)];

/// Keys of ECS, at Kubernetes.
const AT_KUBERNETES: &Rows = &[
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
    ("log_group", AGENT),
    ("log_prefix", AGENT),
    ("log_options", AGENT),
    ("log", AGENT),
    ("firelens", AGENT),
    ("health_command", "health.command, or kubernetes.liveness"),
    ("target_group", "expose, and kubernetes.ingress"),
    ("target_groups", "expose, and kubernetes.ingress"),
    ("load_balancer", "expose, and kubernetes.ingress"),
    ("launch_type", "kubernetes.node_selector"),
    ("network_mode", "kubernetes.host_network"),
    (
        "capacity",
        "kubernetes.node_selector and kubernetes.tolerations",
    ),
    ("placement", "kubernetes.affinity and kubernetes.spread"),
    ("pid_mode", "kubernetes.share_processes"),
    ("ipc_mode", "nothing: containers of a pod share it"),
    (
        "managed_tags",
        "nothing: tags become annotations of every object",
    ),
    (
        "propagate_tags",
        "nothing: tags become annotations of every object",
    ),
    ("az_rebalancing", "kubernetes.spread, for new pods"),
    (
        "registries",
        "kubernetes.service: a name in the cluster's DNS",
    ),
    ("connect", "kubernetes.service: a name in the cluster's DNS"),
    ("platform_version", "nothing: nodes have their own version"),
    (
        "ephemeral_storage",
        "kubernetes.requests and kubernetes.limits, `ephemeral_storage`",
    ),
    ("exec", "nothing: `kubectl exec` works where one may"),
    ("health_grace", "kubernetes.startup"),
    ("minimum_healthy_percent", "kubernetes.max_unavailable"),
    ("maximum_percent", "kubernetes.max_surge"),
    ("alarms", "nothing: no alarm of CloudWatch trips a rollout"),
    ("requests", "kubernetes.requests"),
    ("limits", "kubernetes.limits"),
    (
        "ulimits",
        "nothing: they are the node's container runtime's",
    ),
    ("docker_labels", "kubernetes.pod_labels"),
    ("env_files", "env_from"),
    ("repository_credentials", "kubernetes.pull_secrets"),
    ("start_timeout", "kubernetes.startup"),
    ("init", "nothing: an image brings its own, such as tini"),
    ("capabilities", "kubernetes.security.capabilities"),
    ("shm_size", "a volume with `memory` at /dev/shm"),
    ("tmpfs", "a volume with `memory`"),
    (
        "restart",
        "nothing: containers are always started anew in their pod",
    ),
    ("gpu", "kubernetes.limits, `nvidia.com/gpu`"),
    ("privileged", "kubernetes.security.privileged"),
    (
        "links",
        "nothing: containers of a pod reach each other at localhost",
    ),
    ("extra_hosts", "kubernetes.host_aliases"),
    ("dns", "kubernetes.dns"),
    ("dns_search", "kubernetes.dns"),
    ("hostname", "kubernetes.patch.deployment"),
    ("system_controls", "kubernetes.patch.deployment: sysctls"),
    ("security_options", "kubernetes.security"),
    ("interactive", "kubernetes.patch.deployment: stdin"),
    ("tty", "kubernetes.patch.deployment: tty"),
    (
        "version_consistency",
        "an image by its digest: pods that come later pull what the tag means then",
    ),
    (
        "autoscaler",
        "kubernetes.autoscaler, or kubernetes.keda for metrics of CloudWatch",
    ),
    ("scheduling", "kubernetes.kind"),
    ("strategy", SHIFTS),
    ("bake", "rollout.bake"),
    ("hooks", SHIFTS),
    ("patch", "kubernetes.patch, in the other API's words"),
];

const SHIFTS: &str = "nothing: a Deployment replaces pods step by step";

const AGENT: &str = "nothing: the cluster's own agent carries logs away";

/// Keys of Kubernetes, at ECS.
const AT_ECS: &Rows = &[
    ("name", "ecs.service and ecs.family"),
    (
        "service_account",
        "nothing: tasks have a role, not an account",
    ),
    (
        "automount_token",
        "nothing: tasks have a role, not an account",
    ),
    ("role", "ecs.task_role"),
    ("secret", "nothing: ECS reads secrets where they are"),
    ("service_port", LISTENER),
    ("service", LISTENER),
    (
        "enable_service_links",
        "nothing: ECS says no others to a task",
    ),
    ("requests", "cpu and memory, or ecs.requests"),
    ("limits", "cpu and memory, or ecs.limits"),
    ("readiness", "health, and the target group's health check"),
    ("liveness", "health.command, or ecs.health_command"),
    ("startup", "health.grace and ecs.health_grace"),
    ("min_ready", "rollout.bake"),
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
    ("autoscaler", "scaling, and ecs.autoscaler"),
    (
        "keda",
        "scaling, which keeps at least one task, and ecs.autoscaler",
    ),
    ("spread", "nothing: ECS spreads over zones; ecs.placement"),
    ("drain", "the target group's deregistration delay"),
    ("ingress", "ecs.target_group"),
    ("labels", "tags"),
    ("annotations", "tags"),
    ("pod_labels", "ecs.docker_labels"),
    ("pod_annotations", "ecs.docker_labels"),
    ("selector", "nothing: ECS knows its tasks"),
    (
        "security",
        "user, read_only_root, ecs.capabilities, ecs.privileged",
    ),
    ("pod_security", "user, and ecs.system_controls"),
    (
        "pre_stop",
        "nothing: the program is told by TERM; stop_timeout",
    ),
    ("post_start", "nothing: a sidecar with depends_on"),
    (
        "pull_policy",
        "nothing: ECS pulls for every task; ecs.version_consistency",
    ),
    ("pull_secrets", "ecs.repository_credentials"),
    ("termination_grace", "stop_timeout"),
    ("node_selector", "ecs.capacity, or ecs.placement"),
    ("affinity", "ecs.placement"),
    ("tolerations", "ecs.capacity"),
    ("priority_class", "nothing: tasks have no priorities"),
    ("runtime_class", "nothing: AWS chooses the runtime"),
    ("scheduler", "nothing: ECS places tasks; ecs.placement"),
    ("dns_policy", "nothing: a task asks its VPC's name servers"),
    ("dns", "ecs.dns, but not with awsvpc"),
    ("host_aliases", "ecs.extra_hosts, but not with awsvpc"),
    ("host_network", "ecs.network_mode"),
    ("share_processes", "ecs.pid_mode"),
    (
        "revision_history",
        "nothing: ECS keeps all task definitions",
    ),
    ("gateway", "ecs.target_group"),
    ("target_group", "ecs.target_group"),
    ("target_groups", "ecs.target_groups"),
    (
        "network_policy",
        "the security groups of the target's network",
    ),
    ("nodes", "ecs.capacity"),
    ("do_not_disrupt", "nothing: ECS moves no task to save nodes"),
    (
        "claim_retention",
        "nothing: a volume outlives its task as it is",
    ),
    ("pod_management", "nothing: ECS starts tasks in no order"),
    ("partition", "nothing: ECS replaces all tasks"),
    ("service_name", "ecs.registries, or ecs.connect"),
    ("patch", "ecs.patch, in the other API's words"),
    ("manifests", "nothing: objects are Kubernetes' alone"),
];

const LISTENER: &str = "nothing: the target group's listener has a port; ecs.connect for names";

/// What the services say that are written for the other platform alone. One that has words for this
/// platform as well is written for both.
pub(crate) fn lost(spec: &Spec, said: &Said) -> Vec<Lost> {
    let (here, there, known) = match spec.workload {
        Workload::Ecs { .. } => ("ecs", "kubernetes", AT_ECS),
        Workload::Kubernetes { .. } => ("kubernetes", "ecs", AT_KUBERNETES),
    };
    let mut found = Vec::new();
    for (service, paths) in said {
        if paths.iter().any(|path| owned(path, here).is_some()) {
            continue;
        }
        let keys: BTreeSet<_> = paths.iter().filter_map(|path| owned(path, there)).collect();
        for (table, key) in keys {
            let instead = known.iter().find(|(name, _)| *name == key);
            found.push(Lost {
                service: service.clone(),
                key: format!("{table}{there}.{key}"),
                instead: instead.map_or("nothing says it here", |(_, instead)| *instead),
            });
        }
    }
    found
}

/// The key of a platform's own table that a path leads to, and in what table that one is: in the service's, or in
/// a sidecar's.
fn owned<'a>(path: &'a str, platform: &str) -> Option<(&'a str, &'a str)> {
    let at = match path.strip_prefix("sidecar.") {
        None => 0,
        Some(rest) => path.len() - rest.len() + rest.find('.')? + 1,
    };
    let (table, path) = path.split_at(at);
    let key = path.strip_prefix(platform)?.strip_prefix('.')?;
    Some((table, key.split('.').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::own_keys;

    #[test]
    fn every_key_of_a_platform_has_a_row_at_the_other_and_no_row_is_of_none() {
        let of = |rows: &'static Rows| rows.iter().map(|(key, _)| *key);
        for (platform, rows) in [("ecs", AT_KUBERNETES), ("kubernetes", AT_ECS)] {
            let keys: BTreeSet<_> = own_keys(platform).into_iter().collect();
            let rows: BTreeSet<_> = of(rows).collect();
            assert_eq!(rows, keys, "{platform}");
        }
    }

    #[test]
    fn keys_of_sidecars_are_told_with_their_table() {
        assert_eq!(
            owned("sidecar.proxy.ecs.log.driver", "ecs"),
            Some(("sidecar.proxy.", "log"))
        );
        assert_eq!(owned("ecs.log.driver", "ecs"), Some(("", "log")));
        assert_eq!(owned("sidecar.ecs", "ecs"), None);
        assert_eq!(owned("sidecar.proxy.image", "ecs"), None);
    }
}
