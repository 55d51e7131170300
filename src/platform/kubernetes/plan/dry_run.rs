//! Proves a plan by server-side dry-run: the API server itself says what would come of each apply,
//! defaults, webhooks and conflicts included. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::Value;

use super::change::Change;
use super::diff::Draft;
use super::observe::Observed;
use super::rights::{Right, Verb};
use crate::plan::{ChangeView, MASK, Note};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::conflict;
use crate::platform::kubernetes::api::conflict::{Conflict, conflicts};
use crate::platform::kubernetes::api::failures::failed;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::api::requests::Applying;
use crate::platform::kubernetes::fields::compare::same;
use crate::platform::kubernetes::fields::ownership::{Entry, entries, owned_by};
use crate::platform::kubernetes::fields::{Fields, text};
use crate::platform::kubernetes::kinds::carried::objects::defined;
use crate::platform::kubernetes::kinds::deployment::account::without_copy;
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::rollout::causes::is_webhook_trouble;
use crate::platform::kubernetes::rollout::template_digest;
use crate::platform::kubernetes::{Kubernetes, MANAGER};

/// What the API server says to an apply.
#[derive(Debug)]
pub(crate) enum Proof {
    /// The object would be this.
    Becomes(Value),
    /// Nothing would change.
    Nothing,
    /// Others manage these fields.
    Conflicts(Vec<Conflict>),
    /// It would be refused.
    Refused(Failed),
    /// It cannot be told beforehand, for this reason.
    Untold(Option<Failed>),
}

impl Kubernetes {
    /// What the API server says to each apply among these changes.
    pub(crate) async fn prove(
        &self,
        changes: &[Change],
        observed: &Observed,
    ) -> Result<Vec<(Id, Proof)>, Failed> {
        let wire = self.wire().await?;
        let counted = changes
            .iter()
            .any(|one| matches!(one, Change::Count { .. }));
        let coming = coming(changes);
        // KEDA makes none beside another autoscaler, which is still there when it is asked.
        let is_freed = scaler_goes(changes);
        let proofs = changes.iter().filter_map(|change| {
            let Change::Apply {
                object,
                uid,
                force,
                takes_over,
                claims,
                ..
            } = change
            else {
                return None;
            };
            // What is not there yet is compared with nothing.
            let brief = observed.live(&object.id).is_none();
            let is_coming = coming.contains(&(object.id.kind.place().0, object.id.kind.as_str()));
            let how = Applying {
                manager: MANAGER,
                force: *force,
                dry_run: true,
                uid: uid.as_deref(),
                brief,
            };
            Some(async move {
                let is_unasked = is_coming || !object.id.kind.is_of_cluster();
                if is_unasked || (is_freed && brief && object.id.kind.scales()) {
                    return (object.id.clone(), Proof::Untold(None));
                }
                let live = observed.live(&object.id);
                let answer = wire.apply(&without_copy(object, live, &[]), how).await;
                let before = Before {
                    takes_over,
                    claims: !claims.is_empty(),
                    counts: counted,
                };
                let proof = judge(&object.id, answer, live, before).of(object);
                (object.id.clone(), proof)
            })
        });
        Ok(join_all(proofs).await)
    }
}

impl Proof {
    /// With the place of the manifest that it is about.
    fn of(mut self, object: &Object) -> Self {
        if let (Some(_), Self::Refused(failed) | Self::Untold(Some(failed))) =
            (&object.place, &mut self)
        {
            failed.operation = format!("apply {}", object.title());
        }
        self
    }
}

/// Whether what moved the number of pods until now makes room.
pub(crate) fn scaler_goes(changes: &[Change]) -> bool {
    let goes = |change: &Change| matches!(change, Change::Delete { id, .. } if id.kind.scales());
    changes.iter().any(goes)
}

