//! The live blocks at the lower end of a terminal, one for each service that is under way.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The live blocks. Permanent text is printed above them, within [`Live::aside`].
#[derive(Debug)]
pub(super) struct Live {
    screen: MultiProgress,
    bars: BTreeMap<String, ProgressBar>,
}

impl Live {
    /// Blocks on stderr.
    pub(super) fn new() -> Self {
        Self {
            screen: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            bars: BTreeMap::new(),
        }
    }

    /// Shows `text` as the block of `label`.
    pub(super) fn show(&mut self, label: &str, text: String) {
        let bar = self.bars.entry(label.to_owned()).or_insert_with(|| {
            let bar = self.screen.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            bar
        });
        bar.set_message(text);
    }

    /// Takes the block of `label` away.
    pub(super) fn remove(&mut self, label: &str) {
        if let Some(bar) = self.bars.remove(label) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    /// Takes all blocks away.
    pub(super) fn clear(&mut self) {
        let labels: Vec<String> = self.bars.keys().cloned().collect();
        for label in labels {
            self.remove(&label);
        }
    }

    /// Runs `print` while the blocks are off the screen.
    pub(super) fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.screen.suspend(print)
    }
}
