//! config/NAME.toml: where services run. Which platform it is, and what that platform needs.

pub(in crate::spec) mod cluster;
pub(in crate::spec) mod namespace;

use std::collections::BTreeMap;

use crate::names::{AccountId, KubeLabel, Pattern, Region, TargetName};
use crate::spec::findings::Findings;
use crate::spec::inherit::laid_over_schema;
use crate::spec::problem::Problem;
use crate::spec::resolve::or;
use crate::spec::scalar::{Filled, Plain};
use crate::spec::shape::{At, Key, Map, Shape, Table, table, words};
use crate::spec::tree::Node;
use crate::spec::words::ServiceTable;
use crate::spec::words::network::NetworkTable;
use crate::spec::words::target::cluster::{EcsPlace, SANDBOX, ecs_place, some_cluster};
use crate::spec::words::target::namespace::{KubePlace, SecretStoreTable};

words!(Approve, "an approval", "ask" => Approve::Ask, "yes" => Approve::Yes);

/// What is laid over a service: it has any of its keys and needs none. It is read only after it
/// was laid over.
pub(in crate::spec) struct Overlay(pub(in crate::spec) Node);

impl Shape for Overlay {
    fn read(node: &Node, _findings: &mut Findings) -> Option<Self> {
        Some(Self(node.clone()))
    }

    fn schema() -> serde_json::Value {
        laid_over_schema::<ServiceTable>()
    }
}

/// The platforms that a target can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum Platform {
    Ecs,
    Sandbox,
    Eks,
    Kubernetes,
}
words!(
    Platform, "a platform",
    "ecs" => Platform::Ecs,
    "eks" => Platform::Eks,
    "kubernetes" => Platform::Kubernetes,
    "sandbox" => Platform::Sandbox,
);

table! {
    /// config/NAME.toml: where services run.
    "config/NAME.toml" TargetTable {
        /// "ecs", "eks", "kubernetes" for a cluster in a kubeconfig, or "sandbox" for the embedded ECS.
        platform: Platform = required,
        /// The AWS account; any other is refused before anything is written. In quotes.
        account: AccountId,
        /// The AWS Region.
        region: Region,
        /// The cluster's name; of a kubeconfig: any other is refused before anything is written.
        cluster: Plain,
        /// How tasks are wired up on ECS. Needed by services whose tasks have an address of their own (awsvpc).
        network: NetworkTable,
        /// URL that takes the place of every AWS endpoint, for emulators. One that is neither https nor on this machine gets made-up credentials.
        endpoint: Filled,
        /// The kubeconfig; one inside the repository runs no login plugin without `--allow-exec`. Default: KUBECONFIG, else ~/.kube/config, else the pod that this runs in.
        kubeconfig: Filled,
        /// The context in the kubeconfig. Default: the current one.
        context: Filled,
        /// The namespace of everything on Kubernetes.
        namespace: KubeLabel,
        /// Whether the namespace is made where it is missing. Default: false.
        create_namespace: bool,
        /// The External Secrets store that fills Secrets. Default: they must exist already.
        secret_store: SecretStoreTable,
        /// Values for ${NAME} in both files.
        vars: Map<String, VarName>,
        /// Whether `apply` asks before it writes. Default: ask; the sandbox does not.
        approve: Approve,
        /// What is true of a service only here; laid over deploy.toml, table by table.
        service: Map<Overlay>,
    }
}

/// One file of `config/`, or the built-in sandbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// A target is named by the stem of its file.
    pub(crate) name: TargetName,
    /// Whether `apply` asks before it writes.
    pub(crate) approve: Approve,
}

/// Whether `apply` asks before it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Approve {
    /// It asks on a terminal; without one it is refused, unless `--yes` is given.
    #[default]
    Ask,
    /// It goes on without asking.
    Yes,
}

/// Keys that every platform knows.
const EVERYWHERE: [&str; 6] = [
    "platform", "account", "region", "vars", "approve", "service",
];

impl Platform {
    fn word(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Sandbox => "sandbox",
            Self::Eks => "eks",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// Keys that it knows besides those of every platform.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Ecs | Self::Sandbox => &["cluster", "network", "endpoint"],
            Self::Eks => &[
                "cluster",
                "endpoint",
                "namespace",
                "create_namespace",
                "secret_store",
            ],
            Self::Kubernetes => &[
                "cluster",
                "context",
                "kubeconfig",
                "namespace",
                "create_namespace",
                "secret_store",
            ],
        }
    }

    /// Keys that it cannot do without.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Sandbox => &[],
            Self::Ecs => &["region", "cluster"],
            Self::Eks => &["region", "cluster", "namespace"],
            Self::Kubernetes => &["namespace"],
        }
    }

    fn is_kubernetes(self) -> bool {
        matches!(self, Self::Eks | Self::Kubernetes)
    }
}

