//! The words of the files for what a task definition and a service say.

use super::containers::{environment, health, needs_execution_role, ports, process, sidecar_words};
use super::docker::{Whose, docker_words, log};
use super::launch::{launch, launch_words};
use super::members::member_words;
use super::place::{is_wired, target, target_groups};
use super::scaling;
use super::shift;
use super::size::{size, vcpu};
use super::source::Read;
use super::unfilled::architecture;
use super::volumes;
use crate::import::write::{Word, Words, mebibytes, say};
use crate::import::{Draft, ServiceDraft};
use crate::names::Arn;
use crate::platform::ecs::settings::container::logs::LogConfiguration;
use crate::platform::ecs::settings::sdk::whole;
use crate::platform::ecs::settings::service::deployment::{
    CircuitBreaker, DeploymentConfiguration,
};
use crate::platform::ecs::settings::{ContainerDefinition, ServiceConfig};
use crate::spec::{LaunchType, usual_percentages};

/// The files in the making; `None`: there is no service.
pub(super) fn draft(reads: &[Read]) -> Option<Draft> {
    // Where the services run is said once: by the first that says it, and one that has a network says more.
    let said = |read: &&Read| read.service.is_some();
    let wired = reads.iter().filter(said).find(|read| is_wired(read));
    let place = wired.or_else(|| reads.iter().find(said));
    let place = place.or(reads.first())?;
    let mut draft = Draft {
        project: project(place),
        ..Draft::default()
    };
    for read in reads {
        draft.notes.extend(read.notes.iter().cloned());
        let service = service_draft(read, &mut draft);
        draft.services.push(service);
    }
    target(place, &mut draft);
    let mut told = std::collections::BTreeSet::new();
    draft.notes.retain(|note| told.insert(note.clone()));
    Some(draft)
}

fn service_draft(read: &Read, draft: &mut Draft) -> ServiceDraft {
    let containers = &read.task.container_definitions;
    let mut service = ServiceDraft {
        name: read.name.clone(),
        own_table: "ecs",
        ..ServiceDraft::default()
    };
    let main = containers
        .iter()
        .find(|container| container.name == read.main);
    if let Some(main) = main {
        service.words = main_words(main, read, draft);
        service.own = own(main, read, draft);
    }
    let shared = main.and_then(|main| main.logs.log_configuration.as_ref());
    for sidecar in containers
        .iter()
        .filter(|container| container.name != read.main)
    {
        let mut words = sidecar_words(sidecar, shared, draft);
        say(&mut words, "mounts", volumes::mounts(sidecar, &read.task));
        service.sidecars.push((sidecar.name.clone(), words));
    }
    if let Some(config) = &read.service {
        service.here = target_groups(config, containers, &read.main, draft);
        say(
            &mut service.here,
            "load_balancer",
            scaling::balancer(read).map(Word::Text),
        );
    }
    service
}

/// The project is called as the cluster is, where that has a name of its own.
fn project(read: &Read) -> String {
    let cluster = read.service.as_ref().map(|config| config.cluster.as_str());
    let cluster = cluster.filter(|cluster| *cluster != "default");
    let known = read.project.as_deref().or(cluster);
    known.unwrap_or(&read.name).to_owned()
}

