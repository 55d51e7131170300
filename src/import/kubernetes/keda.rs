//! The words of the files for KEDA.

mod sayable;

use std::collections::BTreeSet;

use serde_json::Value;

use self::sayable::{authentication, is_sayable, is_share};
use super::family::{self, Family, items, text};
use super::labels::{Labels, annotations};
use super::scaling::{seconds, windows};
use crate::import::write::{Word, Words, say};
use crate::platform::kubernetes::kinds::scaled_object::{PAUSED, PAUSED_AT, moves};
use crate::spec::WorkloadKind;

const VERSION: &str = "keda.sh/v1alpha1";

fn is(object: &Value, kind: &str) -> bool {
    family::kind(object) == kind && text(object, "/apiVersion") == VERSION
}

/// The authentications of its namespace that the triggers of one name.
fn asking(scaled: &Value) -> impl Iterator<Item = &str> {
    let references = items(scaled, "/spec/triggers").filter_map(|one| one.get("authenticationRef"));
    let own = references.filter(|one| text(one, "/kind") != "ClusterTriggerAuthentication");
    own.map(|one| text(one, "/name"))
}

/// The triggers that `scaling` says, as far as the first ones are such: CPU, then memory.
fn shares(family: &Family, scaled: &Value) -> Words {
    let triggers: Vec<&Value> = items(scaled, "/spec/triggers").collect();
    let mut words = Words::new();
    for kind in ["cpu", "memory"] {
        let same = triggers.iter().filter(|one| text(one, "/type") == kind);
        let next = triggers.get(words.len()).copied();
        let next = next.filter(|one| text(one, "/type") == kind && same.count() == 1);
        let share = next.and_then(|one| is_share(family, one));
        say(&mut words, kind, share.map(Word::plain));
    }
    words
}

/// `scaling`.
pub(super) fn scaling(family: &Family) -> Option<Word> {
    let scaled = family.keda.as_ref()?;
    let bound = |key: &str, usual: u64| {
        let bound = scaled.pointer(&format!("/spec/{key}"));
        Word::plain(bound.and_then(Value::as_u64).unwrap_or(usual))
    };
    let mut words = vec![
        ("min".to_owned(), bound("minReplicaCount", 0)),
        ("max".to_owned(), bound("maxReplicaCount", 100)),
    ];
    words.extend(shares(family, scaled));
    windows(scaled, BEHAVIOR, &mut words);
    Some(Word::Table(words))
}

/// How fast the autoscaler scales that it makes.
const BEHAVIOR: &str = "/spec/advanced/horizontalPodAutoscalerConfig/behavior";

/// `keda`: what `scaling` does not say.
pub(super) fn keda(family: &Family, labels: &Labels) -> Option<Word> {
    let scaled = family.keda.as_ref()?;
    let mut words = Words::new();
    let said = shares(family, scaled).len();
    let triggers: Vec<Word> = items(scaled, "/spec/triggers")
        .skip(said)
        .map(trigger)
        .collect();
    let triggers = (!triggers.is_empty()).then_some(Word::List(triggers));
    say(&mut words, "triggers", triggers);
    let number = |key: &str| scaled.pointer(key).and_then(Value::as_u64);
    for (key, name) in [
        ("polling_interval", "/spec/pollingInterval"),
        ("cooldown", "/spec/cooldownPeriod"),
        ("initial_cooldown", "/spec/initialCooldownPeriod"),
    ] {
        say(&mut words, key, number(name).map(seconds));
    }
    say(
        &mut words,
        "idle",
        number("/spec/idleReplicaCount").map(Word::plain),
    );
    say(
        &mut words,
        "fallback",
        scaled.pointer("/spec/fallback").map(fallback),
    );
    say(&mut words, "behavior", behavior(scaled));
    let (paused, annotations) = paused(scaled);
    say(&mut words, "paused", paused);
    let restores = scaled.pointer("/spec/advanced/restoreToOriginalReplicaCount");
    let restores = restores.filter(|restores| **restores == true);
    say(&mut words, "restore", restores.map(Word::plain));
    let asked = family.authentications.iter();
    let asked: Words = asked
        .filter_map(|one| Some((family::name(one).to_owned(), Word::api(one.get("spec")?))))
        .collect();
    let asked = (!asked.is_empty()).then_some(Word::Table(asked));
    say(&mut words, "authentications", asked);
    let name = family::name(scaled);
    let other = name != family::name(&family.deployment);
    say(&mut words, "name", other.then(|| Word::text(name)));
    let made = text(scaled, "/spec/advanced/horizontalPodAutoscalerConfig/name");
    let made = (!made.is_empty()).then(|| Word::text(made));
    say(&mut words, "hpa_name", made);
    say(&mut words, "labels", labels.own(scaled));
    say(&mut words, "annotations", annotations);
    Some(Word::Table(words))
}

