//! TOML as a tree that remembers where every value came from, so that a value which was laid
//! over another still points to its own file.

use std::collections::HashMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Spot};

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    /// Where the value itself stands.
    pub(super) spot: Spot,
    /// Where its key stands; the document has none.
    pub(super) key: Option<Spot>,
    /// Names of the variables that went into it.
    pub(super) variables: Vec<String>,
    /// Whether one of them was wanting, which was told: nothing more can be said of the value.
    pub(super) wanting: bool,
    /// Whether it was laid over what others had said.
    pub(super) laid_over: bool,
}

/// What TOML knows, in the order of the file.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Real(f64),
    Bool(bool),
    Date,
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

impl Value {
    /// The type in the words of TOML, with its article.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Whole(_) => "an integer",
            Self::Real(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::Date => "a date",
            Self::List(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    /// A value without a key or variables.
    pub(super) fn new(value: Value, spot: Spot) -> Self {
        Self {
            value,
            spot,
            key: None,
            variables: Vec::new(),
            wanting: false,
            laid_over: false,
        }
    }

    /// Whether it is the `false` that takes away what others have said.
    pub(super) fn is_struck(&self) -> bool {
        self.laid_over && matches!(self.value, Value::Bool(false))
    }

    fn mark_laid_over(&mut self) {
        self.laid_over = true;
        if let Value::Table(entries) = &mut self.value {
            for (_, node) in entries {
                node.mark_laid_over();
            }
        }
    }

    /// Takes what stands at a path out of the tree.
    pub(super) fn take(&mut self, path: &[&str]) -> Option<Node> {
        let (key, way) = path.split_last()?;
        let table = way.iter().try_fold(self, |node, key| node.get_mut(key))?;
        let Value::Table(entries) = &mut table.value else {
            return None;
        };
        let at = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(at).1)
    }

    /// Where to point when something is missing within: the key of a table, which is a few
    /// words, rather than all of its body.
    pub(super) fn head(&self) -> Spot {
        self.key.unwrap_or(self.spot)
    }

    /// The entries of a table; empty for everything else.
    pub(super) fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// One entry of a table.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let mut entries = self.entries().iter();
        entries.find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// One entry of a table.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::Table(entries) => entries
                .iter_mut()
                .find(|(name, _)| name == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string that is one word. The white space around a word that a variable has brought is
    /// no part of it; who writes the word into the file leaves none.
    pub(super) fn word(&self) -> Option<&str> {
        let text = self.text()?;
        Some(if self.variables.is_empty() {
            text
        } else {
            text.trim()
        })
    }

    /// The keys, and the numbers of items, that lead to what stands around this byte.
    pub(super) fn way_to(&self, byte: usize) -> Vec<String> {
        let holds = |spot: Spot| (spot.start..=spot.end).contains(&byte);
        let found = match &self.value {
            Value::Table(entries) => entries
                .iter()
                .find(|(_, node)| node.key.is_some_and(holds))
                .or_else(|| entries.iter().find(|(_, node)| node.surrounds(byte)))
                .map(|(key, node)| (key.clone(), node)),
            Value::List(items) => items
                .iter()
                .enumerate()
                .find(|(_, node)| node.surrounds(byte))
                .map(|(index, node)| (index.to_string(), node)),
            _ => None,
        };
        found.map_or_else(Vec::new, |(key, node)| {
            let mut way = vec![key];
            way.extend(node.way_to(byte));
            way
        })
    }

    /// Whether it, or anything in it, stands around this byte: the parts of a table may lie apart.
    fn surrounds(&self, byte: usize) -> bool {
        let holds = |spot: Spot| (spot.start..=spot.end).contains(&byte);
        holds(self.spot)
            || self.key.is_some_and(holds)
            || self.entries().iter().any(|(_, node)| node.surrounds(byte))
    }

    /// Lays another value over this one: tables are merged, everything else is replaced.
    pub(super) fn overlay(&mut self, over: Node) {
        match (&mut self.value, over.value) {
            (Value::Table(under), Value::Table(entries)) => {
                // By a look at each name once: a file may hold very many.
                let known = under.iter().enumerate();
                let known: HashMap<String, usize> = known
                    .map(|(number, (name, _))| (name.clone(), number))
                    .collect();
                for (key, mut node) in entries {
                    let old = known.get(&key).and_then(|number| under.get_mut(*number));
                    if let Some((_, old)) = old {
                        old.overlay(node);
                    } else {
                        node.mark_laid_over();
                        under.push((key, node));
                    }
                }
            }
            (slot, value) => {
                *slot = value;
                self.spot = over.spot;
                self.key = over.key;
                self.mark_laid_over();
            }
        }
    }
}

/// Reads a document. With syntax errors the tree is what could be recovered.
pub(super) fn parse(file: usize, text: &str) -> (Node, Vec<Problem>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..0);
            Problem::new("syntax", error.message()).at(within(file, text, span))
        })
        .collect();
    let mut walk = Walk {
        file,
        text,
        problems: &mut problems,
    };
    let spot = within(file, text, document.span());
    let mut node = Node::new(walk.table(document.get_ref()), spot);
    node.spot = spot;
    (node, problems)
}

/// A span that surely lies within the text, on the borders of characters.
fn within(file: usize, text: &str, span: std::ops::Range<usize>) -> Spot {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    Spot { file, start, end }
}

struct Walk<'a> {
    file: usize,
    text: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn spot<T>(&self, spanned: &Spanned<T>) -> Spot {
        within(self.file, self.text, spanned.span())
    }

    fn table(&mut self, table: &DeTable<'_>) -> Value {
        let mut entries: Vec<(String, Node)> = Vec::new();
        for (key, value) in table {
            let mut node = self.node(value);
            node.key = Some(self.spot(key));
            entries.push((key.get_ref().to_string(), node));
        }
        entries.sort_by_key(|(_, node)| node.key);
        Value::Table(entries)
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>) -> Node {
        let spot = self.spot(value);
        let inner = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::Whole(number),
                    Err(_) => self.too_large(spot, Value::Whole(0)),
                }
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Real(number),
                Err(_) => self.too_large(spot, Value::Real(0.0)),
            },
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::Datetime(_) => Value::Date,
            DeValue::Array(list) => Value::List(list.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => self.table(table),
        };
        Node::new(inner, spot)
    }

    fn too_large(&mut self, spot: Spot, instead: Value) -> Value {
        self.problems.push(
            Problem::new("syntax", "this number cannot be read")
                .at(spot)
                .label("too large"),
        );
        instead
    }
}
