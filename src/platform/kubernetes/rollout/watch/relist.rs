//! The slow reading anew: it heals what a watch lost, shows whether the server is still there while
//! nothing happens, and takes the place of a watch that we may not have.

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Pod;

use super::stream::{Feed, why};
use super::{Unreadable, WatchedKind};
use crate::platform::failure::FailureKind;
use crate::platform::kubernetes::rollout::look::{DeploymentView, SetView};

/// Between two readings while every watch is open.
const SLOW: SignedDuration = SignedDuration::from_secs(20);

/// Between two while one is not.
const FAST: SignedDuration = SignedDuration::from_secs(2);

/// A reading that takes longer has failed.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// Reads all of them anew, every so often, for as long as anybody wants it.
pub(super) async fn keep_reading(
    deployment: Feed<DeploymentView>,
    sets: Feed<SetView>,
    pods: Feed<Pod>,
) {
    let (shared, clock) = (deployment.shared.clone(), deployment.clock);
    let mut last = clock.now();
    loop {
        clock.sleep_until(clock.now() + FAST).await;
        let (open, failing) = {
            let store = shared.store();
            (store.is_open(), store.unread.is_some())
        };
        if open && !failing && clock.now().duration_since(last) < SLOW {
            continue;
        }
        last = clock.now();
        let (first, second, third) = futures::join!(read(&deployment), read(&sets), read(&pods));
        let read_it = first.is_none();
        let mut store = shared.store();
        // What may not be read says so by itself; it is missed only where a watch does not bring it.
        let missed = first.filter(|lost| may_pass(lost) || !store.has_deployment());
        let rest = [second, third].into_iter().flatten().find(may_pass);
        match missed.or(rest) {
            None => {
                if read_it {
                    store.read = last;
                }
                let seen_again = store.unread.take().is_some();
                drop(store);
                if seen_again {
                    shared.stir();
                }
            }
            Some(lost) => {
                let since = store.unread.take().map_or(last, |(since, _)| since);
                store.unread = Some((since, lost));
                drop(store);
                shared.stir();
            }
        }
    }
}

fn may_pass(lost: &Unreadable) -> bool {
    lost.kind.may_pass()
}

/// Reads one kind; gives why that failed.
pub(super) async fn read<T: WatchedKind>(feed: &Feed<T>) -> Option<Unreadable> {
    let late = feed.clock.now() + PATIENCE;
    let answer = tokio::select! {
        answer = feed.list() => answer,
        () = feed.clock.sleep_until(late) => {
            return Some(Unreadable {
                operation: format!("read {}", feed.words),
                kind: FailureKind::Lost,
                code: None,
                message: format!("no answer within {} s", PATIENCE.as_secs()),
            });
        }
    };
    match answer {
        Ok((all, version)) => {
            let version = version.and_then(|version| version.parse().ok());
            let news = T::shelf(&mut feed.shared.store()).merge(all, version);
            if news {
                feed.shared.stir();
            }
            None
        }
        Err(error) => Some(why(feed.words, &error)),
    }
}
