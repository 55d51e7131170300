//! The sweep on Kubernetes: whatever happens to whichever request, a deployment ends as it would have without.
//!
//! A chain is a namespace in which a service is created, updated, and updated to an image that crashes, changes of its
//! Service and its autoscaler included. One chain goes undisturbed and is the measure. In each other one something
//! happens to the n-th write of every step: it is refused, its reply is lost, it is performed twice, or it is forbidden,
//! or the program is killed right after it, and then the program is run again. Afterwards the exit code, every object, who owns which of its fields, how often
//! the Deployment was changed, the history and the lock are what they are in the measure.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use integration_tests::cluster::Mishap;
use integration_tests::trial::{Outcome, Stop, fail};
use integration_tests::trials;

mod chain;
mod world;

use self::chain::{Chain, Measure, STEPS};

trials! { "sweep":
    the_program_is_killed_after_every_write,
    every_write_is_refused_once,
    every_reply_to_a_write_is_lost,
    every_write_is_performed_twice,
    every_read_fails_once_in_every_way,
    every_write_is_forbidden_once_and_the_next_run_goes_on,
}

/// Chains at a time.
const LANES: usize = 2;

/// The same where such a chain mostly waits for the lock of an earlier run to run out.
const LANES_OF_THE_WAITING: usize = 8;

/// What a server says that does not perform a write, or who says nothing.
const REFUSALS: [Mishap; 4] = [
    Mishap::Refused(503),
    Mishap::Refused(429),
    Mishap::Unreached,
    Mishap::Refused(500),
];

/// What can happen to a read.
const FAILED_READS: [Mishap; 4] = [
    Mishap::Refused(503),
    Mishap::CutShort,
    Mishap::LostReply,
    Mishap::Refused(429),
];

fn the_program_is_killed_after_every_write() -> Outcome {
    let measure = Measure::shared()?;
    sweep(measure.most_writes(), LANES_OF_THE_WAITING, |index| {
        let chain = Chain::new()?;
        for step in STEPS {
            let attempts = match measure.write(step, index) {
                Some(_) => chain.killed_after(step, index)?,
                None => chain.undisturbed(step)?,
            };
            chain.is_as(&measure, step, attempts)?;
        }
        Ok(())
    })
}

/// Each of them by 503, and by one of the other refusals.
fn every_write_is_refused_once() -> Outcome {
    let measure = Measure::shared()?;
    let writes = measure.most_writes();
    sweep(2 * writes, LANES, |case| {
        let index = case % writes;
        let others = &REFUSALS[1..];
        let refusal = if case < writes {
            REFUSALS[0]
        } else {
            others[index % others.len()]
        };
        struck(&measure, index, refusal)
    })
}

fn every_reply_to_a_write_is_lost() -> Outcome {
    let measure = Measure::shared()?;
    sweep(measure.most_writes(), LANES, |index| {
        struck(&measure, index, Mishap::LostReply)
    })
}

fn every_write_is_performed_twice() -> Outcome {
    let measure = Measure::shared()?;
    sweep(measure.most_writes(), LANES, |index| {
        struck(&measure, index, Mishap::Repeated)
    })
}

/// What the program cannot cope with by itself. Where it could not go back, or not with everything, it says so.
fn every_write_is_forbidden_once_and_the_next_run_goes_on() -> Outcome {
    let measure = Measure::shared()?;
    sweep(measure.most_writes(), LANES_OF_THE_WAITING, |index| {
        let chain = Chain::new()?;
        let refusal = Mishap::Refused(if index % 2 == 0 { 403 } else { 401 });
        for step in STEPS {
            if measure.write(step, index).is_some() {
                chain.forbidden(&measure, step, index, refusal)?;
            } else {
                let attempts = chain.undisturbed(step)?;
                chain.is_as(&measure, step, attempts)?;
            }
        }
        Ok(())
    })
}

/// In one chain all of them fail, each in one way; in the next chain each in the next way.
fn every_read_fails_once_in_every_way() -> Outcome {
    let measure = Measure::shared()?;
    sweep(FAILED_READS.len(), LANES, |turn| {
        let chain = Chain::new()?;
        for step in STEPS {
            let reads = measure.reads(step).iter().enumerate();
            let fails: BTreeMap<_, _> = reads
                .map(|(at, read)| (read.clone(), FAILED_READS[(at + turn) % FAILED_READS.len()]))
                .collect();
            let attempts = chain.fails_to_read(step, fails)?;
            chain.is_as(&measure, step, attempts)?;
        }
        Ok(())
    })
}

/// A chain in which this happens to the write at `index` of every step that has so many.
fn struck(measure: &Measure, index: usize, mishap: Mishap) -> Outcome {
    let chain = Chain::new()?;
    for step in STEPS {
        let attempts = match measure.write(step, index) {
            Some(_) => chain.struck(step, index, mishap)?,
            None => chain.undisturbed(step)?,
        };
        chain.is_as(measure, step, attempts)?;
    }
    Ok(())
}

/// Runs cases `0..count`, so many at a time, all of them whatever becomes of the others.
pub(crate) fn sweep(count: usize, lanes: usize, case: impl Fn(usize) -> Outcome + Sync) -> Outcome {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..lanes.min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let words = match case(index) {
                        Ok(()) => continue,
                        Err(Stop::Skip(words) | Stop::Fail(words)) => words,
                    };
                    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                    failures.push(format!("case {index}: {words}"));
                }
            });
        }
    });
    let failures = failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() {
        return Ok(());
    }
    let words = failures.join("\n\n");
    Err(fail(format_args!(
        "{} of {count} cases\n{words}",
        failures.len()
    )))
}
