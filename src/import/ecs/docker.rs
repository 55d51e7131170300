//! The words of the files for what only ECS knows about a container. Pure.

use serde_json::Value;

use super::size::vcpu;
use crate::import::write::{Word, Words, mebibytes, say};
use crate::platform::ecs::settings::ContainerDefinition;
use crate::platform::ecs::settings::container::logs::LogConfiguration;
use crate::spec::surely_a_secret;

/// Whether the container is the main one; else what the output of that one goes to.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    /// Its words stand in the service's own table, together with where the output of all goes.
    Main,
    /// A sidecar's, in a table of its own.
    Sidecar(Option<&'a LogConfiguration>),
}

/// What a container says beyond the words of every platform.
pub(super) fn docker_words(container: &ContainerDefinition, whose: Whose<'_>, words: &mut Words) {
    sizes(container, whose, words);
    if let Whose::Sidecar(shared) = whose {
        let own = container.logs.log_configuration.as_ref();
        match (own, shared) {
            (own, shared) if own == shared => {}
            (None, _) => say(words, "log", Some(Word::plain(false))),
            (Some(own), _) => say(words, "log", Some(log(own))),
        }
    }
    if let Some(check) = &container.health.health_check
        && let [form, program @ ..] = check.command.as_slice()
        && form == "CMD"
    {
        say(words, "health_command", Some(Word::texts(program)));
    }
    let docker = &container.docker;
    if let Some(firelens) = &docker.firelens_configuration {
        let mut table = Words::new();
        say(&mut table, "router", text(firelens.get("type")));
        say(
            &mut table,
            "options",
            firelens.get("options").and_then(texts_by),
        );
        say(words, "firelens", Some(Word::Table(table)));
    }
    say(words, "ulimits", by(docker.ulimits.as_ref(), "name", limit));
    say(
        words,
        "docker_labels",
        docker.docker_labels.as_ref().and_then(texts_by),
    );
    let files = docker.environment_files.as_ref();
    say(
        words,
        "env_files",
        each(files, |file| text(file.get("value"))),
    );
    let credentials = docker.repository_credentials.as_ref();
    let credentials = credentials.and_then(|one| text(one.get("credentialsParameter")));
    say(words, "repository_credentials", credentials);
    let timeout = docker.start_timeout.as_ref().and_then(Value::as_i64);
    let timeout = timeout.map(|seconds| Word::text(format!("{seconds}s")));
    say(words, "start_timeout", timeout);
    of_the_machine(container, words);
}

/// What of its machine it has, or shows.
fn of_the_machine(container: &ContainerDefinition, words: &mut Words) {
    let docker = &container.docker;
    linux(container, words);
    say(
        words,
        "restart",
        docker.restart_policy.as_ref().and_then(restart),
    );
    say(
        words,
        "gpu",
        docker.resource_requirements.as_ref().and_then(gpus),
    );
    let flags = [
        ("privileged", &docker.privileged),
        ("interactive", &docker.interactive),
        ("tty", &docker.pseudo_terminal),
    ];
    for (key, flag) in flags {
        say(words, key, flag.is_some().then(|| Word::plain(true)));
    }
    let hosts = docker.extra_hosts.as_ref();
    let address = |host: &Value| text(host.get("ipAddress"));
    say(words, "extra_hosts", by(hosts, "hostname", address));
    let lists = [
        ("links", &docker.links),
        ("dns", &docker.dns_servers),
        ("dns_search", &docker.dns_search_domains),
        ("security_options", &docker.docker_security_options),
    ];
    for (key, list) in lists {
        say(words, key, each(list.as_ref(), |one| text(Some(one))));
    }
    say(words, "hostname", text(docker.hostname.as_ref()));
    let controls = docker.system_controls.as_ref();
    let value = |control: &Value| text(control.get("value"));
    say(words, "system_controls", by(controls, "namespace", value));
    let pinned = docker.version_consistency.is_some();
    say(
        words,
        "version_consistency",
        pinned.then(|| Word::plain(false)),
    );
}

/// A sidecar has words of its own for its CPU and its limit.
fn sizes(container: &ContainerDefinition, whose: Whose<'_>, words: &mut Words) {
    let size = &container.size;
    let amount = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let memory = |number: Option<i32>| amount(number).map(|size| mebibytes(u64::from(size)));
    let (mut requests, mut limits) = (Words::new(), Words::new());
    if matches!(whose, Whose::Main) {
        let cpu = amount(size.cpu).filter(|units| *units > 0);
        say(&mut requests, "cpu", cpu.map(vcpu));
        say(&mut limits, "memory", memory(size.memory));
    }
    say(&mut requests, "memory", memory(size.memory_reservation));
    for (key, table) in [("requests", requests), ("limits", limits)] {
        say(
            words,
            key,
            (!table.is_empty()).then_some(Word::Table(table)),
        );
    }
}

