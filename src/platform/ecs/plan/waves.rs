//! How a rolling deployment moves between its two percentages: in how many waves, or never. Pure.

/// The most waves that are counted; a rollout one task at a time has that many at 5000 tasks, the
/// most that a service may have (Amazon ECS service quotas).
const MOST: u32 = 5_000;

/// How many tasks may run at least and at most during a rollout: the minimum is rounded up, the
/// maximum down (Amazon ECS API reference, `DeploymentConfiguration`).
pub(crate) fn bounds(desired: u32, minimum_percent: u32, maximum_percent: u32) -> (u32, u32) {
    let part = |percent: u32| u64::from(desired) * u64::from(percent);
    let lowest = part(minimum_percent).div_ceil(100);
    let highest = part(maximum_percent) / 100;
    let clamp = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    (clamp(lowest), clamp(highest))
}

/// In how many waves of starts all tasks are replaced; `None`: neither may a task be started nor
/// one be stopped, ever.
pub(crate) fn waves(desired: u32, minimum_percent: u32, maximum_percent: u32) -> Option<u32> {
    let (lowest, highest) = bounds(desired, minimum_percent, maximum_percent);
    let (mut old, mut new, mut waves) = (desired, 0_u32, 0_u32);
    while new < desired && waves < MOST {
        let start = (desired - new).min(highest.saturating_sub(old + new));
        if start > 0 {
            new += start;
            waves += 1;
            old = old.min(lowest.saturating_sub(new));
        } else {
            let stop = old.min((old + new).saturating_sub(lowest));
            if stop == 0 {
                return None;
            }
            old -= stop;
        }
    }
    Some(waves)
}

/// What is wrong with percentages between which no task can ever be started or stopped, and what
/// to do; `None`: nothing.
pub(crate) fn deadlock(count: u32, low: u32, high: u32) -> Option<String> {
    waves(count, low, high).is_none().then(|| {
        let tasks = if count == 1 { "task" } else { "tasks" };
        format!(
            "With {count} {tasks}, at least {low} % (rounded up) and at most {high} % (rounded down), \
             no task can ever be started or stopped: raise `maximum_percent` or lower \
             `minimum_healthy_percent`."
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_percentages() {
        assert_eq!(waves(2, 100, 200), Some(1));
        assert_eq!(waves(10, 100, 110), Some(10));
        assert_eq!(waves(4, 50, 100), Some(2));
        assert_eq!(waves(0, 100, 200), Some(0));
    }

    #[test]
    fn percentages_that_round_to_a_deadlock() {
        assert_eq!(waves(5, 100, 110), None);
        assert_eq!(waves(1, 100, 150), None);
        assert_eq!(waves(1, 50, 100), None);
    }

    proptest! {
        #[test]
        fn a_wave_needs_room_at_one_end(desired in 1_u32..200, low in 0_u32..=100, high in 100_u32..=200) {
            let (lowest, highest) = bounds(desired, low, high);
            prop_assert_eq!(waves(desired, low, high).is_none(), lowest >= desired && highest <= desired);
        }
    }
}
