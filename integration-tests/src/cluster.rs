//! A real Kubernetes: one that the tests start, or one that somebody gives them.
//!
//! | tier | what is real | what is not |
//! |---|---|---|
//! | simulated ([`Cluster::shared`], [`Cluster::start`]) | etcd, API server, admission, controllers, scheduler | the kubelet: what becomes of a pod is the end of its image's tag, or `SIM_OUTCOME` in its environment (`control-plane/internal/pods/words.go`) |
//! | real node ([`RealNode`]) | also kubelet, containerd, runc, kube-proxy | load balancers, DNS |
//! | given (`DEPLOYER_TEST_KUBECONFIG`) | all of it | nothing; tests that need to break it, or to tell its pods what to do, are reported as ignored |
//!
//! What no tag says is played by a [`puppet`]. Tests share a cluster, each in a [`Namespace`] of its own and as a [`User`] of its own, so that the audit log tells
//! their requests apart; one that lets something happen to requests sends them through a [`Gate`]. A test that stops the API server or moves the nodes starts one for itself.

mod api;
mod audit;
mod build;
mod gate;
mod namespace;
pub mod objects;
mod own;
pub mod puppet;
mod real;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

pub use self::api::{Answer, Api};
pub use self::audit::Asked;
pub use self::gate::{Gate, Mishap, Passed};
pub use self::namespace::{Namespace, Rights, User};
use self::own::Own;
pub use self::real::RealNode;
use crate::host;
use crate::program::Signal;
use crate::trial::{Outcome, Stop, fail};

/// Longer than anything in a cluster takes to appear, on a machine that compiles meanwhile.
pub const SOON: Duration = Duration::from_secs(40);

/// What a cluster of one's own is to be like.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Simulated nodes, each in another zone; 0 means 2.
    pub nodes: usize,
    /// Users with a client certificate, `NAME=GROUP,GROUP`; see [`Cluster::kubeconfig_of`].
    pub users: Vec<String>,
    /// Tokens of Amazon EKS that are taken, too.
    pub eks: Option<Eks>,
    /// A component that is killed is started again after this long; otherwise the cluster ends with it.
    pub restart_after: Option<Duration>,
    /// More flags of kube-apiserver.
    pub apiserver_flags: Vec<String>,
    /// More flags of kube-controller-manager.
    pub controllers_flags: Vec<String>,
}

/// Whose tokens of Amazon EKS are taken. Their signatures are really checked.
#[derive(Debug, Clone)]
pub struct Eks {
    /// The name that the tokens must be signed for.
    pub cluster: String,
    /// Who may sign, `KEY=SECRET=USER=GROUP,GROUP`.
    pub users: Vec<String>,
    /// How old a token may become: 15 minutes in the world.
    pub token_age: Duration,
}

/// A cluster. Dropped, it ends, unless somebody gave it.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: PathBuf,
    api: Api,
    own: Option<Own>,
    simulated: bool,
    /// Kubeconfigs of users.
    files: TempDir,
}

static SHARED: Mutex<Option<Result<Arc<Cluster>, String>>> = Mutex::new(None);

/// Ends the shared clusters.
pub fn down() {
    drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take());
    real::down();
}

