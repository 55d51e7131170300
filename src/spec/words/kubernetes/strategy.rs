//! How pods make way for those of the next revision.

use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::words;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::kind::WorkloadKind;

/// How pods make way for those of the next revision (Kubernetes API reference, `DeploymentStrategy`,
/// `StatefulSetUpdateStrategy` and `DaemonSetUpdateStrategy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum KubeStrategy {
    /// A few at a time.
    #[default]
    Rolling,
    /// All at once: none of the next starts before the last of the former has ended.
    Recreate,
    /// Each when somebody deletes it.
    OnDelete,
}

words!(KubeStrategy, "a strategy",
    "rolling" => KubeStrategy::Rolling,
    "recreate" => KubeStrategy::Recreate,
    "on_delete" => KubeStrategy::OnDelete,
);

/// The strategy, which the kind must have; with what says how many pods come and go at once only where they
/// do so a few at a time.
pub(in crate::spec) fn strategy(
    raw: &KubernetesTable,
    kind: WorkloadKind,
    findings: &mut Findings,
) -> KubeStrategy {
    let Some(at) = &raw.strategy else {
        return KubeStrategy::default();
    };
    let (word, does) = match at.value {
        KubeStrategy::Rolling => return KubeStrategy::Rolling,
        KubeStrategy::Recreate => ("recreate", "ends all pods first"),
        KubeStrategy::OnDelete => ("on_delete", "leaves pods as they are"),
    };
    let is_deployment = kind == WorkloadKind::Deployment;
    if is_deployment != (at.value == KubeStrategy::Recreate) {
        let message = format!("a {} knows no strategy \"{word}\"", kind.as_str());
        let other = if is_deployment {
            "recreate"
        } else {
            "on_delete"
        };
        let problem = Problem::new("conflict", message).at(at.spot);
        findings.problem(problem.help(format!("there are \"rolling\" and \"{other}\"")));
    }
    let shares = [
        ("max_surge", raw.max_surge.as_ref().map(|at| at.head)),
        (
            "max_unavailable",
            raw.max_unavailable.as_ref().map(|at| at.head),
        ),
        ("partition", raw.partition.as_ref().map(|at| at.head)),
    ];
    for (key, spot) in shares {
        if let Some(spot) = spot {
            let message = format!("`strategy = \"{word}\"` {does}: `{key}` says nothing of it");
            let problem = Problem::new("conflict", message).at(spot);
            findings.problem(problem.also(at.head, "the strategy"));
        }
    }
    at.value
}
