//! The words of the files for an autoscaler.

use serde_json::{Value, json};

use super::family::{self, Family, items, text};
use super::keda;
use super::labels::Labels;
use crate::import::write::{Word, Words, say};

/// How far it looks back where nothing is said: its word, how long, and the word of the files.
const WINDOWS: [(&str, &str, u64); 2] = [
    ("scaleDown", "scale_in_cooldown", 300),
    ("scaleUp", "scale_out_cooldown", 0),
];

/// The share of CPU or memory that a metric aims at, as we would write it.
fn share<'v>(family: &Family, metric: &'v Value) -> Option<(&'v str, u64)> {
    let alone = family.is_alone();
    let (kind, one) = if alone {
        ("Resource", "resource")
    } else {
        ("ContainerResource", "containerResource")
    };
    let of = metric.get(one)?;
    let resource = text(of, "/name");
    let share = of.pointer("/target/averageUtilization")?.as_u64()?;
    let ours = alone || text(of, "/container") == family.main;
    let said = ["cpu", "memory"].contains(&resource) && (1..=100).contains(&share);
    (ours && said && text(metric, "/type") == kind).then_some((resource, share))
}

/// Shares of CPU and memory, each once; `None`: it aims at something else too.
fn shares(family: &Family, scaler: &Value) -> Option<Words> {
    let mut words = Words::new();
    for metric in items(scaler, "/spec/metrics") {
        let (resource, share) = share(family, metric)?;
        if words.iter().any(|(key, _)| key == resource) {
            return None;
        }
        say(&mut words, resource, Some(Word::plain(share)));
    }
    Some(words)
}

/// Whether how fast it scales is said by the windows alone.
fn is_plain(scaler: &Value) -> bool {
    let behavior = scaler.pointer("/spec/behavior").and_then(Value::as_object);
    let mut ways = behavior.into_iter().flatten();
    ways.all(|(_, rules)| {
        let mut keys = rules.as_object().into_iter().flatten();
        keys.all(|(key, value)| {
            key == "stabilizationWindowSeconds" || key == "selectPolicy" && value == "Max"
        })
    })
}

/// `scaling`.
pub(super) fn scaling(family: &Family) -> Option<Word> {
    let Some(scaler) = &family.scaler else {
        return keda::scaling(family);
    };
    let bound = |name: &str| scaler.pointer(name).and_then(Value::as_u64);
    let min = bound("/spec/minReplicas").unwrap_or(1);
    let mut words = vec![("min".to_owned(), Word::plain(min))];
    let max = bound("/spec/maxReplicas")?;
    say(&mut words, "max", Some(Word::plain(max)));
    words.extend(shares(family, scaler).unwrap_or_default());
    windows(scaler, "/spec/behavior", &mut words);
    Some(Word::Table(words))
}

/// How far it looks back, where that is unusual; `behavior`: where it says how fast it scales.
pub(super) fn windows(scaler: &Value, behavior: &str, words: &mut Words) {
    for (way, key, default) in WINDOWS {
        let window = scaler.pointer(&format!("{behavior}/{way}/stabilizationWindowSeconds"));
        let window = window.and_then(Value::as_u64);
        let window = window.filter(|seconds| *seconds != default);
        say(words, key, window.map(seconds));
    }
}

/// A time, in seconds.
pub(super) fn seconds(seconds: u64) -> Word {
    Word::text(format!("{seconds}s"))
}

/// `autoscaler`: what `scaling` does not say.
pub(super) fn autoscaler(family: &Family, labels: &Labels) -> Option<Word> {
    let scaler = family.scaler.as_ref()?;
    let mut words = Words::new();
    let name = family::name(scaler);
    let other = name != family::name(&family.deployment);
    say(&mut words, "name", other.then(|| Word::text(name)));
    say(&mut words, "labels", labels.own(scaler));
    if shares(family, scaler).is_none_or(|shares| shares.is_empty()) {
        let metrics = scaler.pointer("/spec/metrics").cloned();
        let usual = json!([{
            "type": "Resource",
            "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } },
        }]);
        say(
            &mut words,
            "metrics",
            Some(Word::api(&metrics.unwrap_or(usual))),
        );
    }
    if !is_plain(scaler) {
        let mut behavior = scaler.pointer("/spec/behavior").cloned()?;
        for (way, ..) in WINDOWS {
            if let Some(rules) = behavior.get_mut(way).and_then(Value::as_object_mut) {
                rules.remove("stabilizationWindowSeconds");
            }
        }
        say(&mut words, "behavior", Some(Word::api(&behavior)));
    }
    (!words.is_empty()).then_some(Word::Table(words))
}
