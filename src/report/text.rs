//! Lines of coloured words, made safe for a terminal, wrapped and painted.
//!
//! Nothing reaches a terminal but through [`Line`], and [`Line::add`] cleans whatever it is given:
//! a task's log line must not move the cursor, change a title or hide what stands beside it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::harmless::one_line;

mod wrap;

use self::wrap::{Row, wrap};

/// How one of the two output streams is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Style {
    /// With colours.
    pub(crate) color: bool,
    /// Columns to wrap at; `None`: no terminal, lines are as long as they are.
    pub(crate) width: Option<usize>,
}

/// What a word is there for; its colour follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Detail.
    Quiet,
    /// What the eye should find first.
    Strong,
    /// All is well; added.
    Good,
    /// Needs care; changed.
    Care,
    /// Harm; removed.
    Bad,
}

impl Tone {
    fn style(self) -> anstyle::Style {
        let style = anstyle::Style::new();
        match self {
            Self::Plain => style,
            Self::Quiet => style.effects(Effects::DIMMED),
            Self::Strong => style.effects(Effects::BOLD),
            Self::Good => style.fg_color(Some(AnsiColor::Green.into())),
            Self::Care => style.fg_color(Some(AnsiColor::Yellow.into())),
            Self::Bad => style.fg_color(Some(AnsiColor::Red.into())),
        }
    }
}

/// Text without anything that a terminal would obey: escape sequences, which colour the lines of
/// many logs, are dropped; every other control character and the marks that turn the direction of
/// writing are shown as `\u{…}`; line ends become spaces.
pub(super) fn clean(text: &str) -> String {
    one_line(&anstream::adapter::strip_str(text).to_string())
}

/// `text` with at most `columns` columns; what is cut off leaves a `…`.
pub(super) fn shorten(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// `text` with at most `columns` columns; what is left out of its middle leaves a `…`. What tells
/// two images or ARNs apart stands at their ends.
pub(super) fn middle(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let tail_room = columns.saturating_sub(1) * 2 / 3;
    let mut used = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > tail_room {
            break;
        }
        start = at;
    }
    let tail = &text[start..];
    let head = shorten(&text[..start], columns.saturating_sub(tail.width()));
    format!("{head}{tail}")
}

/// One line of words, before it is wrapped and painted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    indent: usize,
    hang: usize,
    spans: Vec<(Tone, String)>,
}

impl Line {
    /// An empty line that starts, and goes on, at column `indent`.
    pub(super) fn at(indent: usize) -> Self {
        Self {
            indent,
            hang: indent,
            spans: Vec::new(),
        }
    }

    /// Where it goes on when it has to be wrapped.
    pub(super) fn hang(mut self, column: usize) -> Self {
        self.hang = column;
        self
    }

    /// With these words behind; they are cleaned here.
    pub(super) fn add(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.spans.push((tone, clean_keeping_end(text.as_ref())));
        self
    }

    /// With plain words behind.
    pub(super) fn plain(self, text: impl AsRef<str>) -> Self {
        self.add(Tone::Plain, text)
    }

