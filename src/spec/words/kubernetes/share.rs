//! How many pods there may be too many or missing during a rollout.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::{Whole, is_number, percentage};
use crate::spec::shape::Shape;
use crate::spec::tree::Node;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::kind::WorkloadKind;

/// `0%` to `100%`.
pub(in crate::spec) static SHARE: Pattern = Pattern::new("(?:[1-9]?[0-9]|100) ?%");

impl Shape for Share {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if is_number(node) {
            let Whole::<0, 5000>(pods) = Whole::read(node, findings)?;
            return Some(Self::Pods(pods));
        }
        if let Some(percent) = percentage(node, &SHARE) {
            Some(Self::Percent(percent))
        } else {
            let message = "this is not a share: write \"0%\" to \"100%\", or a number of pods";
            findings.bad_value(node.spot, message);
            None
        }
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 5000 },
                SHARE.schema(),
            ],
        })
    }
}

/// A number of pods, or a share of the desired number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Share {
    /// A fixed number of pods.
    Pods(u32),
    /// A percentage of the desired number.
    Percent(u32),
}

/// Bounds of a rollout; with none above and none below it could never begin. A node has a pod of a
/// `DaemonSet` too many or none, never both (Kubernetes API reference, `RollingUpdateDaemonSet`).
pub(in crate::spec) fn shares(
    raw: &KubernetesTable,
    kind: WorkloadKind,
    findings: &mut Findings,
) -> (Share, Share) {
    let none = |share| matches!(share, Share::Pods(0) | Share::Percent(0));
    let surge = raw.max_surge.as_ref();
    let missing = raw.max_unavailable.as_ref();
    let surges = surge.is_some_and(|at| !none(at.value));
    let (above, below) = match kind {
        WorkloadKind::Deployment => (Share::Percent(25), Share::Pods(0)),
        _ if surges => (Share::Pods(0), Share::Pods(0)),
        _ => (Share::Pods(0), Share::Pods(1)),
    };
    let above = surge.map_or(above, |at| at.value);
    let below = missing.map_or(below, |at| at.value);
    if let (Some(surge), Some(missing)) = (surge, missing)
        && kind == WorkloadKind::DaemonSet
        && surges
        && !none(below)
    {
        let message = "a node has a pod of a DaemonSet too many or none, never both";
        let problem = Problem::new("conflict", message).at(missing.spot);
        findings.problem(problem.also(surge.spot, "the other one"));
    }
    if let Some(at) = surge.or(missing).filter(|_| none(above) && none(below)) {
        let message =
            "with no pod above the desired number and none below it, a rollout could never begin";
        let problem = Problem::new("conflict", message).at(at.spot);
        findings.problem(problem.help("let `max_surge` or `max_unavailable` be 1"));
    }
    (above, below)
}
