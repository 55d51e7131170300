//! The embedded cloud itself: a plain value that moves only when told the time.
//!
//! Nothing here reads a clock or draws chance from outside. [`World::tick`] takes everything that is
//! due from the agenda, in order, so that one long tick and many short ones give the same world.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::api::pod_identity::Association;
use super::behaviour::{self, Behaviour, ImageRule};
use super::eks::EksCluster;
use super::faults::Fault;
use super::instances::{self, InstanceKind, Provider};
use super::plan::{Planned, When};
use super::switches::Switches;
use super::timings::Timings;

pub(crate) mod agenda;
mod breaker;
pub(crate) mod cluster;
mod conclude;
pub(crate) mod configuration;
pub(crate) mod deployment;
mod events;
pub(crate) mod ids;
pub(crate) mod launch;
pub(crate) mod logs;
mod onlooker;
mod others;
pub(crate) mod placement;
mod realms;
mod rollback;
pub(crate) mod rollout;
pub(crate) mod scaling;
pub(crate) mod schedule;
mod scheduler;
pub(crate) mod service;
pub(crate) mod shift;
pub(crate) mod task;
pub(crate) mod task_definition;
mod task_life;
mod task_stop;
pub(crate) mod tasks;

use self::agenda::{Agenda, Due};
use self::cluster::Cluster;
use self::deployment::{ServiceDeployment, ServiceRevision};
use self::ids::Rng;
use self::logs::Streams;
use self::scaling::{ScalableTarget, ScalingPolicy, ScheduledAction};
use self::service::Service;
use self::task_definition::Family;
use self::tasks::Tasks;

pub use self::onlooker::RolloutRecord;

/// Milliseconds since 1970, or a number of them.
pub(crate) type Millis = i64;

/// Tags of one resource.
pub(crate) type Tags = BTreeMap<String, String>;

/// A whole account of the embedded cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct World {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) started: Millis,
    pub(crate) now: Millis,
    pub(crate) rng: Rng,
    pub(crate) task_count: i64,
    pub(crate) agenda: Agenda,
    pub(crate) timings: Timings,
    pub(crate) switches: Switches,
    pub(crate) images: Vec<ImageRule>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) plan: Vec<Planned>,
    pub(crate) alarms: BTreeMap<String, bool>,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    pub(crate) families: BTreeMap<String, Family>,
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) tasks: Tasks,
    pub(crate) deployments: BTreeMap<String, ServiceDeployment>,
    pub(crate) revisions: BTreeMap<String, ServiceRevision>,
    pub(crate) targets: BTreeMap<String, ScalableTarget>,
    pub(crate) policies: BTreeMap<String, ScalingPolicy>,
    #[serde(default)]
    pub(crate) scheduled: BTreeMap<String, ScheduledAction>,
    pub(crate) logs: BTreeMap<String, Streams>,
    pub(crate) tags: BTreeMap<String, Tags>,
    /// By name; a world of an earlier version has none.
    #[serde(default)]
    pub(crate) eks: BTreeMap<String, EksCluster>,
    /// Roles of service accounts of those, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) identities: BTreeMap<String, Association>,
    pub(crate) image_starts: BTreeMap<String, i64>,
    pub(crate) requests: u64,
    /// Target groups and log groups that are not there: patterns of ARNs and names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) missing: Vec<String>,
    /// The container instances that are there from the beginning.
    #[serde(default = "instances::usual")]
    pub(crate) pool: Vec<InstanceKind>,
    /// What brings more instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) providers: Vec<Provider>,
    /// How many they have brought, by `cluster/provider`, and where one is on its way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) brought: BTreeMap<String, i64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) coming: BTreeSet<String>,
    /// A request has said which account and region this is.
    #[serde(default)]
    pub(crate) claimed: bool,
    /// Other accounts and regions, by `account/region`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) elsewhere: BTreeMap<String, World>,
}

