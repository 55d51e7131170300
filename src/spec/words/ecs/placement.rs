//! On which instances tasks are placed.

use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::{At, Shape, table};
use crate::spec::tree::Node;
use crate::spec::words::ecs::launch::LaunchType;

table! {
    /// On which instances tasks are placed.
    "placement" PlacementTable {
        /// What is tried, in this order, at most 5: "spread:attribute:ecs.availability-zone", "binpack:memory", "random".
        strategies: Vec<At<Strategy>>,
        /// What must hold, at most 10: "distinctInstance", or "memberOf:EXPRESSION".
        constraints: Vec<At<Constraint>>,
    }
}

/// A strategy: its type, and what it looks at.
pub(in crate::spec) struct Strategy(Json);

pub(in crate::spec) static STRATEGY: Pattern =
    Pattern::new("random|binpack:(?:cpu|memory)|spread:[^ ]+");

impl Shape for Strategy {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = node.word().filter(|text| STRATEGY.holds(text));
        let Some(text) = text else {
            let message = "this is not a strategy: write \"spread:host\", \"spread:attribute:ecs.availability-zone\", \"binpack:cpu\", \"binpack:memory\" or \"random\"";
            findings.bad_value(node.spot, message);
            return None;
        };
        let strategy = match text.split_once(':') {
            // Both mean the same, and ECS tells the latter.
            Some((kind, "host")) => json!({ "type": kind, "field": "instanceId" }),
            Some((kind, field)) => json!({ "type": kind, "field": field }),
            None => json!({ "type": text }),
        };
        Some(Self(strategy))
    }

    fn schema() -> Json {
        STRATEGY.schema()
    }
}

/// A constraint: its type, and its expression in the cluster query language.
pub(in crate::spec) struct Constraint(Json);

pub(in crate::spec) static CONSTRAINT: Pattern = Pattern::new("distinctInstance|memberOf:.+");

impl Shape for Constraint {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = node.word().filter(|text| CONSTRAINT.holds(text));
        let Some(text) = text else {
            let message = "this is not a constraint: write \"distinctInstance\", or \"memberOf:attribute:ecs.instance-type =~ t3.*\"";
            findings.bad_value(node.spot, message);
            return None;
        };
        let constraint = match text.split_once(':') {
            Some((kind, expression)) => json!({ "type": kind, "expression": expression.trim() }),
            None => json!({ "type": text }),
        };
        Some(Self(constraint))
    }

    fn schema() -> Json {
        CONSTRAINT.schema()
    }
}

/// The members of a service that say where its tasks are placed, in the API's own spelling. The bounds are
/// those of the Amazon ECS API reference, CreateService.
pub(in crate::spec) fn placement(
    raw: Option<&At<PlacementTable>>,
    launch: LaunchType,
    findings: &mut Findings,
) -> Vec<(&'static str, Json)> {
    let Some(raw) = raw else {
        return Vec::new();
    };
    if launch == LaunchType::Fargate {
        let message = "Fargate has no instances to choose among: it spreads tasks over zones";
        findings.problem(Problem::new("conflict", message).at(raw.head));
    }
    let mut members = Vec::new();
    if let Some(at) = &raw.value.strategies {
        if at.value.len() > 5 {
            findings.bad_value(at.spot, "a service has at most 5 strategies");
        }
        let all = at.value.iter().map(|at| at.value.0.clone());
        members.push(("placementStrategy", all.collect::<Json>()));
    }
    if let Some(at) = &raw.value.constraints {
        if at.value.len() > 10 {
            findings.bad_value(at.spot, "a service has at most 10 constraints");
        }
        let all = at.value.iter().map(|at| at.value.0.clone());
        members.push(("placementConstraints", all.collect::<Json>()));
    }
    members
}
