//! How a rollout goes on ECS: within which percentages, what trips it, and how traffic moves to what is new.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Shape, Table, table, word, words_schema};
use crate::spec::tree::{Node, Value};
use crate::spec::units::Time;
use crate::spec::words::ecs::hooks::{StageHook, hooks};
use crate::spec::words::ecs::{EcsTable, Scene};
use crate::spec::words::scaling::{ScalingTable, balanced};
use crate::spec::words::target_groups::TargetGroup;

/// A day: the longest of the API's bake times.
const DAY: u64 = 86_400;

/// How long both revisions run side by side, up to 24 hours.
pub(in crate::spec) type Bake = Time<0, DAY>;

table! {
    /// In which steps a rollout moves traffic to what is new.
    "strategy" StrategyTable {
        /// In equal steps of so much, 3% to 100%.
        linear: Share,
        /// First only so much, 0.1% to 100%, then all the rest.
        canary: Share,
        /// Between two steps it waits so long. Default: 6m for linear, 10m for canary.
        step_bake: Bake,
    }
}

/// A share of the traffic, in tenths of a percent, which is as fine as the API takes it.
#[derive(Clone, Copy)]
pub(in crate::spec) struct Share(u32);

static SHARE: Pattern = Pattern::new("[0-9]{1,3}(?:\\.[0-9])? ?%");

impl Shape for Share {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let share = node
            .word()
            .filter(|text| SHARE.holds(text))
            .and_then(tenths);
        if share.is_none() {
            let message = "this is not a share of the traffic: write \"10%\", or \"2.5%\"";
            findings.bad_value(node.spot, message);
        }
        share.map(Self)
    }

    fn schema() -> Json {
        SHARE.schema()
    }
}

fn tenths(text: &str) -> Option<u32> {
    let number = text.trim_end_matches([' ', '%']);
    let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
    Some(whole.parse::<u32>().ok()? * 10 + tenth.parse::<u32>().ok()?)
}

/// A strategy as it is written: its name alone, or with its steps.
pub(in crate::spec) enum StrategyWord {
    Named(&'static str),
    Steps(Box<StrategyTable>),
}

const NAMES: [&str; 4] = ["rolling", "blue_green", "linear", "canary"];

impl Shape for StrategyWord {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            let table = StrategyTable::read(node, findings)?;
            return Some(Self::Steps(Box::new(table)));
        }
        word(node, "a strategy", &NAMES, findings).map(Self::Named)
    }

    fn schema() -> Json {
        json!({ "anyOf": [words_schema(&NAMES), StrategyTable::schema()] })
    }
}

/// How traffic moves to what is new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Task by task.
    #[default]
    Rolling,
    /// All at once, when all of it is up.
    BlueGreen,
    /// In equal steps.
    Linear {
        /// Tenths of a percent.
        step: u32,
        /// Minutes.
        bake: u32,
    },
    /// A little at first, then the rest.
    Canary {
        /// Tenths of a percent.
        first: u32,
        /// Minutes.
        bake: u32,
    },
}

/// How traffic moves, and what is asked on the way.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TrafficShift {
    pub(crate) strategy: Strategy,
    /// So many minutes both revisions run after all traffic has moved.
    pub(crate) bake: u32,
    /// What is asked on the way.
    pub(crate) hooks: Vec<StageHook>,
}

impl TrafficShift {
    /// How long a rollout may wait on its way: bake times, and every hook as long as it may take.
    pub(crate) fn longest(&self) -> Duration {
        let steps = match self.strategy {
            Strategy::Rolling => return Duration::ZERO,
            Strategy::BlueGreen => 0,
            Strategy::Linear { step, bake } => (1000_u32.div_ceil(step.max(1)) - 1) * bake,
            Strategy::Canary { bake, .. } => bake,
        };
        let hooks = self.hooks.iter().map(StageHook::longest);
        Duration::from_mins(u64::from(self.bake) + u64::from(steps) + hooks.sum::<u64>())
    }
}

/// Minutes, which is as fine as the API takes it.
pub(super) fn minutes<const MIN: u64, const MAX: u64>(
    at: Option<&At<Time<MIN, MAX>>>,
    findings: &mut Findings,
) -> Option<u32> {
    let at = at?;
    let seconds = at.value.0.as_secs();
    if seconds % 60 != 0 {
        findings.bad_value(at.spot, "must be a number of whole minutes");
    }
    u32::try_from(seconds / 60).ok()
}

