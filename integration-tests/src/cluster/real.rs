//! A real node: containers that really run, in a network of its own.

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::own::Own;
use super::{Cluster, Namespace};
use crate::host;
use crate::trial::{Outcome, Stop, fail};

/// A control plane with one real node. Dropped, it ends with every container.
#[derive(Debug)]
pub struct RealNode {
    cluster: Arc<Cluster>,
    network: File,
}

static SHARED: Mutex<Option<Result<Arc<RealNode>, String>>> = Mutex::new(None);

/// Ends the shared node.
pub(super) fn down() {
    drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take());
}

impl RealNode {
    /// The node that all tests share, started when the first asks for it.
    pub fn shared() -> Outcome<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shared {
            Some(Ok(node)) => return Ok(Arc::clone(node)),
            Some(Err(words)) => return Err(fail(words)),
            None => {}
        }
        let started = Self::start().map(Arc::new);
        match &started {
            Ok(node) => *shared = Some(Ok(Arc::clone(node))),
            Err(Stop::Fail(words)) => *shared = Some(Err(words.clone())),
            Err(Stop::Skip(_)) => {}
        }
        started
    }

    /// A node for one test alone.
    pub fn start() -> Outcome<Self> {
        if host::chosen_kubeconfig().is_some() {
            return Err(Stop::Skip(
                "a node of its own (DEPLOYER_TEST_KUBECONFIG names a cluster)".into(),
            ));
        }
        let own = Own::real()?;
        let network = File::open(format!("/proc/{}/ns/net", own.process("namespaces")?))?;
        let cluster = in_network(&network, || {
            let kubeconfig = own.file("admin.kubeconfig");
            let cluster = Cluster::reached(kubeconfig, Some(own), false)?;
            cluster.node_is_ready("real-0").map_err(|stop| {
                let kubelet = cluster.own("").map(|own| own.log("logs/kubelet.log"));
                let tail = kubelet.unwrap_or_default();
                let tail: Vec<_> = tail.lines().rev().take(5).collect();
                fail(format_args!("{stop:?}\n{}", tail.join("\n")))
            })?;
            Ok(cluster)
        })?;
        Ok(Self {
            cluster: Arc::new(cluster),
            network,
        })
    }

    /// Runs a test in the node's network: what it asks, and the programs that it starts, reach the API server, the pods
    /// and the Services, and nothing else. It gets a namespace of its own.
    pub fn inside<T: Send>(
        &self,
        stem: &str,
        body: impl FnOnce(Namespace) -> Outcome<T> + Send,
    ) -> Outcome<T> {
        in_network(&self.network, || body(self.cluster.namespace(stem)?))
    }
}

/// Runs `body` on a thread of its own that has moved to this network: the sockets it opens and the processes it starts
/// are there, those of all other threads are not.
fn in_network<T: Send>(network: &File, body: impl FnOnce() -> Outcome<T> + Send) -> Outcome<T> {
    std::thread::scope(|scope| {
        let moved = scope.spawn(|| {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
            body()
        });
        moved
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
