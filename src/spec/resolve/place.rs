//! The target: which platform it is, and what that platform needs.

use std::collections::BTreeMap;

use super::super::endpoint::Owner;
use super::super::findings::Findings;
use super::super::model::{Approve, EcsPlace, KubePlace, Network, Target};
use super::super::problem::{Problem, Spot};
use super::super::raw::target::{self as raw, Overlay, Platform};
use super::super::scalar::{Plain, parsed};
use super::super::shape::{At, Shape, Table};
use super::super::tree::Node;
use super::{namespace, or};
use crate::names::{BadName, TargetName};

/// What the embedded cloud has without being told.
const SANDBOX: [(&str, &str); 3] = [
    ("account", "123456789012"),
    ("region", "us-east-1"),
    ("cluster", "main"),
];

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
            Self::Ecs => &["region", "cluster", "network"],
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

/// Any ECS cluster will do where only the shape of a service is asked for.
fn some_cluster() -> Option<EcsPlace> {
    let [_, (_, region), (_, cluster)] = SANDBOX;
    Some(EcsPlace {
        account: None,
        region: region.parse().ok()?,
        cluster: cluster.parse().ok()?,
        endpoint: None,
        network: Network::default(),
    })
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
    let Some(mut raw) = raw::Target::read(node, findings) else {
        return (None, Vec::new());
    };
    if let Some(vars) = &raw.vars {
        for (name, at) in &vars.value.0 {
            variable(name, at.head, findings);
        }
    }
    let overlays = raw.service.take().map(|at| at.value.0).unwrap_or_default();
    keys(node, &raw, findings);
    (place(name, raw, findings), overlays)
}

/// A name that `${…}` could never ask for is a mistake.
fn variable(name: &str, spot: Spot, findings: &mut Findings) {
    if !super::super::interpolate::is_name(name) || name.starts_with("target.") {
        let message = "a variable's name has letters, digits and `_`, and starts with no digit";
        findings.bad_value(spot, message);
    }
}

/// Tells keys of other platforms, and those that are missing.
fn keys(node: &Node, raw: &raw::Target, findings: &mut Findings) {
    let Some(at) = &raw.platform else {
        return;
    };
    let (platform, word) = (at.value, at.value.word());
    for (key, entry) in node.entries() {
        let elsewhere = raw::Target::KEYS.contains(&key.as_str())
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
    mut raw: raw::Target,
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

/// A name whose form depends on the platform.
pub(super) fn name<T: std::str::FromStr<Err = BadName>>(
    at: &At<Plain>,
    findings: &mut Findings,
) -> Option<T> {
    parsed(&at.value.text, &at.value.variables, at.spot, findings)
}

fn ecs_place(raw: raw::Target, sandbox: bool, findings: &mut Findings) -> Option<EcsPlace> {
    let network_given = raw.has(&["network"]);
    let endpoint = raw.endpoint.map(|at| {
        endpoint(&at.value.0, at.spot, sandbox, findings);
        at.value.0
    });
    let network = match raw.network {
        Some(at) => network(at, findings),
        None if sandbox && !network_given => Some(Network {
            subnets: vec!["subnet-sandbox".to_owned()],
            ..Network::default()
        }),
        None => None,
    };
    let [account, region, cluster] = SANDBOX.map(|(_, value)| value);
    let own = raw.account.map(|at| at.value);
    let account = own.or(stand_in(sandbox, account));
    let own = raw.region.map(|at| at.value);
    let region = own.or(stand_in(sandbox, region));
    let cluster = match &raw.cluster {
        Some(at) => name(at, findings),
        None => stand_in(sandbox, cluster),
    };
    Some(EcsPlace {
        account,
        region: region?,
        cluster: cluster?,
        endpoint,
        network: network?,
    })
}

/// What the sandbox has where its file says nothing.
fn stand_in<T: std::str::FromStr>(sandbox: bool, value: &str) -> Option<T> {
    value.parse().ok().filter(|_| sandbox)
}

/// Bounds from the Amazon ECS API reference, `AwsVpcConfiguration`.
fn network(at: At<raw::Network>, findings: &mut Findings) -> Option<Network> {
    let raw = at.value;
    let subnets = raw.subnets?;
    let count = subnets.value.len();
    if !(1..=16).contains(&count) {
        findings.bad_value(
            subnets.spot,
            format!("must have 1 to 16 subnets, not {count}"),
        );
    }
    let mut network = Network {
        public_ip: or(raw.public_ip, false),
        ..Network::default()
    };
    if let Some(groups) = raw.security_groups {
        let count = groups.value.len();
        if count > 5 {
            findings.bad_value(
                groups.spot,
                format!("must have at most 5 security groups, not {count}"),
            );
        }
        network.security_groups = distinct(groups.value, findings);
    }
    network.subnets = distinct(subnets.value, findings);
    Some(network)
}

fn distinct(items: Vec<At<super::super::scalar::Filled>>, findings: &mut Findings) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for at in items {
        if names.contains(&at.value.0) {
            findings.problem(Problem::new("duplicate-name", "this is listed twice").at(at.spot));
        }
        names.push(at.value.0);
    }
    names
}

pub(super) fn endpoint(url: &str, spot: Spot, sandbox: bool, findings: &mut Findings) {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
        findings.bad_value(spot, "this is not a URL such as \"http://127.0.0.1:4566\"");
    } else if sandbox {
        findings.bad_value(spot, "the sandbox is embedded: it has no endpoint");
    } else if !Owner::of(url).may_have_credentials() {
        findings.note(
            "endpoint_untrusted",
            "`endpoint` is neither https nor on this machine, so requests there are signed with made-up credentials, not with yours.",
        );
    }
}
