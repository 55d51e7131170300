//! The words of the files for what ECS keeps with a service beside its deployments. Pure.

use serde_json::Value;

use super::docker::log;
use super::launch::placement;
use crate::import::write::{Word, Words, say};
use crate::platform::ecs::settings::container::logs::LogConfiguration;

/// What a service's members say.
pub(super) fn member_words(service: &Value, words: &mut Words) {
    placement(service, words);
    let managed = service.get("enableECSManagedTags").and_then(Value::as_bool);
    let managed = managed.filter(|managed| *managed);
    say(words, "managed_tags", managed.map(Word::plain));
    let from = service.get("propagateTags").and_then(Value::as_str);
    let from = from.filter(|from| *from != "NONE");
    let from = from.map(|from| Word::text(from.to_ascii_lowercase()));
    say(words, "propagate_tags", from);
    let evens = service.get("availabilityZoneRebalancing");
    let off = evens.is_some_and(|evens| *evens == "DISABLED");
    say(words, "az_rebalancing", off.then(|| Word::plain(false)));
    let registries = list(service.get("serviceRegistries"), registry);
    say(words, "registries", registries);
    let connect = service.get("serviceConnectConfiguration");
    let connect = connect.filter(|connect| connect.get("enabled").is_some_and(|on| *on == true));
    say(words, "connect", connect.and_then(connect_words));
}

/// A list that is not empty, where there is a word for each of its entries.
fn list(list: Option<&Value>, entry: impl Fn(&Value) -> Option<Word>) -> Option<Word> {
    let all = list?.as_array().filter(|all| !all.is_empty())?;
    let words = all.iter().map(entry).collect::<Option<Vec<Word>>>();
    words.map(Word::List)
}

/// A table of some members of an object, under the words for them.
pub(super) fn table(object: &Value, words: &[(&str, &str)]) -> Words {
    let mut table = Words::new();
    for (member, key) in words {
        let word = object.get(member).map(|value| match value.as_str() {
            Some(text) => Word::text(text),
            None => Word::plain(value),
        });
        say(&mut table, key, word);
    }
    table
}

fn registry(one: &Value) -> Option<Word> {
    one.get("registryArn")?;
    Some(Word::Table(table(
        one,
        &[
            ("registryArn", "arn"),
            ("containerName", "container"),
            ("containerPort", "container_port"),
            ("port", "port"),
        ],
    )))
}

fn connect_words(connect: &Value) -> Option<Word> {
    let mut words = table(connect, &[("namespace", "namespace")]);
    let services = list(connect.get("services"), |one| {
        let known = [("portName", "port"), ("discoveryName", "name")];
        let mut words = table(one, &known);
        let aliases = list(one.get("clientAliases"), |alias| {
            let known = [("port", "port"), ("dnsName", "dns")];
            Some(Word::Table(table(alias, &known)))
        });
        say(&mut words, "aliases", aliases);
        words.extend(table(one, &[("ingressPortOverride", "ingress_port")]));
        Some(Word::Table(words))
    });
    say(&mut words, "services", services);
    if let Some(own) = connect.get("logConfiguration") {
        let read: LogConfiguration = serde_json::from_value(own.clone()).ok()?;
        say(&mut words, "log", Some(log(&read)));
    }
    Some(Word::Table(words))
}
