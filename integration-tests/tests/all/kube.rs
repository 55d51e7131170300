//! The service that the tests deploy to Kubernetes, and the bench it is deployed on: a namespace, a user that may do all
//! in it and nothing outside of it, and a gate that writes down what that user asks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use integration_tests::cluster::{Cluster, Gate, Namespace, Passed, Rights, User};
use integration_tests::host;
use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::trial::{Outcome, fail};
use serde_json::{Value, json};

use crate::shop::assert_verdict;

/// An api of two pods whose image is chosen by `TAG`. `EXTRA` stands for more keys of the service, `KUBE` for more of
/// what only Kubernetes knows. It is ready soon: a test has no load balancer to wait for.
const DEPLOY: &str = r#"
project = "shop"

[service.api]
image    = "registry.test/web:${TAG:-v1}"
port     = 8080
cpu      = 0.1
memory   = "64MiB"
health   = { path = "/health", interval = "5s", timeout = "2s", retries = 2, grace = "0s" }
EXTRA
[service.api.kubernetes]
min_ready = "1s"
max_surge = "100%"
readiness = { path = "/health", period = "1s", timeout = "1s" }
drain     = "0s"
KUBE
"#;

/// Most tests wait no longer for a rollout.
pub(crate) const USUAL: &str = "replicas = 2\nrollout = { deadline = \"60s\" }";

/// `deploy.toml` with these keys of the service, and these of what only Kubernetes knows.
pub(crate) fn deploy(extra: &str, kube: &str) -> String {
    DEPLOY.replace("EXTRA", extra).replace("KUBE", kube)
}

/// What a deploy may do at most: everything in its own namespace.
pub(crate) fn all_here() -> Rights {
    Rights::Only(json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]))
}

/// A project, and the namespace that its target `kube` is.
pub(crate) struct Bench {
    pub(crate) project: Project,
    pub(crate) namespace: Namespace,
    pub(crate) gate: Gate,
    pub(crate) user: User,
}

impl Bench {
    /// A bench on the shared cluster with nothing deployed.
    pub(crate) fn new(stem: &str) -> Outcome<Self> {
        Self::on(&Cluster::shared()?, stem, &all_here())
    }

    /// A bench on this cluster, for a user with these rights.
    pub(crate) fn on(cluster: &Arc<Cluster>, stem: &str, rights: &Rights) -> Outcome<Self> {
        Self::within(cluster.namespace(stem)?, rights)
    }

    /// A bench in this namespace.
    pub(crate) fn within(namespace: Namespace, rights: &Rights) -> Outcome<Self> {
        let gate = Gate::before(namespace.cluster())?;
        let user = namespace.user("deploys", rights)?;
        let project = Project::new(&deploy(USUAL, ""))?;
        project.kubernetes_target("kube", &gate.kubeconfig(&user)?, &namespace.name)?;
        Ok(Self {
            project,
            namespace,
            gate,
            user,
        })
    }

    /// A bench on which `tag` serves already, and whose log is empty.
    pub(crate) fn serving(stem: &str, tag: &str) -> Outcome<Self> {
        Self::new(stem)?.served(tag)
    }

    /// The same bench, once `tag` serves.
    pub(crate) fn served(self, tag: &str) -> Outcome<Self> {
        assert_verdict(&self.apply(tag)?, "healthy", None, 0)?;
        self.gate.forget();
        Ok(self)
    }

    /// Ends the test as ignored unless the pods are simulated; `what` says what the test needs that for.
    pub(crate) fn needs_simulation(&self, what: &str) -> Outcome {
        self.namespace.cluster().needs_simulation(what)
    }

    /// The file of a service with these keys, from now on.
    pub(crate) fn describe(&self, extra: &str, kube: &str) -> Outcome {
        self.project.write("deploy.toml", &deploy(extra, kube))
    }

    /// More keys of the target, from now on.
    pub(crate) fn place(&self, more: &str) -> Outcome {
        self.project
            .kubernetes_target("kube", &self.way()?, &self.namespace.name)?;
        let path = self.project.path().join("config/kube.toml");
        let text = std::fs::read_to_string(path)?;
        self.project.write("config/kube.toml", &(text + more))
    }

    /// The kubeconfig through the gate.
    pub(crate) fn way(&self) -> Outcome<PathBuf> {
        self.gate.kubeconfig(&self.user)
    }

    /// Deploys an image to its end.
    pub(crate) fn apply(&self, tag: &str) -> Outcome<Finished> {
        self.run(&format!("apply --yes --set TAG={tag}"))
    }

    /// Starts deploying an image.
    pub(crate) fn start(&self, tag: &str) -> Outcome<Running> {
        self.begin(&format!("apply --yes --set TAG={tag}"))
    }

    /// Starts deploying an image, and returns once its rollout is followed.
    pub(crate) fn rolling(&self, tag: &str) -> Outcome<Running> {
        let mut running = self.start(tag)?;
        follows(&mut running)?;
        Ok(running)
    }

    /// Starts deploying an image, and returns once a request that `is` chooses has been answered.
    pub(crate) fn apply_until(&self, tag: &str, is: impl Fn(&Passed) -> bool) -> Outcome<Running> {
        let running = self.start(tag)?;
        self.gate.awaits(Duration::from_secs(30), |passed| {
            passed.status.is_some() && is(passed)
        })?;
        Ok(running)
    }

    /// Starts a verb against the bench, with events on standard output.
    pub(crate) fn begin(&self, words: &str) -> Outcome<Running> {
        self.project
            .start(&format!("{words} --target kube --output json"))
    }

