//! Going back to a recorded revision: what was asked for then is asked for again, whole.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::Change;
use super::observe::Observed;
use super::observe::former::Former;
use super::replicas;
use crate::plan::Note;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::Kubernetes;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::history::record::{RecordHead, State, short};
use crate::platform::kubernetes::history::{record, revision_of};
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::rollout::Rolled;

impl Kubernetes {
    /// What revision `to` asked for, or the last one known good that is not what serves now.
    pub(crate) async fn asked_by(
        &self,
        name: &str,
        observed: &Observed,
        to: Option<&str>,
    ) -> Result<Vec<Object>, Failed> {
        let history = observed.history();
        let number = match to {
            Some(to) => named(name, &history, to)?,
            None => last_good(name, observed, &history)?,
        };
        let here = observed.records.iter().any(|head| head.number == number);
        let of = |former: &&Former| former.records.iter().any(|head| head.number == number);
        match observed.formers.iter().find(of).filter(|_| !here) {
            None => Ok(self.read_sets(name, number).await?.asked),
            Some(former) => {
                let asked = self.read_sets(&former.name, number).await?.asked;
                Ok(record::renamed(&asked, &former.name, name))
            }
        }
    }
}

/// Whether `rollback` would find what to go back to while revision `serving` is what is asked for.
pub(crate) fn knows_better(records: &[RecordHead], serving: Option<u32>) -> bool {
    let serving = records.iter().find(|head| Some(head.number) == serving);
    let serves = serving.map(|head| &head.digest);
    good(records, serves).is_some()
}

fn good<'a>(records: &'a [RecordHead], serves: Option<&String>) -> Option<&'a RecordHead> {
    records
        .iter()
        .find(|head| head.state == State::Healthy && Some(&head.digest) != serves)
}

fn last_good(name: &str, observed: &Observed, history: &[RecordHead]) -> Result<u32, Failed> {
    let serves = set_to(observed, name).map(|head| &head.digest);
    good(history, serves)
        .map(|head| head.number)
        .ok_or_else(|| {
            Failed::new(
                format!("go back with {name}"),
                FailureKind::Refused,
                "no earlier deployment of it is known to have succeeded; choose one with --to",
            )
        })
}

/// The revision that a person names: `api:3`, `v3` or `3`.
pub(crate) fn named(name: &str, records: &[RecordHead], to: &str) -> Result<u32, Failed> {
    let digits = to
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(to);
    let number = digits.trim_start_matches('v').parse().ok();
    let known = number.filter(|number| records.iter().any(|head| head.number == *number));
    known.ok_or_else(|| {
        let words: Vec<String> = records
            .iter()
            .map(|head| short(name, head.number))
            .collect();
        let words = if words.is_empty() {
            "it has no history".to_owned()
        } else {
            format!("there are {}", words.join(", "))
        };
        Failed::new(
            format!("go back with {name}"),
            FailureKind::Wrong,
            format!("there is no revision {to}; {words}"),
        )
    })
}

/// The revision that the Deployment is set to.
pub(crate) fn set_to<'a>(observed: &'a Observed, name: &str) -> Option<&'a RecordHead> {
    let live = Rolled::of(observed.deployment(name)?)?;
    revision_of(&observed.records, &live.uid, &live.template)
}

/// What serves, in words: a revision, or the image where the history has none.
pub(crate) fn words(observed: &Observed, name: &str, live: &Value) -> String {
    if let Some(head) = set_to(observed, name) {
        return short(name, head.number);
    }
    let image = live.pointer("/spec/template/spec/containers/0/image");
    image
        .and_then(Value::as_str)
        .unwrap_or("what was there")
        .to_owned()
}

/// Whether the pods that are there are those of a revision.
pub(crate) fn made(head: &RecordHead, live: &Value) -> bool {
    let rolled = head.rolled.as_ref().zip(Rolled::of(live));
    rolled.is_some_and(|(rolled, live)| rolled.is_as(&live))
}

/// What these changes keep as asked for; `None`: they make no revision.
pub(crate) fn recorded(changes: &[Change]) -> Option<&[Object]> {
    changes.iter().find_map(|change| match change {
        Change::Record { asked } => Some(asked.as_slice()),
        _ => None,
    })
}

