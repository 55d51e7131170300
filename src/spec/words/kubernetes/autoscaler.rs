//! What the autoscaler knows besides the shares of CPU and memory that `scaling` says.

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscalerBehavior, MetricSpec};
use serde_json::Value as Json;

use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::{At, Map, Table, table};
use crate::spec::words::ServiceTable;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::keda::{self, Keda, keda};
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::patch::api_form::{ApiForm, tree, trees};
use crate::spec::words::scaling::Aims;
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

/// What moves the number of pods.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Autoscaling {
    /// A `HorizontalPodAutoscaler` of ours.
    Plain(AutoscalerOwn),
    /// KEDA, which makes one of its own.
    Keda(Box<Keda>),
}

impl Autoscaling {
    /// The labels of what is made for it.
    pub(crate) fn labels(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Plain(own) => &own.labels,
            Self::Keda(keda) => &keda.labels,
        }
    }

    /// The name of what is made for it; `None`: the Deployment's.
    pub(crate) fn name(&self) -> Option<&KubeName> {
        match self {
            Self::Plain(own) => own.name.as_ref(),
            Self::Keda(keda) => keda.name.as_ref(),
        }
    }

    /// What two services cannot both have: what is not called as its Deployment is, and by which KEDA asks.
    pub(super) fn objects(&self, deployment: &str) -> Vec<(&'static str, String)> {
        let kind = match self {
            Self::Plain(_) => "HorizontalPodAutoscaler",
            Self::Keda(_) => "ScaledObject",
        };
        let name = self.name().map(KubeName::as_str);
        let own = name.filter(|name| *name != deployment);
        let own = own.map(|name| (kind, name.to_owned()));
        let asking = self.keda().into_iter();
        let asking = asking.flat_map(|keda| keda.authentications.keys().cloned());
        let asking = asking.map(|name| ("TriggerAuthentication", name));
        own.into_iter().chain(asking).collect()
    }

    /// KEDA, where it is that.
    pub(crate) fn keda(&self) -> Option<&Keda> {
        match self {
            Self::Plain(_) => None,
            Self::Keda(keda) => Some(keda),
        }
    }
}

/// What it aims at of its own.
pub(in crate::spec) fn aims(raw: &KubernetesTable) -> Aims {
    let own = raw.autoscaler.as_ref();
    if own.is_some_and(|at| at.value.has(&["metrics"])) {
        return Aims::Metrics;
    }
    keda::aims(raw)
}

/// What moves the number of pods, where `scaling` asks for it.
pub(in crate::spec) fn autoscaling(
    raw: &mut KubernetesTable,
    common: &ServiceTable,
    findings: &mut Findings,
) -> Autoscaling {
    if let Some(keda) = keda(raw, common, findings) {
        return Autoscaling::Keda(Box::new(keda));
    }
    let is_scaled = common.scaling.is_some();
    Autoscaling::Plain(autoscaler(raw.autoscaler.take(), is_scaled, findings))
}

fn autoscaler(
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
