//! What is there, as the watches and the readings have brought it, and whether it is still true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;

use super::{Unreadable, WatchedKind as _};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::rollout::look::{DeploymentView, SetView, View};
use crate::spec::WorkloadKind;

/// So long a watch may be down, or a reading fail, before what was seen last is no longer passed off
/// as what is. Watches break and are opened again all the time.
const GRACE: SignedDuration = SignedDuration::from_secs(4);

#[derive(Debug)]
pub(super) struct Store {
    /// What runs the pods.
    kind: WorkloadKind,
    pub(super) deployment: Shelf<DeploymentView>,
    pub(super) sets: Shelf<SetView>,
    pub(super) pods: Shelf<Pod>,
    /// Whether sets and pods are watched.
    pub(super) begun: bool,
    /// When all was last read anew.
    pub(super) read: Timestamp,
    /// Since when it cannot be, and why.
    pub(super) unread: Option<(Timestamp, Unreadable)>,
}

/// The objects of one kind.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    there: BTreeMap<String, Placed<T>>,
    incoming: BTreeMap<String, Placed<T>>,
    /// Deleted, so that an older reading does not bring it back.
    gone: BTreeSet<String>,
    complete: bool,
    /// How its watch is.
    pub(super) stream: Stream,
}

/// An object with its resource version, which API servers count upwards.
#[derive(Debug)]
pub(super) struct Placed<T> {
    pub(super) version: Option<u64>,
    pub(super) object: Arc<T>,
}

/// How a watch is.
#[derive(Debug)]
pub(super) enum Stream {
    /// Not answered yet.
    Opening,
    /// It brings what happens.
    Open,
    /// It broke, then.
    Down(Timestamp, Unreadable),
    /// We may not watch this.
    Denied(Unreadable),
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            there: BTreeMap::new(),
            incoming: BTreeMap::new(),
            gone: BTreeSet::new(),
            complete: false,
            stream: Stream::Opening,
        }
    }
}

impl<T> Shelf<T> {
    /// A list begins; what is there stays until it is complete.
    pub(super) fn begin(&mut self) {
        self.incoming.clear();
    }

    /// One of the list.
    pub(super) fn receive(&mut self, uid: String, placed: Placed<T>) {
        self.incoming.insert(uid, placed);
    }

    /// The list is complete, and takes the place of what was there.
    pub(super) fn finish(&mut self) {
        self.there = std::mem::take(&mut self.incoming);
        self.gone.clear();
        self.complete = true;
        self.stream = Stream::Open;
    }

    /// One came, or changed.
    pub(super) fn put(&mut self, uid: String, placed: Placed<T>) {
        self.there.insert(uid, placed);
    }

    /// One is gone.
    pub(super) fn remove(&mut self, uid: &str) {
        self.there.remove(uid);
        self.gone.insert(uid.to_owned());
    }

    /// Everything that there was at `version`; what is newer stays. Gives whether that is news.
    pub(super) fn merge(&mut self, all: Vec<(String, Placed<T>)>, version: Option<u64>) -> bool {
        let mut news = !self.complete;
        let listed: BTreeSet<String> = all.iter().map(|(uid, _)| uid.clone()).collect();
        self.there.retain(|uid, placed| {
            let stays = listed.contains(uid) || is_newer(placed.version, version);
            news |= !stays;
            stays
        });
        for (uid, placed) in all {
            let known = self.there.get(&uid).map(|known| known.version);
            let older = known.is_some_and(|known| !is_newer(placed.version, known));
            if !older && !self.gone.contains(&uid) {
                self.there.insert(uid, placed);
                news = true;
            }
        }
        self.complete = true;
        news
    }

    fn all(&self) -> Vec<Arc<T>> {
        let placed = self.there.values();
        placed.map(|placed| Arc::clone(&placed.object)).collect()
    }

    fn newest(&self) -> Option<Arc<T>> {
        let newest = self.there.values().max_by_key(|placed| placed.version);
        newest.map(|placed| Arc::clone(&placed.object))
    }

    fn is_polled(&self) -> bool {
        self.complete && matches!(self.stream, Stream::Denied(_))
    }

    fn is_denied(&self) -> bool {
        !self.complete && matches!(self.stream, Stream::Denied(_))
    }
}

fn is_newer(this: Option<u64>, that: Option<u64>) -> bool {
    match (this, that) {
        (Some(this), Some(that)) => this > that,
        _ => false,
    }
}

impl Store {
    pub(super) fn new(kind: WorkloadKind, now: Timestamp, begun: bool) -> Self {
        Self {
            kind,
            deployment: Shelf::default(),
            sets: Shelf::default(),
            pods: Shelf::default(),
            begun,
            read: now,
            unread: None,
        }
    }

