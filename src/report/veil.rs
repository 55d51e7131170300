//! Secrets in what is told: what has the known shape of one, and the values that the files took
//! from a variable whose name promises one, wherever they turn up.

use std::borrow::Cow;

use serde::Deserialize as _;
use serde_json::Value;

use crate::event::{Event, EventKind};
use crate::plan::MASK;
use crate::spec;

mod lines;

use self::lines::Lines;
pub(super) use self::lines::Streams;

/// A shorter value is part of too many harmless words: it is found only where it stands alone.
const LONG: usize = 8;

/// Keys whose values are words of ours and names; nothing of the user's stands there.
const OURS: [&str; 12] = [
    "at", "cause", "class", "code", "effect", "event", "kind", "phase", "service", "target",
    "verdict", "first",
];

/// What is never told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Veil {
    values: Vec<String>,
}

impl Veil {
    /// Hides what has the shape of a secret, and nothing else.
    pub(crate) const fn none() -> Self {
        Self { values: Vec::new() }
    }

    /// Hides these values too; the longest first, so that none is left in parts.
    pub(crate) fn over(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> = values
            .into_iter()
            .filter(|value| !value.trim().is_empty())
            .collect();
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    /// The event as it may be told. A word that only we can have put there stays, though a secret be
    /// the same word; an event that cannot be told without a secret is told by its name alone.
    pub(super) fn event<'a>(&self, event: &'a Event) -> Cow<'a, Event> {
        let Ok(told) = serde_json::to_value(event) else {
            return Cow::Owned(nameless(event, &Value::Null));
        };
        let mut veiled = told.clone();
        self.value(&mut veiled);
        if veiled == told {
            return Cow::Borrowed(event);
        }
        if let Ok(event) = read(&veiled) {
            return Cow::Owned(event);
        }
        give_back(&told, &mut veiled);
        Cow::Owned(read(&veiled).unwrap_or_else(|_| nameless(event, &told)))
    }

    /// Hides what is within a document.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(veiled) = self.text(text) {
                    *text = veiled;
                }
            }
            Value::Array(items) => self.list(items),
            Value::Object(entries) => {
                let before = entries.get("to").cloned();
                for (key, entry) in entries.iter_mut() {
                    if !(OURS.contains(&key.as_str()) && entry.is_string()) {
                        self.value(entry);
                    }
                }
                // What stood where a secret is to be was one: the values of yesterday are not known.
                let hidden = before.is_some_and(|before| entries.get("to") != Some(&before));
                if let Some(from) = entries
                    .get_mut("from")
                    .filter(|from| hidden && from.is_string())
                {
                    *from = MASK.into();
                }
            }
            _ => {}
        }
    }

    /// Lines may hold a secret of several lines, such as a private key.
    fn list(&self, items: &mut [Value]) {
        let mut lines = Lines::default();
        for item in items {
            if let Value::String(text) = item {
                lines.hide(text);
            }
            self.value(item);
        }
    }

    /// `text` without secrets.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut veiled = known(text);
        for value in &self.values {
            if veiled.contains(value.as_str()) {
                veiled = Cow::Owned(without(&veiled, value));
            }
        }
        veiled
    }
}

fn read(document: &Value) -> Result<Event, serde_json::Error> {
    Event::deserialize(document)
}

/// Gives back each word that could be no other: where any text may stand, the mask may, so what
/// cannot be read behind it is a word of ours, a time or a name, and no text of anybody's.
fn give_back(told: &Value, veiled: &mut Value) {
    let mut changed = Vec::new();
    differences(told, veiled, &mut String::new(), &mut changed);
    let mut one = told.clone();
    for pointer in changed {
        let (Some(place), Some(there), Some(before)) = (
            one.pointer_mut(&pointer),
            veiled.pointer_mut(&pointer),
            told.pointer(&pointer),
        ) else {
            continue;
        };
        place.clone_from(there);
        let is_ours = read(&one).is_err();
        if is_ours {
            there.clone_from(before);
        }
        if let Some(place) = one.pointer_mut(&pointer) {
            place.clone_from(before);
        }
    }
}

/// The JSON pointers of the strings that differ.
fn differences(told: &Value, veiled: &Value, at: &mut String, found: &mut Vec<String>) {
    let mut within = |key: &str, told: &Value, veiled: &Value| {
        let length = at.len();
        at.push('/');
        at.push_str(&key.replace('~', "~0").replace('/', "~1"));
        differences(told, veiled, at, found);
        at.truncate(length);
    };
    match (told, veiled) {
        (Value::Object(told), Value::Object(veiled)) => {
            for ((key, told), veiled) in told.iter().zip(veiled.values()) {
                within(key, told, veiled);
            }
        }
        (Value::Array(told), Value::Array(veiled)) => {
            for (number, (told, veiled)) in told.iter().zip(veiled).enumerate() {
                within(&number.to_string(), told, veiled);
            }
        }
        _ if told != veiled => found.push(at.clone()),
        _ => {}
    }
}

