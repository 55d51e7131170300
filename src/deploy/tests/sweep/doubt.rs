//! What AWS does not document, one switch each: the verdict is right under all of them, alone and
//! together.

use super::judge::{Findings, judge_calm};
use std::time::Duration;

use super::stage::only;
use super::story::{Before, STORIES, Story, prepared};
use sandbox::{DeploymentApi, Ending, FailedEntry, SuccessfulOrder, Switches, World};

/// Stories that end as they do only because of a switch.
const MORE: [Story; 3] = [
    Story {
        name: "crash with rollback off",
        before: Before::Runs,
        edits: &[("rollback = true", "rollback = false")],
        tag: "crash",
        exit: 11,
        serves: None,
    },
    Story {
        name: "missing with rollback off",
        before: Before::Runs,
        edits: &[("rollback = true", "rollback = false")],
        tag: "missing",
        exit: 11,
        serves: None,
    },
    Story {
        name: "unhealthy",
        before: Before::Runs,
        edits: &[],
        tag: "unhealthy",
        exit: 10,
        serves: Some("v1"),
    },
];

type Turn = fn(&mut Switches);

/// Every position of every switch.
const TURNS: [(&str, &[Turn]); 14] = [
    (
        "breaker without rollback",
        &[
            |s| s.breaker_without_rollback = Ending::RollbackFailed,
            |s| s.breaker_without_rollback = Ending::InProgress,
            |s| s.breaker_without_rollback = Ending::Unchanged,
        ],
    ),
    (
        "no rollback candidate",
        &[
            |s| s.no_rollback_candidate = Ending::Stopped,
            |s| s.no_rollback_candidate = Ending::InProgress,
            |s| s.no_rollback_candidate = Ending::Unchanged,
        ],
    ),
    (
        "successful",
        &[|s| s.successful = SuccessfulOrder::AfterCompleted],
    ),
    (
        "deployment api",
        &[
            |s| s.deployment_api = DeploymentApi::Unknown,
            |s| s.deployment_api = DeploymentApi::Denied,
            |s| s.deployment_api = DeploymentApi::Empty,
        ],
    ),
    (
        "record delay",
        &[
            |s| s.record_delay_ms = 0,
            |s| s.record_delay_ms = 4_000,
            |s| s.record_delay_ms = 20_000,
        ],
    ),
    ("status reasons", &[|s| s.status_reasons = false]),
    ("rollout reasons", &[|s| s.rollout_reasons = false]),
    (
        "failed entry",
        &[
            |s| s.failed_entry = FailedEntry::Vanishes,
            |s| s.failed_entry = FailedEntry::Stays,
        ],
    ),
    ("crash exits", &[|s| s.crash_exits_count = false]),
    (
        "start failures",
        &[|s| s.start_failures_count_in_stage_two = true],
    ),
    ("candidate", &[|s| s.successful_is_candidate = false]),
    ("merge", &[|s| s.merge_deployment_configuration = false]),
    ("adopts", &[|s| s.rollback_adopts_tasks = true]),
    ("stale current", &[|s| s.stale_current_deployment = true]),
];

/// Without the calls that could stop a rollout, one that ECS itself does not end is not gone
/// back from.
fn expected(story: &Story, switches: &Switches) -> u8 {
    let stoppable = switches.deployment_api == DeploymentApi::Available;
    let counted = switches.crash_exits_count || story.tag != "crash";
    match story.exit {
        10 if !stoppable && !counted => 11,
        exit => exit,
    }
}

/// Plays stories in one cloud.
struct Cloud {
    words: String,
    switches: Switches,
    worlds: Vec<(Before, World)>,
}

impl Cloud {
    async fn new(words: String, switches: Switches) -> Self {
        let mut worlds = Vec::new();
        for before in [
            Before::Nothing,
            Before::Runs,
            Before::RunsUnscaled,
            Before::RunsForeign,
        ] {
            worlds.push((before, prepared(before, &switches).await));
        }
        Self {
            words,
            switches,
            worlds,
        }
    }

    async fn play(&self, findings: &mut Findings, story: &Story) {
        let exit = expected(story, &self.switches);
        let serves = if exit == story.exit {
            story.serves
        } else {
            None
        };
        let story = Story {
            exit,
            serves,
            ..*story
        };
        let found = self
            .worlds
            .iter()
            .find(|(before, _)| *before == story.before);
        let mut spec = story.spec();
        // Where ECS itself never ends a rollout, nobody has to wait for half an hour.
        only(&mut spec).rollout.policy.deadline = Duration::from_mins(2);
        let staged = story.staged_in(found.unwrap().1.clone(), spec).await;
        let place = || format!("{}, {}", story.name, self.words);
        findings.add(place, judge_calm(&staged));
    }
}

fn stories() -> impl Iterator<Item = Story> {
    STORIES.into_iter().chain(MORE)
}

#[tokio::test(start_paused = true)]
async fn every_verdict_is_right_whatever_one_switch_says() {
    let mut findings = Findings::default();
    for (name, positions) in TURNS {
        for (position, turn) in positions.iter().enumerate() {
            let mut switches = Switches::default();
            turn(&mut switches);
            let cloud = Cloud::new(format!("{name} {position}"), switches).await;
            for story in stories() {
                cloud.play(&mut findings, &story).await;
            }
        }
    }
    findings.end();
}

#[tokio::test(start_paused = true)]
async fn every_verdict_is_right_whatever_all_switches_say_together() {
    let mut findings = Findings::default();
    let mut chance: u64 = 1;
    // What nobody can stop is watched for a long time, even a virtual one: once is enough.
    let mut unstoppable = 0;
    for _ in 0..24 {
        let mut switches = Switches::default();
        for (_, positions) in TURNS {
            // Knuth's linear congruential generator; its high bits are good enough here.
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let pick = usize::try_from(chance >> 33).unwrap() % (positions.len() + 1);
            if let Some(turn) = positions.get(pick) {
                turn(&mut switches);
            }
        }
        let cloud = Cloud::new(format!("{switches:?}"), switches).await;
        for story in stories().filter(|story| story.exit != 0 || story.name == "update") {
            if expected(&story, &cloud.switches) != story.exit {
                unstoppable += 1;
                if unstoppable > 1 {
                    continue;
                }
            }
            cloud.play(&mut findings, &story).await;
        }
    }
    findings.end();
}
