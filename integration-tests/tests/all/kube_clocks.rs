//! A machine whose clock is not the cluster's, on Kubernetes.

use std::time::Duration;

use integration_tests::program::{Finished, Running};
use integration_tests::project::PATIENCE;
use integration_tests::servers;
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::kube::{Bench, follows};
use crate::shop::assert_verdict;

trials! { "kube_clocks":
    a_wrong_clock_trips_no_rollout,
    a_clock_that_is_set_meanwhile_trips_no_rollout,
    a_wrong_clock_takes_no_lock_from_who_is_at_work,
}

const OFFSETS: [&str; 6] = ["+1m", "-1m", "+11m", "-11m", "+1h", "-1h"];

fn begin(bench: &Bench, tag: &str) -> Outcome<Running> {
    let mut command = bench.project.command()?;
    command.args([
        "apply", "--yes", "--target", "kube", "--output", "json", "--set",
    ]);
    command.arg(format!("TAG={tag}"));
    let clock = bench.project.path().join("clock");
    servers::other_time()?.within(&mut command, &clock);
    Running::start(command)
}

fn warned(finished: &Finished) -> Outcome<bool> {
    let events = finished.events()?;
    Ok(events.iter().any(|event| event["code"] == "clock_skew"))
}

fn a_wrong_clock_trips_no_rollout() -> Outcome {
    let bench = Bench::new("skewed")?;
    bench.project.write("clock", "+0")?;
    let first = begin(&bench, "v1")?.wait(PATIENCE)?;
    assert_verdict(&first, "healthy", None, 0)?;
    assert!(!warned(&first)?, "{first}");
    for (number, off) in OFFSETS.into_iter().enumerate() {
        bench.project.write("clock", off)?;
        let done = begin(&bench, &format!("v{}", 2 + number % 2))?.wait(PATIENCE)?;
        assert_verdict(&done, "healthy", None, 0)?;
        assert!(warned(&done)?, "{off}: {done}");
        assert!(
            done.took < first.took + Duration::from_secs(15),
            "{off}: {done}"
        );
    }
    Ok(())
}

fn a_clock_that_is_set_meanwhile_trips_no_rollout() -> Outcome {
    let bench = Bench::serving("jumps", "v1")?;
    for (number, off) in OFFSETS.into_iter().enumerate() {
        bench.project.write("clock", "+0")?;
        let mut running = begin(&bench, &format!("v{}", 2 + number % 2))?;
        follows(&mut running)?;
        bench.project.write("clock", off)?;
        let done = running.wait(PATIENCE)?;
        assert_verdict(&done, "healthy", None, 0)?;
        assert!(done.took < Duration::from_secs(40), "{off}: {done}");
    }
    Ok(())
}

/// Who is at work renews the lock by a clock of its own.
fn a_wrong_clock_takes_no_lock_from_who_is_at_work() -> Outcome {
    let bench = Bench::serving("clocked-out", "v1")?;
    for (number, off) in ["+10m", "-10m"].into_iter().enumerate() {
        let first = bench.rolling(&format!("v{}-slow", 2 + number))?;
        bench.project.write("clock", off)?;
        let second = begin(&bench, "v9")?.wait(PATIENCE)?;
        assert_verdict(&second, "refused", None, 4)?;
        assert!(second.says("is under way"), "{off}: {second}");
        assert_verdict(&first.wait(PATIENCE)?, "healthy", None, 0)?;
    }
    Ok(())
}
