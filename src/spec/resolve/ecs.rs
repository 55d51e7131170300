//! What only ECS knows about a service.

use super::super::fargate;
use super::super::findings::Findings;
use super::super::model::{Architecture, AwsLogs, Capacity, EcsOwn, EcsPlace};
use super::super::problem::{Problem, Spot};
use super::super::raw::{self as common, ecs as raw, rollout::Scaling};
use super::super::scalar::{Filled, Whole};
use super::super::shape::{At, Table};
use super::super::units::Mebibytes;
use super::{Ground, arns, groups, limits, or};
use crate::names::{EcsName, Region};

pub(super) type Scene<'a> = super::Scene<'a, EcsPlace>;

impl Ground for EcsPlace {
    type Own = EcsOwn;
    const ECS: bool = true;

    fn own(
        raw: &mut common::Service,
        scene: &Scene<'_>,
        findings: &mut Findings,
    ) -> Option<EcsOwn> {
        size(raw, findings);
        if raw.expose.is_some() {
            findings.note(
                "not-honoured",
                "`expose` changes nothing on ECS: the load balancer's listeners are not ours, only its target group is",
            );
        }
        limits::definition(scene.head, scene.containers, findings);
        ecs(raw, scene, findings)
    }

    fn objects(own: &EcsOwn) -> Vec<(&'static str, String)> {
        vec![("ECS service", own.service.to_string())]
    }
}

/// Resolves `[service.NAME.ecs]`; an absent table is an empty one.
fn ecs(common: &mut common::Service, scene: &Scene<'_>, findings: &mut Findings) -> Option<EcsOwn> {
    let raw = common.ecs.take();
    let head = raw.as_ref().map_or(scene.head, |at| at.head);
    let raw = raw.map_or_else(raw::Ecs::default, |at| at.value);
    arns::check(&raw, scene, findings);
    execution_role(&raw, head, scene, findings);
    exec(&raw, scene, findings);
    percentages(&raw, findings);
    scaling_on_requests(&raw, common.scaling.as_ref(), findings);
    let default: EcsName = scene.name.as_str().parse().ok()?;
    let logs = logs(raw.log_group, raw.log_prefix, &scene.place.region, findings);
    let groups = groups::target_groups(raw.target_group, raw.target_groups, scene, findings);
    let grace = raw.health_grace.map(|at| at.value.0);
    if grace.is_none() && !groups.is_empty() && has_grace(scene) {
        findings.note(
            "health-grace",
            "`health.grace` is the container's own; load-balancer health counts at once unless `ecs.health_grace` is given",
        );
    }
    let capacity = capacity(raw.capacity, findings);
    let platform_version = platform_version(raw.platform_version, findings);
    let ephemeral_storage = ephemeral_storage(raw.ephemeral_storage, findings);
    let alarms = alarms(raw.alarms, findings);
    Some(EcsOwn {
        service: or(raw.service, default.clone()),
        family: or(raw.family, default),
        cpu: common.cpu.as_ref()?.value.0,
        memory: common.memory.as_ref()?.value.0,
        architecture: or(common.architecture.take(), Architecture::default()),
        execution_role: raw.execution_role.map(|at| at.value),
        task_role: raw.task_role.map(|at| at.value),
        logs,
        target_groups: groups,
        load_balancer: raw.load_balancer.map(|at| at.value),
        capacity,
        platform_version,
        ephemeral_storage,
        exec: or(raw.exec, false),
        health_grace: grace.unwrap_or_default(),
        minimum_healthy_percent: or(raw.minimum_healthy_percent, Whole(100)).0,
        maximum_percent: or(raw.maximum_percent, Whole(200)).0,
        alarms,
    })
}

