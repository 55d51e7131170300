//! What must be there before anything is written: the namespace, and the Secrets that nobody fills,
//! with every key that is read from them. Pure.

use std::collections::BTreeSet;

use super::change::Change;
use super::diff::Draft;
use super::observe::{Observed, Space};
use crate::plan::Note;
use crate::platform::Intent;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::fields::Fields;
use crate::platform::kubernetes::fields::shown::{Sensitive, made};
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::kinds::namespace::namespace;
use crate::spec::KubePlace;

/// Adds what makes the namespace, and names what is missing: an error where the plan is to be
/// performed, else a note.
pub(crate) fn check(
    place: &KubePlace,
    desired: &Desired,
    observed: &Observed,
    writes: bool,
    diff: &mut Draft,
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
    for (name, keys) in &desired.needs_secrets {
        let own = Wanted { place, name, keys };
        match observed.secrets.get(name) {
            Some(None) => missing.push(("secret_missing", own.not_there(no_namespace))),
            Some(Some(there)) => {
                missing.extend(own.without(there).map(|words| ("key_missing", words)));
            }
            None => {}
        }
    }
    if !writes || missing.is_empty() {
        let note = |(code, words): (&str, String)| Note::warning(code, sentence(&words));
        return Ok(missing.into_iter().map(note).collect());
    }
    let what = format!("deploy to namespace {}", place.namespace);
    let words: Vec<String> = missing.into_iter().map(|(_, words)| words).collect();
    Err(Failed::new(
        what,
        FailureKind::Missing,
        words.join("; and "),
    ))
}

/// A namespace that is being deleted takes everything in it along: an error where something is to be
/// done there, or somebody asks what would be; else a note.
pub(crate) fn leaving(
    place: &KubePlace,
    observed: &Observed,
    intent: &Intent,
) -> Result<Option<Note>, Failed> {
    if observed.namespace != Some(Space::Leaving) {
        return Ok(None);
    }
    let space = &place.namespace;
    if intent.destroy || !(intent.writes || intent.is_read) {
        return Ok(Some(Note::warning(
            "namespace_leaves",
            leaves(space.as_str()),
        )));
    }
    let anew = if place.create_namespace {
        "deploy again, which makes it anew".to_owned()
    } else {
        format!("make it anew with `kubectl create namespace {space}`, and deploy again")
    };
    Err(Failed::new(
        format!("deploy to namespace {space}"),
        FailureKind::Refused,
        format!(
            "it is being deleted, and with it everything of this service in it; once it is gone, {anew} \
             (`kubectl get namespace {space} -o yaml` says what it waits for)"
        ),
    ))
}

/// That a namespace is being deleted, in words.
pub(crate) fn leaves(space: &str) -> String {
    format!("Namespace {space} is being deleted, and with it everything of this service in it.")
}

/// A Secret that must be there.
struct Wanted<'a> {
    place: &'a KubePlace,
    name: &'a str,
    keys: &'a BTreeSet<String>,
}

impl Wanted<'_> {
    /// Which keys it lacks, which it has, and how it gets them; `None`: it has them all.
    fn without(&self, there: &BTreeSet<String>) -> Option<String> {
        let (name, space) = (self.name, &self.place.namespace);
        let lacks: Vec<&str> = self.keys.difference(there).map(String::as_str).collect();
        lacks.first()?;
        let literals: Vec<String> = lacks.iter().map(|key| format!("\"{key}\":\"…\"")).collect();
        let there: Vec<&str> = there.iter().take(MOST).map(String::as_str).collect();
        let has = match there.as_slice() {
            [] => "it is empty".to_owned(),
            keys => format!("it has {}", keys.join(", ")),
        };
        Some(format!(
            "Secret {name} has no key {} ({has}); add it with `kubectl -n {space} patch secret {name} \
             -p '{{\"stringData\":{{{}}}}}'`, or name the key that is meant: `{{ secret = \
             \"{name}\", key = \"…\" }}`",
            lacks.join(", "),
            literals.join(","),
        ))
    }

    /// Who makes it, and how.
    fn not_there(&self, no_namespace: bool) -> String {
        no_secret(self.place, self.name, self.keys, no_namespace)
    }
}

