//! Private keys, which stand over many lines: within one text, and line by line as a log is told.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A block names what it is within so many bytes.
const HEAD: usize = 60;

/// A block of more lines is none: whoever wrote the beginning of a key does not hide all that follows.
/// A key of 16,384 bits has 200.
const MOST_LINES: usize = 256;

const WHAT: &str = "a private key";

/// "-----BEGIN", in base64.
const ENCODED: &str = "LS0tLS1CRUdJTi";

/// So much of an encoded key tells what it is.
const ENCODED_HEAD: usize = 64;

const PUTTY: &str = "PuTTY-User-Key-File-";
const PUTTY_END: &str = "Private-MAC:";

/// Adds where the private keys of a text stand.
pub(super) fn find(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    armored(text, found);
    putty(text, found);
    encoded(text, found);
}

/// PEM (RFC 7468), `OpenPGP`'s armor (RFC 9580) and SSH2's (RFC 4716).
fn armored(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    let mut at = 0;
    while let Some((start, body)) = opening(&text[at..]) {
        let body = at + body;
        let end = closing(&text[body..]).map_or(text.len(), |end| body + end);
        found.push((at + start..end, WHAT));
        at = end;
    }
}

fn putty(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    let mut at = 0;
    while let Some(start) = text[at..].find(PUTTY).map(|start| at + start) {
        at = Form::Putty
            .end(&text[start..])
            .map_or(text.len(), |end| start + end);
        found.push((start..at, WHAT));
    }
}

fn encoded(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    let mut at = 0;
    while let Some(start) = text[at..].find(ENCODED).map(|start| at + start) {
        at = start + base64_word(&text[start..]);
        if is_encoded_key(&text[start..at]) {
            found.push((start..at, WHAT));
        }
    }
}

/// Where a block begins, and where what it names itself ends.
fn opening(text: &str) -> Option<(usize, usize)> {
    text.match_indices("---").find_map(|(at, _)| {
        let near = text.floor_char_boundary(text.len().min(at + HEAD));
        let rest = text[at..near]
            .trim_start_matches('-')
            .trim_start_matches(' ');
        let head = rest.strip_prefix("BEGIN ")?;
        let name = head.split('-').next()?;
        let dashes = head[name.len()..].starts_with("---");
        (dashes && name.contains("PRIVATE KEY")).then(|| {
            let body = near - head.len() + name.len();
            (at, body)
        })
    })
}

/// Where the block ends that has begun before.
fn closing(text: &str) -> Option<usize> {
    text.match_indices("PRIVATE KEY").find_map(|(at, found)| {
        let before = &text[text.floor_char_boundary(at.saturating_sub(HEAD))..at];
        let name = before.rsplit('-').next().unwrap_or_default();
        // One that was cut off may be followed by another.
        if name.trim_start().starts_with("BEGIN ") {
            return None;
        }
        let rest = text[at + found.len()..].trim_start_matches(" BLOCK");
        let rest = rest.trim_start_matches(' ');
        let dashes = rest
            .bytes()
            .take(5)
            .take_while(|byte| *byte == b'-')
            .count();
        (dashes > 2).then(|| text.len() - rest.len() + dashes)
    })
}

/// The length of the word of base64 that a text starts with.
fn base64_word(text: &str) -> usize {
    text.find(|c| !is_base64(c)).unwrap_or(text.len())
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

fn is_encoded_key(word: &str) -> bool {
    let head = &word[..word.len().min(ENCODED_HEAD)];
    let head = &head[..head.len() / 4 * 4];
    let decoded = STANDARD.decode(head).unwrap_or_default();
    String::from_utf8_lossy(&decoded).contains("PRIVATE KEY")
}

/// How the lines of a key go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Until the line that says that it ends.
    Armored,
    /// Until the line with its check sum.
    Putty,
    /// As long as a line is one word of base64.
    Encoded,
}

impl Form {
    /// Where its end stands in a text that belongs to it.
    fn end(self, text: &str) -> Option<usize> {
        match self {
            Self::Armored => closing(text),
            Self::Putty => {
                let at = text.find(PUTTY_END)?;
                Some(text[at..].find('\n').map_or(text.len(), |end| at + end))
            }
            Self::Encoded => (base64_word(text.trim()) < text.trim().len()).then_some(0),
        }
    }
}

/// What the lines of one stream have been so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// None was told, or all looked like the inside of a key that began before.
    Begins { within: bool },
    /// The line has nothing of a key in it.
    Plain,
    /// Within a key, which may have so many more lines.
    Within { form: Form, left: usize },
}

/// Finds private keys in lines that come one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyLines(State);

impl Default for KeyLines {
    fn default() -> Self {
        Self(State::Begins { within: false })
    }
}

impl KeyLines {
    /// What of the next line belongs to a private key that does not end in it, or began before it.
    pub(crate) fn next(&mut self, line: &str) -> Option<Range<usize>> {
        match self.0 {
            State::Within { form, left } => {
                let end = form.end(line);
                self.0 = match (end, left) {
                    (Some(_), _) | (None, 0) => State::Plain,
                    (None, left) => State::Within {
                        form,
                        left: left - 1,
                    },
                };
                let end = end.unwrap_or(line.len());
                let more = self.begun(&line[end..]).is_some();
                let end = if more { line.len() } else { end };
                (end > 0).then_some(0..end)
            }
            State::Begins { within } => self.begun(line).or_else(|| self.unbegun(line, within)),
            State::Plain => self.begun(line),
        }
    }

