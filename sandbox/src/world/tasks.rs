//! The tasks of a world, found by id and by service, so that a look at one service costs what that
//! service has and not what the world has.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::task::Task;

/// Tasks by id; those that no service started are under the empty key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Task>", into = "BTreeMap<String, Task>")]
pub(crate) struct Tasks {
    by_id: BTreeMap<String, Task>,
    by_service: BTreeMap<String, BTreeSet<String>>,
}

impl From<BTreeMap<String, Task>> for Tasks {
    fn from(by_id: BTreeMap<String, Task>) -> Self {
        let mut tasks = Self::default();
        for task in by_id.into_values() {
            tasks.insert(task);
        }
        tasks
    }
}

impl From<Tasks> for BTreeMap<String, Task> {
    fn from(tasks: Tasks) -> Self {
        tasks.by_id
    }
}

/// Reading needs no index.
impl Deref for Tasks {
    type Target = BTreeMap<String, Task>;

    fn deref(&self) -> &Self::Target {
        &self.by_id
    }
}

impl Tasks {
    /// Adds a task; its service never changes.
    pub(crate) fn insert(&mut self, task: Task) {
        let service = self.by_service.entry(task.service.clone()).or_default();
        service.insert(task.id.clone());
        self.by_id.insert(task.id.clone(), task);
    }

    pub(super) fn remove(&mut self, id: &str) {
        let Some(task) = self.by_id.remove(id) else {
            return;
        };
        if let Some(service) = self.by_service.get_mut(&task.service) {
            service.remove(id);
            if service.is_empty() {
                self.by_service.remove(&task.service);
            }
        }
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.by_id.get_mut(id)
    }

    /// The tasks of a service (`cluster/name`), in the order of their ids.
    pub(crate) fn of_service(&self, key: &str) -> impl Iterator<Item = &Task> {
        let ids = self.by_service.get(key).into_iter().flatten();
        ids.filter_map(|id| self.by_id.get(id))
    }
}
