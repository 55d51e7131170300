//! One look at a rollout: the reads, and what they become.

use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DesiredStatus, Task};
use jiff::{SignedDuration, Timestamp};

use super::classify;
use super::followed::{Followed, RecordState};
use super::reading;
use super::view::{Record, ServiceView, View};
use super::wire;
use crate::event::{Events, Kind as Told};
use crate::platform::aws::failed;
use crate::platform::failure::{Failed, Kind};
use crate::rollout::{BreakerGauge, Gauge, Observation};

mod stopped;

use stopped::{is_ours, stopped_task, unplaced};

/// Stopped tasks are looked at when a counter moves, and every so often all the same: a task that
/// failed and was replaced between two looks moves none.
const LOOK_AGAIN: Duration = Duration::from_secs(4);

/// `DescribeTasks` takes at most 100 tasks (Amazon ECS API reference).
const TASKS_A_CALL: usize = 100;

/// `ListServiceDeployments` gives at most 100 records at once (Amazon ECS API reference); of what a
/// rollout is about, none is older than that.
const MOST_RECORDS: i32 = 100;

/// Pages of stopped tasks read in one look; the newest failures explain a rollout as well as all.
const PAGES: usize = 3;

/// Where samples come from.
pub(super) struct Sampler<'a> {
    pub(super) client: &'a Client,
    pub(super) cluster: &'a str,
    /// Server time less ours.
    pub(super) skew: SignedDuration,
    /// Where what is seen is told.
    pub(super) events: Option<&'a Events>,
}

