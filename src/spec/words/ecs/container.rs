//! What only ECS knows about a container: of the main one in `[service.NAME.ecs]`, of a sidecar in
//! `[service.NAME.sidecar.NAME.ecs]`.

mod docker;
pub(in crate::spec) mod tables;

use std::collections::BTreeMap;

use serde_json::{Map as Members, Value as Json};

use self::docker::docker;
use self::tables::{FirelensTable, LimitTable, ReservedTable, Restart, TmpfsTable, Ulimit};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Switch, Table as _};
use crate::spec::units::{Mebibytes, Time};
use crate::spec::words::ServiceTable;
use crate::spec::words::capabilities::CapabilitiesTable;
use crate::spec::words::ecs::launch::{LaunchType, NetworkMode};
use crate::spec::words::ecs::log::{self, ContainerLog, LogTable, own_log};
use crate::spec::words::ecs::{EcsTable, Scene};
use crate::spec::words::service::holds;

/// Declares a table that has, beside its own keys, those that concern a container on ECS; and how they are
/// moved out of it.
macro_rules! container_table {
    ($(#[doc = $about:literal])+ $written:literal $name:ident { $($own:tt)* }) => {
        $crate::spec::shape::table! {
            $(#[doc = $about])+
            $written $name {
                $($own)*
                /// What is reserved for the container. Default: `cpu` of a sidecar; else it shares the task's.
                requests: $crate::spec::words::ecs::container::tables::ReservedTable,
                /// What the container may use at most. Default: `memory` of a sidecar; else the task's.
                limits: $crate::spec::words::ecs::container::tables::LimitTable,
                /// What runs inside of the container to check it, before `health.command`: a shell line, or a program with its arguments.
                health_command: $crate::spec::words::health::Line,
                /// Where its output goes, or false; said for the main container, of every one that does not say it.
                log: $crate::spec::shape::Switch<$crate::spec::words::ecs::log::LogTable>,
                /// It routes what others print with log driver "awsfirelens": { router = "fluentbit" }.
                firelens: $crate::spec::words::ecs::container::tables::FirelensTable,
                /// Limits of the operating system: { nofile = 65536 }, or { nofile = { soft = 1024, hard = 4096 } }.
                ulimits: $crate::spec::shape::Map<$crate::spec::words::ecs::container::tables::Ulimit>,
                /// Labels of Docker.
                docker_labels: $crate::spec::shape::Map<String>,
                /// Files in S3 with more of its environment, by their ARNs: `arn:aws:s3:::BUCKET/PATH.env`.
                env_files: Vec<$crate::spec::shape::At<$crate::spec::scalar::Filled>>,
                /// The secret that the image is pulled with from a private registry: its ARN, or its name.
                repository_credentials: $crate::spec::scalar::Filled,
                /// Containers that wait for it give up after so long. Default: the platform's own.
                start_timeout: $crate::spec::units::Time<1, 86_400>,
                /// Whether a small init process reaps the processes that it leaves behind. Default: false.
                init: bool,
                /// Capabilities of Linux that it has more, and has not: { add = …, drop = … }.
                capabilities: $crate::spec::words::capabilities::CapabilitiesTable,
                /// The size of /dev/shm; not on Fargate.
                shm_size: $crate::spec::units::Mebibytes,
                /// Scratch file systems in memory: [{ path = "/run", size = "64MiB" }].
                tmpfs: Vec<$crate::spec::shape::At<$crate::spec::words::ecs::container::tables::TmpfsTable>>,
                /// Whether it is started anew while its task runs on: true, or { ignore = `[0]`, after = "300s" }.
                restart: $crate::spec::words::ecs::container::tables::Restart,
                /// GPUs that it has to itself; not on Fargate.
                gpu: $crate::spec::scalar::Whole<1, 16>,
                /// Whether it may do on its instance whatever root may; not on Fargate. Default: false.
                privileged: bool,
                /// Other containers that it reaches by name, in network mode bridge: "db", or "db:alias".
                links: Vec<$crate::spec::shape::At<$crate::spec::scalar::Filled>>,
                /// Lines of /etc/hosts, name by address; not with awsvpc.
                extra_hosts: $crate::spec::shape::Map<$crate::spec::scalar::Filled>,
                /// Name servers; not with awsvpc.
                dns: Vec<$crate::spec::shape::At<$crate::spec::scalar::Filled>>,
                /// Domains in which names are looked for; not with awsvpc.
                dns_search: Vec<$crate::spec::shape::At<$crate::spec::scalar::Filled>>,
                /// Its own host name; not with awsvpc.
                hostname: $crate::spec::scalar::Filled,
                /// Settings of the kernel: { "net.core.somaxconn" = "1024" }.
                system_controls: $crate::spec::shape::Map<$crate::spec::scalar::Filled>,
                /// Docker's security options, such as "no-new-privileges"; not on Fargate.
                security_options: Vec<$crate::spec::shape::At<$crate::spec::scalar::Filled>>,
                /// Whether its standard input stays open. Default: false.
                interactive: bool,
                /// Whether it has a terminal. Default: false.
                tty: bool,
                /// Whether all tasks of a deployment run the image that its tag meant at first. Default: true.
                version_consistency: bool,
            }
        }

        impl $name {
            /// Those of its keys that concern a container.
            pub(in crate::spec) fn of_container(&mut self) -> $crate::spec::words::ecs::container::Given {
                $crate::spec::words::ecs::container::Given {
                    requests: self.requests.take(),
                    limits: self.limits.take(),
                    log: self.log.take(),
                    firelens: self.firelens.take(),
                    ulimits: self.ulimits.take(),
                    docker_labels: self.docker_labels.take(),
                    env_files: self.env_files.take(),
                    repository_credentials: self.repository_credentials.take(),
                    start_timeout: self.start_timeout.take(),
                    init: self.init.take(),
                    capabilities: self.capabilities.take(),
                    shm_size: self.shm_size.take(),
                    tmpfs: self.tmpfs.take(),
                    restart: self.restart.take(),
                    gpu: self.gpu.take(),
                    privileged: self.privileged.take(),
                    links: self.links.take(),
                    extra_hosts: self.extra_hosts.take(),
                    dns: self.dns.take(),
                    dns_search: self.dns_search.take(),
                    hostname: self.hostname.take(),
                    system_controls: self.system_controls.take(),
                    security_options: self.security_options.take(),
                    interactive: self.interactive.take(),
                    tty: self.tty.take(),
                    version_consistency: self.version_consistency.take(),
                }
            }
        }
    };
}
pub(in crate::spec) use container_table;

container_table! {
    /// What only ECS knows about a sidecar.
    "[service.NAME.sidecar.NAME.ecs]" SidecarEcsTable {}
}

/// What is written for one container.
#[derive(Default)]
pub(in crate::spec) struct Given {
    pub(in crate::spec) requests: Option<At<ReservedTable>>,
    pub(in crate::spec) limits: Option<At<LimitTable>>,
    pub(in crate::spec) log: Option<At<Switch<LogTable>>>,
    pub(in crate::spec) firelens: Option<At<FirelensTable>>,
    pub(in crate::spec) ulimits: Option<At<Map<Ulimit>>>,
    pub(in crate::spec) docker_labels: Option<At<Map<String>>>,
    pub(in crate::spec) env_files: Option<At<Vec<At<Filled>>>>,
    pub(in crate::spec) repository_credentials: Option<At<Filled>>,
    pub(in crate::spec) start_timeout: Option<At<Time<1, 86_400>>>,
    pub(in crate::spec) init: Option<At<bool>>,
    pub(in crate::spec) capabilities: Option<At<CapabilitiesTable>>,
    pub(in crate::spec) shm_size: Option<At<Mebibytes>>,
    pub(in crate::spec) tmpfs: Option<At<Vec<At<TmpfsTable>>>>,
    pub(in crate::spec) restart: Option<At<Restart>>,
    pub(in crate::spec) gpu: Option<At<Whole<1, 16>>>,
    pub(in crate::spec) privileged: Option<At<bool>>,
    pub(in crate::spec) links: Option<At<Vec<At<Filled>>>>,
    pub(in crate::spec) extra_hosts: Option<At<Map<Filled>>>,
    pub(in crate::spec) dns: Option<At<Vec<At<Filled>>>>,
    pub(in crate::spec) dns_search: Option<At<Vec<At<Filled>>>>,
    pub(in crate::spec) hostname: Option<At<Filled>>,
    pub(in crate::spec) system_controls: Option<At<Map<Filled>>>,
    pub(in crate::spec) security_options: Option<At<Vec<At<Filled>>>>,
    pub(in crate::spec) interactive: Option<At<bool>>,
    pub(in crate::spec) tty: Option<At<bool>>,
    pub(in crate::spec) version_consistency: Option<At<bool>>,
}

/// What only ECS knows about a container.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct EcsContainer {
    /// CPU units that are reserved for it; `None`: as the container says.
    pub(crate) cpu: Option<u32>,
    /// MiB that are reserved for it, beyond which it may go.
    pub(crate) memory_reservation: Option<u32>,
    /// MiB that it may use at most; `None`: as the container says.
    pub(crate) memory: Option<u32>,
    /// Where its own output goes.
    pub(crate) log: ContainerLog,
    /// Members of its definition in the API's own spelling.
    pub(crate) members: Members<String, Json>,
}

/// What one container is launched with, for what not everything has.
#[derive(Clone, Copy)]
pub(in crate::spec) struct Launched {
    pub(in crate::spec) launch: LaunchType,
    pub(in crate::spec) mode: NetworkMode,
}

/// A place of a key that not every launch type or network mode has.
pub(in crate::spec) enum Needs {
    /// Instances, which Fargate has none of.
    Instances,
    /// A network mode other than awsvpc.
    OtherMode,
    /// Network mode bridge.
    Bridge,
}

/// A key, its place, and what it needs.
type Bound = (&'static str, Spot, Needs);

/// What only ECS knows about one container, and the keys that it cannot have everywhere.
fn container(given: Given, findings: &mut Findings) -> (EcsContainer, Vec<Bound>) {
    let mut bound = Vec::new();
    let (members, keys) = docker(&given);
    bound.extend(keys);
    let requests = given.requests.map(|at| at.value).unwrap_or_default();
    let limits = given.limits.map(|at| at.value).unwrap_or_default();
    if let (Some(reserved), Some(most)) = (&requests.memory, &limits.memory)
        && reserved.value.0 > most.value.0
    {
        let problem = Problem::new("conflict", "more memory is reserved than may be used");
        let problem = problem.at(reserved.spot).also(most.spot, "the limit");
        findings.problem(problem);
    }
    let made = EcsContainer {
        cpu: requests.cpu.map(|at| at.value.0),
        memory_reservation: requests.memory.map(|at| at.value.0),
        memory: limits.memory.map(|at| at.value.0),
        log: own_log(given.log),
        members,
    };
    (made, bound)
}

/// Tells of keys that a container cannot have where it runs.
fn check(bound: &[Bound], launched: Launched, findings: &mut Findings) {
    for (key, spot, needs) in bound {
        let why = match needs {
            Needs::Instances if launched.launch == LaunchType::Fargate => {
                "is for instances of your own: Fargate does not have it"
            }
            Needs::OtherMode if launched.mode == NetworkMode::Awsvpc => {
                "does not go with network mode awsvpc, in which the task's own interface says it"
            }
            Needs::Bridge if launched.mode != NetworkMode::Bridge => {
                "is of network mode bridge alone; with awsvpc and host, containers of a task reach each other at localhost"
            }
            _ => continue,
        };
        let message = format!("`{key}` {why}");
        findings.problem(Problem::new("conflict", message).at(*spot));
    }
}

/// All containers of a service by name.
pub(crate) type EcsContainers = BTreeMap<String, EcsContainer>;

/// What is written for a sidecar, once it is read.
#[derive(Default)]
pub(in crate::spec) struct OfEcs {
    made: EcsContainer,
    bound: Vec<Bound>,
    log: Option<Spot>,
}

impl OfEcs {
    pub(in crate::spec) fn read(given: Given, findings: &mut Findings) -> Self {
        let log = given.log.as_ref().map(|at| at.head);
        let (made, bound) = container(given, findings);
        Self { made, bound, log }
    }
}

/// What only ECS knows about each container.
pub(in crate::spec) fn containers(
    raw: &mut EcsTable,
    common: &ServiceTable,
    scene: &Scene<'_>,
    launched: Launched,
    findings: &mut Findings,
) -> EcsContainers {
    let main = OfEcs::read(raw.of_container(), findings);
    let each = scene.containers.iter().enumerate();
    let all = each.map(|(index, placed)| {
        let own = if index == 0 { &main } else { &placed.ecs };
        (placed.name.to_string(), own)
    });
    let mut found = EcsContainers::new();
    for (name, of) in all {
        check(&of.bound, launched, findings);
        log::check(&of.made.log, of.log, launched.launch, findings);
        found.insert(name, of.made.clone());
    }
    sizes(&found, common, scene, launched, findings);
    host_ports(scene, launched, findings);
    found
}

/// What containers reserve comes out of the task's; where the task has none, each says its memory.
fn sizes(
    found: &EcsContainers,
    common: &ServiceTable,
    scene: &Scene<'_>,
    launched: Launched,
    findings: &mut Findings,
) {
    let mut reserved = 0_u64;
    for placed in scene.containers {
        let own = found.get(placed.name.as_str()).cloned().unwrap_or_default();
        let plain = placed.container.as_ref();
        let cpu = own.cpu.or(plain.and_then(|plain| plain.cpu));
        reserved += cpu.map_or(0, u64::from);
        let memory = own.memory.or(plain.and_then(|plain| plain.memory));
        let sized = memory.or(own.memory_reservation).is_some() || common.has(&["memory"]);
        if launched.launch != LaunchType::Fargate && !sized && plain.is_some() {
            let message = format!("nothing says how much memory `{}` has", placed.name);
            let problem = Problem::new("missing-key", message).at(placed.head);
            findings.problem(problem.help(
                "give the service `memory`, or the container `ecs.requests = { memory = \"256MiB\" }`",
            ));
        }
    }
    holds(common, reserved, findings);
}

/// With awsvpc and host a container's port is the only one there is.
fn host_ports(scene: &Scene<'_>, launched: Launched, findings: &mut Findings) {
    if launched.mode == NetworkMode::Bridge {
        return;
    }
    for at in scene.containers.iter().flat_map(|placed| &placed.ports) {
        if at.value.host.is_some_and(|host| host != at.value.number) {
            let message = format!(
                "with network mode {} a port has no other one on its machine",
                launched.mode.word()
            );
            let problem = Problem::new("conflict", message).at(at.spot);
            findings.problem(problem.help("`host` is of network mode bridge"));
        }
    }
}