/// A log driver with its options.
pub(super) fn log(log: &LogConfiguration) -> Word {
    let mut words = vec![("driver".to_owned(), Word::text(&log.log_driver))];
    let options = log.options.iter();
    let options: Words = options
        .map(|(key, value)| (key.clone(), Word::text(value)))
        .collect();
    say(
        &mut words,
        "options",
        (!options.is_empty()).then_some(Word::Table(options)),
    );
    let secrets = log.secret_options.iter();
    let secrets: Words = secrets
        .map(|secret| (secret.name.clone(), secret_word(&secret.value_from)))
        .collect();
    say(
        &mut words,
        "secrets",
        (!secrets.is_empty()).then_some(Word::Table(secrets)),
    );
    Word::Table(words)
}

/// A secret as the files refer to it: a parameter is said by its name alone on ECS.
pub(super) fn secret_word(from: &str) -> Word {
    let bare = !from.starts_with("arn:") && !from.starts_with('/');
    Word::text(if bare {
        format!("ssm:{from}")
    } else {
        from.to_owned()
    })
}

fn text(value: Option<&Value>) -> Option<Word> {
    value?.as_str().map(Word::text)
}

/// A list, where there is a word for each of its entries.
fn each(list: Option<&Value>, entry: impl Fn(&Value) -> Option<Word>) -> Option<Word> {
    let words = list?.as_array()?.iter().map(entry);
    words.collect::<Option<Vec<Word>>>().map(Word::List)
}

/// A table by what names the entries of a list.
fn by(list: Option<&Value>, name: &str, entry: impl Fn(&Value) -> Option<Word>) -> Option<Word> {
    let words = list?.as_array()?.iter();
    let words = words.map(|one| Some((one.get(name)?.as_str()?.to_owned(), entry(one)?)));
    words.collect::<Option<Words>>().map(Word::Table)
}

/// A table of texts.
fn texts_by(table: &Value) -> Option<Word> {
    // What is surely a secret is written nowhere: it stays a loss.
    let plain = |(key, value): &(&String, &Value)| {
        let text = value.as_str().unwrap_or_default();
        surely_a_secret(key, text).is_none()
    };
    let words = table.as_object()?.iter().filter(plain);
    let words = words.map(|(key, value)| Some((key.clone(), text(Some(value))?)));
    words.collect::<Option<Words>>().map(Word::Table)
}

fn limit(limit: &Value) -> Option<Word> {
    let (soft, hard) = (limit.get("softLimit")?, limit.get("hardLimit")?);
    if soft == hard {
        return Some(Word::plain(soft));
    }
    let both = [("soft", soft), ("hard", hard)];
    let both = both.map(|(key, value)| (key.to_owned(), Word::plain(value)));
    Some(Word::Table(both.into()))
}

fn linux(container: &ContainerDefinition, words: &mut Words) {
    let Some(linux) = &container.docker.linux_parameters else {
        return;
    };
    let init = linux.get("initProcessEnabled").is_some();
    say(words, "init", init.then(|| Word::plain(true)));
    if let Some(capabilities) = linux.get("capabilities") {
        let mut table = Words::new();
        for key in ["add", "drop"] {
            let list = each(capabilities.get(key), |one| text(Some(one)));
            say(&mut table, key, list);
        }
        say(words, "capabilities", Some(Word::Table(table)));
    }
    let size = linux.get("sharedMemorySize").and_then(Value::as_u64);
    say(
        words,
        "shm_size",
        size.filter(|size| *size > 0).map(mebibytes),
    );
    let tmpfs = each(linux.get("tmpfs"), |one| {
        let mut table = vec![("path".to_owned(), text(one.get("containerPath"))?)];
        say(
            &mut table,
            "size",
            Some(mebibytes(one.get("size")?.as_u64()?)),
        );
        say(
            &mut table,
            "options",
            each(one.get("mountOptions"), |one| text(Some(one))),
        );
        Some(Word::Table(table))
    });
    say(words, "tmpfs", tmpfs);
}

fn restart(policy: &Value) -> Option<Word> {
    let mut table = Words::new();
    let codes = each(policy.get("ignoredExitCodes"), |code| {
        Some(Word::plain(code))
    });
    say(&mut table, "ignore", codes);
    let after = policy.get("restartAttemptPeriod")?.as_i64()?;
    let after = (after != 300).then(|| Word::text(format!("{after}s")));
    say(&mut table, "after", after);
    Some(if table.is_empty() {
        Word::plain(true)
    } else {
        Word::Table(table)
    })
}

/// Of what a container can ask for by name there is a word for GPUs alone.
fn gpus(requirements: &Value) -> Option<Word> {
    let [one] = requirements.as_array()?.as_slice() else {
        return None;
    };
    let count: u32 = one.get("value")?.as_str()?.parse().ok()?;
    (*one.get("type")? == "GPU").then(|| Word::plain(count))
}
