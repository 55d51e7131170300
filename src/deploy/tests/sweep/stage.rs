//! The stage: a world at a moment, the real files, and one whole run of the program on it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::wire::{Mishap, Wire};
use crate::clock::Clock;
use crate::deploy::{Conduct, Deploy};
use crate::event::{Event, Events, Outcome};
use crate::plan::Plan;
use crate::platform::Intent;
use crate::platform::aws;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::origin::Origin;
use crate::platform::ecs::plan::change::{Basis, Change};
use crate::platform::owner::Tenant;
use crate::spec::files::Files;
use crate::spec::{self, Disk, Spec};
use sandbox::{Fault, LoggedRequest, Sandbox, World};

/// A moment like any other.
const BEGIN: &str = "2026-01-02T03:04:05Z";

/// A plan, as it can be saved.
pub(super) type EcsPlan = Plan<Basis, Change>;

/// The line of the target's file that says its target group.
pub(super) const GROUP: &str = "target_group = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef\"";

/// The files of the project, with some words of the deploy file replaced, and [`GROUP`] of the target's.
struct Edited<'a>(&'a [(&'a str, &'a str)]);

impl Files for Edited<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        let mut text = Disk.read(path)?;
        let is_deploy = path.ends_with("deploy.example.toml");
        if is_deploy || path.ends_with("sandbox.toml") {
            for (from, to) in self
                .0
                .iter()
                .filter(|(from, _)| is_deploy != (*from == GROUP))
            {
                assert!(text.contains(from), "the files do not say {from}");
                text = text.replacen(from, to, 1);
            }
        }
        Ok(text)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        Disk.list(directory)
    }
}

/// An image of the example's repository.
pub(super) fn image(tag: &str) -> String {
    format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/api:{tag}")
}

/// The example with some words replaced, and this tag.
pub(super) fn example(edits: &[(&str, &str)], tag: &str) -> Spec {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy.example.toml");
    let target = "sandbox".parse().unwrap();
    let request = spec::Request {
        images: &BTreeMap::from([("api".parse().unwrap(), image(tag))]),
        ..spec::Request::new(&file, &target)
    };
    let loaded = spec::load(&Edited(edits), &request);
    loaded
        .map_err(|problems| problems.render(false))
        .unwrap()
        .spec
}

/// The only service of a spec.
pub(super) fn only(spec: &mut Spec) -> &mut spec::EcsService {
    match &mut spec.workload {
        spec::Workload::Ecs { services, .. } => &mut services[0],
        spec::Workload::Kubernetes { .. } => unreachable!("the sandbox is ECS"),
    }
}

/// A world in which nothing is.
pub(super) fn fresh() -> World {
    World::new(7, BEGIN.parse().unwrap())
}

/// How `apply` treats rollouts.
pub(super) fn applying() -> Conduct {
    Conduct {
        intent: Intent {
            writes: true,
            ..Intent::default()
        },
        resume: "deployer watch".to_owned(),
        ..Conduct::default()
    }
}

/// What the program does on the stage.
#[derive(Debug, Clone, Default)]
pub(super) enum Act {
    /// `apply`
    #[default]
    Apply,
    /// `apply --plan`
    Perform(Box<EcsPlan>),
    /// `plan`
    Plan,
    /// `watch`
    Watch,
    /// `cancel --rollback`
    Cancel,
    /// `continue`, with `--rollback` where it is false
    Continue(bool),
}

/// One run of the program.
#[derive(Clone)]
pub(super) struct Play {
    pub(super) world: World,
    pub(super) spec: Spec,
    pub(super) conduct: Conduct,
    pub(super) act: Act,
    pub(super) latency: Duration,
    pub(super) faults: Vec<Fault>,
    pub(super) mishap: Option<(usize, Mishap)>,
    /// The program's clock is ahead of the world's by so much.
    pub(super) ahead: SignedDuration,
    /// A signal comes so long after the begin.
    pub(super) signal_after: Option<Duration>,
}

/// What came of a run.
pub(super) struct Ran {
    /// `None`: it was killed.
    pub(super) outcome: Option<Outcome>,
    pub(super) plan: Option<EcsPlan>,
    pub(super) events: Vec<Event>,
    pub(super) log: Vec<LoggedRequest>,
    /// At the moment of its end.
    pub(super) world: World,
    pub(super) took: Duration,
}

impl Ran {
    pub(super) fn exit(&self) -> Option<u8> {
        self.outcome.as_ref().map(|outcome| outcome.exit)
    }

    /// How many requests of this operation were performed, as far as the log knows.
    pub(super) fn performed(&self, operation: &str) -> usize {
        let fits = |request: &&LoggedRequest| {
            request.operation == operation
                && request.performed
                && request.status.is_none_or(|status| status < 300)
        };
        self.log.iter().filter(fits).count()
    }

