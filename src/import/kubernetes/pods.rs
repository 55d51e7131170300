//! The words of the files for what the containers of a pod say.

use serde_json::Value;

use super::family::{CONTAINERS, Family, items, text};
use super::volumes;
use crate::import::Draft;
use crate::import::write::{Word, Words, mebibytes, say, say_environment};

/// The ports, the one that the Service sends to first.
pub(super) fn ports(container: &Value, first: Option<u64>, words: &mut Words) {
    let said = items(container, "/ports").filter_map(|port| {
        let udp = text(port, "/protocol") == "UDP";
        Some((port.get("containerPort")?.as_u64()?, udp))
    });
    let mut said: Vec<(u64, bool)> = said.collect();
    said.dedup();
    if let Some(first) = first {
        if !said.iter().any(|(number, _)| *number == first) {
            said.insert(0, (first, false));
        }
        said.sort_by_key(|(number, _)| *number != first);
    }
    let word = |(number, udp): (u64, bool)| {
        if udp {
            Word::text(format!("{number}/udp"))
        } else {
            Word::plain(number)
        }
    };
    let mut all: Vec<Word> = said.into_iter().map(word).collect();
    match all.len() {
        0 => {}
        1 => say(words, "port", all.pop()),
        _ => say(words, "ports", Some(Word::List(all))),
    }
}

pub(super) fn environment(container: &Value, draft: &mut Draft, words: &mut Words) {
    let (mut env, mut secrets, mut vouched) = (Words::new(), Words::new(), Vec::new());
    for variable in items(container, "/env") {
        let name = text(variable, "/name");
        if let Some(value) = variable.get("value").and_then(Value::as_str) {
            let (word, hidden) = draft.literal(name, value);
            vouched.extend(hidden.then(|| name.to_owned()));
            env.push((name.to_owned(), word));
        } else if variable.get("valueFrom").is_none() {
            env.push((name.to_owned(), Word::text("")));
        } else if let Some(from) = variable.pointer("/valueFrom/secretKeyRef") {
            let mut reference = vec![("secret".to_owned(), Word::text(text(from, "/name")))];
            let key = text(from, "/key");
            say(
                &mut reference,
                "key",
                (key != name).then(|| Word::text(key)),
            );
            secrets.push((name.to_owned(), Word::Table(reference)));
        }
    }
    say_environment(words, env, secrets, &vouched);
}

/// How it is started and ended.
pub(super) fn process(container: &Value, family: &Family, words: &mut Words) {
    let list = |pointer: &str| {
        let list: Vec<Word> = items(container, pointer)
            .filter_map(Value::as_str)
            .map(Word::text)
            .collect();
        (!list.is_empty()).then_some(Word::List(list))
    };
    say(words, "command", list("/args"));
    say(words, "entrypoint", list("/command"));
    let id = |name: &str| {
        container
            .pointer(&format!("/securityContext/{name}"))
            .and_then(Value::as_u64)
    };
    let user = id("runAsUser").map(|user| match id("runAsGroup") {
        Some(group) => format!("{user}:{group}"),
        None => user.to_string(),
    });
    say(words, "user", user.map(Word::Text));
    let directory = text(container, "/workingDir");
    say(
        words,
        "working_dir",
        (!directory.is_empty()).then(|| Word::text(directory)),
    );
    let read_only =
        container.pointer("/securityContext/readOnlyRootFilesystem") == Some(&Value::Bool(true));
    say(
        words,
        "read_only_root",
        read_only.then(|| Word::plain(true)),
    );
    let (_, stop) = ends(family);
    say(
        words,
        "stop_timeout",
        (stop != 30).then(|| Word::text(format!("{stop}s"))),
    );
}

/// How long it goes on serving, and how long it has to end then.
pub(super) fn ends(family: &Family) -> (u64, u64) {
    let sleep = family.main().pointer("/lifecycle/preStop/sleep/seconds");
    let drain = sleep.and_then(Value::as_u64).unwrap_or(0);
    let grace = family
        .deployment
        .pointer("/spec/template/spec/terminationGracePeriodSeconds");
    let grace = grace.and_then(Value::as_u64).unwrap_or(30);
    (drain, grace.saturating_sub(drain).clamp(2, 120))
}

pub(super) fn sidecar(sidecar: &Value, family: &Family, draft: &mut Draft) -> Words {
    let mut words = vec![(
        "image".to_owned(),
        draft.image(text(sidecar, "/name"), text(sidecar, "/image")),
    )];
    ports(sidecar, None, &mut words);
    let cpu = amount(sidecar, "requests", "cpu");
    say(&mut words, "cpu", cpu.map(self::cpu));
    let memory = amount(sidecar, "limits", "memory");
    say(&mut words, "memory", memory.map(mebibytes));
    environment(sidecar, draft, &mut words);
    process(sidecar, family, &mut words);
    say(&mut words, "mounts", volumes::mounts(sidecar, family));
    words
}

