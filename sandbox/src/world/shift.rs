//! How a deployment shifts traffic (`BLUE_GREEN`, `LINEAR`, `CANARY`): stage by stage, with hooks on the way
//! and bake times (Amazon ECS developer guide, blue/green deployments).
//!
//! A hook's function answers as its name ends: `…fail` says FAILED, `…hang` says nothing, any other
//! SUCCEEDED. A hook that pauses waits for `ContinueServiceDeployment`.

mod way;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::deployment::{RevisionSummary, RolloutState, Status};
use super::rollback::Cause;
use super::{Millis, World};

const SCALE_UP: &str = "SCALE_UP";
const TEST: &str = "TEST_TRAFFIC_SHIFT";
const PRODUCTION: &str = "PRODUCTION_TRAFFIC_SHIFT";
const CLEAN_UP: &str = "CLEAN_UP";

/// How far a deployment has shifted traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shift {
    way: Vec<Stage>,
    /// Which stage it is at.
    at: usize,
    /// Since when; it has not begun before that.
    entered: Option<Millis>,
    /// Every hook that was asked so far.
    pub(crate) hooks: Vec<HookRun>,
    /// Percent of the traffic that its target revision has.
    production: f64,
    test: f64,
}

/// One stage on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stage {
    name: String,
    /// From then on the target revision has so much of the production traffic, in percent.
    share: Option<f64>,
    /// It lasts so long, at least.
    lasts: Millis,
}

/// A hook that was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HookRun {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) target: Option<String>,
    pub(crate) status: String,
    pub(crate) expires: Millis,
    pub(crate) action: String,
    stage: usize,
    /// When its function answers; never, where it hangs.
    answers: Option<Millis>,
}

impl Shift {
    /// The name of the stage that it is at.
    pub(crate) fn stage(&self) -> &str {
        self.way.get(self.at).map_or(CLEAN_UP, |stage| &stage.name)
    }

    fn is_before(&self, name: &str) -> bool {
        let at = self.way.iter().position(|stage| stage.name == name);
        at.is_some_and(|at| self.at < at)
    }

    /// Every moment at which something of the present stage may be over.
    fn moments(&self, least: Millis) -> Vec<Millis> {
        let mut moments: Vec<Millis> = self.entered.iter().map(|at| at + least).collect();
        for run in self.hooks.iter().filter(|run| run.is_open()) {
            moments.push(run.expires);
            moments.extend(run.answers);
        }
        moments
    }
}

impl HookRun {
    fn is_open(&self) -> bool {
        ["IN_PROGRESS", "AWAITING_ACTION"].contains(&self.status.as_str())
    }

    /// What has become of it by now.
    fn settle(&mut self, now: Millis) {
        if !self.is_open() {
            return;
        }
        if self.answers.is_some_and(|at| now >= at) {
            let fails = self
                .target
                .as_ref()
                .is_some_and(|name| name.ends_with("fail"));
            self.status = String::from(if fails { "FAILED" } else { "SUCCEEDED" });
        } else if now >= self.expires {
            self.status = String::from("TIMED_OUT");
        }
    }

    fn says_no(&self) -> bool {
        self.status == "FAILED" || (self.status == "TIMED_OUT" && self.action != "CONTINUE")
    }

    /// Why the deployment goes back, once it said no.
    fn refusal(&self, stage: &str) -> String {
        let said = match (&self.target, self.status.as_str()) {
            (Some(target), "FAILED") => {
                format!("Lifecycle hook target {target} returned FAILED status.")
            }
            (None, "FAILED") => format!("Lifecycle hook {} was answered with ROLLBACK.", self.id),
            (Some(target), _) => format!("Lifecycle hook target {target} timed out."),
            (None, _) => format!("Lifecycle hook {} timed out.", self.id),
        };
        format!("Service deployment rolled back because {stage} lifecycle hook(s) failed. {said}")
    }
}

impl World {
    /// The shift of the PRIMARY that is under way; a rollback shifts nothing.
    fn shifting(&self, key: &str) -> Option<&Shift> {
        let primary = self.services.get(key)?.primary()?;
        let record = self.deployments.get(&primary.record)?;
        let goes_on = !primary.is_rollback
            && primary.state == RolloutState::InProgress
            && !matches!(record.status, Status::Successful | Status::Stopped);
        record.shift.as_ref().filter(|_| goes_on)
    }

