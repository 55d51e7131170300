//! Where the API server has what is carried along: asked once in a run for each version of a group of
//! which not every cluster knows.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIResource, APIResourceList};
use tokio::sync::Mutex;

use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::Kubernetes;
use crate::platform::kubernetes::api::failures::failed;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::kinds::carried::objects::unmark;
use crate::platform::kubernetes::kinds::carried::{Carried, Place};

/// What the API server serves, by group and version, as far as it was asked; nothing of what it does
/// not know.
#[derive(Debug, Default)]
pub(crate) struct Served(Mutex<BTreeMap<String, Vec<APIResource>>>);

impl Kubernetes {
    /// Finds out where the objects are whose kinds not every cluster has. `passes`: those that this
    /// one does not know are left out, since nothing is asked for.
    pub(crate) async fn discover(
        &self,
        objects: &mut Vec<Object>,
        passes: bool,
    ) -> Result<(), Failed> {
        let unplaced = objects.iter().filter(|object| is_unplaced(object));
        let versions: BTreeSet<String> = unplaced
            .map(|object| object.id.kind.api_version())
            .collect();
        if !versions.is_empty() {
            // Several services ask at once, and one of them for all.
            let mut served = self.served.0.lock().await;
            let unknown = versions.iter().filter(|one| !served.contains_key(*one));
            let unknown: Vec<&String> = unknown.collect();
            let lists = join_all(unknown.iter().map(|version| self.resources(version))).await;
            for (version, list) in unknown.into_iter().zip(lists) {
                served.insert(version.clone(), list?);
            }
            for object in objects.iter_mut().filter(|object| is_unplaced(object)) {
                let there = served.get(&object.id.kind.api_version());
                settle(object, there.map(Vec::as_slice).unwrap_or_default());
            }
        }
        refuse_made(objects)?;
        if passes {
            objects.retain(|object| !is_unplaced(object));
            return Ok(());
        }
        let unknown = objects.iter().filter(|object| is_unplaced(object));
        let unknown: Vec<String> = unknown
            .map(|object| format!("{} of {}", object.title(), object.id.kind.api_version()))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Failed::new(
            "use this cluster",
            FailureKind::Unsupported,
            format!(
                "it does not know the kind of {}; install what defines it, or carry its \
                 CustomResourceDefinition along in `manifests`",
                unknown.join(", ")
            ),
        ))
    }

    /// What is served as this version of a group.
    async fn resources(&self, version: &str) -> Result<Vec<APIResource>, Failed> {
        let client = &self.link().await?.client;
        let list: Result<APIResourceList, kube::Error> = match version.split_once('/') {
            Some(_) => client.list_api_group_resources(version).await,
            None => client.list_core_api_resources(version).await,
        };
        match list {
            Ok(list) => Ok(list.resources),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
            Err(error) => Err(failed(
                format!("find out what is served as {version}"),
                &error,
            )),
        }
    }
}

fn is_unplaced(object: &Object) -> bool {
    matches!(object.id.kind, Kind::Carried(kind) if kind.place().plural.is_none())
}

/// Says where an object is, if it is there.
fn settle(object: &mut Object, served: &[APIResource]) {
    let Kind::Carried(kind) = object.id.kind else {
        return;
    };
    let place = kind.place();
    // What is beneath, such as `widgets/status`, has the same kind.
    let own = |one: &&APIResource| one.kind == place.kind && !one.name.contains('/');
    let Some(found) = served.iter().find(own) else {
        return;
    };
    object.id.kind = Kind::Carried(Carried::at(Place {
        plural: Some(&found.name),
        namespaced: found.namespaced,
        ..place
    }));
    if !found.namespaced {
        unmark(&mut object.manifest);
    }
}

/// One object is asked for once: by words, or by a manifest.
fn refuse_made(objects: &[Object]) -> Result<(), Failed> {
    let made = objects.iter().filter(|object| !object.id.kind.is_carried());
    let mut carried = objects.iter().filter(|object| object.id.kind.is_carried());
    let twice = carried.find(|object| made.clone().any(|one| one.id.is_same(&object.id)));
    match twice {
        None => Ok(()),
        Some(object) => Err(Failed::new(
            format!("carry {} along", object.title()),
            FailureKind::Wrong,
            "it is made of the service's words already: take it out of the manifest",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::platform::kubernetes::plan::tests::samples::carrying;

    fn served(kind: &str, name: &str, namespaced: bool) -> APIResource {
        APIResource {
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespaced,
            ..APIResource::default()
        }
    }

    #[test]
    fn a_kind_is_found_and_may_turn_out_to_lie_outside() {
        let text = "apiVersion: x.io/v1\nkind: Rule\nmetadata: { name: a }\n";
        let mut desired = carrying("", &[("k8s/a.yaml", text)]);
        let object = &mut desired.objects[0];
        assert!(is_unplaced(object) && object.id.kind.is_namespaced());
        settle(object, &[served("Rules", "x", true)]);
        assert!(is_unplaced(object));
        settle(
            object,
            &[
                served("Rule", "rules/status", true),
                served("Rule", "rules", false),
            ],
        );
        assert_eq!(object.id.kind.place(), ("x.io", "v1", "rules"));
        assert!(!object.id.kind.is_namespaced());
        let labels = object.manifest["metadata"]["labels"].as_object();
        assert_eq!(labels.map(serde_json::Map::len), Some(1));
        assert_eq!(
            object.manifest["metadata"]["annotations"],
            Value::Object(serde_json::Map::new())
        );
    }

    #[test]
    fn what_the_words_make_is_not_carried_too() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: api }\n";
        let mut objects = carrying("", &[("k8s/a.yaml", text)]).objects;
        assert!(refuse_made(&objects).is_ok());
        objects[0].id.kind = Kind::Carried(Carried::named("apps", "v1", "Deployment"));
        let error = refuse_made(&objects).unwrap_err();
        assert!(error.operation.contains("k8s/a.yaml:1"), "{error}");
    }
}
