//! What a rollout asks at its stages: a Lambda function, or a person.

use serde_json::Value as Json;

use crate::names::Arn;
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::arns;
use crate::spec::shape::{At, Table, table, words};
use crate::spec::units::Time;
use crate::spec::words::ecs::role::{Role, full_role};
use crate::spec::words::ecs::strategy::minutes;
use crate::spec::words::patch::PatchTree;
use crate::spec::words::target::cluster::EcsPlace;

table! {
    /// What a rollout asks at its stages before it goes on.
    "hooks" EcsHookTable {
        /// At which stages, such as `pre_scale_up`, `post_test_traffic_shift`, `pre_production_traffic_shift`.
        stages: Vec<At<Stage>> = required,
        /// ARN of the Lambda function that says whether it goes on.
        lambda: Arn,
        /// The role by which ECS calls the function: its ARN, or its name in the target's account.
        role: Role,
        /// What the function is given besides, as a table.
        details: PatchTree,
        /// Wait for a person instead: `deployer continue`.
        pause: bool,
        /// It is waited so long, up to 14 days. Default: 24h.
        timeout: Time<60, 1_209_600>,
        /// What follows when the wait is over: "rollback" or "continue". Default: rollback.
        on_timeout: AfterWait,
    }
}

/// A stage of a rollout that hooks may run at.
#[derive(Clone, Copy)]
pub(in crate::spec) struct Stage(&'static str);

words!(
    Stage, "a stage that hooks run at",
    "reconcile_service" => Stage("RECONCILE_SERVICE"),
    "pre_scale_up" => Stage("PRE_SCALE_UP"),
    "post_scale_up" => Stage("POST_SCALE_UP"),
    "test_traffic_shift" => Stage(TEST_SHIFT),
    "post_test_traffic_shift" => Stage("POST_TEST_TRAFFIC_SHIFT"),
    "pre_production_traffic_shift" => Stage("PRE_PRODUCTION_TRAFFIC_SHIFT"),
    "production_traffic_shift" => Stage(PRODUCTION_SHIFT),
    "post_production_traffic_shift" => Stage("POST_PRODUCTION_TRAFFIC_SHIFT"),
);

/// While traffic moves nobody is waited for (Amazon ECS API reference, `DeploymentLifecycleHook`).
const TEST_SHIFT: &str = "TEST_TRAFFIC_SHIFT";
const PRODUCTION_SHIFT: &str = "PRODUCTION_TRAFFIC_SHIFT";

/// What follows when a wait is over.
#[derive(Clone, Copy)]
pub(in crate::spec) struct AfterWait(&'static str);

words!(
    AfterWait, "what follows a wait",
    "rollback" => AfterWait("ROLLBACK"),
    "continue" => AfterWait("CONTINUE"),
);

/// What a rollout asks at its stages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StageHook {
    /// As the API spells them.
    pub(crate) stages: Vec<&'static str>,
    /// Whom it asks.
    pub(crate) asks: Asked,
    /// In minutes, as the API has it; `None`: its default.
    pub(crate) timeout: Option<u32>,
    /// As the API spells it; `None`: its default.
    pub(crate) on_timeout: Option<&'static str>,
}

/// A hook is waited for so many minutes where nothing else is said (Amazon ECS API reference,
/// `DeploymentLifecycleHookTimeoutConfiguration`).
pub(crate) const HOOK_WAIT: u32 = 1440;

impl StageHook {
    /// How many minutes it may take at all of its stages.
    pub(super) fn longest(&self) -> u64 {
        let stages = u64::try_from(self.stages.len()).unwrap_or(u64::MAX);
        stages.saturating_mul(u64::from(self.timeout.unwrap_or(HOOK_WAIT)))
    }
}

/// Whom a hook asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    /// A Lambda function.
    Lambda {
        /// Its ARN.
        function: Arn,
        /// The role by which ECS calls it.
        role: String,
        /// What it is given besides.
        details: Option<Json>,
    },
    /// A person.
    Person,
}

/// So many of each kind (Amazon ECS developer guide, lifecycle hooks).
const MOST: usize = 10;

/// The hooks that the file says.
pub(super) fn hooks(
    raw: Option<At<Vec<At<EcsHookTable>>>>,
    place: &EcsPlace,
    findings: &mut Findings,
) -> Vec<StageHook> {
    let Some(raw) = raw else {
        return Vec::new();
    };
    let head = raw.head;
    let hooks = raw.value.into_iter();
    let hooks: Vec<StageHook> = hooks
        .filter_map(|at| hook(at.value, at.spot, place, findings))
        .collect();
    let people = hooks.iter().filter(|hook| hook.asks == Asked::Person);
    let people = people.count();
    if people > MOST || hooks.len() - people > MOST {
        let message =
            format!("a rollout has at most {MOST} hooks with a function, and {MOST} that pause");
        findings.bad_value(head, message);
    }
    hooks
}

fn hook(
    raw: EcsHookTable,
    spot: Spot,
    place: &EcsPlace,
    findings: &mut Findings,
) -> Option<StageHook> {
    let pauses = raw.pause.as_ref().is_some_and(|at| at.value);
    let stages = stages(raw.stages.as_ref()?, pauses, findings);
    let timeout = minutes(raw.timeout.as_ref(), findings);
    let on_timeout = raw.on_timeout.as_ref().map(|at| at.value.0);
    let asks = if pauses {
        for key in ["lambda", "role", "details"] {
            if raw.has(&[key]) {
                let message = format!(
                    "a hook that pauses waits for a person: `{key}` is of one with a function"
                );
                findings.problem(Problem::new("conflict", message).at(spot));
            }
        }
        Asked::Person
    } else {
        function(raw, spot, place, findings)?
    };
    Some(StageHook {
        stages,
        asks,
        timeout,
        on_timeout,
    })
}

fn function(
    raw: EcsHookTable,
    spot: Spot,
    place: &EcsPlace,
    findings: &mut Findings,
) -> Option<Asked> {
    if !raw.has(&["lambda"]) {
        let problem = Problem::new("missing-key", "this hook asks nobody").at(spot);
        let help = "give it `lambda`, the ARN of a function, or `pause = true` to wait for `deployer continue`";
        findings.problem(problem.help(help));
        return None;
    }
    if !raw.has(&["role"]) {
        findings.missing(spot, "role", "ECS calls the function by it");
    }
    let role = full_role("role", raw.role, place, findings);
    let function = raw.lambda?;
    arns::kind(
        &function,
        "lambda",
        "function:",
        "a Lambda function",
        findings,
    );
    Some(Asked::Lambda {
        function: function.value,
        role: role?,
        details: raw.details.map(|at| at.value.into_json()),
    })
}

fn stages(raw: &At<Vec<At<Stage>>>, pauses: bool, findings: &mut Findings) -> Vec<&'static str> {
    if raw.value.is_empty() {
        findings.bad_value(raw.head, "a hook runs at one stage at least");
    }
    let mut stages = Vec::new();
    for at in &raw.value {
        let word = at.value.0;
        if pauses && [TEST_SHIFT, PRODUCTION_SHIFT].contains(&word) {
            let message =
                "nobody is waited for while traffic shifts: pause at the stage before or after it";
            findings.bad_value(at.spot, message);
        }
        if stages.contains(&word) {
            findings
                .problem(Problem::new("duplicate-name", "this stage is listed twice").at(at.spot));
        } else {
            stages.push(word);
        }
    }
    stages
}
