//! The plain values of the files: numbers within bounds, texts and names.

use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::findings::Findings;
use super::problem::Spot;
use super::shape::{Key, Shape};
use super::tree::{Node, Value};
use crate::names::{
    AccountId, Arn, BadName, ContainerName, EcsName, ImageRef, KubeLabel, KubeName, Pattern,
    Patterned, Region, ServiceName, VARIABLE,
};

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy)]
pub(super) struct Whole<const MIN: u32, const MAX: u32>(pub(super) u32);

impl<const MIN: u32, const MAX: u32> Shape for Whole<MIN, MAX> {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let number = match &node.value {
            Value::Whole(number) => *number,
            // A variable is always text, so what it holds may stand for a number.
            Value::Text(text) if !node.variables.is_empty() => {
                if let Ok(number) = text.trim().parse() {
                    number
                } else {
                    findings.bad_value(node.spot, "the variable's value is not a whole number");
                    return None;
                }
            }
            _ => {
                findings.wrong_type(node, "a whole number", None);
                return None;
            }
        };
        match u32::try_from(number) {
            Ok(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            _ => {
                findings.bad_value(node.spot, format!("must be from {MIN} to {MAX}"));
                None
            }
        }
    }

    fn schema() -> Json {
        or_variable(&json!({ "type": "integer", "minimum": MIN, "maximum": MAX }))
    }
}

/// What a schema allows where a variable may take the place of a number.
fn or_variable(schema: &Json) -> Json {
    json!({ "anyOf": [schema, { "type": "string", "pattern": VARIABLE }] })
}

/// How many tasks: a number, or whatever others set.
#[derive(Clone, Copy)]
pub(super) enum Replicas {
    /// This number of tasks.
    Count(u32),
    /// A person or another tool decides.
    External,
}

/// The word that stands for [`Replicas::External`] in the files.
const EXTERNAL: &str = "external";

impl Shape for Replicas {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if node.word() == Some(EXTERNAL) {
            return Some(Self::External);
        }
        if node.variables.is_empty() && !matches!(node.value, Value::Whole(_)) {
            findings.wrong_type(node, "a whole number, or \"external\"", None);
            return None;
        }
        let Whole::<0, 5000>(count) = Whole::read(node, findings)?;
        Some(Self::Count(count))
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 5000 },
                { "const": EXTERNAL },
                { "type": "string", "pattern": VARIABLE },
            ],
        })
    }
}

/// A share of a hundred, above 0.
#[derive(Clone, Copy)]
pub(super) struct Percent(pub(super) f64);

impl Shape for Percent {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Positive(number) = Positive::read(node, findings)?;
        if number > 100.0 {
            findings.bad_value(node.spot, "must be above 0 and at most 100");
            return None;
        }
        Some(Self(number))
    }

    fn schema() -> Json {
        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 100 })
    }
}

/// No number of the files is larger.
const LARGEST: i32 = i32::MAX;

/// A number above 0.
#[derive(Clone, Copy)]
pub(super) struct Positive(pub(super) f64);

impl Shape for Positive {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let number = match node.value {
            Value::Real(number) => number,
            Value::Whole(number) => match i32::try_from(number) {
                Ok(number) => f64::from(number),
                Err(_) => f64::NAN,
            },
            _ => {
                findings.wrong_type(node, "a number", None);
                return None;
            }
        };
        if number > 0.0 && number <= f64::from(LARGEST) {
            Some(Self(number))
        } else {
            let message = format!("must be a number above 0 and at most {LARGEST}");
            findings.bad_value(node.spot, message);
            None
        }
    }

    fn schema() -> Json {
        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": LARGEST })
    }
}

impl Shape for bool {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if let Value::Bool(truth) = node.value {
            Some(truth)
        } else {
            findings.wrong_type(node, "`true` or `false`", None);
            None
        }
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }
}

/// Any text, also an empty one.
impl Shape for String {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = node.text();
        if text.is_none() {
            findings.wrong_type(node, "a string", Some("put it in quotes"));
        }
        text.map(str::to_owned)
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }
}

/// Text that says something.
#[derive(Clone)]
pub(super) struct Filled(pub(super) String);

/// Something other than white space is in it.
pub(super) static FILLED: Pattern = Pattern::new("[ \\t\\r\\n]*[^ \\t\\r\\n][\\s\\S]*");

impl Shape for Filled {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = String::read(node, findings)?;
        if !FILLED.holds(&text) {
            findings.bad_value(node.spot, "must not be empty");
            return None;
        }
        Some(Self(text))
    }

    fn schema() -> Json {
        FILLED.schema()
    }
}

/// Text that may be secret: it is remembered which variables went into it.
#[derive(Clone)]
pub(super) struct Plain {
    pub(super) text: String,
    pub(super) variables: Vec<String>,
}

impl Shape for Plain {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        Some(Self {
            text: String::read(node, findings)?,
            variables: node.variables.clone(),
        })
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }
}

/// Reads a checked name; what a variable has brought in is not repeated.
fn name<T: FromStr<Err = BadName>>(node: &Node, findings: &mut Findings) -> Option<T> {
    let text = String::read(node, findings)?;
    parsed(&text, &node.variables, node.spot, findings)
}

/// A checked name; what a variable has brought in is not repeated.
pub(super) fn parsed<T: FromStr<Err = BadName>>(
    text: &str,
    variables: &[String],
    spot: Spot,
    findings: &mut Findings,
) -> Option<T> {
    match text.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            let message = if variables.is_empty() {
                error.to_string()
            } else {
                format!(
                    "with its variables filled in, this is not {}: {}",
                    error.what, error.why
                )
            };
            findings.bad_value(spot, message);
            None
        }
    }
}

macro_rules! names {
    ($($name:ident),+) => {
        $(impl Shape for $name {
            fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
                name(node, findings)
            }

            fn schema() -> Json {
                $name::pattern().schema()
            }
        })+
    };
}
names!(
    AccountId,
    Arn,
    ContainerName,
    EcsName,
    ImageRef,
    KubeLabel,
    KubeName,
    Region,
    ServiceName
);

macro_rules! keys {
    ($($name:ident),+) => {
        $(impl Key for $name {
            fn refusal(word: &str) -> Option<String> {
                word.parse::<Self>().err().map(|error| error.to_string())
            }

            fn schema() -> Option<Json> {
                Some($name::pattern().key_schema())
            }
        })+
    };
}
keys!(ContainerName, EcsName, KubeLabel, KubeName, ServiceName);

/// Whether a number stands here rather than a percentage. A variable is always text, so what it holds
/// may stand for one.
pub(super) fn is_number(node: &Node) -> bool {
    let text = node.text();
    text.is_none_or(|text| !node.variables.is_empty() && !text.contains('%'))
}

/// Reads a percentage of this form.
pub(super) fn percentage(node: &Node, form: &Pattern) -> Option<u32> {
    let text = node.word().filter(|text| form.holds(text))?;
    text.trim_end_matches([' ', '%']).parse().ok()
}
