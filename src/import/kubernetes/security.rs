//! The words of the files for security contexts.

use serde_json::{Map, Value, json};

use super::family::{CONTAINERS, Family, INIT, items};
use crate::import::write::{Word, Words, say};

/// What `user` and `read_only_root` say of a container.
const SAID: [&str; 3] = ["runAsUser", "runAsGroup", "readOnlyRootFilesystem"];

const OF_POD: &str = "/spec/template/spec/securityContext";

fn context(container: &Value) -> Map<String, Value> {
    let mut context = container
        .get("securityContext")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let has_user = context.contains_key("runAsUser");
    context.retain(|key, _| !SAID.contains(&key.as_str()) || key == "runAsGroup" && !has_user);
    context
}

/// Whether the pod and all its containers do just what the standard "restricted" asks for.
pub(super) fn is_restricted(family: &Family) -> bool {
    let pod = family.deployment.pointer(OF_POD);
    let asks = json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } });
    let each = json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } });
    let all = items(&family.deployment, CONTAINERS).chain(items(&family.deployment, INIT));
    let mut contexts = all.map(context);
    pod == Some(&asks) && contexts.all(|one| Value::Object(one) == each)
}

/// `pod_security`.
pub(super) fn of_pod(family: &Family) -> Option<Word> {
    let context = family.deployment.pointer(OF_POD)?.as_object()?;
    let mut words = fields(context);
    say(
        &mut words,
        "fs_group",
        context.get("fsGroup").map(Word::api),
    );
    let policy = context.get("fsGroupChangePolicy");
    say(&mut words, "fs_group_change_policy", policy.map(Word::api));
    let groups = context.get("supplementalGroups");
    say(&mut words, "supplemental_groups", groups.map(Word::api));
    let sysctls = context.get("sysctls").and_then(Value::as_array);
    let sysctls = sysctls.map(|all| {
        let each = all.iter();
        let each = each.filter_map(|one| {
            Some((
                one.get("name")?.as_str()?.to_owned(),
                Word::api(one.get("value")?),
            ))
        });
        Word::Table(each.collect())
    });
    say(&mut words, "sysctls", sysctls);
    (!words.is_empty()).then_some(Word::Table(words))
}

/// `security` of a container.
pub(super) fn of_container(container: &Value) -> Option<Word> {
    let context = context(container);
    let mut words = fields(&context);
    let capabilities = context.get("capabilities").map(Word::api);
    say(&mut words, "capabilities", capabilities);
    for (key, name) in [
        ("privileged", "privileged"),
        ("allow_privilege_escalation", "allowPrivilegeEscalation"),
        ("proc_mount", "procMount"),
    ] {
        say(&mut words, key, context.get(name).map(Word::api));
    }
    (!words.is_empty()).then_some(Word::Table(words))
}

/// What pods and containers have both.
fn fields(context: &Map<String, Value>) -> Words {
    let mut words = Words::new();
    for (key, name) in [
        ("run_as_non_root", "runAsNonRoot"),
        ("run_as_user", "runAsUser"),
        ("run_as_group", "runAsGroup"),
        ("se_linux", "seLinuxOptions"),
    ] {
        say(&mut words, key, context.get(name).map(Word::api));
    }
    let seccomp = context.get("seccompProfile").and_then(|profile| {
        let file = profile.get("localhostProfile").and_then(Value::as_str);
        let kind = profile.get("type")?.as_str()?;
        Some(file.map_or_else(|| kind.to_owned(), |file| format!("localhost/{file}")))
    });
    say(&mut words, "seccomp", seccomp.map(Word::Text));
    words
}

/// What the pods and the main container may do.
pub(super) fn words(family: &Family, words: &mut Words) {
    if is_restricted(family) {
        say(words, "security", Some(Word::text("restricted")));
    } else {
        say(words, "security", of_container(family.main()));
        say(words, "pod_security", of_pod(family));
    }
}
