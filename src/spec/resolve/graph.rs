//! What containers of one task have to do with each other: who waits for whom, and who listens
//! where.

use super::super::findings::Findings;
use super::super::model::Dependency;
use super::super::nearest;
use super::super::problem::Problem;
use super::super::shape::At;
use super::container::Placed;

/// Checks names, conditions, circles and ports.
pub(super) fn check(containers: &[Placed], findings: &mut Findings) {
    for placed in containers {
        for (name, at) in &placed.depends_on {
            dependency(placed, name, at, containers, findings);
        }
    }
    circle(containers, findings);
    ports(containers, findings);
}

fn dependency(
    placed: &Placed,
    name: &str,
    at: &At<Dependency>,
    containers: &[Placed],
    findings: &mut Findings,
) {
    let Some(other) = find(containers, name) else {
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
        return;
    };
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
                format!("`{name}` is essential: when it ends, so does the task"),
            )
            .at(at.spot)
            .also(other.head, "the essential container")
            .help("give it `essential = false`, or wait for \"start\" or \"healthy\""),
        ),
        _ => {}
    }
}

fn find<'a>(containers: &'a [Placed], name: &str) -> Option<&'a Placed> {
    containers.iter().find(|other| other.name.as_str() == name)
}

/// Containers that wait for each other in a circle would never start; one circle is told at a time.
fn circle(containers: &[Placed], findings: &mut Findings) {
    let mut waiting: Vec<&Placed> = containers.iter().collect();
    loop {
        let before = waiting.len();
        let names: Vec<&str> = waiting.iter().map(|placed| placed.name.as_str()).collect();
        waiting.retain(|placed| first_of(placed, &names).is_some());
        if waiting.len() == before {
            break;
        }
    }
    // Each of those left waits for another of them, so following their steps must come back.
    let names: Vec<&str> = waiting.iter().map(|placed| placed.name.as_str()).collect();
    let mut path: Vec<&Placed> = Vec::new();
    let mut next = waiting.first().copied();
    while let Some(placed) = next {
        if let Some(start) = path.iter().position(|seen| seen.name == placed.name) {
            tell(&path[start..], &names, findings);
            return;
        }
        path.push(placed);
        next = first_of(placed, &names).and_then(|(name, _)| find(containers, name));
    }
}

/// The first of these that a container waits for.
fn first_of<'a>(placed: &'a Placed, names: &[&str]) -> Option<&'a (String, At<Dependency>)> {
    let mut others = placed.depends_on.iter();
    others.find(|(name, _)| names.contains(&name.as_str()))
}

fn tell(circle: &[&Placed], names: &[&str], findings: &mut Findings) {
    let Some(first) = circle.first() else { return };
    let around = circle.iter().chain([first]);
    let path: Vec<&str> = around.map(|placed| placed.name.as_str()).collect();
    let message = format!("containers wait for each other: {}", path.join(" → "));
    let spot = first_of(first, names).map_or(first.head, |(_, at)| at.head);
    findings.problem(
        Problem::new("dependency-cycle", message)
            .at(spot)
            .label("none of them could ever start"),
    );
}

/// All containers of a task share one network interface, so a port has one owner.
fn ports(containers: &[Placed], findings: &mut Findings) {
    let all: Vec<_> = containers.iter().flat_map(|placed| &placed.ports).collect();
    for (index, port) in all.iter().enumerate() {
        if let Some(first) = all[..index].iter().find(|first| first.value == port.value) {
            findings.problem(
                Problem::new(
                    "duplicate-port",
                    "two containers of a task cannot listen on one port",
                )
                .at(port.spot)
                .also(first.spot, "taken here"),
            );
        }
    }
}
