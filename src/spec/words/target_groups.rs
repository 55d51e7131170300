//! Which target group sends to which container and port.

use serde_json::{Value as Json, json};

use crate::names::{Arn, ContainerName};
use crate::spec::findings::Findings;
use crate::spec::nearest;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::Scene;
use crate::spec::resolve::arns;
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, Shape, Table, table};
use crate::spec::tree::{Node, Value};
use crate::spec::words::Placed;
use crate::spec::words::ecs::role::{Role, full_role};
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
        /// ARN of the second target group, between which and the first a `strategy` shifts traffic.
        alternate: Arn,
        /// ARN of the listener's rule that sends production traffic here; of the listener where it is a Network Load Balancer's.
        production_rule: Arn,
        /// ARN of the rule, or listener, that sends test traffic to what is new.
        test_rule: Arn,
        /// The role by which ECS changes the rules: its ARN, or its name in the target's account.
        role: Role,
    }
}

/// One target group: its ARN alone, or with all there is to say of it.
pub(in crate::spec) struct OneGroup(TargetGroupTable);

impl Shape for OneGroup {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return TargetGroupTable::read(node, findings).map(Self);
        }
        let arn = At {
            value: Arn::read(node, findings)?,
            spot: node.spot,
            head: node.head(),
        };
        Some(Self(TargetGroupTable {
            arn: Some(arn),
            ..TargetGroupTable::default()
        }))
    }

    fn schema() -> Json {
        json!({ "anyOf": [Arn::schema(), TargetGroupTable::schema()] })
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
    /// What a strategy that shifts traffic needs of it.
    pub(crate) shift: Option<GroupShift>,
}

/// Between which target groups traffic shifts, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupShift {
    /// The second target group.
    pub(crate) alternate: Arn,
    /// The rule of production traffic; a Network Load Balancer's listener.
    pub(crate) production_rule: Arn,
    /// The rule of test traffic.
    pub(crate) test_rule: Option<Arn>,
    /// The role by which ECS changes them.
    pub(crate) role: String,
}

/// The target groups of a service, each with the container and the port it sends to.
pub(in crate::spec) fn target_groups(
    one: Option<At<OneGroup>>,
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
        groups.extend(target_group(one.value.0, one.spot, scene, findings));
    }
    for at in many.map(|at| at.value).unwrap_or_default() {
        groups.extend(target_group(at.value, at.spot, scene, findings));
    }
    groups
}

fn target_group(
    mut raw: TargetGroupTable,
    spot: Spot,
    scene: &Scene<'_, EcsPlace>,
    findings: &mut Findings,
) -> Option<TargetGroup> {
    let shift = group_shift(&mut raw, spot, scene.place, findings);
    let arn = raw.arn?;
    if let Some(shift) = shift.as_ref().filter(|shift| shift.alternate == arn.value) {
        let message = format!("traffic cannot shift from {} to itself", shift.alternate);
        findings.problem(Problem::new("conflict", message).at(spot));
    }
    let (service, what) = ("elasticloadbalancing", "a target group");
    arns::kind(&arn, service, "targetgroup/", what, findings);
    arns::home("target_group", &arn.value, scene.place.into(), findings);
    let named = raw.container.as_ref();
    let main = scene.containers.first();
    let main = main.map_or(scene.name.as_str(), |main| main.name.as_str());
    let name = named.map_or(main, |at| at.value.as_str());
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
        shift,
    })
}

/// What a strategy that shifts traffic needs of a target group: all of it, or nothing.
fn group_shift(
    raw: &mut TargetGroupTable,
    spot: Spot,
    place: &EcsPlace,
    findings: &mut Findings,
) -> Option<GroupShift> {
    if !raw.has(&["alternate", "production_rule", "test_rule", "role"]) {
        return None;
    }
    for key in ["alternate", "production_rule", "role"] {
        if !raw.has(&[key]) {
            findings.missing(spot, key, "shifting traffic");
        }
    }
    let service = "elasticloadbalancing";
    if let Some(at) = &raw.alternate {
        arns::kind(at, service, "targetgroup/", "a target group", findings);
        arns::home("alternate", &at.value, place.into(), findings);
    }
    for at in [&raw.production_rule, &raw.test_rule].into_iter().flatten() {
        arns::kind(at, service, "listener", "a listener's rule", findings);
    }
    let role = full_role("role", raw.role.take(), place, findings);
    Some(GroupShift {
        alternate: raw.alternate.take()?.value,
        production_rule: raw.production_rule.take()?.value,
        test_rule: raw.test_rule.take().map(|at| at.value),
        role: role?,
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
