//! One namespace of the sweep: a service that is created, updated, and updated to what crashes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use integration_tests::cluster::{Cluster, Gate, Mishap, Namespace, Passed};
use integration_tests::program::{Finished, Running, Signal};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::trial::{Outcome, Stop, fail};

use super::world::{History, World};

/// Every kind of object that comes with nothing but the cluster itself. A crash is seen three times within seconds.
const DEPLOY: &str = r#"
project = "shop"

[service.api]
image    = "registry.test/web:TAG"
port     = 8080
replicas = 2
cpu      = 0.1
memory   = "64MiB"
env      = { SIM_BACKOFF = "300ms", SIM_CRASH_AFTER = "100ms", SIM_READY_AFTER = "100ms" }
scaling  = { min = 2, max = MAX, cpu = 70 }
rollout  = { deadline = "60s" }

[service.api.kubernetes]
service_account = "api-sa"
service_port    = PORT
min_ready       = "0s"
drain           = "0s"
"#;

/// The exit codes of what tripped.
const ROLLED_BACK: i32 = 10;
const NOT_ROLLED_BACK: i32 = 11;

const WORDS: &str = "apply --yes --target sweep --output json";

/// Longer than controllers take to be done.
const SETTLES: Duration = Duration::from_secs(20);

/// What a chain does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Create,
    Update,
    /// Trips, and goes back.
    Trip,
}

pub(super) const STEPS: [Step; 3] = [Step::Create, Step::Update, Step::Trip];

impl Step {
    fn deploy(self) -> String {
        let (tag, port, max) = match self {
            Self::Create => ("v1", "80", "4"),
            Self::Update => ("v2", "81", "5"),
            Self::Trip => ("crash", "82", "6"),
        };
        DEPLOY
            .replace("TAG", tag)
            .replace("PORT", port)
            .replace("MAX", max)
    }

    fn exit(self) -> i32 {
        match self {
            Self::Create | Self::Update => 0,
            Self::Trip => ROLLED_BACK,
        }
    }
}

/// How the undisturbed chain went.
pub(super) struct Measure([Measured; STEPS.len()]);

/// One step of it.
struct Measured {
    writes: Vec<String>,
    reads: Vec<String>,
    world: World,
}

impl Measure {
    /// The one that all sweeps are compared with.
    pub(super) fn shared() -> Outcome<Arc<Self>> {
        static SHARED: Mutex<Option<Arc<Measure>>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(measure) = &*shared {
            return Ok(Arc::clone(measure));
        }
        let chain = Chain::new()?;
        let [create, update, trip] = STEPS.map(|step| chain.measured(step));
        let measure = Arc::new(Self([create?, update?, trip?]));
        *shared = Some(Arc::clone(&measure));
        Ok(measure)
    }

    /// As many as the step with the most.
    pub(super) fn most_writes(&self) -> usize {
        self.0.iter().map(|one| one.writes.len()).max().unwrap_or(0)
    }

    pub(super) fn write(&self, step: Step, index: usize) -> Option<&str> {
        self.of(step).writes.get(index).map(String::as_str)
    }

    /// Each read of a step, once.
    pub(super) fn reads(&self, step: Step) -> &[String] {
        &self.of(step).reads
    }

    fn of(&self, step: Step) -> &Measured {
        &self.0[step as usize]
    }

    /// How often a step changes the Deployment.
    fn changes(&self, step: Step) -> i64 {
        let generation = |step: Step| self.of(step).world.generation;
        match step {
            Step::Create => generation(Step::Create),
            Step::Update => generation(Step::Update) - generation(Step::Create),
            Step::Trip => generation(Step::Trip) - generation(Step::Update),
        }
    }
}

/// A namespace of its own, and the way there.
pub(super) struct Chain {
    namespace: Namespace,
    gate: Gate,
    project: Project,
}

impl Chain {
    pub(super) fn new() -> Outcome<Self> {
        let cluster = Cluster::shared()?;
        cluster.needs_simulation("images that crash at once")?;
        let namespace = cluster.namespace("sweep")?;
        let gate = Gate::for_all(&cluster)?;
        let project = Project::empty()?;
        let kubeconfig = project.path().join("kubeconfig");
        gate.write_kubeconfig(&kubeconfig, &namespace.name)?;
        project.kubernetes_target("sweep", &kubeconfig, &namespace.name)?;
        Ok(Self {
            namespace,
            gate,
            project,
        })
    }

