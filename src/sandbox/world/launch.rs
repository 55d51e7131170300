//! How the scheduler makes a task: its containers and what will become of each, its place in the
//! network, its capacity provider and its tags.

use super::World;
use super::agenda::Due;
use super::deployment::Deployment;
use super::task::{Health, Task, TaskContainer};
use super::task_definition::{ContainerDefinition, TaskDefinition};
use crate::sandbox::behaviour::Behaviour;

impl World {
    /// Starts a task of a deployment; `None` when there is no room for it anywhere.
    pub(super) fn launch(&mut self, service: &str, deployment: &Deployment) -> Option<String> {
        let definition = self
            .task_definition(&deployment.workload.task_definition)?
            .clone();
        let id = self.rng.hex32();
        let mut containers = Vec::new();
        for container in definition.containers() {
            let fate = self.fate(&container.image);
            if fate == Behaviour::NoCapacity {
                return None;
            }
            containers.push(self.container(&id, service, container, fate));
        }
        let task = self.new_task(id, service, deployment, &definition, containers);
        let id = task.id.clone();
        let wait = self.timings.provision_ms + self.rng.below(self.timings.jitter_ms);
        self.later(
            wait,
            Due::Step {
                task: id.clone(),
                step: 0,
            },
        );
        self.tasks.insert(id.clone(), task);
        Some(id)
    }

    /// What this very container will do: chance and counting are settled here.
    fn fate(&mut self, image: &str) -> Behaviour {
        let crash = Behaviour::Crash {
            exit_code: 1,
            after_ms: None,
        };
        let starts = self.image_starts.entry(image.to_owned()).or_default();
        *starts += 1;
        let starts = *starts;
        match self.behaviour(image) {
            Behaviour::CrashesFirst { times } if starts <= times => crash,
            Behaviour::Flaky { percent } if self.rng.below(100) < percent => crash,
            Behaviour::CrashesFirst { .. } | Behaviour::Flaky { .. } => Behaviour::Healthy,
            other => other,
        }
    }

    fn container(
        &mut self,
        task: &str,
        service: &str,
        definition: ContainerDefinition,
        fate: Behaviour,
    ) -> TaskContainer {
        let cluster = service.split('/').next().unwrap_or_default();
        let path = format!("container/{cluster}/{task}/{}", self.rng.uuid());
        let divisor = self.timings.health_divisor.max(1);
        let checked_after = definition.health_check.as_ref().map(|check| {
            let seconds = match fate {
                Behaviour::Unhealthy => check.start_period + check.interval * check.retries,
                _ => check.interval,
            };
            seconds * 1_000 / divisor
        });
        let log = definition.log_configuration.and_then(|log| {
            let option = |name: &str| log.options.get(name).cloned();
            let prefix = option("awslogs-stream-prefix")?;
            let stream = format!("{prefix}/{}/{task}", definition.name);
            (log.log_driver == "awslogs").then_some((option("awslogs-group")?, stream))
        });
        let depends_on = definition.depends_on.into_iter();
        TaskContainer {
            arn: self.ecs_arn(&path),
            name: definition.name,
            image: definition.image,
            essential: definition.essential,
            cpu: definition.cpu,
            running: false,
            health: Health::Unknown,
            checked_after,
            exit_code: None,
            reason: None,
            fate,
            log,
            depends_on: depends_on
                .map(|d| (d.container_name, d.condition))
                .collect(),
            secret: definition
                .secrets
                .into_iter()
                .next()
                .map(|secret| secret.value_from),
        }
    }

    fn new_task(
        &mut self,
        id: String,
        service: &str,
        deployment: &Deployment,
        definition: &TaskDefinition,
        containers: Vec<TaskContainer>,
    ) -> Task {
        let cluster = service.split('/').next().unwrap_or_default().to_owned();
        self.task_count += 1;
        let number = self.task_count;
        let workload = &deployment.workload;
        let groups = workload.load_balancers.iter();
        let groups =
            groups.filter_map(|lb| Some((lb.target_group_arn.clone()?, lb.container_port)));
        let subnets = workload.network_configuration.as_ref();
        let subnets = subnets.and_then(|n| n.pointer("/awsvpcConfiguration/subnets")?.as_array());
        let turn = |length: usize| usize::try_from(number).unwrap_or(0) % length.max(1);
        let subnet = subnets.and_then(|list| list.get(turn(list.len()))?.as_str());
        let exec = self
            .services
            .get(service)
            .is_some_and(|service| service.settings.exec);
        let storage = definition
            .body
            .get("ephemeralStorage")
            .and_then(|e| e.get("sizeInGiB"));
        let platform = definition
            .body
            .get("runtimePlatform")
            .and_then(|p| p.get("cpuArchitecture"));
        Task {
            arn: self.ecs_arn(&format!("task/{cluster}/{id}")),
            id,
            number,
            cluster,
            service: service.to_owned(),
            deployment: deployment.id.clone(),
            revision: deployment.revision.clone(),
            definition: definition.arn.clone(),
            created_at: self.now,
            containers,
            target_groups: groups.collect(),
            ip: format!("10.0.{}.{}", (number / 250) % 250, number % 250 + 4),
            subnet: subnet.unwrap_or("subnet-00000000").to_owned(),
            provider: self.choose_provider(service, deployment),
            platform_version: "1.4.0".to_owned(),
            cpu: definition.text("cpu").to_owned(),
            memory: definition.text("memory").to_owned(),
            architecture: platform
                .and_then(|p| p.as_str())
                .unwrap_or("X86_64")
                .to_lowercase(),
            ephemeral_gib: storage.and_then(serde_json::Value::as_i64).unwrap_or(20),
            exec,
            tags: self.propagated_tags(service, definition),
            ..Task::default()
        }
    }

    fn propagated_tags(&self, service: &str, definition: &TaskDefinition) -> super::Tags {
        let Some(found) = self.services.get(service) else {
            return super::Tags::new();
        };
        let source = match found.settings.propagate.as_str() {
            "SERVICE" => found.arn.as_str(),
            "TASK_DEFINITION" => definition.arn.as_str(),
            _ => "",
        };
        let mut tags = self.tags.get(source).cloned().unwrap_or_default();
        if found.settings.managed_tags {
            tags.insert("aws:ecs:clusterName".to_owned(), found.cluster.clone());
            tags.insert("aws:ecs:serviceName".to_owned(), found.name.clone());
        }
        tags
    }

    /// The provider that is furthest behind its share: bases first, then weights.
    fn choose_provider(&self, service: &str, deployment: &Deployment) -> Option<String> {
        let strategy = &deployment.workload.capacity_provider_strategy;
        let used = |name: &str| {
            let mine =
                |t: &&Task| t.service == service && t.deployment == deployment.id && t.is_active();
            let with = |t: &Task| t.provider.as_deref() == Some(name);
            i64::try_from(self.tasks.values().filter(mine).filter(|t| with(t)).count()).unwrap_or(0)
        };
        let below_base = strategy
            .iter()
            .find(|item| used(&item.capacity_provider) < item.base);
        let by_weight = strategy
            .iter()
            .filter(|item| item.weight > 0)
            .min_by_key(|item| {
                (used(&item.capacity_provider) - item.base).max(0) * 1_000 / item.weight
            });
        below_base
            .or(by_weight)
            .map(|item| item.capacity_provider.clone())
    }
}
