//! The rollout is tripped at every request: the image begins to crash, or an alarm goes off.

use super::judge::{Findings, judge};
use super::stage::image;
use super::story::{Before, STORIES, Staged, Story, TASK_ROLE};
use super::wire::Mishap;
use sandbox::{Behaviour, Switches};

const ALARM: (&str, &str) = (TASK_ROLE, "alarms = [\"api-5xx\"]\ntask_role      =");

async fn trip_each(findings: &mut Findings, staged: &Staged, mishap: &Mishap, tripped: u8) {
    let mut exits = Vec::new();
    for k in 1..=staged.calm.log.len() {
        let mut play = staged.play();
        play.mishap = Some((k, mishap.clone()));
        let ran = play.run().await;
        exits.extend(ran.exit());
        let place = || format!("{}, from request {k} on", staged.story.name);
        findings.add(place, judge(staged, &ran, &[staged.story.exit, tripped]));
    }
    assert!(exits.contains(&tripped), "{}: {exits:?}", staged.story.name);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_begins_to_crash_trips_the_rollout_or_comes_too_late() {
    let mut findings = Findings::default();
    // Where a count follows, a task that crashes later is no matter of the rollout.
    let counts = |story: &&Story| {
        story
            .edits
            .iter()
            .any(|(from, _)| from.starts_with("replicas"))
    };
    for story in STORIES
        .iter()
        .filter(|story| story.exit == 0 && !counts(story))
    {
        let staged = story.staged(&Switches::default()).await;
        let tag = image(story.tag);
        let crash = Behaviour::Crash {
            exit_code: 3,
            after_ms: None,
        };
        let mishap = Mishap::change(move |world| world.set_image(&tag, crash.clone()));
        if rollouts_begin(&staged) {
            let tripped = if story.before == Before::Nothing {
                11
            } else {
                10
            };
            trip_each(&mut findings, &staged, &mishap, tripped).await;
        }
    }
    findings.end();
}

fn rollouts_begin(staged: &Staged) -> bool {
    super::judge::rollouts(&staged.calm.world) > super::judge::rollouts(&staged.world)
}

#[tokio::test(start_paused = true)]
async fn an_alarm_trips_the_rollout_or_comes_too_late() {
    let mut findings = Findings::default();
    let story = Story {
        name: "update with an alarm",
        before: Before::Runs,
        edits: &[ALARM],
        tag: "v2",
        exit: 0,
        serves: Some("v2"),
    };
    let staged = story.staged(&Switches::default()).await;
    let mishap = Mishap::change(|world| world.set_alarm("api-5xx", true));
    trip_each(&mut findings, &staged, &mishap, 10).await;
    findings.end();
}
