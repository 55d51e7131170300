//! ECS or EKS: what the services of a file need that only one of them has, and what each costs. Pure.

use std::iter;

use serde::Serialize;

use crate::spec::{Architecture, KubePart, Said, Scaling, Spec, Workload};

mod aspects;
mod lost;
mod prices;

#[cfg(test)]
mod tests;

pub(crate) use self::lost::{Lost, lost};

/// The platforms to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choice {
    /// Amazon ECS.
    Ecs,
    /// Amazon EKS.
    Eks,
}

/// What one service needs of one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Need {
    /// Whose it is.
    pub(crate) service: String,
    /// The key that asks for it.
    pub(crate) key: String,
    /// The only platform that has it.
    pub(crate) only: Choice,
    /// Why.
    pub(crate) why: &'static str,
}

/// One aspect in which they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Aspect {
    pub(crate) topic: &'static str,
    pub(crate) ecs: &'static str,
    pub(crate) eks: &'static str,
    /// What of the file touches it, as `SERVICE: KEY`.
    pub(crate) said: Vec<String>,
}

/// What all services cost in a month of 730 hours, in US dollars, without load balancers, traffic and logs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Costs {
    /// The Region whose prices these are.
    pub(crate) region: String,
    /// Whether the file's Region is another, whose prices are not known here.
    pub(crate) another_region: bool,
    /// When these were the list prices.
    pub(crate) as_of: &'static str,
    /// ECS on Fargate, with the fewest tasks, and with the most that scaling allows.
    pub(crate) ecs: (f64, f64),
    /// EKS with Fargate profiles: its control plane, and the pods, each as large as Fargate makes it.
    pub(crate) eks: (f64, f64),
    /// Of that, the control plane.
    pub(crate) control_plane: f64,
}

/// The advice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Advice {
    /// The platform; `None`: neither has all that the file needs.
    pub(crate) choice: Option<Choice>,
    /// Why, in a sentence.
    pub(crate) because: String,
    pub(crate) needs: Vec<Need>,
    pub(crate) aspects: Vec<Aspect>,
    /// Absent where a service says no sizes.
    pub(crate) costs: Option<Costs>,
}

/// Weighs what the services say.
pub(crate) fn advise(spec: &Spec, said: &Said) -> Advice {
    let needs = aspects::needs(said);
    let only = |choice| needs.iter().find(|need: &&Need| need.only == choice);
    let tell = |need: &Need| format!("{} says `{}`: {}", need.service, need.key, need.why);
    let (choice, because) = match (only(Choice::Ecs), only(Choice::Eks)) {
        (None, None) => (
            Some(Choice::Ecs),
            "Start with ECS: nothing in this file needs Kubernetes.".to_owned(),
        ),
        (Some(ecs), None) => (Some(Choice::Ecs), format!("ECS: {}.", tell(ecs))),
        (None, Some(eks)) => (Some(Choice::Eks), format!("EKS: {}.", tell(eks))),
        (Some(ecs), Some(eks)) => (
            None,
            format!("Neither as it is. {}; but {}.", tell(ecs), tell(eks)),
        ),
    };
    Advice {
        choice,
        because,
        aspects: aspects::aspects(said),
        needs,
        costs: costs(spec),
    }
}

fn costs(spec: &Spec) -> Option<Costs> {
    let region = match &spec.workload {
        Workload::Ecs { place, .. } => Some(&place.region),
        Workload::Kubernetes { place, .. } => place.region.as_ref(),
    };
    prices::costs(&tasks(spec)?, region.map(crate::names::Region::as_str))
}

/// The size of one task of a service, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tasks {
    /// Units of 1/1024 vCPU.
    cpu: u32,
    /// MiB.
    memory: u32,
    arm: bool,
    least: u32,
    most: u32,
}

fn tasks(spec: &Spec) -> Option<Vec<Tasks>> {
    match &spec.workload {
        Workload::Ecs { services, .. } => {
            let each = services.iter().map(|service| {
                let (least, most) = bounds(service.replicas, service.scaling.as_ref());
                Some(Tasks {
                    cpu: service.own.cpu?,
                    memory: service.own.memory?,
                    arm: service.own.architecture == Architecture::Arm64,
                    least,
                    most,
                })
            });
            each.collect()
        }
        Workload::Kubernetes { services, .. } => {
            let each = services.iter().map(|service| {
                let (least, most) = bounds(service.replicas, service.scaling.as_ref());
                let own = &service.own;
                // A pod is as large as what its containers reserve; one that says no memory has its limit's.
                let parts = || iter::once(&own.main).chain(own.sidecars.values());
                let memory = |one: &KubePart| one.requests.memory.or(one.limits.memory);
                own.main.requests.cpu.and(memory(&own.main))?;
                let cpu: u32 = parts().filter_map(|one| one.requests.cpu).sum();
                let bytes: u64 = parts().filter_map(memory).sum();
                Some(Tasks {
                    cpu: cpu * 1024 / 1000,
                    memory: u32::try_from(bytes.div_ceil(1 << 20)).ok()?,
                    arm: own.architecture == Some(Architecture::Arm64),
                    least,
                    most,
                })
            });
            each.collect()
        }
    }
}

fn bounds(replicas: u32, scaling: Option<&Scaling>) -> (u32, u32) {
    scaling.map_or((replicas, replicas), |scaling| (scaling.min, scaling.max))
}
