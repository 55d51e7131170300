//! Rollouts that shift traffic: every strategy, and every end that one can come to.

use std::time::Duration;

use serde_json::Value;

use super::judge::serving;
use super::others::{reason, runs};
use super::stage::{Act, GROUP, Play, Ran, example, later};
use crate::event::EventKind;
use crate::spec::Spec;
use sandbox::{Action, Planned, When, World};

const PAUSE: &str =
    "hooks = [{ stages = [\"post_test_traffic_shift\"], pause = true, timeout = \"5m\"";

/// The target group, and the one that traffic shifts to.
fn pair() -> String {
    let of = |kind: &str| format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:{kind}");
    let (group, rule) = (of("targetgroup"), of("listener-rule/app/front/1/2"));
    format!(
        "target_group = {{ arn = \"{group}/api/0123456789abcdef\", alternate = \"{group}/api-2/0123456789abcdef\", \
         production_rule = \"{rule}/3\", test_rule = \"{rule}/4\", role = \"ecsTraffic\" }}"
    )
}

fn shifting(words: &str, tag: &str) -> Spec {
    let table = format!("[service.api.ecs]\n{words}");
    let pair = pair();
    let edits = [
        ("[service.api.ecs]", table.as_str()),
        (GROUP, pair.as_str()),
    ];
    example(&edits, tag)
}

/// A hook with a function of that name.
fn lambda(stage: &str, name: &str, more: &str) -> String {
    format!(
        "hooks = [{{ stages = [\"{stage}\"], lambda = \"arn:aws:lambda:us-east-1:123456789012:function:{name}\", \
         role = \"ecsHooks\"{more} }}]"
    )
}

/// A world in which the service runs and shifts traffic so.
async fn shifted(words: &str) -> World {
    let ran = Play::new(runs().await, shifting(words, "v1")).run().await;
    assert_eq!(ran.exit(), Some(0), "{words}: {}", reason(&ran));
    later(ran.world, 60)
}

async fn update(world: World, words: &str, tag: &str) -> Ran {
    Play::new(world, shifting(words, tag)).run().await
}

/// Rolls v2 out where v1 runs with the same words.
async fn rolled(words: &str) -> Ran {
    update(shifted("strategy = \"blue_green\"").await, words, "v2").await
}

fn waited(ran: &Ran) -> Vec<String> {
    let text = |kind: &EventKind| match kind {
        EventKind::Waiting { text } => Some(text.clone()),
        _ => None,
    };
    ran.events
        .iter()
        .filter_map(|event| text(&event.kind))
        .collect()
}

fn words(ran: &Ran) -> Vec<String> {
    let word = |kind: &EventKind| match kind {
        EventKind::Phase { word, .. } => Some(word.clone()),
        _ => None,
    };
    ran.events
        .iter()
        .filter_map(|event| word(&event.kind))
        .collect()
}

/// Somebody answers the hook that a rollout waits at, so long after its begin.
fn answers(world: &mut World, goes_on: bool) {
    world.add_planned(Planned {
        when: When::After {
            operation: "UpdateService".into(),
            nth: 1,
            delay_ms: 8_000,
        },
        action: Action::Answer {
            cluster: "main".into(),
            service: "api-service".into(),
            goes_on,
        },
        seen: 0,
    });
}

