//! What a scene claims of what was printed, and of what the platform answered.

use serde_json::Value;

/// Words to look for. White space is one space, however a line was wrapped; `[..]` stands for anything in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<String>,
}

impl Pattern {
    pub(super) fn new(words: &str) -> Self {
        let parts = words.split("[..]").map(flat).collect();
        Self { parts }
    }

    /// How often it is in a text.
    pub(super) fn count(&self, text: &str) -> usize {
        match self.parts.as_slice() {
            [words] => flat(text).matches(words.as_str()).count(),
            _ => text.lines().filter(|line| self.fits(&flat(line))).count(),
        }
    }

    fn fits(&self, line: &str) -> bool {
        let mut rest = line;
        self.parts.iter().all(|part| {
            let found = rest.find(part.as_str());
            if let Some(at) = found {
                rest = &rest[at + part.len()..];
            }
            found.is_some()
        })
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A claim about one field of a JSON answer: `/a/0/b = 3`.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) line: usize,
    pub(super) text: String,
    pointer: String,
    /// The length of what is there, and not itself.
    length: bool,
    holds: Holds,
    value: Value,
}

#[derive(Debug, Clone, Copy)]
enum Holds {
    Is,
    IsNot,
    AtLeast,
    AtMost,
    Has,
    Lacks,
}

impl Field {
    /// Reads `POINTER OPERATOR VALUE`; what is no JSON is a string.
    pub(super) fn read(line: usize, text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, ' ');
        let pointer = parts.next().unwrap_or_default();
        let holds = match parts.next() {
            Some("=") => Holds::Is,
            Some("!=") => Holds::IsNot,
            Some(">=") => Holds::AtLeast,
            Some("<=") => Holds::AtMost,
            Some("has") => Holds::Has,
            Some("lacks") => Holds::Lacks,
            _ => {
                return Err(format!(
                    "line {line}: `{text}`: a pointer, one of = != >= <= has lacks, and a value"
                ));
            }
        };
        let value = parts.next().unwrap_or_default();
        let length = pointer.strip_suffix("/#");
        Ok(Self {
            line,
            text: text.to_owned(),
            pointer: length.unwrap_or(pointer).to_owned(),
            length: length.is_some(),
            holds,
            value: serde_json::from_str(value).unwrap_or_else(|_| value.into()),
        })
    }

    /// What is there instead, where the claim is not true.
    pub(super) fn unlike(&self, answer: &Value) -> Option<Value> {
        let found = answer.pointer(&self.pointer).cloned().unwrap_or_default();
        let found = if self.length {
            found.as_array().map_or(0, Vec::len).into()
        } else {
            found
        };
        let number = |compare: fn(&f64, &f64) -> bool| {
            let both = found.as_f64().zip(self.value.as_f64());
            both.is_some_and(|(found, wanted)| compare(&found, &wanted))
        };
        let holds = match self.holds {
            Holds::Is => found == self.value,
            Holds::IsNot => found != self.value,
            Holds::AtLeast => number(f64::ge),
            Holds::AtMost => number(f64::le),
            Holds::Has => self.is_within(&found),
            Holds::Lacks => !self.is_within(&found),
        };
        (!holds).then_some(found)
    }

    /// Whether the value is an element, or a part of the text, of what was found; of objects the fields that it has are
    /// compared.
    fn is_within(&self, found: &Value) -> bool {
        match (found, &self.value) {
            (Value::Array(elements), wanted) => elements.iter().any(|one| covers(one, wanted)),
            (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
            (found, wanted) => covers(found, wanted),
        }
    }
}

fn covers(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| found.get(key).is_some_and(|found| covers(found, wanted))),
        (found, wanted) => found == wanted,
    }
}
