//! What is reserved for a container of a pod, and what it may use at most.

use std::collections::BTreeMap;

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, Map, Switch, table};
use crate::spec::units::{Bytes, Millis};
use crate::spec::words::Placed;
use crate::spec::words::tags::AnnotationKey;

table! {
    /// CPU, memory and whatever else a node has.
    "requests and limits" ResourcesTable {
        /// In CPUs: 0.25, or "250m"; or false.
        cpu: Switch<Millis>,
        /// "256MiB", or "256Mi"; or false.
        memory: Switch<Bytes>,
        /// Disk of the node, for what is written and logged.
        ephemeral_storage: Bytes,
        /// GPUs of NVIDIA, `nvidia.com/gpu`; a request and a limit are the same, so one says both.
        gpu: Whole<1, 64>,
        /// Whatever else nodes have, by its name: { "aws.amazon.com/neuron" = 1 }.
        extended: Map<Whole<0, 1_000_000>, AnnotationKey>,
    }
}

/// Amounts that are requested or allowed; what is not there asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    /// CPU is counted in thousandths.
    pub(crate) cpu: Option<u32>,
    /// Memory is counted in bytes.
    pub(crate) memory: Option<u64>,
    /// The node's disk, in bytes.
    pub(crate) ephemeral_storage: Option<u64>,
    /// What else there is, by its name.
    pub(crate) extended: BTreeMap<String, u32>,
}

impl Resources {
    /// Units of 1/1024 vCPU as thousandths of a CPU, rounded to the nearest.
    pub(crate) fn millis(units: u32) -> u32 {
        let thousandths = (u64::from(units) * 1000 + 512) / 1024;
        u32::try_from(thousandths).unwrap_or(u32::MAX)
    }

    /// MiB in bytes.
    pub(crate) fn bytes(mebibytes: u32) -> u64 {
        u64::from(mebibytes) << 20
    }
}

/// What NVIDIA's device plugin calls its GPUs (Kubernetes documentation, schedule GPUs).
const GPU: &str = "nvidia.com/gpu";

/// What one pod has in all: thousandths of a CPU, and bytes.
#[derive(Clone, Copy, Default)]
pub(in crate::spec) struct Size {
    pub(in crate::spec) cpu: Option<u32>,
    pub(in crate::spec) memory: Option<u64>,
}

impl Size {
    /// The main container's share of what a pod has in all, where nothing else is said.
    pub(in crate::spec) fn rest(self, containers: &[Placed]) -> Usual {
        let sidecars = || {
            let sidecars = containers.iter().skip(1);
            sidecars.filter_map(|placed| placed.container.as_ref())
        };
        let cpu: u32 = sidecars()
            .filter_map(|one| one.cpu)
            .map(Resources::millis)
            .sum();
        let memory: u64 = sidecars()
            .filter_map(|one| one.memory)
            .map(Resources::bytes)
            .sum();
        let cpu = self.cpu.map(|all| all.saturating_sub(cpu));
        let memory = self.memory.map(|all| all.saturating_sub(memory));
        Usual {
            cpu: cpu.filter(|left| *left > 0),
            memory: memory.filter(|left| *left > 0),
        }
    }
}

/// What a container has where its tables say nothing else: the CPU is reserved, the memory reserved and
/// its limit.
#[derive(Clone, Copy, Default)]
pub(in crate::spec) struct Usual {
    pub(in crate::spec) cpu: Option<u32>,
    pub(in crate::spec) memory: Option<u64>,
}

/// A table of amounts, or false for none.
pub(in crate::spec) type Amounts = At<Switch<ResourcesTable>>;

/// Requests and limits. What is not said follows from the usual, and from the other one so that a request
/// is never above its limit.
pub(in crate::spec) fn resources(
    requests: Option<&Amounts>,
    limits: Option<&Amounts>,
    usual: Usual,
    findings: &mut Findings,
) -> (Resources, Resources) {
    let (requests, limits) = (Written::of(requests), Written::of(limits));
    above(requests.cpu.amount(), limits.cpu.amount(), "CPU", findings);
    above(
        requests.memory.amount(),
        limits.memory.amount(),
        "memory",
        findings,
    );
    let cpu = requests.cpu.or(below(usual.cpu, limits.cpu.value()));
    let memory = requests
        .memory
        .or(below(usual.memory, limits.memory.value()));
    let requested = Resources {
        cpu,
        memory,
        ephemeral_storage: requests.disk,
        extended: requests.extended,
    };
    let allowed = Resources {
        cpu: limits.cpu.or(None),
        memory: limits.memory.or(usual.memory.max(memory)),
        ephemeral_storage: limits.disk,
        extended: limits.extended,
    };
    (requested, allowed)
}

/// The smaller of both, of those that there are.
fn below<N: Ord>(usual: Option<N>, limit: Option<N>) -> Option<N> {
    match (usual, limit) {
        (Some(usual), Some(limit)) => Some(usual.min(limit)),
        (usual, limit) => usual.or(limit),
    }
}

fn above<N: Ord>(
    request: Option<(N, Spot)>,
    limit: Option<(N, Spot)>,
    what: &str,
    findings: &mut Findings,
) {
    if let (Some((request, at)), Some((limit, beside))) = (request, limit)
        && request > limit
    {
        let message = format!("more {what} is reserved than may be used");
        let problem = Problem::new("conflict", message).at(at);
        findings.problem(problem.also(beside, "the limit"));
    }
}

/// What is said of an amount.
#[derive(Clone, Copy)]
enum Said<N> {
    Nothing,
    None,
    Amount(N, Spot),
}

impl<N: Copy> Said<N> {
    fn of<W>(at: Option<&At<Switch<W>>>, amount: fn(&W) -> N) -> Self {
        match at {
            None => Self::Nothing,
            Some(At {
                value: Switch::Off, ..
            }) => Self::None,
            Some(At {
                value: Switch::On(said),
                spot,
                ..
            }) => Self::Amount(amount(said), *spot),
        }
    }

    fn amount(self) -> Option<(N, Spot)> {
        match self {
            Self::Amount(amount, spot) => Some((amount, spot)),
            _ => None,
        }
    }

    fn value(self) -> Option<N> {
        self.amount().map(|(amount, _)| amount)
    }

    fn or(self, usual: Option<N>) -> Option<N> {
        match self {
            Self::Nothing => usual,
            Self::None => None,
            Self::Amount(amount, _) => Some(amount),
        }
    }
}

/// Amounts with their places.
struct Written {
    cpu: Said<u32>,
    memory: Said<u64>,
    disk: Option<u64>,
    extended: BTreeMap<String, u32>,
}

impl Written {
    fn of(raw: Option<&Amounts>) -> Self {
        match raw.map(|at| &at.value) {
            None => Self::said(&ResourcesTable::default()),
            Some(Switch::On(table)) => Self::said(table),
            Some(Switch::Off) => Self {
                cpu: Said::None,
                memory: Said::None,
                disk: None,
                extended: BTreeMap::new(),
            },
        }
    }

    fn said(table: &ResourcesTable) -> Self {
        let extended = table.extended.iter().flat_map(|at| &at.value.0);
        let mut extended: BTreeMap<String, u32> = extended
            .map(|(name, at)| (name.clone(), at.value.0))
            .collect();
        if let Some(at) = &table.gpu {
            extended.insert(GPU.to_owned(), at.value.0);
        }
        Self {
            cpu: Said::of(table.cpu.as_ref(), |amount| amount.0),
            memory: Said::of(table.memory.as_ref(), |amount| amount.0),
            disk: table.ephemeral_storage.as_ref().map(|at| at.value.0),
            extended,
        }
    }
}
