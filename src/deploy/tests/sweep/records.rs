//! ECS's own records are many, may be forbidden for a while, and are found all the same.

use super::judge::{KEY, serving};
use super::others::{reason, runs};
use super::stage::{Act, Play, example, image};
use sandbox::{Behaviour, Effect, Fault, World};

/// The world with so many more deployments of the service since then.
fn with_history(mut world: World, more: i64) -> World {
    world.add_rollouts(more);
    world
}

#[tokio::test(start_paused = true)]
async fn a_rollout_of_long_ago_is_found_behind_hundreds_of_others() {
    let world = runs().await;
    let first = world.primary(KEY).unwrap().to_owned();
    let mut world = with_history(world, 250);
    // It does not serve any more: only its record can tell how it ended.
    let ran = Play::new(world, example(&[], "v2")).run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    world = super::stage::later(ran.world, 120);
    let mut play = Play::new(world, example(&[], "v2"));
    play.act = Act::Watch;
    play.conduct.intent.writes = false;
    play.conduct.rollout = Some(first);
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_rollout_of_now_is_found_in_one_page() {
    let world = with_history(runs().await, 250);
    let calm = Play::new(runs().await, example(&[], "v2")).run().await;
    let ran = Play::new(world, example(&[], "v2")).run().await;
    let listed = |ran: &super::stage::Ran| ran.performed("ListServiceDeployments");
    assert_eq!((ran.exit(), listed(&ran)), (Some(0), listed(&calm)));
}

#[tokio::test(start_paused = true)]
async fn records_that_may_not_be_read_once_are_asked_for_again() {
    // The first look, and the warnings beside it; each is sent five times.
    let denied = Fault::on("ListServiceDeployments", Effect::AccessDenied).times(10);
    let mut play = Play::new(
        runs().await,
        example(
            &[("deadline = \"30m\"", "deadline = \"30m\", bake = \"90s\"")],
            "v2",
        ),
    );
    play.faults = vec![denied.clone()];
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(0), "{}", reason(&ran));
    assert!(ran.warned("no_service_deployments"));
    assert!(ran.performed("DescribeServiceDeployments") > 0);

    // What must be stopped is looked for at once.
    let mut world = runs().await;
    world.set_image(&image("v2"), Behaviour::Missing);
    let mut play = Play::new(world, example(&[], "v2"));
    play.faults = vec![denied];
    let ran = play.run().await;
    assert_eq!(ran.exit(), Some(10), "{}", reason(&ran));
    assert_eq!(ran.performed("StopServiceDeployment"), 1);
    assert_eq!(serving(&ran.world).as_deref(), Some("v1"));
}
