//! Looks for the `ServiceDeployment` of our rollout, and reads it.

use std::cmp::Reverse;
use std::time::Duration;

use aws_sdk_ecs::types::{ServiceDeploymentBrief, ServiceDeploymentStatus};
use jiff::{SignedDuration, Timestamp};

use super::Sampler;
use crate::platform::aws::failed;
use crate::platform::ecs::history::deployments::{List, reaches_back, rolls_out};
use crate::platform::ecs::live::record;
use crate::platform::ecs::live::view::RecordView;
use crate::platform::ecs::rollout::look::{Record, View};
use crate::platform::ecs::rollout::{RecordState, Watched};
use crate::platform::ecs::settings::sdk::{last_part, time};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::usual::usual;

/// A record that could not be asked for is asked for again so much later: rights are given, and an
/// endpoint that has none is not asked at each look.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// A record may be made a little before its deployment.
const SLACK: SignedDuration = SignedDuration::from_secs(15);

impl Sampler<'_> {
    /// The record, found in the list first and read by its ARN from then on.
    pub(super) async fn record(&self, rollout: &Watched, now: Timestamp) -> Result<Look, Failed> {
        if rollout.ours.count_only.is_some() {
            return Ok(Look::of(Record::Missing, RecordState::Unknown));
        }
        let found = match &rollout.record {
            lately @ RecordState::Unavailable(asked) if now.duration_since(*asked) < ASK_AGAIN => {
                return Ok(Look::of(Record::Unavailable, lately.clone()));
            }
            RecordState::Arn(arn) => Ok(Search::of(Some(arn.clone()))),
            RecordState::Unavailable(_) | RecordState::Unknown => self.search(rollout).await,
        };
        let usual = found.as_ref().ok().and_then(|search| search.usual);
        let read = match found.map(|search| search.arn) {
            Ok(Some(arn)) => self.read(&arn, rollout.number()).await.map(|record| {
                match record {
                    Some(record) if record.is_ours => {
                        Look::of(Record::found(record), RecordState::Arn(arn.clone()))
                    }
                    // One of our own may still be to come.
                    Some(record) => Look::of(Record::found(record), RecordState::Unknown),
                    None => Look::of(Record::Missing, RecordState::Unknown),
                }
            }),
            Ok(None) => Ok(Look::of(Record::Missing, RecordState::Unknown)),
            Err(error) => Err(error),
        };
        let look = read.or_else(|error| Look::without(error, &rollout.record, now))?;
        Ok(Look { usual, ..look })
    }

    /// The ARN of the record whose target revision ends in our deployment's number.
    pub(in crate::platform::ecs) async fn find(
        &self,
        rollout: &Watched,
    ) -> Result<Option<String>, Failed> {
        Ok(self.search(rollout).await?.arn)
    }

    async fn search(&self, rollout: &Watched) -> Result<Search, Failed> {
        let mine = |brief: &ServiceDeploymentBrief| rolls_out(brief, rollout.number());
        // Older ones are none of ours; the one that a rollback ends is the newest of them.
        let since = rollout.seen.begun.map(|begun| begun - SLACK);
        let enough = |listed: &[ServiceDeploymentBrief]| {
            listed.iter().any(mine) || since.is_some_and(|since| reaches_back(listed, since))
        };
        let briefs = self.list(rollout).read(&[], enough).await?;
        let mine = briefs.iter().find(|brief| mine(brief));
        let newest = || {
            let newest = briefs.iter().max_by_key(|brief| time(brief.created_at()));
            newest.filter(|_| rollout.ours.is_rollback)
        };
        let brief = mine.or_else(newest);
        let arn = brief.and_then(|brief| brief.service_deployment_arn());
        Ok(Search {
            usual: took(&briefs, rollout.number()),
            ..Search::of(arn.map(str::to_owned))
        })
    }

    pub(in crate::platform::ecs) async fn read(
        &self,
        arn: &str,
        number: &str,
    ) -> Result<Option<RecordView>, Failed> {
        let answer = self
            .client
            .describe_service_deployments()
            .service_deployment_arns(arn)
            .send()
            .await
            .map_err(|error| failed("describe the service deployment", error))?;
        let read = answer.service_deployments().first().map(record::read);
        Ok(read.map(|record| RecordView {
            is_ours: record.number() == Some(number),
            ..record
        }))
    }

    /// Once ours is STOPPED, the list tells whether a newer one took its place.
    pub(super) async fn look_for_newer(
        &self,
        rollout: &Watched,
        view: &mut View,
    ) -> Result<(), Failed> {
        let Record::Found(record) = &mut view.record else {
            return Ok(());
        };
        if record.status != "STOPPED" {
            return Ok(());
        }
        let Some(since) = record.created else {
            return Ok(());
        };
        let enough = |listed: &[ServiceDeploymentBrief]| reaches_back(listed, since);
        let briefs = self.list(rollout).read(&[], enough).await?;
        let newer = briefs
            .iter()
            .filter(|brief| time(brief.created_at()) > record.created)
            .filter_map(|brief| brief.target_service_revision_arn())
            .map(last_part)
            .find(|number| *number != rollout.number());
        record.newer = newer.map(|number| format!("ecs-svc/{number}"));
        Ok(())
    }

    fn list<'a>(&'a self, rollout: &'a Watched) -> List<'a> {
        List {
            client: self.client,
            cluster: self.cluster,
            name: &rollout.service,
        }
    }
}