/// An amount of a container in thousandths of a CPU, or in MiB where those are whole.
fn amount(container: &Value, part: &str, what: &str) -> Option<u64> {
    let value = container.pointer(&format!("/resources/{part}/{what}"))?;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    let amount = match (what, unit) {
        ("cpu", "m") | (_, "Mi") => number,
        ("cpu", "") => number * 1000.0,
        (_, "Ki") => number / 1024.0,
        (_, "Gi") => number * 1024.0,
        (_, "M") => number * 1e6 / 1_048_576.0,
        (_, "G") => number * 1e9 / 1_048_576.0,
        (_, "") => number / 1_048_576.0,
        _ => return None,
    };
    let text = format!("{:.0}", amount.ceil());
    text.parse().ok().filter(|amount| *amount > 0)
}

/// Where nothing is said, a pod has so much.
const CPU: u64 = 250;
const MEMORY: u64 = 512;

/// What the main container has of both, by its request and its limit.
fn main_size(family: &Family) -> [Option<u64>; 4] {
    let main = family.main();
    [
        ("requests", "cpu"),
        ("limits", "cpu"),
        ("requests", "memory"),
        ("limits", "memory"),
    ]
    .map(|(part, what)| amount(main, part, what))
}

/// What a pod has in all: thousandths of a CPU, and MiB.
pub(super) fn size(family: &Family) -> (u64, u64) {
    let [requested, allowed, reserved, most] = main_size(family);
    let sidecars =
        || items(&family.deployment, CONTAINERS).filter(|one| text(one, "/name") != family.name);
    let cpu: u64 = sidecars()
        .filter_map(|one| amount(one, "requests", "cpu"))
        .sum();
    let memory: u64 = sidecars()
        .filter_map(|one| amount(one, "limits", "memory"))
        .sum();
    (
        requested.or(allowed).unwrap_or(CPU) + cpu,
        most.or(reserved).unwrap_or(MEMORY) + memory,
    )
}

/// What differs from what follows from the size of the pod.
pub(super) fn resources(family: &Family, words: &mut Words) {
    let [requested, allowed, reserved, most] = main_size(family);
    let mut requests = Words::new();
    let several = items(&family.deployment, CONTAINERS).count() > 1;
    say(&mut requests, "cpu", requested.filter(|_| several).map(cpu));
    let other = reserved.filter(|reserved| most.is_some_and(|most| most != *reserved));
    say(&mut requests, "memory", other.map(mebibytes));
    let mut limits = Words::new();
    say(&mut limits, "cpu", allowed.map(cpu));
    say(
        words,
        "requests",
        (!requests.is_empty()).then_some(Word::Table(requests)),
    );
    say(
        words,
        "limits",
        (!limits.is_empty()).then_some(Word::Table(limits)),
    );
}

pub(super) fn cpu(thousandths: u64) -> Word {
    Word::text(format!("{thousandths}m"))
}

/// The three probes, each said whole: their defaults are not Kubernetes'.
pub(super) fn probes(container: &Value, port: Option<u64>, words: &mut Words) {
    for (key, name) in [
        ("readiness", "readinessProbe"),
        ("liveness", "livenessProbe"),
        ("startup", "startupProbe"),
    ] {
        let probe = container
            .get(name)
            .and_then(|probe| self::probe(probe, port, key));
        // Without a word a pod is ready once its port is open.
        let off = key == "readiness" && port.is_some();
        say(
            words,
            key,
            probe.or_else(|| off.then(|| Word::plain(false))),
        );
    }
}

fn probe(probe: &Value, own: Option<u64>, key: &str) -> Option<Word> {
    let mut words = Words::new();
    if let Some(http) = probe.get("httpGet") {
        let path = text(http, "/path");
        say(
            &mut words,
            "path",
            Some(Word::text(if path.is_empty() { "/" } else { path })),
        );
        let port = http.get("port").and_then(Value::as_u64);
        say(
            &mut words,
            "port",
            port.filter(|port| Some(*port) != own).map(Word::plain),
        );
    } else if let Some(tcp) = probe.get("tcpSocket") {
        say(
            &mut words,
            "port",
            Some(Word::plain(tcp.get("port").and_then(Value::as_u64)?)),
        );
    } else {
        let command: Vec<&str> = items(probe, "/exec/command")
            .filter_map(Value::as_str)
            .collect();
        let [shell, "-c", line] = command.as_slice() else {
            return None;
        };
        if *shell != "/bin/sh" {
            return None;
        }
        say(&mut words, "command", Some(Word::text(*line)));
    }
    let number = |name: &str| probe.get(name).and_then(Value::as_u64);
    let time = |seconds: u64| Some(Word::text(format!("{seconds}s")));
    let delay = number("initialDelaySeconds").filter(|delay| *delay > 0);
    say(&mut words, "delay", delay.and_then(time));
    say(
        &mut words,
        "period",
        time(number("periodSeconds").unwrap_or(10)),
    );
    say(
        &mut words,
        "timeout",
        time(number("timeoutSeconds").unwrap_or(1)),
    );
    let usual = if key == "startup" { 60 } else { 3 };
    let retries = number("failureThreshold").unwrap_or(3);
    say(
        &mut words,
        "retries",
        (retries != usual).then(|| Word::plain(retries)),
    );
    Some(Word::Table(words))
}
