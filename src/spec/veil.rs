//! Source lines as they may be shown: values that may be secrets become stars, byte for byte, so
//! that carets still point to the right place.
//!
//! What is shown is what is known to be harmless. Below `env`, `vars` and unknown keys every
//! value is veiled; a file with syntax errors is judged line by line, since its tree has holes.

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
        Some(tree) => walk(tree, text, &mut ranges),
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
        _ => {
            let (start, end) = (node.spot.start, node.spot.end);
            let raw = text.get(start..end).unwrap_or("");
            let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''));
            let edge = usize::from(quote.is_some() && raw.len() >= 2);
            let mut at = start + edge;
            for (reference, _) in variables(raw) {
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

/// Without a tree: only lines that set a known word of the format to something plain are shown.
fn lines(text: &str, ranges: &mut Vec<Range<usize>>) {
    let mut at = 0;
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        if trimmed.starts_with('[') && !line.starts_with([' ', '\t']) {
            inside = private_header(trimmed);
            let end = line.find(']').map_or(0, |end| end + 1);
            ranges.push(range.start + end..range.end);
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            let end = line.len() - line.trim_start().len() + known_start(trimmed);
            ranges.push(range.start + end..range.end);
            continue;
        };
        let last = key.trim().rsplit('.').next().unwrap_or("").trim();
        let plain = key
            .trim()
            .split('.')
            .all(|part| !PRIVATE.contains(&part.trim()))
            && raw::is_word(last)
            && !PRIVATE.iter().any(|word| value.contains(word));
        if inside || !plain {
            ranges.push(range.start + key.len() + 1..range.end);
            let opened = value.matches(['{', '[']).count() > value.matches(['}', ']']).count();
            inside |= opened || value.contains("\"\"\"") || value.contains("'''");
        }
    }
}

/// The length of the word of the format that a line starts with.
fn known_start(line: &str) -> usize {
    let word = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let word = word.into_iter().next().unwrap_or("");
    if raw::is_word(word) { word.len() } else { 0 }
}

fn private_header(header: &str) -> bool {
    let parts: Vec<&str> = header
        .split(['.', '[', ']'])
        .map(|part| part.trim().trim_matches(['"', '\'']))
        .filter(|part| !part.is_empty() && !part.starts_with('#'))
        .collect();
    let mut named = false;
    for part in parts {
        if PRIVATE.contains(&part) || (!named && !raw::is_word(part)) {
            return true;
        }
        named = !named && NAMED.contains(&part);
    }
    false
}