fn main_words(main: &ContainerDefinition, read: &Read, draft: &mut Draft) -> Words {
    let (task, config) = (&read.task, read.service.as_ref());
    let (cpu, memory) = size(task, launch(task, config));
    let mut words = Words::new();
    let called = (read.main != read.name).then(|| Word::text(&read.main));
    say(&mut words, "container", called);
    let image = draft.image(&main.name, &main.image.image);
    say(&mut words, "image", Some(image));
    ports(main, &mut words);
    let scaling = scaling::words(read);
    let count = config.and_then(|config| config.desired_count);
    let count = count.filter(|count| *count != 1 && scaling.is_none());
    say(&mut words, "replicas", count.map(Word::plain));
    say(&mut words, "cpu", cpu.map(vcpu));
    let memory = memory.map(|memory| mebibytes(u64::from(memory)));
    say(&mut words, "memory", memory);
    say(&mut words, "architecture", architecture(task, draft));
    environment(main, draft, &mut words);
    say(&mut words, "health", health(main));
    say(&mut words, "scaling", scaling);
    process(main, &mut words);
    say(
        &mut words,
        "volumes",
        volumes::volumes(task, &read.sources[1]),
    );
    say(&mut words, "mounts", volumes::mounts(main, task));
    if let Some(config) = config {
        say(&mut words, "rollout", rollout(config));
    }
    let all = config
        .into_iter()
        .flat_map(|config| &config.tags)
        .chain(&task.tags);
    let mut tags: Words = Vec::new();
    for tag in all {
        let ours = tag.key.starts_with("aws:") || tag.key.starts_with("deployer:");
        if !ours && !tags.iter().any(|(key, _)| *key == tag.key) {
            tags.push((tag.key.clone(), Word::text(&tag.value)));
        }
    }
    say(
        &mut words,
        "tags",
        (!tags.is_empty()).then_some(Word::Table(tags)),
    );
    words
}

/// What `[service.NAME.ecs]` says.
fn own(main: &ContainerDefinition, read: &Read, draft: &mut Draft) -> Words {
    let (task, config) = (&read.task, read.service.as_ref());
    let mut words = Words::new();
    let other = |name: &String| (*name != read.name).then(|| Word::text(name));
    say(
        &mut words,
        "service",
        config.and_then(|config| other(&config.service_name)),
    );
    say(&mut words, "family", other(&task.family));
    launch_words(task, config, &mut words);
    let arn = |role: &Option<String>| {
        let is_role = |role: &String| role.parse::<Arn>().is_ok() || is_name(role);
        role.clone().filter(is_role)
    };
    let fargate = launch(task, config) == LaunchType::Fargate;
    let execution = arn(&task.execution_role_arn).or_else(|| {
        needs_execution_role(task, fargate).then(|| {
            draft.notes.push(
                "ECS needs an execution role: put yours in place of ecsTaskExecutionRole".into(),
            );
            let account = read.account.as_deref().unwrap_or("123456789012");
            format!("arn:aws:iam::{account}:role/ecsTaskExecutionRole")
        })
    });
    say(&mut words, "execution_role", execution.map(Word::Text));
    let role = arn(&task.task_role_arn);
    let has_role = role.is_some();
    say(&mut words, "task_role", role.map(Word::Text));
    if let Some(logs) = &main.logs.log_configuration {
        log_words(logs, read, &mut words);
    }
    docker_words(main, Whose::Main, &mut words);
    say(&mut words, "autoscaler", scaling::autoscaler(read));
    say(
        &mut words,
        "pid_mode",
        task.pid_mode.as_ref().map(Word::text),
    );
    say(
        &mut words,
        "ipc_mode",
        task.ipc_mode.as_ref().map(Word::text),
    );
    let storage = task.ephemeral_storage.map(|storage| storage.size_in_gib);
    let storage = storage.filter(|gib| *gib > 20);
    say(
        &mut words,
        "ephemeral_storage",
        storage.map(|gib| Word::text(format!("{gib}GiB"))),
    );
    if let Some(config) = config {
        service(config, has_role, &mut words);
        member_words(&read.sources[1], &mut words);
    }
    words
}

/// Whether it can be a role's name.
fn is_name(role: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@/-".contains(c);
    !role.is_empty() && role.chars().all(fits)
}

