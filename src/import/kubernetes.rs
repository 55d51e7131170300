//! Manifests to files and back. Pure.

mod compare;
mod family;
mod ingress;
mod labels;
mod nodes;
mod pods;
mod probes;
mod resources;
mod scaling;
mod security;
mod service;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use self::family::Family;
use super::{Imported, Loss, NotTaken};
use crate::names::TargetName;
use crate::platform::kubernetes::kinds::render::{Setting, render};
use crate::platform::owner::Tenant;
use crate::spec::Workload;

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
    let (mut imported, loaded) = draft.tried(target)?;
    let Workload::Kubernetes { place, services } = &loaded.spec.workload else {
        return Err(NotTaken("the target is no Kubernetes".into()));
    };
    let tenant = &Tenant::of(&loaded.spec);
    for family in &families {
        let mut services = services.iter();
        let service = services.find(|service| service.name.as_str() == family.name);
        if let Some(service) = service {
            let rendered = render(service, &Setting { tenant, place });
            imported.losses.extend(compare::losses(family, &rendered));
        }
    }
    imported.losses.extend(others(manifests, &families));
    Ok(imported)
}

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
