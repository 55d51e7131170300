//! What the tests of planning share: a service, what it renders to, and what the API server makes of
//! that.

use std::io;
use std::path::Path;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::key_members;
use crate::platform::kubernetes::fields::quantity::canonical;
use crate::platform::kubernetes::history::record::{RecordHead, State, digest};
use crate::platform::kubernetes::key;
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::kinds::render::{Setting, render};
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::lock::LeaseView;
use crate::platform::kubernetes::plan::adopt::Owner;
use crate::platform::kubernetes::plan::observe::{Observed, Space};
use crate::platform::kubernetes::rollout::Rolled;
use crate::platform::owner::Tenant;
use crate::spec::files::Files;
use crate::spec::{KubeService, Request, Spec, load};

/// Whose everything is.
pub(crate) const OWNER: Owner<'static> = Owner {
    project: "shop",
    exact: None,
    target: "here",
    service: "api",
};

/// On whose behalf everything is done.
pub(crate) fn tenant() -> Tenant {
    Tenant {
        project: OWNER.project.to_owned(),
        target: OWNER.target.parse().unwrap(),
    }
}

/// A deploy file and a target's, and manifests beside them.
struct Texts<'a>(&'a str, &'a str, &'a [(&'a str, &'a str)]);

impl Files for Texts<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        let beside = self.2.iter().find(|(name, _)| path == Path::new(name));
        let deploy = path == Path::new("deploy.toml");
        let text = beside.map(|(_, text)| *text);
        Ok(text
            .unwrap_or(if deploy { self.0 } else { self.1 })
            .to_owned())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names = self.2.iter().filter_map(|(name, _)| {
            let name = Path::new(name).strip_prefix(folder).ok()?;
            Some(name.to_str()?.to_owned())
        });
        Ok(names.collect())
    }
}

/// A service that listens on a port, with these lines more.
pub(crate) fn spec(image: &str, more: &str) -> Spec {
    let deploy = format!(
        "project = \"shop\"\n[service.api]\nimage = \"{image}\"\nport = 8080\nreplicas = 2\n\
         cpu = 0.5\nmemory = \"1GiB\"\n{more}\n"
    );
    said(&deploy, TARGET)
}

/// What is asked for by a service that says nothing of how many pods there are, but for these lines.
pub(crate) fn uncounted(image: &str, more: &str) -> Desired {
    let deploy = format!(
        "project = \"shop\"\n[service.api]\nimage = \"{image}\"\nport = 8080\ncpu = 0.5\n\
         memory = \"1GiB\"\n{more}\n"
    );
    rendered(&said(&deploy, TARGET))
}

const TARGET: &str = "platform = \"kubernetes\"\nnamespace = \"production\"\n";

/// What is asked for beside these manifests, all of which are carried along.
pub(crate) fn carrying(more: &str, manifests: &[(&str, &str)]) -> Desired {
    let names: Vec<String> = manifests
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let deploy = format!(
        "project = \"shop\"\n[service.api]\nimage = \"shop/api:v1\"\nport = 8080\nreplicas = 2\n\
         cpu = 0.5\nmemory = \"1GiB\"\n{more}\n[service.api.kubernetes]\nmanifests = [{}]\n",
        names.join(", ")
    );
    rendered(&said_beside(&deploy, TARGET, manifests))
}

/// What a deploy file and a target's say.
pub(crate) fn said(deploy: &str, target: &str) -> Spec {
    said_beside(deploy, target, &[])
}

fn said_beside(deploy: &str, target: &str, manifests: &[(&str, &str)]) -> Spec {
    let loaded = load(
        &Texts(deploy, target, manifests),
        &Request::new(Path::new("deploy.toml"), &"here".parse().unwrap()),
    );
    let drawn = loaded.as_ref().err().map(|problems| problems.render(false));
    assert_eq!(drawn, None);
    loaded.unwrap().spec
}

pub(crate) fn service() -> KubeService {
    spec("shop/api:v1", "").kubernetes().unwrap().1[0].clone()
}

/// What is asked for.
pub(crate) fn desired(image: &str, more: &str) -> Desired {
    rendered(&spec(image, more))
}

fn rendered(spec: &Spec) -> Desired {
    let (place, services) = spec.kubernetes().unwrap();
    let tenant = &Tenant::of(spec);
    render(&services[0], &Setting { tenant, place })
}

/// An object of the service.
pub(crate) fn id(kind: Kind) -> Id {
    Id {
        kind,
        name: "api".into(),
    }
}

/// Everything as it is once `desired` was applied and has come up.
pub(crate) fn there(desired: &Desired) -> Observed {
    let objects = desired.objects.iter().map(|object| {
        let mut live = applied(&object.manifest);
        if object.id.kind.runs_pods() {
            let replicas = live["spec"]["replicas"].as_u64().unwrap_or(1);
            live["metadata"]["generation"] = 3.into();
            live["status"] = json!({
                "observedGeneration": 3, "replicas": replicas, "updatedReplicas": replicas,
                "availableReplicas": replicas, "currentNumberScheduled": 1,
                "desiredNumberScheduled": 1, "numberAvailable": 1, "updatedNumberScheduled": 1,
                "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
            });
        }
        (object.id.clone(), live)
    });
    Observed {
        cluster: "https://10.0.0.1".into(),
        objects: objects.collect(),
        namespace: Some(Space::There),
        at: "2026-01-01T00:01:00Z".parse().ok(),
        ..Observed::default()
    }
}

