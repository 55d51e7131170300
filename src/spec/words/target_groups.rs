//! Which target group sends to which container and port.

use crate::names::{Arn, ContainerName};
use crate::spec::findings::Findings;
use crate::spec::nearest;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::Scene;
use crate::spec::resolve::arns;
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, table};
use crate::spec::words::Placed;
use crate::spec::words::target::cluster::EcsPlace;

table! {
    /// A load balancer's target group.
    "target_groups" TargetGroupTable {
        /// Its ARN.
        arn: Arn = required,
        /// Which container it sends to. Default: the main one.
        container: ContainerName,
        /// On which of its ports. Default: its first.
        port: Whole<1, 65_535>,
    }
}

/// A load balancer's target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetGroup {
    /// The ARN that names the target group.
    pub(crate) arn: Arn,
    /// The container that it sends requests to.
    pub(crate) container: ContainerName,
    /// The port of that container on which the requests arrive.
    pub(crate) port: u16,
}

/// The target groups of a service, each with the container and the port it sends to.
pub(in crate::spec) fn target_groups(
    one: Option<At<Arn>>,
    many: Option<At<Vec<At<TargetGroupTable>>>>,
    scene: &Scene<'_, EcsPlace>,
    findings: &mut Findings,
) -> Vec<TargetGroup> {
    if let (Some(one), Some(many)) = (&one, &many) {
        findings.problem(
            Problem::new(
                "conflict",
                "`target_group` and `target_groups` exclude each other",
            )
            .at(many.head)
            .also(one.head, "the one target group"),
        );
    }
    if let Some(many) = many.as_ref().filter(|many| many.value.len() > 5) {
        findings.bad_value(many.head, "a service has at most 5 target groups");
    }
    let mut groups = Vec::new();
    if let Some(one) = one {
        let raw = TargetGroupTable {
            arn: Some(one.clone()),
            ..TargetGroupTable::default()
        };
        groups.extend(target_group(raw, one.spot, scene, findings));
    }
    for at in many.map(|at| at.value).unwrap_or_default() {
        groups.extend(target_group(at.value, at.spot, scene, findings));
    }
    groups
}

fn target_group(
    raw: TargetGroupTable,
    spot: Spot,
    scene: &Scene<'_, EcsPlace>,
    findings: &mut Findings,
) -> Option<TargetGroup> {
    let arn = raw.arn?;
    let (service, what) = ("elasticloadbalancing", "a target group");
    arns::kind(&arn, service, "targetgroup/", what, findings);
    arns::home("target_group", &arn.value, scene.place.into(), findings);
    let named = raw.container.as_ref();
    let name = named.map_or(scene.name.as_str(), |at| at.value.as_str());
    let mut containers = scene.containers.iter();
    let Some(placed) = containers.find(|placed| placed.name.as_str() == name) else {
        let known = scene.containers.iter().map(|placed| placed.name.as_str());
        let message = format!("no container `{name}` in this service");
        findings.problem(
            Problem::new("unknown-container", message)
                .at(named.map_or(spot, |at| at.spot))
                .maybe_help(nearest::hint(name, known)),
        );
        return None;
    };
    let port = port(raw.port.as_ref(), placed, spot, findings)?;
    one_protocol(port, placed, spot, findings);
    Some(TargetGroup {
        arn: arn.value,
        container: placed.name.clone(),
        port,
    })
}

/// A target group names a port without its protocol: ECS refuses one that stands for two.
fn one_protocol(port: u16, placed: &Placed, spot: Spot, findings: &mut Findings) {
    let mut same = placed.ports.iter().filter(|at| at.value.number == port);
    if let (Some(_), Some(second)) = (same.next(), same.next()) {
        let message = format!("port {port} is both TCP and UDP, and a target group takes only one");
        let problem = Problem::new("conflict", message).at(spot);
        let problem = problem.also(second.spot, "the second time");
        findings.problem(problem.help("let the two protocols have a port each"));
    }
}

/// The port that was asked for, which the container must listen on, or else its first.
fn port(
    asked: Option<&At<Whole<1, 65_535>>>,
    placed: &Placed,
    spot: Spot,
    findings: &mut Findings,
) -> Option<u16> {
    let name = &placed.name;
    let listens = |number: u32| {
        let mut ports = placed.ports.iter();
        !placed.ports_known || ports.any(|at| u32::from(at.value.number) == number)
    };
    let problem = match asked {
        Some(at) if listens(at.value.0) => return u16::try_from(at.value.0).ok(),
        Some(at) => {
            let message = format!("`{name}` does not listen on {}", at.value.0);
            Problem::new("bad-value", message).at(at.spot)
        }
        None if !placed.ports_known || !placed.ports.is_empty() => {
            return placed.ports.first().map(|at| at.value.number);
        }
        None => Problem::new("missing-key", format!("`{name}` has no port to send to"))
            .at(spot)
            .help("give it `port = 8080`, or whatever it listens on"),
    };
    findings.problem(problem.also(placed.head, "the container"));
    None
}
