//! Clusters: little more than a name and the capacity providers attached to it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A cluster, and the capacity providers attached to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) providers: Vec<String>,
    pub(crate) default_strategy: Vec<Value>,
    pub(crate) settings: Vec<Value>,
}

impl Cluster {
    pub(crate) fn new(name: &str, providers: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            providers,
            default_strategy: Vec::new(),
            settings: vec![serde_json::json!({"name": "containerInsights", "value": "disabled"})],
        }
    }
}
