//! The words of the files for what a Deployment and its kin say.

use serde_json::Value;

use super::family::{self, CONTAINERS, Family, INIT, items, text};
use super::labels::Labels;
use super::{
    around, gateway, ingress, keda, nodes, pods, probes, resources, scaling, security, service,
    stateful, volumes,
};
use crate::import::write::{Word, Words, mebibytes, say};
use crate::import::{Draft, ServiceDraft};
use crate::spec::DO_NOT_DISRUPT;

/// The files in the making.
pub(super) fn draft(families: &[Family], manifests: &[Value]) -> Draft {
    let mut draft = Draft::default();
    let mut namespaces = manifests
        .iter()
        .filter(|one| family::kind(one) == "Namespace");
    let own = families
        .first()
        .map(|family| text(&family.deployment, "/metadata/namespace"));
    let own = own.filter(|name| !name.is_empty());
    // A Deployment that names none goes with what it came with.
    let beside = || {
        let mut names = manifests.iter().map(|one| text(one, "/metadata/namespace"));
        names.find(|name| !name.is_empty())
    };
    let namespace = own
        .or_else(|| namespaces.next().map(family::name))
        .or_else(beside)
        .unwrap_or("default");
    let first = families.first().map(|family| family.name.as_str());
    draft.project = match namespace {
        "default" => first.unwrap_or("default").to_owned(),
        name => name.to_owned(),
    };
    say(
        &mut draft.target,
        "platform",
        Some(Word::text("kubernetes")),
    );
    say(&mut draft.target, "namespace", Some(Word::text(namespace)));
    for family in families {
        for path in &family.unknown {
            draft.notes.push(format!(
                "the API of a {} knows no `{path}`: it drops it, and so do the files",
                family::kind(&family.deployment)
            ));
        }
        let service = service(family, &mut draft);
        draft.services.push(service);
    }
    draft
}

fn service(family: &Family, draft: &mut Draft) -> ServiceDraft {
    let mut here = Words::new();
    say(&mut here, "role", nodes::role(family).map(Word::text));
    around::bindings(family, &Labels::of(family), &mut here);
    let beside =
        items(&family.deployment, CONTAINERS).filter(|one| text(one, "/name") != family.name);
    let mut sidecars: Vec<(String, Words)> = beside
        .map(|sidecar| {
            let name = text(sidecar, "/name").to_owned();
            (name, pods::sidecar(sidecar, family, draft))
        })
        .collect();
    let mut words = common(family, draft);
    // Init containers are sidecars that others wait for: one after the other, and then the main one.
    let mut before: Option<(String, &str)> = None;
    let waits = |before: Option<(String, &str)>| {
        before.map(|(name, how)| Word::Table(vec![(name, Word::text(how))]))
    };
    for container in items(&family.deployment, INIT) {
        let mut own = pods::sidecar(container, family, draft);
        let stays = text(container, "/restartPolicy") == "Always";
        say(&mut own, "essential", (!stays).then(|| Word::plain(false)));
        say(&mut own, "depends_on", waits(before.take()));
        let name = text(container, "/name").to_owned();
        before = Some((name.clone(), if stays { "start" } else { "success" }));
        sidecars.push((name, own));
    }
    say(&mut words, "depends_on", waits(before));
    ServiceDraft {
        name: family.name.clone(),
        words,
        sidecars,
        own_table: "kubernetes",
        own: own(family),
        here,
    }
}

fn common(family: &Family, draft: &mut Draft) -> Words {
    let main = family.main();
    let mut words = vec![(
        "image".to_owned(),
        draft.image(text(main, "/name"), text(main, "/image")),
    )];
    pods::ports(main, service::first_port(family), family, &mut words);
    let replicas = family
        .deployment
        .pointer("/spec/replicas")
        .and_then(Value::as_u64);
    let replicas =
        replicas.filter(|count| *count != 1 && family.scaler.is_none() && family.keda.is_none());
    say(&mut words, "replicas", replicas.map(Word::plain));
    let (cpu, memory) = resources::size(family);
    say(&mut words, "cpu", Some(resources::cpu_word(cpu)));
    say(&mut words, "memory", Some(mebibytes(memory)));
    let arch = "/spec/template/spec/nodeSelector/kubernetes.io~1arch";
    let word = match text(&family.deployment, arch) {
        "amd64" => Some("x86_64"),
        "arm64" => Some("arm64"),
        _ => None,
    };
    say(&mut words, "architecture", word.map(Word::text));
    pods::environment(main, draft, &mut words);
    say(&mut words, "scaling", scaling::scaling(family));
    if family.ingress.is_some() || family.route.is_some() {
        let mut expose = Words::new();
        let host = match &family.ingress {
            Some(_) => ingress::host(family),
            None => gateway::host(family),
        };
        say(&mut expose, "host", host.map(Word::text));
        say(&mut words, "expose", Some(Word::Table(expose)));
    }
    pods::process(main, family, &mut words);
    say(&mut words, "volumes", volumes::volumes(family));
    say(&mut words, "mounts", volumes::mounts(main, family));
    let deadline = family
        .deployment
        .pointer("/spec/progressDeadlineSeconds")
        .and_then(Value::as_u64);
    let deadline = deadline.filter(|seconds| *seconds != 600);
    let deadline = deadline.map(|seconds| Word::text(format!("{seconds}s")));
    say(
        &mut words,
        "rollout",
        deadline.map(|word| Word::Table(vec![("deadline".into(), word)])),
    );
    words
}

