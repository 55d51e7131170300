//! The words of the files for what a pod says besides its containers: nodes, priorities, names, accounts.

use serde_json::{Map, Value, json};

use super::family::{self, Family, items, text};
use super::labels::{Labels, annotations, table_at};
use crate::import::write::{Word, Words, say};
use crate::names::Arn;
use crate::spec::{CAPACITY, GROUP, GROUP_CAPACITY, POOL, WorkloadKind};

/// The annotation that names the IAM role of an account (Amazon EKS user guide, IAM roles for service
/// accounts).
const ROLE: &str = "eks.amazonaws.com/role-arn";

/// The role of the account, where it is one.
pub(super) fn role(family: &Family) -> Option<&str> {
    let account = family.account.as_ref()?;
    let annotations = account.pointer("/metadata/annotations")?;
    let role = annotations.get(ROLE)?.as_str()?;
    role.parse::<Arn>().is_ok().then_some(role)
}

/// `service_account`: its name, or what it says itself.
pub(super) fn account(family: &Family, labels: &Labels) -> Option<Word> {
    let name = text(&family.deployment, "/spec/template/spec/serviceAccountName");
    if name.is_empty() {
        return None;
    }
    let mut own = vec![("name".to_owned(), Word::text(name))];
    if let Some(account) = &family.account {
        say(&mut own, "labels", labels.own(account));
        let but = role(family).map(|_| ROLE);
        let but: Vec<&str> = but.into_iter().collect();
        say(&mut own, "annotations", annotations(account, &but));
        let secrets = names(account, "/imagePullSecrets");
        say(&mut own, "pull_secrets", secrets);
        let automount = account.get("automountServiceAccountToken");
        say(&mut own, "automount_token", automount.map(Word::api));
    }
    Some(if own.len() == 1 {
        Word::text(name)
    } else {
        Word::Table(own)
    })
}

fn names(object: &Value, pointer: &str) -> Option<Word> {
    let names = items(object, pointer).filter_map(|one| one.get("name")?.as_str());
    let names: Vec<Word> = names.map(Word::text).collect();
    (!names.is_empty()).then_some(Word::List(names))
}

/// `spread`: false, or constraints other than the usual ones.
fn spread(deployment: &Value) -> Option<Word> {
    let pod = "/spec/template/spec/topologySpreadConstraints";
    let all: Vec<&Value> = items(deployment, pod).collect();
    let kind = family::kind(deployment);
    if all.is_empty() {
        return (kind != "DaemonSet").then(|| Word::plain(false));
    }
    let apart = WorkloadKind::of(deployment).told_apart_by();
    let selector = deployment.pointer("/spec/selector").cloned();
    let usual = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(|topology| {
        json!({
            "topologyKey": topology, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": selector, "matchLabelKeys": [apart],
        })
    });
    if all.iter().copied().eq(usual.iter()) {
        return (kind == "DaemonSet").then(|| Word::plain(true));
    }
    let each = all.into_iter().map(|one| {
        let mut one = one.clone();
        if one.get("labelSelector") == selector.as_ref()
            && let Some(fields) = one.as_object_mut()
        {
            fields.remove("labelSelector");
        }
        Word::api(&one)
    });
    Some(Word::List(each.collect()))
}

/// `nodes`, and the labels of nodes that it says.
fn table(labels: Option<&Map<String, Value>>) -> (Option<Word>, Vec<&'static str>) {
    let label = |key: &str| labels.and_then(|all| all.get(key)?.as_str());
    let (group, pool) = (label(GROUP), label(POOL));
    let (mut words, mut said) = (Words::new(), Vec::new());
    let (key, capacity) = match group {
        Some(_) => (GROUP_CAPACITY, label(GROUP_CAPACITY)),
        None => (CAPACITY, label(CAPACITY)),
    };
    let capacity = match capacity {
        Some("SPOT") if group.is_some() => Some("spot"),
        Some("ON_DEMAND") if group.is_some() => Some("on-demand"),
        Some(word @ ("spot" | "on-demand" | "reserved")) if group.is_none() => Some(word),
        _ => None,
    };
    let pool = pool.filter(|_| group.is_none());
    for (word, key, value) in [
        ("capacity", key, capacity),
        ("pool", POOL, pool),
        ("group", GROUP, group),
    ] {
        said.extend(value.map(|_| key));
        say(&mut words, word, value.map(Word::text));
    }
    ((!words.is_empty()).then_some(Word::Table(words)), said)
}

