//! In what ECS and EKS differ, and which keys of a file touch it.

use std::collections::BTreeSet;

use super::{Aspect, Choice, Need};
use crate::spec::Said;

/// What a key needs: it, or anything within it. A `*` stands for any one name.
struct Rule {
    key: &'static str,
    only: Choice,
    why: &'static str,
}

const fn ecs(key: &'static str, why: &'static str) -> Rule {
    let only = Choice::Ecs;
    Rule { key, only, why }
}

const fn eks(key: &'static str, why: &'static str) -> Rule {
    let only = Choice::Eks;
    Rule { key, only, why }
}

static RULES: &[Rule] = &[
    eks(
        "kubernetes.manifests",
        "objects of any kind are Kubernetes' alone",
    ),
    eks(
        "kubernetes.patch",
        "it is said in the words of the Kubernetes API",
    ),
    eks(
        "kubernetes.node_selector",
        "only Kubernetes chooses nodes by labels",
    ),
    eks(
        "kubernetes.affinity",
        "only Kubernetes places pods beside or apart from others",
    ),
    eks(
        "kubernetes.tolerations",
        "only Kubernetes has taints on nodes",
    ),
    eks(
        "kubernetes.runtime_class",
        "only Kubernetes chooses a container runtime",
    ),
    eks(
        "kubernetes.priority_class",
        "only Kubernetes has priorities of pods",
    ),
    eks(
        "kubernetes.host_network",
        "its network of a node is the Kubernetes cluster's",
    ),
    eks(
        "kubernetes.claims",
        "storage that stays with each pod is Kubernetes' alone",
    ),
    eks(
        "kubernetes.gateway",
        "routes of the Gateway API are Kubernetes' alone",
    ),
    eks(
        "kubernetes.network_policy",
        "which pods may reach which is a matter of Kubernetes; ECS has security groups",
    ),
    eks(
        "kubernetes.keda",
        "KEDA scales pods by events, also to none; ECS has nothing like it",
    ),
    eks("volumes.*.claim", "claims of storage are Kubernetes' alone"),
    eks("volumes.*.csi", "CSI drivers are Kubernetes' alone"),
    eks("volumes.*.config", "ConfigMaps are Kubernetes' alone"),
    eks("volumes.*.secret", "Secrets as files are Kubernetes' alone"),
    eks(
        "env_from",
        "whole ConfigMaps and Secrets as environment are Kubernetes' alone",
    ),
    ecs("ecs.patch", "it is said in the words of the ECS API"),
    ecs("ecs.connect", "Service Connect is ECS' own"),
    ecs("ecs.registries", "Cloud Map registries are ECS' own"),
    ecs(
        "ecs.alarms",
        "only ECS stops a rollout by CloudWatch alarms",
    ),
    ecs(
        "scaling.requests",
        "requests per target are a metric of ECS' autoscaling; Kubernetes needs KEDA for it",
    ),
    ecs(
        "scaling.response_time",
        "the time of answers is a metric of ECS' autoscaling; Kubernetes needs KEDA for it",
    ),
    ecs(
        "scaling.queue",
        "messages per task are a metric of ECS' autoscaling; Kubernetes needs KEDA for it",
    ),
    ecs(
        "scaling.schedule",
        "bounds at set times are ECS' own; Kubernetes needs KEDA for them",
    ),
    ecs("ecs.autoscaler", "step and predictive scaling are ECS' own"),
    ecs(
        "ecs.strategy",
        "ECS shifts traffic by itself; Kubernetes needs a controller for it",
    ),
    ecs(
        "ecs.log",
        "FireLens and other log drivers are chosen per container on ECS alone",
    ),
    ecs("ecs.placement", "placement strategies are ECS' own"),
    ecs(
        "volumes.*.efs",
        "a task mounts EFS by itself; Kubernetes needs a driver and a claim",
    ),
    ecs(
        "volumes.*.ebs",
        "ECS makes a volume for each task; Kubernetes needs a driver and a claim",
    ),
];

/// Whether a path is the key, or within it.
fn holds(key: &str, path: &str) -> bool {
    let mut parts = path.split('.');
    key.split('.').all(|word| {
        let part = parts.next();
        part.is_some_and(|part| word == "*" || word == part)
    })
}

/// What only one platform has.
pub(super) fn needs(said: &Said) -> Vec<Need> {
    let mut found = Vec::new();
    for (service, paths) in said {
        for rule in RULES {
            if let Some(path) = paths.iter().find(|path| holds(rule.key, path)) {
                found.push(Need {
                    service: service.clone(),
                    key: path.clone(),
                    only: rule.only,
                    why: rule.why,
                });
            }
        }
    }
    found
}

struct Topic {
    name: &'static str,
    ecs: &'static str,
    eks: &'static str,
    keys: &'static [&'static str],
}

