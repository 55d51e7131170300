//! Others are at work at the same time: they deploy, stop, scale and race us.

use std::time::Duration;

use serde_json::json;

use super::judge::{KEY, Rest, rest, rollouts, serving};
use super::stage::{Act, Play, Ran, example, image, later};
use super::story::{Before, SCALING, prepared};
use super::wire::Mishap;
use crate::platform::IfBusy;
use sandbox::{Action, Behaviour, DeploymentApi, Planned, Switches, When, World};

pub(super) async fn runs() -> World {
    prepared(Before::Runs, &Switches::default()).await
}

pub(super) fn reason(ran: &Ran) -> &str {
    let outcome = ran.outcome.as_ref();
    outcome.map_or("", |outcome| outcome.reason.as_str())
}

/// Somebody does something so long after the first such request.
fn after(operation: &str, delay_ms: i64, action: Action) -> Planned {
    let operation = operation.to_owned();
    Planned {
        when: When::After {
            operation,
            nth: 1,
            delay_ms,
        },
        action,
        seen: 0,
    }
}

fn deploys(tag: &str) -> Action {
    Action::Deploy {
        cluster: "main".into(),
        service: "api-service".into(),
        image: image(tag),
    }
}

fn update(world: World, tag: &str) -> Play {
    Play::new(world, example(&[], tag))
}

/// A world in which somebody began to roll this tag out so many milliseconds ago.
pub(super) async fn rolling(tag: &str, ms: i64) -> World {
    let mut world = runs().await;
    world.add_planned(Planned {
        when: When::AtMs(world.elapsed_ms() + 1),
        action: deploys(tag),
        seen: 0,
    });
    let then = world.now() + jiff::SignedDuration::from_millis(ms + 1);
    world.tick(then);
    world
}

#[tokio::test(start_paused = true)]
async fn somebody_who_deploys_after_us_supersedes_us() {
    for api in [
        DeploymentApi::Available,
        DeploymentApi::Denied,
        DeploymentApi::Unknown,
        DeploymentApi::Empty,
    ] {
        for delay in [0, 300, 1_500, 2_000] {
            let mut world = runs().await;
            world.switches_mut().deployment_api = api;
            world.add_planned(after("UpdateService", delay, deploys("v9")));
            let ran = update(world, "v2").run().await;
            assert_eq!(ran.exit(), Some(12), "{api:?} {delay}: {}", reason(&ran));
            assert_eq!(ran.performed("StopServiceDeployment"), 0);
            let end = later(ran.world, 120);
            assert_eq!(serving(&end).as_deref(), Some("v9"), "{api:?} {delay}");
        }
    }
}

/// Somebody asks for the newest rollout to be stopped, just before this request of ours.
fn stops() -> Mishap {
    Mishap::change(|world| {
        let newest = world.rollouts().pop();
        let input = json!({"serviceDeploymentArn": newest.unwrap().arn});
        let action = Action::Request {
            service: "ecs".into(),
            operation: "StopServiceDeployment".into(),
            input,
        };
        let when = When::AtMs(world.elapsed_ms());
        world.add_planned(Planned {
            when,
            action,
            seen: 0,
        });
    })
}