/// Where the output of all containers goes that do not say it themselves: in short where that is a log group
/// of the target's Region.
fn log_words(logs: &LogConfiguration, read: &Read, words: &mut Words) {
    let mut more = logs.options.clone();
    let group = more.remove("awslogs-group");
    let region = more.remove("awslogs-region");
    let prefix = more.remove("awslogs-stream-prefix");
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    let named = |group: &&String| group.chars().all(plain);
    let here = region.is_some() && region == read.region && logs.secret_options.is_empty();
    let (true, Some(group), Some(prefix)) = (
        here && logs.log_driver == "awslogs",
        group.as_ref().filter(named),
        prefix,
    ) else {
        say(words, "log", Some(log(logs)));
        return;
    };
    say(words, "log_group", Some(Word::text(group)));
    let other = (prefix != "ecs").then(|| Word::text(prefix));
    say(words, "log_prefix", other);
    let more: Words = more
        .into_iter()
        .map(|(key, value)| (key, Word::text(value)))
        .collect();
    let more = (!more.is_empty()).then_some(Word::Table(more));
    say(words, "log_options", more);
}

fn service(config: &ServiceConfig, has_role: bool, words: &mut Words) {
    let settings = &config.settings;
    let daemon = settings.scheduling.is_daemon();
    say(words, "scheduling", daemon.then(|| Word::text("daemon")));
    let version = settings.platform_version.platform_version.as_ref();
    say(
        words,
        "platform_version",
        version
            .filter(|version| *version != "LATEST")
            .map(Word::text),
    );
    let exec = settings.exec.enable_execute_command == Some(true) && has_role;
    say(words, "exec", exec.then(|| Word::plain(true)));
    let grace = settings.health_grace.health_check_grace_period_seconds;
    let grace = grace.filter(|seconds| *seconds > 0);
    say(
        words,
        "health_grace",
        grace.map(|seconds| Word::text(format!("{seconds}s"))),
    );
    if let Some(deployment) = &settings.deployment.deployment_configuration {
        rolling(deployment, daemon, words);
    }
}

/// How a rollout goes, as far as the table of ECS says it.
fn rolling(deployment: &DeploymentConfiguration, daemon: bool, words: &mut Words) {
    let usual = usual_percentages(daemon);
    let percent = |value: Option<i32>, default| {
        value
            .filter(|value| *value != whole(default))
            .map(Word::plain)
    };
    let least = percent(deployment.minimum_healthy_percent, usual.0);
    say(words, "minimum_healthy_percent", least);
    say(
        words,
        "maximum_percent",
        percent(deployment.maximum_percent, usual.1),
    );
    let alarms = deployment
        .alarms
        .as_ref()
        .filter(|alarms| alarms.enable && !alarms.alarm_names.is_empty());
    say(
        words,
        "alarms",
        alarms.map(|alarms| Word::texts(&alarms.alarm_names)),
    );
    shift::words(&deployment.shift, words);
}

/// ECS has no breaker unless one is asked for.
fn rollout(config: &ServiceConfig) -> Option<Word> {
    let nothing_said = DeploymentConfiguration::default();
    let deployment = config.settings.deployment.deployment_configuration.as_ref();
    let breaker = &deployment
        .unwrap_or(&nothing_said)
        .deployment_circuit_breaker;
    let word = match breaker.as_ref().filter(|breaker| breaker.enable) {
        None => Word::plain(false),
        Some(breaker) => breaker_words(breaker)?,
    };
    Some(Word::Table(vec![("breaker".to_owned(), word)]))
}

fn breaker_words(breaker: &CircuitBreaker) -> Option<Word> {
    let mut words = Words::new();
    if let Some(threshold) = &breaker.threshold_configuration {
        let count = threshold.r#type == "COUNT";
        let word = if count {
            Word::plain(threshold.value)
        } else {
            Word::text(format!("{}%", threshold.value))
        };
        say(
            &mut words,
            "threshold",
            (count || threshold.value != 50).then_some(word),
        );
        let unbounded = threshold.r#type == "UNBOUNDED_PERCENT";
        say(&mut words, "bounded", unbounded.then(|| Word::plain(false)));
    }
    say(
        &mut words,
        "rollback",
        (!breaker.rollback).then(|| Word::plain(false)),
    );
    let reset = breaker.reset_on_healthy_task == Some(false);
    say(
        &mut words,
        "reset_on_healthy",
        reset.then(|| Word::plain(false)),
    );
    (!words.is_empty()).then_some(Word::Table(words))
}
