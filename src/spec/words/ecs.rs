//! What only ECS knows about a service.

pub(in crate::spec) mod autoscaler;
pub(in crate::spec) mod container;
pub(in crate::spec) mod exec;
pub(in crate::spec) mod execution_role;
pub(in crate::spec) mod hooks;
pub(in crate::spec) mod launch;
pub(in crate::spec) mod log;
pub(in crate::spec) mod members;
pub(in crate::spec) mod placement;
pub(crate) mod policy;
pub(in crate::spec) mod role;
pub(in crate::spec) mod scheduling;
pub(in crate::spec) mod strategy;

use std::time::Duration;

use crate::names::{Arn, EcsName};
use crate::spec::findings::Findings;
use crate::spec::resolve::{self, Ground, arns, limits, or};
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Switch, Table};
use crate::spec::units::{Mebibytes, Time};
use crate::spec::words::ServiceTable;
use crate::spec::words::architecture::Architecture;
use crate::spec::words::capacity::{Capacity, CapacityTable, capacity};
use crate::spec::words::ecs::autoscaler::{EcsAutoscaler, EcsAutoscalerTable, autoscaler};
use crate::spec::words::ecs::container::{EcsContainers, Launched, container_table, containers};
use crate::spec::words::ecs::hooks::EcsHookTable;
use crate::spec::words::ecs::launch::{
    IpcMode, LaunchType, NetworkMode, PidMode, launch, modes, network_mode, only_fargate,
};
use crate::spec::words::ecs::log::Log;
use crate::spec::words::ecs::members::{ConnectTable, Propagate, RegistryTable, members};
use crate::spec::words::ecs::placement::PlacementTable;
use crate::spec::words::ecs::role::{Role, role};
use crate::spec::words::ecs::scheduling::{Scheduling, daemon, percentages};
use crate::spec::words::ecs::strategy::{Bake, StrategyWord, TrafficShift, alarms, shift};
use crate::spec::words::env::refs;
use crate::spec::words::logs::{AwsLogs, logs};
use crate::spec::words::patch::ecs::{EcsPatch, EcsPatchTable, patches};
use crate::spec::words::scaling::{ScalingTable, balanced};
use crate::spec::words::target::cluster::EcsPlace;
use crate::spec::words::target_groups::{OneGroup, TargetGroup, TargetGroupTable, target_groups};
use crate::spec::words::{secret, size, volumes::ebs::configurations};

