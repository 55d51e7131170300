//! The containers of a task: the main one, then the sidecars by name.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::super::findings::Findings;
use super::super::model::{Container, Dependency, HealthCheck, Port, SecretRef};
use super::super::problem::{Problem, Spot};
use super::super::raw::{self, parts};
use super::super::scalar::{Filled, Plain};
use super::super::shape::{At, Map, Table};
use super::super::units::{CpuUnits, Mebibytes, Time};
use super::{or, plain};
use crate::names::{ContainerName, ImageRef, ServiceName};

/// AWS allows so many containers in a task definition (Amazon ECS service quotas).
const MOST: usize = 10;

/// A container, with the places that later checks point at.
pub(super) struct Placed {
    pub(super) name: ContainerName,
    pub(super) head: Spot,
    /// `None` where something essential is missing, which was told.
    pub(super) container: Option<Container>,
    pub(super) depends_on: Vec<(String, At<Dependency>)>,
    pub(super) ports: Vec<At<Port>>,
    /// Whether these are all that were written.
    pub(super) ports_known: bool,
    pub(super) essential: bool,
    pub(super) checked: bool,
    pub(super) secrets: Vec<(String, At<SecretRef>)>,
    pub(super) user: Option<At<String>>,
}

/// What the main container and a sidecar have in common.
struct Parts {
    image: Option<At<ImageRef>>,
    port: Option<At<parts::Port>>,
    ports: Option<At<Vec<At<parts::Port>>>>,
    env: Option<At<Map<Plain>>>,
    secrets: Option<At<Map<parts::Secret>>>,
    allow_plain: Option<At<Vec<At<Filled>>>>,
    command: Option<At<Vec<At<String>>>>,
    entrypoint: Option<At<Vec<At<String>>>>,
    user: Option<At<Filled>>,
    working_dir: Option<At<Filled>>,
    read_only_root: Option<At<bool>>,
    stop_timeout: Option<At<Time<2, 120>>>,
    depends_on: Option<At<parts::DependsOn>>,
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
            secrets: $raw.secrets.take(),
            allow_plain: $raw.allow_plain.take(),
            command: $raw.command.take(),
            entrypoint: $raw.entrypoint.take(),
            user: $raw.user.take(),
            working_dir: $raw.working_dir.take(),
            read_only_root: $raw.read_only_root.take(),
            stop_timeout: $raw.stop_timeout.take(),
            depends_on: $raw.depends_on.take(),
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
pub(super) fn all(
    name: &ServiceName,
    raw: &mut raw::Service,
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
    if let Ok(name) = raw::container_name(name.as_str()) {
        containers.push(placed(name, head, parts, findings));
    }
    let sidecars = raw.sidecar.take().map(|at| at.value.0).unwrap_or_default();
    if ecs && sidecars.len() >= MOST {
        findings.bad_value(head, "a task has at most 10 containers");
    }
    let mut named = Vec::new();
    for (sidecar, at) in sidecars {
        match raw::container_name(&sidecar) {
            Err(error) => findings.bad_value(at.head, error.to_string()),
            Ok(_) if sidecar == name.as_str() => findings.problem(
                Problem::new(
                    "duplicate-name",
                    "a sidecar cannot have the service's own name",
                )
                .at(at.head)
                .also(head, "the main container is called so"),
            ),
            Ok(sidecar) => named.push(from_sidecar(sidecar, at, findings)),
        }
    }
    named.sort_by(|a, b| a.name.cmp(&b.name));
    containers.extend(named);
    containers
}

/// The containers, if nothing essential is missing from any.
pub(super) fn whole(containers: Vec<Placed>) -> Option<Vec<Container>> {
    let each = containers.into_iter();
    each.map(|placed| placed.container).collect()
}

fn from_sidecar(name: ContainerName, at: At<raw::Sidecar>, findings: &mut Findings) -> Placed {
    let mut raw = at.value;
    let health = raw.health.take().and_then(|at| sidecar_health(at.value));
    let essential = or(raw.essential.take(), true);
    let (cpu, memory) = (raw.cpu.take(), raw.memory.take());
    let parts = parts!(raw, essential, raw.has(&["health"]), health, cpu, memory);
    placed(name, at.head, parts, findings)
}

fn sidecar_health(health: raw::SidecarHealth) -> Option<HealthCheck> {
    let interval = health.interval.map(|at| at.value.0);
    let timeout = health.timeout.map(|at| at.value.0);
    let grace = health.grace.map(|at| at.value.0);
    let retries = health.retries.map(|at| at.value.0);
    Some(check(
        health.command?.value.0,
        [interval, timeout, grace],
        retries,
    ))
}

/// The check inside of the main container: `ecs.health_command`, on ECS, before `health.command`.
fn main_health(raw: &raw::Service, ecs: bool, findings: &mut Findings) -> Option<HealthCheck> {
    let typed = raw.ecs.as_ref().filter(|_| ecs);
    let own = typed.and_then(|ecs| ecs.value.health_command.clone());
    let Some(At {
        value: health,
        head,
        ..
    }) = &raw.health
    else {
        return own.map(|at| check(at.value.0, [None; 3], None));
    };
    if let Some(path) = &health.path
        && !path.value.0.starts_with('/')
    {
        findings.bad_value(path.spot, "a path starts with `/`");
    }
    let interval = health.interval.as_ref().map(|at| at.value.0);
    let timeout = health.timeout.as_ref().map(|at| at.value.0);
    let grace = health.grace.as_ref().map(|at| at.value.0);
    let retries = health.retries.as_ref().map(|at| at.value.0);
    match own.or(health.command.clone()) {
        Some(command) => Some(check(command.value.0, [interval, timeout, grace], retries)),
        None if health.path.is_some() => {
            if ecs {
                findings.note(
                    "not-honoured",
                    "no check runs inside of the container, since neither `ecs.health_command` nor `health.command` is given; \
                     on ECS `health.path` is the target group's own setting and is not changed",
                );
            }
            None
        }
        None if health.has(&["command"]) => None,
        None => {
            let why = "a check needs a `path` or a `command`";
            findings.missing(*head, "command", why);
            None
        }
    }
}

/// A check with the defaults of ECS: every 30 s, 5 s long, 3 times, no grace.
fn check(command: String, times: [Option<Duration>; 3], retries: Option<u32>) -> HealthCheck {
    let [interval, timeout, grace] = times;
    HealthCheck {
        command,
        interval: interval.unwrap_or(Duration::from_secs(30)),
        timeout: timeout.unwrap_or(Duration::from_secs(5)),
        retries: retries.unwrap_or(3),
        grace: grace.unwrap_or(Duration::ZERO),
    }
}

fn placed(name: ContainerName, head: Spot, mut given: Parts, findings: &mut Findings) -> Placed {
    let ports = ports(given.port.take(), given.ports.take(), findings);
    twice(given.env.as_ref(), given.secrets.as_ref(), findings);
    let env = plain::environment(given.env.take(), given.allow_plain.as_ref(), findings);
    let mut secrets = Vec::new();
    for (name, at) in given.secrets.map(|at| at.value.0).unwrap_or_default() {
        plain::variable_name(&name, at.head, findings);
        let (value, spot, head) = (at.value.0, at.spot, at.head);
        secrets.push((name, At { value, spot, head }));
    }
    if let Some(image) = &given.image {
        moving_tag(&name, &image.value, findings);
    }
    let depends_on = given.depends_on.map(|at| at.value.0).unwrap_or_default();
    let user = given.user.map(|at| At {
        value: at.value.0,
        spot: at.spot,
        head: at.head,
    });
    let container = given.image.map(|image| Container {
        name: name.clone(),
        image: image.value,
        ports: ports.iter().map(|at| at.value).collect(),
        entrypoint: texts(given.entrypoint),
        command: texts(given.command),
        env,
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
    }
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

/// Names that are no container's are told by the graph's check.
fn dependencies(depends_on: &[(String, At<Dependency>)]) -> BTreeMap<ContainerName, Dependency> {
    let entries = depends_on.iter();
    entries
        .filter_map(|(name, at)| Some((name.parse().ok()?, at.value)))
        .collect()
}

fn ports(
    port: Option<At<parts::Port>>,
    ports: Option<At<Vec<At<parts::Port>>>>,
    findings: &mut Findings,
) -> Vec<At<Port>> {
    if let (Some(port), Some(ports)) = (&port, &ports) {
        findings.problem(
            Problem::new("conflict", "`port` and `ports` exclude each other")
                .at(ports.head)
                .also(port.head, "the one port"),
        );
    }
    let many = ports.map(|at| at.value).unwrap_or_default();
    let all = port.into_iter().chain(many);
    all.map(|at| At {
        value: at.value.0,
        spot: at.spot,
        head: at.head,
    })
    .collect()
}

/// A name in `env` and in `secrets` leaves open which one the program would see.
fn twice(
    env: Option<&At<Map<Plain>>>,
    secrets: Option<&At<Map<parts::Secret>>>,
    findings: &mut Findings,
) {
    let (Some(env), Some(secrets)) = (env, secrets) else {
        return;
    };
    let secrets = secrets.value.0.iter();
    let secrets: HashMap<&str, _> = secrets.map(|(name, at)| (name.as_str(), at)).collect();
    for (name, at) in &env.value.0 {
        if let Some(secret) = secrets.get(name.as_str()) {
            findings.problem(
                Problem::new(
                    "duplicate-name",
                    format!("`{name}` is both in `env` and in `secrets`"),
                )
                .at(secret.head)
                .also(at.head, "here too"),
            );
        }
    }
}
