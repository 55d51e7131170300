//! Who decides how many pods run. A number that an autoscaler moves is never ours; the hand-over
//! from the file to an autoscaler, and back, must not let it fall to the default of 1 in between.
//! Pure.

use serde_json::Value;

use super::change::{Change, Count};
use crate::platform::kubernetes::fields::Path;
use crate::platform::kubernetes::fields::compare::Ownership;
use crate::platform::kubernetes::fields::ownership::{Entry, entries};
use crate::spec::WorkloadKind;

/// Where the number stands.
pub(crate) fn path() -> Path {
    Path::of(&["spec", "replicas"])
}

/// How many pods a Deployment asks for, or what else runs them.
pub(crate) fn replicas(deployment: &Value) -> u32 {
    WorkloadKind::of(deployment).desired(deployment)
}

/// How many pods a Deployment that is there asks for once these changes are made.
pub(crate) fn replicas_after(live: &Value, changes: &[Change]) -> u32 {
    let mut given = changes.iter().filter_map(|change| match change {
        Change::Count { replicas, .. } => Some(*replicas),
        Change::Apply { object, .. } if object.id.kind.runs_pods() => object
            .manifest
            .pointer("/spec/replicas")
            .map(|_| replicas(&object.manifest)),
        _ => None,
    });
    given.next_back().unwrap_or_else(|| replicas(live))
}

/// Whether the number was last set by something that scales, and not by a person.
pub(crate) fn is_scaled(deployment: &Value) -> bool {
    entries(deployment).iter().any(is_autoscaler)
}

fn is_autoscaler(entry: &Entry) -> bool {
    entry.subresource == "scale"
        && !entry.manager.starts_with("kubectl")
        && entry.owned.covers(&path())
}

/// Who decides, once this plan is performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decides {
    /// The file.
    File(u32),
    /// The file, after an autoscaler of ours that it no longer has.
    FileAgain(u32),
    /// An autoscaler.
    Autoscaler,
}

/// What is done about the number beside the Deployment itself, and what the Deployment's own apply
/// says of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Counting {
    pub(crate) changes: Vec<Change>,
    /// The number in the Deployment's own apply.
    pub(crate) said: Option<u32>,
    /// Whether the number needs no apply of the Deployment.
    pub(crate) apart: bool,
}

/// The number of a Deployment that is made and then left to an autoscaler; `None`: it is the
/// default.
pub(crate) fn initial(name: &str, replicas: u32) -> Option<Change> {
    (replicas != 1).then(|| Change::Count {
        deployment: name.to_owned(),
        replicas,
        why: Count::Initial,
        after_health: false,
    })
}

/// For a Deployment that is there. `after_health`: what an autoscaler leaves behind is changed once
/// the new revision is healthy.
pub(crate) fn counting(
    name: &str,
    live: &Value,
    decides: Decides,
    ownership: &Ownership,
    after_health: bool,
) -> Counting {
    let now = replicas(live);
    let path = path();
    let only_ours = ownership.ours.covers(&path) && !ownership.others.covers(&path);
    let change = |replicas, why, after_health| Change::Count {
        deployment: name.to_owned(),
        replicas,
        why,
        after_health,
    };
    match decides {
        Decides::Autoscaler => Counting {
            changes: if only_ours {
                vec![change(now, Count::HandOver, false)]
            } else {
                Vec::new()
            },
            said: None,
            apart: false,
        },
        Decides::FileAgain(wanted) => Counting {
            // What is to be set later may have moved by then.
            changes: if after_health || now != wanted {
                vec![change(wanted, Count::Set, after_health)]
            } else {
                Vec::new()
            },
            said: match (after_health, only_ours) {
                (false, _) => Some(wanted),
                (true, true) => Some(now),
                (true, false) => None,
            },
            apart: true,
        },
        Decides::File(wanted) if now != wanted && was_given(live) => Counting {
            changes: vec![change(wanted, Count::Set, false)],
            said: Some(wanted),
            apart: true,
        },
        Decides::File(wanted) => Counting {
            changes: Vec::new(),
            said: Some(wanted),
            apart: false,
        },
    }
}

/// Whether the number is owned by our own manager of replicas, or by an autoscaler that is gone: an
/// apply by ourselves would meet a conflict that is none.
fn was_given(live: &Value) -> bool {
    let given = |entry: &Entry| entry.is_of_replicas() && entry.owned.covers(&path());
    entries(live)
        .iter()
        .any(|entry| given(entry) || is_autoscaler(entry))
}

/// Whether the number is the server's default, which nobody gave.
pub(crate) fn is_default(deployment: &Value) -> bool {
    let given = |entry: &Entry| entry.owned.covers(&path());
    replicas(deployment) == 1 && !entries(deployment).iter().any(given)
}