/// How long the other deployments of a list took that ended well. A list that was read for the sake
/// of one tells that of those before it as well.
fn took(briefs: &[ServiceDeploymentBrief], number: &str) -> Option<Duration> {
    let ended_well = |brief: &&ServiceDeploymentBrief| {
        brief.status() == Some(&ServiceDeploymentStatus::Successful) && !rolls_out(brief, number)
    };
    let mut others: Vec<_> = briefs.iter().filter(ended_well).collect();
    others.sort_by_key(|brief| Reverse(time(brief.created_at())));
    let times = |brief: &ServiceDeploymentBrief| {
        let (began, ended) = (brief.created_at(), brief.finished_at());
        (time(began), time(ended))
    };
    usual(others.into_iter().map(times))
}

/// What the list of the service's deployments showed.
struct Search {
    /// Of our record.
    arn: Option<String>,
    /// How long the last rollouts took.
    usual: Option<Duration>,
}

impl Search {
    fn of(arn: Option<String>) -> Self {
        Self { arn, usual: None }
    }
}

/// What a look for the record brought.
pub(super) struct Look {
    pub(super) record: Record,
    pub(super) state: RecordState,
    /// Why there is none to be had.
    pub(super) refused: Option<Failed>,
    /// How long the last rollouts took, where the list was read.
    pub(super) usual: Option<Duration>,
}

impl Look {
    fn of(record: Record, state: RecordState) -> Self {
        Self {
            record,
            state,
            refused: None,
            usual: None,
        }
    }

    /// We go on without the record where we may not ask or the endpoint has none. A server that
    /// fails like something that is not AWS is asked again next time, since AWS may be down behind
    /// a page of somebody else's; where it showed a record before, AWS it is.
    fn without(error: Failed, known: &RecordState, now: Timestamp) -> Result<Self, Failed> {
        let state = match error.kind {
            // What could be read before may be readable again.
            FailureKind::Denied | FailureKind::Unsupported | FailureKind::Invalid
                if matches!(known, RecordState::Arn(_)) =>
            {
                known.clone()
            }
            FailureKind::Denied | FailureKind::Unsupported | FailureKind::Invalid => {
                RecordState::Unavailable(now)
            }
            _ if error.is_strange() && *known == RecordState::Unknown => RecordState::Unknown,
            // Whatever it was that time, the classic deployments have judged so far.
            _ if matches!(known, RecordState::Unavailable(_)) => RecordState::Unavailable(now),
            _ => return Err(error),
        };
        Ok(Self {
            record: Record::Unavailable,
            state,
            refused: Some(error),
            usual: None,
        })
    }
}
