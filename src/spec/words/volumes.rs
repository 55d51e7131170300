//! What containers can mount: where it comes from, and where each of them has it.

pub(in crate::spec) mod ebs;
pub(in crate::spec) mod paths;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use self::ebs::EbsTable;
use self::paths::{FileMode, MountPath, MountPathWithin};
use crate::names::{EcsName, KubeLabel, KubeName};
use crate::spec::findings::Findings;
use crate::spec::nearest;
use crate::spec::problem::Problem;
use crate::spec::resolve::or;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Shape, Table as _, table};
use crate::spec::tree::{Node, Value};
use crate::spec::units::Mebibytes;
use crate::spec::words::Placed;

table! {
    /// Something that containers can mount. One key says what it is: `scratch`, `host`, `efs`, `ebs`, `claim`, `config`, `secret` or `csi`.
    "[service.NAME.volumes.NAME]" VolumeTable {
        /// An empty folder that ends with its task, or pod.
        scratch: bool,
        /// Most that `scratch` may hold; only on Kubernetes. Default: no bound.
        size: Mebibytes,
        /// What `scratch` is kept on: "Memory", which counts as such, or `HugePages`; only on Kubernetes. Default: the node's disk.
        medium: Filled,
        /// A path of the machine that runs it; not on Fargate.
        host: MountPath,
        /// ID of an EFS file system; only on ECS.
        efs: Filled,
        /// The folder of `efs` that is mounted. Default: its root.
        root: MountPath,
        /// ID of the access point of `efs`. Default: none.
        access_point: Filled,
        /// Whether `efs` is mounted as the task's role. Default: false.
        iam: bool,
        /// Whether `efs` is encrypted on its way. Default: true.
        encrypted: bool,
        /// A volume on EBS for each task; only on ECS.
        ebs: EbsTable,
        /// Name of a `PersistentVolumeClaim`; only on Kubernetes.
        claim: KubeName,
        /// Name of a `ConfigMap`, a file for each key; only on Kubernetes.
        config: KubeName,
        /// A Secret, a file for each key; only on Kubernetes.
        secret: KubeName,
        /// Keys of `config` or `secret`, and the path that each has within. Default: all of them, each under its own name.
        items: Map<MountPathWithin>,
        /// Mode of the files of `config` or `secret`, in octal: "0440". Default: "0644".
        mode: FileMode,
        /// Whether pods start without `config` or `secret`. Default: false.
        optional: bool,
        /// Name of a CSI driver that makes the volume with the pod; only on Kubernetes.
        csi: Filled,
        /// What the driver of `csi` is told.
        attributes: Map<String>,
        /// Whether nothing can be written to `claim` or `csi`. Default: false.
        read_only: bool,
    }
}

table! {
    /// Where a container has a volume, and how.
    "mounts" MountTable {
        /// The volume's name.
        volume: Filled = required,
        /// Whether the container cannot write to it. Default: false.
        read_only: bool,
        /// Only this path within the volume; only on Kubernetes. Default: all of it.
        sub_path: MountPathWithin,
    }
}

/// A mount as it is written: a volume's name, or more about it.
pub(in crate::spec) struct WrittenMount(MountTable);

impl Shape for WrittenMount {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return MountTable::read(node, findings).map(Self);
        }
        Some(Self(MountTable {
            volume: Some(At {
                value: Filled::read(node, findings)?,
                spot: node.spot,
                head: node.head(),
            }),
            ..MountTable::default()
        }))
    }

    fn schema() -> Json {
        json!({ "anyOf": [Filled::schema(), MountTable::schema()] })
    }
}

/// Where the containers have volumes: path by path.
pub(in crate::spec) type Mounts = Map<WrittenMount, MountPath>;

/// Where a container has a volume, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The volume's name.
    pub(crate) volume: String,
    /// Whether the container cannot write to it.
    pub(crate) read_only: bool,
    /// Only this path within it.
    pub(crate) sub_path: Option<String>,
}

