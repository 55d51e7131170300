//! `${NAME}`, `${NAME:-default}`, `${NAME:?why}`, `${target.account}` and `$$` in the strings of
//! both files. Values are filled in after TOML was parsed, so that none of them can add keys.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::environment::{self, Word};
use super::nearest;
use super::problem::{Problem, Spot};
use super::secrets;
use super::tree::{Node, Value};

/// A default may hold another variable, whose default may… so deep and no deeper.
const DEPTH: usize = 8;

/// One of the target's own variables.
pub(super) struct Variable {
    pub(super) text: String,
    /// Names of the variables that went into it.
    pub(super) from: Vec<String>,
}

/// Where values come from, first to last.
pub(super) struct Variables<'a> {
    /// What `--set` gives; it stands above all others.
    pub(super) set: &'a BTreeMap<String, String>,
    /// What the target's file sets in its table `vars`.
    pub(super) vars: BTreeMap<String, Variable>,
    /// The environment of the process.
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
    /// The names in the environment that the user has allowed.
    pub(super) allowed: &'a [String],
    /// What came from it though nobody has allowed it by name.
    pub(super) told: RefCell<BTreeSet<String>>,
    /// `target.…`; `None` as a value: known, but not said in the target's file.
    pub(super) target: BTreeMap<&'static str, Option<String>>,
}

/// Why a reference has no value.
enum Fault {
    Unfinished,
    BadName,
    TooDeep,
    Unset {
        name: String,
        why: Option<String>,
    },
    /// It is in the environment, and not for the files.
    Kept(String),
}

struct Expansion {
    text: String,
    used: Vec<String>,
    faults: Vec<(Range<usize>, Fault)>,
}

impl Variables<'_> {
    /// Fills in every string of the tree.
    pub(super) fn fill(&self, node: &mut Node, sources: &[String], problems: &mut Vec<Problem>) {
        match &mut node.value {
            Value::Text(text) if text.contains('$') => {
                let expansion = self.expand(text, 0);
                if !expansion.faults.is_empty() {
                    let mut places = Places::new(node.spot, text, sources);
                    for (range, fault) in &expansion.faults {
                        problems.push(self.problem(fault).at(places.locate(range)));
                    }
                }
                node.wanting = !expansion.faults.is_empty();
                node.variables = expansion.used;
                *text = expansion.text;
            }
            Value::List(items) => {
                for item in items {
                    self.fill(item, sources, problems);
                }
            }
            Value::Table(entries) => {
                for (_, entry) in entries {
                    self.fill(entry, sources, problems);
                }
            }
            _ => {}
        }
    }

    /// Whether a variable in this text has no value.
    pub(super) fn lacks_a_value(&self, text: &str) -> bool {
        let faults = self.expand(text, 0).faults;
        faults
            .iter()
            .any(|(_, fault)| matches!(fault, Fault::Unset { .. }))
    }

    fn expand(&self, text: &str, depth: usize) -> Expansion {
        let mut out = Expansion {
            text: String::new(),
            used: Vec::new(),
            faults: Vec::new(),
        };
        let mut at = 0;
        while let Some(found) = text[at..].find('$') {
            let dollar = at + found;
            out.text.push_str(&text[at..dollar]);
            let rest = &text[dollar + 1..];
            if rest.starts_with('$') {
                out.text.push('$');
                at = dollar + 2;
            } else if rest.starts_with('{') {
                at = self.reference(text, dollar, depth, &mut out);
            } else {
                // A dollar of the shell's own, as in a health command.
                out.text.push('$');
                at = dollar + 1;
            }
        }
        out.text.push_str(&text[at..]);
        out
    }

    /// One `${…}` that starts at `dollar`; returns where the text goes on.
    fn reference(&self, text: &str, dollar: usize, depth: usize, out: &mut Expansion) -> usize {
        let Some(length) = closing(&text[dollar + 2..]) else {
            out.faults.push((dollar..text.len(), Fault::Unfinished));
            return text.len();
        };
        let end = dollar + 2 + length + 1;
        let inner = &text[dollar + 2..end - 1];
        match self.value(inner, depth, out) {
            Ok(value) => out.text.push_str(&value),
            Err(fault) => out.faults.push((dollar..end, fault)),
        }
        end
    }

    fn value(&self, inner: &str, depth: usize, out: &mut Expansion) -> Result<String, Fault> {
        if depth >= DEPTH {
            return Err(Fault::TooDeep);
        }
        let (name, rest) = match inner.find(':') {
            Some(colon) => (&inner[..colon], &inner[colon..]),
            None => (inner, ""),
        };
        if !is_name(name) {
            return Err(Fault::BadName);
        }
        let found = self.find(name)?;
        if found.is_some() {
            out.used.push(name.to_owned());
            let from = self.vars.get(name).filter(|_| !self.set.contains_key(name));
            out.used
                .extend(from.into_iter().flat_map(|var| var.from.clone()));
        }
        let unset = |why: Option<String>| Fault::Unset {
            name: name.to_owned(),
            why,
        };
        // As in the shell, the forms with a colon treat an empty value like none.
        let full = found.clone().filter(|value| !value.is_empty());
        if let Some(default) = rest.strip_prefix(":-") {
            if let Some(value) = full {
                return Ok(value);
            }
            let mut inner = self.expand(default, depth + 1);
            out.used.append(&mut inner.used);
            match inner.faults.into_iter().next() {
                Some((_, fault)) => Err(fault),
                None => Ok(inner.text),
            }
        } else if let Some(why) = rest.strip_prefix(":?") {
            full.ok_or_else(|| unset(Some(why.to_owned())))
        } else if rest.is_empty() {
            found.ok_or_else(|| unset(None))
        } else {
            Err(Fault::BadName)
        }
    }

    /// The values of the variables used within that promise a secret. A reference to where a secret
    /// is kept is none.
    pub(super) fn private(&self, node: Option<&Node>) -> Vec<String> {
        let mut names = Vec::new();
        if let Some(node) = node {
            promising(node, &mut names);
        }
        names.sort_unstable();
        names.dedup();
        names
            .iter()
            .filter_map(|name| self.find(name).ok().flatten())
            .collect()
    }

    fn find(&self, name: &str) -> Result<Option<String>, Fault> {
        if let Some(value) = name.strip_prefix("target.").map(|key| self.target.get(key)) {
            return Ok(value.cloned().flatten());
        }
        let vars = || self.vars.get(name).map(|var| &var.text);
        if let Some(given) = self.set.get(name).or_else(vars) {
            return Ok(Some(given.clone()));
        }
        let Some(value) = (self.environment)(name) else {
            return Ok(None);
        };
        match environment::word(name, self.allowed) {
            Word::Given => {}
            Word::Told => {
                self.told.borrow_mut().insert(name.to_owned());
            }
            Word::Kept => return Err(Fault::Kept(name.to_owned())),
        }
        Ok(Some(value))
    }

    fn problem(&self, fault: &Fault) -> Problem {
        match fault {
            Fault::Unfinished => Problem::new("bad-variable", "this `${` has no `}`")
                .help("write `$$` for a dollar that stands for itself"),
            Fault::BadName => Problem::new(
                "bad-variable",
                "this is not a variable: `${NAME}`, `${NAME:-default}` and `${NAME:?why}` are",
            )
            .help("a name has letters, digits and `_`; write `$$` for a dollar that stands for itself"),
            Fault::TooDeep => Problem::new("bad-variable", "defaults are nested too deeply"),
            Fault::Unset { name, why } => self.unset(name, why.as_deref()),
            Fault::Kept(name) => Problem::new(
                "kept-variable",
                format!("`${{{name}}}` is in the environment, and a file may not have it unasked"),
            )
            .label("not among the variables that are meant for the files")
            .help(format!(
                "allow it with `--allow-env {name}`, give it with `--set {name}=…`, or call it DEPLOY_{name}"
            )),
        }
    }

    fn unset(&self, name: &str, why: Option<&str>) -> Problem {
        if let Some(key) = name.strip_prefix("target.") {
            let problem = Problem::new("unset-variable", format!("`${{{name}}}` has no value"));
            return if self.target.contains_key(key) {
                problem.label(format!("the target does not say its `{key}`"))
            } else {
                let known: Vec<&str> = self.target.keys().copied().collect();
                let help = nearest::hint(key, known.iter().copied())
                    .unwrap_or_else(|| format!("known here: target.{}", known.join(", target.")));
                problem.label("no such thing about the target").help(help)
            };
        }
        let message = match why.filter(|why| !why.is_empty()) {
            Some(why) => format!("`${{{name}}}` has no value: {why}"),
            None => format!("`${{{name}}}` has no value"),
        };
        let names = self.set.keys().chain(self.vars.keys()).map(String::as_str);
        let help = nearest::hint(name, names).unwrap_or_else(|| {
            format!("give it with `--set {name}=…`, or write a default: `${{{name}:-…}}`")
        });
        Problem::new("unset-variable", message)
            .label("neither in --set, nor in the target's vars, nor in the environment")
            .help(help)
    }
}

