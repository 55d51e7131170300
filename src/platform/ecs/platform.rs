//! ECS as the deploy loop sees it.

use std::time::Duration;

use jiff::Timestamp;

use super::Ecs;
use super::plan::change::{Basis, Change};
use super::plan::current::known;
use super::rollout::from_sdk;
use super::rollout::post_mortem::Witnesses;
use super::rollout::sample::Sampler;
use super::rollout::standing::{RECORD_DELAY, RolloutId};
use super::rollout::started::Started;
use super::rollout::{Watched, short};
use super::session::Session;
use crate::cancel::Cancel;
use crate::event::{Events, Outcome, PostMortem, VerdictWord};
use crate::plan::{ChangeView, Note, Plan};
use crate::platform::again::Again;
use crate::platform::post_mortem;
use crate::platform::{
    Current, Failed, FailureKind, Following, Gone, Halted, Intent, PerformError, Performed,
    Platform, Proposal,
};
use crate::rollout::{Budget, Failure, Observation, Trip, Verdict};
use crate::spec::Service;

/// So many failures after a change of the count alone are no coincidence: the breaker's own
/// smallest threshold (Amazon ECS developer guide, deployment circuit breaker).
const FAILURES: usize = 3;

/// Between two looks for a record that is not listed yet.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Settings of the service itself: ECS keeps them out of its revisions, so a rollback does not
/// bring them back (Amazon ECS developer guide, service revisions).
const STAY_NEW: [&str; 4] = [
    "deployment.",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "tags.",
];

impl Ecs {
    fn sampler<'a>(&'a self, events: Option<&'a Events>) -> Sampler<'a> {
        Sampler {
            client: &self.api,
            load_balancers: &self.balancers,
            cluster: self.cluster(),
            skew: self.time.skew(),
            events,
        }
    }
}

impl Platform for Ecs {
    type Basis = Basis;
    type Change = Change;
    type Watched = Watched;
    type Session = Session;

    async fn propose(
        &self,
        service: &Service,
        intent: &Intent,
        events: &Events,
    ) -> Result<Proposal<Self>, Failed> {
        let (plan, current) = self.proposed(service, intent, events).await?;
        Ok(Proposal {
            plan,
            current,
            session: Session::proposed(),
        })
    }

    async fn reread(
        &self,
        _session: &Session,
        service: &Service,
        intent: &Intent,
        events: &Events,
    ) -> Result<Current<Watched>, Failed> {
        let (_, current) = self.proposed(service, intent, events).await?;
        Ok(current)
    }

    async fn warnings(&self, service: &Service) -> Vec<Note> {
        self.failed_before(service).await.unwrap_or_else(|error| {
            tracing::info!(%error, "no look at earlier deployments");
            Vec::new()
        })
    }

    fn object(&self, basis: &Basis) -> String {
        let (service, cluster, region) = (&basis.service, &basis.cluster, &basis.region);
        let whose = match (&self.place().endpoint, &basis.account) {
            (Some(endpoint), _) => format!(" behind {endpoint}"),
            // The embedded cloud has none.
            (None, _) if self.credentials.is_none() => " of the sandbox".to_owned(),
            (None, Some(account)) => format!(" of account {account}"),
            (None, None) => String::new(),
        };
        format!("service {service} of cluster {cluster} in {region}{whose}")
    }

    fn stale(&self, saved: &Basis, now: &Basis) -> Option<String> {
        saved.differs(now)
    }

    async fn perform(
        &self,
        _session: &Session,
        service: &Service,
        plan: &Plan<Basis, Change>,
        events: &Events,
    ) -> Result<Performed<Watched>, PerformError> {
        let started = self.perform_plan(plan, events).await?;
        let Some(started) = started else {
            return Ok(Performed::nothing());
        };
        let is_count = started.count_only;
        let mut watched = Watched::new(service, ours(started));
        if is_count {
            // A count, or settings alone: what they come to is read again and judged.
            return Ok(Performed {
                count: Some(watched),
                ..Performed::nothing()
            });
        }
        watched.stays_new = stays_new(&plan.views);
        Ok(Performed::rolls(watched))
    }

    async fn settle(
        &self,
        _session: &Session,
        service: &Service,
        plan: &Plan<Basis, Change>,
        events: &Events,
    ) -> Result<Performed<Watched>, PerformError> {
        let counted = self.settle_plan(plan, events).await?;
        let rollout = counted.map(|counted| Watched::new(service, ours(counted)));
        Ok(rollout.map_or_else(Performed::nothing, Performed::rolls))
    }

    fn join(&self, mut rolling: Watched, count: Watched) -> Watched {
        rolling.add_count(count.ours);
        rolling
    }

    async fn sample(
        &self,
        _session: &Session,
        rollout: &mut Watched,
        events: &Events,
    ) -> Result<Observation, Failed> {
        let sampled = self
            .sampler(Some(events))
            .sample(rollout, self.clock.now())
            .await;
        if let (Err(error), Some(credentials)) = (&sampled, &self.credentials)
            && matches!(
                error.kind,
                FailureKind::Expired | FailureKind::Rejected | FailureKind::NoCredentials
            )
        {
            credentials.forget();
        }
        sampled
    }

    fn skew(&self) -> jiff::SignedDuration {
        self.time.skew()
    }

    /// ECS counts by itself.
    fn budget(&self, _rollout: &Watched) -> Option<Budget> {
        None
    }