/// Something that containers can mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Volume {
    /// An empty folder that ends with its task, or pod.
    Scratch {
        /// Most that it may hold, in MiB.
        size: Option<u32>,
        /// What it is kept on; `None`: the node's disk.
        medium: Option<String>,
    },
    /// A path of the machine.
    Host(String),
    /// A file system of EFS.
    Efs(Efs),
    /// A volume on EBS that is made for each task. How it is is said with the service, not with the task.
    Ebs,
    /// A `PersistentVolumeClaim`.
    Claim {
        /// Its name.
        name: String,
        /// Whether nothing can be written to it.
        read_only: bool,
    },
    /// Files from a `ConfigMap`.
    Config(Documents),
    /// Files from a `Secret`.
    Secret(Documents),
    /// A volume that a driver makes with the pod.
    Csi {
        /// The driver's name.
        driver: String,
        /// What it is told.
        attributes: BTreeMap<String, String>,
        /// Whether nothing can be written to it.
        read_only: bool,
    },
}

/// A file system of EFS, and how it is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Efs {
    /// Its ID.
    pub(crate) id: String,
    /// The folder that is mounted; `None`: its root.
    pub(crate) root: Option<String>,
    /// The ID of the access point.
    pub(crate) access_point: Option<String>,
    /// Whether it is mounted as the task's role.
    pub(crate) iam: bool,
    /// Whether it is encrypted on its way.
    pub(crate) encrypted: bool,
}

/// Files from an object of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Documents {
    /// The object's name.
    pub(crate) name: String,
    /// Which keys, and the path of each; empty: all, each under its own name.
    pub(crate) items: BTreeMap<String, String>,
    /// Their mode; `None`: 0644.
    pub(crate) mode: Option<u32>,
    /// Whether pods start without it.
    pub(crate) optional: bool,
}

/// The keys that say what a volume is, and those that only say more about it.
const KINDS: [(&str, &[&str]); 8] = [
    ("scratch", &["size", "medium"]),
    ("host", &[]),
    ("efs", &["root", "access_point", "iam", "encrypted"]),
    ("ebs", &[]),
    ("claim", &["read_only"]),
    ("config", &["items", "mode", "optional"]),
    ("secret", &["items", "mode", "optional"]),
    ("csi", &["attributes", "read_only"]),
];

/// The kinds of Kubernetes, and those of ECS; the others are known to both.
const ON_KUBERNETES: [&str; 4] = ["claim", "config", "secret", "csi"];
const ON_ECS: [&str; 2] = ["efs", "ebs"];

/// The volumes of a service, beside those that each of its pods has of its own; what is wrong with them, or with where containers have them, is told.
pub(in crate::spec) fn volumes(
    raw: Option<At<Map<VolumeTable, EcsName>>>,
    containers: &[Placed],
    (ecs, claims): (bool, Vec<String>),
    findings: &mut Findings,
) -> BTreeMap<String, Volume> {
    let mut found = BTreeMap::new();
    let mut known = claims;
    for (name, at) in raw.map(|at| at.value.0).unwrap_or_default() {
        if let Err(error) = name.parse::<KubeLabel>()
            && !ecs
        {
            findings.bad_value(at.head, error.to_string());
        }
        if known.contains(&name) {
            findings.bad_value(at.head, "one of `kubernetes.claims` has this name");
        }
        known.push(name.clone());
        if let Some(volume) = volume(at, ecs, findings) {
            found.insert(name, volume);
        }
    }
    for (path, at) in containers.iter().flat_map(|placed| &placed.mounts) {
        let name = &at.value.volume;
        if !known.contains(name) {
            let help = nearest::hint(name, known.iter().map(String::as_str));
            let message = format!("there is no volume `{name}` to have at {path}");
            let problem = Problem::new("unknown-volume", message).at(at.spot);
            findings.problem(problem.maybe_help(help));
        }
        if ecs && at.value.sub_path.is_some() {
            findings.bad_value(
                at.spot,
                "ECS knows no `sub_path`: a task has the whole volume",
            );
        }
    }
    found
}

