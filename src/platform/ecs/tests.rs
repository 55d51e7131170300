//! The ECS platform against the embedded cloud, with the real SDKs under paused time.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Ecs;
use super::origin::Origin;
use super::perform::Performing;
use super::plan::{EcsPlan, Goal, Planned};
use super::rollout::started::Started;
use crate::clock::Clock;
use crate::deploy::perform::perform;
use crate::event::{Event, EventKind, Events};
use crate::plan::Change as _;
use crate::platform::aws::connect;
use crate::platform::owner::Tenant;
use crate::platform::{Failed, Intent, Part, PerformError};
use crate::spec::files::Files;
use crate::spec::{EcsPlace, EcsService, Request, Spec, load};
use sandbox::{Fault, Sandbox, World};

mod arriving;
mod autoscalers;
mod budgets;
mod comparing;
mod containers;
mod counts;
mod daemons;
mod elsewhere;
mod kinds;
mod lost_replies;
mod ownership;
mod pairs;
mod patched;
mod performing;
mod rendering;
mod schedules;
mod verbs;
mod volumes;

const BEGIN: &str = "2026-01-02T03:04:05Z";

const DEPLOY: &str = r#"
project = "shop"
[service.api]
image = "api:v1"
port = 8080
replicas = 2
cpu = 0.5
memory = "1GiB"
env = { ENVIRONMENT = "production", SESSION_TOKEN = "abc" }
tags = { team = "checkout" }
scaling = { min = 2, max = 20, cpu = 70 }
[service.api.ecs]
service = "api-service"
family = "api-service"
execution_role = "arn:aws:iam::123456789012:role/execution"
task_role = "arn:aws:iam::123456789012:role/api"
log_group = "/ecs/api-service"
target_group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef"
"#;

const TARGET: &str = r#"
platform = "ecs"
account = "123456789012"
region = "us-east-1"
cluster = "main"
network = { subnets = ["subnet-0a", "subnet-0b"], security_groups = ["sg-0api"] }
"#;

