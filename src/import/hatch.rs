//! What no word says, in the platform's own spelling: losses become entries of a patch, as far as the
//! files then load and say what the source says. Pure.
//!
//! Nothing is foreseen here of what a patch may say. All entries are tried at once; where that is refused
//! or does not help, halves of them are, down to the single one that stays a loss.

use serde_json::{Map, Value};

use super::write::{Word, Words};
use super::{Draft, Imported, Loss, NotTaken};
use crate::spec::patch::Named;

/// One platform's way from the files in the making to what they leave out.
pub(super) trait Round {
    /// What the files come to.
    type Rendered;
    /// What names the entries of the platform's lists.
    const NAMED: Named;

    /// Writes the files, loads them, and compares.
    fn attempt(&self, draft: &Draft) -> Result<(Imported, Self::Rendered), NotTaken>;

    /// What would say a loss, where a patch could.
    fn entry(&self, loss: &Loss, rendered: &Self::Rendered) -> Option<Entry>;
}

/// Something that a patch says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Which of the services it is of.
    pub(super) service: usize,
    /// Which table of the patch: `task`, `deployment`.
    pub(super) part: &'static str,
    pub(super) steps: Vec<Step>,
    /// `false` takes away.
    pub(super) value: Value,
}

/// A step to where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Field(String),
    /// An entry of a list, by the members that name it.
    Entry(Map<String, Value>),
}

/// No file gets better by more rounds: each tries what the one before has laid bare.
const ROUNDS: usize = 3;

/// The files, with patches for what no word says.
pub(super) fn import<R: Round>(round: &R, draft: &Draft) -> Result<Imported, NotTaken> {
    let (first, rendered) = round.attempt(draft)?;
    let mut hatch = Hatch {
        round,
        draft,
        kept: Vec::new(),
        best: (first, rendered),
    };
    let typed = hatch.best.0.losses.clone();
    let mut tried: Vec<Entry> = Vec::new();
    for _ in 0..ROUNDS {
        let (imported, rendered) = &hatch.best;
        let mut batch: Vec<Entry> = Vec::new();
        for entry in imported
            .losses
            .iter()
            .filter_map(|loss| round.entry(loss, rendered))
        {
            if !tried.contains(&entry) && !batch.contains(&entry) {
                batch.push(entry);
            }
        }
        if batch.is_empty() {
            break;
        }
        tried.extend(batch.iter().cloned());
        hatch.keep(&batch);
    }
    let (mut imported, _) = hatch.best;
    imported.patched = typed
        .into_iter()
        .filter(|loss| !imported.losses.contains(loss))
        .collect();
    Ok(imported)
}

struct Hatch<'r, R: Round> {
    round: &'r R,
    draft: &'r Draft,
    kept: Vec<Entry>,
    best: (Imported, R::Rendered),
}

impl<R: Round> Hatch<'_, R> {
    /// Keeps of these what the files take, and what leaves fewer losses.
    fn keep(&mut self, batch: &[Entry]) {
        let (imported, rendered) = &self.best;
        let told = imported.losses.iter().filter(|loss| {
            let entry = self.round.entry(loss, rendered);
            entry.is_some_and(|entry| batch.contains(&entry))
        });
        let hoped = imported.losses.len() - told.count();
        let entries = [self.kept.as_slice(), batch].concat();
        let attempt = self.round.attempt(&with_patches::<R>(self.draft, &entries));
        let enough = match batch {
            [_] => imported.losses.len().saturating_sub(1),
            _ => hoped,
        };
        match attempt {
            Ok(attempt) if attempt.0.losses.len() <= enough => {
                self.kept = entries;
                self.best = attempt;
            }
            _ if batch.len() > 1 => {
                let (one, other) = batch.split_at(batch.len() / 2);
                self.keep(one);
                self.keep(other);
            }
            _ => {}
        }
    }
}

/// The files in the making, with these entries of patches.
fn with_patches<R: Round>(draft: &Draft, entries: &[Entry]) -> Draft {
    let mut draft = draft.clone();
    for index in 0..draft.services.len() {
        let mut parts: Vec<(&str, Value)> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.service == index) {
            let known = parts.iter().position(|(part, _)| *part == entry.part);
            let at = known.unwrap_or_else(|| {
                parts.push((entry.part, Value::Null));
                parts.len() - 1
            });
            place(&mut parts[at].1, &entry.steps, &entry.value);
        }
        if parts.is_empty() {
            continue;
        }
        let words = parts
            .into_iter()
            .map(|(part, tree)| (part.to_owned(), word(&tree, part, R::NAMED, &mut draft)));
        let patch = Word::Table(words.collect());
        draft.services[index].own.push(("patch".to_owned(), patch));
    }
    draft
}

/// Puts a value where the steps lead to.
fn place(tree: &mut Value, steps: &[Step], value: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        match (tree, value) {
            (Value::Object(there), Value::Object(members)) => there.extend(members.clone()),
            (tree, value) => *tree = value.clone(),
        }
        return;
    };
    match step {
        Step::Field(name) => {
            if !tree.is_object() {
                *tree = Value::Object(Map::new());
            }
            if let Some(members) = tree.as_object_mut() {
                place(
                    members.entry(name.clone()).or_insert(Value::Null),
                    rest,
                    value,
                );
            }
        }
        Step::Entry(names) => {
            if !tree.is_array() {
                *tree = Value::Array(Vec::new());
            }
            let Some(items) = tree.as_array_mut() else {
                return;
            };
            let is_it = |item: &Value| {
                names
                    .iter()
                    .all(|(key, value)| item.get(key) == Some(value))
            };
            let at = items.iter().position(is_it).unwrap_or_else(|| {
                items.push(Value::Object(names.clone()));
                items.len() - 1
            });
            place(&mut items[at], rest, value);
        }
    }
}