    /// Each of these ends with how many attempts there were at what the step asks for.
    pub(super) fn undisturbed(&self, step: Step) -> Outcome<u32> {
        let finished = self.start(step)?.wait(PATIENCE)?;
        self.ended(step, &finished)?;
        Ok(1)
    }

    fn measured(&self, step: Step) -> Outcome<Measured> {
        self.undisturbed(step)?;
        let passed = self.gate.passed();
        let writes = passed.iter().filter(|passed| passed.is_write());
        let mut reads = Vec::new();
        for read in passed.iter().filter_map(read) {
            if !reads.contains(&read) {
                reads.push(read);
            }
        }
        Ok(Measured {
            writes: writes.map(Passed::what).collect(),
            reads,
            world: self.namespace.wait("a world at rest", SETTLES, || {
                Ok(Some(World::of(&self.namespace)?).filter(World::is_settled))
            })?,
        })
    }

    /// Something happens to the write at `index`; the program copes with it by itself.
    pub(super) fn struck(&self, step: Step, index: usize, mishap: Mishap) -> Outcome<u32> {
        self.strike(index, mishap);
        let finished = self.start(step)?.wait(PATIENCE)?;
        self.gate.heal();
        if !self
            .gate
            .passed()
            .iter()
            .any(|passed| passed.mishap.is_some())
        {
            return Err(fail(self.story("it never came to that", Some(&finished))));
        }
        self.ended(step, &finished)?;
        Ok(1)
    }

    /// The write at `index` is forbidden, and the program is run again unless it has done everything all the same.
    pub(super) fn forbidden(
        &self,
        measure: &Measure,
        step: Step,
        index: usize,
        refusal: Mishap,
    ) -> Outcome {
        self.strike(index, refusal);
        let first = self.start(step)?.wait(PATIENCE)?;
        self.gate.heal();
        if step == Step::Trip && self.is_told_to_stay(&first)? {
            return Ok(());
        }
        let wanted = &measure.of(step).world;
        let world = World::of(&self.namespace)?;
        if first.exit == step.exit() && wanted.differences(&world, false).is_empty() {
            return Ok(());
        }
        let before = self.story(&format!("{step:?}, forbidden"), Some(&first));
        let over = step == Step::Trip && world.history.ends_with("rolled-back");
        let again = self.start(step)?.wait(PATIENCE)?;
        self.ended(step, &again)
            .and_then(|()| self.is_as(measure, step, if over { 2 } else { 1 }))
            .map_err(|stop| prefixed(&before, stop))
    }

    /// Whether the program said that something of what tripped stays: all of it, or an object beside the Deployment.
    fn is_told_to_stay(&self, finished: &Finished) -> Outcome<bool> {
        let live = self.namespace.get("deployments", "api")?;
        let image = &live["spec"]["template"]["spec"]["containers"][0]["image"];
        let history = History::of(&self.namespace)?;
        Ok(match finished.exit {
            NOT_ROLLED_BACK => image == "registry.test/web:crash" && history.ends_with("failed"),
            ROLLED_BACK => {
                image == "registry.test/web:v2"
                    && history.ends_with("rolled-back")
                    && finished.says("could not bring")
            }
            _ => false,
        })
    }

    /// Every one of these reads fails once.
    pub(super) fn fails_to_read(
        &self,
        step: Step,
        mut fails: BTreeMap<String, Mishap>,
    ) -> Outcome<u32> {
        self.gate.rule(move |passed| fails.remove(&read(passed)?));
        let finished = self.start(step)?.wait(PATIENCE)?;
        self.gate.heal();
        self.ended(step, &finished)?;
        Ok(1)
    }