const TOPICS: [Topic; 11] = [
    Topic {
        name: "operations",
        ecs: "nothing to run or to upgrade",
        eks: "a cluster with add-ons, upgraded at least every 14 months",
        keys: &[],
    },
    Topic {
        name: "IAM",
        ecs: "a role of the task",
        eks: "a role through the service account",
        keys: &["ecs.task_role", "kubernetes.role"],
    },
    Topic {
        name: "scaling",
        ecs: "CPU, memory, requests, any CloudWatch metric, schedules",
        eks: "CPU and memory; queues, schedules, any other metric, and down to none with KEDA",
        keys: &["scaling"],
    },
    Topic {
        name: "discovery",
        ecs: "load balancers, Service Connect, Cloud Map",
        eks: "DNS of the cluster, Services, Ingress and Gateway API",
        keys: &["ecs.connect", "ecs.registries", "expose"],
    },
    Topic {
        name: "secrets",
        ecs: "from Secrets Manager and Parameter Store, by the platform",
        eks: "through External Secrets or a CSI driver",
        keys: &["secrets", "sidecar.*.secrets"],
    },
    Topic {
        name: "portability",
        ecs: "AWS only",
        eks: "any Kubernetes",
        keys: &[],
    },
    Topic {
        name: "extensions",
        ecs: "none",
        eks: "custom resources, operators, admission policies",
        keys: &["kubernetes.manifests"],
    },
    Topic {
        name: "Spot",
        ecs: "FARGATE_SPOT by shares, about 70 % less",
        eks: "Spot nodes, by Karpenter or node groups; none on Fargate",
        keys: &["ecs.capacity"],
    },
    Topic {
        name: "jobs",
        ecs: "tasks, started by EventBridge or by hand",
        eks: "Job and CronJob",
        keys: &[],
    },
    Topic {
        name: "node access",
        ecs: "on EC2 only",
        eks: "nodes by label, taints, host paths; not on Fargate",
        keys: &[
            "volumes.*.host",
            "ecs.launch_type",
            "kubernetes.node_selector",
        ],
    },
    Topic {
        name: "GPU",
        ecs: "on EC2 only",
        eks: "on nodes that have them; not on Fargate",
        keys: &[
            "ecs.gpu",
            "kubernetes.requests.gpu",
            "kubernetes.limits.gpu",
        ],
    },
];

/// In what they differ, with what the file says of it.
pub(super) fn aspects(said: &Said) -> Vec<Aspect> {
    let touched = |keys: &[&str]| {
        let mut found = BTreeSet::new();
        for (service, paths) in said {
            for key in keys {
                if paths.iter().any(|path| holds(key, path)) {
                    found.insert(format!("{service}: {key}"));
                }
            }
        }
        found.into_iter().collect()
    };
    let each = TOPICS.iter().map(|topic| Aspect {
        topic: topic.name,
        ecs: topic.ecs,
        eks: topic.eks,
        said: touched(topic.keys),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;

    fn said(paths: &[&str]) -> Said {
        let paths = paths.iter().map(|path| (*path).to_owned());
        Said::from([("api".to_owned(), paths.collect())])
    }

    #[test]
    fn a_need_is_found_by_its_key_and_below_it() {
        let none = needs(&said(&[
            "port",
            "ecs.target_group",
            "kubernetes.role",
            "volumes.a.scratch",
        ]));
        assert_eq!(none, Vec::new());
        let found = needs(&said(&["volumes.data.claim", "ecs.connect.namespace"]));
        let keys: Vec<&str> = found.iter().map(|need| need.key.as_str()).collect();
        assert_eq!(keys, ["volumes.data.claim", "ecs.connect.namespace"]);
    }

    /// The schemas of what stands under a word in these.
    fn under<'s>(whole: &'s Json, schemas: &[&'s Json], word: &str) -> Vec<&'s Json> {
        let mut open: Vec<&Json> = schemas.to_vec();
        let mut found = Vec::new();
        while let Some(schema) = open.pop() {
            let told = schema["$ref"].as_str().map(|at| at.trim_start_matches('#'));
            open.extend(told.and_then(|at| whole.pointer(at)));
            for either in ["anyOf", "allOf"] {
                open.extend(schema[either].as_array().into_iter().flatten());
            }
            let inner = match word {
                "*" => &schema["additionalProperties"],
                key => &schema["properties"][key],
            };
            found.extend((!inner.is_null()).then_some(inner));
        }
        found
    }

    #[test]
    fn every_key_that_is_spoken_of_is_one_of_the_format() {
        let whole = crate::spec::schemas().deploy;
        let rules = RULES.iter().map(|rule| rule.key);
        let topics = TOPICS.iter().flat_map(|topic| topic.keys.iter().copied());
        let strange = rules.chain(topics).filter(|key| {
            let path = ["service", "*"].into_iter().chain(key.split('.'));
            let found = path.fold(vec![&whole], |found, word| under(&whole, &found, word));
            found.is_empty()
        });
        assert_eq!(strange.collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
