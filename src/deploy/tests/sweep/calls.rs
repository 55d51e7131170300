//! The four sweeps over every request of every story: it fails, its reply is lost, the program is
//! killed at it and started again, it arrives twice.

use super::judge::{Findings, judge, judge_calm, truth};
use super::stage::Ran;
use super::story::{Staged, stage};
use super::wire::Mishap;
use sandbox::{Effect, Fault, Switches, World};

/// What the sweeps leave behind when a run could not go on: the same command again.
async fn again(staged: &Staged, ran: &Ran) -> Result<(), String> {
    let second = staged.again(&ran.world).run().await;
    judge(staged, &second, &[staged.story.exit])
        .map_err(|what| format!("after exit {:?} and again: {what}", ran.exit()))
}

/// One thing that goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Harm {
    /// Throttled, and the next so many as well.
    Throttled(u64),
    /// A 500 before anything was done, or although it was done.
    Failed,
    FailedAfter,
    /// The connection breaks after it was performed, or before.
    LostReply,
    LostRequest,
}

/// Each of them hits every write; a read gets them in turn, for they all come to the same there:
/// it is read again.
const HARMS: [Harm; 6] = [
    Harm::Throttled(1),
    Harm::LostReply,
    Harm::Throttled(3),
    Harm::FailedAfter,
    Harm::Failed,
    Harm::LostRequest,
];

impl Harm {
    fn fault(self, k: usize) -> Fault {
        let (effect, times) = match self {
            Self::Throttled(times) => (Effect::Throttle, times),
            Self::Failed => (Effect::ServerError, 1),
            Self::FailedAfter => (Effect::ServerErrorAfter, 1),
            Self::LostReply => (Effect::LoseReply, 1),
            Self::LostRequest => (Effect::DropRequest, 1),
        };
        Fault::new(effect)
            .nth(u64::try_from(k).unwrap())
            .times(times)
    }

    /// Those that this request has to stand.
    fn all(staged: &Staged, k: usize) -> Vec<Self> {
        if writes(staged, k) {
            return HARMS.to_vec();
        }
        vec![HARMS[k % HARMS.len()]]
    }
}

fn operation(staged: &Staged, k: usize) -> &str {
    let request = staged.calm.log.get(k - 1);
    request.map_or("", |request| request.operation.as_str())
}

fn writes(staged: &Staged, k: usize) -> bool {
    let operation = operation(staged, k);
    !["Describe", "List", "Get"]
        .iter()
        .any(|reads| operation.starts_with(reads))
}

fn place(staged: &Staged, k: usize, what: &str) -> String {
    format!(
        "{}, request {k} {}, {what}",
        staged.story.name,
        operation(staged, k)
    )
}

#[tokio::test(start_paused = true)]
async fn undisturbed_every_story_ends_as_it_should() {
    let mut findings = Findings::default();
    for staged in stage(&Switches::default()).await {
        findings.add(|| staged.story.name.to_owned(), judge_calm(&staged));
        let written =
            staged.calm.performed("UpdateService") + staged.calm.performed("CreateService");
        assert!(written <= 2 && staged.calm.performed("StopServiceDeployment") <= 1);
    }
    findings.end();
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_or_whose_reply_is_lost_changes_no_verdict() {
    let mut findings = Findings::default();
    for staged in stage(&Switches::default()).await {
        for k in 1..=staged.calm.log.len() {
            for harm in Harm::all(&staged, k) {
                let mut play = staged.play();
                play.faults = vec![harm.fault(k)];
                let ran = play.run().await;
                let place = || place(&staged, k, &format!("{harm:?}"));
                findings.add(place, judge(&staged, &ran, &[staged.story.exit]));
            }
        }
    }
    findings.end();
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_denied_is_told_and_running_again_goes_on() {
    let mut findings = Findings::default();
    for staged in stage(&Switches::default()).await {
        for k in 1..=staged.calm.log.len() {
            let mut play = staged.play();
            let nth = u64::try_from(k).unwrap();
            play.faults = vec![Fault::new(Effect::AccessDenied).nth(nth)];
            let ran = play.run().await;
            let place = || place(&staged, k, "denied");
            findings.add(place, judge(&staged, &ran, &[staged.story.exit, 1, 5]));
            if ran.exit() != Some(staged.story.exit) {
                findings.add(place, again(&staged, &ran).await);
            }
        }
    }
    findings.end();
}

/// Whether what was tried has failed and been gone back from: run again, it is tried once more.
fn is_over(staged: &Staged, world: &World) -> bool {
    let newest = world.rollouts().pop();
    let rolled_back = newest.is_some_and(|one| one.is_final && one.is_rolled_back);
    staged.story.exit == 10 && rolled_back
}

async fn kill_each(mishap: Mishap, only_writes: bool) {
    let mut findings = Findings::default();
    for staged in stage(&Switches::default()).await {
        for k in 1..=staged.calm.log.len() {
            if only_writes && !writes(&staged, k) {
                continue;
            }
            let mut play = staged.play();
            play.mishap = Some((k, mishap.clone()));
            let ran = play.run().await;
            assert_eq!(ran.exit(), None, "it is killed");
            let place = || place(&staged, k, "killed, run again");
            let second = staged.again(&ran.world).run().await;
            if is_over(&staged, &ran.world) {
                findings.add(place, truth(&staged, &second));
                assert_eq!(second.exit(), Some(10));
            } else {
                findings.add(place, judge(&staged, &second, &[staged.story.exit]));
            }
        }
    }
    findings.end();
}

#[tokio::test(start_paused = true)]
async fn killed_before_any_request_and_run_again_it_comes_to_the_same() {
    kill_each(Mishap::KillBefore, false).await;
}

#[tokio::test(start_paused = true)]
async fn killed_after_any_write_and_run_again_it_comes_to_the_same() {
    kill_each(Mishap::KillAfter, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_that_arrives_twice_is_performed_once() {
    let mut findings = Findings::default();
    for staged in stage(&Switches::default()).await {
        for k in (1..=staged.calm.log.len()).filter(|k| writes(&staged, *k)) {
            for second in [false, true] {
                let mut play = staged.play();
                play.mishap = Some((k, Mishap::Twice(second)));
                let ran = play.run().await;
                let place = || place(&staged, k, &format!("twice, second answer {second}"));
                findings.add(place, judge(&staged, &ran, &[staged.story.exit]));
            }
        }
    }
    findings.end();
}
