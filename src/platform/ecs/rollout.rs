//! The identity of a rollout under watch, and what sampling remembers of it.

pub(crate) mod beside;
pub(crate) mod causes;
pub(crate) mod look;
pub(crate) mod post_mortem;
pub(crate) mod sample;
pub(crate) mod standing;
pub(crate) mod started;
pub(crate) mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use self::standing::failures::Failures;
use self::started::RolloutId;
use self::targets::Sightings;
use crate::platform::ecs::live::view::ServiceView;
use crate::platform::ecs::settings::sdk::last_part;
use crate::rollout::Failure;
use crate::spec::{Architecture, EcsService};

/// A rollout under watch.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// The ECS service.
    pub(crate) service: String,
    /// Which rollout is ours.
    pub(crate) ours: RolloutId,
    /// What earlier looks showed.
    pub(crate) memory: Failures,
    /// Settings that a rollback does not bring back, in words; empty where none changed.
    pub(crate) stays_new: Vec<String>,
    pub(super) record: RecordState,
    pub(super) subject: Subject,
    pub(super) seen: Seen,
}

/// What is known of the `ServiceDeployment` of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordState {
    /// Not found yet.
    Unknown,
    Arn(String),
    /// We may not ask, or the endpoint does not offer it; when that was last seen.
    Unavailable(Timestamp),
}

/// The parts of the file that evidence needs.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// What the file calls it.
    pub(super) name: String,
    /// Essential containers.
    pub(super) essential: Vec<String>,
    /// The main container.
    pub(super) main: String,
    /// Log group and stream prefix of awslogs.
    pub(super) logs: Option<(String, String)>,
    /// Target groups.
    pub(super) target_groups: Vec<String>,
    /// What its tasks run on.
    pub(super) architecture: Architecture,
    /// How many tasks must run during a rollout.
    pub(super) minimum_percent: u32,
    /// How many tasks may run during a rollout.
    pub(super) maximum_percent: u32,
}

/// What was seen, so that nothing is told twice.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) tasks: BTreeSet<String>,
    /// Where the next look goes on listing stopped tasks.
    pub(super) unlisted: Option<String>,
    /// All stopped tasks were listed once.
    pub(super) listed: bool,
    pub(super) events: BTreeSet<String>,
    pub(super) failures: BTreeMap<String, Failure>,
    /// When ECS made our deployment, by its clock; told as long as it is listed.
    pub(super) begun: Option<Timestamp>,
    /// When ECS last said, before our first look, that a service whose count alone moves was steady:
    /// what it had said until then is of something that was over.
    pub(super) was_steady: Option<Timestamp>,
    /// Counters at the last look; a change is a reason to look at stopped tasks.
    pub(super) counters: Option<[u32; 5]>,
    pub(super) looked: Option<Timestamp>,
    pub(super) service: Option<ServiceView>,
    /// What to do about percentages that keep ours from starting a single task.
    pub(super) deadlock: Option<String>,
    /// Targets that a load balancer found failing.
    pub(super) targets: Sightings,
    /// When they were last asked for, or tasks of ours first ran.
    pub(super) targets_asked: Option<Timestamp>,
    /// How long the last rollouts took, once that was read.
    pub(super) usual: Option<Duration>,
    /// Pieces of evidence that could not be read, each with why.
    pub(super) missing: BTreeMap<&'static str, String>,
}

impl Watched {
    /// A rollout of `service`, known by `ours`.
    pub(crate) fn new(service: &EcsService, ours: RolloutId) -> Self {
        let essential = service
            .containers
            .iter()
            .filter(|container| container.essential);
        Self {
            service: service.own.service.to_string(),
            memory: Failures::default(),
            stays_new: Vec::new(),
            record: RecordState::Unknown,
            subject: Subject {
                name: service.name.to_string(),
                essential: essential
                    .map(|container| container.name.to_string())
                    .collect(),
                main: service.main().name.to_string(),
                logs: service
                    .own
                    .logs
                    .as_ref()
                    .map(|logs| (logs.group.clone(), logs.prefix.clone())),
                target_groups: service
                    .own
                    .target_groups
                    .iter()
                    .flat_map(|group| {
                        // What is new may be in either, where traffic shifts between them.
                        let second = group.shift.as_ref().map(|shift| &shift.alternate);
                        [Some(&group.arn), second].into_iter().flatten()
                    })
                    .map(ToString::to_string)
                    .collect(),
                architecture: service.own.architecture,
                minimum_percent: service.own.minimum_healthy_percent,
                maximum_percent: service.own.maximum_percent,
            },
            seen: Seen {
                begun: ours.begun,
                events: ours.said.clone(),
                ..Seen::default()
            },
            ours,
        }
    }

    /// A count was set while this was under way: it is over once that count is reached as well.
    pub(super) fn add_count(&mut self, count: RolloutId) {
        self.ours.count_set = count.begun;
        self.seen.events.extend(count.said);
    }

    /// Whether something ran before that could run again.
    pub(super) fn can_go_back(&self) -> bool {
        self.ours.count_only.is_none() && (self.ours.former.is_some() || self.memory.had_source)
    }

    /// Whether what ECS said at that time is about this rollout.
    pub(super) fn is_told_of(&self, at: Timestamp) -> bool {
        self.seen.begun.is_some_and(|begun| at >= begun)
            && self.seen.was_steady.is_none_or(|steady| at > steady)
    }

    /// The id as it ends the ARN of the target revision: the `N` of `ecs-svc/N`.
    pub(super) fn number(&self) -> &str {
        last_part(&self.ours.id)
    }
}
