//! Which target group sends to which container and port.

use super::super::findings::Findings;
use super::super::model::TargetGroup;
use super::super::nearest;
use super::super::problem::{Problem, Spot};
use super::super::raw::ecs as raw;
use super::super::shape::At;
use super::arns;
use super::ecs::Scene;
use crate::names::Arn;

/// The target groups of a service, each with the container and the port it sends to.
pub(super) fn target_groups(
    one: Option<At<Arn>>,
    many: Option<At<Vec<At<raw::TargetGroup>>>>,
    scene: &Scene<'_>,
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
        let raw = raw::TargetGroup {
            arn: Some(one.clone()),
            ..raw::TargetGroup::default()
        };
        groups.extend(target_group(raw, one.spot, scene, findings));
    }
    for at in many.map(|at| at.value).unwrap_or_default() {
        groups.extend(target_group(at.value, at.spot, scene, findings));
    }
    groups
}

fn target_group(
    raw: raw::TargetGroup,
    spot: Spot,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Option<TargetGroup> {
    let arn = raw.arn?;
    arns::kind(
        &arn,
        "elasticloadbalancing",
        "targetgroup/",
        "a target group",
        findings,
    );
    arns::home("target_group", &arn.value, scene.place, findings);
    let named = raw.container.as_ref();
    let name = named.map_or(scene.name.as_str(), |at| at.value.as_str());
    let Some(placed) = scene
        .containers
        .iter()
        .find(|placed| placed.name.as_str() == name)
    else {
        let known = scene.containers.iter().map(|placed| placed.name.as_str());
        let message = format!("no container `{name}` in this service");
        findings.problem(
            Problem::new("unknown-container", message)
                .at(named.map_or(spot, |at| at.spot))
                .maybe_help(nearest::hint(name, known)),
        );
        return None;
    };
    let listens = |number: u32| {
        placed
            .ports
            .iter()
            .any(|at| u32::from(at.value.number) == number)
    };
    let port = match &raw.port {
        Some(at) if !placed.ports_known => u16::try_from(at.value.0).ok()?,
        Some(at) if !listens(at.value.0) => {
            let message = format!("`{name}` does not listen on {}", at.value.0);
            let problem = Problem::new("bad-value", message).at(at.spot);
            findings.problem(problem.also(placed.head, "the container"));
            return None;
        }
        Some(at) => u16::try_from(at.value.0).ok()?,
        None => match placed.ports.first() {
            Some(first) => first.value.number,
            None if !placed.ports_known => return None,
            None => {
                let problem =
                    Problem::new("missing-key", format!("`{name}` has no port to send to"));
                let problem = problem.at(spot).also(placed.head, "the container");
                findings.problem(problem.help("give it `port = 8080`, or whatever it listens on"));
                return None;
            }
        },
    };
    Some(TargetGroup {
        arn: arn.value,
        container: placed.name.clone(),
        port,
    })
}
