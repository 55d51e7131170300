//! What is there at the end of a step, without what differs from run to run.

use std::collections::BTreeMap;

use integration_tests::cluster::Namespace;
use integration_tests::cluster::objects::is_rolled_out;
use integration_tests::trial::Outcome;
use serde_json::{Value, json};

/// Everything that a deployment makes, or the controllers make of it.
const RESOURCES: [&str; 7] = [
    "deployments",
    "replicasets",
    "services",
    "serviceaccounts",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
    "ingresses",
];

/// Counts of the controllers' own, and addresses by chance.
const CHANCE: [&str; 2] = ["/spec/clusterIP", "/spec/clusterIPs"];
const COUNTED: &str = "deployment.kubernetes.io/revision";

/// A namespace as far as two runs can be alike.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// By resource and name: labels, annotations, specification, and which fields are ours.
    objects: BTreeMap<String, Value>,
    /// How often the specification of the Deployment was changed.
    pub(super) generation: i64,
    pub(super) history: History,
    /// Whoever has the lock; nobody is empty.
    holder: String,
    /// Whether the Deployment is wholly what it should be, and by its pods.
    settled: bool,
}

/// The revisions in their order, each as the word for how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History(Vec<String>);

impl World {
    pub(super) fn of(namespace: &Namespace) -> Outcome<Self> {
        let mut objects = BTreeMap::new();
        let mut generation = 0;
        let mut settled = false;
        for resource in RESOURCES {
            for object in namespace.list(resource)? {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                if resource == "deployments" {
                    generation += object["metadata"]["generation"].as_i64().unwrap_or(0);
                    settled = is_rolled_out(&object);
                }
                objects.insert(format!("{resource}/{name}"), lasting(&object));
            }
        }
        let lease = namespace.find("leases", "deployer.api")?;
        let holder = lease.map(|lease| lease["spec"]["holderIdentity"].clone());
        Ok(Self {
            objects,
            generation,
            history: History::of(namespace)?,
            holder: holder
                .and_then(|holder| holder.as_str().map(str::to_owned))
                .unwrap_or_default(),
            settled,
        })
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// What is otherwise in `other`, in words; the lock of somebody who is gone may still be held.
    pub(super) fn differences(&self, other: &Self, held: bool) -> Vec<String> {
        let mut found = Vec::new();
        let objects = |world: &Self| json!(world.objects);
        differ("", &objects(self), &objects(other), &mut found);
        if self.generation != other.generation {
            let (wanted, is) = (self.generation, other.generation);
            found.push(format!("generation {is} instead of {wanted}"));
        }
        if self.history != other.history {
            let (wanted, is) = (&self.history.0, &other.history.0);
            found.push(format!("history {is:?} instead of {wanted:?}"));
        }
        if !held && !other.holder.is_empty() {
            found.push(format!("{} still has the lock", other.holder));
        }
        if !other.settled {
            found.push("the Deployment is not rolled out".to_owned());
        }
        found
    }
}

impl History {
    pub(super) fn of(namespace: &Namespace) -> Outcome<Self> {
        let mut ends = BTreeMap::new();
        for secret in namespace.list("secrets")? {
            let metadata = &secret["metadata"];
            let number = metadata["labels"]["deployer/revision"].as_str();
            let Some(number) = number.and_then(|number| number.parse::<u32>().ok()) else {
                continue;
            };
            let state = metadata["annotations"]["deployer/state"].as_str();
            ends.insert(number, state.unwrap_or_default().to_owned());
        }
        Ok(Self(ends.into_values().collect()))
    }

    pub(super) fn ends_with(&self, word: &str) -> bool {
        self.0.last().is_some_and(|last| last == word)
    }

    /// The last one happens once more.
    pub(super) fn again(&mut self) {
        self.0.extend(self.0.last().cloned());
    }
}

/// What of an object is the same whenever it is made.
fn lasting(object: &Value) -> Value {
    let mut object = object.clone();
    for pointer in CHANCE {
        if let Some(value) = object.pointer_mut(pointer) {
            *value = Value::Null;
        }
    }
    let metadata = &object["metadata"];
    let mut annotations = metadata["annotations"].clone();
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.retain(|key, _| !key.starts_with(COUNTED));
    }
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    let ours = entries.filter_map(|entry| {
        let manager = entry["manager"].as_str()?;
        let key = format!("{manager} {}", entry["operation"].as_str()?);
        manager
            .starts_with("deployer")
            .then(|| (key, entry["fieldsV1"].clone()))
    });
    let ours: BTreeMap<_, _> = ours.collect();
    json!({"labels": metadata["labels"], "annotations": annotations, "spec": object["spec"], "ours": ours})
}

fn differ(at: &str, wanted: &Value, is: &Value, found: &mut Vec<String>) {
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => {
            for (key, value) in wanted {
                let other = is.get(key).unwrap_or(&Value::Null);
                differ(&format!("{at}/{key}"), value, other, found);
            }
            for (key, value) in is.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                differ(&format!("{at}/{key}"), &Value::Null, value, found);
            }
        }
        _ if wanted == is => {}
        _ => found.push(format!("{at} is {is} instead of {wanted}")),
    }
}
