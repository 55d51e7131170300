//! Words into rows, no wider than the screen.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Tone;

/// The words of one row, and the column that it starts at.
pub(super) type Row = (Vec<(Tone, String)>, usize);

/// No screen is taken to be narrower.
const NARROWEST: usize = 20;

/// The rows of a line that starts at column `indent` and goes on at column `hang`.
pub(super) fn wrap(spans: &[(Tone, String)], width: usize, indent: usize, hang: usize) -> Vec<Row> {
    let mut wrap = Wrap::new(width.max(NARROWEST), indent, hang);
    for (tone, text) in spans {
        for piece in pieces(text) {
            wrap.push(*tone, piece);
        }
    }
    wrap.finish()
}

/// Words and the spaces between them, by turns.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest
            .find(|c: char| (c == ' ') != (first == ' '))
            .unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// The rows of one line as they fill up.
struct Wrap {
    width: usize,
    hang: usize,
    rows: Vec<Row>,
    used: usize,
    fresh: bool,
}

impl Wrap {
    fn new(width: usize, indent: usize, hang: usize) -> Self {
        Self {
            width,
            hang,
            rows: vec![(Vec::new(), indent)],
            used: indent,
            fresh: true,
        }
    }

    fn push(&mut self, tone: Tone, piece: &str) {
        let columns = piece.width();
        if self.used + columns <= self.width {
            self.append(tone, piece, columns);
            return;
        }
        if piece.starts_with(' ') {
            self.start_row();
            return;
        }
        if !self.fresh && self.hang + columns <= self.width {
            self.start_row();
            self.append(tone, piece, columns);
            return;
        }
        self.push_broken(tone, piece);
    }

    /// A word that is longer than a row is broken wherever the row ends.
    fn push_broken(&mut self, tone: Tone, word: &str) {
        for c in word.chars() {
            let columns = c.width().unwrap_or(0);
            if self.used + columns > self.width {
                self.start_row();
            }
            self.append(tone, c.encode_utf8(&mut [0; 4]), columns);
        }
    }

    fn append(&mut self, tone: Tone, piece: &str, columns: usize) {
        if let Some((row, _)) = self.rows.last_mut() {
            match row.last_mut() {
                Some((last, text)) if *last == tone => text.push_str(piece),
                _ => row.push((tone, piece.to_owned())),
            }
        }
        self.used += columns;
        self.fresh = false;
    }

    fn start_row(&mut self) {
        self.rows.push((Vec::new(), self.hang));
        self.used = self.hang;
        self.fresh = true;
    }

    fn finish(mut self) -> Vec<Row> {
        for (row, _) in &mut self.rows {
            if let Some((_, text)) = row.last_mut() {
                text.truncate(text.trim_end_matches(' ').len());
            }
        }
        if self.rows.len() > 1 && self.fresh {
            self.rows.pop();
        }
        self.rows
    }
}