/// The kinds that nobody can be asked about, since what defines them is about to be made.
fn coming(changes: &[Change]) -> BTreeSet<(&str, &str)> {
    let definitions = changes.iter().filter_map(|change| match change {
        Change::Apply {
            object, uid: None, ..
        } => {
            let defines = matches!(object.id.kind, Kind::Carried(kind) if kind.defines());
            defines.then_some(&object.manifest)
        }
        _ => None,
    });
    let defined = defined(definitions).into_iter();
    defined.map(|place| (place.group, place.kind)).collect()
}

/// What is done about an object before it is applied, and so is not when the API server is asked.
#[derive(Debug, Clone, Copy)]
struct Before<'a> {
    /// Managers whose fields become ours.
    takes_over: &'a [String],
    /// Whether parts of others become ours, to make room.
    claims: bool,
    /// Whether the number of replicas is given.
    counts: bool,
}

/// `before`: what this answer does not know of.
fn judge(
    id: &Id,
    answer: Result<Value, kube::Error>,
    live: Option<&Value>,
    before: Before<'_>,
) -> Proof {
    let error = match answer {
        Ok(result) => {
            return if live.is_some_and(|live| is_as_before(live, &result)) && !before.claims {
                Proof::Nothing
            } else {
                Proof::Becomes(result)
            };
        }
        Err(error) => error,
    };
    let all = conflicts(&error);
    if !all.is_empty() {
        let stands = |one: &Conflict| {
            let given = before.counts && id.kind.runs_pods() && one.field == ".spec.replicas";
            !given && !before.takes_over.contains(&one.manager)
        };
        let left: Vec<Conflict> = all.into_iter().filter(stands).collect();
        return if left.is_empty() {
            Proof::Untold(None)
        } else {
            Proof::Conflicts(left)
        };
    }
    let failure = failed(format!("try what comes of applying {id}"), &error);
    match failure.kind {
        // A webhook that cannot be asked without consequences is no word about the object
        // (Kubernetes documentation, admission webhooks, side effects).
        FailureKind::Invalid if !is_about_object(&failure) => Proof::Untold(Some(failure)),
        // Beside ports that go once they are ours, and that one without a name may not stand by.
        FailureKind::Invalid if id.kind == Kind::Service && !before.takes_over.is_empty() => {
            Proof::Untold(None)
        }
        // Two things stand where only one may, until the other one has made room.
        FailureKind::Invalid if before.claims => Proof::Untold(None),
        FailureKind::Invalid
        | FailureKind::Denied
        | FailureKind::Quota
        | FailureKind::Unsupported => Proof::Refused(failure),
        // It will be asked for the apply itself as well, and others would have been made by then.
        FailureKind::Server if is_webhook_trouble(&failure.message) => Proof::Refused(failure),
        _ => Proof::Untold(Some(failure)),
    }
}

/// Whether an apply leaves everything as it was: what the object says, and what of it is ours.
fn is_as_before(live: &Value, result: &Value) -> bool {
    let ours = |object: &Value| owned_by(&entries(object), Entry::is_ours);
    Fields::of(live).digest() == Fields::of(result).digest() && ours(live) == ours(result)
}

fn is_about_object(failure: &Failed) -> bool {
    failure.code.as_deref() != Some("BadRequest")
}

/// What the API server says that we may not do. An admission that denies is no want of rights.
pub(crate) fn denied(proofs: &[(Id, Proof)]) -> BTreeSet<Right> {
    let denied = proofs.iter().filter_map(|(id, proof)| match proof {
        Proof::Refused(failure) if failure.kind == FailureKind::Denied => {
            let words = &failure.message;
            let verb = if words.contains(" cannot create ") {
                Verb::Create
            } else {
                Verb::Patch
            };
            let authorizer = words.contains(" is forbidden: ");
            authorizer.then(|| Right::named(id.kind, verb, &id.name))
        }
        _ => None,
    });
    denied.collect()
}

