//! What a source's tasks are launched on, and where they are placed. Pure.

use serde_json::{Value, json};

use crate::import::write::{Word, Words, say};
use crate::platform::ecs::settings::service::capacity::StrategyItem;
use crate::platform::ecs::settings::{ServiceConfig, TaskDefinition};
use crate::spec::LaunchType;

/// What tasks are launched on: as the service says, else as the task definition is fit for.
pub(super) fn launch(task: &TaskDefinition, service: Option<&ServiceConfig>) -> LaunchType {
    let capacity = service.map(|service| &service.settings.capacity);
    let fit = |one: &str| task.requires_compatibilities.iter().any(|all| all == one);
    let shares = capacity.map(|capacity| capacity.capacity_provider_strategy.as_slice());
    if let Some(first) = shares.and_then(<[StrategyItem]>::first) {
        return match first.capacity_provider.as_str() {
            "FARGATE" | "FARGATE_SPOT" => LaunchType::Fargate,
            _ if fit("MANAGED_INSTANCES") => LaunchType::ManagedInstances,
            _ => LaunchType::Ec2,
        };
    }
    let said = capacity.and_then(|capacity| capacity.launch_type.as_deref());
    let all = [LaunchType::Fargate, LaunchType::Ec2, LaunchType::External];
    let named = all
        .into_iter()
        .find(|launch| said.map_or_else(|| fit(launch.word()), |said| said == launch.word()));
    let awsvpc = task.network_mode.as_deref() == Some("awsvpc");
    let sized = task.cpu.is_some() && task.memory.is_some();
    let usual = if awsvpc && sized {
        LaunchType::Fargate
    } else {
        LaunchType::Ec2
    };
    named.unwrap_or(usual)
}

/// The network mode; Docker's own bridge where nothing is said, as on Linux.
pub(super) fn network_mode(task: &TaskDefinition) -> &str {
    task.network_mode.as_deref().unwrap_or("bridge")
}

/// What `[service.NAME.ecs]` says of where tasks run.
pub(super) fn launch_words(
    task: &TaskDefinition,
    service: Option<&ServiceConfig>,
    words: &mut Words,
) {
    let launch = launch(task, service);
    let shares = service.map(|service| &service.settings.capacity.capacity_provider_strategy);
    let shares = shares.filter(|shares| !shares.is_empty());
    let word = match launch {
        LaunchType::Fargate => None,
        LaunchType::Ec2 => shares.is_none().then_some("ec2"),
        LaunchType::External => Some("external"),
        LaunchType::ManagedInstances => Some("managed_instances"),
    };
    say(words, "launch_type", word.map(Word::text));
    let mode = network_mode(task);
    let other = launch != LaunchType::Fargate && mode != "awsvpc";
    say(words, "network_mode", other.then(|| Word::text(mode)));
    let share = |share: &StrategyItem| {
        let mut words = vec![("provider".to_owned(), Word::text(&share.capacity_provider))];
        let base = (share.base != 0).then(|| Word::plain(share.base));
        say(&mut words, "base", base);
        let weight = (share.weight != 1).then(|| Word::plain(share.weight));
        say(&mut words, "weight", weight);
        Word::Table(words)
    };
    let shares = shares.map(|shares| Word::List(shares.iter().map(share).collect()));
    say(words, "capacity", shares);
}

/// What a service's members say of where its tasks are placed.
pub(super) fn placement(service: &Value, words: &mut Words) {
    let mut table = Words::new();
    let said = |list: &str, says: &str| {
        let all = service.get(list)?.as_array()?;
        let each = all.iter().map(|one| {
            let kind = one.get("type")?.as_str()?;
            let more = one.get(says).and_then(Value::as_str);
            Some(Word::text(more.map_or_else(
                || kind.to_owned(),
                |more| format!("{kind}:{more}"),
            )))
        });
        let each = each.collect::<Option<Vec<Word>>>()?;
        (!each.is_empty()).then_some(Word::List(each))
    };
    say(&mut table, "strategies", said("placementStrategy", "field"));
    let constraints = said("placementConstraints", "expression");
    say(&mut table, "constraints", constraints);
    let word = (!table.is_empty()).then_some(Word::Table(table));
    say(words, "placement", word);
}

/// Brings what a task definition is fit for down to what its tasks are launched on, and says a launch type
/// where a service says none: what ECS would take is what the definition is fit for.
pub(super) fn prepare(task: &mut TaskDefinition, service: Option<&mut ServiceConfig>) {
    let launch = launch(task, service.as_deref());
    let fit = &mut task.requires_compatibilities;
    if fit.iter().any(|one| one == launch.word()) {
        *fit = vec![launch.word().to_owned()];
    }
    let Some(capacity) = service.map(|service| &mut service.settings.capacity) else {
        return;
    };
    if capacity.capacity_provider_strategy.is_empty() && capacity.launch_type.is_none() {
        capacity.launch_type = Some(launch.word().to_owned());
    }
}

/// The same strategies, each spelled as the reader of the files spells it.
pub(super) fn spelled(members: &mut Value) {
    let strategies = members
        .get_mut("placementStrategy")
        .and_then(Value::as_array_mut);
    for one in strategies.into_iter().flatten() {
        if one.get("field").is_some_and(|field| *field == "host") {
            one["field"] = json!("instanceId");
        }
    }
}
