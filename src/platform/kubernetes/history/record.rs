//! The history of a service: one Secret per revision, beside the service.
//!
//! A record is opened before the first write of a deployment. It holds what was asked for and what
//! was there before, so that any machine, and a run that takes the place of one that was killed,
//! can go back. What happens to the deployment is marked in annotations: they can be listed without
//! the contents. The contents never change.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};

use self::head::is_of_run;
use crate::platform::again::Again;
use crate::platform::digest::digest as platform_digest;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::failures;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::rollout::Rolled;
use crate::platform::kubernetes::{Kubernetes, MANAGER, Session, key};

mod elsewhere;
mod head;
mod mark;
mod moved;
mod sets;

#[cfg(test)]
mod tests;

pub(crate) use self::elsewhere::Elsewhere;
pub(crate) use self::head::{CapturedState, RecordHead, images, next, short};
pub(crate) use self::mark::{Mark, State};
pub(crate) use self::moved::renamed;
pub(crate) use self::sets::Sets;

/// The type of the Secrets.
pub(crate) const TYPE: &str = "deployer/revision";

/// How many records are kept. The newest healthy one is kept beyond that.
pub(crate) const KEPT: usize = 10;

/// How often it is tried to open a record that the server has no time for.
const OPENINGS: u32 = 4;

/// Between two of these.
const OPEN_AGAIN: Duration = Duration::from_secs(1);

/// How often it is tried to make the same mark.
const MARKINGS: u32 = 3;

/// Between two of these.
const MARK_AGAIN: Duration = Duration::from_millis(500);

/// What was there before the first write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Captured<'a> {
    /// The objects, with the fields that are ours or about to be.
    pub(crate) objects: &'a [Object],
    /// Whether they served well.
    pub(crate) state: CapturedState,
    /// Which revision that was, where the history has it.
    pub(crate) revision: Option<u32>,
}

/// A digest of objects, however their keys are ordered.
pub(crate) fn digest(objects: &[Object]) -> String {
    let words: Vec<String> = objects
        .iter()
        .flat_map(|object| [object.id.to_string(), object.manifest.to_string()])
        .collect();
    platform_digest(words.iter().map(String::as_str))
}

/// The name of the Secret of one revision.
pub(crate) fn record_name(name: &str, number: u32) -> String {
    format!("{MANAGER}.{name}.v{number}")
}

impl Kubernetes {
    /// The history of the Deployment `name`, newest first; one small request.
    pub(crate) async fn records(&self, name: &str) -> Result<Vec<RecordHead>, Failed> {
        let secrets: Api<Secret> = self.api().await?;
        let wanted = ListParams::default().labels(&format!("{}={name}", key::RECORD));
        let listed = secrets
            .list_metadata(&wanted)
            .await
            .map_err(|error| failures::failed(format!("read the history of {name}"), &error))?;
        let mut heads: Vec<RecordHead> = listed
            .items
            .into_iter()
            .filter_map(|item| RecordHead::of(item.metadata))
            .collect();
        heads.sort_by_key(|head| std::cmp::Reverse(head.number));
        Ok(heads)
    }

    /// Reads the history again, for what follows.
    pub(crate) async fn refresh(&self, session: &Session) -> Result<Vec<RecordHead>, Failed> {
        let heads = self.records(session.name()).await?;
        session.has_read(&heads);
        Ok(heads)
    }

    /// Opens the record of a deployment, before its first write. What this run does from now on is
    /// marked in it.
    ///
    /// [`FailureKind::Refused`]: another run was faster.
    pub(crate) async fn open(
        &self,
        session: &Session,
        number: u32,
        asked: &[Object],
        captured: Captured<'_>,
    ) -> Result<(), Failed> {
        let name = session.name();
        let operation = || format!("open the record of revision {number} of {name}");
        let now = self.server_now().await?;
        let head = RecordHead::begun(self, number, asked, captured, now);
        let secret = head
            .secret(name, asked, captured.objects)
            .map_err(|error| Failed::new(operation(), FailureKind::Invalid, error.to_string()))?;
        let wire = self.wire().await?;
        let mut again = Again::every(self.clock, OPEN_AGAIN).tries(OPENINGS);
        while let Err(error) = wire.create_secret(&secret).await {
            let failed = failures::failed(operation(), &error);
            match failed.kind {
                FailureKind::Conflict | FailureKind::Lost | FailureKind::Server => {
                    self.settle_open(name, &secret, failed).await?;
                    break;
                }
                FailureKind::Throttled | FailureKind::Unreachable if again.next().await => {}
                _ => return Err(failed),
            }
        }
        session.has_opened(head);
        Ok(())
    }