container_table! {
    /// What only ECS knows about a service.
    "[service.NAME.ecs]" EcsTable {
        /// The ECS service's name. Default: the service's own.
        service: EcsName,
        /// The task definition family. Default: the service's own name.
        family: EcsName,
        /// The role that pulls images, reads secrets and writes logs: its ARN, or its name in the target's account.
        execution_role: Role,
        /// The role of the program itself: its ARN, or its name in the target's account. Default: none.
        task_role: Role,
        /// CloudWatch log group for the output of every container. Default: no logs.
        log_group: Filled,
        /// Log streams are PREFIX/CONTAINER/TASK. Default: ecs.
        log_prefix: Filled,
        /// More options of awslogs, beside the group: { mode = "non-blocking", "max-buffer-size" = "25m" }.
        log_options: Map<String>,
        /// The load balancer's target group, to the service's port: its ARN, or a table as in `target_groups`.
        target_group: OneGroup,
        /// Several target groups instead of one, at most 5.
        target_groups: Vec<At<TargetGroupTable>>,
        /// ARN of the Application Load Balancer; needed for `scaling.requests` and `scaling.response_time`.
        load_balancer: Arn,
        /// What tasks are launched on: "fargate", "ec2", "external", or `managed_instances`. Default: as `capacity` is, else Fargate.
        launch_type: LaunchType,
        /// How containers reach the network: "awsvpc", which Fargate has alone, "bridge", "host", "none". Default: awsvpc.
        network_mode: NetworkMode,
        /// Capacity providers in shares: a mix of `FARGATE` and `FARGATE_SPOT`, or of the cluster's own. Default: the launch type.
        capacity: Vec<At<CapacityTable>>,
        /// How many tasks there are: "replica", as `replicas` or `scaling` say, or "daemon", one on each instance of one's own. Default: replica.
        scheduling: Scheduling,
        /// What the autoscaler of `scaling` knows besides.
        autoscaler: EcsAutoscalerTable,
        /// On which instances tasks are placed; where it is left out, what the service has stays.
        placement: PlacementTable,
        /// Whether containers of a task see each other's processes, or their instance's: "task", "host".
        pid_mode: PidMode,
        /// Whether containers of a task share memory, or have their instance's: "task", "host", "none"; not on Fargate.
        ipc_mode: IpcMode,
        /// Whether ECS tags tasks with the cluster and the service; where it is left out, what the service has stays.
        managed_tags: bool,
        /// Where tasks get their tags from: "service", `task_definition`, "none"; where it is left out, what the service has stays.
        propagate_tags: Propagate,
        /// Whether ECS evens tasks out over zones; where it is left out, what the service has stays: a new one does.
        az_rebalancing: bool,
        /// Services of Cloud Map under which tasks are found; where it is left out, what the service has stays.
        registries: Vec<At<RegistryTable>>,
        /// Service Connect, or false; where it is left out, what the service has stays.
        connect: Switch<ConnectTable>,
        /// Fargate platform version. Default: LATEST.
        platform_version: Filled,
        /// Scratch disk of a task, 21GiB to 200GiB. Default: Fargate's 20 GiB.
        ephemeral_storage: Mebibytes,
        /// Whether `aws ecs execute-command` works. Default: false.
        exec: bool,
        /// New tasks have so long before load-balancer health counts. Default: 0s.
        health_grace: Time<0, 2_147_483_647>,
        /// Fewest running tasks during a rollout, percent of desired. Default: 100; of a daemon: 0.
        minimum_healthy_percent: Whole<0, 200>,
        /// Most running tasks during a rollout, percent of desired. Default: 200; of a daemon: 100, which it has alone.
        maximum_percent: Whole<1, 10_000>,
        /// Names of CloudWatch alarms that trip the rollout.
        alarms: Vec<At<Filled>>,
        /// How traffic moves to what is new: "rolling", `blue_green`, `{ linear = "10%", step_bake = "6m" }` or `{ canary = "5%", step_bake = "10m" }`. Default: rolling.
        strategy: StrategyWord,
        /// Both revisions run so long after all traffic has moved, and going back takes a moment. Default: 0s.
        bake: Bake,
        /// What a rollout that shifts traffic asks at its stages: a Lambda function, or a person.
        hooks: Vec<At<EcsHookTable>>,
        /// What the ECS API knows and the file format has no word for.
        patch: EcsPatchTable,
    }
}

/// What only ECS knows about a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EcsOwn {
    /// The ECS service's name.
    pub(crate) service: EcsName,
    /// The task definition family.
    pub(crate) family: EcsName,
    /// What its tasks are launched on.
    pub(crate) launch: LaunchType,
    /// Whether it has one task on each instance.
    pub(crate) daemon: bool,
    /// How its containers reach the network.
    pub(crate) network_mode: NetworkMode,
    /// CPU of one task, in units of 1/1024 vCPU; `None`: off Fargate, no bound.
    pub(crate) cpu: Option<u32>,
    /// Memory of one task, in MiB; `None`: off Fargate, as its containers say.
    pub(crate) memory: Option<u32>,
    /// The processors that its images are built for.
    pub(crate) architecture: Architecture,
    /// Pulls the image, reads the secrets, writes the logs.
    pub(crate) execution_role: Option<String>,
    /// The role that says what the program itself may do.
    pub(crate) task_role: Option<String>,
    /// Where the main container's output can be read again; `None`: not in CloudWatch Logs.
    pub(crate) logs: Option<AwsLogs>,
    /// Where the output goes of every container that does not say it itself.
    pub(crate) log: Option<Log>,
    /// What else only ECS knows about each container, by its name.
    pub(crate) containers: EcsContainers,
    /// As the API spells it; `None`: each container has processes of its own.
    pub(crate) pid_mode: Option<&'static str>,
    /// As the API spells it; `None`: as Docker does it.
    pub(crate) ipc_mode: Option<&'static str>,
    /// The target groups come in the order of the file.
    pub(crate) target_groups: Vec<TargetGroup>,
    /// The ALB in front, needed for scaling on what its target group is asked for.
    pub(crate) load_balancer: Option<Arn>,
    /// What its autoscaler knows besides bounds and aims.
    pub(crate) autoscaler: EcsAutoscaler,
    /// The capacity providers; without any, the launch type says it.
    pub(crate) capacity: Vec<Capacity>,
    /// The platform version of Fargate: `LATEST` unless the file says otherwise.
    pub(crate) platform_version: String,
    /// GiB, 21 to 200; `None`: Fargate's 20.
    pub(crate) ephemeral_storage: Option<u32>,
    /// Whether `aws ecs execute-command` works.
    pub(crate) exec: bool,
    /// New tasks have so long before load-balancer health counts.
    pub(crate) health_grace: Duration,
    /// Lower bound of running tasks during a rollout, in percent of desired, rounded up.
    pub(crate) minimum_healthy_percent: u32,
    /// Upper bound of running tasks during a rollout, in percent of desired, rounded down.
    pub(crate) maximum_percent: u32,
    /// CloudWatch alarms that trip the rollout.
    pub(crate) alarms: Vec<String>,
    /// How traffic moves to what is new.
    pub(crate) shift: TrafficShift,
    /// What is laid over the requests, in the API's own spelling.
    pub(crate) patch: EcsPatch,
}