impl World {
    /// A fresh account `123456789012` with the cluster `main`, its Fargate providers and nothing else.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        let now = now.as_millisecond();
        let mut world = Self {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            started: now,
            now,
            rng: Rng::new(seed),
            task_count: 0,
            agenda: Agenda::default(),
            timings: Timings::default(),
            switches: Switches::default(),
            images: Vec::new(),
            faults: Vec::new(),
            plan: Vec::new(),
            alarms: BTreeMap::new(),
            clusters: BTreeMap::new(),
            families: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: Tasks::default(),
            deployments: BTreeMap::new(),
            revisions: BTreeMap::new(),
            targets: BTreeMap::new(),
            policies: BTreeMap::new(),
            scheduled: BTreeMap::new(),
            logs: BTreeMap::new(),
            tags: BTreeMap::new(),
            eks: BTreeMap::new(),
            identities: BTreeMap::new(),
            image_starts: BTreeMap::new(),
            requests: 0,
            missing: Vec::new(),
            pool: instances::usual(),
            providers: Vec::new(),
            brought: BTreeMap::new(),
            coming: BTreeSet::new(),
            claimed: false,
            elsewhere: BTreeMap::new(),
        };
        let providers = ["FARGATE", "FARGATE_SPOT"].map(str::to_owned).to_vec();
        world
            .clusters
            .insert("main".to_owned(), Cluster::new("main", providers));
        world
    }

    /// The same world with other timings.
    #[must_use]
    pub fn with_timings(mut self, timings: Timings) -> Self {
        self.timings = timings;
        self
    }

    /// The same world with other switches.
    #[must_use]
    pub fn with_switches(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// From now on there is this EKS cluster, in place of one of the same name.
    pub fn set_eks_cluster(&mut self, cluster: EksCluster) {
        self.eks.insert(cluster.name.clone(), cluster);
    }

    /// Images that match `pattern` behave so from now on (tasks that run already do not change).
    pub fn set_image(&mut self, pattern: &str, behaviour: Behaviour) {
        let pattern = pattern.to_owned();
        self.images.push(ImageRule { pattern, behaviour });
    }

    /// Target groups and log groups whose ARN or name fits this pattern are not there.
    pub fn set_missing(&mut self, pattern: &str) {
        self.missing.push(pattern.to_owned());
    }

    pub(crate) fn is_missing(&self, name: &str) -> bool {
        let mut patterns = self.missing.iter();
        patterns.any(|pattern| behaviour::matches(pattern, name))
    }

    /// The container instances are these from now on; tasks that run stay where they are.
    pub fn set_instances(&mut self, pool: Vec<InstanceKind>) {
        self.pool = pool;
        self.reconcile_all();
    }

    /// A capacity provider brings instances where tasks find no place.
    pub fn add_provider(&mut self, provider: Provider) {
        self.providers.push(provider);
    }

    /// Adds a fault.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Removes every fault.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Adds an action of another actor.
    pub fn add_planned(&mut self, planned: Planned) {
        if let When::AtMs(at) = planned.when {
            let due = Due::Planned {
                index: self.plan.len(),
            };
            self.agenda.push(self.started.saturating_add(at), due);
        }
        self.plan.push(planned);
    }

    /// Puts a CloudWatch alarm into or out of ALARM.
    pub fn set_alarm(&mut self, name: &str, firing: bool) {
        self.alarms.insert(name.to_owned(), firing);
        self.reconcile_all();
    }

    /// The switches, to be changed in place.
    pub fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    /// The timings, to be changed in place.
    pub fn timings_mut(&mut self) -> &mut Timings {
        &mut self.timings
    }

    /// How many requests the world has answered.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Where this world's clock stands.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// When something happens next by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        let at = self.agenda.next_at()?;
        Timestamp::from_millisecond(at).ok()
    }

    /// Moves the world to `now`, event by event; a time in the past changes nothing.
    pub fn tick(&mut self, now: Timestamp) {
        while !self.advance(now, usize::MAX) {}
    }

    /// Moves the world towards `now` by at most so many events, and says whether it is there: who
    /// has others to attend to takes a long way in pieces.
    pub(crate) fn advance(&mut self, now: Timestamp, most: usize) -> bool {
        let mut there = self.advance_here(now, most);
        for other in self.elsewhere.values_mut() {
            there &= other.advance_here(now, most);
        }
        there
    }

    fn advance_here(&mut self, now: Timestamp, most: usize) -> bool {
        let now = now.as_millisecond();
        if now < self.now {
            return true;
        }
        for _ in 0..most {
            let Some((at, due)) = self.agenda.pop(now) else {
                self.now = now;
                return true;
            };
            self.now = self.now.max(at);
            self.perform(due);
        }
        false
    }

    fn perform(&mut self, due: Due) {
        match due {
            Due::Step { task, step } => self.task_step(&task, step),
            Due::Exit { task, container } => self.container_exits(&task, container),
            Due::Health { task, container } => self.container_checked(&task, container),
            Due::Target { task } => self.target_checked(&task),
            Due::Steady { task } => self.task_steady(&task),
            Due::Reconcile { service } => self.reconcile(&service),
            Due::Begin { deployment } => self.begin_deployment(&deployment),
            Due::StopRequested { deployment } => self.carry_out_stop(&deployment),
            Due::Scheduled { action } => self.perform_scheduled(&action),
            Due::Planned { index } => self.perform_planned(index),
            Due::Instance { cluster, provider } => self.instance_comes(&cluster, &provider),
            Due::ForgetTask { task } => self.tasks.remove(&task),
            Due::ForgetService { service } => self.forget_service(&service),
            Due::ForgetStream { group, stream } => self.forget_stream(&group, &stream),
        }
    }

    /// Forgets a service an hour after its deletion, unless its name is in use again.
    fn forget_service(&mut self, key: &str) {
        let horizon = self.now - self.timings.kept_ms;
        let inactive = self
            .services
            .get(key)
            .and_then(|service| service.inactive_at);
        if inactive.is_some_and(|at| at <= horizon) {
            self.services.remove(key);
        }
    }

    /// A world of an earlier version forgot by looking through everything: puts on the agenda what
    /// is to be forgotten.
    pub(crate) fn remember_to_forget(&mut self) {
        let kept = self.timings.kept_ms;
        for task in self.tasks.values() {
            if let Some(at) = task.stopped_at {
                let task = task.id.clone();
                self.agenda.push(at + kept, Due::ForgetTask { task });
            }
        }
        for (service, found) in &self.services {
            if let Some(at) = found.inactive_at {
                let service = service.clone();
                self.agenda.push(at + kept, Due::ForgetService { service });
            }
        }
        self.remember_streams();
    }

    pub(crate) fn later(&mut self, after: Millis, due: Due) {
        self.agenda.push(self.now.saturating_add(after.max(0)), due);
    }

    pub(crate) fn behaviour(&self, image: &str) -> Behaviour {
        behaviour::of_image(&self.images, image)
    }

    /// An ARN of ECS in this account: `arn:aws:ecs:REGION:ACCOUNT:PATH`.
    pub(crate) fn ecs_arn(&self, path: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{path}", self.region, self.account)
    }
}