/// The size of the task: one that Fargate offers.
fn size(raw: &common::Service, findings: &mut Findings) {
    let (Some(cpu), Some(memory)) = (&raw.cpu, &raw.memory) else {
        return;
    };
    let (units, mebibytes) = (cpu.value.0, memory.value.0);
    match fargate::memory_sizes(units) {
        None => findings.note(
            "unknown-size",
            format!(
                "{} is no CPU size of Fargate's that is known here (0.25, 0.5, 1, 2, 4, 8, 16, 32 vCPU); AWS will tell",
                fargate::vcpu(units)
            ),
        ),
        Some(sizes) if !sizes.contains(&mebibytes) => findings.problem(
            Problem::new(
                "bad-size",
                format!(
                    "Fargate does not offer {} of memory with {}",
                    fargate::size_in_words(mebibytes),
                    fargate::vcpu(units)
                ),
            )
            .at(memory.spot)
            .also(cpu.spot, "this much CPU")
            .help(format!("with {}: {}", fargate::vcpu(units), fargate::offered(&sizes))),
        ),
        Some(_) => {}
    }
}

fn has_grace(scene: &Scene<'_>) -> bool {
    let main = scene
        .containers
        .first()
        .and_then(|placed| placed.container.as_ref());
    let health = main.and_then(|container| container.health.as_ref());
    health.is_some_and(|health| !health.grace.is_zero())
}

/// Who needs an execution role: Amazon ECS developer guide, task execution IAM role.
fn execution_role(raw: &raw::Ecs, head: Spot, scene: &Scene<'_>, findings: &mut Findings) {
    if raw.has(&["execution_role"]) {
        return;
    }
    let mut needs = Vec::new();
    let containers = || {
        scene
            .containers
            .iter()
            .filter_map(|placed| placed.container.as_ref())
    };
    let private = |image: &str| {
        let host = image.split('/').next().unwrap_or("");
        host.contains(".dkr.ecr.") && host.contains(".amazonaws.com")
    };
    if containers().any(|container| private(container.image.as_str())) {
        needs.push("pulls from ECR");
    }
    if scene
        .containers
        .iter()
        .any(|placed| !placed.secrets.is_empty())
    {
        needs.push("reads secrets");
    }
    if raw.has(&["log_group"]) {
        needs.push("writes logs");
    }
    if !needs.is_empty() {
        findings.problem(
            Problem::new("missing-key", "`ecs.execution_role` is missing")
                .at(head)
                .label(format!("ECS {} with it", needs.join(" and ")))
                .help("execution_role = \"arn:aws:iam::ACCOUNT:role/ecsTaskExecutionRole\""),
        );
    }
}

/// Amazon ECS developer guide, ECS Exec: a task role is needed, and a root that can be written.
fn exec(raw: &raw::Ecs, scene: &Scene<'_>, findings: &mut Findings) {
    if !raw.exec.as_ref().is_some_and(|at| at.value) {
        return;
    }
    if let Some(exec) = raw.exec.as_ref().filter(|_| !raw.has(&["task_role"])) {
        findings.problem(
            Problem::new("missing-key", "`exec` needs `ecs.task_role`")
                .at(exec.head)
                .label("ECS refuses it without one")
                .help("give it a role that allows ssmmessages: task_role = \"arn:aws:iam::ACCOUNT:role/NAME\""),
        );
    }
    let mut containers = scene
        .containers
        .iter()
        .filter_map(|placed| placed.container.as_ref());
    if let Some(container) = containers.find(|container| container.read_only_root) {
        let message = format!(
            "`exec` does not work in `{}`, whose root is read-only",
            container.name
        );
        findings.note("exec", message);
    }
}

fn percentages(raw: &raw::Ecs, findings: &mut Findings) {
    let least = raw.minimum_healthy_percent.as_ref();
    let most = raw.maximum_percent.as_ref();
    let (low, high) = (
        least.map_or(100, |at| at.value.0),
        most.map_or(200, |at| at.value.0),
    );
    if low >= high
        && let Some(spot) = most.map(|at| at.spot).or(least.map(|at| at.spot))
    {
        let message =
            format!("a rollout within {low} % and {high} % of the tasks could never start one");
        let problem = Problem::new("conflict", message).at(spot);
        findings.problem(problem.help("`maximum_percent` must be above `minimum_healthy_percent`"));
    }
}

