//! A pod that is played, and its status as the kubelet writes it.

use serde_json::{Value, json};

use super::script::{Act, Script};
use crate::host::{self, Since};

/// What has become of a pod.
pub(super) struct Part {
    script: Script,
    next: usize,
    since: Since,
    containers: Vec<Played>,
    inits: Vec<Played>,
    /// Why the whole pod failed.
    failed: Option<(&'static str, &'static str)>,
    started: String,
}

/// What has become of a container.
struct Played {
    name: String,
    image: String,
    /// Whether it is an init container that goes on beside the others.
    stays: bool,
    run: u32,
    state: Value,
    last: Value,
    ready: bool,
}

impl Played {
    fn of(list: &Value) -> Vec<Self> {
        let all = list.as_array().into_iter().flatten();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.map(|one| Self {
            name: word(&one["name"]),
            image: word(&one["image"]),
            stays: one["restartPolicy"] == "Always",
            run: 0,
            state: json!({"waiting": {"reason": "PodInitializing"}}),
            last: json!({}),
            ready: false,
        })
        .collect()
    }

    /// A run that ended is the last one from now on.
    fn leaves(&mut self) {
        if !self.state["terminated"].is_null() {
            self.last = self.state.take();
        }
    }

    fn starts(&mut self, ready: bool) {
        self.leaves();
        // The kubelet counts a restart only when the next run begins.
        if !self.last["terminated"].is_null() {
            self.run += 1;
        }
        self.state = json!({"running": {"startedAt": host::now()}});
        self.ready = ready;
    }

    fn ends(&mut self, reason: &str, code: i32, words: &str) {
        let ended = json!({
            "exitCode": code, "reason": reason, "message": words, "containerID": self.identity(),
            "startedAt": host::now(), "finishedAt": host::now(),
        });
        self.state = json!({ "terminated": ended });
        self.ready = false;
    }

    fn waits(&mut self, reason: &str, message: &str) {
        self.leaves();
        self.state = json!({"waiting": {"reason": reason, "message": message}});
        self.ready = false;
    }

    fn identity(&self) -> String {
        format!("containerd://{}-{}", self.name, self.run)
    }

    fn runs(&self) -> bool {
        !self.state["running"].is_null()
    }

    fn status(&self) -> Value {
        json!({
            "name": self.name, "image": self.image, "imageID": "", "containerID": self.identity(),
            "ready": self.ready, "started": self.runs(), "restartCount": self.run, "state": self.state,
            "lastState": self.last,
        })
    }
}

impl Part {
    pub(super) fn new(script: Script, pod: &Value) -> Self {
        Self {
            script,
            next: 0,
            since: Since::now(),
            containers: Played::of(&pod["spec"]["containers"]),
            inits: Played::of(&pod["spec"]["initContainers"]),
            failed: None,
            started: host::now(),
        }
    }

    /// The next act, if its time has come.
    pub(super) fn due(&mut self) -> Option<Act> {
        let (after, act) = self.script.act(self.next)?;
        if self.since.elapsed() < *after {
            return None;
        }
        let act = act.clone();
        self.since = Since::now();
        self.next = self.script.after(self.next);
        Some(act)
    }

    pub(super) fn perform(&mut self, act: &Act) {
        match act {
            Act::Runs { ready } => {
                for one in &mut self.inits {
                    if one.stays {
                        one.starts(true);
                    } else {
                        one.ends("Completed", 0, "");
                        one.ready = true;
                    }
                }
                for one in &mut self.containers {
                    if one.runs() {
                        one.ready = *ready;
                    } else {
                        one.starts(*ready);
                    }
                }
            }
            Act::Waits { reason, message } => {
                for one in &mut self.containers {
                    one.waits(reason, message);
                }
            }
            Act::Ends(index, reason, code, words) => {
                if let Some(one) = self.containers.get_mut(*index) {
                    one.ends(reason, *code, words);
                }
            }
            Act::BacksOff(index) => {
                if let Some(one) = self.containers.get_mut(*index) {
                    let message = format!("back-off 10s restarting failed container={}", one.name);
                    one.waits("CrashLoopBackOff", &message);
                }
            }
            Act::Again(index, ready) => {
                if let Some(one) = self.containers.get_mut(*index) {
                    one.starts(*ready);
                }
            }
            Act::Prepares => {
                if let Some(one) = self.inits.first_mut() {
                    one.starts(false);
                }
            }
            Act::Unprepared(code) => {
                if let Some(one) = self.inits.first_mut() {
                    one.ends("Error", *code, "");
                }
            }
            Act::Fails(reason, message) => self.failed = Some((reason, message)),
            Act::Tells(..) => {}
        }
    }

    /// The status as the kubelet writes it.
    pub(super) fn status(&self) -> Value {
        let condition = |kind: &str, holds: bool, reason: &str| {
            let (status, reason) = if holds {
                ("True", "")
            } else {
                ("False", reason)
            };
            json!({"type": kind, "status": status, "reason": reason, "lastTransitionTime": host::now()})
        };
        let is_ready = self.failed.is_none() && self.containers.iter().all(|one| one.ready);
        let is_prepared = self.inits.iter().all(|one| one.ready);
        let has_run = |one: &Played| one.runs() || one.run > 0;
        let phase = match (self.failed, self.containers.iter().any(has_run)) {
            (Some(_), _) => "Failed",
            (None, true) => "Running",
            (None, false) => "Pending",
        };
        let (reason, message) = self.failed.unwrap_or(("", ""));
        let statuses = |all: &[Played]| all.iter().map(Played::status).collect::<Vec<_>>();
        json!({
            "phase": phase, "reason": reason, "message": message, "startTime": self.started,
            "conditions": [
                condition("Initialized", is_prepared, "ContainersNotInitialized"),
                condition("ContainersReady", is_ready, "ContainersNotReady"),
                condition("Ready", is_ready, "ContainersNotReady"),
            ],
            "containerStatuses": statuses(&self.containers),
            "initContainerStatuses": statuses(&self.inits),
        })
    }
}
