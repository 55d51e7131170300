//! The words of the files for a Service.

use serde_json::Value;

use super::family::{self, Family, items, text};
use super::labels::{Labels, annotations, table_at};
use crate::import::write::{Word, Words, say};

/// The main container's first port, with its protocol, as the files say it.
pub(super) fn first_port(family: &Family) -> Option<(u64, bool)> {
    let ports: Vec<(u64, bool)> = items(family.main(), "/ports").filter_map(port).collect();
    let target = family
        .service
        .as_ref()
        .and_then(|service| service.pointer("/spec/ports/0/targetPort"));
    let target = target.and_then(Value::as_u64);
    let sent = ports.iter().find(|(number, _)| Some(*number) == target);
    sent.or(ports.first()).copied()
}

/// The number of a port, and whether it is UDP.
pub(super) fn port(port: &Value) -> Option<(u64, bool)> {
    let number = port.get("containerPort")?.as_u64()?;
    Some((number, text(port, "/protocol") == "UDP"))
}

/// `service_port` and `service`.
pub(super) fn service(family: &Family, name: &str, labels: &Labels, words: &mut Words) {
    let listens = first_port(family).is_some();
    let Some(service) = &family.service else {
        say(words, "service", listens.then(|| Word::plain(false)));
        return;
    };
    let mut own = Words::new();
    let called = family::name(service);
    say(
        &mut own,
        "name",
        (called != name).then(|| Word::text(called)),
    );
    let kind = text(service, "/spec/type");
    let other = !matches!(kind, "" | "ClusterIP");
    say(&mut own, "type", other.then(|| Word::text(kind)));
    let headless = text(service, "/spec/clusterIP") == "None";
    say(&mut own, "headless", headless.then(|| Word::plain(true)));
    match plain_port(family, service) {
        Some(80) => {}
        Some(port) => say(words, "service_port", Some(Word::plain(port))),
        None => say(&mut own, "ports", Some(ports(family, service))),
    }
    let selects = labels.select(service.pointer("/spec/selector"));
    let selector = (!selects).then(|| table_at(service, "/spec/selector"));
    say(&mut own, "selector", selector.flatten());
    say(&mut own, "labels", labels.own(service));
    say(&mut own, "annotations", annotations(service, &[]));
    let own = (!own.is_empty()).then_some(Word::Table(own));
    say(words, "service", own);
}

/// The one port of a Service that follows from the container's one port.
fn plain_port(family: &Family, service: &Value) -> Option<u64> {
    let mut all = items(service, "/spec/ports");
    let (Some(port), None) = (all.next(), all.next()) else {
        return None;
    };
    let first = first_port(family)?;
    let one = items(family.main(), "/ports").count() == 1;
    let target = port.get("targetPort").and_then(Value::as_u64);
    let udp = text(port, "/protocol") == "UDP";
    let said = ["name", "nodePort", "appProtocol"];
    let more = said.iter().any(|key| port.get(*key).is_some());
    // Without a word the port of UDP is the container's own.
    let follows = one && !more && !udp && target == Some(first.0) && !first.1;
    port.get("port")?.as_u64().filter(|_| follows)
}

fn ports(family: &Family, service: &Value) -> Word {
    let first = first_port(family).map(|(number, _)| number);
    let each = items(service, "/spec/ports")
        .enumerate()
        .map(|(index, port)| {
            let number = |key: &str| port.get(key).and_then(Value::as_u64);
            let word = |key: &str| port.get(key).and_then(Value::as_str).map(Word::text);
            let own = number("port");
            let usual = first.filter(|_| index == 0).or(own);
            let mut words = Words::new();
            say(&mut words, "port", own.map(Word::plain));
            let target = number("targetPort").filter(|target| Some(*target) != usual);
            say(&mut words, "target", target.map(Word::plain));
            say(&mut words, "name", word("name"));
            let udp = text(port, "/protocol") == "UDP";
            say(&mut words, "protocol", udp.then(|| Word::text("udp")));
            say(&mut words, "node_port", number("nodePort").map(Word::plain));
            say(&mut words, "app_protocol", word("appProtocol"));
            Word::Table(words)
        });
    Word::List(each.collect())
}
