//! Which rows of which blocks a window has room for. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::report::text::{Line, Tone};

use super::block::{Block, Weight};

/// The size of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Window {
    /// How many columns it has.
    pub(in crate::report) columns: usize,
    /// How many rows it has.
    pub(in crate::report) rows: usize,
}

/// The rows of all blocks that fit, failures first; what finds no room is counted.
pub(super) fn arrange<'b>(
    blocks: impl Iterator<Item = &'b Block>,
    (now, zone): (Timestamp, &TimeZone),
    window: Window,
) -> Vec<Line> {
    let mut blocks: Vec<&Block> = blocks.collect();
    // Blocks come by name, and keep that order among those that matter alike.
    blocks.sort_by_key(|block| block.weight());
    let rows: Vec<Vec<Line>> = blocks.iter().map(|block| block.rows(now, zone)).collect();
    let heights: Vec<(Weight, usize)> = blocks
        .iter()
        .zip(&rows)
        .map(|(block, rows)| (block.weight(), rows.len()))
        .collect();
    // The last line that was told stays in sight.
    let shown = fit(&heights, window.rows.saturating_sub(1).max(1));
    let folded: Vec<Weight> = heights
        .iter()
        .zip(&shown)
        .filter(|(_, shown)| **shown == 0)
        .map(|((weight, _), _)| *weight)
        .collect();
    let mut lines = Vec::new();
    for ((block, rows), shown) in blocks.iter().zip(rows).zip(shown) {
        if shown == 1 && rows.len() > 1 {
            lines.push(block.brief(now));
        } else {
            lines.extend(rows.into_iter().take(shown));
        }
    }
    lines.extend(more(&folded));
    // A row that fills the window to its last column would move the cursor on some terminals.
    let columns = window.columns.saturating_sub(1).max(1);
    lines.into_iter().map(|line| line.cut(columns)).collect()
}

/// How many rows of each block are shown, 0 being folded into the row that counts them. Those
/// without a failure lose their details first, then their place; those with one only after that.
fn fit(heights: &[(Weight, usize)], room: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = heights.iter().map(|(_, rows)| *rows).collect();
    let taken = |shown: &[usize]| shown.iter().sum::<usize>() + usize::from(shown.contains(&0));
    for fails in [false, true] {
        for most in [1, 0] {
            for at in (0..shown.len()).rev() {
                if taken(&shown) <= room {
                    return shown;
                }
                if fails == (heights[at].0 == Weight::Failing) {
                    shown[at] = shown[at].min(most);
                }
            }
        }
    }
    shown
}

/// `+4 more: 3 under way, 1 done`.
fn more(folded: &[Weight]) -> Option<Line> {
    if folded.is_empty() {
        return None;
    }
    let count = |weight: Weight| folded.iter().filter(|one| **one == weight).count();
    let kinds = [Weight::Failing, Weight::UnderWay, Weight::Over]
        .into_iter()
        .filter(|weight| count(*weight) > 0)
        .map(|weight| format!("{} {}", count(weight), weight.words()));
    let kinds: Vec<String> = kinds.collect();
    let line = Line::at(0).add(Tone::Strong, format!("+{} more", folded.len()));
    Some(line.add(Tone::Quiet, format!(": {}", kinds.join(", "))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weights() -> impl Strategy<Value = Vec<(Weight, usize)>> {
        let weight = prop::sample::select(vec![Weight::Failing, Weight::UnderWay, Weight::Over]);
        prop::collection::vec((weight, 1_usize..=3), 0..40).prop_map(|mut all| {
            all.sort_by_key(|(weight, _)| *weight);
            all
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_fits_and_a_failure_is_the_last_to_lose_its_place(heights in weights(), room in 1_usize..60) {
            let shown = fit(&heights, room);
            let folded = shown.iter().filter(|rows| **rows == 0).count();
            prop_assert!(shown.iter().sum::<usize>() + usize::from(folded > 0) <= room);
            let whole = |at: usize| shown[at] == heights[at].1;
            let failing = |at: usize| heights[at].0 == Weight::Failing;
            let all = 0..heights.len();
            // Nobody is left out for nothing.
            let needed: usize = heights.iter().map(|(_, rows)| rows).sum();
            prop_assert!(needed > room || all.clone().all(whole));
            let failure_suffers = all.clone().any(|at| failing(at) && !whole(at));
            prop_assert!(!failure_suffers || all.clone().all(|at| failing(at) || shown[at] == 0));
        }
    }
}