/// That an event came to pass, and nothing of what is in it.
fn nameless(event: &Event, told: &Value) -> Event {
    let name = told["event"].as_str().unwrap_or("event");
    Event {
        kind: EventKind::Warning {
            code: "veiled".into(),
            text: format!("an event `{name}` holds a secret and is not told"),
        },
        ..event.clone()
    }
}

/// `text` without what has the shape of a secret; lines stay lines.
pub(super) fn known(text: &str) -> Cow<'_, str> {
    let mut found = spec::known_secrets(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|range| range.start);
    let mut veiled = String::with_capacity(text.len());
    let mut at = 0;
    for range in found {
        if range.end <= at {
            continue;
        }
        let start = range.start.max(at);
        veiled.push_str(&text[at..start]);
        let lines = text[start..range.end].split('\n').map(|_| MASK);
        veiled.push_str(&lines.collect::<Vec<_>>().join("\n"));
        at = range.end;
    }
    veiled.push_str(&text[at..]);
    Cow::Owned(veiled)
}

fn without(text: &str, value: &str) -> String {
    if value.len() >= LONG {
        return text.replace(value, MASK);
    }
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut veiled = String::with_capacity(text.len());
    let mut at = 0;
    for (start, found) in text.match_indices(value) {
        let end = start + found.len();
        let alone = !word(text[..start].chars().next_back()) && !word(text[end..].chars().next());
        if alone {
            veiled.push_str(&text[at..start]);
            veiled.push_str(MASK);
            at = end;
        }
    }
    veiled + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ChangeView, Effect, Note, Weight};

    fn event(kind: EventKind) -> Event {
        Event {
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            target: Some("production".parse().unwrap()),
            service: None,
            kind,
        }
    }

    fn veil() -> Veil {
        Veil::over(["hunter2hunter2".to_owned(), "pw1".to_owned(), String::new()])
    }

    #[test]
    fn known_shapes_and_given_values_are_hidden() {
        assert_eq!(
            veil().text("key AKIAABCDEFGHIJKLMNOP, --password=hunter2hunter2x"),
            "key (masked), --password=(masked)x"
        );
    }

    #[test]
    fn a_short_value_is_hidden_where_it_stands_alone() {
        assert_eq!(
            veil().text("pw1 pw10 [\"pw1\"]"),
            "(masked) pw10 [\"(masked)\"]"
        );
    }

    #[test]
    fn a_key_over_several_lines_is_hidden_line_by_line() {
        let mut tail = serde_json::json!({ "lines": [
            "start", "-----BEGIN RSA PRIVATE KEY-----", "MIIEabc", "-----END RSA PRIVATE KEY-----", "end",
        ]});
        veil().value(&mut tail);
        assert_eq!(
            tail["lines"],
            serde_json::json!(["start", "(masked)", "(masked)", "(masked)", "end"])
        );
    }

    #[test]
    fn lines_that_begin_within_a_key_are_hidden_to_its_end() {
        let line = "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi61ezRYhIuBZgRVWjR8pzKLbMz";
        let mut tail = serde_json::json!([line, "AQAB==", "-----END PRIVATE KEY-----", "end"]);
        veil().value(&mut tail);
        let hidden = serde_json::json!(["(masked)", "(masked)", "(masked)", "end"]);
        assert_eq!(tail, hidden);
    }

    #[test]
    fn a_secret_that_is_a_word_of_ours_is_hidden_where_it_is_none() {
        let change = ChangeView {
            object: "service".into(),
            path: "image/a~b".into(),
            from: Some("info".into()),
            to: Some("run --password info".into()),
            effect: Effect::Restarts,
        };
        let plan = event(EventKind::Plan {
            changes: vec![change],
            notes: vec![Note::info("movable_tag", "info, and info again")],
            effect: Some(Effect::Restarts),
            shortest_seconds: None,
        });
        let veil = Veil::over(["info".to_owned(), "plan".to_owned()]);
        let told = veil.event(&plan).into_owned();
        let EventKind::Plan { changes, notes, .. } = &told.kind else {
            panic!("{told:?}");
        };
        assert_eq!(notes[0].text, "(masked), and (masked) again");
        assert_eq!(notes[0].weight, Weight::Info);
        assert_eq!(changes[0].to.as_deref(), Some("run --password (masked)"));
        assert_eq!(changes[0].from.as_deref(), Some("(masked)"));
    }

    #[test]
    fn what_cannot_be_told_without_a_secret_is_told_by_its_name() {
        let message = event(EventKind::Waiting {
            text: "hunter2hunter2".into(),
        });
        let told = serde_json::to_value(&message).unwrap();
        let kind = nameless(&message, &told).kind;
        let text = serde_json::to_string(&kind).unwrap();
        assert!(text.contains("`waiting`"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn where_a_secret_is_to_be_the_old_value_is_hidden_too() {
        let mut view = serde_json::json!({ "from": "run --password old", "to": "run --password hunter2hunter2" });
        veil().value(&mut view);
        assert_eq!(
            view,
            serde_json::json!({ "from": "(masked)", "to": "run --password (masked)" })
        );
    }
}
