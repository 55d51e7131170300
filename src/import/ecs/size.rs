//! Sizes of tasks, as Fargate offers them.

use crate::import::write::Word;
use crate::platform::ecs::settings::{ContainerDefinition, TaskDefinition};
use crate::spec::LaunchType;
use crate::spec::size::{CPU_SIZES, memory_sizes};

/// The size of the task. On Fargate, where there must be one, else of its containers together: the least of
/// Fargate's that holds it.
pub(super) fn size(task: &TaskDefinition, launch: LaunchType) -> (Option<u32>, Option<u32>) {
    let sum = |of: fn(&ContainerDefinition) -> Option<i32>| {
        let all = task.container_definitions.iter().filter_map(of);
        all.filter_map(|one| u32::try_from(one).ok()).sum::<u32>()
    };
    let cpu = task.cpu.as_deref().and_then(|text| scaled(text, "vcpu"));
    let memory = task.memory.as_deref().and_then(|text| scaled(text, "gb"));
    if launch != LaunchType::Fargate {
        return (cpu, memory);
    }
    let cpu = cpu.unwrap_or_else(|| sum(|container| container.size.cpu));
    let memory = memory.unwrap_or_else(|| sum(|container| container.size.memory));
    let offered = CPU_SIZES.into_iter().filter(|units| cpu <= *units);
    let mut holding = offered.filter_map(|units| {
        let sizes = memory_sizes(units)?;
        let holds = sizes.into_iter().find(|size| memory <= *size)?;
        Some((units, holds))
    });
    let (cpu, memory) = holding.next().unwrap_or((cpu, memory));
    (Some(cpu), Some(memory))
}

/// `"1 vCPU"` and `"1024"` are the same.
fn scaled(text: &str, unit: &str) -> Option<u32> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.strip_suffix(unit) {
        Some(number) => {
            let (whole, part) = number
                .trim()
                .split_once('.')
                .unwrap_or((number.trim(), "0"));
            let digits = u32::try_from(part.len()).ok()?;
            let part: u32 = part.parse().ok()?;
            let whole: u32 = if whole.is_empty() {
                0
            } else {
                whole.parse().ok()?
            };
            Some(whole.checked_mul(1024)? + part.checked_mul(1024)? / 10_u32.checked_pow(digits)?)
        }
        None => lower.parse().ok(),
    }
}

/// Units of 1/1024 as vCPU, in as many digits as read back to the same.
pub(super) fn vcpu(units: u32) -> Word {
    let thousandths = (u64::from(units) * 1000 + 512) / 1024;
    if thousandths.is_multiple_of(1000) {
        return Word::plain(thousandths / 1000);
    }
    Word::plain(f64::from(u32::try_from(thousandths).unwrap_or(u32::MAX)) / 1000.0)
}