/// How traffic moves, as the file says it.
pub(super) fn shift(
    raw: &mut EcsTable,
    groups: &[TargetGroup],
    scaling: Option<&At<ScalingTable>>,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> TrafficShift {
    let written = raw.strategy.take();
    let head = written.as_ref().map(|at| at.head);
    let asks = raw.hooks.as_ref().map(|at| at.head);
    let strategy = written.map_or(Strategy::Rolling, |at| strategy(at, findings));
    let shift = TrafficShift {
        strategy,
        bake: minutes(raw.bake.as_ref(), findings).unwrap_or(0),
        hooks: hooks(raw.hooks.take(), scene.place, findings),
    };
    let Some(head) = head.filter(|_| strategy != Strategy::Rolling) else {
        if !raw.has(&["strategy"]) || head.is_some() {
            only_shifting(raw, asks, findings);
        }
        return shift;
    };
    if let Some(group) = groups.iter().find(|group| group.shift.is_none()) {
        let message = "a rollout that shifts traffic needs a second target group beside each";
        let problem = Problem::new("missing-key", message).at(head);
        let name = group.arn.resource().split('/').nth(1).unwrap_or("?");
        findings.problem(problem.help(format!(
            "target_groups = [{{ arn = \"…/{name}/…\", alternate = \"…\", production_rule = \"…\", role = \"…\" }}]"
        )));
    }
    if let Some((aim, what)) = scaling.and_then(|at| balanced(&at.value)) {
        let message = format!(
            "ECS cannot scale on {what} where a rollout shifts traffic between two target groups"
        );
        findings.problem(
            Problem::new("conflict", message)
                .at(aim)
                .also(head, "the strategy"),
        );
    }
    shift
}

/// `bake` and `hooks` mean nothing to a rolling update.
fn only_shifting(raw: &EcsTable, asks: Option<Spot>, findings: &mut Findings) {
    let bake = raw.bake.as_ref().map(|at| at.head);
    for (key, at) in [("bake", bake), ("hooks", asks)] {
        if let Some(spot) = at {
            let message = format!("`{key}` needs a `strategy` that shifts traffic");
            let problem = Problem::new("missing-key", message).at(spot);
            findings
                .problem(problem.help("strategy = \"blue_green\", or \"linear\", or \"canary\""));
        }
    }
}

/// The bounds and defaults are those of the Amazon ECS API reference, `LinearConfiguration` and
/// `CanaryConfiguration`.
fn strategy(at: At<StrategyWord>, findings: &mut Findings) -> Strategy {
    let linear = Strategy::Linear { step: 100, bake: 6 };
    let canary = Strategy::Canary {
        first: 50,
        bake: 10,
    };
    let table = match at.value {
        StrategyWord::Named("blue_green") => return Strategy::BlueGreen,
        StrategyWord::Named("linear") => return linear,
        StrategyWord::Named("canary") => return canary,
        StrategyWord::Named(_) => return Strategy::Rolling,
        StrategyWord::Steps(table) => table,
    };
    let bake = minutes(table.step_bake.as_ref(), findings);
    match (&table.linear, &table.canary) {
        (Some(one), Some(other)) => {
            let problem = Problem::new("conflict", "`linear` and `canary` exclude each other");
            findings.problem(problem.at(other.head).also(one.head, "the steps"));
            linear
        }
        (Some(share), None) => {
            if !(30..=1000).contains(&share.value.0) {
                findings.bad_value(share.spot, "a step must be from 3% to 100%");
            }
            Strategy::Linear {
                step: share.value.0,
                bake: bake.unwrap_or(6),
            }
        }
        (None, Some(share)) => {
            if !(1..=1000).contains(&share.value.0) {
                findings.bad_value(share.spot, "must be from 0.1% to 100%");
            }
            Strategy::Canary {
                first: share.value.0,
                bake: bake.unwrap_or(10),
            }
        }
        (None, None) => {
            if !table.has(&["linear", "canary"]) {
                let problem =
                    Problem::new("missing-key", "this strategy says no steps").at(at.spot);
                findings.problem(problem.help("{ linear = \"10%\" }, or { canary = \"5%\" }"));
            }
            linear
        }
    }
}

pub(super) fn alarms(raw: Option<At<Vec<At<Filled>>>>, findings: &mut Findings) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for at in raw.map(|at| at.value).unwrap_or_default() {
        if names.contains(&at.value.0) {
            findings
                .problem(Problem::new("duplicate-name", "this alarm is listed twice").at(at.spot));
        }
        names.push(at.value.0);
    }
    names
}
