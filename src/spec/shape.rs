//! One declaration per table of the files. [`table!`] makes of it the struct, the reader and the
//! JSON Schema, so that what is accepted, what is read and what editors offer cannot differ.

use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use super::findings::Findings;
use super::foreign;
use super::nearest;
use super::problem::{Problem, Spot};
use super::tree::{Node, Value};
use crate::names::VARIABLE;

/// A value with its place, so that later checks can point at it.
#[derive(Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) spot: Spot,
    /// Of its key, to point at what is missing within.
    pub(super) head: Spot,
}

/// What can be read from a node and described to an editor.
pub(super) trait Shape: Sized {
    /// Reads it, or says why not and returns `None`.
    fn read(node: &Node, findings: &mut Findings) -> Option<Self>;
    /// Its JSON Schema, draft 7, without a description.
    fn schema() -> Json;
}

/// A table of the format: its keys, and where keys belong that are often misplaced.
pub(super) trait Table: Shape {
    /// Every key that it accepts.
    const KEYS: &'static [&'static str];
    /// Keys that must be there.
    const REQUIRED: &'static [&'static str];
    /// How it is written, such as `[service.NAME]`.
    const WRITTEN: &'static str;
    /// What it is for.
    const ABOUT: &'static [&'static str];

    /// The keys that were written.
    fn given(&self) -> &[String];

    /// Whether any of these was written, also one that could not be read.
    fn has(&self, keys: &[&str]) -> bool {
        self.given().iter().any(|key| keys.contains(&key.as_str()))
    }
}

/// Reads one key of a table. What is absent and what is wrong are both `None`; the latter is told.
pub(super) fn field<T: Shape>(table: &Node, key: &str, findings: &mut Findings) -> Option<At<T>> {
    read_at(table.get(key)?, findings)
}

fn read_at<T: Shape>(node: &Node, findings: &mut Findings) -> Option<At<T>> {
    if node.wanting {
        return None;
    }
    Some(At {
        value: T::read(node, findings)?,
        spot: node.spot,
        head: node.head(),
    })
}

/// Checks that a node is a table with no keys but these, and with all that it needs.
pub(super) fn check_keys<T: Table>(node: &Node, findings: &mut Findings) -> Option<()> {
    if !matches!(node.value, Value::Table(_)) {
        findings.wrong_type(node, "a table", None);
        return None;
    }
    for (key, entry) in node.entries() {
        if !T::KEYS.contains(&key.as_str()) {
            findings.problem(unknown_key::<T>(key, findings).at(entry.head()));
        }
    }
    for key in T::REQUIRED {
        if node.get(key).is_none() {
            let why = format!("{} needs it", T::WRITTEN);
            findings.missing(node.head(), key, &why);
        }
    }
    Some(())
}

fn unknown_key<T: Table>(key: &str, findings: &Findings) -> Problem {
    let problem = Problem::new("unknown-key", format!("unknown key `{key}`"));
    let known = T::KEYS;
    if let Some(word) = known.iter().find(|word| foreign::is_same(word, key)) {
        return problem.help(format!("it is written `{word}`"));
    }
    if let Some(advice) = findings.advice.and_then(|advice| advice(key, T::WRITTEN)) {
        return problem.help(advice);
    }
    let help = nearest::hint(key, known.iter().copied())
        .unwrap_or_else(|| format!("{} knows {}", T::WRITTEN, known.join(", ")));
    problem.help(help)
}

impl<T: Shape> Shape for Vec<At<T>> {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Value::List(items) = &node.value else {
            findings.wrong_type(node, "an array", None);
            return None;
        };
        let read = |item: &Node| {
            if item.wanting {
                return None;
            }
            Some(At {
                value: T::read(item, findings)?,
                spot: item.spot,
                head: item.spot,
            })
        };
        let all: Vec<Option<At<T>>> = items.iter().map(read).collect();
        all.into_iter().collect()
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// What the keys of a map must be.
pub(super) trait Key {
    /// Why a word cannot be one; `None`: it can.
    fn refusal(word: &str) -> Option<String>;
    /// The JSON Schema of its form; `None`: any text.
    fn schema() -> Option<Json>;
}

/// Any text is a key: either it is free, or it refers to something that has a name already.
pub(super) struct AnyKey;

impl Key for AnyKey {
    fn refusal(_: &str) -> Option<String> {
        None
    }

    fn schema() -> Option<Json> {
        None
    }
}

/// A table whose keys are the user's, in the order of the file. An entry with a key that cannot be is
/// told, and kept.
pub(super) struct Map<T, K = AnyKey>(pub(super) Vec<(String, At<T>)>, PhantomData<K>);

impl<T: Shape, K: Key> Shape for Map<T, K> {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if !matches!(node.value, Value::Table(_)) {
            findings.wrong_type(node, "a table", None);
            return None;
        }
        let mut entries = Vec::new();
        for (key, entry) in node.entries() {
            if let Some(at) = read_at(entry, findings) {
                if let Some(why) = K::refusal(key) {
                    findings.bad_value(at.head, why);
                }
                entries.push((key.clone(), at));
            }
        }
        Some(Self(entries, PhantomData))
    }

    fn schema() -> Json {
        let mut schema = json!({ "type": "object", "additionalProperties": T::schema() });
        if let Some(form) = K::schema() {
            schema["propertyNames"] = form;
        }
        schema
    }
}

/// Something that can be turned off with `false`.
pub(super) enum Switch<T> {
    Off,
    On(T),
}