/// A tree as it is written: what names an entry stands first, and what is surely a secret nowhere.
fn word(tree: &Value, key: &str, named: Named, draft: &mut Draft) -> Word {
    match tree {
        Value::String(text) => draft.literal(key, text).0,
        Value::Array(items) => {
            let items = items.iter().map(|item| word(item, key, named, draft));
            Word::List(items.collect())
        }
        Value::Object(members) => {
            let first = named.iter().find(|(list, _)| *list == key);
            let first = first.map(|(_, names)| *names).unwrap_or_default();
            let own = members.get("name").and_then(Value::as_str);
            let mut words: Words = Vec::new();
            let ahead = first.iter().filter_map(|name| members.get_key_value(*name));
            let rest = members
                .iter()
                .filter(|(name, _)| !first.contains(&name.as_str()));
            for (name, value) in ahead.chain(rest).filter(|(_, value)| !value.is_null()) {
                let known = own.filter(|_| name == "value").unwrap_or(name);
                words.push((name.clone(), word(value, known, named, draft)));
            }
            Word::Table(words)
        }
        other => Word::Plain(other.to_string()),
    }
}

/// What may be said of the items of a list in a path, and what names them in a patch.
pub(super) struct Spelling {
    /// The words that lead to each item of the list of that name.
    pub(super) items: fn(&str, &[Value]) -> Vec<Vec<String>>,
    pub(super) named: Named,
}

/// The way to a loss and the value there: `path` is read against the source and what the files come to,
/// since only they tell a dot in a key from a step.
pub(super) fn way(
    spelling: &Spelling,
    path: &str,
    source: &Value,
    rendered: &Value,
) -> Option<(Vec<Step>, Value)> {
    let mut way = Way {
        spelling,
        steps: Vec::new(),
    };
    let value = way.follow(path, "", Some(source), Some(rendered))?;
    (!way.steps.is_empty()).then_some((way.steps, value))
}

struct Way<'s> {
    spelling: &'s Spelling,
    steps: Vec<Step>,
}

impl Way<'_> {
    fn follow(
        &mut self,
        path: &str,
        list: &str,
        source: Option<&Value>,
        rendered: Option<&Value>,
    ) -> Option<Value> {
        if path.is_empty() {
            return Some(said(source, rendered));
        }
        if [source, rendered]
            .into_iter()
            .flatten()
            .any(Value::is_array)
        {
            return self.item(path, list, source, rendered);
        }
        let members = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
        let (in_source, in_rendered) = (members(source), members(rendered));
        let all = in_source.iter().chain(&in_rendered).flat_map(Map::keys);
        let mut keys: Vec<&String> = all.collect();
        // A key may begin as another one does.
        keys.sort_by_key(|key| std::cmp::Reverse(key.len()));
        for key in keys {
            let Some(rest) = after(path, key) else {
                continue;
            };
            let length = self.steps.len();
            self.steps.push(Step::Field(key.clone()));
            let below = |value: Option<&Value>| value.and_then(|value| value.get(key)).cloned();
            let (source, rendered) = (below(source), below(rendered));
            let found = self.follow(rest, key, source.as_ref(), rendered.as_ref());
            if found.is_some() {
                return found;
            }
            self.steps.truncate(length);
        }
        None
    }

    /// Into a list: to an entry by its name, or to all of the list where entries have none.
    fn item(
        &mut self,
        path: &str,
        list: &str,
        source: Option<&Value>,
        rendered: Option<&Value>,
    ) -> Option<Value> {
        let names = self.spelling.named.iter().find(|(named, _)| *named == list);
        let Some((_, names)) = names else {
            return Some(source.cloned().unwrap_or(Value::Bool(false)));
        };
        let found = |value: Option<&Value>| {
            let items = value.and_then(Value::as_array)?;
            let words = (self.spelling.items)(list, items);
            let mut each = items.iter().zip(words);
            each.find_map(|(item, words)| {
                let rest = words.iter().find_map(|word| after(path, word))?;
                Some((item.clone(), rest.to_owned()))
            })
        };
        let (source, rendered) = (found(source), found(rendered));
        let (one, rest) = source.as_ref().or(rendered.as_ref())?;
        let said = names.iter().filter_map(|name| {
            let value = one.get(*name)?.clone();
            Some(((*name).to_owned(), value))
        });
        let name: Map<String, Value> = said.collect();
        // An entry is not taken away.
        if name.is_empty() || rest.is_empty() && source.is_none() {
            return None;
        }
        self.steps.push(Step::Entry(name));
        let [source, rendered] = [&source, &rendered].map(|one| one.as_ref().map(|(one, _)| one));
        self.follow(rest, "", source, rendered)
    }
}

/// What is left of a path after a key: `.key`, `[key]`, or `key` alone at the beginning.
fn after<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    if let Some(rest) = path.strip_prefix('[') {
        return rest.strip_prefix(key)?.strip_prefix(']');
    }
    let rest = path.strip_prefix('.').unwrap_or(path).strip_prefix(key)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// What a patch says so that `rendered` becomes `source`: what is too much is taken away.
fn said(source: Option<&Value>, rendered: Option<&Value>) -> Value {
    match (source, rendered) {
        (None, _) => Value::Bool(false),
        (Some(Value::Object(members)), Some(Value::Object(there))) => {
            let surplus = there.keys().filter(|key| !members.contains_key(*key));
            let surplus = surplus.map(|key| (key.clone(), Value::Bool(false)));
            let own = members
                .iter()
                .filter(|(key, value)| there.get(*key) != Some(value))
                .map(|(key, value)| (key.clone(), said(Some(value), there.get(key))));
            Value::Object(own.chain(surplus).collect())
        }
        (Some(value), _) => value.clone(),
    }
}
