//! From tables to the model: defaults, cross-checks and notes.

mod added;
mod arns;
mod autoscaler;
mod contained;
mod container;
mod ecs;
mod graph;
mod groups;
mod ingress;
mod kubernetes;
mod limits;
mod namespace;
mod place;
mod plain;
pub use self::plain::MASKED;
mod probes;
mod resources;
mod rollout;
mod same;

use std::collections::BTreeMap;

use self::container::Placed;
use super::findings::Findings;
use super::model::Service;
use super::problem::{Problem, Spot};
use super::raw;
use super::shape::{At, Map};
use super::tree::Node;
use crate::names::{BadName, ServiceName, is_annotation_key};
use crate::rollout::Policy;

pub(super) use self::place::{Overlays, Place, is_kubernetes, known, somewhere, target};
pub(super) use self::same::{names, refuse_the_same};

/// What resolving a service asks of where it goes: the place of one platform.
pub(super) trait Ground: Sized {
    /// What only that platform knows about a service.
    type Own;
    /// Whether it is ECS.
    const ECS: bool;

    /// Resolves the platform's own table, with what it makes of the words of every platform.
    fn own(
        raw: &mut raw::Service,
        scene: &Scene<'_, Self>,
        findings: &mut Findings,
    ) -> Option<Self::Own>;

    /// The objects of a service that no other one may share: the kind of each, and its name.
    fn objects(own: &Self::Own) -> Vec<(&'static str, String)>;
}

/// What the checks of one platform look at besides what is written for it.
pub(super) struct Scene<'a, P> {
    name: &'a ServiceName,
    head: Spot,
    containers: &'a [Placed],
    place: &'a P,
}

/// The value of a key, or its default.
fn or<T>(field: Option<At<T>>, default: T) -> T {
    field.map_or(default, |at| at.value)
}

/// Resolves one service; what is wrong with it is found even where it cannot be made.
pub(super) fn service<P: Ground>(
    name: &str,
    raw: At<raw::Service>,
    node: &Node,
    place: &P,
    findings: &mut Findings,
) -> Option<Service<P::Own>> {
    let head = raw.head;
    let name = service_name(name, head, findings)?;
    findings.service = Some(name.clone());
    let mut raw = raw.value;
    plain::check(node, raw.allow_plain.as_ref(), findings);
    let containers = container::all(&name, &mut raw, head, P::ECS, findings);
    graph::check(&containers, findings);
    shares(&raw, &containers, findings);
    let tags = tags(raw.tags.take(), P::ECS, findings);
    let scene = Scene {
        name: &name,
        head,
        containers: &containers,
        place,
    };
    let own = P::own(&mut raw, &scene, findings);
    let rollout = rollout::rollout(raw.rollout.take(), policy(P::ECS), findings);
    let replicas = raw.replicas.take();
    let count = rollout::scaling(raw.scaling.take(), replicas.as_ref(), P::ECS, findings);
    Some(Service {
        name,
        replicas: count.replicas,
        counted_by_others: count.by_others,
        containers: container::whole(containers)?,
        scaling: count.scaling,
        rollout: rollout?,
        tags,
        own: own?,
    })
}

fn policy(ecs: bool) -> Policy {
    if ecs {
        Policy::ecs()
    } else {
        Policy::kubernetes()
    }
}

fn service_name(name: &str, head: Spot, findings: &mut Findings) -> Option<ServiceName> {
    match name.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            let error: BadName = error;
            findings.bad_value(head, error.to_string());
            // Any name will do to find what else is wrong.
            "unnamed".parse().ok()
        }
    }
}

/// What containers reserve and are limited to comes out of the task's.
fn shares(raw: &raw::Service, containers: &[Placed], findings: &mut Findings) {
    let sum = |of: fn(&Placed) -> Option<u32>| -> u64 {
        containers.iter().filter_map(of).map(u64::from).sum()
    };
    let reserved = sum(|placed| placed.container.as_ref()?.cpu);
    if let Some(at) = raw
        .cpu
        .as_ref()
        .filter(|at| reserved > u64::from(at.value.0))
    {
        let message = "the containers reserve more CPU than all of them together have";
        findings.bad_value(at.spot, message);
    }
    let limits = sum(|placed| placed.container.as_ref()?.memory);
    if let Some(at) = raw
        .memory
        .as_ref()
        .filter(|at| limits > u64::from(at.value.0))
    {
        let message = "the containers may use more memory than all of them together have";
        findings.bad_value(at.spot, message);
    }
}

/// Tags (Amazon ECS API reference, Tag): at most 50, and `aws:` is AWS's own. On Kubernetes they are
/// annotations.
fn tags(
    raw: Option<At<Map<String>>>,
    ecs: bool,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let Some(tags) = raw else {
        return BTreeMap::new();
    };
    if tags.value.0.len() > 40 {
        findings.bad_value(
            tags.head,
            "at most 40 tags: AWS allows 50, and some are ours",
        );
    }
    let mut found = BTreeMap::new();
    for (key, value) in tags.value.0 {
        tag(&key, &value, findings);
        if !ecs && !is_annotation_key(&key) {
            let message = format!(
                "on Kubernetes the tag `{key}` is left out: no annotation can be called so"
            );
            findings.note("not-honoured", message);
        }
        found.insert(key, value.value);
    }
    found
}

const OURS: &str =
    "keys that start with `deployer:` or `deployer/` tell whose a service is, and are ours";

/// Whether a tag or an annotation may be one of those by which we know what is ours.
fn is_ours(key: &str) -> bool {
    let key = key.to_lowercase();
    key.starts_with("deployer:") || key.starts_with("deployer/")
}

fn tag(key: &str, value: &At<String>, findings: &mut Findings) {
    let plain = |text: &str| {
        let allowed = |c: char| c.is_alphanumeric() || "+-=._:/@ ".contains(c);
        text.chars().all(allowed)
    };
    let wrong =
        |spot: Spot, why: &str| Problem::new("bad-value", format!("not a tag: {why}")).at(spot);
    if key.is_empty() || key.chars().count() > 128 {
        findings.problem(wrong(value.head, "a key has 1 to 128 characters"));
    } else if is_ours(key) {
        findings.problem(wrong(value.head, OURS));
    } else if key.to_lowercase().starts_with("aws:") {
        findings.problem(wrong(
            value.head,
            "keys that start with `aws:` are AWS's own",
        ));
    } else if !plain(key) {
        findings.problem(wrong(
            value.head,
            "only letters, digits, spaces and `+-=._:/@` are allowed",
        ));
    }
    if value.value.chars().count() > 256 {
        findings.problem(wrong(value.spot, "a value has at most 256 characters"));
    } else if !plain(&value.value) {
        findings.problem(wrong(
            value.spot,
            "only letters, digits, spaces and `+-=._:/@` are allowed",
        ));
    }
}
