//! The target: which platform it is, and what that platform needs.

use std::collections::BTreeMap;

use super::super::findings::Findings;
use super::super::model::{Approve, EcsPlace, Network, Place, Target};
use super::super::problem::{Problem, Spot};
use super::super::raw::target::{self as raw, Overlay, Platform};
use super::super::shape::{At, Shape, Table};
use super::super::tree::Node;
use super::or;
use crate::names::TargetName;

/// What the embedded cloud has without being told.
const SANDBOX: [(&str, &str); 3] = [
    ("account", "123456789012"),
    ("region", "us-east-1"),
    ("cluster", "main"),
];

impl Target {
    /// Where its ECS is.
    pub fn ecs(&self) -> &EcsPlace {
        match &self.place {
            Place::Ecs(place) | Place::Sandbox(place) => place,
        }
    }
}

/// A place for checks that need one, where the target's own is wrong, which was told.
pub(in crate::spec) fn somewhere() -> Option<EcsPlace> {
    let [_, (_, region), (_, cluster)] = SANDBOX;
    Some(EcsPlace {
        account: None,
        region: region.parse().ok()?,
        cluster: cluster.parse().ok()?,
        endpoint: None,
        network: Network::default(),
    })
}

/// What `${target.…}` stands for. The sandbox has it all also where its file names none; where a
/// target lacks a key that it must have, that is told once and not again at every use.
pub(in crate::spec) fn known(
    name: &TargetName,
    target: &Node,
) -> BTreeMap<&'static str, Option<String>> {
    let sandbox = target.get("platform").and_then(Node::text) == Some("sandbox");
    let mut known = BTreeMap::from([("name", Some(name.to_string()))]);
    for (key, value) in SANDBOX {
        let node = target.get(key);
        let told = node.is_some() || key != "account";
        let text = node.and_then(Node::text).map(str::to_owned);
        known.insert(
            key,
            text.or_else(|| (sandbox || told).then(|| value.to_owned())),
        );
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
) -> (Option<Target>, Overlays) {
    if let Some(platform) = node.get("platform")
        && let Some(word @ ("eks" | "kubernetes")) = platform.text()
    {
        // Its other keys belong to a platform that is not there; to list them would say nothing.
        let message = format!("platform `{word}` is not known yet");
        findings.problem(
            Problem::new("unknown-platform", message)
                .at(platform.spot)
                .label("this version deploys to \"ecs\" and \"sandbox\""),
        );
        return (None, Vec::new());
    }
    let Some(mut raw) = raw::Target::read(node, findings) else {
        return (None, Vec::new());
    };
    if let Some(vars) = &raw.vars {
        for (name, at) in &vars.value.0 {
            variable(name, at.head, findings);
        }
    }
    let overlays = raw.service.take().map(|at| at.value.0).unwrap_or_default();
    (place(name, raw, findings), overlays)
}

/// A name that `${…}` could never ask for is a mistake.
fn variable(name: &str, spot: Spot, findings: &mut Findings) {
    if !super::super::interpolate::is_name(name) || name.starts_with("target.") {
        let message = "a variable's name has letters, digits and `_`, and starts with no digit";
        findings.bad_value(spot, message);
    }
}

fn place(name: &TargetName, mut raw: raw::Target, findings: &mut Findings) -> Option<Target> {
    let platform = raw.platform.as_ref()?;
    let sandbox = platform.value == Platform::Sandbox;
    for key in ["region", "cluster", "network"] {
        if !sandbox && !raw.has(&[key]) {
            findings.missing(platform.head, key, "platform \"ecs\" needs it");
        }
    }
    let approve = raw.approve.take();
    let place = ecs_place(raw, sandbox, findings)?;
    let (place, usual) = if sandbox {
        (Place::Sandbox(place), Approve::Yes)
    } else {
        (Place::Ecs(place), Approve::Ask)
    };
    Some(Target {
        name: name.clone(),
        place,
        approve: or(approve, usual),
    })
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
    let own = raw.cluster.map(|at| at.value);
    let cluster = own.or(stand_in(sandbox, cluster));
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

fn endpoint(url: &str, spot: Spot, sandbox: bool, findings: &mut Findings) {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
        findings.bad_value(spot, "this is not a URL such as \"http://127.0.0.1:4566\"");
    } else if sandbox {
        findings.bad_value(spot, "the sandbox is embedded: it has no endpoint");
    }
}
