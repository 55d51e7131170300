//! The network that tasks are attached to.

use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::or;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, table};

table! {
    /// How tasks are wired up (awsvpc).
    "network" NetworkTable {
        /// 1 to 16 subnets.
        subnets: Vec<At<Filled>> = required,
        /// At most 5 security groups. Default: the VPC's own.
        security_groups: Vec<At<Filled>>,
        /// Whether tasks get a public address. Default: false.
        public_ip: bool,
    }
}

/// The network that the tasks of a service are attached to (`awsvpc` mode).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Network {
    /// 1 to 16 subnets (Amazon ECS API reference, `AwsVpcConfiguration`).
    pub(crate) subnets: Vec<String>,
    /// The security groups of the tasks' interfaces; ECS takes at most 5.
    pub(crate) security_groups: Vec<String>,
    /// Whether tasks get a public address.
    pub(crate) public_ip: bool,
}

/// Bounds from the Amazon ECS API reference, `AwsVpcConfiguration`.
pub(in crate::spec) fn network(at: At<NetworkTable>, findings: &mut Findings) -> Option<Network> {
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

fn distinct(items: Vec<At<Filled>>, findings: &mut Findings) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for at in items {
        if names.contains(&at.value.0) {
            findings.problem(Problem::new("duplicate-name", "this is listed twice").at(at.spot));
        }
        names.push(at.value.0);
    }
    names
}
