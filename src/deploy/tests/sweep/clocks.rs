//! Clocks that are wrong, and an end to every wait.

use std::time::Duration;

use jiff::SignedDuration;

use super::others::{reason, rolling, runs};
use super::stage::{Act, Play, Ran, example};
use super::wire::Mishap;

/// A minute, more than the patience of AWS and a deadline, and an hour.
const OFFSETS: [i64; 6] = [-60, 60, -660, 660, -3_600, 3_600];

const QUICK: (&str, &str) = ("deadline = \"30m\"", "deadline = \"10m\"");

async fn ahead(tag: &str, act: Act, seconds: i64) -> Ran {
    let mut play = match act {
        Act::Watch => Play::new(rolling(tag, 300).await, example(&[QUICK], tag)),
        _ => Play::new(runs().await, example(&[QUICK], tag)),
    };
    play.conduct.intent.writes = !matches!(act, Act::Watch);
    play.act = act;
    play.ahead = SignedDuration::from_secs(seconds);
    play.run().await
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_changes_neither_the_verdict_nor_the_time_it_takes() {
    for tag in ["v2", "crash", "missing"] {
        for act in [Act::Apply, Act::Watch] {
            let right = ahead(tag, act.clone(), 0).await;
            assert!(!right.warned("clock_skew"), "{tag} {act:?}");
            for seconds in OFFSETS {
                let wrong = ahead(tag, act.clone(), seconds).await;
                let case = format!("{tag} {act:?} {seconds}: {}", reason(&wrong));
                assert_eq!(wrong.exit(), right.exit(), "{case}");
                let longer = wrong.took.abs_diff(right.took);
                assert!(longer < Duration::from_secs(3), "{case}: {longer:?} off");
                assert!(wrong.warned("clock_skew"), "{case}");
            }
        }
    }
}

/// However long the platform is silent, and from whichever request on.
#[tokio::test(start_paused = true)]
async fn a_timeout_ends_every_call_in_flight() {
    let timeout = Duration::from_secs(12);
    for act in [Act::Apply, Act::Plan, Act::Watch, Act::Cancel] {
        let fails = matches!(act, Act::Apply);
        for nth in (1..=24).step_by(if fails { 1 } else { 3 }) {
            let world = match act {
                Act::Apply | Act::Plan => runs().await,
                _ => rolling("crash", 300).await,
            };
            let mut play = Play::new(world, example(&[], "crash"));
            play.conduct.timeout = Some(timeout);
            play.conduct.intent.writes = !matches!(act, Act::Watch | Act::Plan);
            play.act = act.clone();
            play.mishap = Some((nth, Mishap::Hang));
            let ran = play.run().await;
            let case = format!("{act:?} {nth}: {:?} {}", ran.took, reason(&ran));
            assert!(ran.took <= timeout + Duration::from_secs(5), "{case}");
            // Nothing had been written, or nobody can tell what came of it.
            let plans = matches!(act, Act::Plan);
            let cancels = matches!(act, Act::Cancel);
            let known = ran.exit().is_none_or(|exit| {
                // What was to be gone back from is back before the request that hangs.
                [1, 10, 11, 13].contains(&exit) || (cancels && exit == 0)
            });
            assert!(known || plans, "{case}");
        }
    }
}
