//! How far a deployment that shifts traffic has come: its stage, its hooks, and what it waits for. Pure.

use aws_sdk_ecs::types::{
    DeploymentLifecycleHookDetail, ServiceDeployment, ServiceRevisionSummary,
};
use jiff::Timestamp;

use crate::platform::ecs::settings::sdk::{last_part, time, word};

/// How far it has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StageView {
    /// In the API's own word; `None`: it replaces task by task.
    pub(crate) name: Option<String>,
    /// Every hook that was asked so far.
    pub(crate) hooks: Vec<HookView>,
    /// Percent of the production traffic that the target revision has.
    pub(crate) share: Option<f64>,
    /// Traffic moves in several steps, between which it bakes.
    pub(crate) has_steps: bool,
}

/// A hook that was asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HookView {
    pub(crate) id: String,
    /// The ARN of its function; `None`: it asks a person.
    pub(crate) function: Option<String>,
    /// `AWAITING_ACTION`, `IN_PROGRESS`, `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub(crate) status: String,
    /// Until when it is waited for, by the platform's clock.
    pub(crate) expires: Option<Timestamp>,
    /// What follows then: `CONTINUE` or `ROLLBACK`.
    pub(crate) after: Option<String>,
}

/// From a `ServiceDeployment`.
pub(super) fn read(record: &ServiceDeployment) -> StageView {
    let configuration = record.deployment_configuration();
    let strategy = configuration.and_then(|configuration| configuration.strategy());
    let steps = strategy.map(word);
    let target = record.target_service_revision();
    StageView {
        name: record.lifecycle_stage().map(word),
        hooks: record.lifecycle_hook_details().iter().map(hook).collect(),
        share: target.and_then(ServiceRevisionSummary::requested_production_traffic_weight),
        has_steps: matches!(steps.as_deref(), Some("LINEAR" | "CANARY")),
    }
}

fn hook(read: &DeploymentLifecycleHookDetail) -> HookView {
    HookView {
        id: read.hook_id().unwrap_or_default().to_owned(),
        function: read.target_arn().map(str::to_owned),
        status: read.status().map(word).unwrap_or_default(),
        expires: time(read.expires_at()),
        after: read.timeout_action().map(word),
    }
}

impl HookView {
    /// It waits for a person.
    pub(crate) fn awaits(&self) -> bool {
        self.status == "AWAITING_ACTION"
    }

    /// It ends the rollout.
    fn says_no(&self) -> bool {
        let goes_on = self.after.as_deref() == Some("CONTINUE");
        self.status == "FAILED" || (self.status == "TIMED_OUT" && !goes_on)
    }

    /// As people call it: the function's name.
    fn name(&self) -> Option<&str> {
        let name = self.function.as_deref().map(last_part)?;
        Some(name.split_once(":function:").map_or(name, |(_, name)| name))
    }
}

impl StageView {
    /// The hooks that wait for a person.
    pub(crate) fn awaiting(&self) -> impl Iterator<Item = &HookView> {
        self.hooks.iter().filter(|hook| hook.awaits())
    }

    /// What it waits for, whoever is slow being none of the new revision's; `None`: for nothing. `service` is
    /// what the file calls it.
    pub(crate) fn waits(&self, service: &str) -> Option<String> {
        let stage = self.name.as_deref()?;
        if let Some(hook) = self.awaiting().next() {
            let then = match hook.after.as_deref() {
                Some("CONTINUE") => "goes on",
                _ => "goes back",
            };
            let until = hook.expires.map(|at| at.strftime("%F %H:%M:%SZ"));
            let until =
                until.map_or_else(String::new, |at| format!(" (it {then} by itself at {at})"));
            return Some(format!(
                "somebody at {stage}: `deployer continue {service}`{until}"
            ));
        }
        let mut asked = self
            .hooks
            .iter()
            .filter(|hook| hook.status == "IN_PROGRESS");
        if let Some(hook) = asked.next() {
            let name = hook.name().unwrap_or("without a name");
            return Some(format!("the hook {name} at {stage}"));
        }
        let below = self.share.filter(|share| *share < 100.0);
        match (stage, below) {
            ("BAKE_TIME", _) => Some("the bake time to end: both revisions run".to_owned()),
            ("PRODUCTION_TRAFFIC_SHIFT", Some(share)) if self.has_steps => Some(format!(
                "the next step: {share} % of the traffic goes to what is new"
            )),
            _ => None,
        }
    }

    /// The status of a deployment that goes on, with how far it has come.
    pub(crate) fn beside(&self, status: &str) -> String {
        match (&self.name, self.share.filter(|share| *share > 0.0)) {
            (None, _) => status.to_owned(),
            (Some(stage), None) => format!("{status}, {stage}"),
            (Some(stage), Some(share)) => format!("{status}, {stage}, {share} % of the traffic"),
        }
    }

    /// What the hook says that ends the rollout; `None`: none does.
    pub(crate) fn refusal(&self) -> Option<String> {
        let hook = self.hooks.iter().find(|hook| hook.says_no())?;
        Some(match (hook.name(), hook.status.as_str()) {
            (Some(name), "FAILED") => format!("the hook {name} said FAILED"),
            (Some(name), _) => format!("the hook {name} did not answer in time"),
            (None, "FAILED") => "somebody answered a hook with ROLLBACK".to_owned(),
            (None, _) => "nobody answered a hook in time".to_owned(),
        })
    }
}
