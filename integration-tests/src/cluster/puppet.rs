//! A kubelet that does as a test says, for what no end of a tag says: who is evicted, what exits with 0, which container
//! of a pod ends.
//!
//! It plays the pods of one namespace whose environment says `SIM_OUTCOME = "held"`, which the simulated nodes take no
//! further than `ContainerCreating`. Each pod walks through a list of acts of its own; what it has come to stays.

mod part;
mod script;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use self::part::Part;
pub use self::script::{Act, Script};
use super::{Api, Namespace, objects};
use crate::host::{self, Since};
use crate::trial::{Outcome, fail};

/// What a service of the tests says so that its pods are played.
pub const HELD: &str = "env = { SIM_OUTCOME = \"held\" }";

/// How long the puppet rests between two looks.
const REST: Duration = Duration::from_millis(150);

/// Plays until it is dropped.
#[derive(Debug)]
pub struct Puppet {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Outcome>>,
}

impl Puppet {
    /// Plays the pods of a namespace that are held. `cast` says for the n-th of them, counted from 0 as they come, what
    /// becomes of it.
    pub fn play(
        namespace: &Namespace,
        cast: impl FnMut(usize) -> Script + Send + 'static,
    ) -> Outcome<Self> {
        namespace
            .cluster()
            .needs_simulation("pods that do as a test says")?;
        let api = Api::of(namespace.cluster().kubeconfig())?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut stage = Stage {
            api,
            pods: namespace.path("pods"),
            cast,
            parts: BTreeMap::new(),
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut looked: Option<Since> = None;
            let ended = host::poll(Duration::MAX, || {
                if stopped.load(Ordering::Relaxed) {
                    return Some(Ok(()));
                }
                if looked.is_some_and(|at| at.elapsed() < REST) {
                    return None;
                }
                looked = Some(Since::now());
                stage.look().err().map(Err)
            });
            ended.unwrap_or(Ok(()))
        });
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Plays no more, and says what went wrong on the stage.
    pub fn ends(mut self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) | None => Err(fail("the puppet fell")),
        }
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Stage<C> {
    api: Api,
    /// Where the pods are.
    pods: String,
    cast: C,
    /// By the uid of the pod.
    parts: BTreeMap<String, Part>,
}

impl<C: FnMut(usize) -> Script> Stage<C> {
    fn look(&mut self) -> Outcome {
        let mut pods = self.api.list(&self.pods)?;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null() && is_held(pod));
        pods.sort_by_key(|pod| pod["metadata"]["creationTimestamp"].to_string());
        for pod in pods {
            let uid = pod["metadata"]["uid"].to_string();
            if !self.parts.contains_key(&uid) {
                // The simulated node comes first.
                if pod["status"]["containerStatuses"].is_null() {
                    continue;
                }
                let script = (self.cast)(self.parts.len());
                self.parts.insert(uid.clone(), Part::new(script, &pod));
            }
            if let Some(part) = self.parts.get_mut(&uid) {
                play(part, &self.api, &self.pods, &pod)?;
            }
        }
        Ok(())
    }
}

/// Performs the next act, if its time has come.
fn play(part: &mut Part, api: &Api, pods: &str, pod: &Value) -> Outcome {
    let Some(act) = part.due() else {
        return Ok(());
    };
    if let Act::Tells(reason, message) = act {
        let mut about = pod.clone();
        about["apiVersion"] = json!("v1");
        about["kind"] = json!("Pod");
        let mut event = objects::event(&about, "Warning", reason, message);
        event["metadata"]["namespace"] = pod["metadata"]["namespace"].clone();
        event["lastTimestamp"] = json!(host::now());
        api.create(&event)?;
        return Ok(());
    }
    part.perform(&act);
    let path = format!(
        "{pods}/{}/status",
        pod["metadata"]["name"].as_str().unwrap_or_default()
    );
    match api.strategic(&path, &json!({"status": part.status()})) {
        // It was deleted meanwhile.
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(()),
        answer => Ok(answer.map(drop)?),
    }
}

fn is_held(pod: &Value) -> bool {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let mut env = containers.flat_map(|one| one["env"].as_array().into_iter().flatten());
    env.any(|entry| entry["name"] == "SIM_OUTCOME" && entry["value"] == "held")
}
