//! Manifests to files and back. Pure.

mod carried;
mod compare;
mod family;
mod pods;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Imported, Loss, NotTaken};
use crate::names::TargetName;
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::kinds::render::{Setting, render};
use crate::platform::owner::Tenant;
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
    let families = family::families(manifests);
    if families.is_empty() {
        let kinds: BTreeSet<&str> = manifests.iter().map(family::kind).collect();
        let kinds: Vec<&str> = kinds.into_iter().filter(|kind| !kind.is_empty()).collect();
        let message = format!(
            "no Deployment is among the manifests ({}): a service is one, and other kinds are only \
             carried along beside it",
            kinds.join(", ")
        );
        return Err(NotTaken(message));
    }
    let mut draft = words::draft(&families, manifests);
    let (imported, loaded) = draft.tried(target)?;
    let (namespace, made) = rendered(&loaded)?;
    let left = manifests.iter().filter(|object| {
        let taken = families.iter().any(|family| family.holds(object));
        !taken && !IGNORED.contains(&family::kind(object))
    });
    let unsaid = families
        .iter()
        .flat_map(|family| carried::unsaid(family, &made));
    let others = carried::others(left.chain(unsaid), &made, &namespace);
    let (mut imported, made) = if others.carried.is_empty() {
        (imported, made)
    } else {
        carried::write(&mut draft, &others.carried)?;
        for family in &families {
            carried::leave_count(&mut draft, family, &others.carried);
        }
        let (imported, loaded) = draft.tried(target)?;
        (imported, rendered(&loaded)?.1)
    };
    for family in &families {
        if let Some(one) = made.iter().find(|one| one.service == family.name) {
            imported
                .losses
                .extend(compare::losses(family, &one.desired, &made));
        }
    }
    for object in others.carried {
        imported
            .losses
            .extend(match carried::rendered(object, &made) {
                Some(rendered) => compare::of_carried(object, rendered),
                None => vec![Loss::unsaid(family::title(object), "", object.clone())],
            });
    }
    imported.losses.extend(others.losses);
    Ok(imported)
}

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