/// A warning where the newest deployment of just this, or of just these images, tripped.
pub(crate) fn tripped_before(name: &str, records: &[RecordHead], asked: &[Object]) -> Option<Note> {
    let (digest, images) = (record::digest(asked), record::images(asked));
    let tried = |head: &&RecordHead| {
        let over = [State::Healthy, State::RolledBack, State::Failed].contains(&head.state);
        over && (head.digest == digest || head.images == images)
    };
    let head = records.iter().find(tried)?;
    if head.state == State::Healthy {
        return None;
    }
    let what = if head.digest == digest {
        "This very specification was"
    } else {
        "These images, with other settings, were"
    };
    let when = head
        .began
        .map_or("before".to_owned(), |at| format!("{at:.0}"));
    let why = head.reason.as_deref().unwrap_or("nobody noted why");
    Some(Note::warning(
        "tripped_before",
        format!(
            "{what} deployed {when} as {} and tripped: {why}",
            short(name, head.number)
        ),
    ))
}

/// What is asked for, with the objects of a revision in place of the file's.
#[must_use]
pub(crate) fn in_place_of(desired: Desired, objects: Vec<Object>) -> Desired {
    let deployment = objects.iter().find(|object| object.id.kind.runs_pods());
    Desired {
        replicas: deployment.map_or(desired.replicas, |object| {
            replicas::replicas(&object.manifest)
        }),
        scaled: objects.iter().any(|object| object.id.kind.scales()),
        needs_secrets: BTreeMap::new(),
        on_rollout: Vec::new(),
        notes: Vec::new(),
        objects,
        ..desired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::plan::tests::samples::{desired, head, there};

    #[test]
    fn the_last_good_one_is_not_what_serves_by_another_number() {
        let (one, two) = (desired("shop/api:v1", ""), desired("shop/api:v2", ""));
        let mut observed = there(&two);
        observed.records = vec![
            head(5, State::RolledBack, &one.objects, &there(&one)),
            head(4, State::Healthy, &two.objects, &observed),
            head(3, State::Healthy, &two.objects, &observed),
            head(2, State::Failed, &one.objects, &there(&one)),
            head(1, State::Healthy, &one.objects, &there(&one)),
        ];
        assert_eq!(last_good("api", &observed, &observed.records).unwrap(), 1);
        observed.records.pop();
        let error = last_good("api", &observed, &observed.records).unwrap_err();
        assert_eq!(error.kind, FailureKind::Refused);
    }

    #[test]
    fn what_tripped_before_is_warned_of_until_it_served() {
        let bad = desired("shop/api:v2", "");
        let other = desired("shop/api:v2", "env = { LEVEL = \"debug\" }");
        let mut records = vec![head(2, State::RolledBack, &bad.objects, &there(&bad))];
        let note = tripped_before("api", &records, &bad.objects).unwrap();
        assert_eq!(note.code, "tripped_before");
        assert!(
            note.text.starts_with("This very specification"),
            "{}",
            note.text
        );
        assert!(note.text.ends_with("tripped: it crashed"), "{}", note.text);
        let good = desired("shop/api:v1", "");
        assert_eq!(tripped_before("api", &records, &good.objects), None);
        records[0].images = record::images(&bad.objects);
        let note = tripped_before("api", &records, &other.objects).unwrap();
        assert!(note.text.starts_with("These images"), "{}", note.text);
        records.insert(0, head(3, State::Healthy, &bad.objects, &there(&bad)));
        assert_eq!(tripped_before("api", &records, &bad.objects), None);
    }

    #[test]
    fn a_revision_has_the_names_that_people_use() {
        let one = desired("shop/api:v1", "");
        let records = [head(12, State::Healthy, &one.objects, &there(&one))];
        for to in ["12", "v12", "api:12"] {
            assert_eq!(named("api", &records, to).unwrap(), 12, "{to}");
        }
        for to in ["", "v", "web v12", "api", "-12", "12.1"] {
            assert_eq!(
                named("api", &records, to).unwrap_err().kind,
                FailureKind::Wrong,
                "{to}"
            );
        }
        let error = named("api", &records, "13").unwrap_err();
        assert!(error.message.contains(&short("api", 12)), "{error}");
    }
}
