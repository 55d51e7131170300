//! The sizes that Fargate offers (Amazon ECS developer guide, task definition parameters for
//! Fargate, task size).

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::Table;
use crate::spec::words::ServiceTable;

/// Tells of a size that is not there, where there must be one.
pub(in crate::spec) fn needed(raw: &ServiceTable, head: Spot, findings: &mut Findings) {
    for key in ["cpu", "memory"] {
        if !raw.has(&[key]) {
            findings.missing(head, key, &format!("{} needs it", ServiceTable::WRITTEN));
        }
    }
}

/// The size of the task: one that Fargate offers.
pub(in crate::spec) fn check(raw: &ServiceTable, findings: &mut Findings) {
    let (Some(cpu), Some(memory)) = (&raw.cpu, &raw.memory) else {
        return;
    };
    let (units, mebibytes) = (cpu.value.0, memory.value.0);
    match memory_sizes(units) {
        None => findings.note(
            "unknown-size",
            format!(
                "{} is no CPU size of Fargate's that is known here (0.25, 0.5, 1, 2, 4, 8, 16, 32 vCPU); AWS will tell",
                vcpu(units)
            ),
        ),
        Some(sizes) if !sizes.contains(&mebibytes) => findings.problem(
            Problem::new(
                "bad-size",
                format!(
                    "Fargate does not offer {} of memory with {}",
                    size_in_words(mebibytes),
                    vcpu(units)
                ),
            )
            .at(memory.spot)
            .also(cpu.spot, "this much CPU")
            .help(format!("with {}: {}", vcpu(units), offered(&sizes))),
        ),
        Some(_) => {}
    }
}

/// CPU sizes in units that tasks are rounded up to.
pub(crate) const CPU_SIZES: [u32; 7] = [256, 512, 1024, 2048, 4096, 8192, 16_384];

/// Memory sizes in MiB for a CPU size in units; `None` for a size that is not in the table, which
/// AWS extends from time to time and is then the judge of.
pub(crate) fn memory_sizes(cpu: u32) -> Option<Vec<u32>> {
    let steps = |from: u32, to: u32, step: usize| Some((from..=to).step_by(step).collect());
    match cpu {
        256 => Some(vec![512, 1024, 2048]),
        512 => steps(1024, 4096, 1024),
        1024 => steps(2048, 8192, 1024),
        2048 => steps(4096, 16_384, 1024),
        4096 => steps(8192, 30_720, 1024),
        8192 => steps(16_384, 61_440, 4096),
        16_384 => steps(32_768, 122_880, 8192),
        32_768 => Some(vec![61_440, 122_880, 249_856]),
        _ => None,
    }
}

/// Memory sizes as one would write them, in short where they are many.
fn offered(sizes: &[u32]) -> String {
    let written: Vec<String> = sizes.iter().map(|size| size_in_words(*size)).collect();
    match sizes {
        [first, second, .., last] if sizes.len() > 4 => format!(
            "{} to {} in steps of {}",
            size_in_words(*first),
            size_in_words(*last),
            size_in_words(second - first)
        ),
        _ => written.join(", "),
    }
}

/// Writes MiB as `512MiB` or `1GiB`.
fn size_in_words(mebibytes: u32) -> String {
    if mebibytes.is_multiple_of(1024) {
        format!("{}GiB", mebibytes / 1024)
    } else {
        format!("{mebibytes}MiB")
    }
}

/// Writes CPU units as vCPU.
fn vcpu(units: u32) -> String {
    format!("{} vCPU", f64::from(units) / 1024.0)
}