pub(in crate::spec) type Scene<'a> = resolve::Scene<'a, EcsPlace>;

impl Ground for EcsPlace {
    type Own = EcsOwn;
    const ECS: bool = true;

    fn own(raw: &mut ServiceTable, scene: &Scene<'_>, findings: &mut Findings) -> Option<EcsOwn> {
        if raw.expose.is_some() {
            findings.note(
                "not-honoured",
                "`expose` changes nothing on ECS: the load balancer's listeners are not ours, only its target group is",
            );
        }
        limits::definition(scene.head, scene.containers, findings);
        ecs(raw, scene, findings)
    }

    fn counts_itself(own: &EcsOwn) -> bool {
        own.daemon
    }

    fn objects(own: &EcsOwn) -> Vec<(&'static str, String)> {
        vec![("ECS service", own.service.to_string())]
    }
}

/// Resolves `[service.NAME.ecs]`; an absent table is an empty one.
fn ecs(common: &mut ServiceTable, scene: &Scene<'_>, findings: &mut Findings) -> Option<EcsOwn> {
    let raw = common.ecs.take();
    let head = raw.as_ref().map_or(scene.head, |at| at.head);
    let mut raw = raw.map_or_else(EcsTable::default, |at| at.value);
    balancer(&raw, scene, findings);
    let capacity = capacity(raw.capacity.take(), findings);
    let launched = launched(&raw, &capacity, common, scene, findings);
    execution_role::check(&raw, launched.launch, head, scene, findings);
    exec::check(&raw, scene, findings);
    let daemon = daemon(&raw, common, launched.launch, findings);
    let (low, high) = percentages(&raw, daemon, findings);
    scaling_on_requests(&raw, common.scaling.as_ref(), findings);
    let default: EcsName = scene.name.as_str().parse().ok()?;
    let (containers, output) = contents(&mut raw, common, scene, launched, findings);
    let groups = groups(&mut raw, scene, findings);
    let shift = shift(&mut raw, &groups, common.scaling.as_ref(), scene, findings);
    let platform_version = platform_version(raw.platform_version.take(), findings);
    let ephemeral_storage = ephemeral_storage(raw.ephemeral_storage.take(), findings);
    let alarms = alarms(raw.alarms.take(), findings);
    let mut members = members(&mut raw, launched.launch, findings);
    members.extend(configurations(
        common.volumes.as_ref(),
        scene.place,
        findings,
    ));
    let mut patch = patches(raw.patch.take(), scene.containers, findings);
    patch.service = patch.service.over(members);
    Some(EcsOwn {
        service: or(raw.service, default.clone()),
        family: or(raw.family, default),
        launch: launched.launch,
        daemon,
        network_mode: launched.mode,
        cpu: common.cpu.as_ref().map(|at| at.value.0),
        memory: common.memory.as_ref().map(|at| at.value.0),
        architecture: or(common.architecture.take(), Architecture::default()),
        execution_role: role("execution_role", raw.execution_role, scene.place, findings),
        task_role: role("task_role", raw.task_role, scene.place, findings),
        logs: output.readable,
        log: output.log,
        containers,
        pid_mode: raw.pid_mode.map(|at| at.value.word()),
        ipc_mode: raw.ipc_mode.map(|at| at.value.word()),
        target_groups: groups,
        load_balancer: raw.load_balancer.map(|at| at.value),
        autoscaler: autoscaler(raw.autoscaler, common.scaling.is_some(), findings),
        capacity,
        platform_version,
        ephemeral_storage,
        exec: or(raw.exec, false),
        health_grace: raw.health_grace.map_or(Duration::ZERO, |at| at.value.0),
        minimum_healthy_percent: low,
        maximum_percent: high,
        alarms,
        shift,
        patch,
    })
}

