//! How the scheduler makes a task: its containers and what will become of each, its place in the
//! network, its capacity provider and its tags.

use std::collections::BTreeMap;

use serde_json::Value;

use super::World;
use super::agenda::Due;
use super::configuration::{StrategyItem, Workload};
use super::deployment::Deployment;
use super::placement::{Need, Place, Unplaced};
use super::task::{Health, Task, TaskContainer};
use super::task_definition::{ContainerDefinition, TaskDefinition};
use crate::behaviour::Behaviour;

/// What `RunTask` says of a task beside its workload.
#[derive(Debug, Clone)]
pub(crate) struct OneOff {
    pub(crate) cluster: String,
    pub(crate) group: String,
    pub(crate) started_by: String,
    pub(crate) overrides: Value,
    pub(crate) exec: bool,
    pub(crate) tags: super::Tags,
}

/// Why a container does not start whose log group is not there.
const NO_LOG_GROUP: &str = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1";

/// Tasks by capacity provider.
pub(super) type Used = BTreeMap<String, i64>;

impl World {
    /// Starts a task of a deployment, unless there is no room for it anywhere. `used` counts
    /// the deployment's tasks by provider.
    pub(super) fn launch(
        &mut self,
        service: &str,
        deployment: &Deployment,
        used: &mut Used,
    ) -> Result<String, Unplaced> {
        let workload = &deployment.workload;
        let definition = self.task_definition(&workload.task_definition);
        let definition = definition.ok_or(Unplaced::Capacity)?.clone();
        let provider = choose_provider(&workload.capacity_provider_strategy, used);
        let (place, waits) =
            self.find_place(service, workload, &definition, provider.as_deref())?;
        let id = self.rng.hex32();
        let mut containers = Vec::new();
        for container in definition.containers() {
            let fate = self.fate(&container.image);
            if fate == Behaviour::NoCapacity {
                return Err(Unplaced::Capacity);
            }
            containers.push(self.container(&id, service, container, fate));
        }
        let mut task = self.new_task(id, service, deployment, &definition, containers);
        task.provider = provider;
        task.need = place
            .as_ref()
            .map(|_| Need::of(&definition))
            .unwrap_or_default();
        task.place = place;
        task.waits = waits;
        if let Some(provider) = &task.provider {
            *used.entry(provider.clone()).or_default() += 1;
        }
        let id = task.id.clone();
        let wait = self.timings.provision_ms + self.rng.below(self.timings.jitter_ms);
        if !waits {
            let (task, step) = (id.clone(), 0);
            self.later(wait, Due::Step { task, step });
        }
        self.tasks.insert(task);
        Ok(id)
    }

    /// A place on an instance where the workload needs one, and whether the task waits for an instance
    /// that its provider brings.
    fn find_place(
        &mut self,
        service: &str,
        workload: &Workload,
        definition: &TaskDefinition,
        provider: Option<&str>,
    ) -> Result<(Option<Place>, bool), Unplaced> {
        let cluster = service.split('/').next().unwrap_or_default();
        match self.seek(service, workload, definition, provider) {
            Ok(place) => Ok((place, false)),
            Err(_) if self.ask_for_instance(cluster, provider.unwrap_or_default()) => {
                Ok((None, true))
            }
            Err(misfit) => Err(Unplaced::Misfit(misfit)),
        }
    }

    /// Runs a task that no service keeps, unless there is no room for it anywhere.
    pub(crate) fn run_task(
        &mut self,
        workload: &Workload,
        one_off: &OneOff,
    ) -> Result<String, Unplaced> {
        // No service has an empty name.
        let service = format!("{}/", one_off.cluster);
        let by = one_off.started_by.clone();
        let deployment = Deployment::new(by, "", "", workload.clone(), self.now);
        let id = self.launch(&service, &deployment, &mut Used::new())?;
        if let Some(task) = self.tasks.get_mut(&id) {
            task.group = Some(one_off.group.clone());
            task.overrides = one_off.overrides.clone();
            task.exec = one_off.exec;
            task.tags = one_off.tags.clone();
        }
        Ok(id)
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
        let unlogged = definition.log_configuration.as_ref().is_some_and(|log| {
            let option = |name: &str| log.options.get(name).map_or("", String::as_str);
            let made = option("awslogs-create-group") == "true";
            log.log_driver == "awslogs" && !made && self.is_missing(option("awslogs-group"))
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
            cannot_start: unlogged.then(|| NO_LOG_GROUP.to_owned()),
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

    /// How many active tasks of a deployment each provider has.
    pub(super) fn used_providers(&self, service: &str, deployment: &str) -> Used {
        let mut used = Used::new();
        let mine = |t: &&Task| t.deployment == deployment && t.is_active();
        for task in self.tasks.of_service(service).filter(mine) {
            if let Some(provider) = &task.provider {
                *used.entry(provider.clone()).or_default() += 1;
            }
        }
        used
    }
}

/// The provider that is furthest behind its share: bases first, then weights.
fn choose_provider(strategy: &[StrategyItem], used: &Used) -> Option<String> {
    let used = |item: &StrategyItem| used.get(&item.capacity_provider).copied().unwrap_or(0);
    let below_base = strategy.iter().find(|item| used(item) < item.base);
    let by_weight = strategy
        .iter()
        .filter(|item| item.weight > 0)
        .min_by_key(|item| (used(item) - item.base).max(0) * 1_000 / item.weight);
    below_base
        .or(by_weight)
        .map(|item| item.capacity_provider.clone())
}
