//! Service events: at most the newest hundred, in ECS's words.

use super::World;
use super::service::ServiceEvent;
use super::task::Task;

/// As many events as `DescribeServices` returns (Amazon ECS API reference, `Service`).
const KEPT: usize = 100;

impl World {
    /// Adds an event; `text` is what follows `(service NAME) `.
    pub(super) fn event(&mut self, service: &str, text: &str) {
        let id = self.rng.uuid();
        let at = self.now;
        if let Some(service) = self.services.get_mut(service) {
            let message = format!("(service {}) {text}", service.name);
            service.events.insert(0, ServiceEvent { id, at, message });
            service.events.truncate(KEPT);
        }
    }

    /// Adds a warning unless the same one was given not long ago.
    pub(super) fn warning(&mut self, service: &str, text: &str) {
        let since = self.now - self.timings.event_repeat_ms;
        let told = self.services.get(service).is_some_and(|service| {
            let message = format!("(service {}) {text}", service.name);
            service
                .events
                .iter()
                .any(|event| event.at > since && event.message == message)
        });
        if !told {
            self.event(service, text);
        }
    }

    /// `(task A) (task B)`.
    pub(super) fn task_list<'a>(tasks: impl Iterator<Item = &'a str>) -> String {
        let names: Vec<String> = tasks.map(|id| format!("(task {id})")).collect();
        names.join(" ")
    }

    /// Events about the target groups that a task joins or leaves.
    pub(super) fn target_events(&mut self, task: &Task, verb: &str) {
        for (group, _) in &task.target_groups {
            self.event(
                &task.service,
                &format!("{verb} 1 targets in (target-group {group})"),
            );
        }
    }
}