impl Sampler<'_> {
    /// Looks once. `now` is the time just before the reads.
    pub(super) async fn sample(
        &self,
        rollout: &mut Followed,
        now: Timestamp,
    ) -> Result<Observation, Failed> {
        let (service, record) =
            futures::join!(self.service(&rollout.service), self.record(rollout));
        let (service, look) = (service?, record?);
        rollout.record = look.state;
        if let Some(error) = look.refused {
            self.lacks(
                rollout,
                "service deployments",
                &error,
                "judging by DescribeServices alone",
            );
        }
        let record = look.record;
        let mut view = View {
            at: now,
            record,
            service,
        };
        self.tell_messages(rollout, view.service.as_ref());
        self.look_at_tasks(rollout, &view).await?;
        self.look_for_newer(rollout, &mut view).await?;
        let standing = reading::read(&view, &rollout.ours, &mut rollout.memory);
        let observation = Observation {
            at: now,
            created: self.created(&view, rollout),
            standing,
            gauge: gauge(&view, rollout),
            failures: rollout.seen.failures.values().cloned().collect(),
            healed: Vec::new(),
            waiting: match &view.record {
                Record::Found(record) => record.awaits.clone(),
                _ => None,
            },
        };
        rollout.seen.service = view.service;
        Ok(observation)
    }

    /// A piece of evidence may not be read: told once, and kept for the post-mortem.
    fn lacks(
        &self,
        rollout: &mut Followed,
        piece: &'static str,
        error: &Failed,
        consequence: &str,
    ) {
        let known = rollout.seen.missing.insert(piece, error.to_string());
        if let (None, Some(events)) = (known, self.events) {
            let code = format!("no_{}", piece.replace(' ', "_"));
            events.warn(&code, format!("{error}; {consequence}"));
        }
    }

    async fn service(&self, name: &str) -> Result<Option<ServiceView>, Failed> {
        let answer = self
            .client
            .describe_services()
            .cluster(self.cluster)
            .services(name)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.services().first().map(wire::service)),
            Err(error) => Err(failed(format!("describe service {name}"), error)),
        }
    }

    /// The record, found in the list first and read by its ARN from then on.
    async fn record(&self, rollout: &Followed) -> Result<Look, Failed> {
        if rollout.ours.count_only.is_some() {
            return Ok(Look::of(Record::Missing, RecordState::Unknown));
        }
        let found = match &rollout.record {
            RecordState::Unavailable => {
                return Ok(Look::of(Record::Unavailable, RecordState::Unavailable));
            }
            RecordState::Arn(arn) => Ok(Some(arn.clone())),
            RecordState::Unknown => self.find(rollout).await,
        };
        let read = match found {
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
        read.or_else(|error| Look::without(error, &rollout.record))
    }

    /// The ARN of the record whose target revision ends in our deployment's number.
    pub(super) async fn find(&self, rollout: &Followed) -> Result<Option<String>, Failed> {
        let answer = self
            .client
            .list_service_deployments()
            .cluster(self.cluster)
            .service(&rollout.service)
            .max_results(MOST_RECORDS)
            .send()
            .await
            .map_err(|error| failed("list service deployments", error))?;
        let ours = |revision: &str| revision.rsplit('/').next() == Some(rollout.number());
        let briefs = answer.service_deployments();
        let mine = briefs
            .iter()
            .find(|brief| brief.target_service_revision_arn().is_some_and(ours));
        let newest = || {
            let newest = briefs
                .iter()
                .max_by_key(|brief| wire::time(brief.created_at()));
            newest.filter(|_| rollout.ours.is_rollback)
        };
        let brief = mine.or_else(newest);
        Ok(brief
            .and_then(|brief| brief.service_deployment_arn())
            .map(str::to_owned))
    }

    pub(super) async fn read(
        &self,
        arn: &str,
        number: &str,
    ) -> Result<Option<super::view::RecordView>, Failed> {
        let answer = self
            .client
            .describe_service_deployments()
            .service_deployment_arns(arn)
            .send()
            .await
            .map_err(|error| failed("describe the service deployment", error))?;
        Ok(answer
            .service_deployments()
            .first()
            .map(|record| wire::record(record, number)))
    }

    /// Once ours is STOPPED, the list tells whether a newer one took its place.
    async fn look_for_newer(&self, rollout: &Followed, view: &mut View) -> Result<(), Failed> {
        let Record::Found(record) = &mut view.record else {
            return Ok(());
        };
        if record.status != "STOPPED" {
            return Ok(());
        }
        let answer = self
            .client
            .list_service_deployments()
            .cluster(self.cluster)
            .service(&rollout.service)
            .max_results(MOST_RECORDS)
            .send()
            .await
            .map_err(|error| failed("list service deployments", error))?;
        let briefs = answer.service_deployments().iter();
        let newer = briefs
            .filter(|brief| wire::time(brief.created_at()) > record.created)
            .filter_map(|brief| brief.target_service_revision_arn())
            .filter_map(|revision| revision.rsplit('/').next())
            .find(|number| *number != rollout.number());
        record.newer = newer.map(|number| format!("ecs-svc/{number}"));
        Ok(())
    }

    fn tell_messages(&self, rollout: &mut Followed, service: Option<&ServiceView>) {
        let Some(service) = service else { return };
        if rollout.seen.begun.is_none() {
            let ours = service.deployment(&rollout.ours.id);
            rollout.seen.begun = ours.and_then(|deployment| deployment.created);
        }
        let begun = rollout.seen.begun;
        for event in service.events.iter().rev() {
            let ours = begun.is_some_and(|begun| event.at >= begun);
            if ours && rollout.seen.events.insert(event.id.clone()) {
                if let Some(events) = self.events {
                    events.send(Told::Message {
                        said_at: event.at,
                        text: event.text.clone(),
                    });
                }
                if let Some(failure) = unplaced(event) {
                    rollout.seen.failures.insert(failure.id.clone(), failure);
                }
            }
        }
    }

    async fn look_at_tasks(&self, rollout: &mut Followed, view: &View) -> Result<(), Failed> {
        rollout.memory.fresh_failures = false;
        if !worth_a_look(rollout, view) {
            return Ok(());
        }
        rollout.seen.looked = Some(view.at);
        let stopped = match self.stopped(rollout).await {
            Ok(stopped) => stopped,
            Err(error) if matches!(error.kind, Kind::Denied | Kind::Unsupported) => {
                self.lacks(rollout, "stopped tasks", &error, "no causes of failures");
                return Ok(());
            }
            // The record judges without them; next time they may be had again.
            Err(error) if matches!(view.record, Record::Found(_)) => {
                rollout.seen.looked = None;
                self.lacks(rollout, "stopped tasks", &error, "asked again next time");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        rollout.seen.missing.remove("stopped tasks");
        for task in &stopped {
            let ours = is_ours(task, rollout);
            let task = stopped_task(task);
            rollout.seen.tasks.insert(task.arn.clone());
            let failure = classify::failure(&task, &rollout.subject.essential, view.at);
            if let Some(failure) = failure.filter(|_| ours) {
                rollout.memory.fresh_failures = true;
                rollout.memory.failed_at.push(failure.at);
                rollout.seen.failures.insert(failure.id.clone(), failure);
            }
        }
        Ok(())
    }

    /// Stopped tasks of the service that were not looked at before.
    async fn stopped(&self, rollout: &Followed) -> Result<Vec<Task>, Failed> {
        let mut unseen = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let page = self
                .client
                .list_tasks()
                .cluster(self.cluster)
                .service_name(&rollout.service)
                .desired_status(DesiredStatus::Stopped)
                .set_next_token(next.take())
                .send()
                .await
                .map_err(|error| failed("list stopped tasks", error))?;
            let new = page
                .task_arns()
                .iter()
                .filter(|arn| !rollout.seen.tasks.contains(*arn));
            unseen.extend(new.cloned());
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let mut tasks = Vec::new();
        for arns in unseen.chunks(TASKS_A_CALL) {
            let answer = self
                .client
                .describe_tasks()
                .cluster(self.cluster)
                .set_tasks(Some(arns.to_vec()))
                .send()
                .await
                .map_err(|error| failed("describe stopped tasks", error))?;
            tasks.extend(answer.tasks.unwrap_or_default());
        }
        Ok(tasks)
    }

    /// The platform's creation time of our rollout, by our clock; none where counts alone move,
    /// since the deployment that they belong to may be years old.
    fn created(&self, view: &View, rollout: &Followed) -> Option<Timestamp> {
        if rollout.ours.count_only.is_some() {
            // The deployment is older than the change of its count.
            return None;
        }
        if rollout.ours.count_only.is_some() {
            return None;
        }
        let by_record = match &view.record {
            Record::Found(record) => record.created,
            _ => None,
        };
        let deployment = view
            .service
            .as_ref()
            .and_then(|service| service.deployment(&rollout.ours.id));
        let created = by_record.or(deployment.and_then(|deployment| deployment.created))?;
        created
            .checked_sub(self.skew)
            .ok()
            .map(|created| created.min(view.at))
    }
}

/// What a look for the record brought.
struct Look {
    record: Record,
    state: RecordState,
    /// Why there is none to be had.
    refused: Option<Failed>,
}

impl Look {
    fn of(record: Record, state: RecordState) -> Self {
        Self {
            record,
            state,
            refused: None,
        }
    }

    /// We go on without the record where we may not ask or the endpoint has none. A server that
    /// fails like something that is not AWS is asked again next time, since AWS may be down behind
    /// a page of somebody else's; where it showed a record before, AWS it is.
    fn without(error: Failed, known: &RecordState) -> Result<Self, Failed> {
        let state = match error.kind {
            // What could be read before may be readable again.
            Kind::Denied | Kind::Unsupported | Kind::Invalid
                if matches!(known, RecordState::Arn(_)) =>
            {
                known.clone()
            }
            Kind::Denied | Kind::Unsupported | Kind::Invalid => RecordState::Unavailable,
            _ if error.is_strange() && *known == RecordState::Unknown => RecordState::Unknown,
            _ => return Err(error),
        };
        Ok(Self {
            record: Record::Unavailable,
            state,
            refused: Some(error),
        })
    }
}

fn worth_a_look(rollout: &mut Followed, view: &View) -> bool {
    let Some(service) = &view.service else {
        return false;
    };
    let ours = service.deployment(&rollout.ours.id);
    let count = |read: fn(&super::view::DeploymentView) -> u32| ours.map_or(0, read);
    let breaker = match &view.record {
        Record::Found(record) => record
            .breaker
            .as_ref()
            .map_or(0, |breaker| breaker.failures),
        _ => 0,
    };
    let newest = u32::try_from(rollout.seen.events.len()).unwrap_or(u32::MAX);
    let counters = [
        count(|d| d.running),
        count(|d| d.pending),
        count(|d| d.failed),
        breaker,
        newest,
    ];
    let first = rollout.seen.counters.is_none();
    let moved = rollout.seen.counters.replace(counters) != Some(counters);
    let long_ago = SignedDuration::try_from(LOOK_AGAIN).is_ok_and(|wait| {
        rollout
            .seen
            .looked
            .is_none_or(|looked| view.at.duration_since(looked) >= wait)
    });
    // Without a record, and while it bakes, readiness itself rests on there being no fresh failure.
    let decisive = !matches!(view.record, Record::Found(_)) || rollout.memory.complete.is_some();
    (moved && !first) || long_ago || decisive
}

fn gauge(view: &View, rollout: &Followed) -> Gauge {
    let Some(service) = &view.service else {
        return Gauge::default();
    };
    let ours = service.deployment(&rollout.ours.id);
    let running = ours.map_or(0, |deployment| deployment.running);
    let running = if rollout.ours.count_only.is_some() {
        service.running
    } else {
        running
    };
    let (breaker, alarms) = match &view.record {
        Record::Found(record) => (
            record.breaker.as_ref().map(|breaker| BreakerGauge {
                failures: breaker.failures,
                threshold: Some(breaker.threshold),
                state: breaker.status.clone(),
            }),
            record.alarms.clone(),
        ),
        _ => (
            ours.filter(|deployment| deployment.failed > 0)
                .map(|deployment| BreakerGauge {
                    failures: deployment.failed,
                    threshold: None,
                    state: deployment.rollout.clone().unwrap_or_default(),
                }),
            Vec::new(),
        ),
    };
    Gauge {
        desired: service.desired,
        running,
        pending: ours.map_or(0, |deployment| deployment.pending),
        old: service.running.saturating_sub(running),
        breaker,
        alarms,
    }
}