/// The fields that others manage, as the refusal of a plan; `None`: there are none.
pub(crate) fn contested(proofs: &[(Id, Proof)]) -> Option<Failed> {
    let found: Vec<(Id, Vec<Conflict>)> = proofs
        .iter()
        .filter_map(|(id, proof)| match proof {
            Proof::Conflicts(conflicts) => Some((id.clone(), conflicts.clone())),
            _ => None,
        })
        .collect();
    (!found.is_empty()).then(|| conflict::refused(&found))
}

/// Takes the proofs into a plan that is to be read. What would be refused is an error where it is
/// to be performed, or where the object itself is wrong; else the local difference stands.
pub(crate) fn settle(
    diff: &mut Draft,
    proofs: Vec<(Id, Proof)>,
    observed: &Observed,
    writes: bool,
) -> Result<(), Failed> {
    if let Some(refused) = contested(&proofs) {
        return Err(refused);
    }
    let mut unproven = Vec::new();
    for (id, proof) in proofs {
        match proof {
            Proof::Nothing => drop_object(diff, &id),
            Proof::Becomes(result) => refine(diff, &id, observed.live(&id), &result),
            Proof::Refused(failure) if writes || failure.kind == FailureKind::Invalid => {
                return Err(failure);
            }
            Proof::Refused(failure) | Proof::Untold(Some(failure)) => unproven.push(failure),
            Proof::Untold(None) | Proof::Conflicts(_) => {}
        }
    }
    if let Some(first) = unproven.first() {
        let more = match unproven.len() {
            1 => String::new(),
            all => format!(" (and {} more)", all - 1),
        };
        diff.notes.push(not_proven(&format!("{first}{more}")));
    }
    Ok(())
}

/// What the API server warned of when it was asked.
pub(crate) fn warned(text: &str) -> Note {
    Note::warning("server_warning", format!("The API server warns: {text}"))
}

/// A plan that rests on our own comparison alone.
pub(crate) fn not_proven(why: &str) -> Note {
    Note::info(
        "not_proven",
        format!(
            "The API server could not be asked what would come of it: {why}. The difference is our own reckoning."
        ),
    )
}

fn drop_object(diff: &mut Draft, id: &Id) {
    let name = id.to_string();
    diff.views.retain(|view| view.object != name);
    diff.changes
        .retain(|change| !matches!(change, Change::Apply { object, .. } if object.id == *id));
    let revision = |change: &Change| matches!(change, Change::Apply { .. } | Change::Delete { .. });
    if !diff.changes.iter().any(revision) {
        diff.changes
            .retain(|change| !matches!(change, Change::Record { .. }));
    }
}

/// Leaves out what would come out as it is, shows what is made of the rest, and rolls only what
/// really changes.
fn refine(diff: &mut Draft, id: &Id, live: Option<&Value>, result: &Value) {
    let Some(live) = live else { return };
    let (before, after) = (Fields::of(live), Fields::of(result));
    let stays: BTreeSet<String> = before
        .iter()
        .filter(|(path, value)| {
            after
                .get(path)
                .is_some_and(|after| same(path, value, after))
        })
        .map(|(path, _)| path.to_string())
        .collect();
    let name = id.to_string();
    let left = std::mem::take(&mut diff.left);
    let is_left = |view: &ChangeView| left.contains(&(view.object.clone(), view.path.clone()));
    diff.views
        .retain(|view| view.object != name || !stays.contains(&view.path) || is_left(view));
    let made: BTreeMap<String, String> = after
        .iter()
        .map(|(path, value)| (path.to_string(), text(path, value)))
        .collect();
    for view in diff.views.iter_mut().filter(|view| view.object == name) {
        let masked = view.to.as_ref().is_none_or(|to| to.starts_with(MASK));
        if let Some(made) = made.get(&view.path).filter(|_| !masked && !is_left(view)) {
            view.to = Some(made.clone());
        }
    }
    diff.left = left;
    for change in &mut diff.changes {
        if let Change::Apply { object, rolls, .. } = change
            && object.id == *id
        {
            *rolls = *rolls && template_digest(live) != template_digest(result);
        }
    }
}

#[cfg(test)]
mod tests;
