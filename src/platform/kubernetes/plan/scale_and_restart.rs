//! `scale` and `restart`: one change each, on a service that is there. Pure.
//!
//! Both rest on what is there and not on the file: nothing else that differs from it is touched.

use serde_json::{Value, json};

use super::adopt::Owner;
use super::change::{Change, Count};
use super::diff::Draft;
use super::observe::Observed;
use super::replicas;
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::counting;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::capture::capture;
use crate::platform::kubernetes::fields::compare::Ownership;
use crate::platform::kubernetes::key;
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::kinds::scaler::Scaler;
use crate::spec::{KubeService, WorkloadKind};

/// Where the time of a restart stands in a Deployment.
const ANNOTATIONS: &str = "/spec/template/metadata/annotations";

/// When a restart was asked for last.
pub(crate) fn restarted(deployment: &Value) -> Option<&str> {
    deployment
        .pointer(ANNOTATIONS)?
        .get(key::RESTARTED)?
        .as_str()
}

/// A Deployment that says so too.
pub(crate) fn say_restarted(manifest: &mut Value, at: &str) {
    manifest["spec"]["template"]["metadata"]["annotations"][key::RESTARTED] = json!(at);
}

/// What we own of what is there, as a set that can be applied.
pub(crate) fn owned(observed: &Observed, owner: Owner<'_>) -> Vec<Object> {
    observed
        .objects
        .iter()
        .filter(|(id, live)| owner.has(live) && !observed.is_former(id))
        .filter_map(|(id, live)| capture(id, live, None, &Ownership::of(live, |_| false)))
        .collect()
}

/// New pods of the same specification.
pub(crate) fn restart(live: &Value, id: &Id, mut asked: Vec<Object>, now: &str) -> Draft {
    let Some(object) = asked.iter_mut().find(|object| object.id == *id) else {
        return Draft::default();
    };
    say_restarted(&mut object.manifest, now);
    let apply = update(object.clone(), live, true);
    Draft {
        views: vec![ChangeView {
            object: id.to_string(),
            path: format!("spec.template.metadata.annotations[{}]", key::RESTARTED),
            from: restarted(live).map(str::to_owned),
            to: Some(now.to_owned()),
            effect: Effect::Restarts,
        }],
        changes: vec![Change::Record { asked }, apply],
        ..Draft::default()
    }
}

/// Another count: through the autoscaler's bounds where there is one.
pub(crate) fn scale_to(
    service: &KubeService,
    observed: &Observed,
    owner: Owner<'_>,
    wanted: u32,
) -> Result<Draft, Failed> {
    let name = service.own.name.as_str();
    if service.own.kind == WorkloadKind::DaemonSet {
        return Err(Failed::new(
            format!("set the count of {name}"),
            FailureKind::Refused,
            "it is a DaemonSet, which runs one pod on each node",
        ));
    }
    if let Some(scaler) = &observed.scaler {
        return Err(Failed::new(
            format!("set the count of {name}"),
            FailureKind::Refused,
            format!("{scaler}, which is not ours, decides it"),
        ));
    }
    let ours = |(id, live): &(&Id, &Value)| owner.has(live) && !observed.is_former(id);
    let now = observed.deployment(name).map_or(0, replicas::replicas);
    let mut ours = observed.objects.iter().filter(ours);
    let scaler = ours.find_map(|(id, live)| Some((id.kind.scaler()?, id, live)));
    let scaled = scaler.map(|(scaler, _, live)| scaler.scaled(live, now));
    if let Some(refused) = counting::refusal(service, scaled, wanted, "pods") {
        return Err(refused);
    }
    let mut diff = match scaler {
        Some((scaler, id, live)) => raise_bounds(scaler, id, live, wanted),
        None => Draft::default(),
    };
    // An autoscaler leaves a Deployment at 0 alone (Kubernetes documentation, Horizontal Pod
    // Autoscaling, implicit maintenance-mode deactivation).
    if scaler.is_none() || now == 0 {
        let set = set_count(&service.own.kind.named(name), now, wanted);
        diff.changes.extend(set.changes);
        diff.views.extend(set.views);
    }
    diff.notes
        .extend(scaled.map(|scaled| counting::through_bounds(scaled, wanted, "pods")));
    if !diff.changes.is_empty() && !service.counted_by_others {
        diff.notes.push(Note::info(
            "until_next_apply",
            "The next `apply` sets what deploy.toml says.",
        ));
    }
    Ok(diff)
}

fn raise_bounds(scaler: &Scaler, id: &Id, live: &Value, wanted: u32) -> Draft {
    let mut diff = Draft::default();
    let Some(mut object) = capture(id, live, None, &Ownership::of(live, |_| false)) else {
        return diff;
    };
    let min = scaler.scaled(live, 0).min;
    if min != wanted {
        object.manifest["spec"][scaler.min] = json!(wanted);
        diff.views.push(scales(id, scaler.min, min, wanted));
        diff.changes.push(update(object, live, false));
    }
    diff
}

fn set_count(own: &Id, now: u32, wanted: u32) -> Draft {
    if now == wanted {
        return Draft::default();
    }
    Draft {
        changes: vec![Change::Count {
            deployment: own.name.clone(),
            replicas: wanted,
            why: Count::Set,
            after_health: false,
        }],
        views: vec![scales(own, "replicas", now, wanted)],
        ..Draft::default()
    }
}

fn scales(id: &Id, field: &str, from: u32, to: u32) -> ChangeView {
    ChangeView {
        object: id.to_string(),
        path: format!("spec.{field}"),
        from: Some(from.to_string()),
        to: Some(to.to_string()),
        effect: Effect::Scales,
    }
}

fn update(object: Object, live: &Value, rolls: bool) -> Change {
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str);
    Change::Apply {
        object,
        uid: Some(uid.unwrap_or_default().to_owned()),
        force: false,
        rolls,
        after_health: false,
        takes_over: Vec::new(),
        claims: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
