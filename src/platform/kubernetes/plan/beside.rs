//! The wait until what was carried along has come up: the kinds that run pods of their own, each judged
//! by one look at it, as kstatus does.

use std::cell::RefCell;
use std::future::Future;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::change::Change;
use crate::event::Events;
use crate::platform::Gone;
use crate::platform::beside::Beside;
use crate::platform::failure::Failed;
use crate::platform::kubernetes::Kubernetes;
use crate::platform::kubernetes::api::object::{self, is_leaving};
use crate::platform::kubernetes::api::requests::Wire;
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::leaving::{self, Leaving};
use crate::rollout::Gauge;

/// How often what comes up is looked at.
const LOOK: Duration = Duration::from_secs(2);

impl Kubernetes {
    /// Waits until what these changes carried along has come up, or some of it failed.
    pub(crate) async fn comes_up(
        &self,
        changes: &[Change],
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Beside, Failed> {
        let ids: Vec<Id> = changes.iter().filter_map(judged).cloned().collect();
        if ids.is_empty() {
            return Ok(Beside::Up);
        }
        let failed = RefCell::default();
        let coming = Coming {
            wire: self.wire().await?,
            ids,
            left: Vec::new(),
            failed: &failed,
        };
        let waited = leaving::wait(coming, self.clock, LOOK, deadline, cancelled, events).await?;
        let failed = failed.into_inner();
        Ok(match waited {
            _ if !failed.is_empty() => Beside::Failed(failed),
            Gone::Done => Beside::Up,
            Gone::TimedOut(left) => Beside::Coming(left),
            Gone::Cancelled(left) => Beside::Cancelled(left),
        })
    }
}

/// What a change applies, where it is of a kind that is judged.
pub(crate) fn judged(change: &Change) -> Option<&Id> {
    match change {
        Change::Apply { object, .. } => judge(object.id.kind).map(|_| &object.id),
        _ => None,
    }
}

/// What comes up.
struct Coming<'a> {
    wire: Wire<'a>,
    /// What is not known to be up.
    ids: Vec<Id>,
    /// How it stands.
    left: Vec<String>,
    /// What failed.
    failed: &'a RefCell<Vec<String>>,
}

impl Leaving for Coming<'_> {
    async fn look(&mut self) -> Result<bool, Failed> {
        let read = join_all(self.ids.iter().map(|id| self.wire.read(id))).await;
        let (mut ids, mut left) = (Vec::new(), Vec::new());
        for (id, live) in self.ids.iter().zip(read) {
            // Somebody took it away, or it took itself away once it was done.
            let Some(live) = live?.filter(|live| !is_leaving(live)) else {
                continue;
            };
            match judge(id.kind).map(|judge| judge(&live)) {
                None | Some(Standing::Current) => {}
                Some(Standing::Failed(why)) => {
                    self.failed.borrow_mut().push(format!("{id} failed: {why}"));
                }
                Some(Standing::InProgress(how)) => {
                    left.push(format!("{id}: {how}"));
                    ids.push(id.clone());
                }
            }
        }
        (self.ids, self.left) = (ids, left);
        Ok(self.left.is_empty() || !self.failed.borrow().is_empty())
    }

    fn gauge(&self) -> Option<Gauge> {
        None
    }

    fn words(&self) -> Vec<String> {
        self.left.clone()
    }
}

/// How an object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// As it should be.
    Current,
    /// Not yet, with how far it is.
    InProgress(String),
    /// It will not be, and why.
    Failed(String),
}

/// How objects of a kind are judged (kubernetes-sigs/cli-utils, `pkg/kstatus/status/core.go`); `None`:
/// they are not.
fn judge(kind: Kind) -> Option<fn(&Value) -> Standing> {
    let judge = match (kind.place().0, kind.as_str()) {
        _ if !kind.is_carried() => return None,
        ("apps", "StatefulSet") => stateful_set,
        ("apps", "DaemonSet") => daemon_set,
        ("apps", "Deployment") => deployment,
        ("batch", "Job") => job,
        _ => return None,
    };
    Some(judge)
}

