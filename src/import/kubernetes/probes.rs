//! The words of the files for what the kubelet asks containers, and what they do at the turns of their lives.

use serde_json::Value;

use super::family::{items, text};
use crate::import::write::{Word, Words, say};

/// The three probes, each said whole: their defaults are not Kubernetes'. `port`: the container's first, with
/// which a pod is ready once that is open, if nothing else is said of `is_main`.
pub(super) fn probes(container: &Value, port: Option<u64>, is_main: bool, words: &mut Words) {
    for (key, name) in [
        ("readiness", "readinessProbe"),
        ("liveness", "livenessProbe"),
        ("startup", "startupProbe"),
    ] {
        let probe = container.get(name);
        let probe = probe.and_then(|probe| self::probe(probe, port, key));
        let off = is_main && key == "readiness" && port.is_some();
        let word = probe.or_else(|| off.then(|| Word::plain(false)));
        say(words, key, word);
    }
}

fn argv(action: &Value) -> Vec<&str> {
    let words = items(action, "/exec/command");
    words.filter_map(Value::as_str).collect()
}

/// `command` for a line of the shell, else `exec`.
fn command(argv: &[&str], words: &mut Words) {
    if let ["/bin/sh", "-c", line] = argv
        && !line.trim().is_empty()
    {
        say(words, "command", Some(Word::text(*line)));
    } else {
        let list = argv.iter().map(|word| Word::text(*word));
        say(words, "exec", Some(Word::List(list.collect())));
    }
}

/// `path`, `port`, `scheme`, `host` and `headers`; `None`: its port has a name that no container knows.
fn http(http: &Value, own: Option<u64>, words: &mut Words) -> Option<()> {
    let path = text(http, "/path");
    let path = if path.is_empty() { "/" } else { path };
    if !path.starts_with('/') {
        return None;
    }
    say(words, "path", Some(Word::text(path)));
    let port = http.get("port")?.as_u64()?;
    say(
        words,
        "port",
        (Some(port) != own).then(|| Word::plain(port)),
    );
    let scheme = text(http, "/scheme");
    let other = !matches!(scheme, "" | "HTTP");
    say(words, "scheme", other.then(|| Word::text(scheme)));
    let host = text(http, "/host");
    say(words, "host", (!host.is_empty()).then(|| Word::text(host)));
    let headers = items(http, "/httpHeaders");
    let headers: Words = headers
        .map(|one| {
            (
                text(one, "/name").to_owned(),
                Word::text(text(one, "/value")),
            )
        })
        .collect();
    let headers = (!headers.is_empty()).then_some(Word::Table(headers));
    say(words, "headers", headers);
    Some(())
}

fn probe(probe: &Value, own: Option<u64>, key: &str) -> Option<Word> {
    let mut words = Words::new();
    if let Some(get) = probe.get("httpGet") {
        http(get, own, &mut words)?;
    } else if let Some(tcp) = probe.get("tcpSocket") {
        let port = tcp.get("port")?.as_u64()?;
        say(&mut words, "port", Some(Word::plain(port)));
    } else if let Some(grpc) = probe.get("grpc") {
        let service = text(grpc, "/service");
        let all = service.is_empty();
        let word = if all {
            Word::plain(true)
        } else {
            Word::text(service)
        };
        say(&mut words, "grpc", Some(word));
        let port = grpc.get("port")?.as_u64()?;
        let port = (Some(port) != own).then(|| Word::plain(port));
        say(&mut words, "port", port);
    } else {
        let argv = argv(probe);
        command(&argv, &mut words);
        if argv.is_empty() {
            return None;
        }
    }
    let number = |name: &str| probe.get(name).and_then(Value::as_u64);
    let time = |seconds: u64| Some(Word::text(format!("{seconds}s")));
    // What follows from `health` of a service, there is none of.
    let delay = number("initialDelaySeconds").filter(|delay| *delay > 0);
    say(&mut words, "delay", delay.and_then(time));
    let period = number("periodSeconds").filter(|period| *period > 0);
    say(&mut words, "period", time(period.unwrap_or(10)));
    let timeout = number("timeoutSeconds").filter(|timeout| *timeout > 0);
    say(&mut words, "timeout", time(timeout.unwrap_or(1)));
    let usual = if key == "startup" { 60 } else { 3 };
    let retries = number("failureThreshold").filter(|retries| *retries > 0);
    let retries = retries.unwrap_or(3);
    let retries = (retries != usual).then(|| Word::plain(retries));
    say(&mut words, "retries", retries);
    let successes = number("successThreshold").filter(|successes| *successes > 1);
    say(&mut words, "successes", successes.map(Word::plain));
    let grace = number("terminationGracePeriodSeconds");
    say(&mut words, "termination_grace", grace.and_then(time));
    Some(Word::Table(words))
}

/// `pre_stop` and `post_start`, but for a wait that `drain` says.
pub(super) fn hooks(container: &Value, port: Option<u64>, drains: bool, words: &mut Words) {
    for (key, name) in [("pre_stop", "preStop"), ("post_start", "postStart")] {
        let action = container.pointer(&format!("/lifecycle/{name}"));
        let action = action.filter(|_| !(drains && key == "pre_stop"));
        say(words, key, action.and_then(|action| hook(action, port)));
    }
}

fn hook(action: &Value, port: Option<u64>) -> Option<Word> {
    let mut words = Words::new();
    if let Some(get) = action.get("httpGet") {
        http(get, port, &mut words)?;
    } else if let Some(seconds) = action.pointer("/sleep/seconds") {
        let seconds = seconds.as_u64()?;
        say(&mut words, "sleep", Some(Word::text(format!("{seconds}s"))));
    } else {
        let argv = argv(action);
        command(&argv, &mut words);
        if argv.is_empty() {
            return None;
        }
    }
    Some(Word::Table(words))
}
