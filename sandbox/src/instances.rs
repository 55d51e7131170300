//! Container instances and what brings more of them, as a world file describes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Container instances of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstanceKind {
    /// The cluster that they are registered in; every cluster when absent.
    pub cluster: Option<String>,
    /// How many there are.
    pub count: i64,
    /// CPU units of each; 1024 are one vCPU.
    pub cpu: i64,
    /// Memory of each, in MiB.
    pub memory: i64,
    /// GPUs of each.
    pub gpu: i64,
    /// The letter of their availability zone; when absent they take turns in a, b and c.
    pub zone: Option<String>,
    /// The instance type.
    pub instance_type: String,
    /// The capacity provider that they belong to; without one they take the tasks of any.
    pub capacity_provider: Option<String>,
    /// Further attributes.
    pub attributes: BTreeMap<String, String>,
}

impl Default for InstanceKind {
    /// Three of type m5.2xlarge in three zones, with what the agent of such a one registers.
    fn default() -> Self {
        Self {
            cluster: None,
            count: 3,
            cpu: 8_192,
            memory: 31_589,
            gpu: 0,
            zone: None,
            instance_type: "m5.2xlarge".to_owned(),
            capacity_provider: None,
            attributes: BTreeMap::new(),
        }
    }
}

/// The instances of a world that says nothing of them.
pub(crate) fn usual() -> Vec<InstanceKind> {
    vec![InstanceKind::default()]
}

/// A capacity provider that brings instances when tasks find no place: one of an Auto Scaling group, or
/// of Managed Instances.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// At most so many instances are brought to a cluster; `timings.instance_ms` after another.
    pub most: i64,
    /// What is brought.
    #[serde(default)]
    pub instance: InstanceKind,
}
