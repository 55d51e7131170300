//! A pod of another revision that keeps a `StatefulSet` from going on: in order it replaces none before that
//! one is ready, and one that is broken never is (Kubernetes documentation, `StatefulSets`, forced rollback).
//! So whoever deploys deletes it, and the `StatefulSet` makes it anew as it is to be.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, Preconditions};

use super::look::View;
use super::post_mortem::chain::is_ready;
use super::standing::our_set;
use super::{RolloutId, Watched};
use crate::event::Events;
use crate::platform::failure::Failed;
use crate::platform::kubernetes::api::failures::{failed, is_missing};
use crate::platform::kubernetes::{Kubernetes, Session};

/// One that has not been ready for so long does not only just start.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

impl Kubernetes {
    /// Deletes what keeps a rollout from going on, where this run holds the lock; once each.
    pub(crate) async fn unblock(&self, session: &Session, rollout: &mut Watched, events: &Events) {
        let found = blocking(rollout).filter(|_| rollout.holds_lock);
        let Some(at) = rollout.seen.view.as_ref().map(|view| view.at) else {
            return;
        };
        let uid = found.as_ref().map(|(_, uid)| uid.as_str());
        let waited = has_waited(&mut rollout.seen.blocked, uid, at);
        let Some((name, uid)) = found.filter(|_| waited) else {
            return;
        };
        if self.holds(session).is_err() || !rollout.seen.told.insert(format!("unblock/{uid}")) {
            return;
        }
        let set = rollout.own();
        match self.delete_pod(&name, &uid).await {
            Ok(()) => events.warn(
                "pod_deleted",
                format!(
                    "deleted pod {name}: it is of another revision and never became ready, and {set} \
                     replaces none before it is"
                ),
            ),
            Err(error) => events.warn(
                "pod_blocks",
                format!(
                    "{error}; {set} waits for this pod, which is of another revision and not ready: \
                     `kubectl delete pod {name}`"
                ),
            ),
        }
    }

    async fn delete_pod(&self, name: &str, uid: &str) -> Result<(), Failed> {
        let pods: Api<Pod> = self.api().await?;
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        match pods.delete(name, &params).await {
            Ok(_) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(failed(format!("delete pod {name}"), &error)),
        }
    }
}

/// The pod that keeps a rollout, or the one by which we go back, from going on: its name and its identity.
fn blocking(rollout: &Watched) -> Option<(String, String)> {
    let ours = match &rollout.going_back {
        Some(back) => &back.ours,
        None => &rollout.ours,
    };
    let pod = blocking_in(rollout.seen.view.as_ref()?, ours)?;
    Some((pod.metadata.name.clone()?, pod.metadata.uid.clone()?))
}

fn blocking_in<'v>(view: &'v View, ours: &RolloutId) -> Option<&'v Pod> {
    let own = view.deployment.as_ref()?;
    let wanted = &ours.rolled;
    if !(own.in_order && own.rolled.is_as(wanted) && own.observed >= wanted.generation) {
        return None;
    }
    let set = our_set(view, own, ours)?;
    let number = |pod: &Pod| -> Option<u32> {
        let name = pod.metadata.name.as_deref()?;
        name.rsplit_once('-')?.1.parse().ok()
    };
    let blocks = |pod: &&Pod| {
        let of_other = view
            .own_sets()
            .any(|other| other.uid != set.uid && other.has(pod));
        let stays = number(pod).is_none_or(|number| number < own.held);
        let goes = pod.metadata.deletion_timestamp.is_some();
        of_other && !stays && !goes && !is_ready(pod)
    };
    view.pods.iter().map(AsRef::as_ref).find(blocks)
}

/// Whether the same pod has been seen to block for a while; `since`: which one was, and since when. What the
/// pod says of itself may be written anew again and again.
fn has_waited(since: &mut Option<(String, Timestamp)>, uid: Option<&str>, at: Timestamp) -> bool {
    let Some(uid) = uid else {
        *since = None;
        return false;
    };
    match since {
        Some((known, begun)) if known == uid => at.duration_since(*begun) >= PATIENCE,
        _ => {
            *since = Some((uid.to_owned(), at));
            false
        }
    }
}

#[cfg(test)]
mod tests;