/// So many keys of a Secret are told at most.
const MOST: usize = 20;

fn no_secret(
    place: &KubePlace,
    secret: &str,
    keys: &BTreeSet<String>,
    no_namespace: bool,
) -> String {
    let space = &place.namespace;
    let keys: Vec<String> = keys
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
    use serde_json::json;

    use super::*;
    use crate::plan::Change as _;
    use crate::platform::kubernetes::api::object::Object;
    use crate::platform::kubernetes::kinds::{Id, Kind as ObjectKind};

    fn place(create_namespace: bool) -> KubePlace {
        KubePlace {
            create_namespace,
            ..KubePlace::of_context("production".parse().unwrap())
        }
    }

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(ToString::to_string).collect()
    }

    fn desired() -> Desired {
        Desired {
            objects: Vec::new(),
            replicas: 2,
            scaled: false,
            needs_secrets: [("api-secrets".to_owned(), keys(&["DATABASE_URL"]))].into(),
            sensitive: BTreeSet::new(),
            on_rollout: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn applying() -> Draft {
        let object = Object {
            place: None,
            id: Id {
                kind: ObjectKind::Service,
                name: "api".into(),
            },
            manifest: json!({}),
        };
        Draft {
            changes: vec![Change::Apply {
                object,
                uid: None,
                force: false,
                rolls: false,
                after_health: false,
                takes_over: Vec::new(),
                claims: Vec::new(),
            }],
            ..Draft::default()
        }
    }

    fn observed(namespace: bool, secret: bool) -> Observed {
        let keys = secret.then(|| keys(&["DATABASE_URL"]));
        Observed {
            namespace: Some(if namespace {
                Space::There
            } else {
                Space::Missing
            }),
            secrets: [("api-secrets".to_owned(), keys)].into(),
            ..Observed::default()
        }
    }

    #[test]
    fn a_missing_secret_is_named_with_the_command_that_makes_it() {
        let observed = observed(true, false);
        let error = check(&place(true), &desired(), &observed, true, &mut applying()).unwrap_err();
        assert_eq!(error.kind, FailureKind::Missing);
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
    fn a_missing_key_is_named_with_those_that_there_are() {
        let mut there = observed(true, true);
        there.secrets = [("api-secrets".to_owned(), Some(keys(&["URL", "USER"])))].into();
        let check = |writes, there: &Observed| {
            check(&place(true), &desired(), there, writes, &mut applying())
        };
        let error = check(true, &there).unwrap_err();
        assert_eq!(error.kind, FailureKind::Missing);
        assert_eq!(
            error.message,
            "Secret api-secrets has no key DATABASE_URL (it has URL, USER); add it with `kubectl -n \
             production patch secret api-secrets -p '{\"stringData\":{\"DATABASE_URL\":\"…\"}}'`, or name \
             the key that is meant: `{ secret = \"api-secrets\", key = \"…\" }`"
        );
        assert_eq!(check(false, &there).unwrap()[0].code, "key_missing");
        assert_eq!(check(true, &observed(true, true)).unwrap(), []);
        // Where nobody may look, the pods will show it.
        there.secrets.clear();
        assert_eq!(check(true, &there).unwrap(), []);
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let there = observed(false, false);
        let error = check(&place(false), &desired(), &there, true, &mut applying()).unwrap_err();
        let words = error.message;
        assert!(words.contains("create namespace"), "{words}");
        assert!(words.contains("create secret generic"), "{words}");
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
            assert_eq!(refused.kind, FailureKind::Refused);
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
        let mut nothing = Draft::default();
        let observed = observed(false, false);
        let notes = check(&place(false), &desired(), &observed, true, &mut nothing).unwrap();
        assert_eq!(notes, []);
        assert_eq!(nothing, Draft::default());
    }
}
