//! Who deployed what, when, from which commit, and how it ended, for `history`: from the records.

pub(crate) mod finish;
pub(crate) mod record;

use self::record::{CapturedState, RecordHead, State, short};
use super::Kubernetes;
use super::rollout::Rolled;
use crate::answer::{Deployed, Ending};
use crate::platform::failure::Failed;
use crate::platform::origin::{APPLY, Scaled};
use crate::spec::KubeService;

impl Kubernetes {
    /// The revisions of a service, newest first, at most `most`. Reads only.
    pub(crate) async fn history(
        &self,
        service: &KubeService,
        most: usize,
    ) -> Result<Vec<Deployed>, Failed> {
        let name = service.own.name.as_str();
        let wire = self.wire().await?;
        let own = service.own.kind.named(name);
        let (heads, live) = futures::join!(self.records(name), wire.read(&own));
        let heads = heads?;
        // One that may not be read only costs the mark of what serves.
        let live = live.ok().flatten();
        let live = live.as_ref().and_then(Rolled::of);
        let set_to = live.and_then(|live| revision_of(&heads, &live.uid, &live.template));
        let serving = set_to.and_then(|head| proven(&heads, head));
        let told = heads
            .iter()
            .enumerate()
            .map(|(index, head)| deployed(name, head, index == 0, Some(head.number) == serving));
        let mut told: Vec<Deployed> = told.collect();
        let scaled = heads.iter().filter_map(|head| {
            let scaled = Scaled::read(head.scaled.as_deref()?)?;
            Some(scaled.told(short(name, head.number)))
        });
        told.extend(scaled);
        // Where no time is known, the order of the numbers stands.
        if told.iter().all(|one| one.at.is_some()) {
            told.sort_by_key(|one| std::cmp::Reverse(one.at));
        }
        told.truncate(most);
        Ok(told)
    }
}

/// The revision that pods are of, which the Deployment with this `uid` made from this template: the
/// newest one that asked for just them, and was not taken back again.
pub(crate) fn revision_of<'a>(
    heads: &'a [RecordHead],
    uid: &str,
    template: &str,
) -> Option<&'a RecordHead> {
    heads
        .iter()
        .filter(|head| {
            let rolled = head.rolled.as_ref();
            rolled.is_some_and(|rolled| rolled.made(uid, template))
        })
        // After a rollback an older one of the same template serves.
        .max_by_key(|head| (head.state != State::RolledBack, head.number))
}

/// The number of the revision that serves, of a Deployment that is set to `head`: while that one is
/// still under way, the one before it, if it served.
fn proven(heads: &[RecordHead], head: &RecordHead) -> Option<u32> {
    let is_under_way = ending(head.state, heads.first() == Some(head)) == Ending::Going;
    match head.captured {
        _ if !is_under_way => Some(head.number),
        CapturedState::Healthy => head.captured_revision,
        CapturedState::Nothing | CapturedState::Unwell => None,
    }
}

fn deployed(name: &str, head: &RecordHead, is_newest: bool, is_current: bool) -> Deployed {
    Deployed {
        at: head.began,
        finished: head.ended,
        id: head.number.to_string(),
        revision: short(name, head.number),
        images: head.images.clone(),
        verb: Some(head.origin.verb.as_deref().unwrap_or(APPLY).to_owned()),
        by: head.origin.by.clone(),
        commit: head.origin.commit.clone(),
        why: head.origin.why.clone(),
        outcome: ending(head.state, is_newest),
        status: head.state.as_str().to_owned(),
        reason: head.reason.clone(),
        went_back_to: head
            .back_to
            .clone()
            .filter(|_| head.state == State::RolledBack),
        current: is_current,
    }
}

fn ending(state: State, is_newest: bool) -> Ending {
    match state {
        State::Healthy => Ending::Healthy,
        State::RolledBack => Ending::RolledBack,
        State::Failed => Ending::Failed,
        State::Superseded => Ending::Stopped,
        State::Going | State::GoingBack if is_newest => Ending::Going,
        // Its run did not live to see how it ended.
        State::Going | State::GoingBack | State::Left => Ending::Unknown,
    }
}

#[cfg(test)]
pub(crate) mod tests;
