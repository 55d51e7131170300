//! One look at a rollout: the reads, and what they become.

use std::time::Duration;

use aws_sdk_ecs::Client;
use jiff::{SignedDuration, Timestamp};

use super::Watched;
use super::look::{Record, View};
use super::standing;
use crate::event::{EventKind, Events};
use crate::platform::aws::failed;
use crate::platform::ecs::live;
use crate::platform::ecs::live::view::ServiceView;
use crate::platform::failure::Failed;
use crate::rollout::Observation;

mod gauge;
mod record;
mod room;
mod stopped;
mod targets;
mod tasks;

use self::gauge::gauge;
use self::stopped::unplaced;

/// A piece of evidence that may be missing.
const RECORDS: &str = "service deployments";

/// What ECS says of a service once all its tasks run.
const STEADY: &str = "has reached a steady state";

/// Where samples come from.
pub(crate) struct Sampler<'a> {
    pub(crate) client: &'a Client,
    pub(crate) load_balancers: &'a aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) cluster: &'a str,
    /// Server time less ours.
    pub(crate) skew: SignedDuration,
    /// Where what is seen is told.
    pub(crate) events: Option<&'a Events>,
}

impl Sampler<'_> {
    /// Looks once. `now` is the time just before the reads.
    pub(crate) async fn sample(
        &self,
        rollout: &mut Watched,
        now: Timestamp,
    ) -> Result<Observation, Failed> {
        let (service, record) =
            futures::join!(self.service(&rollout.service), self.record(rollout, now));
        let (service, look) = (service?, record?);
        rollout.record = look.state;
        if let Some(error) = look.refused {
            let consequence = "judging by DescribeServices alone";
            self.lacks(rollout, RECORDS, &error, consequence);
        } else if matches!(look.record, Record::Found(_)) {
            rollout.seen.missing.remove(RECORDS);
        }
        self.tell_usual(rollout, look.usual);
        let mut view = View {
            at: now,
            skew: self.skew,
            record: look.record,
            service,
        };
        self.tell_messages(rollout, view.service.as_ref());
        self.look_at_tasks(rollout, &view).await?;
        self.look_at_targets(rollout, &view);
        self.look_for_newer(rollout, &mut view).await?;
        let standing = standing::read(&view, &rollout.ours, &mut rollout.memory);
        let observation = Observation {
            at: now,
            created: self.created(&view, rollout),
            standing,
            gauge: gauge(&view, rollout),
            failures: rollout.seen.failures.values().cloned().collect(),
            healed: Vec::new(),
            waiting: match &view.record {
                Record::Found(record) => record.waits(&rollout.subject.name),
                _ => None,
            },
        };
        // After a rollback, ours is not listed any more.
        if let Some(service) = &view.service
            && service.deployment(&rollout.ours.id).is_some()
        {
            rollout.seen.deadlock = room::deadlock(service, rollout);
        }
        rollout.seen.service = view.service;
        Ok(observation)
    }

    /// A piece of evidence may not be read: told once, and kept for the post-mortem.
    fn lacks(&self, rollout: &mut Watched, piece: &'static str, error: &Failed, consequence: &str) {
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
            Ok(answer) => Ok(answer.services().first().map(live::service::view)),
            Err(error) => Err(failed(format!("describe service {name}"), error)),
        }
    }

    /// How long the last rollouts took is told once, when the list of them is read.
    fn tell_usual(&self, rollout: &mut Watched, usual: Option<Duration>) {
        let Some(usual) = usual.filter(|_| rollout.seen.usual.is_none()) else {
            return;
        };
        rollout.seen.usual = Some(usual);
        if let Some(events) = self.events {
            events.send(EventKind::Expected {
                expected_seconds: usual.as_secs(),
            });
        }
    }

    fn tell_messages(&self, rollout: &mut Watched, service: Option<&ServiceView>) {
        let Some(service) = service else { return };
        if rollout.seen.begun.is_none() {
            let ours = service.deployment(&rollout.ours.id);
            rollout.seen.begun = ours.and_then(|deployment| deployment.created);
        }
        let is_first = rollout.seen.service.is_none();
        if is_first && rollout.ours.found && rollout.ours.count_only.is_some() {
            let mut newest_first = service.events.iter();
            let steady = newest_first.find(|event| event.text.contains(STEADY));
            rollout.seen.was_steady = steady.map(|event| event.at);
        }
        for event in service.events.iter().rev() {
            if rollout.is_told_of(event.at) && rollout.seen.events.insert(event.id.clone()) {
                if let Some(events) = self.events {
                    events.send(EventKind::Message {
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

    /// The platform's creation time of our rollout, by our clock; none where counts alone move,
    /// since the deployment that they belong to may be years old.
    fn created(&self, view: &View, rollout: &Watched) -> Option<Timestamp> {
        let ours = &rollout.ours;
        if ours.count_only.is_some() || ours.count_set.is_some() || rollout.memory.counts {
            // The deployment is older than the change of its count.
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