/// What `[service.NAME.kubernetes]` says.
fn own(family: &Family) -> Words {
    let deployment = &family.deployment;
    let main = family.main();
    let port = service::first_port(family);
    let tcp = pods::tcp(main);
    let labels = Labels::of(family);
    let mut words = Words::new();
    let kind = family::kind(deployment);
    let other_kind = (kind != "Deployment").then(|| Word::text(kind));
    say(&mut words, "kind", other_kind);
    let name = family::name(deployment);
    let other = name != family.name;
    say(&mut words, "name", other.then(|| Word::text(name)));
    let account = nodes::account(family, &labels);
    say(&mut words, "service_account", account);
    service::service(family, name, &labels, &mut words);
    resources::main(family, &mut words);
    probes::probes(main, tcp, true, &mut words);
    let min_ready = deployment
        .pointer("/spec/minReadySeconds")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let min_ready = (min_ready != 5).then(|| Word::text(format!("{min_ready}s")));
    say(&mut words, "min_ready", min_ready);
    shares(deployment, &mut words);
    stateful::words(family, &mut words);
    say(&mut words, "disruption", nodes::disruption(family, &labels));
    say(
        &mut words,
        "autoscaler",
        scaling::autoscaler(family, &labels),
    );
    say(&mut words, "keda", keda::keda(family, &labels));
    let ends = pods::Ends::of(family);
    let stops = main.pointer("/lifecycle/preStop").is_some() && ends.drain == 0;
    let usual = if port.is_some() && !stops { 5 } else { 0 };
    let drain = (ends.drain != usual).then(|| Word::text(format!("{}s", ends.drain)));
    say(&mut words, "drain", drain);
    probes::hooks(main, tcp, ends.drain > 0, &mut words);
    let whole = ends.whole.map(|grace| Word::text(format!("{grace}s")));
    say(&mut words, "termination_grace", whole);
    say(&mut words, "pull_policy", pods::pull_policy(main));
    security::words(family, &mut words);
    nodes::pod(family, &mut words);
    say(&mut words, "ingress", ingress::words(family, &labels));
    say(&mut words, "gateway", gateway::words(family, &labels));
    let policy = family.policy.as_ref();
    let policy = policy.and_then(|policy| around::policy(policy, name, &labels));
    say(&mut words, "network_policy", policy);
    let (annotations, stays) = annotations(deployment);
    say(
        &mut words,
        "do_not_disrupt",
        stays.then(|| Word::plain(true)),
    );
    say(&mut words, "pod_annotations", annotations);
    labels.say(family, name, &mut words);
    words
}

/// Strategies other than the usual one, and their words.
const STRATEGIES: [(&str, &str); 2] = [("Recreate", "recreate"), ("OnDelete", "on_delete")];

/// The number that a field says, be it of pods or of hundredths.
fn text_or_number(object: &Value, pointer: &str) -> u64 {
    let value = object.pointer(pointer);
    let percent = value.and_then(Value::as_str);
    let percent = percent.and_then(|text| text.trim_end_matches('%').parse().ok());
    percent
        .or_else(|| value.and_then(Value::as_u64))
        .unwrap_or(0)
}

/// How many pods more or fewer there may be during a rollout.
fn shares(deployment: &Value, words: &mut Words) {
    let kind = family::kind(deployment);
    let is_deployment = kind == "Deployment";
    let field = if is_deployment {
        "strategy"
    } else {
        "updateStrategy"
    };
    let by = text(deployment, &format!("/spec/{field}/type"));
    if let Some((_, word)) = STRATEGIES.iter().find(|(name, _)| *name == by) {
        say(words, "strategy", Some(Word::text(*word)));
        return;
    }
    let rolling = format!("/spec/{field}/rollingUpdate");
    let (surge, missing) = match kind {
        "Deployment" => ("25%", "0"),
        _ if text_or_number(deployment, &format!("{rolling}/maxSurge")) > 0 => ("0", "0"),
        _ => ("0", "1"),
    };
    for (key, name, ours) in [
        ("max_surge", "maxSurge", surge),
        ("max_unavailable", "maxUnavailable", missing),
    ] {
        let said = deployment.pointer(&format!("{rolling}/{name}"));
        if said.is_none() && !is_deployment {
            continue;
        }
        let word = match said {
            Some(Value::String(text)) if text.ends_with('%') => Word::text(text),
            Some(Value::Number(number)) => Word::plain(number),
            _ => Word::text("25%"),
        };
        let is_ours = word == Word::text(ours) || word == Word::plain(ours);
        say(words, key, (!is_ours).then_some(word));
    }
}

/// The annotations of the pods, and whether Karpenter lets them run to their end.
fn annotations(deployment: &Value) -> (Option<Word>, bool) {
    let annotations = deployment
        .pointer("/spec/template/metadata/annotations")
        .and_then(Value::as_object);
    let is_it = |(key, value): &(&String, &Value)| *key == DO_NOT_DISRUPT && *value == "true";
    let annotations = || annotations.into_iter().flatten();
    let stays = annotations().any(|one| is_it(&one));
    let annotations: Words = annotations()
        .filter(|one| !is_it(one))
        .filter_map(|(key, value)| Some((key.clone(), Word::text(value.as_str()?))))
        .collect();
    let annotations = (!annotations.is_empty()).then_some(Word::Table(annotations));
    (annotations, stays)
}