/// What its tasks are launched on, and what that needs.
fn launched(
    raw: &EcsTable,
    capacity: &[Capacity],
    common: &ServiceTable,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Launched {
    let launch = launch(raw, capacity, findings);
    let mode = network_mode(raw, launch, scene, findings);
    if launch == LaunchType::Fargate {
        size::needed(common, scene.head, findings);
        size::check(common, findings);
    }
    let version = raw.platform_version.as_ref();
    only_fargate("platform_version", version, launch, findings);
    let storage = raw.ephemeral_storage.as_ref();
    only_fargate("ephemeral_storage", storage, launch, findings);
    modes(raw, launch, findings);
    Launched { launch, mode }
}

/// What only ECS knows about its containers, and where their output goes.
fn contents(
    raw: &mut EcsTable,
    common: &ServiceTable,
    scene: &Scene<'_>,
    launched: Launched,
    findings: &mut Findings,
) -> (EcsContainers, log::Shared) {
    let group = raw.log_group.as_ref().map(|at| at.head);
    let home = &scene.place.region;
    let logs = logs(raw.log_group.take(), raw.log_prefix.take(), home, findings);
    let spot = raw.log.as_ref().map(|at| at.head);
    let containers = containers(raw, common, scene, launched, findings);
    let main = scene.containers.first();
    let main = main.and_then(|main| containers.get(main.name.as_str()));
    let own = main.map(|main| main.log.clone()).unwrap_or_default();
    let more = raw.log_options.take();
    let output = log::shared((&own, spot), (logs, group), more, home, findings);
    (containers, output)
}

/// The target groups. What grace they have is said apart from the container's own.
fn groups(raw: &mut EcsTable, scene: &Scene<'_>, findings: &mut Findings) -> Vec<TargetGroup> {
    let (one, several) = (raw.target_group.take(), raw.target_groups.take());
    let groups = target_groups(one, several, scene, findings);
    if raw.health_grace.is_none() && !groups.is_empty() && has_grace(scene) {
        findings.note(
            "health-grace",
            "`health.grace` is the container's own; load-balancer health counts at once unless `ecs.health_grace` is given",
        );
    }
    groups
}

fn has_grace(scene: &Scene<'_>) -> bool {
    let main = scene
        .containers
        .first()
        .and_then(|placed| placed.container.as_ref());
    let health = main.and_then(|container| container.health.as_ref());
    health.is_some_and(|health| !health.grace.is_zero())
}

fn balancer(raw: &EcsTable, scene: &Scene<'_>, findings: &mut Findings) {
    if let Some(at) = &raw.load_balancer {
        let what = "an Application Load Balancer";
        arns::kind(
            at,
            "elasticloadbalancing",
            "loadbalancer/app/",
            what,
            findings,
        );
        arns::home("load_balancer", &at.value, scene.place.into(), findings);
    }
    secret::home(scene.containers, scene.place.into(), findings);
    secret::for_ecs(scene.containers, findings);
    refs::for_ecs(scene.containers, findings);
}

fn scaling_on_requests(
    raw: &EcsTable,
    scaling: Option<&At<ScalingTable>>,
    findings: &mut Findings,
) {
    let Some((head, what)) = scaling.and_then(|at| balanced(&at.value)) else {
        return;
    };
    let several = raw.target_groups.as_ref().map_or(0, |at| at.value.len());
    let groups = several + usize::from(raw.has(&["target_group"]));
    let readable = raw.target_groups.is_some() || !raw.has(&["target_groups"]);
    if readable && groups != 1 {
        let message = format!("scaling on {what} needs exactly one target group, not {groups}");
        findings.bad_value(head, message);
    }
    if !raw.has(&["load_balancer"]) {
        let message =
            format!("scaling on {what} needs `ecs.load_balancer`, the ARN of the load balancer");
        findings.bad_value(head, message);
    }
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
