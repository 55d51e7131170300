//! What tasks are launched on, and how they reach the network there.

use serde::{Deserialize, Serialize};

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, words};
use crate::spec::words::capacity::{Capacity, is_fargate};
use crate::spec::words::ecs::{EcsTable, Scene};

words!(
    LaunchType, "a launch type",
    "fargate" => LaunchType::Fargate,
    "ec2" => LaunchType::Ec2,
    "external" => LaunchType::External,
    "managed_instances" => LaunchType::ManagedInstances,
);

/// What tasks are launched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LaunchType {
    /// Capacity that AWS runs.
    #[default]
    Fargate,
    /// Instances of one's own that are registered with the cluster.
    Ec2,
    /// Machines elsewhere that are registered with the cluster (ECS Anywhere).
    External,
    /// Instances that ECS itself starts and ends, which only a capacity provider offers.
    ManagedInstances,
}

impl LaunchType {
    /// As the API spells it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fargate => "FARGATE",
            Self::Ec2 => "EC2",
            Self::External => "EXTERNAL",
            Self::ManagedInstances => "MANAGED_INSTANCES",
        }
    }
}

words!(
    NetworkMode, "a network mode",
    "awsvpc" => NetworkMode::Awsvpc,
    "bridge" => NetworkMode::Bridge,
    "host" => NetworkMode::Host,
    "none" => NetworkMode::None,
);

/// How the containers of a task reach the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NetworkMode {
    /// Each task has a network interface and an address of its own.
    #[default]
    Awsvpc,
    /// Docker's own network on each instance.
    Bridge,
    /// The network of the instance.
    Host,
    /// No network.
    None,
}

impl NetworkMode {
    /// As the API spells it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Awsvpc => "awsvpc",
            Self::Bridge => "bridge",
            Self::Host => "host",
            Self::None => "none",
        }
    }
}

words!(PidMode, "a PID mode", "task" => PidMode("task"), "host" => PidMode("host"));

/// Whose processes a container sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PidMode(&'static str);

impl PidMode {
    /// As the API spells it.
    pub(crate) fn word(self) -> &'static str {
        self.0
    }
}

words!(
    IpcMode, "an IPC mode",
    "task" => IpcMode("task"),
    "host" => IpcMode("host"),
    "none" => IpcMode("none"),
);

/// Whose memory a container shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IpcMode(&'static str);

impl IpcMode {
    /// As the API spells it.
    pub(crate) fn word(self) -> &'static str {
        self.0
    }
}

/// Fargate shares no instance's processes and no memory (Amazon ECS API reference,
/// `RegisterTaskDefinition`).
pub(in crate::spec) fn modes(raw: &EcsTable, launch: LaunchType, findings: &mut Findings) {
    if launch != LaunchType::Fargate {
        return;
    }
    let host = raw.pid_mode.as_ref().filter(|at| at.value.0 == "host");
    let ipc = raw.ipc_mode.as_ref().map(|at| ("ipc_mode", at.spot));
    let both = host.map(|at| ("pid_mode", at.spot)).into_iter().chain(ipc);
    for (key, spot) in both {
        let message = format!("`{key}` is for instances of your own: Fargate does not have it");
        findings.problem(Problem::new("conflict", message).at(spot));
    }
}

/// What a service's tasks are launched on: what the file says, else what its capacity is.
pub(in crate::spec) fn launch(
    raw: &EcsTable,
    capacity: &[Capacity],
    findings: &mut Findings,
) -> LaunchType {
    let said = raw.launch_type.as_ref();
    let Some(first) = capacity.first() else {
        if let Some(at) = said.filter(|at| at.value == LaunchType::ManagedInstances) {
            let problem = Problem::new("missing-key", "`capacity` is missing").at(at.spot);
            let problem = problem.label("only a capacity provider has Managed Instances");
            findings.problem(problem.help("capacity = [{ provider = \"NAME\" }]"));
        }
        return said.map_or(LaunchType::Fargate, |at| at.value);
    };
    let usual = if is_fargate(&first.provider) {
        LaunchType::Fargate
    } else {
        LaunchType::Ec2
    };
    let Some(at) = said else {
        return usual;
    };
    let on_fargate = |launch| launch == LaunchType::Fargate;
    if at.value == LaunchType::External {
        let message = "machines elsewhere have no capacity provider: leave `capacity` out";
        findings.bad_value(at.spot, message);
    } else if on_fargate(at.value) != on_fargate(usual) {
        let message = format!("`{}` is another launch type's provider", first.provider);
        let problem = Problem::new("conflict", message).at(at.spot);
        findings.problem(problem.help("leave `launch_type` out: `capacity` says where tasks run"));
    }
    at.value
}

/// The network mode, which Fargate has only one of, and what it needs of the target.
pub(in crate::spec) fn network_mode(
    raw: &EcsTable,
    launch: LaunchType,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> NetworkMode {
    let said = raw.network_mode.as_ref();
    let mode = said.map_or(NetworkMode::Awsvpc, |at| at.value);
    let other = said.filter(|at| at.value != NetworkMode::Awsvpc);
    if let Some(at) = other.filter(|_| launch == LaunchType::Fargate) {
        let problem = Problem::new("bad-value", "Fargate has only network mode `awsvpc`");
        findings.problem(problem.at(at.spot).help(
            "bridge, host and none are for instances of your own: launch_type = \"ec2\", or their `capacity`",
        ));
    }
    if mode == NetworkMode::Awsvpc && scene.place.network.is_none() {
        let spot = said.map_or(scene.head, |at| at.spot);
        let message = "`network` is missing in the target's file";
        let problem = Problem::new("missing-key", message).at(spot);
        let problem = problem.label("its tasks get an address of their own, in these subnets");
        findings.problem(problem.help("network = { subnets = [\"subnet-…\"] }"));
    }
    mode
}

/// Tells of what only Fargate has.
pub(in crate::spec) fn only_fargate<T>(
    key: &str,
    at: Option<&At<T>>,
    launch: LaunchType,
    findings: &mut Findings,
) {
    let spot: Option<Spot> = at.map(|at| at.head);
    if let Some(spot) = spot.filter(|_| launch != LaunchType::Fargate) {
        let message = format!(
            "`{key}` is Fargate's: it means nothing on {}",
            launch.word()
        );
        findings.problem(Problem::new("conflict", message).at(spot));
    }
}
