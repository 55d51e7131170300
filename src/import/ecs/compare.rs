//! What the files render against what they were made of, by the comparison that plans are made with.

use std::collections::BTreeSet;

use serde_json::Value;

use super::launch::spelled as spelled_alike;
use super::source::{Read, is_nothing};
use super::unfilled::filled;
use crate::import::{Loss, says_image};
use crate::platform::ecs::settings::fields::{self, Fields};
use crate::platform::ecs::settings::patched::{asked, made, none_of};
use crate::platform::ecs::settings::{Desired, ServiceConfig, Tag};
use crate::spec::EcsService;

/// All that the files say otherwise: `asked` is what they come to, read as the source was.
pub(super) fn losses(
    read: &Read,
    asked: &Read,
    service: &EcsService,
    rendered: &Desired,
) -> Vec<Loss> {
    let mut losses = beyond(&read.losses, &asked.losses);
    let there = fields::definition::fields(&filled(read.task.clone()));
    let wanted = fields::definition::fields(&asked.task);
    differing("task", &there, &wanted, read, &mut losses);
    let mut tags = vec![("task", &read.task.tags, &rendered.task_definition.tags)];
    if let (Some(config), Some(asked)) = (&read.service, &asked.service) {
        // Where something scales it, the count is nobody's word.
        let counted = super::scaling::words(read).is_none();
        let there = fields::service::compared(config, counted);
        let wanted = fields::service::compared(asked, counted);
        differing("service", &there, &wanted, read, &mut losses);
        members(&read.sources[1], &rendered.service, &mut losses);
        tags.push(("service", &config.tags, &rendered.service.tags));
    }
    let (there, wanted) = (read.scaling.as_ref(), asked.scaling.as_ref());
    losses.extend(super::scaling::losses(there, wanted, service));
    for (of, there, wanted) in tags {
        tagged(of, there, wanted, &mut losses);
    }
    losses
}

/// A member of a new service of which nothing is said: zones are evened out (Amazon ECS API reference,
/// CreateService), and of the rest there is none.
fn usual(name: &str) -> Value {
    match name {
        "availabilityZoneRebalancing" => "ENABLED".into(),
        name => none_of(name),
    }
}

/// What is compared as a member of the service, in the API's own spelling.
fn members(source: &Value, rendered: &ServiceConfig, losses: &mut Vec<Loss>) {
    let mut there = Value::Object(asked(source));
    spelled_alike(&mut there);
    let wanted = Value::Object(made(rendered));
    let both = [&there, &wanted].into_iter().filter_map(Value::as_object);
    let names: BTreeSet<&String> = both.flat_map(serde_json::Map::keys).collect();
    for name in names {
        let said = |members: &Value| members.get(name).cloned();
        let (from, to) = (said(&there), said(&wanted));
        let all = |value: &Option<Value>| value.clone().unwrap_or_else(|| usual(name));
        if all(&from) == all(&to) {
            continue;
        }
        losses.push(Loss {
            of: "service".to_owned(),
            path: name.clone(),
            value: from,
            why: match to {
                None => "no word for it yet".to_owned(),
                Some(to) => format!("the files ask for {to}"),
            },
        });
    }
}

/// What our types have no place for: only a patch says it.
fn beyond(there: &[Loss], asked: &[Loss]) -> Vec<Loss> {
    let is_of = |one: &Loss, other: &Loss| one.of == other.of && one.path == other.path;
    let unsaid = there.iter().filter(|loss| {
        let mut same = asked.iter().filter(|other| is_of(loss, other));
        !same.any(|other| same_value(loss.value.as_ref(), other.value.as_ref()))
    });
    let added = asked
        .iter()
        .filter(|loss| !there.iter().any(|other| is_of(loss, other)))
        .map(|loss| Loss {
            value: None,
            why: "the files ask for it".into(),
            ..loss.clone()
        });
    unsaid.cloned().chain(added).collect()
}

/// Whether two values say the same: what says nothing is not there, and entries have no order.
fn same_value(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(one), None) | (None, Some(one)) => is_nothing(one),
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let keys = one.keys().chain(other.keys());
            keys.into_iter()
                .all(|key| same_value(one.get(key), other.get(key)))
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            let mut left: Vec<&Value> = other.iter().collect();
            let mut taken = one.iter().map(|item| {
                let at = left
                    .iter()
                    .position(|other| same_value(Some(item), Some(other)));
                at.map(|at| left.remove(at))
            });
            one.len() == other.len() && taken.all(|taken| taken.is_some())
        }
        (one, other) => one == other,
    }
}

fn differing(of: &str, there: &Fields, wanted: &Fields, read: &Read, losses: &mut Vec<Loss>) {
    for difference in there.differences(wanted) {
        let path = spelled(&difference.path);
        if path.rsplit('.').next() == Some("image")
            && !says_image(
                difference
                    .from
                    .as_ref()
                    .map(|field| field.shown(false))
                    .as_deref(),
            )
        {
            continue;
        }
        if losses.iter().any(|loss| loss.of == of && loss.path == path) {
            continue;
        }
        let value = located(&read.sources[usize::from(of == "service")], &path);
        let to = difference.to.as_ref().map(|field| field.shown(false));
        let from = difference.from.as_ref().map(|field| field.shown(false));
        let why = match (&from, &to) {
            (Some(_), None) => "no word for it yet".to_owned(),
            (Some(from), Some(to)) => format!("the files ask for {to}, not {from}"),
            (None, to) => format!("the files ask for {}", to.as_deref().unwrap_or("it")),
        };
        let value = value.cloned().or_else(|| from.map(Value::from));
        losses.push(Loss {
            of: of.to_owned(),
            path,
            value,
            why,
        });
    }
}

/// A compared path in the API's own spelling; what is compared in parts and said as a whole is named as
/// a whole.
fn spelled(path: &str) -> String {
    let Some(rest) = path.strip_prefix("containers.") else {
        return path.to_owned();
    };
    let path = format!("containerDefinitions.{rest}");
    if let Some(at) = path.find(".healthCheck.") {
        return path[..at + ".healthCheck".len()].to_owned();
    }
    let is_option = |(_, option): &(&str, &str)| *option != "logDriver";
    if let Some((before, option)) = path.split_once(".logConfiguration.").filter(is_option) {
        return format!("{before}.logConfiguration.options.{option}");
    }
    path.replacen(".ports.", ".portMappings.", 1)
}

/// What stands at a path: entries of lists by their names.
fn located<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Array(items) => items.iter().find(|item| {
            let names = ["name", "containerName"];
            names
                .iter()
                .any(|name| item.get(name).and_then(Value::as_str) == Some(step))
        }),
        other => other.get(step),
    })
}

/// Tags of AWS itself are nobody's to set, and ours are added.
fn tagged(of: &str, there: &[Tag], wanted: &[Tag], losses: &mut Vec<Loss>) {
    let counts = |tag: &&Tag| !tag.key.starts_with("aws:") && !tag.key.starts_with("deployer:");
    for tag in there
        .iter()
        .filter(counts)
        .filter(|tag| !wanted.contains(tag))
    {
        losses.push(Loss::unsaid(
            of,
            format!("tags.{}", tag.key),
            Value::from(tag.value.clone()),
        ));
    }
    for tag in wanted.iter().filter(counts) {
        if !there.iter().any(|other| other.key == tag.key) {
            losses.push(Loss {
                of: of.to_owned(),
                path: format!("tags.{}", tag.key),
                value: None,
                why: "tags are the same on the service and on its tasks".into(),
            });
        }
    }
}
