//! What must be there before anything is written: the namespace, and the Secret that nobody fills.
//! Pure.

use super::change::Change;
use super::desired::{Desired, namespace};
use super::diff::Diff;
use super::fields::Fields;
use super::observe::{Observed, Space};
use super::view::{Sensitive, made};
use crate::plan::Note;
use crate::platform::Intent;
use crate::platform::failure::{Failed, Kind};
use crate::spec::KubePlace;

/// Adds what makes the namespace, and names what is missing: an error where the plan is to be
/// performed, else a note.
pub fn check(
    place: &KubePlace,
    desired: &Desired,
    observed: &Observed,
    writes: bool,
    diff: &mut Diff,
) -> Result<Vec<Note>, Failed> {
    let applies = |change: &Change| matches!(change, Change::Apply { .. });
    if !diff.changes.iter().any(applies) {
        return Ok(Vec::new());
    }
    let mut missing = Vec::new();
    let no_namespace = observed.namespace == Some(Space::Missing);
    match namespace(place).filter(|_| no_namespace) {
        Some(object) => {
            let views = made(&object.id, &Fields::of(&object.manifest), &Sensitive::new());
            diff.views.splice(0..0, views);
            diff.changes.insert(0, Change::CreateNamespace { object });
        }
        None if no_namespace => missing.push((
            "namespace_missing",
            format!(
                "namespace {0} is not there: `kubectl create namespace {0}`, or `create_namespace = \
                 true` in the target's file",
                place.namespace
            ),
        )),
        None => {}
    }
    if let Some(secret) = desired
        .needs_secret
        .as_ref()
        .filter(|_| observed.secret == Some(false))
    {
        missing.push((
            "secret_missing",
            no_secret(place, desired, secret, no_namespace),
        ));
    }
    let Some((_, first)) = missing.first().filter(|_| writes) else {
        let note = |(code, words): (&str, String)| Note::warning(code, sentence(&words));
        return Ok(missing.into_iter().map(note).collect());
    };
    let what = format!("deploy to namespace {}", place.namespace);
    Err(Failed::new(what, Kind::Missing, first.clone()))
}

/// A namespace that is being deleted takes everything in it along: an error where something is to be
/// done there, or somebody asks what would be; else a note.
pub fn leaving(
    place: &KubePlace,
    observed: &Observed,
    intent: &Intent,
) -> Result<Option<Note>, Failed> {
    if observed.namespace != Some(Space::Leaving) {
        return Ok(None);
    }
    let space = &place.namespace;
    if intent.destroy || !(intent.writes || intent.is_read) {
        let words = format!(
            "Namespace {space} is being deleted, and with it everything of this service in it."
        );
        return Ok(Some(Note::warning("namespace_leaves", words)));
    }
    let anew = if place.create_namespace {
        "deploy again, which makes it anew".to_owned()
    } else {
        format!("make it anew with `kubectl create namespace {space}`, and deploy again")
    };
    Err(Failed::new(
        format!("deploy to namespace {space}"),
        Kind::Refused,
        format!(
            "it is being deleted, and with it everything of this service in it; once it is gone, {anew} \
             (`kubectl get namespace {space} -o yaml` says what it waits for)"
        ),
    ))
}

