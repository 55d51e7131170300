//! Tables in a platform's own spelling, which are laid over what the other words come to: read as a
//! tree, and checked against the platform's own types, so that a wrong key has its caret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value as Json, json};

use super::super::nearest;
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, Shape};
use crate::spec::tree::{Node, Value};

pub(in crate::spec) mod api_form;
pub(crate) mod aws_json;
pub(in crate::spec) mod ecs;
pub(crate) mod kube_json;
pub(in crate::spec) mod kubernetes;

/// What names the entries of a platform's lists: a list's own key, and the keys that tell its entries
/// apart. Entries of any other list have no name, and a patch says the whole list.
pub(crate) type Named = &'static [(&'static str, &'static [&'static str])];

/// What of a tree does not fit the platform's types; a path is like `containerDefinitions.0.image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// There is no such key; with those that there are.
    Unknown {
        /// Where.
        path: String,
        /// The keys of the table that it stands in.
        known: Vec<String>,
    },
    /// Something else belongs there.
    Type {
        /// Where.
        path: String,
        /// What the platform takes: "an array".
        wanted: &'static str,
        /// Whether `false` stands there.
        is_false: bool,
    },
    /// It lacks something, which what it is laid over may have.
    Incomplete {
        /// Where.
        path: String,
        /// What is wanting, in the words of the platform's types.
        why: String,
    },
}

/// A tree that fits the platform's types, to be laid over what is made.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Overlay {
    /// The tree, in the platform's own spelling.
    pub(crate) tree: Json,
    /// The paths at which `false` takes away, since nothing there is a switch.
    pub(crate) removals: BTreeSet<String>,
}

/// Never shows its values, which may be secrets.
impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Overlay")
    }
}

impl Overlay {
    /// The same, over members that words say; what the patch itself says of one counts.
    pub(crate) fn over(mut self, members: Vec<(&'static str, Json)>) -> Self {
        if self.tree.is_null() {
            self.tree = Json::Object(Map::new());
        }
        if let Json::Object(tree) = &mut self.tree {
            for (name, value) in members {
                tree.entry(name).or_insert(value);
            }
            if tree.is_empty() {
                self.tree = Json::Null;
            }
        }
        self
    }
}

/// Where something in a tree stands, and what it is.
struct Place {
    head: Spot,
    spot: Spot,
    kind: &'static str,
    /// It is one of a list.
    is_item: bool,
}

/// A tree in a platform's own spelling, with the place of everything in it.
pub(in crate::spec) struct PatchTree {
    tree: Json,
    places: BTreeMap<String, Place>,
}

impl Shape for PatchTree {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if !matches!(node.value, Value::Table(_)) {
            findings.wrong_type(node, "a table", None);
            return None;
        }
        let mut read = Self {
            tree: Json::Null,
            places: BTreeMap::new(),
        };
        read.tree = read.json(node, String::new(), findings)?;
        Some(read)
    }

    fn schema() -> Json {
        json!({ "type": "object" })
    }
}

impl PatchTree {
    /// The tree alone.
    pub(in crate::spec) fn into_json(self) -> Json {
        self.tree
    }

    /// The value of a node, unless there is none that JSON has; that is told.
    fn json(&mut self, node: &Node, path: String, findings: &mut Findings) -> Option<Json> {
        let value = match &node.value {
            // What its variables lack was told where they were filled in.
            _ if node.wanting => None,
            Value::Text(text) => Some(Json::from(text.as_str())),
            Value::Whole(number) => Some(Json::from(*number)),
            Value::Real(number) => Number::from_f64(*number).map(Json::from),
            Value::Bool(truth) => Some(Json::from(*truth)),
            Value::Date => None,
            Value::List(items) => {
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    list.extend(self.json(item, under(&path, &index.to_string()), findings));
                }
                Some(Json::from(list))
            }
            Value::Table(entries) => {
                let mut table = Map::new();
                for (key, entry) in entries {
                    if let Some(value) = self.json(entry, under(&path, key), findings) {
                        table.insert(key.clone(), value);
                    }
                }
                Some(Json::from(table))
            }
        };
        if value.is_none() && !node.wanting {
            findings.wrong_type(
                node,
                "text, a number, true or false, an array or a table",
                None,
            );
        }
        let place = Place {
            head: node.head(),
            spot: node.spot,
            kind: node.value.kind(),
            is_item: node.key.is_none(),
        };
        self.places.insert(path, place);
        value
    }
}

/// What a platform has to say of a patch.
pub(in crate::spec) struct Rules<'a> {
    /// What of it does not fit the platform's types.
    pub(in crate::spec) check: fn(&Json) -> Vec<Misfit>,
    /// Why what stands at a path may not be said; the entries of a list are paths as well.
    pub(in crate::spec) forbidden: &'a dyn Fn(&str, &Json) -> Option<String>,
}

/// Checks a patch; what is wrong with it is told.
pub(in crate::spec) fn patch(
    raw: Option<At<PatchTree>>,
    rules: &Rules<'_>,
    findings: &mut Findings,
) -> Overlay {
    let Some(PatchTree { tree, places }) = raw.map(|at| at.value) else {
        return Overlay::default();
    };
    let mut refused = BTreeSet::new();
    for (path, place) in &places {
        let value = at(&tree, path);
        if let Some(why) = value.and_then(|value| (rules.forbidden)(path, value)) {
            findings.problem(Problem::new("not-patched", why).at(place.head));
            refused.insert(path.clone());
        }
    }
    let mut removals = BTreeSet::new();
    for misfit in (rules.check)(&tree) {
        let (Misfit::Unknown { path, .. }
        | Misfit::Type { path, .. }
        | Misfit::Incomplete { path, .. }) = &misfit;
        let Some(place) = places.get(path).filter(|_| !refused.contains(path)) else {
            continue;
        };
        match &misfit {
            Misfit::Unknown { known, .. } => findings.problem(unknown(path, known).at(place.head)),
            Misfit::Type { is_false: true, .. } if !place.is_item => {
                removals.insert(path.clone());
            }
            Misfit::Type { wanted, .. } => {
                let problem = Problem::new("wrong-type", format!("expected {wanted}"));
                let label = format!("this is {}", place.kind);
                findings.problem(problem.at(place.spot).label(label));
            }
            Misfit::Incomplete { .. } => {}
        }
    }
    Overlay { tree, removals }
}

fn unknown(path: &str, known: &[String]) -> Problem {
    let key = path.rsplit('.').next().unwrap_or(path);
    let help = nearest::hint(key, known.iter().map(String::as_str))
        .unwrap_or_else(|| format!("there are {}", known.join(", ")));
    Problem::new("unknown-key", format!("unknown key `{key}`")).help(help)
}

/// What stands at a path. A key that holds a dot is not found, and nothing is forbidden of those.
fn at<'t>(tree: &'t Json, path: &str) -> Option<&'t Json> {
    path.split('.')
        .filter(|part| !part.is_empty())
        .try_fold(tree, |tree, part| match tree {
            Json::Array(items) => items.get(part.parse::<usize>().ok()?),
            tree => tree.get(part),
        })
}

/// `a.b` under `a`.
pub(crate) fn under(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
