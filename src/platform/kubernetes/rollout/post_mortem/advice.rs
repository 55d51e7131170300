//! What to do about a failure on Kubernetes. Pure.

use crate::event::FailureGroup;
use crate::platform::post_mortem::sign::{self, Sign};
use crate::platform::post_mortem::{likely, steps};
use crate::rollout::{Cause, Verdict};
use crate::spec::Architecture;

/// What is known of how it ended, as far as advice needs it.
pub(super) struct Known<'a> {
    /// The likely cause.
    pub(super) group: Option<&'a FailureGroup>,
    /// What its words tell beyond it.
    pub(super) sign: Option<Sign>,
    /// The architecture of the nodes, where the file asks for one.
    pub(super) runs_on: Option<Architecture>,
    /// Whether log lines of the run that ended are shown.
    pub(super) spoke: bool,
    /// Whether the pods may be read.
    pub(super) sees_pods: bool,
    /// Whether `rollback` would find something to go back to.
    pub(super) can_go_back: bool,
}

impl Known<'_> {
    /// The likely cause, in plain words.
    pub(super) fn likely(&self) -> Option<String> {
        self.group.map(|group| likely(group, self.sign))
    }

    pub(super) fn next(&self, verdict: &Verdict) -> Vec<String> {
        let tripped = matches!(verdict, Verdict::Tripped { .. });
        let by_cause = match (self.group, self.sign) {
            (Some(_), Some(sign)) => Some(self.by_sign(sign)),
            (Some(group), None) => Some(self.by_cause(group.cause).to_owned()),
            (None, _) if !self.sees_pods => tripped.then(|| NOTHING_SEEN.to_owned()),
            (None, _) => tripped.then(|| NOTHING_FAILED.to_owned()),
        };
        let steps = steps(verdict, self.can_go_back).map(str::to_owned);
        by_cause.into_iter().chain(steps).collect()
    }

    fn by_sign(&self, sign: Sign) -> String {
        match sign {
            Sign::NoAddress => NO_ADDRESS.to_owned(),
            Sign::OtherProcessor => sign::other_processor(self.runs_on),
            Sign::EndedWell => sign::ENDED_WELL.to_owned(),
        }
    }

    fn by_cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Exited if self.spoke => {
                "Read the last log lines; run the image with the same environment to see it fail."
            }
            other => advice_for(other),
        }
    }
}

const NOTHING_FAILED: &str = "No container failed: check that the readiness probe's path and port answer, and that it \
     has enough time.";

const NOTHING_SEEN: &str = "Whether a container failed could not be seen: give whoever deploys the right that is missing, or \
     look with `kubectl describe pods`.";

const NO_ADDRESS: &str = "Give the nodes' network more addresses: larger subnets, or prefixes for the network plugin; \
     or move pods to other nodes.";

fn advice_for(cause: Cause) -> &'static str {
    match cause {
        Cause::ImageNameInvalid => "Check how the image is written in deploy.toml.",
        Cause::ImageNotFound => {
            "Check that the image was pushed under this very name and tag, for the nodes' processors."
        }
        Cause::PullDenied => {
            "Check that the nodes' role or the image pull secret may pull, and the repository's name and policy."
        }
        Cause::SecretMissing => {
            "Make the Secret or ConfigMap with that key, or check why the external secret is not filled."
        }
        Cause::ResourceMissing => "Make what is named above, or correct its name.",
        Cause::RoleDenied => "Check that the service account may assume its role.",
        Cause::Refused => "Meet the rule that is named above, or ask for a higher quota.",
        Cause::RegistryTrouble => {
            "Check the way from the nodes to the registry, and its limits; then try again."
        }
        Cause::NoCapacity => "Ask for less, add nodes, or check why the autoscaler brings none.",
        Cause::Exited => "Run the image with the same environment to see it fail.",
        Cause::OutOfMemory => "Give it more `memory`, or find what uses so much.",
        Cause::ContainerUnhealthy => {
            "Check the liveness probe's path and port; give it more `delay` if it only starts slowly."
        }
        Cause::TargetUnhealthy => {
            "Check the target group's health check path and port, and the security groups."
        }
        Cause::Other => {
            "`kubectl describe` shows all that is known of the pod that is named above."
        }
    }
}

#[cfg(test)]
mod tests;
