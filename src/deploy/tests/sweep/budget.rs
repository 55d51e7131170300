//! How many requests a deployment takes, and how many of them one after the other.

use std::time::Duration;

use super::stage::{Act, Play, Ran, example};
use super::story::{Before, STORIES, prepared};
use sandbox::Switches;

/// Added to every request, so that virtual time counts round trips.
const LATENCY: Duration = Duration::from_millis(80);

/// Calls that only feed warnings: no write waits for them.
const ONLY_WARN: [&str; 2] = ["ListServiceDeployments", "DescribeServiceDeployments"];

/// In which round trip each request arrived, from 1.
fn trips(ran: &Ran, began: jiff::Timestamp) -> Vec<(String, u128)> {
    let trip = |at: jiff::Timestamp| {
        let waited = Duration::try_from(at.duration_since(began)).unwrap();
        waited.as_millis().div_ceil(LATENCY.as_millis())
    };
    ran.log
        .iter()
        .map(|one| (one.operation.clone(), trip(one.at)))
        .collect()
}

async fn slow(before: Before, tag: &str, act: Act) -> (Ran, Vec<(String, u128)>) {
    let world = prepared(before, &Switches::default()).await;
    let began = world.now();
    let mut play = Play::new(world, example(&[], tag));
    play.latency = LATENCY;
    play.act = act;
    let ran = play.run().await;
    let trips = trips(&ran, began);
    (ran, trips)
}

#[tokio::test(start_paused = true)]
async fn nothing_to_do_takes_at_most_five_requests_in_one_round_trip() {
    let (ran, trips) = slow(Before::Runs, "v1", Act::Apply).await;
    assert_eq!(ran.exit(), Some(0));
    assert!(trips.len() <= 5, "{trips:?}");
    assert!(trips.iter().all(|(_, trip)| *trip == 1), "{trips:?}");
    assert_eq!(ran.took, LATENCY);
}

#[tokio::test(start_paused = true)]
async fn a_family_with_a_newer_revision_takes_a_second_round_trip() {
    let world = prepared(Before::Runs, &Switches::default()).await;
    let rolled_back = Play::new(world, example(&[], "missing")).run().await;
    assert_eq!(rolled_back.exit(), Some(10));
    let world = super::stage::later(rolled_back.world, 120);
    let mut play = Play::new(world, example(&[], "v1"));
    play.latency = LATENCY;
    let ran = play.run().await;
    assert_eq!((ran.exit(), ran.took), (Some(0), LATENCY * 2));
    assert!(ran.log.len() <= 6);
}

#[tokio::test(start_paused = true)]
async fn an_update_is_sent_in_the_third_round_trip_after_at_most_eight_requests() {
    let (ran, trips) = slow(Before::Runs, "v2", Act::Apply).await;
    assert_eq!(ran.exit(), Some(0));
    let update = trips
        .iter()
        .position(|(operation, _)| operation == "UpdateService");
    let (before, sent) = (update.unwrap(), trips[update.unwrap()].1);
    let before: Vec<_> = trips[..=before]
        .iter()
        .filter(|(operation, _)| !ONLY_WARN.contains(&operation.as_str()))
        .collect();
    assert!(sent <= 3 && before.len() <= 8, "{trips:?}");
}

#[tokio::test(start_paused = true)]
async fn a_look_at_a_rollout_is_one_or_two_round_trips_and_at_most_one_a_second() {
    let (ran, trips) = slow(Before::Runs, "v2", Act::Apply).await;
    let looks = trips
        .iter()
        .filter(|(operation, _)| operation == "DescribeServices");
    let looks = u32::try_from(looks.count()).unwrap();
    // Two of them belong to the plan and the last look before the write.
    let most = u32::try_from(ran.took.as_secs()).unwrap() + 3;
    assert!(looks <= most, "{looks} looks in {:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_plan_writes_nothing() {
    for story in STORIES {
        let world = prepared(story.before, &Switches::default()).await;
        let mut play = Play::new(world.clone(), story.spec());
        play.act = Act::Plan;
        play.conduct.intent.adopt = true;
        let ran = play.run().await;
        assert_eq!(ran.exit(), None);
        let read = |name: &str| name.starts_with("Describe") || name.starts_with("List");
        assert!(
            ran.log.iter().all(|one| read(&one.operation)),
            "{}",
            story.name
        );
    }
}
