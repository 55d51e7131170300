//! Tags, and annotations on Kubernetes.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::names::{ANNOTATION_KEY, is_annotation_key};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, Key, Map};

/// Tags (Amazon ECS API reference, Tag): at most 50, and `aws:` is AWS's own. On Kubernetes they are
/// annotations.
pub(in crate::spec) fn tags(
    raw: Option<At<Map<String>>>,
    ecs: bool,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let Some(tags) = raw else {
        return BTreeMap::new();
    };
    if tags.value.0.len() > 40 {
        findings.bad_value(
            tags.head,
            "at most 40 tags: AWS allows 50, and some are ours",
        );
    }
    let mut found = BTreeMap::new();
    for (key, value) in tags.value.0 {
        tag(&key, &value, findings);
        if !ecs && !is_annotation_key(&key) {
            let message = format!(
                "on Kubernetes the tag `{key}` is left out: no annotation can be called so"
            );
            findings.note("not-honoured", message);
        }
        found.insert(key, value.value);
    }
    found
}

pub(in crate::spec) const OURS: &str =
    "keys that start with `deployer:` or `deployer/` tell whose a service is, and are ours";

/// A label of ours on Kubernetes, which many a tool puts a name of its own into.
pub(in crate::spec) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Whether a tag or an annotation may be one of those by which we know what is ours.
pub(in crate::spec) fn is_ours(key: &str) -> bool {
    let key = key.to_lowercase();
    key.starts_with("deployer:") || key.starts_with("deployer/")
}

fn tag(key: &str, value: &At<String>, findings: &mut Findings) {
    let plain = |text: &str| {
        let allowed = |c: char| c.is_alphanumeric() || "+-=._:/@ ".contains(c);
        text.chars().all(allowed)
    };
    let wrong =
        |spot: Spot, why: &str| Problem::new("bad-value", format!("not a tag: {why}")).at(spot);
    if key.is_empty() || key.chars().count() > 128 {
        findings.problem(wrong(value.head, "a key has 1 to 128 characters"));
    } else if is_ours(key) {
        findings.problem(wrong(value.head, OURS));
    } else if key.to_lowercase().starts_with("aws:") {
        findings.problem(wrong(
            value.head,
            "keys that start with `aws:` are AWS's own",
        ));
    } else if !plain(key) {
        findings.problem(wrong(
            value.head,
            "only letters, digits, spaces and `+-=._:/@` are allowed",
        ));
    }
    if value.value.chars().count() > 256 {
        findings.problem(wrong(value.spot, "a value has at most 256 characters"));
    } else if !plain(&value.value) {
        findings.problem(wrong(
            value.spot,
            "only letters, digits, spaces and `+-=._:/@` are allowed",
        ));
    }
}

/// The key of an annotation, as the file gives it, whole.
pub(in crate::spec) struct AnnotationKey;

impl Key for AnnotationKey {
    fn refusal(word: &str) -> Option<String> {
        let why = if !ANNOTATION_KEY.holds(word) {
            "it is like `team` or `example.com/team`"
        } else if !is_annotation_key(word) {
            "at most 253 characters stand before the slash"
        } else {
            return None;
        };
        Some(format!("this cannot be the key of an annotation: {why}"))
    }

    fn schema() -> Option<Json> {
        Some(ANNOTATION_KEY.key_schema())
    }
}

/// The annotations themselves.
pub(in crate::spec) fn annotations(
    raw: Option<At<Map<String, AnnotationKey>>>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, at) in raw.map(|at| at.value.0).unwrap_or_default() {
        if is_ours(&key) && is_annotation_key(&key) {
            findings.bad_value(at.head, OURS);
        }
        found.insert(key, at.value);
    }
    found
}
