//! A namespace to deploy to, through a gate.

use std::sync::Arc;
use std::time::Duration;

use integration_tests::cluster::{Cluster, Gate, Namespace, Passed};
use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::timing::sequential_requests;
use integration_tests::trial::{Outcome, fail};

/// A service with everything that most have. Other tools get the very manifests that this is rendered to.
const DEPLOY: &str = r#"
project = "shop"

[service.api]
image    = "registry.test/web:${TAG:-v1}"
port     = 8080
replicas = 2
cpu      = 0.25
memory   = "256MiB"
env      = { ENVIRONMENT = "production" }
health   = { path = "/health" }
scaling  = { min = 2, max = 20, cpu = 70 }
expose   = { host = "api.example.com" }

[service.api.kubernetes]
min_ready = "0s"
"#;

/// The objects of that service, one of each.
pub(crate) const OBJECTS: [&str; 5] = [
    "deployments/",
    "services/",
    "ingresses/",
    "horizontalpodautoscalers/",
    "poddisruptionbudgets/",
];

const TARGET: &str = "stage";

/// A namespace of its own, a gate, and a project that points through it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) namespace: Namespace,
    pub(crate) gate: Gate,
    pub(crate) project: Project,
}

/// What one run of a program cost.
#[derive(Debug)]
pub(crate) struct Cost {
    /// Renewals of the lock and reconnected watches left out.
    pub(crate) requests: usize,
    /// Of bodies, both ways.
    pub(crate) bytes: usize,
    pub(crate) took: Duration,
    /// In which round trip the first object was written, and when it was sent; nothing where none was.
    pub(crate) first_write: Option<(usize, Duration)>,
}

impl Stage {
    pub(crate) fn new() -> Outcome<Self> {
        let cluster = Cluster::shared()?;
        let namespace = cluster.namespace("bench")?;
        let gate = Gate::for_all(&cluster)?;
        let project = Project::new(DEPLOY)?;
        let kubeconfig = project.path().join("kubeconfig");
        gate.write_kubeconfig(&kubeconfig, &namespace.name)?;
        project.kubernetes_target(TARGET, &kubeconfig, &namespace.name)?;
        Ok(Self {
            cluster,
            namespace,
            gate,
            project,
        })
    }

    /// Starts deploying an image, after forgetting the requests until now.
    pub(crate) fn start(&self, tag: &str) -> Outcome<Running> {
        self.gate.forget();
        self.project.start(&format!(
            "apply --yes --set TAG={tag} --target {TARGET} --output json"
        ))
    }

    /// Deploys an image that must turn out healthy.
    pub(crate) fn serve(&self, tag: &str) -> Outcome<Finished> {
        let finished = self.start(tag)?.wait(PATIENCE)?;
        if finished.exit == 0 {
            Ok(finished)
        } else {
            Err(fail(finished))
        }
    }

    /// What deploying an image costs.
    pub(crate) fn cost(&self, tag: &str) -> Outcome<Cost> {
        let begun = self.gate.elapsed();
        let finished = self.serve(tag)?;
        Ok(Cost::of(&self.gate.passed(), begun, finished.took))
    }

    /// The manifests of an image.
    pub(crate) fn manifests(&self, tag: &str) -> Outcome<String> {
        let words = format!("render --set TAG={tag} --target {TARGET}");
        let finished = self.project.run(&words)?;
        if finished.exit == 0 {
            Ok(finished.stdout)
        } else {
            Err(fail(finished))
        }
    }
}

impl Cost {
    /// Of everything that has passed since `begun`.
    pub(crate) fn of(passed: &[Passed], begun: Duration, took: Duration) -> Self {
        let counted = counted(passed);
        let first = counted.iter().position(|one| writes_an_object(one));
        Self {
            requests: counted.len(),
            bytes: counted.iter().map(|one| one.bytes.0 + one.bytes.1).sum(),
            took,
            first_write: first.map(|at| {
                let trips = sequential_requests(counted[..=at].iter().copied());
                (trips, counted[at].at.saturating_sub(begun))
            }),
        }
    }

    /// `18 · 42 KB · 1.20 s`.
    pub(crate) fn words(&self) -> String {
        format!(
            "{} · {} KB · {:.2} s",
            self.requests,
            self.bytes.div_ceil(1000),
            self.took.as_secs_f64()
        )
    }
}

fn writes_an_object(passed: &Passed) -> bool {
    passed.is_write()
        && OBJECTS.iter().any(|object| {
            let what = passed.what();
            what.contains(object) || what.ends_with(object.trim_end_matches('/'))
        })
}

/// All but what only comes with time: of the writes of the lock the first and the last count, of the watches of a
/// resource the first.
fn counted(passed: &[Passed]) -> Vec<&Passed> {
    let is_lock = |one: &Passed| one.is_write() && one.what().contains(" leases");
    let last_lock = passed.iter().rposition(is_lock);
    let mut locks = 0;
    let mut watched = Vec::new();
    let mut counted = Vec::new();
    for (at, one) in passed.iter().enumerate() {
        if is_lock(one) {
            locks += 1;
            if locks > 1 && Some(at) != last_lock {
                continue;
            }
        }
        if one.is_watch() {
            let what = one.what();
            if watched.contains(&what) {
                continue;
            }
            watched.push(what);
        }
        counted.push(one);
    }
    counted
}