fn promising(node: &Node, names: &mut Vec<String>) {
    let used = node.variables.iter();
    names.extend(used.filter(|name| secrets::promises(name)).cloned());
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| promising(item, names)),
        Value::Table(entries) => {
            let told = entries.iter().filter(|(key, _)| key != "secrets");
            told.for_each(|(_, entry)| promising(entry, names));
        }
        _ => {}
    }
}

/// The length of what stands before the brace that closes, braces within counted.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
        before = c;
    }
    None
}

/// Whether `${NAME}` may ask for this name.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    plain(name.strip_prefix("target.").unwrap_or(name))
}

/// Where the references of one string stand in the file. Escapes make the text of a string differ
/// from its spelling, so a reference is looked for by its count; where that fails, it is the whole
/// value. References are asked for from first to last, so that each is counted once.
struct Places<'a> {
    value: Spot,
    text: &'a str,
    raw: &'a str,
    /// Where `${` stands in the file's spelling.
    starts: Vec<usize>,
    /// How many stand in the text before this byte.
    counted: (usize, usize),
}

impl<'a> Places<'a> {
    fn new(value: Spot, text: &'a str, sources: &'a [String]) -> Self {
        let source = sources.get(value.file).map_or("", String::as_str);
        let raw = source.get(value.start..value.end).unwrap_or("");
        Self {
            value,
            text,
            raw,
            starts: raw.match_indices("${").map(|(at, _)| at).collect(),
            counted: (0, 0),
        }
    }

    fn locate(&mut self, range: &Range<usize>) -> Spot {
        self.found(range).unwrap_or(self.value)
    }

    fn found(&mut self, range: &Range<usize>) -> Option<Spot> {
        let (before, count) = self.counted;
        let nth = count + self.text.get(before..range.start)?.matches("${").count();
        self.counted = (range.start, nth);
        let at = *self.starts.get(nth)?;
        let quoted = self.text.get(range.clone())?;
        self.raw.get(at..)?.starts_with(quoted).then_some(Spot {
            file: self.value.file,
            start: self.value.start + at,
            end: self.value.start + at + quoted.len(),
        })
    }
}