fn trigger(one: &Value) -> Word {
    let mut words = vec![("type".to_owned(), Word::text(text(one, "/type")))];
    let metadata = one.get("metadata").map(Word::api);
    let metadata = metadata.filter(|metadata| *metadata != Word::Table(Vec::new()));
    say(&mut words, "metadata", metadata);
    let reference = one.get("authenticationRef").map(|reference| {
        let name = Word::text(text(reference, "/name"));
        match text(reference, "/kind") {
            kind @ "ClusterTriggerAuthentication" => Word::Table(vec![
                ("name".to_owned(), name),
                ("kind".to_owned(), Word::text(kind)),
            ]),
            _ => name,
        }
    });
    say(&mut words, "authentication", reference);
    for (key, name) in [("metric_type", "metricType"), ("name", "name")] {
        say(&mut words, key, one.get(name).map(Word::api));
    }
    let cached = one
        .get("useCachedMetrics")
        .filter(|cached| **cached == true);
    say(&mut words, "use_cached_metrics", cached.map(Word::plain));
    Word::Table(words)
}

fn fallback(fallback: &Value) -> Word {
    let mut words = Words::new();
    for (key, name) in [
        ("failures", "failureThreshold"),
        ("replicas", "replicas"),
        ("behavior", "behavior"),
    ] {
        say(&mut words, key, fallback.get(name).map(Word::api));
    }
    Word::Table(words)
}

/// How fast it scales, but for the windows that `scaling` says.
fn behavior(scaled: &Value) -> Option<Word> {
    let mut behavior = scaled.pointer(BEHAVIOR)?.clone();
    let ways = behavior.as_object_mut()?;
    for rules in ways.values_mut().filter_map(Value::as_object_mut) {
        rules.remove("stabilizationWindowSeconds");
    }
    ways.retain(|_, rules| rules.as_object().is_some_and(|rules| !rules.is_empty()));
    (!ways.is_empty()).then(|| Word::api(&behavior))
}

/// Whether it is paused, and the annotations that do not say that.
fn paused(scaled: &Value) -> (Option<Word>, Option<Word>) {
    let said = |key: &str| scaled.pointer("/metadata/annotations")?.get(key)?.as_str();
    let count = said(PAUSED_AT).and_then(|count| count.parse::<u32>().ok());
    match (count, said(PAUSED)) {
        (Some(count), _) => (Some(Word::plain(count)), annotations(scaled, &[PAUSED_AT])),
        (None, Some("true")) => (Some(Word::plain(true)), annotations(scaled, &[PAUSED])),
        _ => (None, annotations(scaled, &[])),
    }
}

impl Family {
    /// What of KEDA scales it, unless an autoscaler does; with that by which its triggers ask.
    pub(super) fn gather_keda(&mut self, manifests: &[Value], earlier: &[Self]) {
        if self.scaler.is_some() {
            return;
        }
        let own = |one: &&Value| self.is_scaled_by(one) && is_sayable(one);
        self.keda = manifests.iter().find(own).cloned();
        let Some(scaled) = &self.keda else { return };
        let names: BTreeSet<&str> = asking(scaled).collect();
        let is_taken = |one: &Value| {
            let mut others = earlier.iter().flat_map(|other| &other.authentications);
            others.any(|other| family::name(other) == family::name(one))
        };
        let labels = Labels::of(self);
        let fits = |one: &&Value| {
            is(one, "TriggerAuthentication")
                && names.contains(family::name(one))
                && !is_taken(one)
                && authentication(one, &labels)
        };
        self.authentications = manifests.iter().filter(fits).cloned().collect();
        let own = self.keda.iter().chain(&self.authentications);
        let own: Vec<Value> = own.cloned().collect();
        self.sources.extend(own);
    }

    /// Whether KEDA scales it by this.
    pub(super) fn is_scaled_by(&self, object: &Value) -> bool {
        let kind = WorkloadKind::called(family::kind(&self.deployment));
        let own = kind.map(|kind| kind.named(family::name(&self.deployment)));
        is(object, "ScaledObject") && own.is_some_and(|own| moves(object, &own))
    }

    /// Whether KEDA scales it by this, or asks by it.
    pub(super) fn concerns_keda(&self, object: &Value, manifests: &[Value]) -> bool {
        let mut scaled = manifests.iter().filter(|one| self.is_scaled_by(one));
        self.is_scaled_by(object)
            || is(object, "TriggerAuthentication")
                && scaled.any(|one| asking(one).any(|name| name == family::name(object)))
    }
}
