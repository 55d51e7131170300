//! Containers that ended although their tasks go on: one that is not essential takes no task along, so that no rollout
//! fails by it, and only a word at its end tells that something is missing.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DesiredStatus, Task};

use crate::event::Events;
use crate::platform::Failed;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::live::tasks::Tasks;
use crate::platform::ecs::settings::sdk::last_part;
use crate::spec::{Container, Dependency, EcsService};

impl Ecs {
    /// Tells of each that ended in tasks of `revision`. What may not be read is no reason for a word:
    /// nothing is known to be wrong.
    pub(crate) async fn tell_ended(&self, service: &EcsService, revision: &str, events: &Events) {
        let beside: Vec<&Container> = service
            .containers
            .iter()
            .filter(|container| !container.essential && !ends_by_design(service, container))
            .collect();
        if beside.is_empty() {
            return;
        }
        match self.tasks_that_run(service.own.service.as_str()).await {
            Ok(mut tasks) => {
                tasks.retain(|task| task.task_definition_arn().map(last_part) == Some(revision));
                let logged = service.own.logs.is_some();
                for container in beside {
                    if let Some(words) = ended(container.name.as_str(), &tasks, logged) {
                        events.warn("sidecar_ended", words);
                    }
                }
            }
            Err(error) => tracing::info!(%error, "no look at containers that are not essential"),
        }
    }

    /// Of more tasks than one page lists the others are not looked at.
    async fn tasks_that_run(&self, service: &str) -> Result<Vec<Task>, Failed> {
        let tasks = Tasks {
            client: &self.api,
            cluster: self.cluster(),
            service,
            desired: DesiredStatus::Running,
        };
        let (arns, _) = tasks.page(None).await?;
        tasks.describe(&arns).await
    }
}

/// Whether another container begins only once this one has ended: then its end is its work.
fn ends_by_design(service: &EcsService, container: &Container) -> bool {
    let waits = |other: &Container| {
        matches!(
            other.depends_on.get(&container.name),
            Some(Dependency::Complete | Dependency::Success)
        )
    };
    service.containers.iter().any(waits)
}

/// What is said of a container that ended, with its most frequent exit code; `None`: it runs everywhere.
fn ended(name: &str, tasks: &[Task], logged: bool) -> Option<String> {
    let mut codes: BTreeMap<Option<i32>, usize> = BTreeMap::new();
    let of_that_name = tasks
        .iter()
        .flat_map(Task::containers)
        .filter(|container| container.name() == Some(name));
    for container in of_that_name.filter(|container| container.last_status() == Some("STOPPED")) {
        *codes.entry(container.exit_code()).or_default() += 1;
    }
    let (code, _) = codes.iter().max_by_key(|(_, times)| **times)?;
    let code = code.map_or(String::new(), |code| format!(" with exit code {code}"));
    let (times, all) = (codes.values().sum::<usize>(), tasks.len());
    let logs = if logged {
        format!("; `deployer logs --container {name}` shows its last lines")
    } else {
        String::new()
    };
    Some(format!(
        "container {name} has ended{code} in {times} of {all} tasks; it is not essential, so they go on \
         without it{logs}"
    ))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Container, Task};

    use super::ended;

    fn task(status: &str, code: Option<i32>) -> Task {
        let container = Container::builder()
            .name("log")
            .last_status(status)
            .set_exit_code(code)
            .build();
        Task::builder().containers(container).build()
    }

    #[test]
    fn one_that_ended_is_told_with_its_most_frequent_code() {
        let tasks = [
            task("STOPPED", Some(2)),
            task("STOPPED", Some(1)),
            task("STOPPED", Some(1)),
            task("RUNNING", None),
        ];
        let words = ended("log", &tasks, false).unwrap_or_default();
        assert_eq!(
            words,
            "container log has ended with exit code 1 in 3 of 4 tasks; it is not essential, so they go on \
             without it"
        );
        assert!(ended("log", &tasks, true).is_some_and(|words| words.contains("--container log")));
    }

    #[test]
    fn of_one_that_runs_or_that_there_is_not_nothing_is_told() {
        assert_eq!(ended("log", &[task("RUNNING", None)], true), None);
        assert_eq!(ended("proxy", &[task("STOPPED", Some(1))], true), None);
        assert_eq!(ended("log", &[], true), None);
    }
}
