//! A JSON Schema as far as the program's own go. A keyword that is not known here is a failure, and so is a key of an object
//! that the schema says nothing of: what is written is to be described.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::trial::{Outcome, fail};

/// Keywords that say nothing of what is right.
const SILENT: [&str; 6] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "format",
    "default",
];

/// A schema.
#[derive(Debug)]
pub struct Schema {
    root: Value,
}

/// The keys of an object that a schema has a word for.
type Known = BTreeSet<String>;

impl Schema {
    /// A schema from its text.
    pub fn parse(text: &str) -> Outcome<Self> {
        Ok(Self {
            root: serde_json::from_str(text)?,
        })
    }

    /// Whether a document is as the schema says.
    pub fn check(&self, document: &Value) -> Outcome {
        self.whole(&self.root, document, "")
            .map_err(|why| fail(format_args!("{why}\n{document}")))
    }

    /// A value that no other schema describes beside this one.
    fn whole(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let known = self.valid(schema, value, at)?;
        let keys = value
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys());
        match keys.into_iter().find(|key| !known.contains(*key)) {
            Some(key) => Err(format!("{at}/{key} is not described")),
            None => Ok(()),
        }
    }

    fn valid(&self, schema: &Value, value: &Value, at: &str) -> Result<Known, String> {
        let keywords = match schema {
            Value::Bool(true) => return Ok(Known::new()),
            Value::Object(keywords) => keywords,
            other => return Err(format!("{at}: nothing is right for {other}")),
        };
        let mut known = Known::new();
        for (keyword, operand) in keywords {
            known.extend(self.keyword(keyword, operand, value, at)?);
        }
        if let Some(rest) = keywords
            .get("additionalProperties")
            .filter(|rest| **rest != false)
        {
            for (key, item) in value.as_object().into_iter().flatten() {
                if known.insert(key.clone()) {
                    self.whole(rest, item, &format!("{at}/{key}"))?;
                }
            }
        }
        Ok(known)
    }

    fn keyword(
        &self,
        keyword: &str,
        operand: &Value,
        value: &Value,
        at: &str,
    ) -> Result<Known, String> {
        let holds = |right: bool| {
            let wrong = || format!("{at}: {value} is not {keyword} {operand}");
            right.then(Known::new).ok_or_else(wrong)
        };
        match keyword {
            "$ref" => {
                let pointer = operand.as_str().and_then(|to| to.strip_prefix('#'));
                let there = pointer.and_then(|pointer| self.root.pointer(pointer));
                let schema = there.ok_or_else(|| format!("{at}: no {operand}"))?;
                self.valid(schema, value, at)
            }
            "type" => holds(each(operand).any(|kind| is(value, kind))),
            "const" => holds(value == operand),
            "enum" => holds(each(operand).any(|one| one == value)),
            "minimum" => holds(value.as_f64() >= operand.as_f64() || !value.is_number()),
            "maximum" => holds(value.as_f64() <= operand.as_f64() || !value.is_number()),
            "required" => holds(each(operand).all(|key| {
                key.as_str().is_some_and(|key| value.get(key).is_some()) || !value.is_object()
            })),
            "allOf" | "oneOf" | "anyOf" => self.combined(keyword, operand, value, at),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.whole(operand, item, &format!("{at}/{index}"))?;
                }
                Ok(Known::new())
            }
            "properties" => {
                let mut known = Known::new();
                for (key, schema) in operand.as_object().into_iter().flatten() {
                    if let Some(item) = value.get(key) {
                        self.whole(schema, item, &format!("{at}/{key}"))?;
                        known.insert(key.clone());
                    }
                }
                Ok(known)
            }
            "additionalProperties" => Ok(Known::new()),
            silent if SILENT.contains(&silent) => Ok(Known::new()),
            unknown => Err(format!("{at}: the keyword {unknown} is not known here")),
        }
    }
}

impl Schema {
    fn combined(
        &self,
        keyword: &str,
        schemas: &Value,
        value: &Value,
        at: &str,
    ) -> Result<Known, String> {
        let tried: Vec<Result<Known, String>> = each(schemas)
            .map(|one| self.valid(one, value, at))
            .collect();
        let right = tried.iter().filter(|one| one.is_ok()).count();
        let holds = match keyword {
            "oneOf" => right == 1,
            "anyOf" => right > 0,
            _ => right == tried.len(),
        };
        if !holds {
            let why: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
            return Err(format!("{at}: {right} of {keyword}: {}", why.join("; ")));
        }
        Ok(tried.into_iter().flatten().flatten().collect())
    }
}

/// A list's items; of anything else, itself.
fn each(operand: &Value) -> impl Iterator<Item = &Value> {
    let items = match operand {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    items.iter()
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}
