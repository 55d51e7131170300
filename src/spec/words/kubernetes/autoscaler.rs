//! What the autoscaler knows besides the shares of CPU and memory that `scaling` says.

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscalerBehavior, MetricSpec};
use serde_json::Value as Json;

use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::{At, Map, Table, table};
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::patch::api_form::{ApiForm, tree, trees};
use crate::spec::words::tags::AnnotationKey;

table! {
    /// The `HorizontalPodAutoscaler` that `scaling` asks for.
    "autoscaler" AutoscalerTable {
        /// Its name. Default: the Deployment's.
        name: KubeName,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// What it aims at beside `scaling.cpu` and `scaling.memory`, in the API's form: [{ type = "Pods", pods = { … } }].
        metrics: Vec<At<ApiForm<MetricSpec>>>,
        /// How fast it scales, in the API's form: { scaleUp = { policies = [ … ] } }.
        behavior: ApiForm<HorizontalPodAutoscalerBehavior>,
    }
}

/// What the autoscaler knows besides the shares of CPU and memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AutoscalerOwn {
    /// `None`: the Deployment's.
    pub(crate) name: Option<KubeName>,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
    /// In the API's form.
    pub(crate) metrics: Vec<Json>,
    /// In the API's form.
    pub(crate) behavior: Option<Json>,
}

/// Whether it aims at something of its own.
pub(in crate::spec) fn aims(raw: &KubernetesTable) -> bool {
    let own = raw.autoscaler.as_ref();
    own.is_some_and(|at| at.value.has(&["metrics"]))
}

pub(in crate::spec) fn autoscaler(
    raw: Option<At<AutoscalerTable>>,
    is_scaled: bool,
    findings: &mut Findings,
) -> AutoscalerOwn {
    let Some(At { value, head, .. }) = raw else {
        return AutoscalerOwn::default();
    };
    if !is_scaled {
        let problem = Problem::new("missing-key", "`scaling` is missing").at(head);
        let problem = problem.label("there is no autoscaler without it");
        findings.problem(problem.help("scaling = { min = 2, max = 10 }"));
    }
    AutoscalerOwn {
        name: value.name.map(|at| at.value),
        labels: labels(value.labels, findings),
        metrics: trees(value.metrics),
        behavior: tree(value.behavior),
    }
}
