//! What is added to a service on Kubernetes though nobody asked for it: told, with the key for each.

use crate::names::ServiceName;
use crate::spec::findings::Findings;
use crate::spec::shape::Table;
use crate::spec::words::kubernetes::disruption::{Bound, Disruption};
use crate::spec::words::kubernetes::probe::Probe;
use crate::spec::words::kubernetes::share::Share;
use crate::spec::words::kubernetes::{KubeOwn, KubernetesTable};

/// The keys that were written: of the others something may be told.
pub(in crate::spec) struct Added {
    written: Vec<String>,
}

impl Added {
    pub(in crate::spec) fn of(raw: &KubernetesTable) -> Self {
        Self {
            written: raw.given().to_vec(),
        }
    }

    pub(in crate::spec) fn tell(
        &self,
        resolved: &KubeOwn,
        name: &ServiceName,
        findings: &mut Findings,
    ) {
        let silent = |key: &str| !self.written.iter().any(|written| written == key);
        let parts = parts(resolved).into_iter();
        let said: Vec<String> = parts
            .filter_map(|(key, part)| Some(format!("{} (`{key}`)", part.filter(|_| silent(key))?)))
            .collect();
        if !said.is_empty() {
            let list = said.join(", ");
            let message = format!(
                "added for rollouts that can be judged: {list}; [service.{name}.kubernetes] has a key for each"
            );
            findings.note("added", message);
        }
    }
}

/// What each key has come to; `None`: nothing is there.
fn parts(resolved: &KubeOwn) -> [(&'static str, Option<String>); 6] {
    let probe = |what: &str, probe: &Option<Probe>| {
        let period = probe.as_ref()?.period.as_secs();
        Some(format!("a {what} probe every {period} s"))
    };
    let wait = resolved.min_ready.as_secs();
    let drain = resolved.drain.as_secs();
    let budget = |one: &Disruption| match one.bound {
        Bound::Most(Share::Pods(pods)) => Some(format!("a disruption budget of {pods}")),
        _ => None,
    };
    [
        ("readiness", probe("readiness", &resolved.main.readiness)),
        ("liveness", probe("liveness", &resolved.main.liveness)),
        (
            "min_ready",
            Some(format!("{wait} s of readiness before a pod counts")),
        ),
        ("disruption", resolved.disruption.as_ref().and_then(budget)),
        (
            "spread",
            Some("pods spread over zones and nodes".to_owned()).filter(|_| resolved.spread),
        ),
        (
            "drain",
            (drain > 0).then(|| format!("{drain} s of draining")),
        ),
    ]
}
