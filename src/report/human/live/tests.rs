//! What a terminal shows of the blocks, judged by one that is emulated.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

/// What was written to the terminal and not shown yet.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal of 40 columns and 8 rows.
struct Terminal {
    live: Live,
    outlet: Outlet,
    written: Written,
    shown: vt100::Parser,
}

impl Terminal {
    fn new() -> Self {
        let written = Written::default();
        let (_, outlet) = Outlet::pair(io::sink(), written.clone());
        let mut live = Live::new();
        live.draw_on(&outlet, || Window {
            columns: 40,
            rows: 8,
        });
        Self {
            live,
            outlet,
            written,
            shown: vt100::Parser::new(8, 40, 0),
        }
    }

    fn draw(&mut self, rows: &[&str]) {
        let rows: Vec<Line> = rows.iter().map(|row| Line::at(0).plain(row)).collect();
        self.live.draw(&rows, Style::default());
    }

    fn print(&mut self, line: &str) {
        self.live.erase();
        self.outlet
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    fn screen(&mut self) -> &vt100::Screen {
        self.outlet.settle(Duration::from_secs(10));
        let written = std::mem::take(&mut *self.written.0.lock().unwrap());
        // As the line discipline of a terminal does.
        let written = String::from_utf8(written).unwrap().replace('\n', "\r\n");
        self.shown.process(written.as_bytes());
        self.shown.screen()
    }

    fn shows(&mut self, text: &str) {
        assert_eq!(self.screen().contents(), text);
    }
}

#[test]
fn each_drawing_takes_the_place_of_the_one_before() {
    let mut terminal = Terminal::new();
    terminal.print("kept");
    terminal.draw(&["api  progressing", "  1/2", "  newest"]);
    terminal.shows("kept\napi  progressing\n  1/2\n  newest");
    terminal.draw(&["web", "api"]);
    terminal.shows("kept\nweb\napi");
    terminal.print("kept too");
    terminal.shows("kept\nkept too");
    terminal.draw(&["api"]);
    terminal.shows("kept\nkept too\napi");
}

#[test]
fn nothing_is_left_and_the_cursor_stands_where_it_may_go_on() {
    let mut terminal = Terminal::new();
    terminal.print("kept");
    terminal.draw(&["api", "  1/2"]);
    terminal.live.finish();
    terminal.shows("kept");
    assert_eq!(terminal.screen().cursor_position(), (1, 0));
    assert!(!terminal.screen().hide_cursor());
}

#[test]
fn blocks_that_are_dropped_are_erased() {
    let mut terminal = Terminal::new();
    terminal.draw(&["api", "  1/2"]);
    terminal.shows("api\n  1/2");
    terminal.live = Live::new();
    terminal.shows("");
}

#[test]
fn at_the_lower_end_the_screen_scrolls_and_the_blocks_stay_whole() {
    let mut terminal = Terminal::new();
    for number in 1..=8 {
        terminal.print(&format!("line {number}"));
    }
    for _ in 0..3 {
        terminal.draw(&["api", "  1/2", "  newest"]);
    }
    terminal.shows("line 4\nline 5\nline 6\nline 7\nline 8\napi\n  1/2\n  newest");
    terminal.draw(&["api"]);
    terminal.shows("line 4\nline 5\nline 6\nline 7\nline 8\napi");
}

/// A terminal that wraps its rows anew takes the cursor along with the row that it is in, and the
/// rows below it take up more of the screen than were drawn.
#[test]
fn rows_that_the_terminal_wrapped_anew_are_erased_too() {
    let mut terminal = Terminal::new();
    terminal.print("kept");
    terminal.draw(&["api  progressing", "  1/2"]);
    terminal.screen();
    terminal
        .shown
        .process(b"\r\x1b[Japi  prog\r\nressing\r\n  1/2\x1b[2A\r");
    terminal.shows("kept\napi  prog\nressing\n  1/2");
    terminal.draw(&["api", "  2/2"]);
    terminal.shows("kept\napi\n  2/2");
}

#[test]
fn what_a_runner_would_obey_is_broken_in_a_block_as_well() {
    let mut terminal = Terminal::new();
    terminal.draw(&["::error::oh"]);
    terminal.shows("∷error::oh");
}
