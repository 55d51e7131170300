//! Labels and annotations: those of every object, those of the pods, and those by which pods are found.

use std::collections::BTreeMap;

use crate::names::{KubeLabel, label_value};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Switch};
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::tags::{AnnotationKey, MANAGED_BY, annotations, is_ours};

/// Labels and annotations of the file's own.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Labels {
    /// Labels of every object.
    pub(crate) objects: BTreeMap<String, String>,
    /// Labels of the pods, with those of every object that are theirs too.
    pub(crate) pods: BTreeMap<String, String>,
    /// Annotations of the Deployment.
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Labels {
    /// What the table says. The labels that select pods stay what they are.
    pub(in crate::spec) fn of(
        raw: &mut KubernetesTable,
        selector: &BTreeMap<String, String>,
        findings: &mut Findings,
    ) -> Self {
        let read = |raw: Option<At<Map<String, AnnotationKey>>>, findings: &mut Findings| {
            for (key, at) in raw.iter().flat_map(|at| &at.value.0) {
                selects(key, Some(&at.value), at.head, selector, findings);
            }
            labels(raw, findings)
        };
        let objects = read(raw.labels.take(), findings);
        let mut pods = objects.clone();
        let own = raw.pod_labels.take().map(|at| at.value.0);
        for (key, at) in own.unwrap_or_default() {
            match at.value {
                Switch::On(value) => {
                    selects(&key, Some(&value), at.head, selector, findings);
                    written(&key, &value, (at.head, at.spot), findings);
                    pods.insert(key, value);
                }
                Switch::Off => {
                    selects(&key, None, at.head, selector, findings);
                    pods.remove(&key);
                }
            }
        }
        Self {
            objects,
            pods,
            annotations: annotations(raw.annotations.take(), findings),
        }
    }

    /// By what pods are found that these select.
    pub(in crate::spec) fn found<'a>(
        &'a self,
        selector: &'a BTreeMap<String, String>,
    ) -> Found<'a> {
        Found {
            selector,
            labels: &self.pods,
        }
    }
}

/// By what pods are found: the labels that select them, and all that the file gives them.
#[derive(Clone, Copy)]
pub(in crate::spec) struct Found<'a> {
    pub(in crate::spec) selector: &'a BTreeMap<String, String>,
    pub(in crate::spec) labels: &'a BTreeMap<String, String>,
}

impl Found<'_> {
    /// The labels by which something else finds them: they must bear them.
    pub(in crate::spec) fn by(
        &self,
        raw: Option<At<Map<Filled, AnnotationKey>>>,
        findings: &mut Findings,
    ) -> BTreeMap<String, String> {
        let Some(raw) = raw else {
            return self.selector.clone();
        };
        if raw.value.0.is_empty() {
            findings.bad_value(
                raw.spot,
                "without a label it would find no pod of this service",
            );
        }
        let mut found = BTreeMap::new();
        for (key, at) in raw.value.0 {
            let there = self.selector.get(&key).or_else(|| self.labels.get(&key));
            if there != Some(&at.value.0) {
                let message = "the pods of this service do not have this label, so that none of them would be found";
                let problem = Problem::new("bad-value", message).at(at.head);
                findings.problem(problem.help("`labels` or `pod_labels` give it to them"));
            }
            found.insert(key, at.value.0);
        }
        found
    }
}

/// A label that selects the pods has the value by which they are found.
fn selects(
    key: &str,
    value: Option<&String>,
    spot: Spot,
    selector: &BTreeMap<String, String>,
    findings: &mut Findings,
) {
    if selector
        .get(key)
        .is_some_and(|wanted| Some(wanted) != value)
    {
        let message = "the pods are found by this label, which `selector` says";
        findings.problem(Problem::new("conflict", message).at(spot));
    }
}

/// The one of ours among the recommended labels is every tool's, and pods bear none of ours.
const OURS: &str = "this label is ours: it tells whose an object is";

/// Whether a label of an object can be, and is none of ours.
fn check(key: &str, value: &str, at: (Spot, Spot), findings: &mut Findings) {
    if key == MANAGED_BY {
        findings.bad_value(at.0, OURS);
    }
    written(key, value, at, findings);
}

/// Whether a label of pods can be.
fn written(key: &str, value: &str, (head, spot): (Spot, Spot), findings: &mut Findings) {
    if is_ours(key) {
        findings.bad_value(head, OURS);
    }
    if label_value(value) != value {
        let why = "a label has at most 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends";
        findings.bad_value(spot, why);
    }
}

/// Labels as a table says them.
pub(in crate::spec) fn labels(
    raw: Option<At<Map<String, AnnotationKey>>>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, at) in raw.map(|at| at.value.0).unwrap_or_default() {
        check(&key, &at.value, (at.head, at.spot), findings);
        found.insert(key, at.value);
    }
    found
}

/// Of every Deployment in the namespace another: `app`, and the name, unless the file says it.
pub(in crate::spec) fn selector(
    raw: Option<At<Map<Filled, AnnotationKey>>>,
    name: &KubeLabel,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let Some(raw) = raw else {
        return BTreeMap::from([("app".to_owned(), name.to_string())]);
    };
    if raw.value.0.is_empty() {
        findings.bad_value(raw.spot, "without a label it would select every pod");
    }
    let mut found = BTreeMap::new();
    for (key, at) in raw.value.0 {
        written(&key, &at.value.0, (at.head, at.spot), findings);
        found.insert(key, at.value.0);
    }
    found
}