    /// The program is killed once the write at `index` is performed, and run again.
    pub(super) fn killed_after(&self, step: Step, index: usize) -> Outcome<u32> {
        self.strike(index, Mishap::NoReply);
        let running = self.start(step)?;
        let performed = |passed: &Passed| passed.mishap.is_some() && passed.served.is_some();
        let came = self.gate.awaits(Duration::from_mins(1), performed);
        running.signal(Signal::KILL)?;
        let killed = running.wait(PATIENCE)?;
        self.gate.heal();
        let writes = self
            .gate
            .passed()
            .iter()
            .filter(|one| one.is_write())
            .count();
        if came.is_err() && writes <= index {
            // Where the machine was slow the undisturbed chain renewed its lock, and so wrote once more than this one.
            return self.ended(step, &killed).map(|()| 1);
        }
        if came.is_err() {
            return Err(fail(self.story("it never came to that", Some(&killed))));
        }
        self.gate.cut();
        let before = self.story("killed", None);
        // One whose end is on record is over: who asks again begins anew.
        let over = step == Step::Trip && History::of(&self.namespace)?.ends_with("rolled-back");
        let again = self.start(step)?.wait(PATIENCE)?;
        self.ended(step, &again)
            .map_err(|stop| prefixed(&before, stop))?;
        Ok(if over { 2 } else { 1 })
    }

    /// Fails unless the world is as it was at the end of this step of the undisturbed chain.
    pub(super) fn is_as(&self, measure: &Measure, step: Step, attempts: u32) -> Outcome {
        let mut wanted = measure.of(step).world.clone();
        // Whoever has nothing to write takes no lock, and that of the dead runs out by itself.
        let idle = !self.gate.passed().iter().any(Passed::is_write);
        for _ in 1..attempts {
            wanted.generation += measure.changes(step);
            wanted.history.again();
        }
        let mut differs = Vec::new();
        let settled = integration_tests::host::poll(SETTLES, || {
            let world = match World::of(&self.namespace) {
                Ok(world) => world,
                Err(stop) => return Some(Err(stop)),
            };
            differs = wanted.differences(&world, idle);
            differs.is_empty().then_some(Ok(()))
        });
        settled
            .unwrap_or_else(|| Err(fail(self.story(&differs.join("\n"), None))))
            .map_err(|stop| prefixed(&format!("{step:?}"), stop))
    }

    fn start(&self, step: Step) -> Outcome<Running> {
        self.project.write("deploy.toml", &step.deploy())?;
        self.gate.forget();
        self.project.start(WORDS)
    }

    fn strike(&self, index: usize, mishap: Mishap) {
        let mut seen = 0;
        self.gate.rule(move |passed| {
            if !passed.is_write() {
                return None;
            }
            seen += 1;
            (seen == index + 1).then_some(mishap)
        });
    }

    fn ended(&self, step: Step, finished: &Finished) -> Outcome {
        if finished.exit == step.exit() {
            return Ok(());
        }
        let words = format!("{step:?} should exit {}", step.exit());
        Err(fail(self.story(&words, Some(finished))))
    }

    /// What passed the gate, for whoever has to understand a failure.
    fn story(&self, words: &str, finished: Option<&Finished>) -> String {
        let mut lines = vec![format!("{words} (namespace {})", self.namespace.name)];
        for passed in self.gate.passed() {
            if !passed.is_write() && passed.mishap.is_none() {
                continue;
            }
            let mishap = passed
                .mishap
                .map_or(String::new(), |mishap| format!(" <- {mishap:?}"));
            let status = passed.served.or(passed.status);
            lines.push(format!(
                "  {:.2?} {} {status:?}{mishap}",
                passed.at,
                passed.what()
            ));
        }
        lines.extend(finished.map(ToString::to_string));
        lines.join("\n")
    }
}

/// What a read is known by; nothing of a write.
fn read(passed: &Passed) -> Option<String> {
    let flag = match (passed.is_write(), passed.is_watch()) {
        (true, _) => return None,
        (false, true) => " as it changes",
        (false, false) => "",
    };
    Some(format!("{}{flag}", passed.what()))
}

fn prefixed(words: &str, stop: Stop) -> Stop {
    match stop {
        Stop::Fail(more) => fail(format_args!("{words}\n{more}")),
        Stop::Skip(_) => stop,
    }
}
