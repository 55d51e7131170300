//! One watch: begun with a list, resumed where it broke, begun anew where that is too long ago.

use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use jiff::SignedDuration;
use kube::Api;
use kube::api::{ListParams, ResourceExt, WatchEvent, WatchParams};
use kube::core::Status;

use super::relist;
use super::store::{Placed, Shelf, Stream};
use super::{Shared, Unreadable, WatchPlace, WatchedKind};
use crate::clock::Clock;

/// The server ends each watch after so many seconds, and it is resumed where it ended. Short, so
/// that one on which a dead connection brings nothing is soon replaced.
const LASTS: u32 = 60;

/// A streaming list that is not complete by then is not going to be: older servers take the request
/// for a plain watch.
const LISTED: SignedDuration = SignedDuration::from_secs(5);

/// Between two attempts, at first and at most.
const SOON: SignedDuration = SignedDuration::from_millis(200);
const LATE: SignedDuration = SignedDuration::from_secs(5);

/// A permission may be given any time.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// One watch.
pub(super) struct Feed<T: WatchedKind> {
    pub(super) api: Api<T::Object>,
    fields: Option<String>,
    labels: Option<String>,
    alone: Option<String>,
    /// What it watches, in words.
    pub(super) words: &'static str,
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Clock,
    what: PhantomData<fn() -> T>,
}

impl<T: WatchedKind> Clone for Feed<T> {
    fn clone(&self) -> Self {
        Self {
            api: self.api.clone(),
            fields: self.fields.clone(),
            labels: self.labels.clone(),
            alone: self.alone.clone(),
            words: self.words,
            shared: Arc::clone(&self.shared),
            clock: self.clock,
            what: PhantomData,
        }
    }
}

/// How one request ended.
enum Turn {
    /// The server ended it, as it does.
    Over,
    /// It cannot be resumed there.
    TooLate,
    /// The server has no streaming lists.
    NotStreaming,
    /// It failed.
    Failed(kube::Error),
}

impl<T: WatchedKind> Feed<T> {
    pub(super) fn new(place: &WatchPlace, shared: &Arc<Shared>) -> Self {
        let (fields, labels) = T::selector(place);
        Self {
            api: T::api(place),
            fields,
            labels,
            alone: T::alone(&place.own.name),
            words: T::called(place.kind()),
            shared: Arc::clone(shared),
            clock: place.clock,
            what: PhantomData,
        }
    }

    /// Watches for as long as anybody wants it.
    pub(super) async fn run(self) {
        let mut from = None;
        let mut streaming = true;
        let mut failures = 0;
        loop {
            let begun = self.clock.now();
            let wait = match self.turn(&mut from, streaming).await {
                // One that is over as soon as it is open is no better than one that fails.
                Turn::Over if self.clock.now() > begun + SOON => {
                    failures = 0;
                    continue;
                }
                Turn::Over => after(&mut failures),
                Turn::TooLate => {
                    from = None;
                    after(&mut failures)
                }
                Turn::NotStreaming => {
                    streaming = false;
                    continue;
                }
                Turn::Failed(error) if is_denied(&error) => {
                    // What may be listed all the same is seen from the beginning, and not missed.
                    let _ = relist::read(&self).await;
                    self.lost(Stream::Denied(why(self.words, &error)));
                    ASK_AGAIN
                }
                Turn::Failed(error) => {
                    let now = self.clock.now();
                    self.lost(Stream::Down(now, why(self.words, &error)));
                    after(&mut failures)
                }
            };
            self.clock.sleep_until(self.clock.now() + wait).await;
        }
    }

    fn lost(&self, stream: Stream) {
        let mut store = self.shared.store();
        let shelf = T::shelf(&mut store);
        // Since when it is down is what counts.
        if !(matches!(shelf.stream, Stream::Down(..)) && matches!(stream, Stream::Down(..))) {
            shelf.stream = stream;
        }
        drop(store);
        self.shared.stir();
    }

    fn with<R>(&self, change: impl FnOnce(&mut Shelf<T>) -> R) -> R {
        change(T::shelf(&mut self.shared.store()))
    }

