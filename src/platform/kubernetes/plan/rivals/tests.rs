use serde_json::json;

use super::*;
use crate::platform::kubernetes::fields::compare::differences;
use crate::platform::kubernetes::fields::ownership::{Owned, entries, owned_by, taken_over};

/// A Deployment with one container, and who manages what of that.
fn live(container: &Value, managers: &[(&str, Value)]) -> Value {
    let managed: Vec<Value> = managers
        .iter()
        .map(|(manager, fields)| {
            json!({
                "manager": manager,
                "operation": if *manager == "deployer" { "Apply" } else { "Update" },
                "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                    "k:{\"name\":\"api\"}": fields,
                }}}}},
            })
        })
        .collect();
    let mut object = wanted(container);
    object["metadata"] = json!({"managedFields": managed});
    object
}

fn wanted(container: &Value) -> Value {
    let mut container = container.clone();
    container["name"] = "api".into();
    json!({"spec": {"template": {"spec": {"containers": [container]}}}})
}

/// What `look` finds, as `path (managers)`.
fn found(
    wanted_container: &Value,
    live: &Value,
    look: impl Fn(&Sides<'_>) -> Vec<Held>,
) -> Vec<String> {
    let (wanted, there) = (Fields::of(&wanted(wanted_container)), Fields::of(live));
    let (entries, ownership) = (entries(live), Ownership::of(live, |_| false));
    let sides = Sides {
        wanted: &wanted,
        live: &there,
        entries: &entries,
        ownership: &ownership,
    };
    let short = |path: &Path| {
        let path = path.to_string();
        path.replace("spec.template.spec.containers[api]", "")
    };
    look(&sides)
        .iter()
        .map(|one| {
            let managers = one.managers.join(", ");
            format!("{} of {} ({managers})", short(&one.path), short(&one.claim))
        })
        .collect()
}

fn rivals(sides: &Sides<'_>) -> Vec<Held> {
    sides.rivals()
}

fn shared(sides: &Sides<'_>) -> Vec<Held> {
    sides.shared()
}

fn staying(sides: &Sides<'_>) -> Vec<Held> {
    sides.staying()
}

#[test]
fn what_only_one_of_may_be_there_has_to_make_room() {
    let http = json!({"httpGet": {"path": "/z", "port": 8080}});
    let exec = json!({"exec": {"command": ["true"]}});
    let edits = |fields: Value| vec![("kubectl-edit", fields)];
    let probe =
        json!({"f:readinessProbe": {".": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}}}});
    let reference =
        json!({"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "MODE"}}});
    let literal = json!({"name": "MODE", "value": "b"});
    let secret =
        json!({"name": "MODE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "MODE"}}});
    let variable =
        json!({"f:env": {"k:{\"name\":\"MODE\"}": {".": {}, "f:name": {}, "f:valueFrom": {}}}});
    let table = [
        (
            json!({"readinessProbe": exec}),
            live(&json!({"readinessProbe": http}), &edits(probe.clone())),
            vec![".readinessProbe.httpGet of .readinessProbe (kubectl-edit)"],
        ),
        (
            json!({"env": [literal]}),
            live(&json!({"env": [reference]}), &edits(variable.clone())),
            vec![".env[MODE].valueFrom of .env[MODE] (kubectl-edit)"],
        ),
        (
            json!({"env": [secret]}),
            live(&json!({"env": [reference]}), &edits(variable)),
            vec![".env[MODE].valueFrom.configMapKeyRef of .env[MODE].valueFrom (kubectl-edit)"],
        ),
        // The same kind: a conflict that the API server tells.
        (
            json!({"readinessProbe": http}),
            live(&json!({"readinessProbe": http}), &edits(probe.clone())),
            vec![],
        ),
        // Another probe is none of it.
        (
            json!({"livenessProbe": exec}),
            live(&json!({"readinessProbe": http}), &edits(probe.clone())),
            vec![],
        ),
        // What is ours alone goes by itself.
        (
            json!({"readinessProbe": exec}),
            live(&json!({"readinessProbe": http}), &[("deployer", probe)]),
            vec![],
        ),
    ];
    for (wanted, live, expected) in table {
        assert_eq!(found(&wanted, &live, rivals), expected, "{wanted}");
    }
}

#[test]
fn what_leaves_the_file_and_others_manage_too_is_told_as_a_whole() {
    let debug =
        json!({"f:env": {"k:{\"name\":\"DEBUG\"}": {".": {}, "f:name": {}, "f:value": {}}}});
    let there = json!({"env": [{"name": "DEBUG", "value": "1"}]});
    let both = [("deployer", debug.clone()), ("kubectl-set", debug.clone())];
    let told = found(&json!({}), &live(&there, &both), shared);
    assert_eq!(told, [".env[DEBUG] of .env[DEBUG] (kubectl-set)"]);
    // As long as the file says it, there is nothing to tell.
    assert_eq!(found(&there, &live(&there, &both), shared), [""; 0]);
    // Of theirs alone only somebody who takes the rest over has to know.
    let theirs = live(&there, &[("some-operator", debug)]);
    assert_eq!(found(&json!({}), &theirs, shared), [""; 0]);
    assert_eq!(
        found(&json!({}), &theirs, staying),
        [".env[DEBUG] of .env[DEBUG] (some-operator)"]
    );
}

#[test]
fn what_is_claimed_is_ours_alone_and_goes() {
    let fields = json!({
        "f:env": {
            "k:{\"name\":\"DEBUG\"}": {".": {}, "f:name": {}, "f:value": {}},
            "k:{\"name\":\"OTHER\"}": {".": {}, "f:name": {}, "f:value": {}},
        },
    });
    let there = json!({"env": [{"name": "DEBUG", "value": "1"}, {"name": "OTHER", "value": "2"}]});
    let mut live = live(
        &there,
        &[
            ("deployer", json!({"f:image": {}})),
            ("kubectl-set", fields),
        ],
    );
    let env = |name: &str| {
        Path::of(&["spec", "template", "spec", "containers"])
            .item("api".into())
            .field("env")
            .item(name.into())
    };
    let claimed = Owned::of([env("DEBUG")]);
    let managed = taken_over(&live, |_| false, &claimed).unwrap();
    live["metadata"]["managedFields"] = managed;
    let after = entries(&live);
    let ours = owned_by(&after, Entry::is_ours);
    let theirs = owned_by(&after, |entry| !entry.is_ours());
    for (name, is_ours) in [("DEBUG", true), ("OTHER", false)] {
        let value = env(name).field("value");
        assert_eq!(ours.covers(&value), is_ours, "{name}");
        assert_eq!(theirs.covers(&value), !is_ours, "{name}");
    }
    assert_eq!(taken_over(&live, |_| false, &claimed), None, "it is done");
    let ownership = Ownership::of(&live, |_| false);
    let gone = differences(
        &Fields::of(&wanted(&json!({"image": "a"}))),
        &Fields::of(&live),
        &ownership,
    );
    let gone: Vec<String> = gone
        .iter()
        .filter(|one| one.to.is_none())
        .map(|one| one.path.last_field().to_owned())
        .collect();
    assert_eq!(gone, ["name", "value"]);
}
