//! What becomes of what has a name that the service had before. Pure.

use serde_json::Value;

use super::Work;
use crate::plan::Note;
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::plan::change::Change;
use crate::platform::kubernetes::plan::observe::former::Former;
use crate::platform::kubernetes::plan::replicas;

impl<'a> Work<'a> {
    /// What serves under the name that the service had before: ours, and about to go.
    pub(super) fn former(&self) -> Option<(&'a str, &'a Value)> {
        let former = self.observed.formers.serving.as_ref()?;
        let (_, live) = self.observed.workload(&former.name)?;
        let ours = self.wish.owner.has(live);
        ours.then_some((former.name.as_str(), live))
    }

    /// The number of pods that an autoscaler begins with: as many as serve under another name.
    pub(super) fn begins_with(&self) -> u32 {
        let former = self
            .former()
            .map_or(0, |(_, live)| replicas::replicas(live));
        self.wish.desired.replicas.max(former)
    }

    /// Says what a rename does, and takes the history along.
    pub(super) fn rename(&mut self) {
        let to = self.wish.name;
        let former = self.former().map(|(from, _)| from);
        let comes_up = self.after_health;
        let mut kinds = self.wish.desired.objects.iter().map(|one| one.id.kind);
        let leads = kinds.find(|kind| kind.leads());
        self.diff
            .notes
            .extend(former.map(|from| renames(from, to, comes_up, leads)));
        let acts = self.diff.changes.iter().any(Self::is_revision);
        let newest = self.observed.newest().map(|head| head.number);
        // What has no more than a history was overtaken by what this name has already, or goes along
        // with the next change.
        let overtaken = |former: &Former| former.records.first().map(|head| head.number) < newest;
        let goes = |one: &&Former| former == Some(one.name.as_str()) || acts || overtaken(one);
        let formers = self.observed.formers.iter().filter(goes);
        let moves = formers.map(|former| Change::MoveHistory {
            from: former.name.clone(),
            to: to.to_owned(),
            after_health: self.after_health,
        });
        let moves: Vec<Change> = moves.collect();
        if former.is_none() && !acts {
            let names = moves.iter().filter_map(Change::takes_history_of);
            self.diff.notes.extend(names.map(|from| left(from, to)));
        }
        self.diff.changes.extend(moves);
        if !self.diff.changes.is_empty() {
            self.diff
                .notes
                .extend(unclear(&self.observed.formers.unclear));
        }
    }

    /// Whether it makes a revision of its own. A count alone makes none, and neither does the
    /// history that goes along.
    pub(super) fn is_revision(change: &Change) -> bool {
        !matches!(change, Change::Count { .. } | Change::MoveHistory { .. })
    }

    /// Whether what is done is kept in the history: in a revision of its own, or in the one of a run
    /// that was killed before the history had gone along.
    pub(super) fn is_recorded(&self) -> bool {
        let open = self
            .observed
            .newest()
            .is_some_and(|head| head.state.is_open());
        let moves = |change: &Change| matches!(change, Change::MoveHistory { .. });
        let changes = &self.diff.changes;
        changes.iter().any(Self::is_revision) || (open && changes.iter().any(moves))
    }
}

/// What a rename does, in order. `comes_up`: what has the new name does not serve yet.
fn renames(from: &str, to: &str, comes_up: bool, leads: Option<Kind>) -> Note {
    let order = match (comes_up, leads) {
        (true, Some(kind)) => format!(
            "{to} comes up beside {from}, the {kind} leads to it once it is healthy, and then {from} \
             goes"
        ),
        (true, None) => {
            format!("{to} comes up beside {from}, and once it is healthy, {from} goes")
        }
        (false, Some(kind)) => format!("{to} serves, so the {kind} leads to it, and {from} goes"),
        (false, None) => format!("{to} serves, so {from} goes"),
    };
    Note::warning(
        "renames",
        format!(
            "Renames {from} to {to}: {order}. Whoever calls Service {from} within the cluster has to \
             call {to}."
        ),
    )
}

/// What is left of a name.
fn left(from: &str, to: &str) -> Note {
    Note::info(
        "history_moves",
        format!("The history that is left under the name {from} goes along to {to}."),
    )
}

/// Deployments of the same service of which nobody can tell which one it was last.
fn unclear(names: &[String]) -> Option<Note> {
    let all = names.join(", ");
    let each: Vec<String> = names
        .iter()
        .map(|name| format!("`kubectl delete deployment,service,hpa,pdb {name}`"))
        .collect();
    (!names.is_empty()).then(|| {
        Note::warning(
            "other_names",
            format!(
                "Also of this service are Deployments under other names: {all}. Which of them it was \
                 last nobody can tell, so they stay, and go on running; {} ends one.",
                each.join(" or ")
            ),
        )
    })
}
