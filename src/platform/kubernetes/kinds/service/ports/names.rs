//! What ports of pods are called: as the file says, or as the pods that are there have it. Pure.

use serde_json::{Map, Value, json};

use super::{NAME, counterpart, first, ports, protocol, resolve, target};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::plan::observe::Observed;
use crate::spec::Port;

/// The name that the file gives a port, where a port can be called so: at most 15 lower-case letters,
/// digits and `-`, with a letter among them (Kubernetes API reference, Container, ports).
pub(crate) fn said(port: &Port) -> Option<&str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = |name: &&str| {
        let joined = name.starts_with('-') || name.ends_with('-') || name.contains("--");
        name.len() <= 15
            && name.chars().all(plain)
            && name.chars().any(|c| c.is_ascii_lowercase())
            && !joined
            && *name != NAME
    };
    port.name.as_deref().filter(fits)
}

/// Names the port of the pods that the Service sends to as the pods that are there name it, if they
/// do; in a set that was recorded before ports had names too. A name that the file says stays, unless
/// the set is an earlier one (`goes_back`), since nobody is cut off by going back.
pub(crate) fn name_as_there(
    objects: &mut [Object],
    observed: &Observed,
    name: &str,
    goes_back: bool,
) {
    let of = |is: fn(Kind) -> bool| objects.iter().position(|one| is(one.id.kind));
    let Some(pods) = of(Kind::runs_pods) else {
        return;
    };
    let Some(service) = of(|kind| kind == Kind::Service) else {
        unserved_as_there(&mut objects[pods], observed.deployment(name));
        return;
    };
    let Some(port) = first(&objects[service].manifest) else {
        return;
    };
    let spoken = protocol(port).to_owned();
    let Some(number) = resolve(&target(port), &objects[pods].manifest, &spoken) else {
        return;
    };
    let is_named = |port: &Value| port["containerPort"] == number && port["name"] != NAME;
    if !goes_back && target(port).is_string() && ports(&objects[pods].manifest).any(is_named) {
        return;
    }
    let is_it = |port: &Value| port["containerPort"] == number && protocol(port) == spoken;
    let called = called_there(observed, name, &objects[service]);
    let unnamed = |port: &Value| is_it(port) && port.get("name").is_none_or(Value::is_null);
    let there = observed.deployment(name);
    if called.is_none() && there.is_some_and(|pods| ports(pods).any(unnamed)) {
        // A name would make new pods of what is adopted, where the number serves both.
        if let Some(port) = port_mut(&mut objects[pods].manifest, is_it) {
            port.remove("name");
            objects[service].manifest["spec"]["ports"][0]["targetPort"] = json!(number);
        }
        return;
    }
    let called = called.as_deref().unwrap_or(NAME);
    let manifest = &mut objects[pods].manifest;
    let others = ports(manifest).any(|port| port["name"] == called && !is_it(port));
    if let (false, Some(port)) = (others, port_mut(manifest, is_it)) {
        port.insert("name".into(), json!(called));
        objects[service].manifest["spec"]["ports"][0]["targetPort"] = json!(called);
    }
}

/// Where no Service sends to it, only we call the port so: as the pods that are there have it, it is well too.
fn unserved_as_there(pods: &mut Object, there: Option<&Value>) {
    let is_it = |port: &Value| port["name"] == NAME;
    let Some(ours) = ports(&pods.manifest).find(|port| is_it(port)).cloned() else {
        return;
    };
    let same = |port: &&Value| {
        port["containerPort"] == ours["containerPort"] && protocol(port) == protocol(&ours)
    };
    let Some(theirs) = there.and_then(|there| ports(there).find(same)) else {
        return;
    };
    let called = theirs.get("name").cloned().unwrap_or_default();
    if let Some(port) = port_mut(&mut pods.manifest, is_it) {
        match called {
            Value::Null => port.remove("name"),
            called => port.insert("name".into(), called),
        };
    }
}

/// What the pods that are there call the port that their Service sends to.
fn called_there(observed: &Observed, name: &str, wanted: &Object) -> Option<String> {
    let pods = observed.deployment(name)?;
    let port = counterpart(observed.live(&wanted.id)?, &wanted.manifest)?;
    let protocol = protocol(port);
    let target = target(port);
    let number = resolve(&target, pods, protocol)?;
    let mut there = ports(pods)
        .filter(|port| port["containerPort"] == number && self::protocol(port) == protocol);
    match target {
        Value::String(name) => Some(name),
        _ => there.find_map(|port| Some(port.get("name")?.as_str()?.to_owned())),
    }
}

fn port_mut(
    deployment: &mut Value,
    is_it: impl Fn(&Value) -> bool,
) -> Option<&mut Map<String, Value>> {
    let spec = deployment
        .pointer_mut("/spec/template/spec")?
        .as_object_mut()?;
    let lists = spec.iter_mut().filter(|(list, _)| {
        let list = list.as_str();
        list == "containers" || list == "initContainers"
    });
    lists
        .filter_map(|(_, containers)| containers.as_array_mut())
        .flatten()
        .filter_map(|container| container.get_mut("ports")?.as_array_mut())
        .flatten()
        .find(|port| is_it(port))?
        .as_object_mut()
}
