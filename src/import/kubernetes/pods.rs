//! The words of the files for what the containers of a pod say.

use serde_json::Value;

use super::family::{CONTAINERS, Family, items, text};
use super::service::port;
use super::{probes, resources, security, volumes};
use crate::import::Draft;
use crate::import::write::{Word, Words, say, say_environment};
use crate::names::ImageRef;

/// The ports, this one first.
pub(super) fn ports(
    container: &Value,
    first: Option<(u64, bool)>,
    family: &Family,
    words: &mut Words,
) {
    let mut said: Vec<((u64, bool), &Value)> = items(container, "/ports")
        .filter_map(|one| Some((port(one)?, one)))
        .collect();
    said.dedup_by_key(|(port, _)| *port);
    said.sort_by_key(|(port, _)| first.is_some_and(|first| first != *port));
    let word = |((number, udp), port): ((u64, bool), &Value)| {
        let name = text(port, "/name");
        // A name stands for one port of a service.
        let named = !name.is_empty() && family.ports_named(name) == 1;
        let host = port.get("hostPort").and_then(Value::as_u64);
        let mut more = vec![("port".to_owned(), Word::plain(number))];
        say(&mut more, "name", named.then(|| Word::text(name)));
        say(&mut more, "host", host.map(Word::plain));
        match (more.len() > 1, udp) {
            (true, _) => {
                say(&mut more, "protocol", udp.then(|| Word::text("udp")));
                Word::Table(more)
            }
            (_, true) => Word::text(format!("{number}/udp")),
            (_, false) => Word::plain(number),
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
    let all: Vec<&Value> = items(container, "/env").collect();
    for (index, variable) in all.iter().enumerate() {
        let name = text(variable, "/name");
        // Of two with one name, the last one counts.
        let mut later = all.iter().skip(index + 1);
        if later.any(|other| text(other, "/name") == name) {
            continue;
        }
        if let Some(value) = variable.get("value").and_then(Value::as_str) {
            let (mut word, hidden) = draft.literal(name, value);
            // What `$(NAME)` and `$$` come to is the cluster's to say.
            if value.contains("$(") || value.contains("$$") {
                word = Word::Table(vec![("expand".to_owned(), word)]);
            }
            vouched.extend(hidden.then(|| name.to_owned()));
            env.push((name.to_owned(), word));
        } else if let Some(from) = variable.get("valueFrom") {
            if let Some(from) = from.get("secretKeyRef") {
                let mut reference = vec![("secret".to_owned(), Word::text(text(from, "/name")))];
                let key = text(from, "/key");
                let other = key != name;
                say(&mut reference, "key", other.then(|| Word::text(key)));
                let optional = from.get("optional") == Some(&Value::Bool(true));
                say(
                    &mut reference,
                    "optional",
                    optional.then(|| Word::plain(true)),
                );
                secrets.push((name.to_owned(), Word::Table(reference)));
            } else if let Some(table) = reference(from, name) {
                env.push((name.to_owned(), Word::Table(table)));
            }
        } else {
            env.push((name.to_owned(), Word::text("")));
        }
    }
    say_environment(words, env, secrets, &vouched);
    let whole: Vec<Word> = items(container, "/envFrom").filter_map(env_from).collect();
    let whole = (!whole.is_empty()).then_some(Word::List(whole));
    say(words, "env_from", whole);
}

/// A variable that the cluster fills in.
fn reference(from: &Value, name: &str) -> Option<Words> {
    let mut words = Words::new();
    if let Some(field) = from.pointer("/fieldRef/fieldPath") {
        say(&mut words, "field", Some(Word::api(field)));
    } else if let Some(resource) = from.get("resourceFieldRef") {
        say(
            &mut words,
            "resource",
            resource.get("resource").map(Word::api),
        );
        let container = resource.get("containerName");
        say(&mut words, "container", container.map(Word::api));
        let divisor = text(resource, "/divisor");
        let other = !matches!(divisor, "" | "0");
        say(&mut words, "divisor", other.then(|| Word::text(divisor)));
    } else {
        let config = from.get("configMapKeyRef")?;
        say(
            &mut words,
            "config",
            Some(Word::text(text(config, "/name"))),
        );
        let key = text(config, "/key");
        say(&mut words, "key", (key != name).then(|| Word::text(key)));
        let optional = config.get("optional") == Some(&Value::Bool(true));
        say(&mut words, "optional", optional.then(|| Word::plain(true)));
    }
    Some(words)
}

fn env_from(from: &Value) -> Option<Word> {
    let (key, of) = match (from.get("configMapRef"), from.get("secretRef")) {
        (Some(config), _) => ("config", config),
        (_, Some(secret)) => ("secret", secret),
        _ => return None,
    };
    let mut words = vec![(key.to_owned(), Word::text(text(of, "/name")))];
    let prefix = text(from, "/prefix");
    let prefix = (!prefix.is_empty()).then(|| Word::text(prefix));
    say(&mut words, "prefix", prefix);
    let optional = of.get("optional") == Some(&Value::Bool(true));
    say(&mut words, "optional", optional.then(|| Word::plain(true)));
    Some(Word::Table(words))
}

/// When the image is pulled, where that is said and does not follow from the image.
pub(super) fn pull_policy(container: &Value) -> Option<Word> {
    let policy = text(container, "/imagePullPolicy");
    let image = text(container, "/image").parse::<ImageRef>();
    let usual = if image.is_ok_and(|image| image.can_move()) {
        "Always"
    } else {
        "IfNotPresent"
    };
    (!policy.is_empty() && policy != usual).then(|| Word::text(policy))
}

/// The first port of a container that speaks TCP.
pub(super) fn tcp(container: &Value) -> Option<u64> {
    let mut ports = items(container, "/ports").filter_map(port);
    ports.find(|(_, udp)| !udp).map(|(number, _)| number)
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
    let stop = Ends::of(family).stop.filter(|stop| *stop != 30);
    let stop = stop.map(|stop| Word::text(format!("{stop}s")));
    say(words, "stop_timeout", stop);
}

/// How pods end, in seconds.
pub(super) struct Ends {
    /// They go on serving for so long.
    pub(super) drain: u64,
    /// They have so long to end then, where `stop_timeout` can say it.
    pub(super) stop: Option<u64>,
    /// All of it, where it cannot.
    pub(super) whole: Option<u64>,
}

impl Ends {
    pub(super) fn of(family: &Family) -> Self {
        let sleep = |container: &Value| {
            let sleep = container.pointer("/lifecycle/preStop/sleep/seconds");
            sleep.and_then(Value::as_u64)
        };
        let main = sleep(family.main());
        // All containers drain, or each says for itself what it does.
        let mut all = items(&family.deployment, CONTAINERS);
        let drain = main.filter(|main| all.all(|one| sleep(one) == Some(*main)));
        let drain = drain.filter(|drain| *drain <= 600).unwrap_or(0);
        let grace = family
            .deployment
            .pointer("/spec/template/spec/terminationGracePeriodSeconds");
        let grace = grace.and_then(Value::as_u64).unwrap_or(30);
        let stop = grace.checked_sub(drain);
        let stop = stop.filter(|stop| (2..=120).contains(stop));
        Self {
            drain,
            whole: stop.is_none().then_some(grace),
            stop,
        }
    }
}

pub(super) fn sidecar(sidecar: &Value, family: &Family, draft: &mut Draft) -> Words {
    let mut words = vec![(
        "image".to_owned(),
        draft.image(text(sidecar, "/name"), text(sidecar, "/image")),
    )];
    let mut own = Words::new();
    ports(sidecar, None, family, &mut words);
    resources::sidecar(sidecar, &mut words, &mut own);
    environment(sidecar, draft, &mut words);
    process(sidecar, family, &mut words);
    say(&mut words, "mounts", volumes::mounts(sidecar, family));
    let tcp = tcp(sidecar);
    probes::probes(sidecar, tcp, false, &mut own);
    probes::hooks(sidecar, tcp, Ends::of(family).drain > 0, &mut own);
    say(&mut own, "pull_policy", pull_policy(sidecar));
    if !security::is_restricted(family) {
        say(&mut own, "security", security::of_container(sidecar));
    }
    let own = (!own.is_empty()).then_some(Word::Table(own));
    say(&mut words, "kubernetes", own);
    words
}
