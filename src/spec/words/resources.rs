//! What is reserved for the main container, and what it may use at most.

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, table};
use crate::spec::units::{Mebibytes, Millis};
use crate::spec::words::Placed;

table! {
    /// CPU and memory.
    "requests and limits" ResourcesTable {
        /// In CPUs: 0.25, or "250m".
        cpu: Millis,
        /// "256MiB", or "256Mi".
        memory: Mebibytes,
    }
}

/// Amounts of CPU and memory that are requested or allowed; `None` asks for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    /// CPU is counted in thousandths.
    pub(crate) cpu: Option<u32>,
    /// Memory is counted in MiB.
    pub(crate) memory: Option<u32>,
}

impl Resources {
    /// Units of 1/1024 vCPU as thousandths of a CPU, rounded to the nearest.
    pub(crate) fn millis(units: u32) -> u32 {
        let thousandths = (u64::from(units) * 1000 + 512) / 1024;
        u32::try_from(thousandths).unwrap_or(u32::MAX)
    }
}

/// What one pod has in all: thousandths of a CPU, and MiB.
#[derive(Clone, Copy, Default)]
pub(in crate::spec) struct Size {
    pub(in crate::spec) cpu: Option<u32>,
    pub(in crate::spec) memory: Option<u32>,
}

/// The main container's share of what a pod has in all, where nothing else is said.
fn rest(size: Size, containers: &[Placed]) -> Size {
    let sidecars = || {
        containers
            .iter()
            .skip(1)
            .filter_map(|placed| placed.container.as_ref())
    };
    let cpu: u32 = sidecars()
        .filter_map(|one| one.cpu)
        .map(Resources::millis)
        .sum();
    let memory: u32 = sidecars().filter_map(|one| one.memory).sum();
    let left = |all: Option<u32>, taken: u32| Some(all?.saturating_sub(taken)).filter(|n| *n > 0);
    Size {
        cpu: left(size.cpu, cpu),
        memory: left(size.memory, memory),
    }
}

/// Requests and limits. What is not said follows from the pod's size, and from the other one so that
/// a request is never above its limit.
pub(in crate::spec) fn resources(
    requests: Option<At<ResourcesTable>>,
    limits: Option<At<ResourcesTable>>,
    size: Size,
    containers: &[Placed],
    findings: &mut Findings,
) -> (Resources, Resources) {
    let rest = rest(size, containers);
    let requests = Written::of(requests);
    let limits = Written::of(limits);
    let pairs = [
        (requests.cpu, limits.cpu, "CPU"),
        (requests.memory, limits.memory, "memory"),
    ];
    for (request, limit, what) in pairs {
        if let (Some((request, at)), Some((limit, beside))) = (request, limit)
            && request > limit
        {
            let message = format!("more {what} is reserved than may be used");
            let problem = Problem::new("conflict", message).at(at);
            findings.problem(problem.also(beside, "the limit"));
        }
    }
    let amount = |written: Option<(u32, Spot)>| written.map(|(amount, _)| amount);
    let below = |usual: Option<u32>, limit: Option<(u32, Spot)>| match (usual, amount(limit)) {
        (Some(usual), Some(limit)) => Some(usual.min(limit)),
        (usual, limit) => usual.or(limit),
    };
    let requested = Resources {
        cpu: amount(requests.cpu).or(below(rest.cpu, limits.cpu)),
        memory: amount(requests.memory).or(below(rest.memory, limits.memory)),
    };
    let allowed = Resources {
        cpu: amount(limits.cpu),
        memory: amount(limits.memory).or(rest.memory.max(requested.memory)),
    };
    (requested, allowed)
}

/// Amounts with their places.
#[derive(Clone, Copy)]
struct Written {
    cpu: Option<(u32, Spot)>,
    memory: Option<(u32, Spot)>,
}

impl Written {
    fn of(raw: Option<At<ResourcesTable>>) -> Self {
        let raw = raw.map(|at| at.value).unwrap_or_default();
        Self {
            cpu: raw.cpu.map(|at| (at.value.0, at.spot)),
            memory: raw.memory.map(|at| (at.value.0, at.spot)),
        }
    }
}