    /// Whether the record is ours after all, for its reply was lost; else it is made once more,
    /// where nobody's is there.
    async fn settle_open(&self, name: &str, secret: &Secret, failed: Failed) -> Result<(), Failed> {
        let secrets: Api<Secret> = self.api().await?;
        let own = secret.metadata.name.as_deref().unwrap_or_default();
        let found = secrets
            .get_metadata_opt(own)
            .await
            .map_err(|error| failures::failed(format!("read the history of {name}"), &error))?;
        match found {
            Some(there) if is_of_run(&there.metadata, &self.run) => Ok(()),
            Some(_) => Err(Failed::new(
                failed.operation,
                FailureKind::Refused,
                "another run has just begun a deployment",
            )),
            None => {
                let again = self.wire().await?.create_secret(secret).await;
                again.map_err(|error| failures::failed(failed.operation, &error))
            }
        }
    }

    /// Takes back a record that this run opened, when nothing was written after it.
    pub(crate) async fn discard(&self, session: &Session) {
        let Some(number) = session.discard() else {
            return;
        };
        if let Err(error) = self.delete(session.name(), number).await {
            tracing::info!(%error, "an empty record stays");
        }
    }

    /// Marks what became of revision `number`. The same mark may be made twice; one whose reply is
    /// lost is read again, and made once more where it is not there.
    pub(crate) async fn mark(
        &self,
        session: &Session,
        number: u32,
        mark: &Mark,
    ) -> Result<(), Failed> {
        let name = session.name();
        let operation = || format!("mark revision {number} of {name} in the history");
        let secrets: Api<Secret> = self.api().await?;
        let patch = mark.patch();
        let own = record_name(name, number);
        let mut again = Again::every(self.clock, MARK_AGAIN).tries(MARKINGS);
        loop {
            let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
            let Err(error) = secrets.patch_metadata(&own, &params, &patch).await else {
                break;
            };
            let failed = failures::failed(operation(), &error);
            if !failed.kind.may_pass() || !again.next().await {
                return Err(failed);
            }
        }
        session.has_marked(number, mark);
        Ok(())
    }

    /// Notes which rollout revision `number` started.
    pub(crate) async fn mark_rolled(
        &self,
        session: &Session,
        number: u32,
        rolled: &Rolled,
    ) -> Result<(), Failed> {
        let mark = Mark {
            rolled: Some(rolled.clone()),
            ..Mark::default()
        };
        self.mark(session, number, &mark).await
    }

    /// What revision `number` asked for, and what was there before it.
    pub(crate) async fn read_sets(&self, name: &str, number: u32) -> Result<Sets, Failed> {
        let operation = || format!("read revision {number} of {name}");
        let secrets: Api<Secret> = self.api().await?;
        let secret = secrets
            .get(&record_name(name, number))
            .await
            .map_err(|error| failures::failed(operation(), &error))?;
        Sets::of(secret.data.unwrap_or_default())
            .map_err(|error| Failed::new(operation(), FailureKind::Invalid, error.to_string()))
    }

    /// Deletes the records that are not kept any more. One that cannot be is left.
    pub(crate) async fn prune_records(&self, session: &Session) {
        for number in surplus(&session.heads()) {
            match self.delete(session.name(), number).await {
                Ok(()) => session.has_pruned(number),
                Err(error) => tracing::info!(%error, "an old record stays"),
            }
        }
    }

    /// Deletes the whole history and the lock under a name of the service: it is gone.
    pub(crate) async fn forget(&self, session: &Session, name: &str) -> Result<(), Failed> {
        for head in self.records(name).await? {
            self.delete(name, head.number).await?;
        }
        if name == session.name() {
            session.has_forgotten();
        }
        self.delete_lease(session, name).await
    }

    async fn delete(&self, name: &str, number: u32) -> Result<(), Failed> {
        let secrets: Api<Secret> = self.api().await?;
        let own = record_name(name, number);
        match secrets.delete(&own, &DeleteParams::default()).await {
            Ok(_) => Ok(()),
            Err(error) if failures::is_missing(&error) => Ok(()),
            Err(error) => Err(failures::failed(
                format!("delete revision {number} of {name}"),
                &error,
            )),
        }
    }
}

/// The numbers of the records that are not kept: beyond the newest ones, and never the newest
/// healthy one, nor one that is not over.
fn surplus(heads: &[RecordHead]) -> Vec<u32> {
    let mut numbers: BTreeMap<u32, State> =
        heads.iter().map(|head| (head.number, head.state)).collect();
    let healthy = numbers
        .iter()
        .rev()
        .find(|(_, state)| **state == State::Healthy)
        .map(|(number, _)| *number);
    let newest: Vec<u32> = numbers.keys().rev().take(KEPT).copied().collect();
    numbers.retain(|number, state| {
        !newest.contains(number) && Some(*number) != healthy && *state != State::GoingBack
    });
    numbers.into_keys().collect()
}

/// When something happened, as annotations have it.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