/// A Deployment that says just this number, or none.
#[must_use]
pub(crate) fn saying(mut manifest: Value, said: Option<u32>) -> Value {
    if let Some(spec) = manifest.get_mut("spec").and_then(Value::as_object_mut) {
        match said {
            Some(replicas) => spec.insert("replicas".into(), replicas.into()),
            None => spec.remove("replicas"),
        };
    }
    manifest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SPEC: &str = r#"{"f:spec": {"f:replicas": {}}}"#;

    fn live(owners: &[(&str, &str, &str)]) -> Value {
        let managed: Vec<Value> = owners
            .iter()
            .map(|(manager, operation, subresource)| {
                json!({
                    "manager": manager, "operation": operation, "subresource": subresource,
                    "fieldsV1": serde_json::from_str::<Value>(SPEC).unwrap(),
                })
            })
            .collect();
        json!({"metadata": {"managedFields": managed}, "spec": {"replicas": 5}})
    }

    fn change(replicas: u32, why: Count, after_health: bool) -> Change {
        Change::Count {
            deployment: "api".into(),
            replicas,
            why,
            after_health,
        }
    }

    const OURS: (&str, &str, &str) = ("deployer", "Apply", "");
    const GIVEN: (&str, &str, &str) = ("deployer-replicas", "Apply", "");
    const HPA: (&str, &str, &str) = ("kube-controller-manager", "Update", "scale");
    const PERSON: (&str, &str, &str) = ("kubectl", "Update", "scale");

    type Owners = &'static [(&'static str, &'static str, &'static str)];

    fn counted(owners: Owners, decides: Decides, after_health: bool) -> (Vec<Change>, Option<u32>) {
        let live = live(owners);
        let ownership = Ownership::of(&live, |_| false);
        let counting = counting("api", &live, decides, &ownership, after_health);
        (counting.changes, counting.said)
    }

    #[test]
    fn a_number_comes_to_an_autoscaler_without_falling_to_one() {
        let table: [(Owners, Vec<Change>); 4] = [
            // Handed over only where we alone hold it.
            (&[OURS], vec![change(5, Count::HandOver, false)]),
            (&[OURS, GIVEN], vec![]),
            (&[HPA], vec![]),
            (&[PERSON], vec![]),
        ];
        for (owners, changes) in table {
            let counted = counted(owners, Decides::Autoscaler, false);
            assert_eq!(counted, (changes, None), "{owners:?}");
        }
    }

    #[test]
    fn a_number_comes_back_to_the_file_at_once_or_once_it_is_healthy() {
        let set = |waits| vec![change(2, Count::Set, waits)];
        let table: [(Owners, bool, Option<u32>); 3] = [
            (&[HPA], false, Some(2)),
            (&[HPA], true, None),
            (&[OURS], true, Some(5)),
        ];
        for (owners, waits, said) in table {
            let counted = counted(owners, Decides::FileAgain(2), waits);
            assert_eq!(counted, (set(waits), said), "{owners:?} {waits}");
        }
    }

    #[test]
    fn the_files_number_is_set_apart_only_where_an_apply_would_conflict_with_ourselves() {
        let set = || vec![change(2, Count::Set, false)];
        let table: [(Owners, u32, Vec<Change>); 4] = [
            (&[OURS], 2, vec![]),
            (&[GIVEN], 2, set()),
            (&[HPA], 2, set()),
            (&[GIVEN], 5, vec![]),
        ];
        for (owners, wanted, changes) in table {
            let counted = counted(owners, Decides::File(wanted), false);
            assert_eq!(counted, (changes, Some(wanted)), "{owners:?} {wanted}");
        }
    }

    #[test]
    fn what_is_given_last_is_what_is_asked_for_then() {
        let there = live(&[OURS]);
        assert_eq!(replicas_after(&there, &[]), 5);
        let given = [
            change(0, Count::HandOver, false),
            change(3, Count::Set, true),
        ];
        assert_eq!(replicas_after(&there, &given), 3);
    }

    #[test]
    fn what_a_person_set_is_left_to_the_conflict() {
        let live = live(&[PERSON]);
        let ownership = Ownership::of(&live, |_| false);
        let counting = counting("api", &live, Decides::File(2), &ownership, false);
        assert_eq!(counting.changes, []);
        assert!(!is_scaled(&live));
    }

    #[test]
    fn a_deployment_that_says_nothing_asks_for_one() {
        assert_eq!(replicas(&json!({"spec": {}})), 1);
        let manifest = json!({"spec": {"replicas": 2, "paused": false}});
        assert_eq!(
            saying(manifest.clone(), None),
            json!({"spec": {"paused": false}})
        );
        assert_eq!(replicas(&saying(manifest, Some(7))), 7);
    }
}
