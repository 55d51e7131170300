//! What Application Auto Scaling knows besides the bounds and aims that `scaling` says.

use std::collections::BTreeSet;

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, Table, table, words};
use crate::spec::words::ecs::EcsTable;
use crate::spec::words::ecs::policy::{Configuration, PolicyForm, TargetTracking};
use crate::spec::words::patch::api_form::ApiForm;
use crate::spec::words::scaling::{AIMS, Aims};

table! {
    /// The scalable target that `scaling` asks for.
    "ecs autoscaler" EcsAutoscalerTable {
        /// Policies beside those of `scaling`, in the API's form: `[{ PolicyName = "steps", PolicyType = "StepScaling", … }]`.
        policies: Vec<At<ApiForm<PolicyForm>>>,
        /// What rests: `scale_in`, `scale_out`, "schedules"; where it is left out, what somebody has suspended stays so.
        suspended: Vec<At<Suspended>>,
    }
}

/// What of scaling can be suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Suspended {
    /// Nothing is taken away.
    ScaleIn,
    /// Nothing is added.
    ScaleOut,
    /// No schedule sets bounds.
    Schedules,
}

words!(
    Suspended, "a part of scaling that can rest",
    "scale_in" => Suspended::ScaleIn,
    "scale_out" => Suspended::ScaleOut,
    "schedules" => Suspended::Schedules,
);

/// What Application Auto Scaling knows besides bounds and aims.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct EcsAutoscaler {
    /// In the order of the file.
    pub(crate) policies: Vec<OwnPolicy>,
    /// What rests; `None`: as it is.
    pub(crate) suspended: Option<BTreeSet<Suspended>>,
}

/// A policy in the API's own form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OwnPolicy {
    pub(crate) name: String,
    pub(crate) configuration: Configuration,
}

/// What its own policies look at. Predefined metrics are those of the service's own tasks; what else a policy looks
/// at, or an alarm that calls it, is there also while none runs.
pub(in crate::spec) fn aims(raw: &EcsTable) -> Aims {
    const PREDEFINED: &str =
        "/TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification";
    let own = raw.autoscaler.as_ref();
    let Some(own) = own.filter(|at| at.value.has(&["policies"])) else {
        return Aims::Nothing;
    };
    let own_tasks = |at: &At<ApiForm<PolicyForm>>| at.value.tree.pointer(PREDEFINED).is_some();
    match &own.value.policies {
        Some(at) if at.value.is_empty() => Aims::Nothing,
        Some(at) if at.value.iter().all(own_tasks) => Aims::Metrics,
        _ => Aims::Events,
    }
}

pub(in crate::spec) fn autoscaler(
    raw: Option<At<EcsAutoscalerTable>>,
    is_scaled: bool,
    findings: &mut Findings,
) -> EcsAutoscaler {
    let Some(At { value, head, .. }) = raw else {
        return EcsAutoscaler::default();
    };
    if !is_scaled {
        let problem = Problem::new("missing-key", "`scaling` is missing").at(head);
        let problem = problem.label("nothing scales without its bounds");
        findings.problem(problem.help("scaling = { min = 2, max = 10 }"));
    }
    let mut policies: Vec<OwnPolicy> = Vec::new();
    for at in value.policies.into_iter().flat_map(|at| at.value) {
        let head = at.head;
        // What does not fit has been told.
        let Ok(form) = serde_json::from_value(at.value.tree) else {
            continue;
        };
        let Some(policy) = policy(form, head, findings) else {
            continue;
        };
        if policies.iter().any(|other| other.name == policy.name) {
            let message = format!("two policies are named {}", policy.name);
            findings.problem(Problem::new("conflict", message).at(head));
        }
        policies.push(policy);
    }
    let suspended = value.suspended.map(|at| at.value);
    EcsAutoscaler {
        policies,
        suspended: suspended.map(|all| all.into_iter().map(|at| at.value).collect()),
    }
}

/// A policy of one type, with the configuration of that type and no other.
fn policy(form: PolicyForm, head: Spot, findings: &mut Findings) -> Option<OwnPolicy> {
    let name = form.policy_name;
    if name.trim().is_empty() || AIMS.contains(&name.as_str()) {
        let message = "a policy needs a name of its own: the keys of `scaling` are taken";
        findings.bad_value(head, message);
        return None;
    }
    let tracking = form.target_tracking_scaling_policy_configuration;
    let step = form.step_scaling_policy_configuration;
    let predictive = form.predictive_scaling_policy_configuration;
    let mut all: Vec<Configuration> = Vec::new();
    all.extend(tracking.map(Configuration::TargetTracking));
    all.extend(step.map(Configuration::Step));
    all.extend(predictive.map(Configuration::Predictive));
    let known = ["TargetTrackingScaling", "StepScaling", "PredictiveScaling"];
    let kind = form.policy_type;
    if !known.contains(&kind.as_str()) {
        let message =
            "`PolicyType` is \"TargetTrackingScaling\", \"StepScaling\" or \"PredictiveScaling\"";
        findings.bad_value(head, message);
        return None;
    }
    let one = (all.len() == 1).then(|| all.pop()).flatten();
    let Some(configuration) = one.filter(|one| one.policy_type() == kind) else {
        let message = format!("`{kind}PolicyConfiguration` says how it scales, and no other does");
        findings.bad_value(head, message);
        return None;
    };
    if let Some(message) = configuration.tracking().and_then(metrics) {
        findings.bad_value(head, message);
        return None;
    }
    Some(OwnPolicy {
        name,
        configuration,
    })
}

/// What is wrong with the metric that is tracked.
fn metrics(tracking: &TargetTracking) -> Option<&'static str> {
    let predefined = tracking.predefined_metric_specification.is_some();
    match &tracking.customized_metric_specification {
        Some(_) if predefined => Some("a policy tracks one metric, not two"),
        None if !predefined => Some(
            "a metric is missing: `PredefinedMetricSpecification`, or `CustomizedMetricSpecification`",
        ),
        Some(custom) if !custom.metrics.is_empty() && custom.metric_name.is_some() => {
            Some("`Metrics` is metric math, and `MetricName` one metric: one of both")
        }
        _ => None,
    }
}