#[tokio::test(start_paused = true)]
async fn every_strategy_ends_well_and_leaves_nothing_to_do() {
    for strategy in [
        "strategy = \"blue_green\"\nbake = \"2m\"",
        "strategy = { linear = \"25%\", step_bake = \"1m\" }\nbake = \"1m\"",
        "strategy = { canary = \"5%\", step_bake = \"3m\" }",
    ] {
        let words_of = strategy;
        let world = shifted(strategy).await;
        let ran = update(world, strategy, "v2").await;
        assert_eq!(ran.exit(), Some(0), "{words_of}: {}", reason(&ran));
        let told = words(&ran);
        let shown = told
            .iter()
            .any(|word| word.contains("PRODUCTION_TRAFFIC_SHIFT"));
        let baked = waited(&ran)
            .iter()
            .any(|text| text.starts_with("the next step") || text.starts_with("the bake time"));
        assert!(shown && baked, "{words_of}: {told:?} {:?}", waited(&ran));
        let world = later(ran.world, 60);
        assert_eq!(serving(&world).as_deref(), Some("v2"));
        let again = update(world, strategy, "v2").await;
        assert_eq!(again.exit(), Some(0));
        assert!(again.plan.unwrap().is_empty(), "{words_of}");
        assert_eq!(
            again
                .log
                .iter()
                .filter(|one| one.operation == "UpdateService")
                .count(),
            0
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_strategy_that_leaves_the_file_ends_and_that_is_said() {
    let world = shifted("strategy = { linear = \"50%\" }\nbake = \"5m\"").await;
    let mut play = Play::new(world, example(&[], "v2"));
    play.act = Act::Plan;
    let notes = play.clone().run().await.plan.unwrap().notes;
    assert!(
        notes.iter().any(|note| note.code == "strategy_ends"),
        "{notes:?}"
    );
    play.act = Act::Apply;
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    let settings = ran.world.service("main/api-service")["settings"]["deployment"].clone();
    assert_eq!(settings["strategy"], "ROLLING");
    assert_eq!(settings["bakeTimeInMinutes"], 0);
    assert_eq!(settings["linearConfiguration"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_or_hangs_is_a_trip_with_its_own_words() {
    let more = ", timeout = \"2m\"";
    for (name, said) in [
        ("smoke-fail", "smoke-fail returned FAILED"),
        ("smoke-hang", "smoke-hang timed out"),
    ] {
        let hook = lambda("post_test_traffic_shift", name, more);
        let ran = rolled(&format!("strategy = \"blue_green\"\n{hook}")).await;
        assert_eq!(ran.exit(), Some(10), "{name}: {}", reason(&ran));
        assert!(reason(&ran).contains(said), "{}", reason(&ran));
        assert_eq!(
            ran.performed("StopServiceDeployment"),
            0,
            "ECS goes back by itself"
        );
        assert_eq!(serving(&later(ran.world, 60)).as_deref(), Some("v1"));
    }
    let hook = lambda(
        "post_test_traffic_shift",
        "smoke-hang",
        ", timeout = \"2m\", on_timeout = \"continue\"",
    );
    let ran = rolled(&format!("strategy = \"blue_green\"\n{hook}")).await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_hook_without_the_reason_of_ecs_is_told_by_what_it_said() {
    let mut world = shifted("strategy = \"blue_green\"").await;
    world.switches_mut().status_reasons = false;
    let hook = lambda("pre_scale_up", "smoke-fail", "");
    let ran = update(world, &format!("strategy = \"blue_green\"\n{hook}"), "v2").await;
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
    assert!(reason(&ran).contains("smoke-fail"), "{}", reason(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_pause_goes_on_or_back_as_somebody_answers() {
    for (goes_on, exit, serves) in [(true, 0, "v2"), (false, 10, "v1")] {
        let mut world = shifted("strategy = \"blue_green\"").await;
        world.timings_mut().minute_ms = 60_000;
        answers(&mut world, goes_on);
        let ran = update(
            world,
            &format!("strategy = \"blue_green\"\n{PAUSE} }}]"),
            "v2",
        )
        .await;
        assert_eq!(ran.exit(), Some(exit), "{}", reason(&ran));
        let told = waited(&ran);
        assert!(
            told.iter()
                .any(|text| text.contains("`deployer continue api`")),
            "{told:?}"
        );
        assert_eq!(serving(&later(ran.world, 60)).as_deref(), Some(serves));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_nobody_answers_ends_as_it_says() {
    for (more, exit) in [(" }]", 10), (", on_timeout = \"continue\" }]", 0)] {
        let ran = rolled(&format!("strategy = \"blue_green\"\n{PAUSE}{more}")).await;
        assert_eq!(ran.exit(), Some(exit), "{more}: {}", reason(&ran));
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_stands_still_while_a_person_or_the_bake_time_is_waited_for() {
    let words = format!(
        "strategy = \"blue_green\"\nbake = \"45m\"\n{PAUSE}, on_timeout = \"continue\" }}]"
    );
    let words = words.replace("\"5m\"", "\"40m\"");
    let mut world = shifted("strategy = \"blue_green\"").await;
    world.timings_mut().minute_ms = 60_000;
    let ran = update(world, &words, "v2").await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    assert!(ran.took > Duration::from_mins(85), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn failing_tasks_trip_the_breaker_before_any_traffic_moves() {
    for tag in ["crash", "missing"] {
        let world = shifted("strategy = \"blue_green\"").await;
        let ran = update(world, "strategy = \"blue_green\"", tag).await;
        assert_eq!(ran.exit(), Some(10), "{tag}: {}", reason(&ran));
        assert!(ran.told_of_failures());
        assert_eq!(serving(&later(ran.world, 60)).as_deref(), Some("v1"));
    }
}

#[tokio::test(start_paused = true)]
async fn continue_answers_what_waits_and_refuses_where_nothing_does() {
    let words = format!("strategy = \"blue_green\"\n{PAUSE} }}]");
    let mut world = shifted("strategy = \"blue_green\"").await;
    world.timings_mut().minute_ms = 60_000;
    let answer = async |world: World, goes_on: bool| {
        let mut play = Play::new(world, shifting(&words, "v2"));
        play.act = Act::Continue(goes_on);
        play.run().await
    };
    let ran = answer(world.clone(), true).await;
    assert_eq!(ran.exit(), Some(4), "{}", reason(&ran));
    assert!(
        reason(&ran).contains("no rollout is under way"),
        "{}",
        reason(&ran)
    );
    let mut play = Play::new(world, shifting(&words, "v2"));
    play.conduct.timeout = Some(Duration::from_secs(20));
    let left = play.run().await;
    assert_eq!(left.exit(), Some(13), "{}", reason(&left));
    for (goes_on, serves) in [(true, "v2"), (false, "v1")] {
        let ran = answer(left.world.clone(), goes_on).await;
        assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
        assert_eq!(ran.performed("ContinueServiceDeployment"), 1);
        assert_eq!(serving(&later(ran.world, 120)).as_deref(), Some(serves));
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_in_the_bake_time_takes_all_traffic_back() {
    let mut world = shifted("strategy = \"blue_green\"").await;
    world.timings_mut().minute_ms = 60_000;
    let words = "strategy = \"blue_green\"\nbake = \"30m\"";
    let mut play = Play::new(world, shifting(words, "v2"));
    play.conduct.timeout = Some(Duration::from_mins(5));
    let left = play.run().await;
    assert_eq!(left.exit(), Some(13), "{}", reason(&left));
    let mut play = Play::new(left.world, shifting(words, "v2"));
    play.act = Act::Cancel;
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    assert_eq!(ran.performed("StopServiceDeployment"), 1);
    assert_eq!(serving(&later(ran.world, 60)).as_deref(), Some("v1"));
}
