//! A table in the spelling of the Kubernetes API that stands where a word does: whole, and held against
//! the API's own types.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::kube_json::misfits;
use super::{Misfit, PatchTree, unknown};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::{At, Shape};
use crate::spec::tree::Node;

/// A table that fits a type of the API's.
pub(in crate::spec) struct ApiForm<T> {
    pub(in crate::spec) tree: Json,
    form: PhantomData<T>,
}

impl<T: DeserializeOwned> Shape for ApiForm<T> {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let PatchTree { tree, places } = PatchTree::read(node, findings)?;
        for misfit in misfits::<T>(&tree) {
            let (Misfit::Unknown { path, .. }
            | Misfit::Type { path, .. }
            | Misfit::Incomplete { path, .. }) = &misfit;
            let Some(place) = places.get(path) else {
                continue;
            };
            findings.problem(match &misfit {
                Misfit::Unknown { known, .. } => unknown(path, known).at(place.head),
                Misfit::Type { wanted, .. } => {
                    let problem = Problem::new("wrong-type", format!("expected {wanted}"));
                    let label = format!("this is {}", place.kind);
                    problem.at(place.spot).label(label)
                }
                Misfit::Incomplete { why, .. } => {
                    Problem::new("missing-key", why.clone()).at(place.head)
                }
            });
        }
        Some(Self {
            tree,
            form: PhantomData,
        })
    }

    fn schema() -> Json {
        json!({ "type": "object" })
    }
}

/// The tables of a list.
pub(in crate::spec) fn trees<T>(raw: Option<At<Vec<At<ApiForm<T>>>>>) -> Vec<Json> {
    let all = raw.map(|at| at.value).unwrap_or_default();
    all.into_iter().map(|at| at.value.tree).collect()
}

/// The table of a key.
pub(in crate::spec) fn tree<T>(raw: Option<At<ApiForm<T>>>) -> Option<Json> {
    raw.map(|at| at.value.tree)
}
