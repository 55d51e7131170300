//! The wait until what defines a kind is established: before that nothing of the kind can be made.

use std::time::Duration;

use serde_json::Value;

use super::Performing;
use crate::clock::after;
use crate::platform::again::Again;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::api::object::condition;

/// So long it may take: the API server does it by itself, in less than a second.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

impl Performing<'_> {
    /// Waits until objects of the kind can be made.
    pub(super) async fn established(&self, definition: &Object) -> Result<(), Failed> {
        let clock = self.kube.clock;
        let mut again = Again::every(clock, LOOK).until(after(clock.now(), PATIENCE));
        loop {
            let live = self.wire.read(&definition.id).await?;
            match standing(live.as_ref().unwrap_or(&Value::Null)) {
                Standing::Established => return Ok(()),
                Standing::Refused(why) => {
                    return Err(failed(definition, FailureKind::Invalid, why));
                }
                Standing::Coming if again.next().await => {}
                Standing::Coming => {
                    let why = "it was made and is not established after a minute".to_owned();
                    return Err(failed(definition, FailureKind::Server, why));
                }
            }
        }
    }
}

fn failed(definition: &Object, kind: FailureKind, why: String) -> Failed {
    Failed::new(format!("establish {}", definition.title()), kind, why)
}

/// How a definition stands.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Coming,
    Established,
    /// Its names are another one's.
    Refused(String),
}

/// By the conditions of a definition (Kubernetes API reference, `CustomResourceDefinitionStatus`).
fn standing(live: &Value) -> Standing {
    if condition(live, "Established", "True").is_some() {
        return Standing::Established;
    }
    match condition(live, "NamesAccepted", "False") {
        Some(refused) => {
            let why = refused["message"].as_str().unwrap_or("its names are taken");
            Standing::Refused(why.to_owned())
        }
        None => Standing::Coming,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_is_established_or_its_names_are_taken() {
        let with = |conditions: Value| standing(&json!({"status": {"conditions": conditions}}));
        assert_eq!(standing(&Value::Null), Standing::Coming);
        let taken = json!({"type": "NamesAccepted", "status": "False", "message": "taken"});
        assert_eq!(with(json!([taken])), Standing::Refused("taken".into()));
        let coming = json!({"type": "Established", "status": "False"});
        assert_eq!(with(json!([coming])), Standing::Coming);
        let done = json!({"type": "Established", "status": "True"});
        assert_eq!(with(json!([taken, done])), Standing::Established);
    }
}
