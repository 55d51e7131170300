//! `[service.NAME.ecs.patch]`: members of the ECS API that the file format has no word for.

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::operation::update_service::UpdateServiceInput;
use serde_json::Value as Json;

use super::aws_json::read;
use super::{Misfit, Overlay, PatchTree, Rules, patch};
use crate::spec::findings::Findings;
use crate::spec::nearest;
use crate::spec::shape::{At, table};
use crate::spec::words::Placed;

table! {
    /// What the ECS API knows and the file format has no word for.
    "[service.NAME.ecs.patch]" EcsPatchTable {
        /// Laid over `RegisterTaskDefinition`, in the API's own spelling: lists merge by what names their
        /// entries, `false` takes away.
        task: PatchTree,
        /// Laid over `CreateService` and `UpdateService`, in the API's own spelling.
        service: PatchTree,
    }
}

/// What is laid over the requests to ECS.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct EcsPatch {
    /// Over `RegisterTaskDefinition`.
    pub(crate) task: Overlay,
    /// Over `CreateService` and `UpdateService`.
    pub(crate) service: Overlay,
}

/// Members of `RegisterTaskDefinition` that a verdict or a plan rests on.
const OF_TASK: &[(&str, &str)] = &[
    ("family", "`ecs.family` says it"),
    ("tags", "they tell whose it is, and `tags` adds others"),
    ("inferenceAccelerators", "Elastic Inference has ended"),
];

/// Members of `CreateService` and `UpdateService` that a verdict or a plan rests on, that have a word, or
/// that stay for ever.
const OF_SERVICE: &[(&str, &str)] = &[
    ("cluster", "the target's file says it"),
    ("service", "`ecs.service` says it"),
    ("serviceName", "`ecs.service` says it"),
    ("taskDefinition", "it is the revision that is registered"),
    ("desiredCount", "`replicas` and `scaling` say it"),
    ("forceNewDeployment", "`restart` does it"),
    ("clientToken", "it is made for each request"),
    ("tags", "they tell whose it is, and `tags` adds others"),
    (
        "deploymentController",
        "a rollout is judged as ECS controls it",
    ),
    ("schedulingStrategy", "`ecs.scheduling` says it"),
    (
        "launchType",
        "`ecs.launch_type` says it, and `ecs.capacity` where tasks run",
    ),
    ("role", "ECS does not change it on a service that exists"),
    ("capacityProviderStrategy", "`ecs.capacity` says it"),
    (
        "deploymentConfiguration",
        "`rollout.breaker`, `ecs.alarms`, `ecs.minimum_healthy_percent` and `ecs.maximum_percent` say what a rollout is judged by",
    ),
    (
        "networkConfiguration",
        "`network` in the target's file says it",
    ),
    ("platformVersion", "`ecs.platform_version` says it"),
    (
        "healthCheckGracePeriodSeconds",
        "`ecs.health_grace` says it",
    ),
    ("enableExecuteCommand", "`ecs.exec` says it"),
    ("loadBalancers", "`ecs.target_groups` says it"),
    // `DescribeServices` returns neither (Amazon ECS API reference, Service and Deployment).
    ("gatewayConnectors", UNSEEN),
    ("monitoring", UNSEEN),
];

/// Why what ECS takes but does not tell of a service is not sent.
const UNSEEN: &str = "ECS does not tell it of a service, so that a plan could not compare it";

fn of_task(tree: &Json) -> Vec<Misfit> {
    read(tree, RegisterTaskDefinitionInput::deserialize).1
}

fn of_service(tree: &Json) -> Vec<Misfit> {
    read(tree, UpdateServiceInput::deserialize).1
}

fn refusal(path: &str, list: &[(&str, &str)]) -> Option<String> {
    let (_, instead) = list.iter().find(|(name, _)| *name == path)?;
    Some(format!("`{path}` may not be patched: {instead}"))
}

/// What is laid over the requests to ECS; what of it may not be or does not fit is told.
pub(in crate::spec) fn patches(
    raw: Option<At<EcsPatchTable>>,
    containers: &[Placed],
    findings: &mut Findings,
) -> EcsPatch {
    let Some(EcsPatchTable { task, service, .. }) = raw.map(|at| at.value) else {
        return EcsPatch::default();
    };
    let names: Vec<&str> = containers
        .iter()
        .map(|placed| placed.name.as_str())
        .collect();
    let of_containers = |path: &str, value: &Json| {
        if path == "containerDefinitions" {
            return (!value.is_array()).then(|| "the containers cannot be taken away".to_owned());
        }
        let mut parts = path.split('.');
        let is_container = parts.next() == Some("containerDefinitions")
            && parts.next().is_some()
            && parts.next().is_none();
        if !is_container || !value.is_object() {
            return None;
        }
        let Some(name) = value.get("name").and_then(Json::as_str) else {
            return Some("it must say by `name` which container it is about".to_owned());
        };
        (!names.contains(&name)).then(|| {
            let nearest = nearest::hint(name, names.iter().copied());
            let instead = nearest.unwrap_or_else(|| "another one is a sidecar".to_owned());
            format!("there is no container `{name}`; {instead}")
        })
    };
    let rules = Rules {
        check: of_task,
        forbidden: &|path, value| refusal(path, OF_TASK).or_else(|| of_containers(path, value)),
    };
    let task = patch(task, &rules, findings);
    let rules = Rules {
        check: of_service,
        forbidden: &|path, _| refusal(path, OF_SERVICE),
    };
    EcsPatch {
        task,
        service: patch(service, &rules, findings),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::operation::create_service::CreateServiceInput;
    use aws_sdk_ecs::types::TaskDefinition;
    use serde_json::json;

    use super::*;
    use crate::platform::ecs::settings::patched::is_member;

    /// The members of a structure of the SDK, as what does not fit it tells them.
    fn members(misfits: Vec<Misfit>) -> Vec<String> {
        let known = misfits.into_iter().find_map(|misfit| match misfit {
            Misfit::Unknown { known, .. } => Some(known),
            _ => None,
        });
        let known = known.unwrap();
        assert!(!known.is_empty());
        known
    }

    #[test]
    fn each_member_of_a_service_is_sent_or_refused() {
        let none = json!({ "noMember": 1 });
        let update = members(of_service(&none));
        let create = members(read(&none, CreateServiceInput::deserialize).1);
        for name in update.iter().chain(&create) {
            let refused = refusal(name, OF_SERVICE).is_some();
            assert!(
                refused != is_member(name),
                "`{name}` of a service has to be either sent or refused"
            );
        }
    }

    #[test]
    fn each_member_of_a_task_definition_has_a_place_there_or_is_refused() {
        let none = json!({ "noMember": 1 });
        let kept = members(read(&none, TaskDefinition::deserialize).1);
        for name in members(of_task(&none)) {
            assert!(
                kept.contains(&name) || refusal(&name, OF_TASK).is_some(),
                "`{name}` of a task definition has to be either sent or refused"
            );
        }
    }
}
