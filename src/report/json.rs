//! Events as NDJSON: one object a line.

use std::fmt::Write as _;

use crate::event::Event;

use super::gate;
use crate::harmless::is_unsafe;

/// One event as one line, without its line feed.
///
/// JSON leaves DEL, C1 control characters and direction marks as they are; a terminal does not.
/// They occur within strings only, so each can be written as its escape.
pub(super) fn line(event: &Event) -> String {
    let json = serde_json::to_string(event).unwrap_or_else(|error| {
        serde_json::json!({ "event": "unwritable", "error": error.to_string() }).to_string()
    });
    escape(&json)
}

/// Text of a JSON document without raw control characters other than line feeds, and without what
/// the runner of a CI system would obey.
pub(super) fn escape(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    gate::break_json(&safe)
}