impl<T: Shape> Shape for Switch<T> {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match node.value {
            Value::Bool(false) => Some(Self::Off),
            Value::Bool(true) => {
                let help = Some("leave the key out for its default");
                findings.wrong_type(node, "a value, or false", help);
                None
            }
            _ => Some(Self::On(T::read(node, findings)?)),
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [T::schema(), { "enum": [false] }] })
    }
}

/// A JSON Schema object of these properties: key, description, schema.
pub(super) fn object(properties: Vec<(&str, String, Json)>, required: &[&str]) -> Json {
    let mut map = serde_json::Map::new();
    for (key, description, mut schema) in properties {
        schema["description"] = Json::String(description);
        map.insert(key.to_owned(), schema);
    }
    let mut object = json!({ "type": "object", "properties": map, "additionalProperties": false });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// A key as it is written: a word that Rust keeps for itself stands in its code with `r#` before it.
pub(super) const fn key(word: &'static str) -> &'static str {
    match word.as_bytes() {
        [b'r', b'#', rest @ ..] => match std::str::from_utf8(rest) {
            Ok(word) => word,
            Err(_) => word,
        },
        _ => word,
    }
}

/// Declares a table of the files. A key marked `= required` must be there.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $written:literal $name:ident {
            $( $(#[doc = $doc:literal])+ $key:ident : $shape:ty $(= $must:ident)?, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Default)]
        pub(in crate::spec) struct $name {
            /// The keys that were written, also those that could not be read.
            pub(in crate::spec) given: Vec<String>,
            $( $(#[doc = $doc])+ pub(in crate::spec) $key: Option<$crate::spec::shape::At<$shape>>, )+
        }

        impl $crate::spec::shape::Table for $name {
            const KEYS: &'static [&'static str] = &[$($crate::spec::shape::key(stringify!($key))),+];
            const REQUIRED: &'static [&'static str] = &[$( $( $crate::spec::shape::must!($must $key), )? )+];
            const WRITTEN: &'static str = $written;
            const ABOUT: &'static [&'static str] = &[$($about),+];

            fn given(&self) -> &[String] {
                &self.given
            }
        }

        impl $crate::spec::shape::Shape for $name {
            fn read(
                node: &$crate::spec::tree::Node,
                findings: &mut $crate::spec::findings::Findings,
            ) -> Option<Self> {
                $crate::spec::shape::check_keys::<Self>(node, findings)?;
                Some(Self {
                    given: node.entries().iter().map(|(key, _)| key.clone()).collect(),
                    $( $key: $crate::spec::shape::field(node, $crate::spec::shape::key(stringify!($key)), findings), )+
                })
            }

            fn schema() -> serde_json::Value {
                $crate::spec::shape::object(
                    vec![$( (
                        $crate::spec::shape::key(stringify!($key)),
                        [$($doc),+].map(str::trim).join(" "),
                        <$shape as $crate::spec::shape::Shape>::schema(),
                    ), )+],
                    <Self as $crate::spec::shape::Table>::REQUIRED,
                )
            }
        }
    };
}
pub(super) use table;

/// The name of a key that must be there.
macro_rules! must {
    (required $key:ident) => {
        $crate::spec::shape::key(stringify!($key))
    };
}
pub(super) use must;

/// Declares the words that stand for the variants of an enum.
macro_rules! words {
    ($name:ty, $expected:literal, $( $word:literal => $variant:expr ),+ $(,)?) => {
        impl $crate::spec::shape::Shape for $name {
            fn read(
                node: &$crate::spec::tree::Node,
                findings: &mut $crate::spec::findings::Findings,
            ) -> Option<Self> {
                match $crate::spec::shape::word(node, $expected, &[$($word),+], findings)? {
                    $( $word => Some($variant), )+
                    _ => None,
                }
            }

            fn schema() -> serde_json::Value {
                $crate::spec::shape::words_schema(&[$($word),+])
            }
        }
    };
}
pub(super) use words;

/// The JSON Schema of these words: an editor offers them as they are, and lets pass what the reader
/// takes as well.
pub(super) fn words_schema(known: &[&str]) -> Json {
    let any_case = |c: char| match (c.to_ascii_lowercase(), c.to_ascii_uppercase()) {
        (lower, upper) if lower != upper => format!("[{lower}{upper}]"),
        _ => c.to_string(),
    };
    let words = known
        .iter()
        .map(|word| word.chars().map(any_case).collect());
    let words: Vec<String> = words.collect();
    let pattern = format!("^(?:{})$|{VARIABLE}", words.join("|"));
    json!({ "anyOf": [{ "enum": known }, { "type": "string", "pattern": pattern }] })
}

/// Reads one of these words, whatever the case of its letters.
pub(super) fn word(
    node: &Node,
    expected: &str,
    known: &[&'static str],
    findings: &mut Findings,
) -> Option<&'static str> {
    let list = || {
        let quoted: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
        quoted.join(", ")
    };
    let Some(text) = node.word() else {
        findings.wrong_type(node, &format!("{expected}: one of {}", list()), None);
        return None;
    };
    let found = known.iter().find(|word| word.eq_ignore_ascii_case(text));
    if found.is_none() {
        let help = nearest::hint(text, known.iter().copied());
        findings.problem(
            Problem::new("bad-value", format!("this is not {expected}"))
                .at(node.spot)
                .label(format!("expected one of {}", list()))
                .maybe_help(help),
        );
    }
    found.copied()
}
