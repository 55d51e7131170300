//! Manifests to files and back. Pure.

mod around;
mod carried;
mod compare;
mod family;
mod filled;
mod gateway;
mod ingress;
mod keda;
mod labels;
mod nodes;
mod pods;
mod probes;
mod resources;
mod scaling;
mod security;
mod service;
mod stateful;
mod volumes;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use self::family::Family;
use super::hatch::{Entry, Round, Spelling, way};
use super::{Draft, Imported, Loss, NotTaken};
use crate::names::TargetName;
use crate::platform::kubernetes::fields::compared_keys;
use crate::platform::kubernetes::kinds::autoscaler::is_made;
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::kinds::render::{Setting, render};
use crate::platform::owner::Tenant;
use crate::spec::patch::Named;
use crate::spec::patch::kube_json::NAMED;
use crate::spec::{Loaded, Workload, WorkloadKind};

/// What is asked for with one service.
struct Made {
    service: String,
    desired: Desired,
}

/// What says something to another tool, or what every target has.
fn is_ignored(object: &Value) -> bool {
    is_of_kustomize(object) || family::kind(object) == "Namespace"
}

fn is_of_kustomize(object: &Value) -> bool {
    family::text(object, "/apiVersion").starts_with("kustomize.config.k8s.io/")
}

/// All objects but those that stand there twice; something that runs pods stands there once, or nobody
/// knows which is meant.
fn each_once(manifests: &[Value]) -> Result<Vec<Value>, NotTaken> {
    let mut all: Vec<Value> = Vec::new();
    for object in manifests {
        if all.contains(object) {
            continue;
        }
        let place = |object: &Value| {
            let namespace = family::text(object, "/metadata/namespace").to_owned();
            (namespace, family::title(object))
        };
        let runs = WorkloadKind::called(family::kind(object)).is_some();
        if runs && all.iter().any(|other| place(other) == place(object)) {
            return Err(NotTaken(format!(
                "{} stands in the source twice, each time with something else: leave one of them out",
                family::title(object)
            )));
        }
        all.push(object.clone());
    }
    Ok(all)
}

fn no_service(manifests: &[Value]) -> NotTaken {
    let kinds: BTreeSet<&str> = manifests.iter().map(family::kind).collect();
    if kinds.is_empty() {
        return NotTaken("it holds no manifests".to_owned());
    }
    let kinds: Vec<&str> = kinds.into_iter().collect();
    NotTaken(format!(
        "no Deployment, StatefulSet or DaemonSet is among the manifests ({}): a service is one, and other \
         kinds are only carried along beside it",
        kinds.join(", ")
    ))
}

/// What is told of documents that are no objects of a cluster.
fn beside(manifests: &[Value], no_objects: &[Value]) -> Vec<String> {
    let mut notes = Vec::new();
    if manifests.iter().any(is_of_kustomize) {
        notes.push(
            "a kustomization is among the manifests, and what it changes is not in the files: \
             `kubectl kustomize DIR | deployer init --from -` takes what it makes"
                .to_owned(),
        );
    }
    for document in no_objects {
        let members = document.as_object().into_iter().flatten();
        let keys: Vec<&str> = members.map(|(key, _)| key.as_str()).take(3).collect();
        notes.push(format!(
            "a document without `apiVersion` and `kind` is no manifest, and is left out ({})",
            keys.join(", ")
        ));
    }
    notes
}

/// Makes the files, and compares what they render with what they were made of.
pub(super) fn import(manifests: &[Value], target: &TargetName) -> Result<Imported, NotTaken> {
    let manifests = each_once(manifests)?;
    let manifests = manifests.into_iter().filter(|object| !is_made(object));
    let (manifests, no_objects): (Vec<Value>, Vec<Value>) =
        manifests.partition(super::files::is_manifest);
    let families = family::families(&manifests);
    if families.is_empty() {
        return Err(no_service(&manifests));
    }
    let draft = words::draft(&families, &manifests);
    let mut draft = super::refused::settled(draft, target)?;
    draft.notes.extend(beside(&manifests, &no_objects));
    let (_, loaded) = draft.tried(target)?;
    let (namespace, made) = rendered(&loaded)?;
    let left = manifests.iter().filter(|object| {
        let taken = families.iter().any(|family| family.holds(object));
        !taken && !is_ignored(object)
    });
    let unsaid = families
        .iter()
        .flat_map(|family| carried::unsaid(family, &made));
    let others = carried::others(left.chain(unsaid), &made, &namespace);
    carried::write(&mut draft, &others.carried)?;
    draft.notes.extend(others.notes.iter().cloned());
    for family in &families {
        carried::leave_count(&mut draft, family, &others.carried);
    }
    let once = Once {
        families: &families,
        others: &others,
        target,
    };
    super::hatch::import(&once, &draft)
}

