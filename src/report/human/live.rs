//! The live blocks at the lower end of a terminal, one for each service that is under way.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::report::outlet::Outlet;

/// The live blocks. Permanent text is printed above them, within [`Live::aside`].
#[derive(Debug)]
pub(super) struct Live {
    screen: MultiProgress,
    outlet: Option<Outlet>,
    bars: BTreeMap<String, ProgressBar>,
}

impl Live {
    /// Blocks that are drawn nowhere yet.
    pub(super) fn new() -> Self {
        Self {
            screen: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            outlet: None,
            bars: BTreeMap::new(),
        }
    }

    /// Draws them there from now on.
    pub(super) fn draw_on(&mut self, outlet: &Outlet) {
        let screen = Box::new(Screen(outlet.clone()));
        self.screen
            .set_draw_target(ProgressDrawTarget::term_like(screen));
        self.outlet = Some(outlet.clone());
    }

    /// Whether the terminal has not shown the last drawings yet: somebody stopped it.
    pub(super) fn is_behind(&self) -> bool {
        self.outlet.as_ref().is_some_and(Outlet::is_behind)
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

/// A terminal behind a queue, so that drawing never waits for it.
#[derive(Debug)]
struct Screen(Outlet);

impl Screen {
    fn put(&self, text: &str) -> io::Result<()> {
        self.0.clone().write_all(text.as_bytes())
    }

    fn moves(&self, by: usize, way: char) -> io::Result<()> {
        if by == 0 {
            return Ok(());
        }
        self.put(&format!("\x1b[{by}{way}"))
    }

    fn size() -> (u16, u16) {
        let size = terminal_size::terminal_size_of(io::stderr());
        size.map_or((80, 24), |(width, height)| (width.0, height.0))
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        Self::size().0
    }

    fn height(&self) -> u16 {
        Self::size().1
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.moves(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.moves(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.moves(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.moves(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.put(text)?;
        self.put("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
