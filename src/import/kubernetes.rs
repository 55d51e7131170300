//! Manifests to files and back. Pure.

mod around;
mod carried;
mod compare;
mod family;
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
use crate::spec::{Loaded, Workload};

/// What is asked for with one service.
struct Made {
    service: String,
    desired: Desired,
}

/// Kinds that say something to another tool, or that every cluster has.
const IGNORED: [&str; 2] = ["Kustomization", "Namespace"];

/// Makes the files, and compares what they render with what they were made of.
pub(super) fn import(manifests: &[Value], target: &TargetName) -> Result<Imported, NotTaken> {
    let own = manifests.iter().filter(|object| !is_made(object));
    let manifests: &[Value] = &own.cloned().collect::<Vec<Value>>();
    let families = family::families(manifests);
    if families.is_empty() {
        let kinds: BTreeSet<&str> = manifests.iter().map(family::kind).collect();
        let kinds: Vec<&str> = kinds.into_iter().filter(|kind| !kind.is_empty()).collect();
        let message = format!(
            "no Deployment, StatefulSet or DaemonSet is among the manifests ({}): a service is one, and other \
             kinds are only carried along beside it",
            kinds.join(", ")
        );
        return Err(NotTaken(message));
    }
    let mut draft = words::draft(&families, manifests);
    let (_, loaded) = draft.tried(target)?;
    let (namespace, made) = rendered(&loaded)?;
    let left = manifests.iter().filter(|object| {
        let taken = families.iter().any(|family| family.holds(object));
        !taken && !IGNORED.contains(&family::kind(object))
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
        let (_, made) = rendered(&loaded)?;
        for family in self.families {
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
