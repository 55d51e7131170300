//! The history of a service that gets another name: it goes along, told of that name, so that a
//! rollback to a revision from before brings back what it was under the name of now.

use serde_json::{Value, json};

use super::digest;
use super::head::{RecordHead, ids};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::failures;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::{Kubernetes, Session};

impl Kubernetes {
    /// Takes the history of `from` along to the service's own name, and deletes the lock of `from`. A
    /// number that is there already stays its own. What is left of the history goes last: by it the next run finds what
    /// one that was killed left.
    pub(crate) async fn move_history(&self, session: &Session, from: &str) -> Result<(), Failed> {
        let to = session.name();
        let wire = self.wire().await?;
        let heads = self.records(from).await?;
        let numbers: Vec<u32> = heads.iter().map(|head| head.number).collect();
        for head in heads {
            let number = head.number;
            let operation = || format!("take revision {number} of {from} along to {to}");
            let sets = self.read_sets(from, number).await?;
            let (asked, captured) = (
                renamed(&sets.asked, from, to),
                renamed(&sets.captured, from, to),
            );
            let head = RecordHead {
                digest: digest(&asked),
                objects: ids(asked.iter()),
                ..head
            };
            let secret = head.secret(to, &asked, &captured).map_err(|error| {
                Failed::new(operation(), FailureKind::Invalid, error.to_string())
            })?;
            if let Err(error) = wire.create_secret(&secret).await {
                let failed = failures::failed(operation(), &error);
                if failed.kind != FailureKind::Conflict {
                    return Err(failed);
                }
            }
        }
        self.delete_lease(session, from).await?;
        for number in numbers {
            self.delete(from, number).await?;
        }
        self.refresh(session).await.map(drop)
    }
}

/// A set of objects under another name.
pub(crate) fn renamed(objects: &[Object], from: &str, to: &str) -> Vec<Object> {
    let renamed = objects.iter().map(|object| {
        let mut object = object.clone();
        if object.id.kind.is_carried() {
            return object;
        }
        rename(&mut object.manifest, "", (from, to));
        if object.id.kind.is_named() && object.id.name == from {
            object.manifest["metadata"]["name"] = json!(to);
            object.id = Id {
                name: to.to_owned(),
                ..object.id
            };
        }
        object
    });
    renamed.collect()
}

/// Where objects name each other: labels that select, a Service behind an Ingress, a route or a target
/// group, and what an autoscaler moves.
fn rename(value: &mut Value, within: &str, names: (&str, &str)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let names_it = match key.as_str() {
                    "app" => matches!(within, "labels" | "matchLabels" | "selector"),
                    "name" => matches!(
                        within,
                        "scaleTargetRef" | "service" | "backendRefs" | "serviceRef"
                    ),
                    _ => false,
                };
                if names_it && *value == names.0 {
                    *value = json!(names.1);
                } else {
                    rename(value, key, names);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                rename(item, within, names);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::plan::tests::samples::desired;

    #[test]
    fn a_set_under_another_name_is_what_the_file_with_that_name_asks_for() {
        let more =
            "scaling = { min = 2, max = 6, cpu = 70 }\nexpose = { host = \"api.example.com\" }";
        let named = format!("{more}\n[service.api.kubernetes]\nname = \"front\"");
        let (before, after) = (desired("shop/api:v1", more), desired("shop/api:v1", &named));
        assert_ne!(before.objects, after.objects);
        assert_eq!(renamed(&before.objects, "api", "front"), after.objects);
        assert_eq!(renamed(&after.objects, "front", "api"), before.objects);
    }
}
