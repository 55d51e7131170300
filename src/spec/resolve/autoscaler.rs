//! What the Horizontal Pod Autoscaler cannot do of what `scaling` can say.

use std::time::Duration;

use super::super::findings::Findings;
use super::super::problem::Problem;
use super::super::raw::rollout::Scaling;
use super::super::shape::Table;

/// The longest window of the autoscaler (Kubernetes API reference, `HPAScalingRules`).
const LONGEST: Duration = Duration::from_hours(1);

/// Tells what an autoscaler of pods does not take.
pub(super) fn check(raw: &Scaling, findings: &mut Findings) {
    for at in [&raw.cpu, &raw.memory].into_iter().flatten() {
        let percent = at.value.0;
        if percent.fract() != 0.0 {
            let message = "must be a whole number of percent on Kubernetes";
            findings.bad_value(at.spot, message);
        }
    }
    for at in [&raw.scale_in_cooldown, &raw.scale_out_cooldown] {
        if let Some(at) = at.as_ref().filter(|at| at.value.0 > LONGEST) {
            findings.bad_value(at.spot, "must be at most 1h on Kubernetes");
        }
    }
    let Some(requests) = &raw.requests else {
        return;
    };
    let why = "an autoscaler of pods sees CPU and memory, not a load balancer's requests";
    if raw.has(&["cpu", "memory"]) {
        let message = format!("on Kubernetes `scaling.requests` changes nothing: {why}");
        findings.note("not-honoured", message);
    } else {
        findings.problem(
            Problem::new(
                "bad-value",
                "cannot be all that scaling aims at on Kubernetes",
            )
            .at(requests.head)
            .label(why)
            .help("add `cpu = 70`, or `memory = 80`"),
        );
    }
}