    /// A key that begins in this line and does not end in it.
    fn begun(&mut self, line: &str) -> Option<Range<usize>> {
        let mut at = 0;
        while let Some((start, body)) = opening(&line[at..]) {
            let Some(end) = closing(&line[at + body..]) else {
                return Some(self.goes_on(Form::Armored, at + start..line.len()));
            };
            at += body + end;
        }
        if let Some(start) = line.rfind(PUTTY).filter(|_| !line.contains(PUTTY_END)) {
            return Some(self.goes_on(Form::Putty, start..line.len()));
        }
        let start = line.trim_end().rfind(ENCODED)?;
        let word = line[start..].trim_end();
        if base64_word(word) < word.len() || !is_encoded_key(word) {
            return None;
        }
        Some(self.goes_on(Form::Encoded, start..line.len()))
    }

    fn goes_on(&mut self, form: Form, range: Range<usize>) -> Range<usize> {
        let left = MOST_LINES;
        self.0 = State::Within { form, left };
        range
    }

    /// The first lines that are told of a stream may be the last ones of a key.
    fn unbegun(&mut self, line: &str, within: bool) -> Option<Range<usize>> {
        if let Some(end) = closing(line) {
            self.0 = State::Plain;
            return Some(0..end);
        }
        let word = line.trim_end().rsplit(' ').next().unwrap_or_default();
        let is_inside = base64_word(word) == word.len()
            && (word.len() >= 40 && has_all_letters(word)
                || within && word.len() == line.trim().len());
        self.0 = if is_inside {
            State::Begins { within: true }
        } else {
            State::Plain
        };
        is_inside.then_some(0..line.len())
    }
}

/// As base64 has and a name or a digest does not: both cases, and digits.
fn has_all_letters(word: &str) -> bool {
    let has = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
    has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi61ezRYhIuBZgRVWjR8pzKLbMz";

    fn hidden(text: &str) -> String {
        let mut lines = KeyLines::default();
        let hide = |line: &str| match lines.next(line) {
            Some(range) => format!("{}*{}", &line[..range.start], &line[range.end..]),
            None => line.to_owned(),
        };
        text.lines().map(hide).collect::<Vec<_>>().join("|")
    }

    fn key(name: &str) -> String {
        format!("-----BEGIN {name}-----\n{BODY}\nAQAB==\n-----END {name}-----")
    }

    #[test]
    fn keys_of_each_kind_are_found_in_a_text() {
        let encoded = STANDARD.encode(key("RSA PRIVATE KEY"));
        for block in [
            key("PRIVATE KEY"),
            key("OPENSSH PRIVATE KEY"),
            key("PGP PRIVATE KEY BLOCK"),
            format!(
                "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{BODY}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----"
            ),
            format!("{PUTTY}3: ssh-rsa\nPrivate-Lines: 1\n{BODY}\nPrivate-MAC: 0a1b"),
            encoded,
        ] {
            let text = format!("before {block}\nafter");
            let mut found = Vec::new();
            find(&text, &mut found);
            assert_eq!(found, [(7..7 + block.len(), WHAT)], "{text}");
        }
        let mut found = Vec::new();
        find(&key("CERTIFICATE"), &mut found);
        find(&STANDARD.encode(key("CERTIFICATE")), &mut found);
        find("-----BEGIN ALL-----", &mut found);
        assert_eq!(found, []);
    }

    #[test]
    fn a_key_is_hidden_line_by_line_from_its_beginning_to_its_end() {
        for name in ["PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
            let text = format!("start\nkey: {}\nend", key(name));
            assert_eq!(hidden(&text), "start|key: *|*|*|*|end");
        }
        let putty = format!("start\n{PUTTY}3: ssh-rsa\n{BODY}\nPrivate-MAC: 0a1b\nend");
        assert_eq!(hidden(&putty), "start|*|*|*|end");
        let encoded = STANDARD.encode(key("RSA PRIVATE KEY"));
        let (one, two) = encoded.split_at(76);
        assert_eq!(
            hidden(&format!("start\n{one}\n{two}\nthe end")),
            "start|*|*|the end"
        );
        assert_eq!(
            hidden(&format!("start\n{}\nend", key("CERTIFICATE")))
                .matches('*')
                .count(),
            0
        );
    }

    #[test]
    fn two_keys_may_meet_in_one_line_and_one_may_stand_in_it() {
        let one = key("PRIVATE KEY").replace('\n', "\\n");
        assert_eq!(hidden(&format!("a\n{one}\nb")), format!("a|{one}|b"));
        let cut = format!(
            "-----BEGIN PRIVATE KEY-----\n{BODY}\n{}\nb",
            key("PRIVATE KEY")
        );
        assert_eq!(hidden(&cut), "*|*|*|*|*|*|b");
        let met = format!("a\n{}{}\nb", key("PRIVATE KEY"), key("RSA PRIVATE KEY"));
        assert_eq!(hidden(&met), "a|*|*|*|*|*|*|*|b");
    }

    #[test]
    fn what_begins_within_a_key_is_hidden_to_its_end() {
        let (_, tail) = key("PRIVATE KEY")
            .split_once('\n')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        assert_eq!(hidden(&format!("{tail}\nend")), "*|*|*|end");
        assert_eq!(
            hidden(&format!(
                "12:00 INFO {BODY}\n-----END PRIVATE KEY-----\nend"
            )),
            "*|*|end"
        );
        assert_eq!(
            hidden(&format!("listening\n{BODY}")),
            format!("listening|{BODY}")
        );
        assert_eq!(
            hidden("0123456789abcdef0123456789abcdef0123456789abcdef\nend")
                .matches('*')
                .count(),
            0
        );
    }

    #[test]
    fn a_key_that_never_ends_does_not_hide_all_that_follows() {
        let lines = "x\n".repeat(2 * MOST_LINES);
        let told = hidden(&format!("start\n-----BEGIN PRIVATE KEY-----\n{lines}"));
        assert_eq!(told.matches('*').count(), MOST_LINES + 2);
        assert!(told.ends_with("|x"));
    }
}