/// All that is said of the pods.
pub(super) fn pod(family: &Family, words: &mut Words) {
    let deployment = &family.deployment;
    say(words, "spread", spread(deployment));
    let pod = deployment.pointer("/spec/template/spec");
    let field = |name: &str| pod.and_then(|pod| pod.get(name));
    let filled = |name: &str| {
        let value = field(name)?;
        let empty = match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::String(text) => text.is_empty(),
            value => value.is_null(),
        };
        (!empty).then_some(value)
    };
    let secrets = pod.and_then(|pod| names(pod, "/imagePullSecrets"));
    say(words, "pull_secrets", secrets);
    let nodes = filled("nodeSelector").and_then(Value::as_object);
    let (table, said) = table(nodes);
    say(words, "nodes", table);
    let nodes = nodes.into_iter().flatten();
    let nodes = nodes.filter(|(key, _)| !said.contains(&key.as_str()));
    let nodes: Words = nodes
        .filter(|(key, value)| {
            // `architecture` says it.
            let known = [json!("amd64"), json!("arm64")].contains(value);
            !(key.as_str() == "kubernetes.io/arch" && known)
        })
        .map(|(key, value)| (key.clone(), Word::api(value)))
        .collect();
    let nodes = (!nodes.is_empty()).then_some(Word::Table(nodes));
    say(words, "node_selector", nodes);
    let other = |name: &str, usual: &str| filled(name).filter(|value| *value != usual);
    for (key, value) in [
        ("affinity", filled("affinity")),
        ("tolerations", filled("tolerations")),
        ("priority_class", filled("priorityClassName")),
        ("runtime_class", filled("runtimeClassName")),
        ("scheduler", other("schedulerName", "default-scheduler")),
        ("dns_policy", other("dnsPolicy", "ClusterFirst")),
        ("dns", filled("dnsConfig")),
        ("host_aliases", filled("hostAliases")),
        ("host_network", filled("hostNetwork")),
        ("share_processes", filled("shareProcessNamespace")),
        ("automount_token", filled("automountServiceAccountToken")),
        ("enable_service_links", filled("enableServiceLinks")),
    ] {
        say(words, key, value.map(Word::api));
    }
    let history = deployment.pointer("/spec/revisionHistoryLimit");
    let history = history.filter(|history| **history != json!(10));
    say(words, "revision_history", history.map(Word::api));
}

/// A budget: most that may go, or fewest that must stay.
pub(super) fn disruption(family: &Family, labels: &Labels) -> Option<Word> {
    // There is none for a DaemonSet.
    let counted = family::kind(&family.deployment) != "DaemonSet";
    let Some(budget) = family.budget.as_ref().filter(|_| counted) else {
        return counted.then(|| Word::plain(false));
    };
    let most = budget.pointer("/spec/maxUnavailable");
    // Such a budget keeps every node from being drained.
    let none = [json!(0), json!("0%")];
    if most.is_some_and(|most| none.contains(most)) {
        return Some(Word::plain(false));
    }
    let mut own = Words::new();
    let name = family::name(budget);
    let other = name != family::name(&family.deployment);
    let policy = text(budget, "/spec/unhealthyPodEvictionPolicy");
    let policy = (policy != "AlwaysAllow").then(|| Word::text("IfHealthyBudget"));
    let min = budget.pointer("/spec/minAvailable");
    let usual = most.filter(|most| **most != json!(1));
    let selector = "/spec/selector/matchLabels";
    let selects = labels.select(budget.pointer(selector));
    let selector = (!selects).then(|| table_at(budget, selector)).flatten();
    let own_labels = labels.own(budget);
    let more = [&policy, &selector, &own_labels]
        .iter()
        .any(|word| word.is_some());
    if min.is_none() && !other && !more {
        return usual.map(Word::api);
    }
    say(&mut own, "min", min.map(Word::api));
    say(&mut own, "max", usual.map(Word::api));
    say(&mut own, "unhealthy", policy);
    say(&mut own, "name", other.then(|| Word::text(name)));
    say(&mut own, "selector", selector);
    say(&mut own, "labels", own_labels);
    Some(Word::Table(own))
}
