//! The words of the files for what a Deployment and its kin say.

use serde_json::Value;

use super::family::{self, CONTAINERS, Family, items, text};
use super::{pods, volumes};
use crate::import::write::{Word, Words, mebibytes, say};
use crate::import::{Draft, ServiceDraft};
use crate::names::Arn;

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
    let namespace = own
        .or_else(|| namespaces.next().map(family::name))
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
        let service = service(family, &mut draft);
        draft.services.push(service);
    }
    draft
}

fn service(family: &Family, draft: &mut Draft) -> ServiceDraft {
    let sidecars =
        items(&family.deployment, CONTAINERS).filter(|one| text(one, "/name") != family.name);
    let mut here = Words::new();
    let account = family.account.as_ref();
    let role = account
        .and_then(|account| account.pointer("/metadata/annotations/eks.amazonaws.com~1role-arn"));
    let role = role
        .and_then(Value::as_str)
        .filter(|role| role.parse::<Arn>().is_ok());
    say(&mut here, "role", role.map(Word::text));
    ServiceDraft {
        name: family.name.clone(),
        words: common(family, draft),
        sidecars: sidecars
            .map(|sidecar| {
                (
                    text(sidecar, "/name").to_owned(),
                    pods::sidecar(sidecar, family, draft),
                )
            })
            .collect(),
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
    pods::ports(main, first_port(family), &mut words);
    let replicas = family
        .deployment
        .pointer("/spec/replicas")
        .and_then(Value::as_u64);
    let replicas = replicas.filter(|count| *count != 1 && family.scaler.is_none());
    say(&mut words, "replicas", replicas.map(Word::plain));
    let (cpu, memory) = pods::size(family);
    say(&mut words, "cpu", Some(pods::cpu(cpu)));
    say(&mut words, "memory", Some(mebibytes(memory)));
    let arch = "/spec/template/spec/nodeSelector/kubernetes.io~1arch";
    let word = match text(&family.deployment, arch) {
        "amd64" => Some("x86_64"),
        "arm64" => Some("arm64"),
        _ => None,
    };
    say(&mut words, "architecture", word.map(Word::text));
    pods::environment(main, draft, &mut words);
    say(
        &mut words,
        "scaling",
        family.scaler.as_ref().and_then(scaling),
    );
    if let Some(ingress) = &family.ingress {
        let host = text(ingress, "/spec/rules/0/host");
        let mut expose = Words::new();
        say(
            &mut expose,
            "host",
            (!host.is_empty()).then(|| Word::text(host)),
        );
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

/// The port of the main container that the Service sends to first, else its first.
pub(super) fn first_port(family: &Family) -> Option<u64> {
    let target = family
        .service
        .as_ref()
        .and_then(|service| service.pointer("/spec/ports/0/targetPort"));
    let target = target.and_then(Value::as_u64);
    let first = family
        .main()
        .pointer("/ports/0/containerPort")
        .and_then(Value::as_u64);
    target.or(first)
}

/// Target tracking of CPU and memory.
fn scaling(scaler: &Value) -> Option<Word> {
    let bound = |name: &str| scaler.pointer(name).and_then(Value::as_u64);
    let mut words = vec![(
        "min".to_owned(),
        Word::plain(bound("/spec/minReplicas").unwrap_or(1)),
    )];
    say(
        &mut words,
        "max",
        Some(Word::plain(bound("/spec/maxReplicas")?)),
    );
    let mut aims = 0;
    for metric in items(scaler, "/spec/metrics") {
        let one = if text(metric, "/type") == "ContainerResource" {
            "containerResource"
        } else {
            "resource"
        };
        let resource = text(metric, &format!("/{one}/name"));
        let share = metric
            .pointer(&format!("/{one}/target/averageUtilization"))
            .and_then(Value::as_u64);
        if let (Some(share), "cpu" | "memory") = (share, resource) {
            say(&mut words, resource, Some(Word::plain(share)));
            aims += 1;
        }
    }
    let windows = [
        ("scaleDown", "scale_in_cooldown", 300),
        ("scaleUp", "scale_out_cooldown", 0),
    ];
    for (way, key, default) in windows {
        let window = bound(&format!("/spec/behavior/{way}/stabilizationWindowSeconds"));
        let window = window.filter(|seconds| *seconds != default);
        say(
            &mut words,
            key,
            window.map(|seconds| Word::text(format!("{seconds}s"))),
        );
    }
    (aims > 0).then_some(Word::Table(words))
}

/// What `[service.NAME.kubernetes]` says.
fn own(family: &Family) -> Words {
    let deployment = &family.deployment;
    let main = family.main();
    let mut words = Words::new();
    let name = family::name(deployment);
    say(
        &mut words,
        "name",
        (name != family.name).then(|| Word::text(name)),
    );
    let account = text(deployment, "/spec/template/spec/serviceAccountName");
    say(
        &mut words,
        "service_account",
        (!account.is_empty()).then(|| Word::text(account)),
    );
    let port = family
        .service
        .as_ref()
        .and_then(|service| service.pointer("/spec/ports/0/port"));
    let port = port.and_then(Value::as_u64).filter(|port| *port != 80);
    say(&mut words, "service_port", port.map(Word::plain));
    pods::resources(family, &mut words);
    pods::probes(main, first_port(family), &mut words);
    let min_ready = deployment
        .pointer("/spec/minReadySeconds")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    say(
        &mut words,
        "min_ready",
        (min_ready != 5).then(|| Word::text(format!("{min_ready}s"))),
    );
    shares(deployment, &mut words);
    say(&mut words, "disruption", disruption(family.budget.as_ref()));
    let spread = deployment
        .pointer("/spec/template/spec/topologySpreadConstraints")
        .is_some();
    say(&mut words, "spread", (!spread).then(|| Word::plain(false)));
    let (drain, _) = pods::ends(family);
    let usual = if first_port(family).is_some() { 5 } else { 0 };
    say(
        &mut words,
        "drain",
        (drain != usual).then(|| Word::text(format!("{drain}s"))),
    );
    if let Some(ingress) = &family.ingress {
        say(&mut words, "ingress", Some(ingress_words(ingress, name)));
    }
    say(&mut words, "pod_annotations", annotations(deployment));
    words
}

/// How many pods more or fewer there may be during a rollout.
fn shares(deployment: &Value, words: &mut Words) {
    for (key, name, ours) in [
        ("max_surge", "maxSurge", "25%"),
        ("max_unavailable", "maxUnavailable", "0"),
    ] {
        let said = deployment.pointer(&format!("/spec/strategy/rollingUpdate/{name}"));
        let word = match said {
            Some(Value::String(text)) if text.ends_with('%') => Word::text(text),
            Some(Value::Number(number)) => Word::plain(number),
            _ => Word::text("25%"),
        };
        let is_ours = word == Word::text(ours) || word == Word::plain(ours);
        say(words, key, (!is_ours).then_some(word));
    }
}

/// The annotations of the pods.
fn annotations(deployment: &Value) -> Option<Word> {
    let annotations = deployment
        .pointer("/spec/template/metadata/annotations")
        .and_then(Value::as_object);
    let annotations = annotations.into_iter().flatten();
    let annotations: Words = annotations
        .filter_map(|(key, value)| Some((key.clone(), Word::text(value.as_str()?))))
        .collect();
    (!annotations.is_empty()).then_some(Word::Table(annotations))
}

/// A budget by what must be there has no word.
fn disruption(budget: Option<&Value>) -> Option<Word> {
    match budget.and_then(|budget| budget.pointer("/spec/maxUnavailable")) {
        Some(Value::Number(number)) if number.as_u64() == Some(1) => None,
        Some(Value::Number(number)) => Some(Word::plain(number)),
        Some(Value::String(text)) => Some(Word::text(text)),
        _ => Some(Word::plain(false)),
    }
}

fn ingress_words(ingress: &Value, deployment: &str) -> Word {
    let mut words = Words::new();
    let name = family::name(ingress);
    let other = name != format!("{deployment}-ingress");
    say(&mut words, "name", other.then(|| Word::text(name)));
    let class = text(ingress, "/spec/ingressClassName");
    say(
        &mut words,
        "class",
        (!class.is_empty()).then(|| Word::text(class)),
    );
    let path = text(ingress, "/spec/rules/0/http/paths/0/path");
    say(
        &mut words,
        "path",
        (!path.is_empty() && path != "/").then(|| Word::text(path)),
    );
    let annotations = ingress
        .pointer("/metadata/annotations")
        .and_then(Value::as_object);
    let annotations: Words = annotations
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), Word::text(value.as_str()?))))
        .collect();
    say(
        &mut words,
        "annotations",
        (!annotations.is_empty()).then_some(Word::Table(annotations)),
    );
    Word::Table(words)
}
