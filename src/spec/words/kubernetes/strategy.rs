//! How pods make way for those of the next revision.

use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::words;
use crate::spec::words::kubernetes::KubernetesTable;

/// How pods make way for those of the next revision (Kubernetes API reference, `DeploymentStrategy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Strategy {
    /// A few at a time.
    #[default]
    Rolling,
    /// All at once: none of the next starts before the last of the former has ended.
    Recreate,
}

words!(Strategy, "a strategy",
    "rolling" => Strategy::Rolling,
    "recreate" => Strategy::Recreate,
);

/// The strategy, with what says how many pods come and go at once only where they do so a few at a time.
pub(in crate::spec) fn strategy(raw: &KubernetesTable, findings: &mut Findings) -> Strategy {
    let Some(at) = &raw.strategy else {
        return Strategy::default();
    };
    let shares = [
        ("max_surge", raw.max_surge.as_ref()),
        ("max_unavailable", raw.max_unavailable.as_ref()),
    ];
    for (key, share) in shares {
        if let Some(share) = share.filter(|_| at.value == Strategy::Recreate) {
            let message = format!(
                "`strategy = \"recreate\"` ends all pods first: `{key}` says nothing of it"
            );
            let problem = Problem::new("conflict", message).at(share.head);
            findings.problem(problem.also(at.head, "the strategy"));
        }
    }
    at.value
}
