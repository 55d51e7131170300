//! Whether whoever deploys may do what a plan says: told before the first write, all of it at once.

use std::collections::BTreeSet;

use super::Planning;
use super::diff::Draft;
use super::observe::Observed;
use super::rights::{Needs, Right, Rules, words};
use crate::plan::Note;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::kinds::Id;

/// What the list of rules does not grant of what a plan takes.
#[derive(Debug, Default)]
pub(super) struct Unlisted {
    /// What it cannot do without, to be asked for one by one.
    pub(super) needed: BTreeSet<Right>,
    /// What it can do without, where the list is all there is.
    useful: BTreeSet<Right>,
}

impl Planning<'_> {
    /// Whether it is to be known beforehand what we may do: somebody will write, or reads what
    /// would be written.
    fn asks_for_rights(&self) -> bool {
        self.intent.writes || self.intent.is_read
    }

    /// Has the list of rules ready.
    pub(super) async fn ask_for_rights(&self) {
        if self.asks_for_rights() {
            self.kube.review().await;
        }
    }

    /// What the list of rules does not grant of this plan. Whoever lists all that there is may still
    /// allow more, as to the members of a privileged group. `tried`: what comes of each apply is asked
    /// for anyway.
    pub(super) async fn unlisted(
        &self,
        diff: &Draft,
        observed: &Observed,
        tried: bool,
    ) -> Unlisted {
        // Whoever holds the lock has begun already.
        let begun = self.holds(self.name());
        if !self.asks_for_rights() || begun || diff.changes.is_empty() {
            return Unlisted::default();
        }
        let Some(review) = self.kube.review().await else {
            return Unlisted::default();
        };
        let needs = Needs::of(&diff.changes, observed, self.name());
        let shown = tried && review.incomplete;
        let applies = needs.applies.iter().filter(|_| !shown);
        let useful = needs.useful.iter().filter(|_| !review.incomplete);
        Unlisted {
            needed: review.lacks(needs.beside.iter().chain(applies)),
            useful: review.lacks(useful),
        }
    }

    /// Says what is missing: an error where the plan is to be performed, else a note.
    pub(super) async fn tell_rights(
        &self,
        diff: &mut Draft,
        lacking: &BTreeSet<Right>,
        unlisted: &Unlisted,
    ) -> Result<(), Failed> {
        if !lacking.is_empty() {
            let words = self.lacking(lacking).await;
            if self.intent.writes {
                let what = format!("deploy to namespace {}", self.kube.namespace());
                return Err(Failed::new(what, FailureKind::Missing, words));
            }
            diff.notes.push(Note::warning("rights_missing", words));
        } else if self.intent.is_read && !unlisted.useful.is_empty() {
            diff.notes.push(less(&unlisted.useful));
        }
        Ok(())
    }

    /// A read was denied: with all that is missing where it can be told, since whoever may not look
    /// lacks more than that one look.
    pub(super) async fn may_not_read(&self, ids: &[Id], error: Failed) -> Failed {
        let Some(review) = self.kube.review().await.filter(|_| self.asks_for_rights()) else {
            return error;
        };
        let makes = self.intent.writes && self.intent.makes_it();
        let needs = Needs::of_all(ids, self.name(), makes);
        let lacking = self.kube.denied(review.lacks(&needs.beside)).await;
        if lacking.is_empty() {
            return error;
        }
        let words = format!("{}; {}", error.message, self.lacking(&lacking).await);
        Failed::new(error.operation, FailureKind::Missing, words)
    }

    async fn lacking(&self, rights: &BTreeSet<Right>) -> String {
        let who = self.kube.who_asks().await;
        let who = who.as_deref().unwrap_or("whoever deploys");
        words(who, self.kube.namespace(), rights)
    }
}

/// What a plan can do without.
fn less(useful: &BTreeSet<Right>) -> Note {
    Note::info(
        "rights_useful",
        format!(
            "It is done without some rights, and tells less of what fails or leaves more behind; with \
             these rules in a Role it would not:{}",
            Rules(useful)
        ),
    )
}