impl Cluster {
    /// The cluster that all tests share, started when the first asks for it; or the one that was given.
    pub fn shared() -> Outcome<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shared {
            Some(Ok(cluster)) => return Ok(Arc::clone(cluster)),
            Some(Err(words)) => return Err(fail(words)),
            None => {}
        }
        let started = match host::chosen_kubeconfig() {
            Some(given) => Self::given(&given),
            None => Self::start(&Options::default()),
        };
        // What the machine forbids or lacks is asked for again: the answer is quick, and each test tells the reason.
        match &started {
            Ok(cluster) => *shared = Some(Ok(Arc::clone(cluster))),
            Err(Stop::Fail(words)) => *shared = Some(Err(words.clone())),
            Err(Stop::Skip(_)) => {}
        }
        started
    }

    /// A cluster for one test alone, which may do to it what it likes.
    pub fn start(options: &Options) -> Outcome<Arc<Self>> {
        if host::chosen_kubeconfig().is_some() {
            return Err(Stop::Skip(
                "a control plane of its own (DEPLOYER_TEST_KUBECONFIG names another one)".into(),
            ));
        }
        let own = Own::simulated(options)?;
        let kubeconfig = own.file("admin.kubeconfig");
        Self::reached(kubeconfig, Some(own), true).map(Arc::new)
    }

    fn given(kubeconfig: &Path) -> Outcome<Arc<Self>> {
        Self::reached(kubeconfig.to_owned(), None, false).map(Arc::new)
    }

    fn reached(kubeconfig: PathBuf, own: Option<Own>, simulated: bool) -> Outcome<Self> {
        Ok(Self {
            api: Api::of(&kubeconfig)?,
            kubeconfig,
            own,
            simulated,
            files: tempfile::Builder::new()
                .prefix("deployer-users-")
                .tempdir()?,
        })
    }

    /// The administrator's view.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The kubeconfig of a user from [`Options::users`].
    pub fn kubeconfig_of(&self, user: &str) -> Outcome<PathBuf> {
        Ok(self
            .own("users by certificate")?
            .file(format!("{user}.kubeconfig")))
    }

    /// A kubeconfig for this cluster with another way to log in: the `user` of its one user.
    pub fn kubeconfig_with(&self, name: &str, user: &Value) -> Outcome<PathBuf> {
        let cluster = self.api.cluster();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
        });
        let path = self.files.path().join(format!("{name}.kubeconfig"));
        // Whole at once: tests beside this one may be reading a file of the same name.
        let file = tempfile::NamedTempFile::new_in(self.files.path())?;
        std::fs::write(file.path(), config.to_string())?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(path)
    }

    /// `https://…` of the API server.
    pub fn server(&self) -> &str {
        self.api.server()
    }

    /// The certificate of the cluster's CA in base64, as `DescribeCluster` of Amazon EKS and a kubeconfig have it.
    pub fn certificate_authority(&self) -> &str {
        self.api.certificate_authority()
    }

    /// The image whose tag this is, on any tier. `v1`, `v2` and `v3` are healthy; what others do, see the module.
    pub fn image(&self, tag: &str) -> String {
        format!("registry.test/web:{tag}")
    }

    /// The certificate that the API server shows, which no CA is.
    pub fn own_certificate(&self) -> Outcome<PathBuf> {
        Ok(self
            .own("the API server's certificate")?
            .file("certs/apiserver.crt"))
    }

    /// A namespace of its own for a test, ready for pods.
    pub fn namespace(self: &Arc<Self>, stem: &str) -> Outcome<Namespace> {
        Namespace::make(Arc::clone(self), stem)
    }

    /// Ends the test as ignored unless the pods of this cluster are simulated; `what` says what the test needs that for.
    pub fn needs_simulation(&self, what: &str) -> Outcome {
        if self.simulated {
            return Ok(());
        }
        Err(Stop::Skip(format!("{what} (this cluster's pods are real)")))
    }

    /// Sends a signal to a component: `STOP` freezes it, `CONT` goes on, `KILL` ends it until
    /// [`Options::restart_after`].
    pub fn signal(&self, component: &str, signal: Signal) -> Outcome {
        self.own("stopping a component")?.signal(component, signal)
    }

    /// Waits until the API server answers.
    pub fn answers(&self) -> Outcome {
        host::poll(SOON, || self.api.text("/readyz").ok())
            .map(drop)
            .ok_or_else(|| fail("the API server does not answer"))
    }

    /// Every request of users so far, in the order of their ends.
    pub fn audit(&self) -> Outcome<Vec<Asked>> {
        audit::read(&self.own("the audit log")?.file("logs/audit.log"))
    }

    /// What every simulated pod logs from now on, and what its run before has logged.
    pub fn set_logs(&self, now: &[&str], before: &[&str]) -> Outcome {
        let own = self.own("choosing what pods log")?;
        for (file, lines) in [("pod.log", now), ("pod-previous.log", before)] {
            let lines = lines
                .iter()
                .map(|line| format!("2026-01-01T00:00:00Z stdout F {line}\n"));
            std::fs::write(own.file(file), lines.collect::<String>())?;
        }
        Ok(())
    }

    /// Makes a kind known, unless it is, and waits until it is served.
    pub fn install(&self, definition: &Value) -> Outcome {
        self.api.apply(definition, "harness")?;
        let path = api::path(definition)?;
        let established = host::poll(SOON, || {
            let conditions = self.api.get(&path).ok()?["status"]["conditions"].clone();
            objects::condition(&conditions, "Established").filter(|status| status == "True")
        });
        established
            .map(drop)
            .ok_or_else(|| fail(format_args!("{path} is not established")))
    }

    /// Adds a simulated node, and waits until it is ready.
    pub fn add_node(&self, name: &str) -> Outcome {
        self.add_node_with(name, &json!({}))
    }

    /// The same, with these labels.
    pub fn add_node_with(&self, name: &str, labels: &Value) -> Outcome {
        self.needs_simulation("adding a node")?;
        self.api.create(&objects::node(name, labels))?;
        self.node_is_ready(name)
    }

    /// Lets no new pod on a node, or lets them again.
    pub fn cordon(&self, node: &str, closed: bool) -> Outcome {
        self.own("closing nodes")?;
        let path = format!("/api/v1/nodes/{node}");
        self.api
            .merge(&path, &json!({"spec": {"unschedulable": closed}}))?;
        Ok(())
    }

    /// Gives a node these taints, and no others.
    pub fn taint(&self, node: &str, taints: &Value) -> Outcome {
        self.own("tainting nodes")?;
        let path = format!("/api/v1/nodes/{node}");
        self.api
            .merge(&path, &json!({"spec": {"taints": taints}}))?;
        Ok(())
    }

    fn node_is_ready(&self, name: &str) -> Outcome {
        let path = format!("/api/v1/nodes/{name}");
        let ready = host::poll(SOON, || {
            let conditions = self.api.get(&path).ok()?["status"]["conditions"].clone();
            objects::condition(&conditions, "Ready").filter(|status| status == "True")
        });
        ready
            .map(drop)
            .ok_or_else(|| fail(format_args!("node {name} is not ready")))
    }

    fn own(&self, what: &str) -> Outcome<&Own> {
        self.own.as_ref().ok_or_else(|| {
            Stop::Skip(format!(
                "{what} (DEPLOYER_TEST_KUBECONFIG gives the cluster)"
            ))
        })
    }
}
