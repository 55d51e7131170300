//! The containers of a task: the main one, then the sidecars by name.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::names::{ContainerName, ImageRef, KubeLabel, ServiceName};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::or;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Table, table};
use crate::spec::units::{CpuUnits, Mebibytes, Time};
use crate::spec::words::depends_on::{Dependency, DependsOn, dependencies};
use crate::spec::words::ecs::container::{OfEcs, SidecarEcsTable};
use crate::spec::words::env::refs::{EnvFrom, EnvFromTable, EnvRef, EnvValue, env_from};
use crate::spec::words::env::{EnvName, Literal, environment, twice};
use crate::spec::words::health::{HealthCheck, SidecarHealthTable, main_health, sidecar_health};
use crate::spec::words::kubernetes::part::KubeSidecarTable;
use crate::spec::words::ports::{Port, WrittenPort, ports};
use crate::spec::words::secret::{Secret, SecretRef};
use crate::spec::words::volumes::{Mount, Mounts, mounts};
use crate::spec::words::{Placed, ServiceTable};

table! {
    /// A container that runs beside the main one.
    "[service.NAME.sidecar.NAME]" SidecarTable {
        /// The image that the sidecar runs.
        image: ImageRef = required,
        /// The port it listens on: 8080, or "53/udp".
        port: WrittenPort,
        /// Several ports instead of one.
        ports: Vec<At<WrittenPort>>,
        /// Its environment: NAME = "value"; on Kubernetes also { field = "status.podIP" } and its kin.
        env: Map<EnvValue, EnvName>,
        /// `ConfigMaps` and Secrets that fill its environment whole, on Kubernetes.
        env_from: Vec<At<EnvFromTable>>,
        /// Environment filled from a secret store.
        secrets: Map<Secret, EnvName>,
        /// Names in `env` that look like secrets and are none.
        allow_plain: Vec<At<Filled>>,
        /// Overrides the image's command.
        command: Vec<At<String>>,
        /// Overrides the image's entry point.
        entrypoint: Vec<At<String>>,
        /// A check that runs inside of it.
        health: SidecarHealthTable,
        /// Whether the task ends when it does. Default: true, as on ECS.
        essential: bool,
        /// Containers that must have got that far before it starts: { NAME = "healthy" }.
        depends_on: DependsOn,
        /// Where it has volumes of the service: { "/path" = "NAME" }.
        mounts: Mounts,
        /// CPU reserved for it, in vCPU. Default: it shares the task's.
        cpu: CpuUnits,
        /// Hard limit of its memory. Default: the task's.
        memory: Mebibytes,
        /// The user it runs as. Default: the image's.
        user: Filled,
        /// Its working directory. Default: the image's.
        working_dir: Filled,
        /// Whether its root file system cannot be written. Default: false.
        read_only_root: bool,
        /// Time between TERM and KILL, 2s to 120s. Default: the platform's 30s.
        stop_timeout: Time<2, 120>,
        /// What only ECS knows about it.
        ecs: SidecarEcsTable,
        /// What only Kubernetes knows about it.
        kubernetes: KubeSidecarTable,
    }
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Container {
    /// The service's name for the main one, unless `container` says another.
    pub(crate) name: ContainerName,
    /// The image that the container runs.
    pub(crate) image: ImageRef,
    /// Ports it listens on, TCP unless said otherwise; the main container's first is the service's.
    pub(crate) ports: Vec<Port>,
    /// Overrides the image's entry point when not empty.
    pub(crate) entrypoint: Vec<String>,
    /// Overrides the image's command when not empty.
    pub(crate) command: Vec<String>,
    /// The environment whose values stand in the files.
    pub(crate) env: BTreeMap<String, Literal>,
    /// Environment that only Kubernetes fills in.
    pub(crate) env_refs: BTreeMap<String, EnvRef>,
    /// `ConfigMaps` and Secrets that fill the environment whole, which only Kubernetes does.
    pub(crate) env_from: Vec<EnvFrom>,
    /// Environment filled by the platform from a secret store.
    pub(crate) secrets: BTreeMap<String, SecretRef>,
    /// Health check run inside the container. Absent: none.
    pub(crate) health: Option<HealthCheck>,
    /// Whether the task ends when this container does.
    pub(crate) essential: bool,
    /// Containers that must have got that far before this one starts.
    pub(crate) depends_on: BTreeMap<ContainerName, Dependency>,
    /// CPU units reserved for this container alone; `None`: shares the task's.
    pub(crate) cpu: Option<u32>,
    /// Hard limit of this container in MiB; `None`: the task's.
    pub(crate) memory: Option<u32>,
    /// Whether its root file system cannot be written.
    pub(crate) read_only_root: bool,
    /// The user it runs as, `user` or `user:group`; with `None` the image decides.
    pub(crate) user: Option<String>,
    /// The directory it starts in; with `None` the image decides.
    pub(crate) working_dir: Option<String>,
    /// Seconds between TERM and KILL, at most 120 on Fargate; `None`: the platform's 30.
    pub(crate) stop_timeout: Option<Duration>,
    /// Where it has volumes of the service.
    pub(crate) mounts: BTreeMap<String, Mount>,
}

/// AWS allows so many containers in a task definition (Amazon ECS service quotas).
const MOST: usize = 10;

/// What the main container and a sidecar have in common.
struct Parts {
    image: Option<At<ImageRef>>,
    port: Option<At<WrittenPort>>,
    ports: Option<At<Vec<At<WrittenPort>>>>,
    env: Option<At<Map<EnvValue, EnvName>>>,
    env_from: Option<At<Vec<At<EnvFromTable>>>>,
    secrets: Option<At<Map<Secret, EnvName>>>,
    allow_plain: Option<At<Vec<At<Filled>>>>,
    command: Option<At<Vec<At<String>>>>,
    entrypoint: Option<At<Vec<At<String>>>>,
    user: Option<At<Filled>>,
    working_dir: Option<At<Filled>>,
    read_only_root: Option<At<bool>>,
    stop_timeout: Option<At<Time<2, 120>>>,
    depends_on: Option<At<DependsOn>>,
    mounts: Option<At<Mounts>>,
    essential: bool,
    ports_given: bool,
    checked: bool,
    health: Option<HealthCheck>,
    cpu: Option<At<CpuUnits>>,
    memory: Option<At<Mebibytes>>,
}

/// Moves the keys that both kinds of container have.
macro_rules! parts {
    ($raw:expr, $essential:expr, $checked:expr, $health:expr, $cpu:expr, $memory:expr) => {
        Parts {
            image: $raw.image.take(),
            port: $raw.port.take(),
            ports: $raw.ports.take(),
            env: $raw.env.take(),
            env_from: $raw.env_from.take(),
            secrets: $raw.secrets.take(),
            allow_plain: $raw.allow_plain.take(),
            command: $raw.command.take(),
            entrypoint: $raw.entrypoint.take(),
            user: $raw.user.take(),
            working_dir: $raw.working_dir.take(),
            read_only_root: $raw.read_only_root.take(),
            stop_timeout: $raw.stop_timeout.take(),
            depends_on: $raw.depends_on.take(),
            mounts: $raw.mounts.take(),
            essential: $essential,
            ports_given: $raw.has(&["port", "ports"]),
            checked: $checked,
            health: $health,
            cpu: $cpu,
            memory: $memory,
        }
    };
}

/// Every container of a service, `ecs` or not.
pub(in crate::spec) fn all(
    name: &ServiceName,
    raw: &mut ServiceTable,
    head: Spot,
    ecs: bool,
    findings: &mut Findings,
) -> Vec<Placed> {
    let own = raw.ecs.as_ref().filter(|_| ecs);
    let own = own.is_some_and(|at| at.value.has(&["health_command"]));
    let checked = own
        || raw
            .health
            .as_ref()
            .is_some_and(|at| at.value.has(&["command"]));
    let health = main_health(raw, ecs, findings);
    let parts = parts!(raw, true, checked, health, None, None);
    let mut containers = Vec::new();
    let called = raw.container.take();
    let at_name = called.as_ref().map_or(head, |at| at.spot);
    let called = called.map(|at| at.value);
    let called = called.map_or_else(|| name.as_str().parse().ok(), Some);
    containers.extend(called.map(|name| placed(name, head, parts, findings)));
    let sidecars = raw.sidecar.take().map(|at| at.value.0).unwrap_or_default();
    if ecs && sidecars.len() >= MOST {
        findings.bad_value(head, "a task has at most 10 containers");
    }
    let mut named = Vec::new();
    for (sidecar, at) in sidecars {
        // A name that cannot be was told where it was read.
        let Ok(sidecar) = sidecar.parse::<ContainerName>() else {
            continue;
        };
        if containers.first().is_some_and(|main| main.name == sidecar) {
            let message = "a sidecar cannot have the main container's name";
            let problem = Problem::new("duplicate-name", message).at(at.head);
            let problem = problem.also(at_name, "the main container is called so");
            findings.problem(problem.help("`container` gives the main one another name"));
        } else {
            named.push(from_sidecar(sidecar, at, ecs, findings));
        }
    }
    named.sort_by(|a, b| a.name.cmp(&b.name));
    containers.extend(named);
    if !ecs {
        for (index, placed) in containers.iter().enumerate() {
            let spot = if index == 0 { at_name } else { placed.head };
            labelled(&placed.name, spot, findings);
        }
    }
    containers
}

/// A container of a pod is called by a DNS label (Kubernetes API reference, `Container`).
fn labelled(name: &ContainerName, spot: Spot, findings: &mut Findings) {
    if let Err(bad) = name.as_str().parse::<KubeLabel>() {
        let message = format!("Kubernetes knows no container `{name}`: {}", bad.why);
        findings.bad_value(spot, message);
    }
}

/// The containers, if nothing essential is missing from any.
pub(in crate::spec) fn whole(containers: Vec<Placed>) -> Option<Vec<Container>> {
    let each = containers.into_iter();
    each.map(|placed| placed.container).collect()
}

fn from_sidecar(
    name: ContainerName,
    at: At<SidecarTable>,
    ecs: bool,
    findings: &mut Findings,
) -> Placed {
    let mut raw = at.value;
    let mut own = raw.ecs.take().map(|at| at.value).unwrap_or_default();
    let line = own.health_command.take().filter(|_| ecs);
    let checked = raw.has(&["health"]) || line.is_some();
    let health = sidecar_health(raw.health.take(), line, findings);
    let essential = or(raw.essential.take(), true);
    let (cpu, memory) = (raw.cpu.take(), raw.memory.take());
    let parts = parts!(raw, essential, checked, health, cpu, memory);
    let ecs = OfEcs::read(own.of_container(), findings);
    Placed {
        ecs,
        kubernetes: raw.kubernetes.take(),
        ..placed(name, at.head, parts, findings)
    }
}

fn placed(name: ContainerName, head: Spot, mut given: Parts, findings: &mut Findings) -> Placed {
    let ports = ports(given.port.take(), given.ports.take(), findings);
    twice(given.env.as_ref(), given.secrets.as_ref(), findings);
    let env = environment(given.env.take(), given.allow_plain.as_ref(), findings);
    let mut filled = env.filled;
    filled.extend(given.env_from.as_ref().map(|at| at.head));
    let env_from = env_from(given.env_from.take(), findings);
    let secrets = references(given.secrets);
    if let Some(image) = &given.image {
        moving_tag(&name, &image.value, findings);
    }
    let depends_on = given.depends_on.map(|at| at.value.0).unwrap_or_default();
    let mounts = mounts(given.mounts);
    let user = given.user.map(|at| At {
        value: at.value.0,
        spot: at.spot,
        head: at.head,
    });
    let container = given.image.map(|image| Container {
        name: name.clone(),
        image: image.value,
        ports: ports.iter().map(|at| at.value.clone()).collect(),
        entrypoint: texts(given.entrypoint),
        command: texts(given.command),
        env: env.literals,
        env_refs: env.refs,
        env_from,
        secrets: secrets
            .iter()
            .map(|(name, at)| (name.clone(), at.value.clone()))
            .collect(),
        health: given.health,
        essential: given.essential,
        depends_on: dependencies(&depends_on),
        cpu: given.cpu.map(|at| at.value.0),
        memory: given.memory.map(|at| at.value.0),
        read_only_root: or(given.read_only_root, false),
        user: user.as_ref().map(|at| at.value.clone()),
        working_dir: given.working_dir.map(|at| at.value.0),
        stop_timeout: given.stop_timeout.map(|at| at.value.0),
        mounts: mounts
            .iter()
            .map(|(path, at)| (path.clone(), at.value.clone()))
            .collect(),
    });
    Placed {
        name,
        head,
        container,
        depends_on,
        ports_known: !given.ports_given || !ports.is_empty(),
        ports,
        essential: given.essential,
        checked: given.checked,
        secrets,
        user,
        mounts,
        ecs: OfEcs::default(),
        filled,
        kubernetes: None,
    }
}

fn references(raw: Option<At<Map<Secret, EnvName>>>) -> Vec<(String, At<SecretRef>)> {
    let entries = raw.map(|at| at.value.0).unwrap_or_default();
    let reference = |(name, at): (String, At<Secret>)| {
        let (value, spot, head) = (at.value.0, at.spot, at.head);
        (name, At { value, spot, head })
    };
    entries.into_iter().map(reference).collect()
}

fn moving_tag(name: &ContainerName, image: &ImageRef, findings: &mut Findings) {
    if image.can_move() {
        let tag = image.tag().unwrap_or_default();
        let message = format!(
            "the tag `{tag}` of `{name}` can move: another image under it is not seen as a change; `restart` rolls it out"
        );
        findings.note("moving-tag", message);
    }
}

fn texts(field: Option<At<Vec<At<String>>>>) -> Vec<String> {
    let items = field.map(|at| at.value).unwrap_or_default();
    items.into_iter().map(|at| at.value).collect()
}