    /// ECS is asked, it does not tell.
    async fn changed(&self, _rollout: &Watched) {
        std::future::pending::<()>().await;
    }

    /// ECS itself carries a rollout, and its rollback, to the end.
    async fn resume(
        &self,
        _session: &Session,
        _rollout: &mut Watched,
        _events: &Events,
    ) -> Result<(), Failed> {
        Ok(())
    }

    /// ECS remembers by itself, and locks nothing; but that a container has ended without its task shows
    /// nowhere else.
    async fn close(
        &self,
        _session: &Session,
        service: &Service,
        outcome: &Outcome,
        events: &Events,
    ) {
        if let (VerdictWord::Healthy, Some(revision)) = (outcome.verdict, &outcome.revision) {
            self.tell_ended(service, revision, events).await;
        }
    }

    fn waiting_changes(&self, plan: &Plan<Basis, Change>) -> Vec<String> {
        plan.changes
            .iter()
            .filter(|change| change.waits_for_health())
            .map(Change::words)
            .collect()
    }

    fn following(&self, _session: &Session, rollout: &Watched) -> Following {
        let former = rollout.ours.former.as_deref();
        Following {
            rollout: rollout.ours.id.clone(),
            from: former.map(|former| short(former).to_owned()),
            // The list of deployments tells, which the first look reads.
            usual: rollout.seen.usual,
        }
    }

    async fn rollout(
        &self,
        _session: &Session,
        service: &Service,
        id: &str,
    ) -> Result<Watched, Failed> {
        let name = service.ecs.service.as_str();
        let found = self.find_service(name).await?;
        let unknown = |why: &str| {
            let what = format!("find rollout {id} of {name}");
            Failed::new(what, FailureKind::Missing, why)
        };
        let view = found.service.map(|there| from_sdk::service(&there.raw));
        let Some(view) = view else {
            return Err(unknown("the service is not there"));
        };
        if let Some(rollout) = known(&view, id, service) {
            return Ok(rollout);
        }
        let mut ours = RolloutId::found(id);
        match self.rolled_out_by(name, id).await {
            Ok(Some(revision)) => ours.task_definition = revision,
            Ok(None) => {
                return Err(unknown(
                    "ECS remembers none of that id; `deployer history` lists those that it does",
                ));
            }
            // What cannot be asked for is judged by the service alone.
            Err(error) => tracing::info!(%error, "no look at earlier deployments"),
        }
        Ok(Watched::new(service, ours))
    }

    fn identity(&self, rollout: &Watched) -> Option<String> {
        let ours = &rollout.ours;
        (ours.count_only.is_none() && !ours.is_rollback).then(|| ours.id.clone())
    }

    fn revision(&self, rollout: &Watched) -> String {
        short(&rollout.ours.task_definition).to_owned()
    }

    fn serving(&self, _session: &Session, rollout: &Watched) -> Option<String> {
        let service = rollout.seen.service.as_ref()?;
        let most = service
            .deployments
            .iter()
            .filter(|deployment| deployment.running > 0);
        let primary = service.primary().filter(|primary| primary.running > 0);
        let serving = primary.or_else(|| most.max_by_key(|deployment| deployment.running))?;
        Some(short(&serving.task_definition).to_owned())
    }

    fn can_go_back(&self, rollout: &Watched) -> bool {
        rollout.can_go_back()
    }

    async fn halt(&self, _session: &Session, rollout: &mut Watched, _trip: &Trip) -> Halted {
        let sampler = self.sampler(None);
        let listed_by = self.clock.now() + RECORD_DELAY;
        let mut again = Again::every(self.clock, LOOK_AGAIN).until(listed_by);
        while sampler.is_not_listed(rollout).await && again.next().await {}
        sampler.halt(rollout).await
    }

    /// What is deleted beside a service is gone with the answer.
    async fn let_go(
        &self,
        _plan: &Plan<Basis, Change>,
        _end: Timestamp,
        _cancel: &Cancel,
        _events: &Events,
    ) -> Result<Gone, Failed> {
        Ok(Gone::Gone)
    }

    async fn gone(
        &self,
        _session: &Session,
        service: &Service,
        end: Timestamp,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<Gone, Failed> {
        self.drained(service, end, cancel.cancelled(), events).await
    }

    async fn post_mortem(
        &self,
        _session: &Session,
        rollout: &Watched,
        verdict: &Verdict,
        failures: &[Failure],
    ) -> PostMortem {
        let witnesses = Witnesses {
            logs: &self.logs,
            load_balancers: &self.balancers,
            can_go_back: post_mortem::stays(verdict) && self.knows_better(rollout).await,
        };
        witnesses.post_mortem(rollout, verdict, failures).await
    }
}

fn ours(started: Started) -> RolloutId {
    RolloutId {
        id: started.primary_id,
        task_definition: started.task_definition,
        former: started.task_definition_before,
        count_only: started.count_only.then_some(FAILURES),
        count_set: None,
        is_rollback: false,
        begun: started.begun,
        said: started.said,
        found: false,
    }
}

fn stays_new(views: &[ChangeView]) -> Vec<String> {
    let settings = views.iter().filter(|view| {
        view.object == "service" && STAY_NEW.iter().any(|group| view.path.starts_with(group))
    });
    settings
        .map(|view| {
            format!(
                "{} stays {}",
                view.path,
                view.to.as_deref().unwrap_or("unset")
            )
        })
        .collect()
}