/// Who makes the Secret, and how.
fn no_secret(place: &KubePlace, desired: &Desired, secret: &str, no_namespace: bool) -> String {
    let space = &place.namespace;
    let keys: Vec<String> = desired
        .secret_keys
        .iter()
        .map(|key| format!("--from-literal={key}=…"))
        .collect();
    let first = if no_namespace {
        format!("kubectl create namespace {space} && ")
    } else {
        String::new()
    };
    format!(
        "Secret {secret} is not there and the target has no `secret_store` that fills it; make it \
         with `{first}kubectl -n {space} create secret generic {secret} {}`",
        keys.join(" ")
    )
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::platform::kubernetes::{Id, Kind as ObjectKind, Object};
    use crate::spec::Reach;

    fn place(create_namespace: bool) -> KubePlace {
        KubePlace {
            account: None,
            region: None,
            reach: Reach::Kubeconfig {
                path: None,
                context: None,
                cluster: None,
            },
            namespace: "production".parse().unwrap(),
            create_namespace,
            secret_store: None,
        }
    }

    fn desired() -> Desired {
        Desired {
            objects: Vec::new(),
            replicas: 2,
            scaled: false,
            needs_secret: Some("api-secrets".into()),
            secret_keys: BTreeSet::from(["DATABASE_URL".to_owned()]),
            sensitive: BTreeSet::new(),
            on_rollout: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn applying() -> Diff {
        let object = Object {
            id: Id {
                kind: ObjectKind::Service,
                name: "api".into(),
            },
            manifest: json!({}),
        };
        Diff {
            changes: vec![Change::Apply {
                object,
                uid: None,
                force: false,
                rolls: false,
                after_health: false,
                takes_over: Vec::new(),
                claims: Vec::new(),
            }],
            ..Diff::default()
        }
    }

    fn observed(namespace: bool, secret: bool) -> Observed {
        Observed {
            namespace: Some(if namespace {
                Space::There
            } else {
                Space::Missing
            }),
            secret: Some(secret),
            ..Observed::default()
        }
    }

    #[test]
    fn a_missing_secret_is_named_with_the_command_that_makes_it() {
        let observed = observed(true, false);
        let error = check(&place(true), &desired(), &observed, true, &mut applying()).unwrap_err();
        assert_eq!(error.kind, Kind::Missing);
        assert!(
            error.message.ends_with(
                "`kubectl -n production create secret generic api-secrets --from-literal=DATABASE_URL=…`"
            ),
            "{}",
            error.message
        );
        let notes = check(&place(true), &desired(), &observed, false, &mut applying()).unwrap();
        assert_eq!(notes[0].code, "secret_missing");
    }

    #[test]
    fn a_missing_namespace_is_made_or_named() {
        let observed = observed(false, true);
        let mut diff = applying();
        check(&place(true), &desired(), &observed, true, &mut diff).unwrap();
        assert_eq!(diff.changes[0].words(), "create Namespace production");
        let refused = check(&place(false), &desired(), &observed, true, &mut applying());
        assert!(
            refused
                .unwrap_err()
                .message
                .contains("kubectl create namespace production")
        );
    }

    #[test]
    fn nothing_is_done_in_a_namespace_that_is_being_deleted() {
        let gone = Observed {
            namespace: Some(Space::Leaving),
            ..Observed::default()
        };
        let writes = Intent {
            writes: true,
            ..Intent::default()
        };
        let reads = Intent {
            is_read: true,
            ..Intent::default()
        };
        for intent in [&writes, &reads] {
            let refused = leaving(&place(false), &gone, intent).unwrap_err();
            assert_eq!(refused.kind, Kind::Refused);
            let words = "make it anew with `kubectl create namespace production`";
            assert!(refused.message.contains(words), "{refused}");
        }
        let anew = leaving(&place(true), &gone, &writes).unwrap_err();
        assert!(!anew.message.contains("kubectl create"), "{anew}");
        // Who takes it away, or only watches, is told.
        let destroys = Intent {
            destroy: true,
            ..writes.clone()
        };
        for intent in [destroys, Intent::default()] {
            let note = leaving(&place(false), &gone, &intent).unwrap();
            assert_eq!(note.unwrap().code, "namespace_leaves");
        }
        let there = observed(true, true);
        assert_eq!(leaving(&place(false), &there, &writes).unwrap(), None);
    }

    #[test]
    fn where_nothing_is_applied_nothing_is_missing() {
        let mut nothing = Diff::default();
        let observed = observed(false, false);
        let notes = check(&place(false), &desired(), &observed, true, &mut nothing).unwrap();
        assert_eq!(notes, []);
        assert_eq!(nothing, Diff::default());
    }
}