    /// One request; where there is nothing to resume, with all that is there first.
    async fn turn(&self, from: &mut Option<String>, streaming: bool) -> Turn {
        if from.is_none() && !streaming {
            match self.list().await {
                Ok((all, version)) => self.replace(all, version, from),
                Err(error) => return Turn::Failed(error),
            }
        }
        let lists = from.is_none();
        let params = WatchParams {
            label_selector: self.labels.clone(),
            field_selector: self.fields.clone(),
            timeout: Some(LASTS),
            bookmarks: true,
            send_initial_events: lists,
        };
        // No version asks for what is true now, and not for what some cache holds.
        let version = from.clone().unwrap_or_default();
        let opened = self.api.watch(&params, &version).await;
        let stream = match opened {
            Ok(stream) => stream,
            Err(error) => return refused(error, lists),
        };
        let begun = self.clock.now();
        if lists {
            self.with(Shelf::begin);
        } else {
            self.opened();
        }
        let mut stream = pin!(stream);
        let mut listing = lists;
        loop {
            let wait = if listing {
                LISTED
            } else {
                SignedDuration::from_secs(i64::from(LASTS) + 5)
            };
            let next = tokio::select! {
                next = stream.next() => next,
                () = self.clock.sleep_until(begun + wait) => {
                    return if listing { Turn::NotStreaming } else { Turn::Over };
                }
            };
            match next {
                None => return Turn::Over,
                Some(Err(error)) => return Turn::Failed(error),
                Some(Ok(WatchEvent::Error(status))) => return broken(status, lists),
                Some(Ok(event)) => self.take(event, &mut listing, from),
            }
        }
    }

    fn opened(&self) {
        let before = self.with(|shelf| std::mem::replace(&mut shelf.stream, Stream::Open));
        if !matches!(before, Stream::Open) {
            self.shared.stir();
        }
    }

    fn take(&self, event: WatchEvent<T::Object>, listing: &mut bool, from: &mut Option<String>) {
        match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                let version = object.resource_version();
                let Some((uid, placed)) = place::<T>(object) else {
                    return;
                };
                if *listing {
                    self.with(|shelf| shelf.receive(uid, placed));
                    return;
                }
                self.with(|shelf| shelf.put(uid, placed));
                *from = version;
            }
            WatchEvent::Deleted(object) => {
                let uid = object.uid().unwrap_or_default();
                self.with(|shelf| shelf.remove(&uid));
                *from = object.resource_version();
            }
            WatchEvent::Bookmark(mark) => {
                let annotations = &mark.metadata.annotations;
                let listed = annotations.contains_key("k8s.io/initial-events-end");
                if *listing && !listed {
                    return;
                }
                *from = Some(mark.metadata.resource_version);
                if !std::mem::take(listing) {
                    return;
                }
                self.with(Shelf::finish);
            }
            WatchEvent::Error(_) => return,
        }
        self.shared.stir();
    }

    /// All that is there, with the version of that.
    pub(super) async fn list(
        &self,
    ) -> Result<(Vec<(String, Placed<T>)>, Option<String>), kube::Error> {
        let params = ListParams {
            label_selector: self.labels.clone(),
            field_selector: self.fields.clone(),
            ..ListParams::default()
        };
        let list = match (self.api.list(&params).await, &self.alone) {
            (Ok(list), _) => list,
            (Err(error), Some(name)) if is_denied(&error) => return self.get(name).await,
            (Err(error), _) => return Err(error),
        };
        let all = list.items.into_iter().filter_map(place::<T>).collect();
        Ok((all, list.metadata.resource_version))
    }

    /// The only one there is, by its name.
    async fn get(
        &self,
        name: &str,
    ) -> Result<(Vec<(String, Placed<T>)>, Option<String>), kube::Error> {
        let found = self.api.get_opt(name).await?;
        let version = found.as_ref().and_then(ResourceExt::resource_version);
        let all = found.into_iter().filter_map(place::<T>).collect();
        Ok((all, version))
    }

    fn replace(
        &self,
        all: Vec<(String, Placed<T>)>,
        version: Option<String>,
        from: &mut Option<String>,
    ) {
        self.with(|shelf| {
            shelf.begin();
            for (uid, placed) in all {
                shelf.receive(uid, placed);
            }
            shelf.finish();
        });
        *from = version;
        self.shared.stir();
    }
}

/// The wait after so many failures, of which this is one more.
fn after(failures: &mut i32) -> SignedDuration {
    let wait = SOON.saturating_mul(1 << (*failures).min(5));
    *failures += 1;
    wait.min(LATE)
}

pub(super) fn why(words: &str, error: &kube::Error) -> Unreadable {
    Unreadable::of(&format!("watch {words}"), error)
}

fn place<T: WatchedKind>(object: T::Object) -> Option<(String, Placed<T>)> {
    let uid = object.uid()?;
    let version = object.resource_version()?.parse().ok();
    let object = Arc::new(T::of(object)?);
    Some((uid, Placed { version, object }))
}

/// A server without streaming lists calls the request invalid (Kubernetes documentation, API
/// concepts, streaming lists).
fn refused(error: kube::Error, lists: bool) -> Turn {
    match error {
        kube::Error::Api(status) if status.code == 410 => Turn::TooLate,
        kube::Error::Api(status) if lists && matches!(status.code, 400 | 422) => Turn::NotStreaming,
        error => Turn::Failed(error),
    }
}

fn broken(status: Box<Status>, lists: bool) -> Turn {
    refused(kube::Error::Api(status), lists)
}

fn is_denied(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403)
}