    pub(super) fn is_shifting(&self, key: &str) -> bool {
        self.shifting(key).is_some()
    }

    /// New tasks start when their stage has come.
    pub(super) fn may_start(&self, key: &str) -> bool {
        self.shifting(key)
            .is_none_or(|shift| !shift.is_before(SCALE_UP))
    }

    /// Those before them run on until all is over.
    pub(super) fn may_stop_old(&self, key: &str) -> bool {
        self.shifting(key)
            .is_none_or(|shift| !shift.is_before(CLEAN_UP))
    }

    pub(super) fn may_conclude(&self, key: &str) -> bool {
        self.may_stop_old(key)
    }

    /// Whether a rollback of this service deployment finds the tasks before it still running.
    pub(super) fn shifts_back(&self, record: &str) -> bool {
        let record = self.deployments.get(record);
        record.is_some_and(|record| record.shift.is_some())
    }

    /// How much of the traffic a revision has.
    pub(super) fn weigh(&self, key: &str, summary: &mut RevisionSummary) {
        let current = self
            .services
            .get(key)
            .and_then(|service| service.current_record.as_ref());
        let Some(record) = current.and_then(|current| self.deployments.get(current)) else {
            return;
        };
        let Some(shift) = &record.shift else { return };
        let is_target = record.target.arn == summary.arn;
        let of = |share: f64| if is_target { share } else { 100.0 - share };
        summary.requested_production_traffic_weight = Some(of(shift.production));
        summary.requested_test_traffic_weight = Some(of(shift.test));
    }

    /// Takes a deployment through its stages, as far as it comes now.
    pub(super) fn shift(&mut self, key: &str) {
        let Some(primary) = self.services.get(key).and_then(|service| service.primary()) else {
            return;
        };
        let (id, arn) = (primary.id.clone(), primary.record.clone());
        while self.is_shifting(key) && self.is_in_progress(&arn) {
            self.enter_stage(&arn);
            if let Some(why) = self.refused(&arn) {
                self.fail_deployment(key, &id, &Cause::Hook(why));
                return;
            }
            if !self.is_stage_over(key, &id, &arn) {
                return;
            }
            if let Some(shift) = self.shift_mut(&arn) {
                shift.at += 1;
                shift.entered = None;
            }
        }
    }

    fn is_in_progress(&self, arn: &str) -> bool {
        let record = self.deployments.get(arn);
        record.is_some_and(|record| record.status == Status::InProgress)
    }

    fn shift_mut(&mut self, arn: &str) -> Option<&mut Shift> {
        self.deployments.get_mut(arn)?.shift.as_mut()
    }

    /// At the beginning of a stage traffic moves, and hooks are asked.
    fn enter_stage(&mut self, arn: &str) {
        let now = self.now;
        let Some(record) = self.deployments.get(arn) else {
            return;
        };
        let key = record.service.clone();
        let hooks = record.configuration.lifecycle_hooks.clone();
        let Some(shift) = record
            .shift
            .as_ref()
            .filter(|shift| shift.entered.is_none())
        else {
            return;
        };
        let (at, name) = (shift.at, shift.stage().to_owned());
        let asked = hooks.iter().filter(|hook| {
            let stages = hook.get("lifecycleStages").and_then(Value::as_array);
            stages.is_some_and(|stages| stages.iter().any(|stage| *stage == name))
        });
        let asked: Vec<HookRun> = asked.map(|hook| self.ask(hook, at)).collect();
        if let Some(shift) = self.shift_mut(arn) {
            shift.entered = Some(now);
            shift.hooks.extend(asked);
            if name == TEST {
                shift.test = 100.0;
            }
            if let Some(share) = shift.way.get(at).and_then(|stage| stage.share) {
                shift.production = share;
            }
        }
        if let Some(record) = self.deployments.get_mut(arn) {
            record.updated_at = now;
        }
        self.look_again_at(&key, arn);
    }

