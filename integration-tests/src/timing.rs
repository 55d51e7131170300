//! What the benches measure: how long after the world had settled the program said so, and what it asked until then.

use std::time::Duration;

use crate::cluster::Passed;
use crate::host::{self, Since};
use crate::program::{Finished, Running};
use crate::proxy::Call;
use crate::trial::{Outcome, fail};

/// How one run went, in time and in requests.
#[derive(Debug)]
pub struct Timed {
    /// From the moment the world had settled, as seen from outside, to the program's exit. Zero where it was faster
    /// than the observer's next look.
    pub settled_to_exit: Duration,
    /// From the program's start to the moment the world had settled.
    pub start_to_settled: Duration,
    /// How the program ended.
    pub finished: Finished,
}

/// Watches the world beside the program until `settled` holds, then waits for the program to end.
///
/// `settled` must look at the server itself, not through the proxy of the program, whose log and delay it would share.
pub fn settled_to_exit(
    running: Running,
    within: Duration,
    mut settled: impl FnMut() -> Outcome<bool>,
) -> Outcome<Timed> {
    let since = Since::now();
    let start_to_settled = host::poll(within, || match settled() {
        Ok(true) => Some(Ok(since.elapsed())),
        Ok(false) => None,
        Err(stop) => Some(Err(stop)),
    });
    let start_to_settled =
        start_to_settled.ok_or_else(|| fail("the world did not settle in time"))??;
    let finished = running.wait(within)?;
    let settled_to_exit = finished.took.saturating_sub(start_to_settled);
    Ok(Timed {
        settled_to_exit,
        start_to_settled,
        finished,
    })
}

/// The number of round trips that had to follow one another: requests that overlap count as one.
pub fn sequential_round_trips<'a>(calls: impl IntoIterator<Item = &'a Call>) -> usize {
    trips(calls.into_iter().map(|call| (call.at, call.took)))
}

/// The same of requests to Kubernetes.
pub fn sequential_requests<'a>(passed: impl IntoIterator<Item = &'a Passed>) -> usize {
    trips(passed.into_iter().map(|passed| (passed.at, passed.took)))
}

fn trips(requests: impl Iterator<Item = (Duration, Duration)>) -> usize {
    let mut trips = 0;
    let mut until = Duration::ZERO;
    for (at, took) in requests {
        if trips == 0 || at >= until {
            trips += 1;
            until = at + took;
        }
    }
    trips
}
