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
    let units = u64::from(units);
    let written = (0..=6).map(|digits| {
        let scale = 10_u64.pow(digits);
        (digits, scale, (units * scale + 512) / 1024)
    });
    let mut exact =
        written.filter(|(_, scale, number)| (number * 1024 + scale / 2) / scale == units);
    let (digits, scale, number) = exact.next().unwrap_or((0, 1, units / 1024));
    let width = usize::try_from(digits).unwrap_or_default();
    let (whole, part) = (number / scale, number % scale);
    Word::plain(if width == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{part:0width$}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_written_in_as_few_digits_as_say_them() {
        let all = [64, 65, 102, 256, 512, 1024, 1536, 16_384];
        let written = all.map(vcpu);
        let wanted = ["0.0625", "0.063", "0.1", "0.25", "0.5", "1", "1.5", "16"];
        assert_eq!(written, wanted.map(Word::plain));
    }
}
