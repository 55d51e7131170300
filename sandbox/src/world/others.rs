//! Other actors: carries out what the plan of a world says they do.

use serde_json::{Value, json};

use super::World;
use super::agenda::Due;
use crate::api;
use crate::plan::{Action, When};

impl World {
    /// Notes that a request was performed, and sets off what waits for it.
    pub(crate) fn request_performed(&mut self, operation: &str) {
        let mut due = Vec::new();
        for (index, planned) in self.plan.iter_mut().enumerate() {
            if let When::After {
                operation: wanted,
                nth,
                delay_ms,
            } = &planned.when
                && wanted == operation
            {
                planned.seen += 1;
                if planned.seen == *nth {
                    due.push((*delay_ms, index));
                }
            }
        }
        for (delay, index) in due {
            self.later(delay, Due::Planned { index });
        }
    }

    pub(super) fn perform_planned(&mut self, index: usize) {
        let Some(planned) = self.plan.get(index) else {
            return;
        };
        match planned.action.clone() {
            Action::Request {
                service,
                operation,
                input,
            } => {
                self.other_actor(&service, &operation, &input);
            }
            Action::Deploy {
                cluster,
                service,
                image,
            } => self.other_deploys(&cluster, &service, &image),
            Action::Autoscale {
                cluster,
                service,
                desired,
            } => {
                self.autoscale(&format!("{cluster}/{service}"), desired);
            }
            Action::Answer {
                cluster,
                service,
                goes_on,
            } => {
                if let Some((arn, hook)) = self.waiting_hook(&format!("{cluster}/{service}")) {
                    self.answer_hook(&arn, &hook, goes_on);
                }
            }
            Action::Alarm { name, firing } => self.set_alarm(&name, firing),
            Action::Image(rule) => {
                self.images.push(rule);
                self.reconcile_all();
            }
        }
    }

    /// Sends a request as somebody else; `None` when it was refused.
    fn other_actor(&mut self, service: &str, operation: &str, input: &Value) -> Option<Value> {
        api::perform(self, service, operation, input).ok()
    }

    fn other_deploys(&mut self, cluster: &str, service: &str, image: &str) {
        let key = format!("{cluster}/{service}");
        let Some(current) = self
            .services
            .get(&key)
            .map(|s| s.workload.task_definition.clone())
        else {
            return;
        };
        let Some(mut input) = self
            .task_definition(&current)
            .map(|found| json!(found.body))
        else {
            return;
        };
        if let Some(slot) = input.pointer_mut("/containerDefinitions/0/image") {
            *slot = json!(image);
        }
        let registered = self.other_actor("ecs", "RegisterTaskDefinition", &input);
        let arn =
            registered.and_then(|out| out.pointer("/taskDefinition/taskDefinitionArn").cloned());
        let update = json!({"cluster": cluster, "service": service, "taskDefinition": arn});
        self.other_actor("ecs", "UpdateService", &update);
    }
}