struct Texts(BTreeMap<&'static str, String>);

impl Files for Texts {
    fn read(&self, path: &Path) -> io::Result<String> {
        let text = path.to_str().and_then(|path| self.0.get(path));
        text.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Ok(vec!["ecs.toml".into()])
    }
}

/// What two texts say.
fn spec(deploy: &str, target: &str) -> Spec {
    let texts = Texts(BTreeMap::from([
        ("deploy.toml", deploy.to_owned()),
        ("config/ecs.toml", target.to_owned()),
    ]));
    load(
        &texts,
        &Request::new(Path::new("deploy.toml"), &"ecs".parse().unwrap()),
    )
    .unwrap()
    .spec
}

/// The service of [`DEPLOY`] with other words for some of its words.
pub(super) fn service_with(changes: &[(&str, &str)]) -> EcsService {
    let mut text = DEPLOY.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    services_of(&spec(&text, TARGET)).remove(0)
}

fn service() -> EcsService {
    service_with(&[])
}

fn place_of(spec: &Spec) -> EcsPlace {
    spec.ecs().unwrap().0.clone()
}

fn services_of(spec: &Spec) -> Vec<EcsService> {
    spec.ecs().unwrap().1.to_vec()
}

fn tenant() -> Tenant {
    Tenant::of(&spec(DEPLOY, TARGET))
}

/// A cloud, and the platform that works on it.
struct Cloud {
    sandbox: Sandbox,
    ecs: Ecs,
    clock: Clock,
    events: Events,
    told: mpsc::UnboundedReceiver<Event>,
}

impl Cloud {
    async fn new() -> Self {
        Self::at(TARGET).await
    }

    async fn at(target: &str) -> Self {
        let clock = Clock::driven_from(BEGIN.parse().unwrap());
        let world = World::new(1, BEGIN.parse().unwrap());
        let sandbox = Sandbox::in_memory(world, Arc::new(move || clock.now()));
        let place = place_of(&spec(DEPLOY, target));
        let connection = connect(&place, Some(sandbox.http_client()), clock).await;
        let origin = Origin {
            by: Some("ada".into()),
            ..Origin::default()
        };
        let (sender, told) = mpsc::unbounded_channel();
        Self {
            ecs: Ecs::new(&connection, &place, &tenant(), origin, clock),
            sandbox,
            clock,
            events: Events::new(sender, "ecs".parse().unwrap(), clock),
            told,
        }
    }

    /// Another process on the same cloud, which remembers nothing.
    async fn of(other: &Self) -> Self {
        let place = other.ecs.place().clone();
        let client = Some(other.sandbox.http_client());
        let connection = connect(&place, client, other.clock).await;
        let (sender, told) = mpsc::unbounded_channel();
        Self {
            ecs: Ecs::new(
                &connection,
                &place,
                &other.ecs.tenant,
                Origin::default(),
                other.clock,
            ),
            sandbox: other.sandbox.clone(),
            clock: other.clock,
            events: Events::new(sender, "ecs".parse().unwrap(), other.clock),
            told,
        }
    }

    fn break_with(&self, fault: Fault) {
        self.sandbox
            .with_world(|world| world.add_fault(fault))
            .unwrap();
    }

    async fn plan(&self, service: &EcsService) -> Result<Planned, Failed> {
        self.plan_to(service, &Intent::default()).await
    }

    async fn plan_to(&self, service: &EcsService, intent: &Intent) -> Result<Planned, Failed> {
        let goal = Goal {
            service,
            desired: &self.ecs.desired(service),
            intent,
        };
        Box::pin(self.ecs.plan(goal, &self.events)).await
    }

    async fn perform(&self, plan: &EcsPlan) -> Result<Option<Started>, PerformError> {
        self.make(plan, Part::Now).await
    }

    /// Performs what waited for a healthy rollout.
    async fn settle(&self, plan: &EcsPlan) -> Result<Option<Started>, PerformError> {
        self.make(plan, Part::OnceHealthy).await
    }

    async fn make(&self, plan: &EcsPlan, part: Part) -> Result<Option<Started>, PerformError> {
        let service = service();
        let mut run = Performing::new(&self.ecs, &service, plan, part, &self.events);
        Box::pin(perform(&mut run, &part.of(plan), &self.events)).await?;
        Ok(run.started())
    }

    /// Deploys and waits until the rollout is long over.
    async fn deploy(&self, service: &EcsService) -> Started {
        let plan = self.plan(service).await.unwrap().plan;
        let started = self.perform(&plan).await.unwrap().unwrap();
        self.rest().await;
        self.settle(&plan).await.unwrap();
        started
    }

    /// Lets a rollout come to its end.
    async fn rest(&self) {
        let later = self.clock.now() + Duration::from_mins(10);
        self.clock.sleep_until(later).await;
    }

    /// The operations asked for since `from`, and whether each was performed.
    fn operations(&self, from: usize) -> Vec<String> {
        let log = self.sandbox.log();
        log[from..]
            .iter()
            .map(|request| request.operation.clone())
            .collect()
    }

    fn asked(&self) -> usize {
        self.sandbox.log().len()
    }

    /// How often the world performed this operation.
    fn performed(&self, operation: &str) -> usize {
        let log = self.sandbox.log();
        log.iter()
            .filter(|request| request.operation == operation && request.performed)
            .count()
    }

    /// The codes of the warnings told so far.
    fn warnings(&mut self) -> Vec<String> {
        let mut codes = Vec::new();
        while let Ok(event) = self.told.try_recv() {
            if let EventKind::Warning { code, .. } = event.kind {
                codes.push(code);
            }
        }
        codes
    }
}

/// The paths of a plan's views, with their values.
fn shown(plan: &EcsPlan) -> Vec<String> {
    plan.views
        .iter()
        .map(|view| {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
            format!(
                "{} {}: {} -> {} ({})",
                view.object,
                view.path,
                side(&view.from),
                side(&view.to),
                view.effect.words()
            )
        })
        .collect()
}

/// `scale api=COUNT`
fn counting(count: u32) -> Intent {
    Intent {
        count: Some(count),
        ..Intent::default()
    }
}

/// `destroy`
fn destroying() -> Intent {
    Intent {
        destroy: true,
        ..Intent::default()
    }
}

fn words(plan: &EcsPlan) -> Vec<String> {
    plan.changes
        .iter()
        .map(super::plan::change::Change::words)
        .collect()
}
