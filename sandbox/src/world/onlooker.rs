//! What an onlooker may ask of a world and do to it, past every API: so that a test knows the truth
//! which it holds an answer against, and can bring about what would take days to come by itself.

use serde_json::{Value, json};

use super::World;

/// What the world remembers of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRecord {
    /// The ARN of its service deployment.
    pub arn: String,
    /// Whether it is over.
    pub is_final: bool,
    /// Whether it was gone back from.
    pub is_rolled_back: bool,
}

impl World {
    /// Milliseconds since this world began: the time in which a plan and faults count.
    pub fn elapsed_ms(&self) -> i64 {
        self.now - self.started
    }

    /// A service by its key, `CLUSTER/NAME`: what it is asked to run, with its settings and tags, the
    /// state of its PRIMARY deployment and how many tasks of that are healthy. Null: there is none.
    pub fn service(&self, key: &str) -> Value {
        let Some(service) = self.services.get(key) else {
            return Value::Null;
        };
        let mut workload = json!(service.workload);
        workload["taskDefinition"] = self.definition(&service.workload.task_definition);
        let primary = service.primary();
        let healthy = self.tasks.values().filter(|task| {
            primary.is_some_and(|primary| primary.id == task.deployment) && task.is_healthy()
        });
        json!({
            "status": service.status,
            "desired": service.desired,
            "workload": workload,
            "settings": service.settings,
            "state": primary.map(|primary| primary.state),
            "healthy": healthy.count(),
            "tags": self.tags.get(&service.arn),
        })
    }

    /// The bounds and policies of every scalable target.
    pub fn scaling(&self) -> Value {
        let targets = self.targets.values();
        let targets = targets.map(|one| json!([one.resource, one.min, one.max]));
        let policies = self.policies.values();
        let policies = policies.map(|one| json!([one.name, one.configuration]));
        json!({
            "targets": targets.collect::<Vec<_>>(),
            "policies": policies.collect::<Vec<_>>(),
        })
    }

    /// The id of a service's PRIMARY deployment.
    pub fn primary(&self, key: &str) -> Option<&str> {
        let service = self.services.get(key)?;
        Some(service.primary()?.id.as_str())
    }

    /// The image of a service's first container, where all tasks of its PRIMARY deployment run.
    pub fn serving(&self, key: &str) -> Option<String> {
        let service = self.services.get(key)?;
        let primary = service.primary()?;
        let tasks = self.tasks.values();
        let running = tasks.filter(|task| task.deployment == primary.id && task.is_running());
        let is_whole = i64::try_from(running.count()).ok()? >= service.desired;
        let definition = self.definition(&primary.workload.task_definition);
        let image = definition.pointer("/containerDefinitions/0/image")?;
        image.as_str().filter(|_| is_whole).map(str::to_owned)
    }

    /// What it remembers of every rollout, oldest first.
    pub fn rollouts(&self) -> Vec<RolloutRecord> {
        let mut records: Vec<_> = self.deployments.values().collect();
        records.sort_by_key(|one| one.created_at);
        records
            .into_iter()
            .map(|one| RolloutRecord {
                arn: one.arn.clone(),
                is_final: one.status.is_final(),
                is_rolled_back: one.rollback.is_some(),
            })
            .collect()
    }

    /// Adds copies of a task that is ending, each listed before all that are there.
    pub fn add_ended_tasks(&mut self, many: i64) {
        let Some(one) = self.tasks.values().find(|task| task.ending).cloned() else {
            return;
        };
        for n in 0..many {
            let id = format!("{:032x}", 0xfeed_0000 + n);
            let mut task = one.clone();
            task.arn = one.arn.replace(&one.id, &id);
            task.id.clone_from(&id);
            task.number = i64::MAX - n;
            self.tasks.insert(task);
        }
    }

    /// Adds copies of the record of the first rollout, each a moment younger than the one before.
    pub fn add_rollouts(&mut self, many: i64) {
        let Some(first) = self.deployments.values().next().cloned() else {
            return;
        };
        for n in 1..=many {
            let mut one = first.clone();
            one.arn = format!("{}{n}", first.arn);
            one.target.arn = format!("{}{n}", first.target.arn);
            one.created_at += n;
            self.deployments.insert(one.arn.clone(), one);
        }
    }

    /// Ends every task without a trace.
    pub fn forget_tasks(&mut self) {
        self.tasks = super::tasks::Tasks::default();
    }

    fn definition(&self, arn: &str) -> Value {
        let families = self.families.values();
        let mut all = families.flat_map(|family| family.revisions.values());
        let found = all.find(|one| one.arn == arn);
        found.map_or(Value::Null, |one| json!(one.body))
    }
}