fn number(live: &Value, pointer: &str) -> u64 {
    live.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// What the condition of this type and status says: its reason, and in words.
fn condition(live: &Value, name: &str, status: &str) -> Option<(String, String)> {
    let found = object::condition(live, name, status)?;
    let word = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    Some((word("reason"), word("message")))
}

/// Whether its controller has not seen yet what was asked for last.
fn is_unseen(live: &Value) -> bool {
    number(live, "/status/observedGeneration") < number(live, "/metadata/generation")
}

/// The first of these numbers that is smaller than it should be.
fn short_of(live: &Value, wanted: u64, fields: &[(&str, &str)]) -> Standing {
    if is_unseen(live) {
        return Standing::InProgress("its controller has not seen it yet".to_owned());
    }
    let short = fields.iter().find_map(|(field, words)| {
        let is = number(live, &format!("/status/{field}"));
        (is < wanted).then(|| format!("{is} of {wanted} {words}"))
    });
    short.map_or(Standing::Current, Standing::InProgress)
}

fn replicas(live: &Value) -> u64 {
    let said = live.pointer("/spec/replicas").and_then(Value::as_u64);
    said.unwrap_or(1)
}

fn stateful_set(live: &Value) -> Standing {
    let strategy = live.pointer("/spec/updateStrategy/type");
    if strategy.is_some_and(|strategy| strategy == "OnDelete") {
        return Standing::Current;
    }
    let wanted = replicas(live);
    let standing = short_of(
        live,
        wanted,
        &[("replicas", "are made"), ("readyReplicas", "are ready")],
    );
    // Those below the partition stay as they are.
    let partition = number(live, "/spec/updateStrategy/rollingUpdate/partition");
    let updated = number(live, "/status/updatedReplicas");
    let revision = |name: &str| live.pointer(&format!("/status/{name}"));
    match standing {
        Standing::Current if updated < wanted.saturating_sub(partition) => {
            let same = revision("currentRevision") == revision("updateRevision");
            if same && partition == 0 {
                return Standing::Current;
            }
            let all = wanted.saturating_sub(partition);
            Standing::InProgress(format!("{updated} of {all} are new"))
        }
        other => other,
    }
}

fn daemon_set(live: &Value) -> Standing {
    let strategy = live.pointer("/spec/updateStrategy/type");
    let wanted = number(live, "/status/desiredNumberScheduled");
    let on_delete = strategy.is_some_and(|strategy| strategy == "OnDelete");
    let all = [
        ("currentNumberScheduled", "are made"),
        ("updatedNumberScheduled", "are new"),
        ("numberAvailable", "are available"),
        ("numberReady", "are ready"),
    ];
    let fields = if on_delete { &all[..1] } else { &all[..] };
    short_of(live, wanted, fields)
}

fn deployment(live: &Value) -> Standing {
    let stopped = condition(live, "Progressing", "False").filter(|_| !is_unseen(live));
    if let Some((reason, message)) = stopped
        && reason == "ProgressDeadlineExceeded"
    {
        return Standing::Failed(message);
    }
    let fields = [
        ("replicas", "are made"),
        ("updatedReplicas", "are new"),
        ("availableReplicas", "are available"),
    ];
    let standing = short_of(live, replicas(live), &fields);
    let (made, new) = (
        number(live, "/status/replicas"),
        number(live, "/status/updatedReplicas"),
    );
    match standing {
        Standing::Current if made > new => {
            Standing::InProgress(format!("{} old ones are left", made - new))
        }
        other => other,
    }
}

fn job(live: &Value) -> Standing {
    if let Some((reason, message)) = condition(live, "Failed", "True") {
        return Standing::Failed(format!("{reason}: {message}"));
    }
    let suspended = live.pointer("/spec/suspend") == Some(&Value::Bool(true));
    if suspended || condition(live, "Complete", "True").is_some() {
        return Standing::Current;
    }
    let (active, failed) = (
        number(live, "/status/active"),
        number(live, "/status/failed"),
    );
    Standing::InProgress(format!("{active} of its pods run, {failed} failed"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::platform::kubernetes::kinds::carried::Carried;

    fn of(group: &str, kind: &str, live: &Value) -> Standing {
        judge(Kind::Carried(Carried::named(group, "v1", kind))).unwrap()(live)
    }

    fn in_progress(words: &str) -> Standing {
        Standing::InProgress(words.to_owned())
    }

    #[test]
    fn a_job_is_done_or_failed_with_its_reason() {
        let job = |status: Value| of("batch", "Job", &json!({ "status": status }));
        let failed = json!({"conditions": [{
            "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit",
        }]});
        let why = "BackoffLimitExceeded: Job has reached the specified backoff limit";
        assert_eq!(job(failed), Standing::Failed(why.to_owned()));
        let done = json!({"conditions": [{"type": "Complete", "status": "True"}]});
        assert_eq!(job(done), Standing::Current);
        let runs = json!({"active": 1, "failed": 2});
        assert_eq!(job(runs), in_progress("1 of its pods run, 2 failed"));
        let suspended = json!({"spec": {"suspend": true}});
        assert_eq!(of("batch", "Job", &suspended), Standing::Current);
    }

    #[test]
    fn sets_are_up_once_all_of_their_pods_are_new_and_ready() {
        let set = |status: Value, partition: u64| {
            let strategy =
                json!({"type": "RollingUpdate", "rollingUpdate": {"partition": partition}});
            let spec = json!({"replicas": 3, "updateStrategy": strategy});
            let metadata = json!({"generation": 2});
            let live = json!({"metadata": metadata, "spec": spec, "status": status});
            of("apps", "StatefulSet", &live)
        };
        let status = |ready: u64, updated: u64| {
            json!({
                "observedGeneration": 2, "replicas": 3, "readyReplicas": ready,
                "updatedReplicas": updated, "currentRevision": "a", "updateRevision": "b",
            })
        };
        let unseen = "its controller has not seen it yet";
        assert_eq!(
            set(json!({"observedGeneration": 1}), 0),
            in_progress(unseen)
        );
        assert_eq!(set(status(2, 3), 0), in_progress("2 of 3 are ready"));
        assert_eq!(set(status(3, 1), 0), in_progress("1 of 3 are new"));
        assert_eq!(set(status(3, 1), 2), Standing::Current);
        assert_eq!(set(status(3, 3), 0), Standing::Current);
        let daemons = |available: u64| {
            let status = json!({
                "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
                "updatedNumberScheduled": 2, "numberAvailable": available, "numberReady": 2,
            });
            of("apps", "DaemonSet", &json!({ "status": status }))
        };
        assert_eq!(daemons(1), in_progress("1 of 2 are available"));
        assert_eq!(daemons(2), Standing::Current);
    }

    #[test]
    fn another_deployment_is_up_or_past_its_deadline() {
        let with = |status: Value| of("apps", "Deployment", &json!({ "status": status }));
        let up = json!({"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1});
        assert_eq!(with(up), Standing::Current);
        let old = json!({"replicas": 2, "updatedReplicas": 1, "availableReplicas": 2});
        assert_eq!(with(old), in_progress("1 old ones are left"));
        let late = json!({"conditions": [{
            "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
            "message": "it has timed out",
        }]});
        assert_eq!(with(late), Standing::Failed("it has timed out".to_owned()));
    }

    #[test]
    fn only_what_is_carried_and_runs_pods_is_judged() {
        let carried = |group, kind| judge(Kind::Carried(Carried::named(group, "v1", kind)));
        assert!(judge(Kind::Deployment).is_none());
        assert!(carried("", "ConfigMap").is_none() && carried("batch", "CronJob").is_none());
        assert!(carried("example.com", "Job").is_none());
    }
}