    /// With all words of another line behind.
    pub(super) fn join(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// Its columns, unwrapped.
    pub(super) fn width(&self) -> usize {
        let words: usize = self.spans.iter().map(|(_, text)| text.width()).sum();
        self.indent + words
    }

    /// Cut to `columns`, for a place where nothing may be wrapped.
    pub(super) fn cut(mut self, columns: usize) -> Self {
        let mut left = columns.saturating_sub(self.indent);
        self.spans.retain_mut(|(_, text)| {
            let kept = left > 0;
            *text = shorten(text, left);
            left = left.saturating_sub(text.width());
            kept
        });
        self
    }

    /// The finished text, every row of it ended by a line feed.
    pub(super) fn paint(&self, style: Style) -> String {
        let mut text = String::new();
        for (row, indent) in self.rows(style.width) {
            if !row.is_empty() {
                let _ = write!(text, "{:indent$}", "");
            }
            for (tone, words) in row {
                paint_words(&mut text, tone, &words, style.color);
            }
            text.push('\n');
        }
        text
    }

    fn rows(&self, width: Option<usize>) -> Vec<Row> {
        let Some(width) = width else {
            return vec![(self.spans.clone(), self.indent)];
        };
        let hang = if self.hang * 2 > width {
            self.indent + 4
        } else {
            self.hang
        };
        wrap(&self.spans, width, self.indent, hang)
    }
}

/// As [`clean`], but white space at the end stays: another word may follow.
fn clean_keeping_end(text: &str) -> String {
    let end = text.len() - text.trim_end_matches(' ').len();
    format!("{}{:end$}", clean(text), "")
}

fn paint_words(text: &mut String, tone: Tone, words: &str, color: bool) {
    let style = tone.style();
    if color && !words.is_empty() && style != anstyle::Style::new() {
        let _ = write!(text, "{style}{words}{style:#}");
    } else {
        text.push_str(words);
    }
}

/// A column grows no wider than this; a longer cell pushes its own row aside only.
pub(super) const WIDEST_COLUMN: usize = 44;

/// Rows of cells as aligned lines. The last cell is not padded and wraps below itself.
pub(super) fn columns(indent: usize, rows: &[Vec<(Tone, String)>]) -> Vec<Line> {
    let cells: Vec<Vec<(Tone, String)>> = rows.iter().map(|row| cleaned(row)).collect();
    let count = cells.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count.saturating_sub(1))
        .map(|i| {
            let cell_widths = cells
                .iter()
                .filter_map(|row| row.get(i))
                .map(|c| c.1.width());
            cell_widths.max().unwrap_or(0).min(WIDEST_COLUMN)
        })
        .collect();
    let hang = indent + widths.iter().map(|w| w + 2).sum::<usize>();
    cells
        .iter()
        .map(|row| aligned(Line::at(indent).hang(hang), row, &widths))
        .collect()
}

fn cleaned(row: &[(Tone, String)]) -> Vec<(Tone, String)> {
    row.iter()
        .map(|(tone, text)| (*tone, clean(text)))
        .collect()
}

fn aligned(mut line: Line, row: &[(Tone, String)], widths: &[usize]) -> Line {
    for (i, (tone, text)) in row.iter().enumerate() {
        line = line.add(*tone, text);
        if i + 1 < row.len() {
            let pad = widths
                .get(i)
                .copied()
                .unwrap_or(0)
                .saturating_sub(text.width())
                + 2;
            line = line.plain(" ".repeat(pad));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(line: &Line, width: usize) -> String {
        line.paint(Style {
            color: false,
            width: Some(width),
        })
    }

    #[test]
    fn a_log_line_cannot_control_the_terminal() {
        assert_eq!(
            clean("\u{1b}[31mERROR\u{1b}[0m oh\u{7}\u{9b}2J"),
            "ERROR oh\\u{9b}2J"
        );
        assert_eq!(clean("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(
            clean("one\ntwo\tthree\u{202e}four\n"),
            "one two    three\\u{202e}four"
        );
    }

    #[test]
    fn words_wrap_below_the_place_they_hang_at() {
        let line = Line::at(2).hang(6).plain("the quick brown fox jumps over");
        assert_eq!(
            wrapped(&line, 20),
            "  the quick brown\n      fox jumps over\n"
        );
    }

    #[test]
    fn a_word_longer_than_a_row_is_broken() {
        let line = Line::at(0).hang(2).plain("a 0123456789012345678901234567");
        assert_eq!(wrapped(&line, 20), "a 012345678901234567\n  8901234567\n");
    }

    #[test]
    fn wide_characters_count_as_they_look() {
        assert_eq!(shorten("日本語テキスト", 7), "日本語…");
        assert_eq!(shorten("short", 7), "short");
        assert_eq!(middle("日本語テキスト", 7), "日…スト");
    }

    #[test]
    fn both_ends_of_a_long_value_stay() {
        assert_eq!(
            middle("registry.example.com/shop/api:v2", 20),
            "registr…/shop/api:v2"
        );
        assert_eq!(middle("short", 5), "short");
        assert_eq!(middle("0123456789", 1), "…");
    }

    #[test]
    fn color_is_only_where_it_is_wanted() {
        let line = Line::at(0).add(Tone::Bad, "no").plain(" yes");
        let plain = Style::default();
        let color = Style {
            color: true,
            ..plain
        };
        assert_eq!(line.paint(plain), "no yes\n");
        assert_eq!(line.paint(color), "\u{1b}[31mno\u{1b}[0m yes\n");
    }
}