    /// Whether failures of our tasks were told.
    pub(super) fn told_of_failures(&self) -> bool {
        let is_failure =
            |event: &Event| matches!(event.kind, crate::event::EventKind::Failure { .. });
        self.events.iter().any(is_failure)
    }

    /// The codes of the warnings that were told.
    pub(super) fn warned(&self, code: &str) -> bool {
        self.events.iter().any(|event| {
            matches!(&event.kind, crate::event::EventKind::Warning { code: told, .. } if told == code)
        })
    }
}

impl Play {
    /// `apply` on this world.
    pub(super) fn new(world: World, spec: Spec) -> Self {
        Self {
            world,
            spec,
            conduct: applying(),
            act: Act::Apply,
            latency: Duration::ZERO,
            faults: Vec::new(),
            mishap: None,
            ahead: SignedDuration::ZERO,
            signal_after: None,
        }
    }

    /// Runs the program once, from its first request to its outcome.
    pub(super) fn run(self) -> LocalBoxFuture<'static, Ran> {
        Box::pin(async move {
            let (sandbox, clock) = self.sandbox();
            let ours = Clock::driven_from(clock.now() + self.ahead);
            self.on(&sandbox, ours).await
        })
    }

    /// Its world, come alive.
    pub(super) fn sandbox(&self) -> (Sandbox, Clock) {
        let clock = Clock::driven_from(self.world.now());
        let mut world = self.world.clone();
        for fault in &self.faults {
            world.add_fault(fault.clone());
        }
        let sandbox = Sandbox::in_memory(world, Arc::new(move || clock.now()));
        (sandbox, clock)
    }

    /// Runs the program once in a world that others use as well.
    pub(super) async fn on(&self, sandbox: &Sandbox, clock: Clock) -> Ran {
        let wire = Wire::new(sandbox, clock, self.latency, self.mishap.clone());
        let (killed, signal) = (wire.killed.clone(), wire.signal.clone());
        let (place, transport) = (self.place().clone(), SharedHttpClient::new(wire));
        let connection = aws::connect(&place, Some(transport), clock).await;
        let ecs = Ecs::new(
            &connection,
            &place,
            &Tenant::of(&self.spec),
            Origin::default(),
            clock,
        );
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let began = clock.now();
        let service = &self.spec.ecs().unwrap().1[0];
        let deploy = Deploy {
            platform: &ecs,
            service,
            conduct: self.conduct.clone(),
            notes: Vec::new(),
            events: Events::new(tell, "sandbox".parse().unwrap(), clock).of(&service.name),
            clock,
            began,
            cancel: signal.clone(),
        };
        let signalled = async {
            match self.signal_after {
                Some(after) => clock.sleep_until(began + after).await,
                None => std::future::pending().await,
            }
            signal.cancel();
            std::future::pending::<()>().await;
        };
        let (outcome, plan) = tokio::select! {
            biased;
            () = killed.cancelled() => (None, None),
            ended = Box::pin(perform(&deploy, &self.act)) => ended,
            () = signalled => (None, None),
        };
        drop(deploy);
        let mut events = Vec::new();
        while let Ok(event) = told.try_recv() {
            events.push(event);
        }
        Ran {
            outcome,
            plan,
            events,
            log: sandbox.log(),
            world: sandbox
                .with_world(|world| {
                    world.clear_faults();
                    world.clone()
                })
                .unwrap(),
            took: clock.since(began),
        }
    }

    fn place(&self) -> &spec::EcsPlace {
        self.spec.ecs().unwrap().0
    }
}

async fn perform(deploy: &Deploy<'_, Ecs>, act: &Act) -> (Option<Outcome>, Option<EcsPlan>) {
    if matches!(act, Act::Cancel) {
        return (Some(deploy.stop(true).await), None);
    }
    if let Act::Continue(goes_on) = act {
        return (Some(deploy.go_on(*goes_on).await), None);
    }
    let saved = match act {
        Act::Perform(plan) => Some(plan.as_ref()),
        _ => None,
    };
    let read = match saved {
        Some(saved) => deploy.propose_saved(saved).await,
        None => deploy.propose().await,
    };
    let mut proposal = match read {
        Ok(proposal) => proposal,
        Err(outcome) => return (Some(outcome), None),
    };
    let outcome = match act {
        Act::Plan => {
            deploy.warn_if_busy(&mut proposal).await;
            None
        }
        Act::Watch => {
            Some(Box::pin(deploy.watch(&proposal.session, &proposal.plan, proposal.current)).await)
        }
        _ => Some(
            Box::pin(deploy.carry_out(&proposal.session, &proposal.plan, proposal.current)).await,
        ),
    };
    (outcome, Some(proposal.plan))
}

/// The same world, later.
pub(super) fn later(mut world: World, seconds: i64) -> World {
    let then: Timestamp = world.now() + SignedDuration::from_secs(seconds);
    world.tick(then);
    world
}
