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
use self::kubernetes::Portable;
use super::fargate;
use super::findings::Findings;
use super::model::{Architecture, Ecs, Expose, Kubernetes, Place, Service};
use super::problem::{Problem, Spot};
use super::raw;
use super::raw::rollout::Scaling;
use super::shape::{At, Map};
use super::tree::Node;
use crate::names::{BadName, ServiceName, is_annotation_key};
use crate::rollout::Policy;

pub(super) use self::place::{Overlays, is_kubernetes, known, somewhere, target};
pub(super) use self::same::{names, refuse_the_same};

/// The value of a key, or its default.
fn or<T>(field: Option<At<T>>, default: T) -> T {
    field.map_or(default, |at| at.value)
}

/// Resolves one service; what is wrong with it is found even where it cannot be made.
pub(super) fn service(
    name: &str,
    raw: At<raw::Service>,
    node: &Node,
    place: &Place,
    findings: &mut Findings,
) -> Option<Service> {
    let head = raw.head;
    let name = service_name(name, head, findings)?;
    findings.service = Some(name.clone());
    let mut raw = raw.value;
    let on_ecs = place.ecs().is_some();
    plain::check(node, raw.allow_plain.as_ref(), findings);
    let portable = Portable::of(&raw, on_ecs);
    let containers = container::all(&name, &mut raw, head, on_ecs, findings);
    graph::check(&containers, findings);
    if on_ecs {
        size(&raw, findings);
    }
    shares(&raw, &containers, findings);
    let expose = raw
        .expose
        .take()
        .map(|at| expose(at.value, on_ecs, findings));
    if on_ecs {
        limits::definition(head, &containers, findings);
    }
    let tags = tags(raw.tags.take(), on_ecs, findings);
    let scaling = raw.scaling.take();
    let scene = Scene {
        name: &name,
        head,
        containers: &containers,
        portable: &portable,
        scaling: scaling.as_ref(),
    };
    let typed = typed(&mut raw, &scene, place, findings);
    let rollout = rollout::rollout(raw.rollout.take(), policy(on_ecs), findings);
    let replicas = raw.replicas.take();
    let count = rollout::scaling(scaling, replicas.as_ref(), on_ecs, findings);
    let (ecs, kubernetes) = typed?;
    Some(Service {
        name,
        replicas: count.replicas,
        counted_by_others: count.by_others,
        cpu: raw.cpu?.value.0,
        memory: raw.memory?.value.0,
        architecture: or(raw.architecture, Architecture::default()),
        containers: container::whole(containers)?,
        scaling: count.scaling,
        expose,
        rollout: rollout?,
        tags,
        ecs,
        kubernetes,
    })
}

fn policy(ecs: bool) -> Policy {
    if ecs {
        Policy::ecs()
    } else {
        Policy::kubernetes()
    }
}

/// What the checks of one platform's table look at besides the table itself.
struct Scene<'a> {
    name: &'a ServiceName,
    head: Spot,
    containers: &'a [Placed],
    portable: &'a Portable,
    scaling: Option<&'a At<Scaling>>,
}

/// Resolves the tables of both platforms. What the other one's would not take concerns nobody
/// here, so it is not told.
fn typed(
    raw: &mut raw::Service,
    scene: &Scene<'_>,
    place: &Place,
    findings: &mut Findings,
) -> Option<(Ecs, Kubernetes)> {
    let mut unheard = Findings::default();
    let (cluster, namespace) = (place::some_cluster()?, namespace::somewhere()?);
    let (cluster, namespace, for_ecs, for_kubernetes) = match place {
        Place::Ecs(place) | Place::Sandbox(place) => (place, &namespace, findings, &mut unheard),
        Place::Kubernetes(place) => (&cluster, place, &mut unheard, findings),
    };
    let at = ecs::Scene {
        name: scene.name,
        head: scene.head,
        containers: scene.containers,
        place: cluster,
    };
    let ecs = ecs::ecs(raw.ecs.take(), &at, scene.scaling, for_ecs);
    let kubernetes = raw.kubernetes.take();
    let kubernetes = kubernetes::kubernetes(kubernetes, scene, namespace, for_kubernetes);
    Some((ecs?, kubernetes?))
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

/// The size of the task: one that Fargate offers.
fn size(raw: &raw::Service, findings: &mut Findings) {
    let (Some(cpu), Some(memory)) = (&raw.cpu, &raw.memory) else {
        return;
    };
    let (units, mebibytes) = (cpu.value.0, memory.value.0);
    match fargate::memory_sizes(units) {
        None => findings.note(
            "unknown-size",
            format!(
                "{} is no CPU size of Fargate's that is known here (0.25, 0.5, 1, 2, 4, 8, 16, 32 vCPU); AWS will tell",
                fargate::vcpu(units)
            ),
        ),
        Some(sizes) if !sizes.contains(&mebibytes) => findings.problem(
            Problem::new(
                "bad-size",
                format!(
                    "Fargate does not offer {} of memory with {}",
                    fargate::size_in_words(mebibytes),
                    fargate::vcpu(units)
                ),
            )
            .at(memory.spot)
            .also(cpu.spot, "this much CPU")
            .help(format!("with {}: {}", fargate::vcpu(units), fargate::offered(&sizes))),
        ),
        Some(_) => {}
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

fn expose(raw: raw::Expose, ecs: bool, findings: &mut Findings) -> Expose {
    if ecs {
        findings.note(
            "not-honoured",
            "`expose` changes nothing on ECS: the load balancer's listeners are not ours, only its target group is",
        );
    }
    Expose {
        host: raw.host.map(|at| at.value.0),
        certificate: raw.certificate.map(|at| at.value),
        public: or(raw.public, false),
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
