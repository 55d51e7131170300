//! The files as they are written: every table with its keys, before defaults and cross-checks.
//!
//! The comments on the keys are what editors show, and what `deploy.example.toml` explains.

pub(super) mod ecs;
pub(super) mod kubernetes;
pub(super) mod parts;
pub(super) mod rollout;
pub(super) mod target;

use self::ecs::Ecs;
use self::kubernetes::Kubernetes;
use self::parts::{DependsOn, Port, Secret};
use self::rollout::{Rollout, Scaling};
use super::foreign;
use super::scalar::{Filled, Plain, Replicas, Whole};
use super::shape::{At, Map, Table, table};
use super::units::{CpuUnits, Mebibytes, Time};
use crate::names::{Arn, ContainerName, ImageRef};
use crate::spec::model::Architecture;

table! {
    /// deploy.toml: what runs.
    "deploy.toml" Deploy {
        /// A label and a tag on everything that is made for these services.
        project: Filled = required,
        /// The services, each under its name.
        service: Map<Service>,
    }
}

table! {
    /// One service: what every platform understands.
    "[service.NAME]" Service {
        /// The main container's image. Also given by `--image NAME=REF`.
        image: ImageRef = required,
        /// The port it listens on: 8080, or "53/udp".
        port: Port,
        /// Several ports instead of one; the first is the service's.
        ports: Vec<At<Port>>,
        /// Tasks at creation, and for ever where nothing scales it; "external": one at creation, and from
        /// then on whatever others set. Default: `scaling.min`, else 1.
        replicas: Replicas,
        /// CPU of one task in vCPU: 0.5, or "500m".
        cpu: CpuUnits = required,
        /// Memory of one task: "512MiB", "1GiB".
        memory: Mebibytes = required,
        /// The processors the image is built for. Default: `x86_64`; on Kubernetes: any node's.
        architecture: Architecture,
        /// Environment of the main container: NAME = "value".
        env: Map<Plain>,
        /// Environment filled from a secret store: NAME = "arn:aws:secretsmanager:…", "<ssm:/path>" or a table; on
        /// Kubernetes also { secret = "NAME", key = "KEY" }.
        secrets: Map<Secret>,
        /// Names in `env` that look like secrets and are none.
        allow_plain: Vec<At<Filled>>,
        /// How it is found to be healthy.
        health: Health,
        /// Scaling by target tracking. Absent: the count is `replicas`.
        scaling: Scaling,
        /// How the outside reaches it.
        expose: Expose,
        /// How a rollout is judged, and what follows.
        rollout: Rollout,
        /// Overrides the image's command.
        command: Vec<At<String>>,
        /// Overrides the image's entry point.
        entrypoint: Vec<At<String>>,
        /// The user it runs as: "user", "user:group"; on Kubernetes in numbers. Default: the image's.
        user: Filled,
        /// Its working directory. Default: the image's.
        working_dir: Filled,
        /// Whether its root file system cannot be written. Default: false.
        read_only_root: bool,
        /// Time between TERM and KILL, 2s to 120s. Default: the platform's 30s.
        stop_timeout: Time<2, 120>,
        /// Sidecars that must have got that far before it starts: { NAME = "healthy" }.
        depends_on: DependsOn,
        /// Tags on everything that is made for this service.
        tags: Map<String>,
        /// Containers that run beside the main one, each under its name.
        sidecar: Map<Sidecar>,
        /// What only ECS knows.
        ecs: Ecs,
        /// What only Kubernetes knows.
        kubernetes: Kubernetes,
    }
}

table! {
    /// A container that runs beside the main one.
    "[service.NAME.sidecar.NAME]" Sidecar {
        /// The image that the sidecar runs.
        image: ImageRef = required,
        /// The port it listens on: 8080, or "53/udp".
        port: Port,
        /// Several ports instead of one.
        ports: Vec<At<Port>>,
        /// Its environment: NAME = "value".
        env: Map<Plain>,
        /// Environment filled from a secret store.
        secrets: Map<Secret>,
        /// Names in `env` that look like secrets and are none.
        allow_plain: Vec<At<Filled>>,
        /// Overrides the image's command.
        command: Vec<At<String>>,
        /// Overrides the image's entry point.
        entrypoint: Vec<At<String>>,
        /// A check that runs inside of it.
        health: SidecarHealth,
        /// Whether the task ends when it does. Default: true, as on ECS.
        essential: bool,
        /// Containers that must have got that far before it starts: { NAME = "healthy" }.
        depends_on: DependsOn,
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
    }
}

