//! What a file says in a platform's own spelling, laid over what we render. Pure.
//!
//! A patch is a tree of that spelling. Tables merge, lists merge by what names their entries, `false`
//! takes away what is no switch, and everything else takes the place of what was there.

use serde_json::{Map, Value};

use crate::spec::Overlay;
use crate::spec::patch::{Named, under};

impl Overlay {
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.tree.as_object().is_none_or(Map::is_empty)
    }

    /// Lays it over `document`.
    pub(crate) fn lay_over(&self, document: &mut Value, named: Named) {
        if !self.is_empty() {
            self.merge(document, &self.tree, "", named);
        }
    }

    fn merge(&self, there: &mut Value, patch: &Value, path: &str, named: Named) {
        match patch {
            Value::Object(members) => {
                if !there.is_object() {
                    *there = Value::Object(Map::new());
                }
                let Some(object) = there.as_object_mut() else {
                    return;
                };
                for (key, patch) in members {
                    let at = under(path, key);
                    if self.removals.contains(&at) {
                        object.remove(key);
                    } else {
                        let there = object.entry(key.clone()).or_insert(Value::Null);
                        self.merge_member(there, patch, (&at, key), named);
                    }
                }
            }
            plain => *there = plain.clone(),
        }
    }

    fn merge_member(
        &self,
        there: &mut Value,
        patch: &Value,
        (path, key): (&str, &str),
        named: Named,
    ) {
        let names = named.iter().find(|(list, _)| *list == key);
        let (Some((_, names)), Value::Array(entries)) = (names, patch) else {
            self.merge(there, patch, path, named);
            return;
        };
        if !there.is_array() {
            *there = Value::Array(Vec::new());
        }
        let Some(list) = there.as_array_mut() else {
            return;
        };
        for (index, entry) in entries.iter().enumerate() {
            let at = under(path, &index.to_string());
            match list.iter_mut().find(|one| is_same(one, entry, names)) {
                Some(one) => self.merge(one, entry, &at, named),
                None => list.push(self.made(entry, &at, named)),
            }
        }
    }

    /// An entry that was not there, without what it takes away.
    fn made(&self, entry: &Value, path: &str, named: Named) -> Value {
        let mut made = Value::Null;
        self.merge(&mut made, entry, path, named);
        made
    }
}

/// Whether an entry bears the name that a patch says. A key that the patch does not say does not tell
/// them apart.
pub(crate) fn is_same(one: &Value, patch: &Value, names: &[&str]) -> bool {
    let says = |name: &&&str| patch.get(**name).is_some();
    let mut said = names.iter().filter(says).peekable();
    said.peek().is_some() && said.all(|name| one.get(name) == patch.get(name))
}