    /// Whether all is there that may be had. Before sets and pods are watched, the Deployment is all.
    pub(super) fn is_complete(&self) -> bool {
        let all = (self.sets.complete || self.sets.is_denied())
            && (self.pods.complete || self.pods.is_denied());
        self.deployment.complete && (all || !self.begun)
    }

    /// Whether it is known what the Deployment is like.
    pub(super) fn has_deployment(&self) -> bool {
        self.deployment.complete
    }

    /// Whether there is no use in waiting: the Deployment itself cannot be had, for a reason that
    /// does not pass.
    pub(super) fn is_refused(&self) -> bool {
        let unread = self.unread.as_ref().map(|(_, lost)| lost.kind);
        !self.deployment.complete
            && matches!(self.deployment.stream, Stream::Denied(_))
            && unread.is_some_and(|kind| !kind.may_pass())
    }

    /// Whether every watch brings what happens.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.deployment.stream, Stream::Open)
            && matches!(self.sets.stream, Stream::Open)
            && matches!(self.pods.stream, Stream::Open)
    }

    /// What is there now, or why that cannot be said; dated by our clock, until [`Watch::look`]
    /// knows the cluster's.
    ///
    /// [`Watch::look`]: super::Watch::look
    pub(super) fn view(&self, now: Timestamp) -> Result<View, Failed> {
        if let Some(lost) = self.lost(now) {
            return Err(lost.failed());
        }
        if !self.is_complete() {
            let what = "watch the rollout";
            return Err(Failed::new(
                what,
                FailureKind::Lost,
                "no answer from the API server yet",
            ));
        }
        let pods = self.pods.all();
        let counted = |mut set: Arc<SetView>| {
            if set.is_record {
                Arc::make_mut(&mut set).counting(pods.iter().map(AsRef::as_ref));
            }
            set
        };
        let sets = || self.sets.all().into_iter().map(counted).collect();
        Ok(View {
            at: now,
            skew: SignedDuration::ZERO,
            kind: self.kind,
            deployment: self.deployment.newest(),
            sets: self.sets.complete.then(sets),
            pods,
            events: Vec::new(),
            events_asked: None,
        })
    }

    /// What keeps us from seeing the cluster: a watch that has been down for a while, or a reading
    /// that fails for one, and none that has succeeded since.
    fn lost(&self, now: Timestamp) -> Option<&Unreadable> {
        if let (true, Stream::Denied(lost)) = (self.is_refused(), &self.deployment.stream) {
            return Some(lost);
        }
        if self.deployment.complete && now.duration_since(self.read) < GRACE {
            return None;
        }
        let unread = self.unread.as_ref().map(|(since, lost)| (*since, lost));
        // A server that answers that it will not is there, and so are the watches.
        let unread =
            unread.filter(|(_, lost)| lost.kind.may_pass() && lost.kind != FailureKind::Throttled);
        let streams = [
            down(&self.deployment.stream),
            down(&self.sets.stream),
            down(&self.pods.stream),
        ];
        let troubles = streams.into_iter().flatten().chain(unread);
        let lasting = troubles.filter(|(since, _)| now.duration_since(*since) >= GRACE);
        lasting
            .min_by_key(|(since, _)| *since)
            .map(|(_, lost)| lost)
    }

    /// The kinds that are read every so often, since they may not be watched.
    pub(super) fn polled(&self) -> Vec<&'static str> {
        let polled = [
            (
                DeploymentView::called(self.kind),
                self.deployment.is_polled(),
            ),
            (SetView::called(self.kind), self.sets.is_polled()),
            (Pod::called(self.kind), self.pods.is_polled()),
        ];
        let polled = polled.into_iter().filter(|(_, polled)| *polled);
        polled.map(|(words, _)| words).collect()
    }

    /// The pieces that may not be had, each with why.
    pub(super) fn denied(&self) -> Vec<(&'static str, String)> {
        let why = |stream: &Stream, denied: bool| match stream {
            Stream::Denied(lost) if denied => Some(lost.failed().to_string()),
            _ => None,
        };
        let sets = why(&self.sets.stream, self.sets.is_denied());
        let pods = why(&self.pods.stream, self.pods.is_denied());
        let sets = sets.map(|why| (self.kind.sets_words(), why));
        sets.into_iter()
            .chain(pods.map(|why| ("pods", why)))
            .collect()
    }
}

/// Since when a watch is down, and why.
fn down(stream: &Stream) -> Option<(Timestamp, &Unreadable)> {
    match stream {
        Stream::Down(since, lost) => Some((*since, lost)),
        _ => None,
    }
}
