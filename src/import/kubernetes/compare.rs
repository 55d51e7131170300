//! What the files render against the manifests that they were made of, leaf by leaf.

use std::collections::BTreeSet;

use serde_json::Value;

use super::family::{self, Family};
use super::labels::WRITTEN;
use super::{Made, carried, service};
use crate::import::{Loss, says_image};
use crate::platform::kubernetes::fields::compare::same;
use crate::platform::kubernetes::fields::defaults::{is_default, is_left_out, is_zero};
use crate::platform::kubernetes::fields::{Fields, Path, Step, compared_keys};
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::kinds::service::ports;

/// All that the files say otherwise.
pub(super) fn losses(family: &Family, rendered: &Desired, made: &[Made]) -> Vec<Loss> {
    let mut losses = Vec::new();
    let of_words = || {
        let all = rendered.objects.iter();
        all.filter(|object| !object.id.kind.is_carried())
    };
    for there in family.objects() {
        let of_kind = || of_words().filter(|object| object.id.kind.as_str() == family::kind(there));
        let same_name = of_kind().find(|object| object.id.name == family::name(there));
        let same_kind = same_name.or_else(|| of_kind().next());
        match same_kind {
            // It is carried along instead, and compared as such.
            None if carried::rendered(there, made).is_some() => {}
            None => losses.push(Loss::unsaid(family::title(there), "", there.clone())),
            Some(object) => {
                if object.id.name != family::name(there) {
                    let value = Value::from(family::name(there));
                    losses.push(Loss::unsaid(family::title(there), "metadata.name", value));
                }
                let there = counted(there, family);
                differing(&there, &numbered(&object.manifest, family), &mut losses);
            }
        }
    }
    for object in of_words() {
        let kind = object.id.kind.as_str();
        // An account that pods name must be there: it is made where it is missing.
        if kind != "ServiceAccount" && !family.objects().any(|there| family::kind(there) == kind) {
            losses.push(Loss {
                of: format!("{kind} {}", object.id.name),
                path: String::new(),
                value: None,
                why: "the files make one, and there is none".into(),
            });
        }
    }
    losses
}

/// What of it lies in another namespace than the one that the files are for.
pub(super) fn elsewhere(family: &Family, namespace: &str) -> Vec<Loss> {
    let path = "metadata.namespace";
    let away = family.objects().filter_map(|object| {
        let own = family::text(object, "/metadata/namespace");
        let mut loss = Loss::unsaid(family::title(object), path, Value::from(own));
        loss.why = format!("it is of namespace {own}, and the target's is {namespace}");
        (!own.is_empty() && own != namespace).then_some(loss)
    });
    away.collect()
}

/// Where something scales it, the count is nobody's word.
fn counted(there: &Value, family: &Family) -> Value {
    let mut there = there.clone();
    if family.scaler.is_some() && family::title(&there) == family::title(&family.deployment) {
        let spec = there.get_mut("spec").and_then(Value::as_object_mut);
        spec.and_then(|spec| spec.remove("replicas"));
    }
    there
}

/// All that an object that is carried along does not say as it is there.
pub(super) fn of_carried(there: &Value, rendered: &Value) -> Vec<Loss> {
    let mut losses = Vec::new();
    differing(there, rendered, &mut losses);
    losses
}

/// The name that we give the port is no difference: what is there keeps its own.
fn numbered(manifest: &Value, family: &Family) -> Value {
    let mut manifest = manifest.clone();
    let target = manifest.pointer_mut("/spec/ports/0/targetPort");
    let target = target.filter(|target| target.is_string());
    if let (Some(target), Some((number, _))) = (target, service::first_port(family)) {
        *target = number.into();
    }
    manifest
}

/// What nobody has to write: as the API fills it in, or what says nothing.
const FILLED_IN: [(&str, &str); 6] = [
    ("apiVersion", "v1"),
    ("divisor", "0"),
    ("replicas", "1"),
    ("minReplicas", "1"),
    ("revisionHistoryLimit", "10"),
    ("unhealthyPodEvictionPolicy", "IfHealthyBudget"),
];

/// Where a field is true if nothing is said, false says something.
const TRUE: [&str; 5] = [
    "allocateLoadBalancerNodePorts",
    "allowPrivilegeEscalation",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "hostUsers",
];

/// Whether a path is in how fast an autoscaler scales one way, ours or the one that KEDA makes.
fn of_behavior(path: &Path, way: &str) -> bool {
    const OF_KEDA: [&str; 4] = [
        "spec",
        "advanced",
        "horizontalPodAutoscalerConfig",
        "behavior",
    ];
    let of_keda: Vec<&str> = OF_KEDA.into_iter().chain([way]).collect();
    path.within(&["spec", "behavior", way]) || path.within(&of_keda)
}

