//! Reads what is there: one round trip of parallel reads in the usual case, a second one only
//! where the service runs another revision than the family's newest.

use crate::event::Events;
use crate::platform::aws::{failed, nobody};
use crate::platform::ecs::Ecs;
use crate::platform::ecs::live::definition::Definition;
use crate::platform::ecs::live::read::Schedules;
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::settings::sdk::account_in;
use crate::platform::{Failed, FailureKind};
use crate::spec::EcsService;

/// What is there of one service.
#[derive(Debug)]
pub(crate) struct Observed {
    /// The account, from any ARN in the answers; `None`: nothing told it.
    pub(crate) account: Option<String>,
    /// The service; `None`: there is none, or it was deleted.
    pub(crate) service: Option<LiveService>,
    /// When a deleted service of that name was made, in seconds.
    pub(crate) deleted: Option<i64>,
    /// The newest active revision of the family.
    pub(crate) newest: Option<Definition>,
    /// The revision that the service runs.
    pub(crate) running: Option<Definition>,
    /// What scales it; `None`: that may not be read.
    pub(crate) scaling: Option<LiveScaling>,
}

/// What scales the service, as far as that may be seen. Where it may not, that fails only a
/// service that asks for scaling: then nobody knows who owns the count, and it is left alone. An
/// endpoint without the API has no autoscaler. Any other failure says nothing of the kind.
fn as_seen(
    read: Result<LiveScaling, Failed>,
    needed: bool,
    events: &Events,
) -> Result<Option<LiveScaling>, Failed> {
    match read {
        Ok(scaling) => Ok(Some(scaling)),
        Err(error)
            if !needed && matches!(error.kind, FailureKind::Denied | FailureKind::Unsupported) =>
        {
            events.warn("autoscaling_unreadable", error.to_string());
            Ok((error.kind == FailureKind::Unsupported).then(LiveScaling::default))
        }
        Err(error) => Err(error),
    }
}

impl Ecs {
    /// Reads everything about a service.
    pub(crate) async fn observe(
        &self,
        service: &EcsService,
        events: &Events,
    ) -> Result<Observed, Failed> {
        let schedules = Schedules::of(service.scaling.as_ref());
        let (found, newest, scaling) = futures::join!(
            self.find_service(service.own.service.as_str()),
            self.newest_definition(service.own.family.as_str()),
            self.read_scaling_of(service.own.service.as_str(), schedules),
        );
        let found = match found {
            Err(missing) if missing.kind == FailureKind::ClusterMissing => {
                self.check_account(None).await?;
                return Err(missing);
            }
            found => found?,
        };
        let newest = newest?;
        let scaling = as_seen(scaling, service.scaling.is_some(), events)?;
        let account = found
            .account
            .or_else(|| newest.as_ref().and_then(|newest| account_in(&newest.arn)));
        let account = self.check_account(account).await?;
        let running = match &found.service {
            None => None,
            Some(service) => {
                let arn = &service.config.task_definition;
                match &newest {
                    Some(newest) if newest.arn == *arn => Some(newest.clone()),
                    _ => Some(self.definition(arn).await?),
                }
            }
        };
        Ok(Observed {
            account,
            service: found.service,
            deleted: found.deleted,
            newest,
            running,
            scaling,
        })
    }

    /// Refuses another account than the target's; asks STS only where no answer told it.
    async fn check_account(&self, seen: Option<String>) -> Result<Option<String>, Failed> {
        let Some(wanted) = &self.place().account else {
            return Ok(seen);
        };
        let seen = if seen.is_some() {
            seen
        } else {
            let answer = self.sts().get_caller_identity().send().await;
            answer
                .map_err(|error| failed("ask whose credentials these are", error))?
                .account
        };
        match seen {
            Some(seen) if seen != wanted.as_str() => Err(Failed::new(
                "work in this account",
                FailureKind::Refused,
                format!("these credentials belong to account {seen}; the target says {wanted}"),
            )),
            Some(seen) => Ok(Some(seen)),
            None => Err(nobody()),
        }
    }
}
