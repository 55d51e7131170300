//! The evidence of a failure is gathered while it is there.

use super::others::{reason, runs};
use super::stage::{Play, Ran, example, image};
use crate::event::{Kind, PostMortem};
use crate::sandbox::{Behaviour, Timings};

fn evidence(ran: &Ran) -> &PostMortem {
    let told = ran.events.iter().find_map(|event| match &event.kind {
        Kind::PostMortem(evidence) => Some(evidence),
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
    use crate::sandbox::{Effect, Fault};
    let mut world = runs().await;
    *world.timings_mut() = Timings::aws();
    let calm = Play::new(world.clone(), example(&[], "v2")).run().await;
    let mut play = Play::new(world, example(&[], "v2"));
    let silence = Effect::Delay { ms: 3_600_000 };
    play.faults = vec![Fault::on("DescribeTargetHealth", silence).times(0)];
    let ran = play.run().await;
    assert_eq!((ran.exit(), ran.took), (Some(0), calm.took));
}