/// Where no number, no text and no member at all say something else than nothing does.
const EVEN_NONE: [&str; 13] = [
    "fsGroup",
    "maxSurge",
    "maxUnavailable",
    "minAvailable",
    "podSelector",
    "replicas",
    "revisionHistoryLimit",
    "runAsGroup",
    "runAsUser",
    "stabilizationWindowSeconds",
    "storageClassName",
    "terminationGracePeriodSeconds",
    "tolerationSeconds",
];

/// Whose members say something even where they are empty.
const NAMED: [&str; 3] = ["labels", "matchLabels", "nodeSelector"];

/// Whether the field says something by being there.
fn says_even_none(path: &Path) -> bool {
    let mut above = path.steps().iter().rev().skip(1);
    let in_named =
        matches!(above.next(), Some(Step::Field(name)) if NAMED.contains(&name.as_str()));
    in_named || EVEN_NONE.contains(&path.last_field())
}

fn says_nothing(path: &Path, value: &Value) -> bool {
    if TRUE.contains(&path.last_field()) {
        return *value == Value::Bool(true);
    }
    let of_http = matches!(path.steps(), [.., Step::Field(of), Step::Field(name)]
        if of == "httpGet" && name == "path");
    if of_http && *value == "/" {
        return true;
    }
    let text = crate::platform::kubernetes::fields::text(path, value);
    let filled = FILLED_IN.contains(&(path.last_field(), text.as_str()));
    let down = of_behavior(path, "scaleDown") && text == "300";
    let up = of_behavior(path, "scaleUp") && text == "0";
    let known = filled || down || up || is_default(path, value) || is_left_out(path, value);
    known || is_zero(value) && !says_even_none(path)
}

/// The name that we give a port, and the marks by which we know what is ours.
fn is_of_no_matter(path: &Path, value: &Value) -> bool {
    let steps = path.steps();
    let is_port = matches!(steps, [.., Step::Field(list), Step::Item(_), Step::Field(name)]
        if list == "ports" && name == "name");
    let named = is_port && *value == ports::NAME;
    let mut written = WRITTEN
        .iter()
        .map(|key| Path::of(&["metadata", "labels", key]));
    // What a pipeline fills in is a variable of the files.
    let filled_in = path.last_field() == "image" && !says_image(value.as_str());
    named || filled_in || written.any(|one| one == *path)
}

/// Whether a path is in labels or annotations.
fn is_mark(path: &Path) -> bool {
    let words = path.steps().iter().filter_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        Step::Item(_) => None,
    });
    let words: Vec<&str> = words.collect();
    matches!(
        words.as_slice(),
        ["metadata", "labels" | "annotations", ..] | ["spec", "template", "metadata", "labels", ..]
    )
}

fn differing(there: &Value, wanted: &Value, losses: &mut Vec<Loss>) {
    let of = family::title(there);
    let (source, rendered) = (Fields::of(there), Fields::of(wanted));
    let mut told = BTreeSet::new();
    for (path, from) in source.iter() {
        if is_of_no_matter(path, from) {
            continue;
        }
        match rendered.get(path) {
            Some(to) if same(path, from, to) => {}
            Some(to) => losses.push(Loss {
                of: of.clone(),
                path: path.to_string(),
                value: Some(from.clone()),
                why: if path.last_field() == "value" {
                    "the files ask for another value".to_owned()
                } else {
                    format!("the files ask for {to}, not {from}")
                },
            }),
            None if says_nothing(path, from) => {}
            None => {
                let top = top(path, &rendered);
                if told.insert(top.to_string()) {
                    let value = located(there, &top).unwrap_or(from).clone();
                    losses.push(Loss::unsaid(of.clone(), top.to_string(), value));
                }
            }
        }
    }
    for (path, to) in rendered.iter() {
        let same_place = source.get(path).is_some();
        if same_place || is_mark(path) || says_nothing(path, to) || is_of_no_matter(path, to) {
            continue;
        }
        let top = top(path, &source);
        if told.insert(top.to_string()) {
            losses.push(Loss {
                of: of.clone(),
                path: top.to_string(),
                value: None,
                why: format!("the files ask for {}", located(wanted, &top).unwrap_or(to)),
            });
        }
    }
}

/// The first step on the way to a path that the other side has nothing under.
fn top(path: &Path, other: &Fields) -> Path {
    let mut longest_first = path.upwards().filter(|path| !path.steps().is_empty());
    let mut top = path.clone();
    for shorter in longest_first.by_ref() {
        if other.has_any_under(&shorter) {
            break;
        }
        top = shorter;
    }
    top
}

/// What stands at a path.
fn located<'v>(object: &'v Value, path: &Path) -> Option<&'v Value> {
    let mut list = "";
    path.steps()
        .iter()
        .try_fold(object, |value, step| match step {
            Step::Field(name) => {
                list = name;
                value.get(name)
            }
            Step::Item(key) => {
                let items = value.as_array()?;
                let keys = compared_keys(list, items);
                items.get(keys.iter().position(|one| one == key)?)
            }
        })
}
