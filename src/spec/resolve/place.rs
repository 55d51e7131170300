//! The target: which platform it is, and what that platform needs.

use std::collections::BTreeMap;

use super::super::findings::Findings;
use super::super::model::{Approve, EcsPlace, Network, Place, Target};
use super::super::problem::{Problem, Spot};
use super::super::raw::target::{self as raw, Platform};
use super::super::shape::{At, Shape};
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

/// The sandbox has an account, a Region and a cluster also where its file names none.
pub(in crate::spec) fn name_the_sandbox(
    target: &Node,
    known: &mut BTreeMap<&'static str, Option<String>>,
) {
    if target.get("platform").and_then(Node::text) == Some("sandbox") {
        for (key, value) in SANDBOX {
            known
                .entry(key)
                .or_default()
                .get_or_insert_with(|| value.to_owned());
        }
    }
}

/// Resolves the target's file, the services laid over apart.
pub(in crate::spec) fn target(
    name: &TargetName,
    node: &Node,
    findings: &mut Findings,
) -> Option<Target> {
    if let Some(platform) = node.get("platform")
        && let Some(word @ ("eks" | "kubernetes")) = platform.text()
    {
        // Its other keys belong to a platform that is not there; to list them would say nothing.
        findings.problem(
            Problem::new(
                "unknown-platform",
                format!("platform `{word}` is not known yet"),
            )
            .at(platform.spot)
            .label("this version deploys to \"ecs\" and \"sandbox\""),
        );
        return None;
    }
    let raw = raw::Target::read(node, findings)?;
    let platform = raw.platform?.value;
    let sandbox = platform == Platform::Sandbox;
    let default = |key: &str| {
        let found = SANDBOX.iter().find(|(name, _)| sandbox && *name == key);
        found.map(|(_, value)| *value)
    };
    let present = |key: &str| node.get(key).is_some();
    for key in ["region", "cluster", "network"] {
        if !sandbox && !present(key) {
            findings.missing(
                node.get("platform").map_or(node.spot, Node::head),
                key,
                "platform \"ecs\" needs it",
            );
        }
    }
    let network = match raw.network {
        Some(at) => network(at, findings),
        None if sandbox && !present("network") => Some(Network {
            subnets: vec!["subnet-sandbox".to_owned()],
            ..Network::default()
        }),
        None => None,
    };
    let endpoint = raw.endpoint.map(|at| {
        endpoint(&at.value.0, at.spot, sandbox, findings);
        at.value.0
    });
    let account = raw.account.map(|at| at.value);
    let place = EcsPlace {
        account: account.or_else(|| default("account")?.parse().ok()),
        region: raw
            .region
            .map(|at| at.value)
            .or_else(|| default("region")?.parse().ok())?,
        cluster: raw
            .cluster
            .map(|at| at.value)
            .or_else(|| default("cluster")?.parse().ok())?,
        endpoint,
        network: network?,
    };
    Some(Target {
        name: name.clone(),
        place: if sandbox {
            Place::Sandbox(place)
        } else {
            Place::Ecs(place)
        },
        approve: or(
            raw.approve,
            if sandbox { Approve::Yes } else { Approve::Ask },
        ),
    })
}

/// Bounds from the Amazon ECS API reference, AwsVpcConfiguration.
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