fn scaling_on_requests(raw: &raw::Ecs, scaling: Option<&At<Scaling>>, findings: &mut Findings) {
    let Some(requests) = scaling.and_then(|at| at.value.requests.as_ref()) else {
        return;
    };
    let several = raw.target_groups.as_ref().map_or(0, |at| at.value.len());
    let groups = several + usize::from(raw.has(&["target_group"]));
    let readable = raw.target_groups.is_some() || !raw.has(&["target_groups"]);
    if readable && groups != 1 {
        let message = format!("scaling on requests needs exactly one target group, not {groups}");
        findings.bad_value(requests.head, message);
    }
    if !raw.has(&["load_balancer"]) {
        let message = "scaling on requests needs `ecs.load_balancer`, the ARN of the load balancer";
        findings.bad_value(requests.head, message);
    }
}

fn logs(
    group: Option<At<Filled>>,
    prefix: Option<At<Filled>>,
    region: &Region,
    findings: &mut Findings,
) -> Option<AwsLogs> {
    let Some(group) = group else {
        if let Some(at) = prefix {
            findings.missing(at.head, "log_group", "a prefix alone writes no logs");
        }
        return None;
    };
    // Amazon CloudWatch Logs API reference, CreateLogGroup.
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    if group.value.0.len() > 512 || !group.value.0.chars().all(plain) {
        let message = "a log group has at most 512 letters, digits and `_-/.#`";
        findings.bad_value(group.spot, message);
    }
    Some(AwsLogs {
        group: group.value.0,
        region: region.clone(),
        prefix: prefix.map_or_else(|| "ecs".to_owned(), |at| at.value.0),
    })
}

/// Amazon ECS API reference, `CapacityProviderStrategyItem`.
fn capacity(raw: Option<At<Vec<At<raw::Capacity>>>>, findings: &mut Findings) -> Vec<Capacity> {
    let Some(items) = raw else {
        return Vec::new();
    };
    let mut found: Vec<Capacity> = Vec::new();
    for At {
        value: raw, spot, ..
    } in items.value
    {
        let Some(provider) = raw.provider else {
            continue;
        };
        if found.iter().any(|other| other.provider == provider.value) {
            findings.problem(
                Problem::new("duplicate-name", "this provider is listed twice").at(provider.spot),
            );
        }
        let base = or(raw.base, Whole(0)).0;
        if base > 0 && found.iter().any(|other| other.base > 0) {
            findings.bad_value(spot, "only one provider can have a `base`");
        }
        found.push(Capacity {
            provider: provider.value,
            base,
            weight: or(raw.weight, Whole(1)).0,
        });
    }
    if !found.is_empty() && found.iter().all(|item| item.weight == 0) {
        findings.bad_value(items.head, "at least one provider needs a `weight` above 0");
    }
    found
}

fn platform_version(raw: Option<At<Filled>>, findings: &mut Findings) -> String {
    let Some(at) = raw else {
        return "LATEST".to_owned();
    };
    let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let numbered = at.value.0.split('.').count() == 3 && at.value.0.split('.').all(number);
    if at.value.0 != "LATEST" && !numbered {
        findings.bad_value(
            at.spot,
            "a platform version is \"LATEST\", or like \"1.4.0\"",
        );
    }
    at.value.0
}

/// 21 to 200 GiB (Amazon ECS API reference, `EphemeralStorage`).
fn ephemeral_storage(raw: Option<At<Mebibytes>>, findings: &mut Findings) -> Option<u32> {
    let at = raw?;
    let gibibytes = at.value.0 / 1024;
    if at.value.0 % 1024 != 0 || !(21..=200).contains(&gibibytes) {
        findings.bad_value(
            at.spot,
            "must be a whole number of GiB from 21GiB to 200GiB",
        );
        return None;
    }
    Some(gibibytes)
}

fn alarms(raw: Option<At<Vec<At<Filled>>>>, findings: &mut Findings) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for at in raw.map(|at| at.value).unwrap_or_default() {
        if names.contains(&at.value.0) {
            findings
                .problem(Problem::new("duplicate-name", "this alarm is listed twice").at(at.spot));
        }
        names.push(at.value.0);
    }
    names
}