    /// Runs a verb against the bench, with events on standard output.
    pub(crate) fn run(&self, words: &str) -> Outcome<Finished> {
        self.begin(words)?.wait(PATIENCE)
    }

    /// Runs a verb against the bench as a person does.
    pub(crate) fn tell(&self, words: &str) -> Outcome<Finished> {
        self.project.run(&format!("{words} --target kube"))
    }

    /// The Deployment.
    pub(crate) fn deployment(&self) -> Outcome<Value> {
        self.namespace.get("deployments", "api")
    }

    /// The tag that the Deployment asks for.
    pub(crate) fn tag(&self) -> Outcome<String> {
        let deployment = self.deployment()?;
        Ok(tag_of(&deployment["spec"]["template"]["spec"]))
    }

    /// The tags of the pods that are ready, sorted.
    pub(crate) fn serve(&self) -> Outcome<Vec<String>> {
        self.serve_by("app=api")
    }

    /// The same, of the pods with this label.
    pub(crate) fn serve_by(&self, label: &str) -> Outcome<Vec<String>> {
        let mut pods = self.namespace.pods(label)?;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null() && is_ready(pod));
        let mut tags: Vec<_> = pods.iter().map(|pod| tag_of(&pod["spec"])).collect();
        tags.sort();
        Ok(tags)
    }

    /// The writes so far, as `PATCH deployments/api`, without what keeps the lock.
    pub(crate) fn writes(&self) -> Vec<String> {
        let passed = self.gate.passed();
        let writes = passed.iter().filter(|one| one.is_write() && !is_lock(one));
        writes.map(Passed::what).collect()
    }

    /// The writes so far of what is deployed, without lock and history.
    pub(crate) fn changes(&self) -> Vec<String> {
        let mut writes = self.writes();
        writes.retain(|one| !one.contains("secrets"));
        writes
    }

    /// How often the Deployment has been written.
    pub(crate) fn rolls(&self) -> usize {
        let writes = self.writes();
        writes
            .iter()
            .filter(|one| one.ends_with(" deployments/api"))
            .count()
    }

    /// Somebody changes the image past us, as `kubectl set image` does.
    pub(crate) fn somebody_sets(&self, tag: &str) -> Outcome {
        let image = self.namespace.cluster().image(tag);
        let container = json!({"name": "api", "image": image});
        let patch = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
        let path = format!(
            "{}/api?fieldManager=kubectl-set",
            self.namespace.path("deployments")
        );
        self.namespace.cluster().api().strategic(&path, &patch)?;
        Ok(())
    }
}

/// Waits until a run follows its rollout.
pub(crate) fn follows(running: &mut Running) -> Outcome {
    told(running, "following").map(drop)
}

/// Waits for an event of a run.
pub(crate) fn told(running: &mut Running, kind: &str) -> Outcome<Value> {
    running.line(Duration::from_mins(1), |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["event"] == kind).then_some(event)
    })
}

/// The post-mortem of a run.
pub(crate) fn evidence(finished: &Finished) -> Outcome<Value> {
    finished.event("post_mortem", "api")
}

/// A second run of the same file writes nothing, and a plan says so.
pub(crate) fn assert_converged(bench: &Bench, tag: &str) -> Outcome {
    bench.gate.forget();
    let again = bench.apply(tag)?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(bench.writes(), Vec::<String>::new(), "{again}");
    let plan = bench.run(&format!("plan --exit-code --set TAG={tag}"))?;
    assert_eq!(plan.exit, 0, "{plan}");
    Ok(())
}

/// The causes that the post-mortem groups failed pods by.
pub(crate) fn causes(finished: &Finished) -> Outcome<Vec<String>> {
    let evidence = evidence(finished)?;
    let groups = evidence["groups"].as_array().cloned().unwrap_or_default();
    let words = groups.iter().filter_map(|group| group["cause"].as_str());
    Ok(words.map(str::to_owned).collect())
}

/// It tripped for this cause, and what served before serves again.
pub(crate) fn assert_goes_back(bench: &Bench, done: &Finished, cause: &str) -> Outcome {
    assert_verdict(done, "tripped", Some(true), 10)?;
    assert!(causes(done)?.contains(&cause.to_owned()), "{cause}\n{done}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    Ok(())
}

/// Fails unless a run says all of these words.
pub(crate) fn assert_says(finished: &Finished, words: &[&str]) {
    for word in words {
        assert!(finished.says(word), "{word:?} is not said\n{finished}");
    }
}

/// Waits until `look` holds.
pub(crate) fn until(what: &str, mut look: impl FnMut() -> Outcome<bool>) -> Outcome {
    let seen = host::poll(Duration::from_secs(40), || match look() {
        Ok(true) => Some(Ok(())),
        Ok(false) => None,
        Err(stop) => Some(Err(stop)),
    });
    seen.unwrap_or_else(|| Err(fail(format_args!("{what}: never"))))
}

/// Whether a request is about the lock, whose renewals are not counted.
pub(crate) fn is_lock(passed: &Passed) -> bool {
    passed.uri.contains("/leases")
}

/// Whether a request rolls the Deployment.
pub(crate) fn is_roll(passed: &Passed) -> bool {
    passed.method == "PATCH" && passed.uri.contains("/deployments/api?") && passed.is_write()
}

fn tag_of(pod: &Value) -> String {
    let image = pod["containers"][0]["image"].as_str().unwrap_or_default();
    image.rsplit(':').next().unwrap_or_default().to_owned()
}

fn is_ready(pod: &Value) -> bool {
    let ready =
        integration_tests::cluster::objects::condition(&pod["status"]["conditions"], "Ready");
    ready.as_deref() == Some("True")
}