/// The platform that a target's file names, as far as it can be told.
fn platform(target: &Node) -> Option<Platform> {
    let word = target.get("platform").and_then(Node::text)?;
    [
        Platform::Ecs,
        Platform::Sandbox,
        Platform::Eks,
        Platform::Kubernetes,
    ]
    .into_iter()
    .find(|platform| platform.word().eq_ignore_ascii_case(word))
}

/// Where services run, before they are known.
pub(in crate::spec) enum Place {
    Ecs { place: EcsPlace, sandbox: bool },
    Kubernetes(KubePlace),
}

/// A place for checks that need one, where the target's own is wrong, which was told.
pub(in crate::spec) fn somewhere(kubernetes: bool) -> Option<Place> {
    if kubernetes {
        return Some(Place::Kubernetes(namespace::somewhere()?));
    }
    Some(Place::Ecs {
        place: some_cluster()?,
        sandbox: false,
    })
}

/// Whether a target's file is for Kubernetes.
pub(in crate::spec) fn is_kubernetes(target: &Node) -> bool {
    platform(target).is_some_and(Platform::is_kubernetes)
}

/// What `${target.…}` stands for. What must be there and is not is told once, not again at every
/// use.
pub(in crate::spec) fn known(
    name: &TargetName,
    target: &Node,
) -> BTreeMap<&'static str, Option<String>> {
    let platform = platform(target);
    let sandbox = platform == Some(Platform::Sandbox);
    let mut known = BTreeMap::from([("name", Some(name.to_string()))]);
    for (key, value) in SANDBOX.into_iter().chain([("namespace", "default")]) {
        let node = target.get(key);
        let needed = platform.is_none_or(|platform| platform.needs().contains(&key));
        let told = node.is_some() || (needed && key != "account");
        let stands_in = told || (sandbox && key != "namespace");
        let text = node.and_then(Node::text).map(str::to_owned);
        known.insert(key, text.or_else(|| stands_in.then(|| value.to_owned())));
    }
    known
}

/// What is to be laid over the services, by name.
pub(in crate::spec) type Overlays = Vec<(String, At<Overlay>)>;

/// Resolves the target's file.
pub(in crate::spec) fn target(
    name: &TargetName,
    node: &Node,
    findings: &mut Findings,
) -> (Option<(Target, Place)>, Overlays) {
    let Some(mut raw) = TargetTable::read(node, findings) else {
        return (None, Vec::new());
    };
    // The variables were filled in before this was read.
    raw.vars.take();
    let overlays = raw.service.take().map(|at| at.value.0).unwrap_or_default();
    keys(node, &raw, findings);
    (place(name, raw, findings), overlays)
}

/// What `${NAME}` can ask for of the target's own: any other name is a mistake.
pub(in crate::spec) struct VarName;

pub(in crate::spec) static VAR_NAME: Pattern = Pattern::new("[A-Za-z_][A-Za-z0-9_]*");

impl Key for VarName {
    fn refusal(word: &str) -> Option<String> {
        let why = "a variable's name has letters, digits and `_`, and starts with no digit";
        (!VAR_NAME.holds(word)).then(|| why.to_owned())
    }

    fn schema() -> Option<serde_json::Value> {
        Some(VAR_NAME.key_schema())
    }
}

/// Tells keys of other platforms, and those that are missing.
fn keys(node: &Node, raw: &TargetTable, findings: &mut Findings) {
    let Some(at) = &raw.platform else {
        return;
    };
    let (platform, word) = (at.value, at.value.word());
    for (key, entry) in node.entries() {
        let elsewhere = TargetTable::KEYS.contains(&key.as_str())
            && !EVERYWHERE.contains(&key.as_str())
            && !platform.keys().contains(&key.as_str());
        if elsewhere {
            let message = format!("`{key}` means nothing to platform \"{word}\"");
            let help = format!(
                "\"{word}\" knows {}",
                [platform.keys(), &EVERYWHERE].concat().join(", ")
            );
            let problem = Problem::new("unknown-key", message).at(entry.head());
            findings.problem(problem.also(at.spot, "the platform").help(help));
        }
    }
    for key in platform.needs() {
        if !raw.has(&[key]) {
            findings.missing(at.head, key, &format!("platform \"{word}\" needs it"));
        }
    }
}

fn place(
    name: &TargetName,
    mut raw: TargetTable,
    findings: &mut Findings,
) -> Option<(Target, Place)> {
    let platform = raw.platform.as_ref()?.value;
    let approve = raw.approve.take();
    let sandbox = platform == Platform::Sandbox;
    let usual = if sandbox { Approve::Yes } else { Approve::Ask };
    let place = match platform {
        Platform::Ecs | Platform::Sandbox => Place::Ecs {
            place: ecs_place(raw, sandbox, findings)?,
            sandbox,
        },
        Platform::Eks | Platform::Kubernetes => {
            let eks = platform == Platform::Eks;
            Place::Kubernetes(namespace::place(raw, eks, findings)?)
        }
    };
    let target = Target {
        name: name.clone(),
        approve: or(approve, usual),
    };
    Some((target, place))
}
