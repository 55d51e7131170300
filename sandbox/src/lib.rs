//! An embedded cloud: ECS, Application Auto Scaling, the caller's identity, and the reads of load
//! balancing, logs and EKS that a deployment needs, each in its own wire protocol. An EKS cluster
//! here is the way to a Kubernetes API server somewhere; Kubernetes itself is not imitated.
//!
//! A request costs what it touches: the scheduler takes what is due from an agenda, tasks are found by
//! their service, and in a file a request is one line of a journal beside the world.
//!
//! A [`World`] is a plain value that moves only when it is told the time. It is reached either
//! [in process](Sandbox::http_client), under a paused clock if need be, or [over a loopback
//! port](Sandbox::serve) by any AWS client. It shares no type with the rest of this crate, so that
//! it cannot share a bug with what is tested against it.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;

mod api;
mod behaviour;
mod connect;
mod eks;
mod error;
mod faults;
mod instances;
mod plan;
mod serve;
mod store;
mod switches;
mod timings;
mod wire;
mod world;
mod world_file;

#[cfg(test)]
mod tests;

pub use self::behaviour::{Behaviour, ImageRule};
pub use self::eks::EksCluster;
pub use self::error::SandboxError;
pub use self::faults::{Effect, Fault};
pub use self::instances::{InstanceKind, Provider};
pub use self::plan::{Action, Planned, When};
pub use self::switches::{DeploymentApi, Ending, FailedEntry, SuccessfulOrder, Switches};
pub use self::timings::Timings;
pub use self::wire::LoggedRequest;
pub use self::world::{RolloutRecord, World};
pub use self::world_file::{Before, Preset, TimingsChoice, WorldFile};

/// A sandbox that serves for days remembers so many requests; half are forgotten at a time.
const LOG_KEPT: usize = 100_000;

/// Where the time comes from.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a file-backed sandbox is opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How fast its clock goes from here on; unchanged when absent, 1 for a new world.
    pub speed: Option<f64>,
    /// Describes a new world; not read when there is one already.
    pub world_file: Option<PathBuf>,
    /// The seed of a new world's chance.
    pub seed: Option<u64>,
    /// Requests through this handle concern this account, whatever their credentials.
    pub account: Option<String>,
}

/// A handle on a world; clones share it.
#[derive(Clone)]
pub struct Sandbox {
    store: Arc<store::Store>,
    now: Now,
    log: Arc<Mutex<Vec<LoggedRequest>>>,
    account: Option<String>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox that lives as long as its handles.
    pub fn in_memory(world: World, now: Now) -> Self {
        Self::over(store::Store::memory(world), now)
    }

    /// A sandbox in a file, which is made when it does not exist. Its clock goes on while nobody
    /// looks, and several processes may use it at once.
    pub fn open(path: &Path, options: &Options, now: Now) -> Result<Self, SandboxError> {
        let store = store::Store::open(path, options, now())?;
        let account = options.account.clone();
        Ok(Self {
            account,
            ..Self::over(store, now)
        })
    }

    /// Removes a sandbox's file; `false` when there was none.
    pub fn reset(path: &Path) -> Result<bool, SandboxError> {
        store::reset(path)
    }

    fn over(store: store::Store, now: Now) -> Self {
        Self {
            store: Arc::new(store),
            now,
            log: Arc::default(),
            account: None,
        }
    }

    /// A client for the AWS SDKs that reaches this world without a network.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Answers requests on a loopback port until `stop` is ready.
    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), SandboxError> {
        serve::serve(self, listener, stop).await
    }

    /// Lets `f` look at the world, or change it, at the present time.
    pub fn with_world<R>(&self, f: impl FnOnce(&mut World) -> R) -> Result<R, SandboxError> {
        self.store.with((self.now)(), f)
    }

    /// The newest requests that came in through this handle and its clones, oldest first.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Answers a request at the present. A world with much to do until then gets there in pieces,
    /// so that whatever else this thread has to do, such as ending on a signal, is done as well.
    async fn handle(&self, request: &wire::Request) -> Result<wire::Outcome, SandboxError> {
        let request = request.kept(self.account.as_deref());
        let wall = (self.now)();
        let (outcome, logged) = loop {
            if let Some(answered) = self.store.request(wall, &request)? {
                break answered;
            }
            tokio::task::yield_now().await;
        };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() >= LOG_KEPT {
            log.drain(..LOG_KEPT / 2);
        }
        log.push(logged);
        Ok(outcome)
    }
}

/// A reply's delay, by a fault.
#[expect(
    clippy::disallowed_methods,
    reason = "the wait is part of the played network, and ends with its connection"
)]
async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