/// Of all that lies in a namespace, what belongs to something of it that runs pods.
pub(super) fn belonging(objects: &[Value]) -> Vec<Value> {
    let families = family::families(objects);
    let belongs = |object: &&Value| {
        let mut families = families.iter();
        families.any(|family| {
            family.holds(object) || family.concerns(object) || family.concerns_keda(object, objects)
        })
    };
    objects.iter().filter(belongs).cloned().collect()
}

/// One source on its way.
struct Once<'s> {
    families: &'s [Family],
    others: &'s carried::Others<'s>,
    target: &'s TargetName,
}

impl Round for Once<'_> {
    type Rendered = Vec<Made>;
    const NAMED: Named = NAMED;

    fn attempt(&self, draft: &Draft) -> Result<(Imported, Vec<Made>), NotTaken> {
        let (mut imported, loaded) = draft.tried(self.target)?;
        let (namespace, made) = rendered(&loaded)?;
        for family in self.families {
            imported
                .losses
                .extend(compare::elsewhere(family, &namespace));
            if let Some(one) = made.iter().find(|one| one.service == family.name) {
                let losses = compare::losses(family, &one.desired, &made);
                imported.losses.extend(losses);
            }
        }
        for object in &self.others.carried {
            let losses = match carried::rendered(object, &made) {
                Some(rendered) => compare::of_carried(object, rendered),
                None => vec![Loss::unsaid(family::title(object), "", (*object).clone())],
            };
            imported.losses.extend(losses);
        }
        imported.losses.extend(self.others.losses.iter().cloned());
        Ok((imported, made))
    }

    fn entry(&self, loss: &Loss, rendered: &Vec<Made>) -> Option<Entry> {
        let (kind, name) = loss.of.split_once(' ')?;
        let (_, part) = PARTS.iter().find(|(of, _)| *of == kind)?;
        let found = |(index, family): (usize, &Family)| {
            let mut own = family.objects();
            let there =
                own.find(|there| family::kind(there) == kind && family::name(there) == name);
            there.map(|there| (index, there.clone()))
        };
        let (service, there) = self.families.iter().enumerate().find_map(found)?;
        let family = self.families.get(service)?;
        let made = rendered.iter().find(|one| one.service == family.name)?;
        let objects = &made.desired.objects;
        let object = objects
            .iter()
            .find(|object| object.id.kind.as_str() == kind && !object.id.kind.is_carried())?;
        let spelling = Spelling {
            items: |list, items| {
                let keys = compared_keys(list, items).into_iter();
                keys.map(|key| vec![key]).collect()
            },
            named: NAMED,
        };
        let (steps, value) = way(&spelling, &loss.path, &there, &object.manifest)?;
        Some(Entry {
            service,
            part,
            steps,
            value,
        })
    }
}

/// The tables of `[service.NAME.kubernetes.patch]`, by what they are laid over.
const PARTS: [(&str, &str); 11] = [
    ("StatefulSet", "stateful_set"),
    ("DaemonSet", "daemon_set"),
    ("Deployment", "deployment"),
    ("Service", "service"),
    ("Ingress", "ingress"),
    ("HorizontalPodAutoscaler", "hpa"),
    ("ScaledObject", "scaled_object"),
    ("PodDisruptionBudget", "pdb"),
    ("ServiceAccount", "service_account"),
    ("HTTPRoute", "route"),
    ("NetworkPolicy", "network_policy"),
];

/// What the files ask for, and in which namespace.
fn rendered(loaded: &Loaded) -> Result<(String, Vec<Made>), NotTaken> {
    let Workload::Kubernetes { place, services } = &loaded.spec.workload else {
        return Err(NotTaken("the target is no Kubernetes".into()));
    };
    let tenant = &Tenant::of(&loaded.spec);
    let each = services.iter().map(|service| Made {
        service: service.name.to_string(),
        desired: render(service, &Setting { tenant, place }),
    });
    Ok((place.namespace.to_string(), each.collect()))
}
