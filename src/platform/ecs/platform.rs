//! ECS as the deploy loop sees it.

use std::time::Duration;

use jiff::Timestamp;

use super::Ecs;
use super::perform::Performing;
use super::plan::change::{Basis, Change};
use super::plan::current::known;
use super::plan::{EcsPlan, Goal};
use super::rollout::Watched;
use super::rollout::post_mortem::Witnesses;
use super::rollout::sample::Sampler;
use super::rollout::standing::failures::RECORD_DELAY;
use super::rollout::started::RolloutId;
use super::session::Session;
use super::settings::sdk::last_part;
use crate::cancel::Cancel;
use crate::event::{Events, Outcome, PostMortem, VerdictWord};
use crate::plan::{Note, Plan};
use crate::platform::again::Again;
use crate::platform::beside::Beside;
use crate::platform::post_mortem;
use crate::platform::{
    Current, Failed, FailureKind, Following, Gone, Intent, Part, Platform, Proposal,
};
use crate::rollout::{Budget, Failure, Halted, Observation, Trip, Verdict};
use crate::spec::{EcsOwn, EcsService};

/// Between two looks for a record that is not listed yet.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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
    type Own = EcsOwn;
    type Basis = Basis;
    type Change = Change;
    type Watched = Watched;
    type Session = Session;
    type Performance<'a> = Performing<'a>;

    async fn propose(
        &self,
        service: &EcsService,
        intent: &Intent,
        events: &Events,
    ) -> Result<Proposal<Self>, Failed> {
        let desired = self.desired(service);
        let goal = Goal {
            service,
            desired: &desired,
            intent,
        };
        let (plan, current) = self.proposed(goal, events).await?;
        Ok(Proposal {
            plan,
            current,
            session: Session::proposed(desired),
        })
    }

    async fn reread(
        &self,
        session: &Session,
        service: &EcsService,
        intent: &Intent,
        events: &Events,
    ) -> Result<Current<Watched>, Failed> {
        let goal = Goal {
            service,
            desired: &session.desired,
            intent,
        };
        let (_, current) = self.proposed(goal, events).await?;
        Ok(current)
    }

    async fn warnings(&self, service: &EcsService) -> Vec<Note> {
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

    async fn performance<'a>(
        &'a self,
        _session: &'a Session,
        service: &'a EcsService,
        plan: &'a EcsPlan,
        part: Part,
        events: &'a Events,
    ) -> Result<Performing<'a>, Failed> {
        Ok(Performing::new(self, service, plan, part, events))
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
        service: &EcsService,
        outcome: &Outcome,
        events: &Events,
    ) {
        if let (VerdictWord::Healthy, Some(revision)) = (outcome.verdict, &outcome.revision) {
            self.tell_ended(service, revision, events).await;
        }
    }

    fn following(&self, _session: &Session, rollout: &Watched) -> Following {
        let former = rollout.ours.former.as_deref();
        Following {
            rollout: rollout.ours.id.clone(),
            from: former.map(|former| last_part(former).to_owned()),
            // The list of deployments tells, which the first look reads.
            usual: rollout.seen.usual,
        }
    }

    async fn rollout(
        &self,
        _session: &Session,
        service: &EcsService,
        id: &str,
    ) -> Result<Watched, Failed> {
        let name = service.own.service.as_str();
        let found = self.find_service(name).await?;
        let unknown = |why: &str| {
            let what = format!("find rollout {id} of {name}");
            Failed::new(what, FailureKind::Missing, why)
        };
        let Some(there) = found.service else {
            return Err(unknown("the service is not there"));
        };
        if let Some(rollout) = known(&there.view, id, service) {
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
        last_part(&rollout.ours.task_definition).to_owned()
    }

    fn serving(&self, _session: &Session, rollout: &Watched) -> Option<String> {
        let service = rollout.seen.service.as_ref()?;
        let most = service
            .deployments
            .iter()
            .filter(|deployment| deployment.running > 0);
        let primary = service.primary().filter(|primary| primary.running > 0);
        let serving = primary.or_else(|| most.max_by_key(|deployment| deployment.running))?;
        Some(last_part(&serving.task_definition).to_owned())
    }

    fn can_go_back(&self, rollout: &Watched) -> bool {
        rollout.can_go_back()
    }

    fn waits(&self, service: &EcsService) -> Duration {
        service.own.shift.longest()
    }

    async fn go_on(&self, service: &EcsService, goes_on: bool) -> Result<String, Failed> {
        self.answer(&self.sampler(None), service, goes_on).await
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
        Ok(Gone::Done)
    }

    async fn come_up(
        &self,
        _plan: &Plan<Basis, Change>,
        _end: Timestamp,
        _cancel: &Cancel,
        _events: &Events,
    ) -> Result<Beside, Failed> {
        Ok(Beside::Up)
    }

    async fn gone(
        &self,
        _session: &Session,
        service: &EcsService,
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