/// A revision that asked for `desired`, whose pods are those in `observed`.
pub(crate) fn head(
    number: u32,
    state: State,
    desired: &[Object],
    observed: &Observed,
) -> RecordHead {
    let live = observed.deployment("api").unwrap();
    let rolled = Rolled::of(live).unwrap();
    let ids: Vec<&Id> = desired.iter().map(|object| &object.id).collect();
    let notes = [
        ("deployer/state", state.as_str().to_owned()),
        ("deployer/digest", digest(desired)),
        ("deployer/objects", serde_json::to_string(&ids).unwrap()),
        (
            "deployer/deployment",
            serde_json::to_string(&rolled).unwrap(),
        ),
        ("deployer/captured", "healthy".to_owned()),
        ("deployer/captured-revision", (number - 1).to_string()),
        ("deployer/reason", "it crashed".to_owned()),
    ];
    RecordHead::of(ObjectMeta {
        labels: Some([(key::REVISION.to_owned(), number.to_string())].into()),
        annotations: Some(
            notes
                .map(|(key, value)| (key.to_owned(), value))
                .into_iter()
                .collect(),
        ),
        ..ObjectMeta::default()
    })
    .unwrap()
}

/// A lock that somebody renewed five seconds before `there` was seen.
pub(crate) fn lease() -> LeaseView {
    LeaseView::of(
        serde_json::from_value(json!({"spec": {
            "holderIdentity": "pat/0123", "leaseDurationSeconds": 15,
            "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:55.000000Z",
        }}))
        .unwrap(),
    )
}

/// An object as the API server keeps it once we applied `manifest`: with its own defaults, and a
/// record of what we own.
pub(crate) fn applied(manifest: &Value) -> Value {
    let mut object = manifest.clone();
    if manifest["kind"] == "Deployment" {
        defaulted(&mut object);
    }
    object["metadata"]["managedFields"] = json!([{
        "manager": "deployer", "operation": "Apply", "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1", "fieldsV1": owned_fields(manifest),
    }]);
    object["metadata"]["uid"] = "u".into();
    object["status"] = json!({"replicas": 2});
    object
}

/// What a server-side apply makes us own: each field that we say.
fn owned_fields(manifest: &Value) -> Value {
    fn node(name: &str, value: &Value) -> Value {
        match value {
            Value::Object(members) if !members.is_empty() => members
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind"))
                .map(|(name, value)| (format!("f:{name}"), node(name, value)))
                .collect(),
            Value::Array(items) => {
                let keyed: Option<serde_json::Map<String, Value>> = items
                    .iter()
                    .map(|item| {
                        let members = item.as_object()?;
                        let keys = key_members(name, members);
                        if keys.is_empty() {
                            return None;
                        }
                        let key: serde_json::Map<String, Value> = keys
                            .iter()
                            .map(|key| {
                                let value = item.get(*key).cloned().unwrap_or("TCP".into());
                                ((*key).to_owned(), value)
                            })
                            .collect();
                        Some((format!("k:{}", Value::Object(key)), node("", item)))
                    })
                    .collect();
                keyed.map_or_else(|| json!({}), Value::Object)
            }
            _ => json!({}),
        }
    }
    let mut all = node("", manifest);
    if let Some(metadata) = all["f:metadata"].as_object_mut() {
        metadata.remove("f:name");
    }
    all
}

/// The API server's own additions to a Deployment, and its spelling of quantities.
fn defaulted(object: &mut Value) {
    object["spec"]["progressDeadlineSeconds"] = 600.into();
    if object["spec"]["strategy"]["type"].is_null() {
        object["spec"]["strategy"]["type"] = "RollingUpdate".into();
    }
    if object["spec"]["minReadySeconds"] == json!(0) {
        object["spec"]
            .as_object_mut()
            .unwrap()
            .remove("minReadySeconds");
    }
    let pods = &mut object["spec"]["template"]["spec"];
    pods["dnsPolicy"] = "ClusterFirst".into();
    if pods.get("securityContext").is_none() {
        pods["securityContext"] = json!({});
    }
    for container in pods["containers"].as_array_mut().unwrap() {
        container["terminationMessagePath"] = "/dev/termination-log".into();
        for limit in container["resources"]["limits"]
            .as_object_mut()
            .unwrap()
            .values_mut()
        {
            let text = limit.as_str().unwrap();
            *limit = canonical(text).unwrap().into();
        }
        for port in container["ports"].as_array_mut().unwrap() {
            port["protocol"] = "TCP".into();
        }
    }
}
