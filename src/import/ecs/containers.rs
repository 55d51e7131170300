//! The words of the files for what a container of a task definition says.

use super::docker::{Whose, docker_words, secret_word};
use super::size::vcpu;
use crate::import::Draft;
use crate::import::write::{Word, Words, mebibytes, say, say_environment};
use crate::platform::ecs::settings::container::logs::LogConfiguration;
use crate::platform::ecs::settings::container::ports::PortMapping;
use crate::platform::ecs::settings::{ContainerDefinition, TaskDefinition};

pub(super) fn sidecar_words(
    sidecar: &ContainerDefinition,
    shared: Option<&LogConfiguration>,
    draft: &mut Draft,
) -> Words {
    let mut words = vec![(
        "image".to_owned(),
        draft.image(&sidecar.name, &sidecar.image.image),
    )];
    ports(sidecar, &mut words);
    let essential = sidecar.image.essential == Some(false);
    say(
        &mut words,
        "essential",
        essential.then(|| Word::plain(false)),
    );
    let cpu = sidecar.size.cpu.and_then(|cpu| u32::try_from(cpu).ok());
    say(&mut words, "cpu", cpu.filter(|cpu| *cpu > 0).map(vcpu));
    let memory = sidecar
        .size
        .memory
        .and_then(|memory| u32::try_from(memory).ok());
    say(
        &mut words,
        "memory",
        memory.map(|size| mebibytes(u64::from(size))),
    );
    environment(sidecar, draft, &mut words);
    say(&mut words, "health", health(sidecar));
    process(sidecar, &mut words);
    let mut own = Words::new();
    docker_words(sidecar, Whose::Sidecar(shared), &mut own);
    say(
        &mut words,
        "ecs",
        (!own.is_empty()).then_some(Word::Table(own)),
    );
    words
}

pub(super) fn ports(container: &ContainerDefinition, words: &mut Words) {
    let ports = container.ports.port_mappings.iter().map(port);
    let mut ports: Vec<Word> = ports.collect();
    match ports.len() {
        0 => {}
        1 => say(words, "port", ports.pop()),
        _ => say(words, "ports", Some(Word::List(ports))),
    }
}

fn port(port: &PortMapping) -> Word {
    let udp = port.protocol() == "udp";
    if port.name.is_none() && port.app_protocol.is_none() && port.host_port.is_none() {
        return if udp {
            Word::text(format!("{}/udp", port.container_port))
        } else {
            Word::plain(port.container_port)
        };
    }
    let mut words = vec![("port".to_owned(), Word::plain(port.container_port))];
    say(&mut words, "name", port.name.as_ref().map(Word::text));
    say(&mut words, "protocol", udp.then(|| Word::text("udp")));
    let spoken = port.app_protocol.as_ref().map(Word::text);
    say(&mut words, "app_protocol", spoken);
    say(&mut words, "host", port.host_port.map(Word::plain));
    Word::Table(words)
}

pub(super) fn environment(container: &ContainerDefinition, draft: &mut Draft, words: &mut Words) {
    let (mut env, mut vouched) = (Vec::new(), Vec::new());
    for variable in &container.environment.environment {
        let (word, hidden) = draft.literal(&variable.name, &variable.value);
        vouched.extend(hidden.then(|| variable.name.clone()));
        env.push((variable.name.clone(), word));
    }
    let secrets = container
        .environment
        .secrets
        .iter()
        .map(|secret| (secret.name.clone(), secret_word(&secret.value_from)));
    let secrets: Words = secrets.collect();
    say_environment(words, env, secrets, &vouched);
}

/// There is a word for a shell line; a program with its arguments stands in the table of ECS.
pub(super) fn health(container: &ContainerDefinition) -> Option<Word> {
    let check = container.health.health_check.as_ref()?;
    let mut words = Words::new();
    match check.command.as_slice() {
        [form, line] if form == "CMD-SHELL" => {
            words.push(("command".to_owned(), Word::text(line)));
        }
        [form, ..] if form == "CMD" => {}
        _ => return None,
    }
    let time = |value: Option<i32>, default: i32| {
        let value = value.filter(|value| *value != default);
        value.map(|value| Word::text(format!("{value}s")))
    };
    say(&mut words, "interval", time(check.interval, 30));
    say(&mut words, "timeout", time(check.timeout, 5));
    let retries = check.retries.filter(|retries| *retries != 3);
    say(&mut words, "retries", retries.map(Word::plain));
    say(&mut words, "grace", time(check.start_period, 0));
    (!words.is_empty()).then_some(Word::Table(words))
}

pub(super) fn process(container: &ContainerDefinition, words: &mut Words) {
    let process = &container.process;
    let list = |list: &Vec<String>| (!list.is_empty()).then(|| Word::texts(list));
    say(words, "command", list(&process.command));
    say(words, "entrypoint", list(&process.entry_point));
    say(words, "user", process.user.as_ref().map(Word::text));
    say(
        words,
        "working_dir",
        process.working_directory.as_ref().map(Word::text),
    );
    let read_only = process.readonly_root_filesystem == Some(true);
    say(
        words,
        "read_only_root",
        read_only.then(|| Word::plain(true)),
    );
    let stop = process.stop_timeout.filter(|seconds| *seconds != 30);
    say(
        words,
        "stop_timeout",
        stop.map(|seconds| Word::text(format!("{seconds}s"))),
    );
    let before = container.order.depends_on.iter();
    let before: Words = before
        .map(|other| {
            (
                other.container_name.clone(),
                Word::text(other.condition.to_ascii_lowercase()),
            )
        })
        .collect();
    say(
        words,
        "depends_on",
        (!before.is_empty()).then_some(Word::Table(before)),
    );
}

pub(super) fn needs_execution_role(task: &TaskDefinition, fargate: bool) -> bool {
    task.container_definitions.iter().any(|container| {
        !container.environment.secrets.is_empty()
            || fargate
                && (container.logs.is_on_cloudwatch()
                    || container.image.image.contains(".dkr.ecr."))
    })
}
