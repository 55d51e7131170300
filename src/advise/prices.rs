//! What AWS charges for tasks and pods on Fargate, and for a control plane of EKS.

use super::{Costs, Tasks};
use crate::spec::size::{CPU_SIZES, memory_sizes};

/// When these were the list prices (Amazon's price lists of AWS Fargate and Amazon EKS, Linux, on demand).
const AS_OF: &str = "2026-03";

/// Hours of a month, as AWS reckons.
const HOURS: f64 = 730.0;

/// A cluster of EKS in standard support, an hour.
const CONTROL_PLANE: f64 = 0.10;

/// What Fargate adds to the memory of a pod for the parts of Kubernetes on its node, in MiB (Amazon EKS user
/// guide, Fargate pod configuration).
const BESIDE_A_POD: u32 = 256;

/// An hour of a vCPU and of a GB, on `x86_64` and on ARM.
struct Prices {
    region: &'static str,
    x86: (f64, f64),
    arm: (f64, f64),
}

const fn at(region: &'static str, x86: (f64, f64), arm: (f64, f64)) -> Prices {
    Prices { region, x86, arm }
}

/// The first one stands for Regions that are not listed.
const PRICES: [Prices; 10] = [
    at("us-east-1", (0.040_48, 0.004_445), (0.032_38, 0.003_56)),
    at("us-east-2", (0.040_48, 0.004_445), (0.032_38, 0.003_56)),
    at("us-west-2", (0.040_48, 0.004_445), (0.032_38, 0.003_56)),
    at("eu-west-1", (0.040_48, 0.004_445), (0.032_38, 0.003_56)),
    at("eu-west-2", (0.046_56, 0.005_11), (0.037_25, 0.004_09)),
    at("eu-central-1", (0.046_56, 0.005_11), (0.037_25, 0.004_09)),
    at("ap-northeast-1", (0.050_56, 0.005_53), (0.040_45, 0.004_42)),
    at("ap-southeast-1", (0.050_56, 0.005_53), (0.040_45, 0.004_42)),
    at("ap-southeast-2", (0.048_56, 0.005_32), (0.038_85, 0.004_26)),
    at("sa-east-1", (0.069_6, 0.007_6), (0.055_7, 0.006_12)),
];

impl Prices {
    /// A month of a size.
    fn month(&self, cpu: u32, memory: u32, arm: bool) -> f64 {
        let (vcpu, gigabyte) = if arm { self.arm } else { self.x86 };
        let hour = f64::from(cpu) / 1024.0 * vcpu + f64::from(memory) / 1024.0 * gigabyte;
        hour * HOURS
    }
}

/// The least size that Fargate offers for a pod.
fn size_of_a_pod(cpu: u32, memory: u32) -> (u32, u32) {
    let memory = memory + BESIDE_A_POD;
    let fitting = CPU_SIZES.iter().filter(|size| **size >= cpu);
    let mut sizes = fitting.filter_map(|size| {
        let memories = memory_sizes(*size)?;
        let fits = memories.into_iter().find(|one| *one >= memory)?;
        Some((*size, fits))
    });
    sizes.next().unwrap_or((cpu, memory))
}

/// What the tasks of all services cost.
pub(super) fn costs(tasks: &[Tasks], region: Option<&str>) -> Option<Costs> {
    let known = PRICES.iter().find(|prices| Some(prices.region) == region);
    let prices = known.or(PRICES.first())?;
    let sum = |count: fn(&Tasks) -> u32, pod: bool| -> f64 {
        let each = tasks.iter().map(|one| {
            let (cpu, memory) = if pod {
                size_of_a_pod(one.cpu, one.memory)
            } else {
                (one.cpu, one.memory)
            };
            // Fargate profiles of EKS have no ARM (Amazon EKS user guide, Fargate considerations).
            let month = prices.month(cpu, memory, one.arm && !pod);
            month * f64::from(count(one))
        });
        each.sum()
    };
    let control_plane = CONTROL_PLANE * HOURS;
    let least: fn(&Tasks) -> u32 = |one| one.least;
    let most: fn(&Tasks) -> u32 = |one| one.most;
    Some(Costs {
        region: prices.region.to_owned(),
        another_region: known.is_none(),
        as_of: AS_OF,
        ecs: (sum(least, false), sum(most, false)),
        eks: (
            control_plane + sum(least, true),
            control_plane + sum(most, true),
        ),
        control_plane,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: Tasks = Tasks {
        cpu: 512,
        memory: 1024,
        arm: false,
        least: 2,
        most: 20,
    };

    #[test]
    fn the_example_costs_what_the_price_list_says() {
        let costs = costs(&[EXAMPLE], Some("us-east-1")).unwrap();
        // 2 × 730 h × (0.5 × $0.04048 + 1 × $0.004445), and ten times as much.
        assert!((costs.ecs.0 - 36.04).abs() < 0.01, "{costs:?}");
        assert!((costs.ecs.1 - 360.40).abs() < 0.01, "{costs:?}");
        // A pod of 1 GiB comes to 1.25 GiB, and gets 2.
        assert!((costs.eks.0 - (73.0 + 42.53)).abs() < 0.01, "{costs:?}");
        assert!(!costs.another_region);
    }

    #[test]
    fn a_region_that_is_not_listed_is_named() {
        let costs = costs(&[EXAMPLE], Some("af-south-1")).unwrap();
        assert!(costs.another_region);
        assert_eq!(costs.region, "us-east-1");
    }
}
