//! Source lines as they may be shown: values that may be secrets become stars, byte for byte, so
//! that carets still point to the right place.
//!
//! What is shown is what is known to be harmless. Below `env`, `vars` and unknown keys every
//! value is veiled, and every comment; a file with syntax errors is judged line by line, since its tree has holes.

use std::ops::Range;

use super::raw;
use super::secrets;
use super::tree::{Node, Value};

/// Their values are the user's own, whatever they are.
const PRIVATE: [&str; 3] = ["env", "vars", "secrets"];
/// Their keys are names, not words of the format.
const NAMED: [&str; 4] = ["service", "sidecar", "tags", "depends_on"];

/// The text with stars; `tree` only where the file has no syntax error.
pub(super) fn veil(text: &str, tree: Option<&Node>) -> String {
    let mut ranges: Vec<Range<usize>> = secrets::find(text).into_iter().map(|(r, _)| r).collect();
    match tree {
        Some(tree) => {
            walk(tree, text, &mut ranges);
            comments(text, &mut ranges);
        }
        None => lines(text, &mut ranges),
    }
    let mut bytes = text.as_bytes().to_vec();
    for range in ranges {
        for byte in &mut bytes[range] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b'*';
            }
        }
    }
    // Whole characters were replaced, so this is what it was: valid.
    String::from_utf8(bytes).unwrap_or_default()
}

/// What is commented out may be what was once a value, wherever it stands. The text has no syntax
/// error: every string in it ends.
fn comments(text: &str, ranges: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while let Some(found) = text[at..].find(['#', '"', '\'']) {
        at += found;
        let rest = &text[at..];
        at += match rest.strip_prefix('#') {
            Some(comment) => {
                let length = 1 + comment.find('\n').unwrap_or(comment.len());
                ranges.push(bare(text, at + 1..at + length));
                length
            }
            None => string(rest),
        };
    }
}

/// The length of the string that a text starts with, its quotes included.
fn string(text: &str) -> usize {
    let quotes = ["\"\"\"", "'''", "\"", "'"];
    let Some(quote) = quotes.into_iter().find(|quote| text.starts_with(quote)) else {
        return text.len();
    };
    let escapes = quote.starts_with('"');
    let mut at = quote.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(after) = rest.strip_prefix(quote) {
            // Up to two quotes before the three that close belong to the text.
            let more = after.chars().take(quote.len() - 1);
            return at + quote.len() + more.take_while(|c| quote.starts_with(*c)).count();
        }
        let step = if escapes && rest.starts_with('\\') {
            2
        } else {
            1
        };
        at = text.ceil_char_boundary(at + step);
    }
    text.len()
}

fn walk(table: &Node, text: &str, ranges: &mut Vec<Range<usize>>) {
    for (key, node) in table.entries() {
        if key == "secrets" {
            references(node, text, ranges);
        } else if PRIVATE.contains(&key.as_str()) || !raw::is_word(key) {
            cover(node, text, ranges);
        } else if NAMED.contains(&key.as_str()) {
            for (_, inner) in node.entries() {
                walk(inner, text, ranges);
            }
            each_in_list(node, text, ranges);
        } else {
            walk(node, text, ranges);
            each_in_list(node, text, ranges);
        }
    }
}

fn each_in_list(node: &Node, text: &str, ranges: &mut Vec<Range<usize>>) {
    if let Value::List(items) = &node.value {
        for item in items {
            walk(item, text, ranges);
        }
    }
}

/// A reference to a secret may be shown; a value that stands where one should be may not.
fn references(node: &Node, text: &str, ranges: &mut Vec<Range<usize>>) {
    let shown = |node: &Node| {
        let starts = ["arn:", "ssm:", "/", "${"];
        let text = node.text().unwrap_or("");
        starts.iter().any(|start| text.starts_with(start))
    };
    for (_, entry) in node.entries() {
        for (key, inner) in entry.entries() {
            if key != "key" && !shown(inner) {
                cover(inner, text, ranges);
            }
        }
        if entry.entries().is_empty() && !shown(entry) {
            cover(entry, text, ranges);
        }
    }
    if node.entries().is_empty() {
        cover(node, text, ranges);
    }
}

/// Veils every value within; names of variables stay.
fn cover(node: &Node, text: &str, ranges: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Table(entries) => {
            for (_, entry) in entries {
                cover(entry, text, ranges);
            }
        }
        Value::List(items) => {
            for item in items {
                cover(item, text, ranges);
            }
        }
        // A truth tells nobody a secret.
        Value::Bool(_) => {}
        _ => {
            let (start, end) = (node.spot.start, node.spot.end);
            let raw = text.get(start..end).unwrap_or("");
            let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''));
            let edge = usize::from(quote.is_some() && raw.len() >= 2);
            let mut at = start + edge;
            for (reference, ()) in variables(raw) {
                let from = start + reference.start;
                if from >= at {
                    ranges.push(at..from);
                    at = start + reference.end;
                }
            }
            if at < end - edge {
                ranges.push(at..end - edge);
            }
        }
    }
}

/// Each `${NAME` up to the end of its name, and the brace after it.
fn variables(raw: &str) -> impl Iterator<Item = (Range<usize>, ())> + '_ {
    raw.match_indices("${").filter_map(|(at, _)| {
        let rest = &raw[at + 2..];
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let length = rest.find(|c| !plain(c)).unwrap_or(rest.len());
        let closed = rest[length..].starts_with('}');
        let known = closed || rest[length..].starts_with(':');
        (length > 0 && known).then_some((at..at + 2 + length + usize::from(closed), ()))
    })
}

/// Without a tree no string can be trusted to be what it seems, so what is shown is headers, words
/// of the format, numbers and truths.
fn lines(text: &str, ranges: &mut Vec<Range<usize>>) {
    let mut at = 0;
    let mut private = false;
    for line in text.split_inclusive('\n') {
        let range = bare(text, at..at + line.len());
        at += line.len();
        let content = &text[range.clone()];
        if content.starts_with('[') && content.chars().all(is_header) {
            private = private_header(content);
            continue;
        }
        let known = known_start(content);
        let value = bare(text, range.start + known..range.end);
        let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
        let harmless =
            |value: &str| value.chars().all(number) || ["true", "false"].contains(&value);
        if private || known == 0 || !harmless(&text[value.clone()]) {
            ranges.push(value);
        }
    }
}

fn is_header(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '[' | ']' | '.' | '_' | '-')
}

/// The range without white space at its ends.
fn bare(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + inner.len() - inner.trim_start().len();
    start..start.max(range.start + inner.trim_end().len())
}

/// The length of `word =` at the start of a line, where the word is one of the format, or of the
/// word alone.
fn known_start(line: &str) -> usize {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = line.find(|c| !plain(c)).unwrap_or(line.len());
    if !raw::is_word(&line[..length]) {
        return 0;
    }
    let rest = &line[length..];
    let gap = rest.len() - rest.trim_start().len();
    if rest.trim_start().starts_with('=') {
        length + gap + 1
    } else {
        length
    }
}

/// Whether the values below a header are the user's own.
fn private_header(header: &str) -> bool {
    let mut named = false;
    for part in header
        .split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
    {
        if PRIVATE.contains(&part) || (!named && !raw::is_word(part)) {
            return true;
        }
        named = !named && NAMED.contains(&part);
    }
    false
}
