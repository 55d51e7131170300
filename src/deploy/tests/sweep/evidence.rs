//! The evidence of a failure is gathered while it is there.

use super::others::{reason, runs};
use super::stage::{Play, Ran, example, fresh, image, later};
use crate::event::{EventKind, PostMortem};
use crate::rollout::Cause;
use sandbox::{Behaviour, Effect, Fault, Timings, World};

fn evidence(ran: &Ran) -> &PostMortem {
    let told = ran.events.iter().find_map(|event| match &event.kind {
        EventKind::PostMortem(evidence) => Some(evidence),
        _ => None,
    });
    told.unwrap()
}

#[tokio::test(start_paused = true)]
async fn targets_that_failed_are_shown_though_the_rollback_took_them_away() {
    let mut world = runs().await;
    *world.timings_mut() = Timings::aws();
    let behaviour = Behaviour::TargetUnhealthy {
        reason: "Target.ResponseCodeMismatch".into(),
        description: "Health checks failed with these codes: [503]".into(),
    };
    world.set_image(&image("v2"), behaviour);
    let ran = Play::new(world, example(&[], "v2")).run().await;
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
    let targets = &evidence(&ran).targets;
    assert!(
        targets.iter().any(|target| target.contains("[503]")),
        "{targets:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollout_whose_targets_are_well_asks_for_their_health_rarely() {
    let mut world = runs().await;
    *world.timings_mut() = Timings::aws();
    let ran = Play::new(world, example(&[], "v2")).run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    let asked = ran.performed("DescribeTargetHealth");
    let most = usize::try_from(ran.took.as_secs() / 10).unwrap();
    assert!((1..=most).contains(&asked), "{asked} in {:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_that_never_answers_delays_no_look() {
    let mut world = runs().await;
    *world.timings_mut() = Timings::aws();
    let calm = Play::new(world.clone(), example(&[], "v2")).run().await;
    let mut play = Play::new(world, example(&[], "v2"));
    let silence = Effect::Delay { ms: 3_600_000 };
    play.faults = vec![Fault::on("DescribeTargetHealth", silence).times(0)];
    let ran = play.run().await;
    assert_eq!((ran.exit(), ran.took), (Some(0), calm.took));
}

/// The world with so many more stopped tasks of a revision before, always listed first.
fn with_remains(mut world: World, many: i64) -> World {
    world.add_ended_tasks(many);
    world
}

#[tokio::test(start_paused = true)]
async fn our_failures_are_found_behind_hundreds_of_stopped_tasks() {
    let before = Play::new(runs().await, example(&[], "v0")).run().await;
    let mut world = with_remains(later(before.world, 120), 650);
    world.set_image(&image("v2"), Behaviour::Missing);
    // Nothing but the tasks themselves tells what is wrong.
    world.switches_mut().status_reasons = false;
    let ran = Play::new(world, example(&[], "v2")).run().await;
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
    let causes: Vec<_> = evidence(&ran).groups.iter().map(|one| one.cause).collect();
    assert_eq!(causes, [Cause::ImageNotFound], "{}", reason(&ran));
    assert!(reason(&ran).contains("does not exist"), "{}", reason(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_with_0_is_blamed_and_not_the_sidecar_that_it_takes_along() {
    let mut world = runs().await;
    world.set_image(&image("v2"), Behaviour::Completes);
    let proxy = "[service.api.sidecar.proxy]\nimage = \"nginx:1.29\"\nessential = true\n\n[service.api.ecs]";
    let ran = Play::new(world, example(&[("[service.api.ecs]", proxy)], "v2"))
        .run()
        .await;
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
    let evidence = evidence(&ran);
    let group = &evidence.groups[0];
    let blamed = (group.container.as_deref(), group.exit_code);
    assert_eq!(blamed, (Some("api"), Some(0)), "{evidence:?}");
    assert!(
        evidence.next[0].starts_with("A server that ends with 0"),
        "{evidence:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn percentages_that_let_nothing_start_are_the_cause_that_is_told() {
    let edits = [
        ("log_group ", "maximum_percent = 110\nlog_group "),
        ("deadline = \"30m\"", "deadline = \"5m\""),
    ];
    let ran = Play::new(runs().await, example(&edits, "v2")).run().await;
    let evidence = evidence(&ran);
    let likely = evidence.likely_cause.as_deref().unwrap_or_default();
    assert!(likely.contains("leave no room"), "{evidence:?}");
    assert!(
        evidence.next[0].contains("raise `maximum_percent`"),
        "{evidence:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_first_failure_nothing_is_advised_that_rollback_would_refuse() {
    for edits in [&[][..], &[("rollback = true", "rollback = false")]] {
        let mut world = fresh();
        world.set_image(
            &image("v1"),
            Behaviour::Crash {
                exit_code: 1,
                after_ms: None,
            },
        );
        let first = Play::new(world, example(edits, "v1")).run().await;
        let mut world = later(first.world.clone(), 60);
        world.set_image(
            &image("v2"),
            Behaviour::Crash {
                exit_code: 1,
                after_ms: None,
            },
        );
        let second = Play::new(world, example(edits, "v2")).run().await;
        for ran in [first, second] {
            assert_eq!(ran.exit(), Some(11), "{}", reason(&ran));
            let next = evidence(&ran).next.join("\n");
            assert!(!next.contains("deployer rollback"), "{next}");
            assert!(next.contains("deployer apply"), "{next}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rollback_is_advised_after_a_failure_that_was_left_as_it_is() {
    let edits = [("rollback = true", "rollback = false")];
    let mut world = runs().await;
    world.set_image(
        &image("v2"),
        Behaviour::Crash {
            exit_code: 1,
            after_ms: None,
        },
    );
    let ran = Play::new(world, example(&edits, "v2")).run().await;
    assert_eq!(ran.exit(), Some(11), "{}", reason(&ran));
    let next = evidence(&ran).next.join("\n");
    assert!(next.contains("`deployer rollback` goes back"), "{next}");
}
