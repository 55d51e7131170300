//! What a service is called on Kubernetes, what it may use, and how long things take.

use std::time::Duration;

use crate::names::{KubeLabel, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::{Ground, arns, or};
use crate::spec::shape::{At, Table};
use crate::spec::units;
use crate::spec::words::ServiceTable;
use crate::spec::words::kubernetes::around::called;
use crate::spec::words::kubernetes::{KubernetesTable, Scene};
use crate::spec::words::resources::{Resources, Size};
use crate::spec::words::rollout::{RolloutTable, policy};
use crate::spec::words::secret as secrets;
use crate::spec::words::target::namespace::KubePlace;

/// A pod that is ready for a moment before it crashes would let a whole rollout through.
const MIN_READY: Duration = Duration::from_secs(5);

/// Until the load balancers and the nodes have heard that a pod is to end.
const DRAIN: Duration = Duration::from_secs(5);

/// What a pod may use, where the table of Kubernetes says nothing else.
pub(super) fn size(common: &ServiceTable) -> Size {
    Size {
        cpu: common.cpu.as_ref().map(|at| Resources::millis(at.value.0)),
        memory: common
            .memory
            .as_ref()
            .map(|at| Resources::bytes(at.value.0)),
    }
}

/// What listens on no port is sent nothing that it had to go on serving; what does something else before it
/// is told to end does just that.
pub(super) fn drain(raw: &KubernetesTable, listens: bool, findings: &mut Findings) -> Duration {
    let Some(at) = &raw.drain else {
        let drains = listens && !raw.has(&["pre_stop"]);
        return if drains { DRAIN } else { Duration::ZERO };
    };
    if let Some(hook) = raw.pre_stop.as_ref().filter(|_| !at.value.0.is_zero()) {
        let message = "`pre_stop` takes the place of `drain`: they exclude each other";
        let problem = Problem::new("conflict", message).at(hook.head);
        findings.problem(problem.also(at.head, "the other one"));
    }
    at.value.0
}

/// The name of the Deployment.
pub(super) fn name(raw: &KubernetesTable, scene: &Scene<'_>) -> Option<KubeLabel> {
    match &raw.name {
        Some(at) => Some(at.value.clone()),
        None => scene.name.as_str().parse().ok(),
    }
}

fn deadline(raw: Option<&At<RolloutTable>>) -> Duration {
    let written = raw.and_then(|at| at.value.deadline.as_ref());
    written.map_or(policy(KubePlace::ECS).deadline, |at| at.value.0)
}

pub(super) fn min_ready(
    raw: &KubernetesTable,
    rollout: Option<&At<RolloutTable>>,
    findings: &mut Findings,
) -> Duration {
    let Some(at) = &raw.min_ready else {
        return MIN_READY;
    };
    let deadline = deadline(rollout);
    if at.value.0 >= deadline {
        let message = "must be shorter than the deadline of a rollout";
        let problem = Problem::new("conflict", message).at(at.spot);
        let seconds = units::written(deadline.as_secs());
        findings.problem(problem.label(format!("the deadline is {seconds}")));
    }
    at.value.0
}

pub(super) fn role(raw: &KubernetesTable, place: &KubePlace, findings: &mut Findings) {
    let Some(role) = &raw.role else { return };
    arns::kind(role, "iam", "role/", "a role", findings);
    arns::home("role", &role.value, place.into(), findings);
    if !raw.has(&["service_account"]) {
        findings.problem(
            Problem::new("missing-key", "`service_account` is missing")
                .at(role.head)
                .label("pods get this role through a service account")
                .help("service_account = \"api-sa\""),
        );
    }
}

/// The Secret that fills the environment, once the role of the pods is checked as well.
pub(super) fn secret(
    raw: &mut KubernetesTable,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Option<KubeName> {
    let secret = or(raw.secret.take(), called(scene, "-secrets")?);
    secrets::for_kubernetes(scene, &secret, findings);
    role(raw, scene.place, findings);
    Some(secret)
}