    /// Looks again when something of the present stage may be over.
    fn look_again_at(&mut self, key: &str, arn: &str) {
        let shift = self
            .deployments
            .get(arn)
            .and_then(|record| record.shift.as_ref());
        let Some(shift) = shift else { return };
        let lasts = shift.way.get(shift.at).map_or(0, |stage| stage.lasts);
        for moment in shift.moments(lasts) {
            self.look_again(key, moment);
        }
    }

    fn ask(&mut self, hook: &Value, stage: usize) -> HookRun {
        let text = |name: &str| hook.get(name).and_then(Value::as_str).map(str::to_owned);
        let wait = |name: &str| hook.pointer(&format!("/timeoutConfiguration/{name}"));
        let minutes = wait("timeoutInMinutes")
            .and_then(Value::as_i64)
            .unwrap_or(1440);
        let action = wait("action").and_then(Value::as_str).unwrap_or("ROLLBACK");
        let kind = text("targetType").unwrap_or_else(|| "AWS_LAMBDA".to_owned());
        let target = text("hookTargetArn");
        let pauses = kind == "PAUSE";
        let hangs = pauses || target.as_ref().is_some_and(|name| name.ends_with("hang"));
        let status = if pauses {
            "AWAITING_ACTION"
        } else {
            "IN_PROGRESS"
        };
        HookRun {
            id: format!("hook-{}", self.rng.token21()),
            kind,
            target,
            status: status.to_owned(),
            expires: self
                .now
                .saturating_add(minutes.saturating_mul(self.timings.minute_ms)),
            action: action.to_owned(),
            stage,
            answers: (!hangs).then(|| self.now + self.timings.hook_ms),
        }
    }

    /// Why a hook of the present stage ends the deployment; `None`: none does.
    fn refused(&mut self, arn: &str) -> Option<String> {
        let now = self.now;
        let shift = self.shift_mut(arn)?;
        let (at, stage) = (shift.at, shift.stage().to_owned());
        let mut runs = shift.hooks.iter_mut().filter(|run| run.stage == at);
        runs.find_map(|run| {
            run.settle(now);
            run.says_no().then(|| run.refusal(&stage))
        })
    }

    pub(super) fn traffic_goes_back(&mut self, arn: &str) {
        if let Some(shift) = self.shift_mut(arn) {
            shift.production = 0.0;
            shift.test = 0.0;
        }
    }

    fn is_stage_over(&self, key: &str, id: &str, arn: &str) -> bool {
        let shift = self
            .deployments
            .get(arn)
            .and_then(|record| record.shift.as_ref());
        let Some((shift, stage)) = shift.and_then(|shift| Some((shift, shift.way.get(shift.at)?)))
        else {
            return false;
        };
        let waits = |run: &HookRun| run.stage == shift.at && run.is_open();
        let ends = shift.entered.map(|entered| entered + stage.lasts);
        if shift.hooks.iter().any(waits) || ends.is_none_or(|ends| self.now < ends) {
            return false;
        }
        let census = self.census(key, id);
        let desired = self.services.get(key).map_or(0, |service| service.desired);
        match stage.name.as_str() {
            SCALE_UP => census.mine_healthy >= desired,
            CLEAN_UP => false,
            _ => true,
        }
    }

    /// Answers a hook that waits for a person; `None`: no such hook waits.
    pub(crate) fn answer_hook(&mut self, arn: &str, hook: &str, goes_on: bool) -> Option<()> {
        let key = self.deployments.get(arn)?.service.clone();
        let shift = self.shift_mut(arn)?;
        let mut waiting = shift.hooks.iter_mut();
        let run = waiting.find(|run| run.id == hook && run.status == "AWAITING_ACTION")?;
        run.status = String::from(if goes_on { "SUCCEEDED" } else { "FAILED" });
        self.look_again(&key, self.now + 1);
        Some(())
    }

    /// The first hook of a service's newest deployment that waits for a person.
    pub(crate) fn waiting_hook(&self, key: &str) -> Option<(String, String)> {
        let arn = self.services.get(key)?.current_record.clone()?;
        let shift = self.deployments.get(&arn)?.shift.as_ref()?;
        let mut waiting = shift.hooks.iter();
        let run = waiting.find(|run| run.status == "AWAITING_ACTION")?;
        Some((arn, run.id.clone()))
    }
}