#[tokio::test(start_paused = true)]
async fn somebody_who_stops_our_rollout_supersedes_us() {
    for reasons in [true, false] {
        let mut world = runs().await;
        world.switches_mut().status_reasons = reasons;
        let calm = update(world.clone(), "v2").run().await;
        let looks = calm
            .log
            .iter()
            .position(|one| one.operation == "UpdateService");
        // Requests of the first looks at the rollout.
        for k in looks.unwrap() + 3..looks.unwrap() + 8 {
            let mut play = update(world.clone(), "v2");
            play.mishap = Some((k, stops()));
            let ran = play.run().await;
            assert_eq!(ran.exit(), Some(12), "{k} {reasons}: {}", reason(&ran));
            assert_eq!(serving(&later(ran.world, 60)).as_deref(), Some("v1"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_goes_back_and_says_so() {
    for ms in [0, 500, 1_500, 2_000] {
        let mut play = update(rolling("v2", ms).await, "v2");
        play.act = Act::Cancel;
        let ran = play.run().await;
        assert_eq!(ran.exit(), Some(0), "{ms}: {}", reason(&ran));
        assert!(reason(&ran).starts_with("cancelled, as asked"));
        assert_eq!(serving(&ran.world).as_deref(), Some("v1"));
        assert_eq!(ran.performed("StopServiceDeployment"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_of_what_is_over_says_that_nothing_rolls() {
    let mut play = update(runs().await, "v1");
    play.act = Act::Cancel;
    let ran = play.run().await;
    assert_eq!((ran.exit(), rollouts(&ran.world)), (Some(0), 1));
}

async fn race(world: World, tags: [&str; 2], head_start_ms: u64) -> (Ran, Ran, World) {
    let latency = std::time::Duration::from_millis(80);
    let mut first = update(world.clone(), tags[0]);
    let mut second = update(world, tags[1]);
    first.latency = latency;
    second.latency = latency;
    let (sandbox, clock) = first.sandbox();
    let ahead = clock.now() + jiff::SignedDuration::from_millis(head_start_ms.cast_signed());
    let (one, other) = futures::join!(first.on(&sandbox, clock), async {
        clock.sleep_until(ahead).await;
        second.on(&sandbox, clock).await
    });
    let end = later(sandbox.with_world(|world| world.clone()).unwrap(), 120);
    (one, other, end)
}

#[tokio::test(start_paused = true)]
async fn of_two_who_update_at_once_one_wins_and_the_other_knows() {
    for head_start in [0, 40, 80, 120, 160, 200, 240, 320, 400] {
        let (one, other, end) = Box::pin(race(runs().await, ["v2", "v3"], head_start)).await;
        let exits = [one.exit().unwrap(), other.exit().unwrap()];
        let words = format!(
            "{head_start}: {exits:?}: {} | {}",
            reason(&one),
            reason(&other)
        );
        match exits {
            // Whoever lost may have registered a revision before: 5.
            [0, 4 | 5] => assert_eq!(serving(&end).as_deref(), Some("v2"), "{words}"),
            [4 | 5 | 12, 0] => assert_eq!(serving(&end).as_deref(), Some("v3"), "{words}"),
            _ => assert_eq!(exits, [0, 4], "{words}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_who_create_at_once_one_wins_and_the_other_knows() {
    for head_start in [0, 40, 80, 160, 240] {
        for tags in [["v1", "v2"], ["v1", "v1"]] {
            let (one, other, end) = Box::pin(race(super::stage::fresh(), tags, head_start)).await;
            let exits = [one.exit().unwrap(), other.exit().unwrap()];
            let words = format!(
                "{head_start}: {exits:?}: {} | {}",
                reason(&one),
                reason(&other)
            );
            assert!(
                exits.contains(&0) && exits.iter().all(|exit| [0, 1, 4, 5].contains(exit)),
                "{words}"
            );
            let winner = exits.iter().position(|exit| *exit == 0).unwrap();
            assert_eq!(serving(&end).as_deref(), Some(tags[winner]), "{words}");
            assert_eq!(rollouts(&end), 1, "{words}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_that_the_autoscaler_moves_meanwhile_is_kept() {
    for delay in [0, 500, 1_500, 2_500, 4_000] {
        let mut world = runs().await;
        let action = Action::Autoscale {
            cluster: "main".into(),
            service: "api-service".into(),
            desired: 6,
        };
        world.add_planned(after("UpdateService", delay, action));
        let ran = update(world, "v2").run().await;
        assert_eq!(ran.exit(), Some(0), "{delay}: {}", reason(&ran));
        let end = later(ran.world, 60);
        assert_eq!(
            (
                serving(&end).as_deref(),
                end.service(KEY)["desired"].as_i64()
            ),
            (Some("v2"), Some(6))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn while_another_rollout_is_under_way_if_busy_decides() {
    for tag in ["v9", "crash"] {
        for (if_busy, exit, serves) in [
            (IfBusy::Refuse, 4, if tag == "v9" { "v9" } else { "v1" }),
            (IfBusy::Wait, 0, "v2"),
            (IfBusy::Supersede, 0, "v2"),
        ] {
            let mut play = update(rolling(tag, 700).await, "v2");
            play.conduct.intent.if_busy = if_busy;
            let ran = play.run().await;
            assert_eq!(
                ran.exit(),
                Some(exit),
                "{tag} {if_busy:?}: {}",
                reason(&ran)
            );
            let end = later(ran.world, 120);
            assert_eq!(serving(&end).as_deref(), Some(serves), "{tag} {if_busy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_to_change_over_a_rollout_is_judged_by_its_end() {
    for (tag, exit) in [("v2", 0), ("crash", 10), ("missing", 10), ("unhealthy", 10)] {
        for ms in [0, 500, 1_000, 2_000] {
            let ran = update(rolling(tag, ms).await, tag).run().await;
            assert_eq!(ran.exit(), Some(exit), "{tag} {ms}: {}", reason(&ran));
            assert_eq!(rollouts(&ran.world), 2, "{tag} {ms}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn scaling_that_waits_goes_on_once_a_rollout_under_way_is_healthy() {
    let edits = [(SCALING, "scaling = { min = 2, max = 7, cpu = 50 }")];
    let whole = Play::new(runs().await, example(&edits, "v2")).run().await;
    let expected: Rest = rest(&whole.world);
    for ms in [0, 500, 1_500, 2_500] {
        let ran = Play::new(rolling("v2", ms).await, example(&edits, "v2"))
            .run()
            .await;
        assert_eq!(ran.exit(), Some(0), "{ms}: {}", reason(&ran));
        assert_eq!(rest(&ran.world), expected, "{ms}");
    }
    let ran = Play::new(rolling("crash", 500).await, example(&edits, "crash"))
        .run()
        .await;
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
    assert_eq!(
        ran.performed("RegisterScalableTarget") + ran.performed("PutScalingPolicy"),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_warns_of_a_rollout_that_is_under_way_and_not_of_one_that_is_over() {
    // ECS calls it successful a while before it calls it complete: longer than from look to look.
    let mut world = runs().await;
    world.timings_mut().completed_lag_ms = 10_000;
    let over = update(world, "v2").run().await;
    assert_eq!(over.exit(), Some(0));
    assert_ne!(
        over.world.service(KEY)["state"],
        "COMPLETED",
        "there would be nothing to see"
    );
    for (world, warns) in [(over.world, false), (rolling("v2", 700).await, true)] {
        let mut play = update(world, "v3");
        play.act = Act::Plan;
        play.conduct.intent.writes = false;
        assert_eq!(play.run().await.warned("busy"), warns);
    }
}

/// A first deployment of an image that behaves so, some seconds after its begin.
async fn first(behaviour: Option<Behaviour>) -> World {
    let mut world = super::stage::fresh();
    // The next attempt comes late.
    world.timings_mut().backoff_ms = 600_000;
    if let Some(behaviour) = behaviour {
        world.set_image(&image("v1"), behaviour);
    }
    let mut play = update(world, "v1");
    play.conduct.timeout = Some(Duration::from_millis(1_500));
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(13), "{}", reason(&ran));
    ran.world
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_that_fails_holds_up_no_corrected_one() {
    for behaviour in [
        Behaviour::SecretMissing,
        Behaviour::PullDenied,
        Behaviour::PullTimeout,
        Behaviour::Missing,
    ] {
        for if_busy in [IfBusy::Refuse, IfBusy::Wait] {
            let mut play = update(first(Some(behaviour.clone())).await, "v2");
            play.conduct.intent.if_busy = if_busy;
            let ran = play.run().await;
            assert_eq!(ran.exit(), Some(0), "{behaviour:?}: {}", reason(&ran));
            assert!(ran.took < Duration::from_mins(1), "{:?}", ran.took);
            let notes = &ran.plan.as_ref().unwrap().notes;
            let told = notes.iter().find(|note| note.code == "replaces_failing");
            assert!(told.is_some(), "{behaviour:?}: {notes:?}");
        }
    }
    // One that does not fail does.
    let ran = update(first(None).await, "v2").run().await;
    assert_eq!(ran.exit(), Some(4), "{}", reason(&ran));
}

/// Somebody else sets the count.
fn counts(count: u32) -> Action {
    Action::Request {
        service: "ecs".into(),
        operation: "UpdateService".into(),
        input: json!({"cluster": "main", "service": "api-service", "desiredCount": count}),
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_set_to_zero_among_failures_is_never_healthy() {
    let mut superseded = 0;
    for ms in (2_000..12_000).step_by(1_000) {
        let mut world = runs().await;
        world.add_planned(after("UpdateService", ms, counts(0)));
        let ran = update(world, "crash").run().await;
        let failed = ran.told_of_failures();
        assert!(!failed || ran.exit() != Some(0), "{ms}: {}", reason(&ran));
        superseded += u32::from(failed && ran.exit() == Some(12));
    }
    assert!(superseded > 0);
}

#[tokio::test(start_paused = true)]
async fn a_broken_image_that_new_bounds_would_start_after_the_verdict_goes_back() {
    let mut world = runs().await;
    let bounds = Action::Request {
        service: "application-autoscaling".into(),
        operation: "RegisterScalableTarget".into(),
        input: json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/api-service",
            "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 0}),
    };
    for (ms, action) in [(1, bounds), (2, counts(0))] {
        let when = When::AtMs(world.elapsed_ms() + ms);
        world.add_planned(Planned {
            when,
            action,
            seen: 0,
        });
    }
    let asleep = later(world, 60);
    let ran = update(asleep, "crash").run().await;
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
}
