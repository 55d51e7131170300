//! Which containers wait for which, and how far those must have got.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::names::ContainerName;
use crate::spec::findings::Findings;
use crate::spec::nearest;
use crate::spec::problem::Problem;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Shape, words};
use crate::spec::tree::{Node, Value};
use crate::spec::words::Placed;

words!(
    Dependency, "how far a container must have got",
    "start" => Dependency::Start,
    "complete" => Dependency::Complete,
    "success" => Dependency::Success,
    "healthy" => Dependency::Healthy,
);

/// Containers to wait for: `{ NAME = "healthy" }`, or `["NAME"]` for those that must have started.
pub(in crate::spec) struct DependsOn(pub(in crate::spec) Vec<(String, At<Dependency>)>);

impl Shape for DependsOn {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return Some(Self(Map::<Dependency>::read(node, findings)?.0));
        }
        if !matches!(node.value, Value::List(_)) {
            let expected = "a table such as { NAME = \"healthy\" }, or an array of names";
            findings.wrong_type(node, expected, None);
            return None;
        }
        let names = Vec::<At<Filled>>::read(node, findings)?;
        let started = |at: At<Filled>| {
            let dependency = At {
                value: Dependency::Start,
                spot: at.spot,
                head: at.spot,
            };
            (at.value.0, dependency)
        };
        Some(Self(names.into_iter().map(started).collect()))
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "object", "additionalProperties": Dependency::schema() },
                { "type": "array", "items": Filled::schema() },
            ],
        })
    }
}

/// How far another container must have got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dependency {
    /// It must have started.
    Start,
    /// It must have ended, with whatever exit code.
    Complete,
    /// It must have ended with exit code 0.
    Success,
    /// It must have passed its health check.
    Healthy,
}

/// Names that are no container's are told by the graph's check.
pub(in crate::spec) fn dependencies(
    depends_on: &[(String, At<Dependency>)],
) -> BTreeMap<ContainerName, Dependency> {
    let entries = depends_on.iter();
    entries
        .filter_map(|(name, at)| Some((name.parse().ok()?, at.value)))
        .collect()
}

/// Checks names, conditions and circles.
pub(in crate::spec) fn check(containers: &[Placed], findings: &mut Findings) {
    let numbers = numbers(containers);
    for placed in containers {
        for (name, at) in &placed.depends_on {
            let other = numbers
                .get(name.as_str())
                .map(|number| &containers[*number]);
            let Some(other) = other else {
                unknown(placed, name, at, containers, findings);
                continue;
            };
            dependency(name, at, other, findings);
        }
    }
    circle(containers, findings);
}

fn unknown(
    placed: &Placed,
    name: &str,
    at: &At<Dependency>,
    containers: &[Placed],
    findings: &mut Findings,
) {
    let known = containers.iter().map(|other| other.name.as_str());
    let known = known.filter(|other| *other != placed.name.as_str());
    let help = nearest::hint(name, known);
    findings.problem(
        Problem::new(
            "unknown-container",
            format!("no container `{name}` in this service"),
        )
        .at(at.head)
        .maybe_help(help),
    );
}

fn dependency(name: &str, at: &At<Dependency>, other: &Placed, findings: &mut Findings) {
    match at.value {
        Dependency::Healthy if !other.checked => findings.problem(
            Problem::new(
                "bad-dependency",
                format!("`{name}` has no health check to wait for"),
            )
            .at(at.spot)
            .also(other.head, "the container without a check")
            .help("give it `health = { command = \"…\" }`, or wait for \"start\""),
        ),
        // Amazon ECS API reference, ContainerDependency.
        Dependency::Complete | Dependency::Success if other.essential => findings.problem(
            Problem::new(
                "bad-dependency",
                format!("`{name}` is essential: when it ends, so do the others"),
            )
            .at(at.spot)
            .also(other.head, "the essential container")
            .help("give it `essential = false`, or wait for \"start\" or \"healthy\""),
        ),
        _ => {}
    }
}

/// Containers that wait for each other in a circle would never start; one circle is told at a time.
fn circle(containers: &[Placed], findings: &mut Findings) {
    let numbers = numbers(containers);
    let waits_for: Vec<Vec<usize>> = containers
        .iter()
        .map(|placed| {
            let names = placed.depends_on.iter();
            names
                .filter_map(|(name, _)| numbers.get(name.as_str()).copied())
                .collect()
        })
        .collect();
    let mut waited_for_by = vec![Vec::new(); containers.len()];
    let mut left: Vec<usize> = waits_for.iter().map(Vec::len).collect();
    for (number, others) in waits_for.iter().enumerate() {
        for other in others {
            waited_for_by[*other].push(number);
        }
    }
    // What waits for nothing starts; then what waited for it alone, and so on.
    let mut starts: Vec<usize> = (0..left.len())
        .filter(|number| left[*number] == 0)
        .collect();
    while let Some(number) = starts.pop() {
        for waiting in &waited_for_by[number] {
            left[*waiting] -= 1;
            if left[*waiting] == 0 {
                starts.push(*waiting);
            }
        }
    }
    // Each of those left waits for another of them, so following their steps must come back.
    let next_of = |number: usize| {
        waits_for[number]
            .iter()
            .copied()
            .find(|other| left[*other] > 0)
    };
    let mut path: Vec<usize> = Vec::new();
    let mut seen = HashMap::new();
    let mut next = (0..left.len()).find(|number| left[*number] > 0);
    while let Some(number) = next {
        if let Some(start) = seen.insert(number, path.len()) {
            let around: Vec<&Placed> = path[start..]
                .iter()
                .map(|number| &containers[*number])
                .collect();
            tell(&around, findings);
            return;
        }
        path.push(number);
        next = next_of(number);
    }
}

/// Where each container stands.
fn numbers(containers: &[Placed]) -> HashMap<&str, usize> {
    let names = containers.iter().enumerate();
    names
        .map(|(number, placed)| (placed.name.as_str(), number))
        .collect()
}

fn tell(circle: &[&Placed], findings: &mut Findings) {
    let Some(first) = circle.first() else { return };
    let around = circle.iter().chain([first]);
    let path: Vec<&str> = around.map(|placed| placed.name.as_str()).collect();
    let message = format!("containers wait for each other: {}", path.join(" → "));
    let second = circle.get(1).unwrap_or(first).name.as_str();
    let step = first.depends_on.iter().find(|(name, _)| name == second);
    let spot = step.map_or(first.head, |(_, at)| at.head);
    findings.problem(
        Problem::new("dependency-cycle", message)
            .at(spot)
            .label("none of them could ever start"),
    );
}
