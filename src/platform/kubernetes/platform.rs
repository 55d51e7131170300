//! Kubernetes as the deploy loop sees it.

use jiff::Timestamp;

use super::Kubernetes;
use super::history::record::{State, short};
use super::history::revision_of;
use super::perform::Performing;
use super::plan::KubePlan;
use super::plan::change::{Basis, Change};
use super::rollout::{RolloutId, Watched};
use super::session::Session;
use crate::cancel::Cancel;
use crate::event::{Events, Outcome, PostMortem};
use crate::plan::{Note, Plan};
use crate::platform::beside::Beside;
use crate::platform::usual::usual;
use crate::platform::{
    Current, Failed, FailureKind, Following, Gone, Intent, Part, Platform, Proposal,
};
use crate::rollout::{Budget, Failure, Halted, Observation, Trip, Verdict};
use crate::spec::{KubeOwn, KubeService};

impl Platform for Kubernetes {
    type Own = KubeOwn;
    type Basis = Basis;
    type Change = Change;
    type Watched = Watched;
    type Session = Session;
    type Performance<'a> = Performing<'a>;

    async fn propose(
        &self,
        service: &KubeService,
        intent: &Intent,
        events: &Events,
    ) -> Result<Proposal<Self>, Failed> {
        let planned = self.plan(None, service, intent, events).await?;
        let name = service.own.name.as_str();
        Ok(Proposal {
            plan: planned.plan,
            current: planned.current,
            session: Session::of(name, intent.supersedes(), planned.look),
        })
    }

    async fn reread(
        &self,
        session: &Session,
        service: &KubeService,
        intent: &Intent,
        events: &Events,
    ) -> Result<Current<Watched>, Failed> {
        let planned = self.plan(Some(session), service, intent, events).await?;
        session.planned_again(intent.supersedes(), planned.look);
        Ok(planned.current)
    }

    /// The history is read with everything else, so what it warns of is in the plan already.
    async fn warnings(&self, _service: &KubeService) -> Vec<Note> {
        Vec::new()
    }

    fn object(&self, basis: &Basis) -> String {
        let (name, space) = (&basis.service, &basis.namespace);
        format!(
            "{} {name} in namespace {space} of {}",
            basis.kind.as_str(),
            basis.cluster
        )
    }

    fn stale(&self, saved: &Basis, now: &Basis) -> Option<String> {
        saved.differs(now)
    }

    async fn performance<'a>(
        &'a self,
        session: &'a Session,
        service: &'a KubeService,
        plan: &'a KubePlan,
        part: Part,
        events: &'a Events,
    ) -> Result<Performing<'a>, Failed> {
        self.performing(session, service, plan, part, events).await
    }

    /// The Deployment's own counts tell of both.
    fn join(&self, rolling: Watched, _count: Watched) -> Watched {
        rolling
    }

    async fn sample(
        &self,
        session: &Session,
        rollout: &mut Watched,
        events: &Events,
    ) -> Result<Observation, Failed> {
        self.look(session, rollout, events).await
    }

    fn skew(&self) -> jiff::SignedDuration {
        self.link
            .get()
            .map_or(jiff::SignedDuration::ZERO, |link| link.time.skew())
    }

    fn budget(&self, rollout: &Watched) -> Option<Budget> {
        rollout.budget
    }

    async fn changed(&self, rollout: &Watched) {
        self.stirs(rollout).await;
    }

    async fn resume(
        &self,
        session: &Session,
        rollout: &mut Watched,
        events: &Events,
    ) -> Result<(), Failed> {
        self.take_up(session, rollout, events).await;
        Ok(())
    }

    async fn close(
        &self,
        session: &Session,
        _service: &KubeService,
        outcome: &Outcome,
        events: &Events,
    ) {
        self.finish(session, outcome, events).await;
    }

    fn following(&self, session: &Session, rollout: &Watched) -> Following {
        let heads = session.heads();
        let lately = heads
            .iter()
            .filter(|head| head.state == State::Healthy && head.rolled.is_some());
        Following {
            rollout: self
                .identity(rollout)
                .unwrap_or_else(|| format!("generation {}", rollout.ours.rolled.generation)),
            from: rollout.ours.former.clone(),
            usual: usual(lately.map(|head| (head.began, head.ended))),
        }
    }

    async fn rollout(
        &self,
        session: &Session,
        service: &KubeService,
        id: &str,
    ) -> Result<Watched, Failed> {
        let name = session.name();
        let heads = self.refresh(session).await?;
        let number = super::plan::earlier_revision::named(name, &heads, id).map_err(|error| {
            Failed::new(format!("find rollout {id}"), error.kind, error.message)
        })?;
        let head = heads.iter().find(|head| head.number == number);
        let recorded = head.and_then(RolloutId::recorded).ok_or_else(|| {
            let words = format!("revision {number} of {name} has begun no rollout");
            Failed::new(format!("find rollout {id}"), FailureKind::Missing, words)
        })?;
        Ok(Watched::new(service, recorded))
    }

    fn identity(&self, rollout: &Watched) -> Option<String> {
        rollout.ours.revision.map(|number| format!("v{number}"))
    }

    fn revision(&self, rollout: &Watched) -> String {
        rollout.revision()
    }

    fn serving(&self, session: &Session, rollout: &Watched) -> Option<String> {
        if let Some(back) = rollout.going_back.as_ref().filter(|back| back.kept) {
            return Some(back.to.clone());
        }
        let view = rollout.seen.view.as_ref()?;
        // Pods of a set that is on its way to nothing only have not ended yet.
        let serving = view
            .own_sets()
            .filter(|set| set.available > 0)
            .max_by_key(|set| (set.desired.min(set.available), set.available, set.created))?;
        let heads = session.heads();
        let head = revision_of(&heads, &serving.owner, &serving.template);
        Some(head.map_or_else(
            || serving.name.clone(),
            |head| short(&rollout.service, head.number),
        ))
    }

    fn can_go_back(&self, rollout: &Watched) -> bool {
        rollout.can_go_back
    }

    async fn go_on(&self, service: &KubeService, _goes_on: bool) -> Result<String, Failed> {
        Err(Failed::new(
            format!("continue the rollout of {}", service.name),
            FailureKind::Wrong,
            "a rollout on Kubernetes has no hooks that wait for somebody; \
             `kubectl rollout resume` goes on with one that was paused",
        ))
    }

    /// The evidence comes first: going back takes the failing pods away.
    async fn halt(&self, session: &Session, rollout: &mut Watched, trip: &Trip) -> Halted {
        self.keep_evidence(rollout).await;
        self.bring_back(session, rollout, trip).await
    }

    async fn let_go(
        &self,
        plan: &Plan<Basis, Change>,
        end: Timestamp,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<Gone, Failed> {
        self.let_go_of(&plan.changes, end, cancel.cancelled(), events)
            .await
    }

    async fn come_up(
        &self,
        plan: &Plan<Basis, Change>,
        end: Timestamp,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<Beside, Failed> {
        let cancelled = cancel.cancelled();
        self.comes_up(&plan.changes, end, cancelled, events).await
    }

    async fn gone(
        &self,
        session: &Session,
        _service: &KubeService,
        end: Timestamp,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<Gone, Failed> {
        self.drained(session, end, cancel.cancelled(), events).await
    }

    async fn post_mortem(
        &self,
        session: &Session,
        rollout: &Watched,
        verdict: &Verdict,
        failures: &[Failure],
    ) -> PostMortem {
        self.tell_why(session, rollout, verdict, failures).await
    }
}
