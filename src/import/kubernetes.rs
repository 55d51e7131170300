//! Manifests to files and back. Pure.

mod compare;
mod family;
mod pods;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use self::family::Family;
use super::hatch::{Entry, Round, Spelling, way};
use super::{Draft, Imported, Loss, NotTaken};
use crate::names::TargetName;
use crate::platform::kubernetes::fields::compared_keys;
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::kinds::render::{Setting, render};
use crate::platform::owner::Tenant;
use crate::spec::Workload;
use crate::spec::patch::Named;
use crate::spec::patch::kube_json::NAMED;

/// Kinds that say something to another tool, or that every cluster has.
const IGNORED: [&str; 2] = ["Kustomization", "Namespace"];

/// Makes the files, and compares what they render with what they were made of.
pub(super) fn import(manifests: &[Value], target: &TargetName) -> Result<Imported, NotTaken> {
    let families = family::families(manifests);
    if families.is_empty() {
        let kinds: BTreeSet<&str> = manifests.iter().map(family::kind).collect();
        let kinds: Vec<&str> = kinds.into_iter().filter(|kind| !kind.is_empty()).collect();
        let message = format!(
            "no Deployment is among the manifests ({})",
            kinds.join(", ")
        );
        return Err(NotTaken(message));
    }
    let draft = words::draft(&families, manifests);
    let once = Once {
        manifests,
        families: &families,
        target,
    };
    super::hatch::import(&once, &draft)
}

/// Of all that lies in a namespace, what belongs to a Deployment of it.
pub(super) fn belonging(objects: &[Value]) -> Vec<Value> {
    let families = family::families(objects);
    let belongs = |object: &&Value| families.iter().any(|family| family.holds(object));
    objects.iter().filter(belongs).cloned().collect()
}

/// One source on its way.
struct Once<'s> {
    manifests: &'s [Value],
    families: &'s [Family],
    target: &'s TargetName,
}

impl Round for Once<'_> {
    /// Of each family, in their order.
    type Rendered = Vec<Option<Desired>>;
    const NAMED: Named = NAMED;

    fn attempt(&self, draft: &Draft) -> Result<(Imported, Self::Rendered), NotTaken> {
        let (mut imported, loaded) = draft.tried(self.target)?;
        let Workload::Kubernetes { place, services } = &loaded.spec.workload else {
            return Err(NotTaken("the target is no Kubernetes".into()));
        };
        let tenant = &Tenant::of(&loaded.spec);
        let mut all = Vec::new();
        for family in self.families {
            let mut services = services.iter();
            let service = services.find(|service| service.name.as_str() == family.name);
            let rendered = service.map(|service| render(service, &Setting { tenant, place }));
            if let Some(rendered) = &rendered {
                imported.losses.extend(compare::losses(family, rendered));
            }
            all.push(rendered);
        }
        imported
            .losses
            .extend(others(self.manifests, self.families));
        Ok((imported, all))
    }

    fn entry(&self, loss: &Loss, rendered: &Self::Rendered) -> Option<Entry> {
        let (kind, name) = loss.of.split_once(' ')?;
        let (_, part) = PARTS.iter().find(|(of, _)| *of == kind)?;
        let found = |(index, family): (usize, &Family)| {
            let mut own = family.objects();
            let there =
                own.find(|there| family::kind(there) == kind && family::name(there) == name);
            there.map(|there| (index, there.clone()))
        };
        let (service, there) = self.families.iter().enumerate().find_map(found)?;
        let objects = &rendered.get(service)?.as_ref()?.objects;
        let object = objects
            .iter()
            .find(|object| object.id.kind.as_str() == kind)?;
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
const PARTS: [(&str, &str); 6] = [
    ("Deployment", "deployment"),
    ("Service", "service"),
    ("Ingress", "ingress"),
    ("HorizontalPodAutoscaler", "hpa"),
    ("PodDisruptionBudget", "pdb"),
    ("ServiceAccount", "service_account"),
];

/// Objects that belong to no Deployment, or are of a kind that there is no word for.
fn others(manifests: &[Value], families: &[Family]) -> Vec<Loss> {
    let left = manifests.iter().filter(|object| {
        let taken = families.iter().any(|family| family.holds(object));
        !taken && !IGNORED.contains(&family::kind(object))
    });
    let loss = |object: &Value| {
        // What a Secret holds is nobody's to repeat.
        let value = if family::kind(object) == "Secret" {
            Value::Null
        } else {
            object.clone()
        };
        Loss::unsaid(family::title(object), "", value)
    };
    left.map(loss).collect()
}