fn volume(at: At<VolumeTable>, ecs: bool, findings: &mut Findings) -> Option<Volume> {
    let kind = kind(&at, ecs, findings)?;
    let raw = at.value;
    let size = raw.size.map(|at| at.value.0);
    let medium = raw.medium.map(|at| at.value.0);
    if ecs && (size.is_some() || medium.is_some()) {
        findings.note(
            "not-honoured",
            "`size` and `medium` of a volume change nothing on ECS: scratch is the task's ephemeral storage",
        );
    }
    let read_only = or(raw.read_only, false);
    let items = raw.items.map(|at| at.value.0).unwrap_or_default();
    let items = items.into_iter().map(|(key, at)| (key, at.value.0));
    let documents = |name: Option<At<KubeName>>| {
        Some(Documents {
            name: name?.value.to_string(),
            items: items.collect(),
            mode: raw.mode.map(|at| at.value.0),
            optional: or(raw.optional, false),
        })
    };
    Some(match kind {
        "host" => Volume::Host(raw.host?.value.0),
        "efs" => Volume::Efs(Efs {
            id: raw.efs?.value.0,
            root: raw.root.map(|at| at.value.0).filter(|root| root != "/"),
            access_point: raw.access_point.map(|at| at.value.0),
            iam: or(raw.iam, false),
            encrypted: or(raw.encrypted, true),
        }),
        "ebs" => Volume::Ebs,
        "claim" => Volume::Claim {
            name: raw.claim?.value.to_string(),
            read_only,
        },
        "config" => Volume::Config(documents(raw.config)?),
        "secret" => Volume::Secret(documents(raw.secret)?),
        "csi" => Volume::Csi {
            driver: raw.csi?.value.0,
            attributes: strings(raw.attributes),
            read_only,
        },
        _ => Volume::Scratch { size, medium },
    })
}

/// What a volume is: exactly one thing, which the platform must have.
fn kind(at: &At<VolumeTable>, ecs: bool, findings: &mut Findings) -> Option<&'static str> {
    let (head, raw) = (at.head, &at.value);
    let is_off = raw.scratch.as_ref().is_some_and(|at| !at.value);
    let kinds = KINDS
        .iter()
        .filter(|(kind, _)| raw.has(&[kind]) && !(*kind == "scratch" && is_off));
    let kinds: Vec<&(&str, &[&str])> = kinds.collect();
    let [(kind, more)] = kinds.as_slice() else {
        let all: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        let problem = Problem::new("bad-value", "a volume is exactly one thing").at(head);
        findings.problem(problem.help(format!("say one of {}", all.join(", "))));
        return None;
    };
    for key in KINDS.iter().flat_map(|(_, more)| more.iter()) {
        if raw.has(&[key]) && !more.contains(key) {
            findings.bad_value(head, format!("`{key}` says nothing of `{kind}`"));
        }
    }
    let elsewhere: &[&str] = if ecs { &ON_KUBERNETES } else { &ON_ECS };
    if elsewhere.contains(kind) {
        let (here, instead) = if ecs {
            ("ECS", "scratch, efs, ebs, and off Fargate host")
        } else {
            ("Kubernetes", "scratch, host, claim, config, secret and csi")
        };
        let problem = Problem::new("not-here", format!("{here} knows no volume of `{kind}`"));
        findings.problem(problem.at(head).help(format!("there are {instead}")));
        return None;
    }
    Some(kind)
}

fn strings(raw: Option<At<Map<String>>>) -> BTreeMap<String, String> {
    let entries = raw.map(|at| at.value.0).unwrap_or_default();
    entries
        .into_iter()
        .map(|(key, at)| (key, at.value))
        .collect()
}

/// Where a container has volumes.
pub(in crate::spec) fn mounts(raw: Option<At<Mounts>>) -> Vec<(String, At<Mount>)> {
    let entries = raw.map(|at| at.value.0).unwrap_or_default();
    let mount = |(path, at): (String, At<WrittenMount>)| {
        let table = at.value.0;
        let value = Mount {
            volume: table.volume?.value.0,
            read_only: or(table.read_only, false),
            sub_path: table.sub_path.map(|at| at.value.0),
        };
        let (spot, head) = (at.spot, at.head);
        Some((path, At { value, spot, head }))
    };
    entries.into_iter().filter_map(mount).collect()
}
