//! People: they interrupt, save plans for tomorrow, want nothing to run, and want to be sure.

use std::time::Duration;

use super::judge::{rest, rollouts, serving};
use super::others::{reason, rolling, runs};
use super::stage::{Act, Play, Ran, example, fresh, later, only};
use super::story::{Before, SCALING, TASK_ROLE, prepared};
use crate::event::EventKind;
use sandbox::{Behaviour, Effect, Fault, Switches, World};

const NO_ROLLBACK: (&str, &str) = ("rollback = true", "rollback = false");

const UNSCALED: (&str, &str) = (SCALING, "");

async fn interrupted(on_cancel: &str, after_ms: u64) -> Ran {
    let to = format!("on_cancel = \"{on_cancel}\"");
    let edits = [("on_cancel = \"detach\"", to.as_str())];
    let mut play = Play::new(runs().await, example(&edits, "v2"));
    play.signal_after = Some(Duration::from_millis(after_ms));
    play.run().await
}

#[tokio::test(start_paused = true)]
async fn a_signal_leaves_the_rollout_to_itself_or_goes_back() {
    for (on_cancel, stops, serves) in [("detach", 0, "v2"), ("rollback", 1, "v1")] {
        for after in [400, 900, 1_500, 2_300] {
            let ran = interrupted(on_cancel, after).await;
            assert_eq!(
                ran.exit(),
                Some(130),
                "{on_cancel} {after}: {}",
                reason(&ran)
            );
            assert!(ran.outcome.as_ref().unwrap().resume.is_some());
            assert_eq!(ran.performed("StopServiceDeployment"), stops);
            let end = later(ran.world, 120);
            assert_eq!(
                serving(&end).as_deref(),
                Some(serves),
                "{on_cancel} {after}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_before_anything_was_written_changes_nothing() {
    let world = runs().await;
    let mut play = Play::new(world.clone(), example(&[], "v2"));
    play.mishap = Some((1, super::wire::Mishap::Signal));
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(130));
    assert_eq!(rest(&ran.world), rest(&world));
}

async fn saved(world: &World, edits: &[(&str, &str)], tag: &str) -> Act {
    let mut play = Play::new(world.clone(), example(edits, tag));
    play.act = Act::Plan;
    Act::Perform(Box::new(play.run().await.plan.unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_is_performed_exactly_or_refused() {
    let world = runs().await;
    let edits = [(SCALING, "scaling = { min = 2, max = 7, cpu = 50 }")];
    let straight = Play::new(world.clone(), example(&edits, "v2")).run().await;
    let plan = saved(&world, &edits, "v2").await;
    // The file says something else by now.
    let mut play = Play::new(world.clone(), example(&[], "v3"));
    play.act = plan.clone();
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    assert_eq!(rest(&ran.world), rest(&straight.world));

    let elsewhere = Play::new(world, example(&[], "v9")).run().await;
    let moved = later(elsewhere.world, 60);
    let mut play = Play::new(moved.clone(), example(&edits, "v2"));
    play.act = plan;
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(4), "{}", reason(&ran));
    assert!(reason(&ran).contains("stale"), "{}", reason(&ran));
    assert_eq!(rest(&ran.world), rest(&moved));
}

#[tokio::test(start_paused = true)]
async fn zero_tasks_are_healthy_and_prove_nothing() {
    let edits = [UNSCALED, ("replicas = 2 ", "replicas = 0 ")];
    let ran = Play::new(fresh(), example(&edits, "crash")).run().await;
    let outcome = ran.outcome.unwrap();
    assert_eq!(
        (outcome.exit, outcome.proven),
        (0, false),
        "{}",
        outcome.reason
    );
    let ran = Play::new(later(ran.world, 60), example(&edits, "missing"))
        .run()
        .await;
    let outcome = ran.outcome.unwrap();
    assert_eq!(
        (outcome.exit, outcome.proven),
        (0, false),
        "{}",
        outcome.reason
    );
    let ran = Play::new(later(ran.world, 60), example(&edits, "missing"))
        .run()
        .await;
    let outcome = ran.outcome.unwrap();
    assert_eq!(
        (outcome.exit, outcome.proven),
        (0, false),
        "{}",
        outcome.reason
    );
}

#[tokio::test(start_paused = true)]
async fn a_bake_keeps_the_verdict_open() {
    let edits = [("deadline = \"30m\"", "deadline = \"30m\", bake = \"90s\"")];
    let ran = Play::new(runs().await, example(&edits, "v2")).run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    assert!(ran.took >= Duration::from_secs(90), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_goes_back_unless_that_is_off() {
    for (edits, exit, stops) in [(&[][..], 10, 1), (&[NO_ROLLBACK][..], 11, 0)] {
        let mut world = runs().await;
        world.switches_mut().crash_exits_count = false;
        let mut play = Play::new(world, example(edits, "crash"));
        let deadline = Duration::from_mins(4);
        only(&mut play.spec).rollout.policy.deadline = deadline;
        let ran = play.run().await;
        assert_eq!(ran.exit(), Some(exit), "{}", reason(&ran));
        assert_eq!(ran.performed("StopServiceDeployment"), stops);
        let most = deadline + Duration::from_mins(2);
        assert!(ran.took >= deadline && ran.took < most, "{:?}", ran.took);
    }
}

#[tokio::test(start_paused = true)]
async fn percentages_that_let_nothing_start_are_noted_and_end_at_the_deadline() {
    let five = [UNSCALED, ("replicas = 2 ", "replicas = 5 ")];
    let before = Play::new(fresh(), example(&five, "v1")).run().await;
    assert_eq!(before.exit(), Some(0));
    let mut world = later(before.world, 60);
    // A rollback to tasks that run already needs no room.
    world.switches_mut().rollback_adopts_tasks = true;
    let edits = [
        five[0],
        five[1],
        (
            TASK_ROLE,
            "maximum_percent = 110\nminimum_healthy_percent = 100\ntask_role      =",
        ),
    ];
    let ran = Play::new(world, example(&edits, "v2")).run().await;
    let notes = &ran.plan.as_ref().unwrap().notes;
    assert!(
        notes.iter().any(|note| note.code == "deadlock"),
        "{notes:?}"
    );
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
    assert_eq!(serving(&ran.world).as_deref(), Some("v1"));
}

/// Every request between these seconds of the run goes wrong like this.
fn weather(world: &World, effect: Effect, seconds: [i64; 2]) -> Vec<Fault> {
    let begin = world.elapsed_ms();
    let [from, until] = seconds.map(|second| begin + second * 1_000);
    vec![Fault::new(effect).times(0).between(from, until)]
}

async fn through(tag: &str, effect: Effect, seconds: [i64; 2]) -> Ran {
    let world = runs().await;
    let mut play = Play::new(world.clone(), example(&[], tag));
    play.faults = weather(&world, effect, seconds);
    play.run().await
}

#[tokio::test(start_paused = true)]
async fn bad_weather_delays_a_verdict_and_does_not_change_it() {
    let effects = [
        Effect::Throttle,
        Effect::ExpiredToken,
        Effect::ServerError,
        Effect::Refuse,
        Effect::DropRequest,
        Effect::Html { status: 502 },
    ];
    for effect in effects {
        for (tag, exit) in [("v2", 0), ("crash", 10), ("missing", 10)] {
            let ran = through(tag, effect.clone(), [1, 120]).await;
            assert_eq!(ran.exit(), Some(exit), "{effect:?} {tag}: {}", reason(&ran));
            assert!(ran.warned("not_seeing") && ran.warned("seeing_again"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn blindness_is_no_verdict() {
    for effect in [Effect::Throttle, Effect::ExpiredToken] {
        for tag in ["v2", "crash"] {
            let ran = through(tag, effect.clone(), [1, 600]).await;
            assert_eq!(ran.exit(), Some(13), "{effect:?} {tag}: {}", reason(&ran));
            assert!(ran.outcome.as_ref().unwrap().resume.is_some());
            assert_eq!(ran.performed("StopServiceDeployment"), 0);
            let took = ran.took.as_secs();
            assert!((300..340).contains(&took), "{took} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_ends_only_our_watch() {
    let mut play = Play::new(runs().await, example(&[], "v2"));
    play.conduct.timeout = Some(Duration::from_secs(2));
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(13), "{}", reason(&ran));
    assert!(ran.outcome.as_ref().unwrap().resume.is_some());
    assert_eq!(ran.took, Duration::from_secs(2));
    assert_eq!(serving(&later(ran.world, 60)).as_deref(), Some("v2"));
}

#[tokio::test(start_paused = true)]
async fn who_only_watches_never_writes() {
    // It sees how the platform itself ends it, and asks for nothing.
    for (tag, exit) in [("v2", 0), ("crash", 10), ("missing", 10)] {
        let mut play = Play::new(rolling(tag, 300).await, example(&[], tag));
        play.act = Act::Watch;
        play.conduct.intent.writes = false;
        let ran = play.run().await;
        assert_eq!(ran.exit(), Some(exit), "{tag}: {}", reason(&ran));
        let read = |name: &str| {
            name.starts_with("Describe") || name.starts_with("List") || name == "GetLogEvents"
        };
        assert!(
            ran.log.iter().all(|one| read(&one.operation)),
            "{:?}",
            ran.log
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_came_up_is_not_called_unchanged() {
    let ran = Play::new(fresh(), example(&[], "crash")).run().await;
    assert_eq!(ran.exit(), Some(11));
    let world = later(ran.world, 600);
    let made = rollouts(&world);
    for edits in [
        &[][..],
        &[(SCALING, "scaling = { min = 2, max = 7, cpu = 50 }")][..],
    ] {
        let ran = Play::new(world.clone(), example(edits, "crash"))
            .run()
            .await;
        assert_eq!(ran.exit(), Some(11), "{edits:?}: {}", reason(&ran));
        assert_eq!(rollouts(&ran.world), made);
        let evidence = |kind: &EventKind| matches!(kind, EventKind::PostMortem(_));
        assert!(ran.events.iter().any(|event| evidence(&event.kind)));
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_that_fail_long_after_a_good_rollout_are_seen_by_the_next_run() {
    let mut world = prepared(Before::Runs, &Switches::default()).await;
    let behaviour = Behaviour::Missing;
    world.set_image("*", behaviour);
    world.forget_tasks();
    let world = later(world, 120);
    let ran = Play::new(world, example(&[], "v1")).run().await;
    assert_eq!(ran.exit(), Some(11), "{}", reason(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_deleted_and_cannot_be_looked_at_is_not_called_unchanged() {
    let mut play = Play::new(runs().await, example(&[], "v1"));
    play.conduct.intent.destroy = true;
    // The plan and the last look before the first write come through.
    let denied = Fault::on("DescribeServices", Effect::AccessDenied);
    play.faults = vec![denied.nth(3).times(0)];
    let ran = play.run().await;
    assert_eq!(ran.performed("DeleteService"), 1);
    assert_eq!(ran.exit(), Some(13), "{}", reason(&ran));
    assert!(reason(&ran).contains("were made"), "{}", reason(&ran));
    assert!(ran.outcome.unwrap().resume.is_some());
}
