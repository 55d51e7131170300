//! How long a rollout is expected to take: as long as the last ones that ended well took.

use std::time::Duration;

use jiff::Timestamp;

/// So many of the last rollouts are looked at: an older one tells of another service.
const LAST: usize = 5;

/// The middle one of the last rollouts, which are given newest first by their begin and end; `None`:
/// nothing is known of any.
pub(crate) fn usual(
    newest_first: impl IntoIterator<Item = (Option<Timestamp>, Option<Timestamp>)>,
) -> Option<Duration> {
    let known = newest_first.into_iter().filter_map(|(began, ended)| {
        let took = Duration::try_from(ended?.duration_since(began?)).ok()?;
        (!took.is_zero()).then_some(took)
    });
    let mut took: Vec<Duration> = known.take(LAST).collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollouts(seconds: &[i64]) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
        let at = |second| Timestamp::from_second(second).ok();
        seconds
            .iter()
            .map(|took| (at(1000), at(1000 + took)))
            .collect()
    }

    #[test]
    fn one_that_took_long_is_not_usual() {
        let took = |seconds: &[i64]| usual(rollouts(seconds)).map(|took| took.as_secs());
        assert_eq!(took(&[]), None);
        assert_eq!(took(&[100]), Some(100));
        assert_eq!(took(&[100, 900, 90]), Some(100));
        // What is older than the last five tells nothing.
        assert_eq!(took(&[10, 10, 10, 20, 20, 900, 900, 900, 900]), Some(10));
    }

    #[test]
    fn a_record_without_both_times_is_left_out() {
        let mut all = rollouts(&[100]);
        all.extend([(None, None), (Timestamp::from_second(5).ok(), None)]);
        // A clock that was set back in between.
        all.extend(rollouts(&[-30, 0]));
        assert_eq!(usual(all), Some(Duration::from_secs(100)));
    }
}