table! {
    /// How the main container is found to be healthy.
    "health" Health {
        /// Path of an HTTP check from outside, such as "/health": the kubelet's; on ECS the target group has its own.
        path: Filled,
        /// A shell line that runs inside of the container.
        command: Filled,
        /// Between two checks, 5s to 300s. Default: 30s.
        interval: Time<5, 300>,
        /// How long one may take, 2s to 120s. Default: 5s.
        timeout: Time<2, 120>,
        /// Failures in a row that make it unhealthy, 1 to 10. Default: 3.
        retries: Whole<1, 10>,
        /// At the start, failures do not count, 0s to 300s. Default: 0s.
        grace: Time<0, 300>,
    }
}

table! {
    /// A check that runs inside of a sidecar.
    "sidecar health" SidecarHealth {
        /// The shell line.
        command: Filled = required,
        /// Between two checks, 5s to 300s. Default: 30s.
        interval: Time<5, 300>,
        /// How long one may take, 2s to 120s. Default: 5s.
        timeout: Time<2, 120>,
        /// Failures in a row that make it unhealthy, 1 to 10. Default: 3.
        retries: Whole<1, 10>,
        /// At the start, failures do not count, 0s to 300s. Default: 0s.
        grace: Time<0, 300>,
    }
}

table! {
    /// How the outside reaches a service.
    "expose" Expose {
        /// Host name.
        host: Filled,
        /// ARN of the certificate for it.
        certificate: Arn,
        /// Internet-facing or internal. Default: false.
        public: bool,
    }
}

const TABLES: &[&[&str]] = &[
    Deploy::KEYS,
    Service::KEYS,
    Sidecar::KEYS,
    Health::KEYS,
    Expose::KEYS,
    Scaling::KEYS,
    Rollout::KEYS,
    rollout::Patience::KEYS,
    rollout::BreakerTable::KEYS,
    Ecs::KEYS,
    ecs::TargetGroup::KEYS,
    ecs::Capacity::KEYS,
    Kubernetes::KEYS,
    kubernetes::Resources::KEYS,
    kubernetes::Probe::KEYS,
    kubernetes::Ingress::KEYS,
    parts::SecretTable::KEYS,
    target::Target::KEYS,
    target::Network::KEYS,
    target::SecretStore::KEYS,
];

/// Whether a key means something anywhere in the format.
pub(super) fn is_word(key: &str) -> bool {
    TABLES.iter().any(|keys| keys.contains(&key))
}

/// What a key that a table does not have comes to: the table that it belongs in, or what other tools
/// call by it.
pub(super) fn advice(key: &str, table: &str) -> Option<String> {
    foreign::within(key, table)
        .or_else(|| elsewhere(key, table))
        .or_else(|| foreign::anywhere(key))
}

/// The table that a key belongs in, where that is another one.
fn elsewhere(key: &str, table: &str) -> Option<String> {
    let own = [
        (Ecs::KEYS, Ecs::WRITTEN),
        (Kubernetes::KEYS, Kubernetes::WRITTEN),
    ];
    let typed = own.iter().any(|(_, written)| *written == table);
    let known = |keys: &[&'static str]| {
        keys.iter()
            .find(|known| foreign::is_same(known, key))
            .copied()
    };
    let place = |word: &str, place: &str| {
        if word == key {
            format!("it belongs in {place}")
        } else {
            format!("it is written `{word}`, and belongs in {place}")
        }
    };
    if let Some(word) = known(Service::KEYS).filter(|_| typed) {
        return Some(place(word, Service::WRITTEN));
    }
    let other = own
        .iter()
        .filter(|(_, written)| *written != table && (typed || table == Service::WRITTEN))
        .find_map(|(keys, written)| Some((known(keys)?, *written)));
    if let Some((word, written)) = other {
        return Some(place(word, written));
    }
    let of_service = typed || table == Service::WRITTEN || table == Deploy::WRITTEN;
    let word = known(target::Target::KEYS).filter(|_| of_service)?;
    Some(place(word, "the target's file, config/NAME.toml"))
}

/// Names of containers are checked where they are used as keys.
pub(super) fn container_name(key: &str) -> Result<ContainerName, crate::names::BadName> {
    key.parse()
}
