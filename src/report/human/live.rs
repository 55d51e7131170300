//! The live blocks at the lower end of a terminal.
//!
//! All of them are drawn at once, and the cursor is left where their first row begins. From there
//! they are erased however the window was resized since: a terminal that wraps the rows anew moves
//! the cursor along with the row that it is in.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use crate::report::gate;
use crate::report::outlet::Outlet;
use crate::report::text::{Line, Style};

use super::layout::Window;

#[cfg(unix)]
mod echo;

#[cfg(not(unix))]
mod echo {
    //! Keys are shown where they are typed.

    #[derive(Debug, Default)]
    pub(super) struct Echo;

    impl Echo {
        pub(super) fn hush(&mut self) {}
        pub(super) fn restore(&mut self) {}
    }
}

use self::echo::Echo;

/// To the start of the row, and nothing from there on.
const ERASE: &str = "\r\x1b[J";

/// The live blocks. Permanent text is printed above them, after [`Live::erase`].
#[derive(Debug)]
pub(super) struct Live {
    screen: Option<Screen>,
    is_drawn: bool,
    echo: Echo,
}

/// A terminal behind a queue, so that drawing never waits for it.
#[derive(Debug)]
struct Screen {
    outlet: Outlet,
    size: fn() -> Window,
}

/// The size of the terminal that shows standard error, as it is now.
pub(super) fn window_of_stderr() -> Window {
    let size = terminal_size::terminal_size_of(io::stderr());
    let (columns, rows) = size.map_or((0, 0), |(width, height)| (width.0, height.0));
    // Some terminals do not know theirs.
    let known = |count: u16, usual: usize| if count == 0 { usual } else { count.into() };
    Window {
        columns: known(columns, 80),
        rows: known(rows, 24),
    }
}

impl Live {
    /// Blocks that are drawn nowhere yet.
    pub(super) fn new() -> Self {
        Self {
            screen: None,
            is_drawn: false,
            echo: Echo::default(),
        }
    }

    /// Draws them there from now on.
    pub(super) fn draw_on(&mut self, outlet: &Outlet, size: fn() -> Window) {
        self.screen = Some(Screen {
            outlet: outlet.clone(),
            size,
        });
    }

    /// How large the window is now.
    pub(super) fn window(&self) -> Option<Window> {
        self.screen.as_ref().map(|screen| (screen.size)())
    }

    /// Shows these rows in place of those before. Nothing is drawn while the terminal has not shown
    /// the last drawing yet: somebody stopped it.
    pub(super) fn draw(&mut self, rows: &[Line], style: Style) {
        if self
            .screen
            .as_ref()
            .is_none_or(|screen| screen.outlet.is_behind())
        {
            return;
        }
        let unwrapped = Style {
            width: None,
            ..style
        };
        let mut text: String = rows.iter().map(|row| row.paint(unwrapped)).collect();
        text.pop();
        let mut drawing = ERASE.to_owned();
        drawing.push_str(&gate::pass(&text, style.color));
        if let Some(up @ 1..) = rows.len().checked_sub(1) {
            let _ = write!(drawing, "\x1b[{up}A");
        }
        drawing.push('\r');
        self.echo.hush();
        self.put(&drawing);
        self.is_drawn = true;
    }

    /// Takes all blocks off the screen.
    pub(super) fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            self.put(ERASE);
        }
    }

    /// Leaves the terminal as it was found.
    pub(super) fn finish(&mut self) {
        self.erase();
        self.echo.restore();
    }

    fn put(&self, text: &str) {
        if let Some(screen) = &self.screen {
            // A terminal that is gone shows nothing; the command goes on and ends with its verdict.
            let _ = screen.outlet.clone().write_all(text.as_bytes());
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests;
