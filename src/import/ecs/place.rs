//! The words of the target's file: where a service of ECS runs, and which load balancers send to it there.

use super::launch::{launch, network_mode};
use super::source::Read;
use super::unfilled::target_group;
use crate::import::Draft;
use crate::import::write::{Word, Words, say};
use crate::names::Arn;
use crate::platform::ecs::settings::service::target_groups::{Advanced, LoadBalancer};
use crate::platform::ecs::settings::{ContainerDefinition, ServiceConfig};
use crate::spec::LaunchType;

/// What is true of the service only there: the target groups to its containers.
pub(super) fn target_groups(
    config: &ServiceConfig,
    containers: &[ContainerDefinition],
    main: &str,
    draft: &mut Draft,
) -> Words {
    let groups = &config.settings.target_groups.load_balancers;
    let first = containers.iter().find(|container| container.name == main);
    let first = first
        .and_then(|main| main.ports.port_mappings.first())
        .map(|port| port.container_port);
    let known = |arn: &str| arn.parse::<Arn>().is_ok();
    let mut words = Words::new();
    match groups.as_slice() {
        [] => {}
        groups if !groups.iter().all(|group| known(&group.target_group_arn)) => {}
        [one] if one.container_name == main && Some(one.container_port) == first => {
            let arn = target_group(&one.target_group_arn, draft);
            let word = match &one.advanced_configuration {
                None => arn,
                Some(advanced) => {
                    let mut words = vec![("arn".to_owned(), arn)];
                    shifting(advanced, &mut words, draft);
                    Word::Table(words)
                }
            };
            say(&mut words, "target_group", Some(word));
        }
        several => {
            let mut group = |group: &LoadBalancer| {
                let arn = target_group(&group.target_group_arn, draft);
                let mut words = vec![("arn".to_owned(), arn)];
                let other = group.container_name != main;
                let other = other.then(|| Word::text(&group.container_name));
                say(&mut words, "container", other);
                say(&mut words, "port", Some(Word::plain(group.container_port)));
                if let Some(advanced) = &group.advanced_configuration {
                    shifting(advanced, &mut words, draft);
                }
                Word::Table(words)
            };
            let list = Word::List(several.iter().map(&mut group).collect());
            say(&mut words, "target_groups", Some(list));
        }
    }
    words
}

/// Between which target groups traffic shifts, and by which rules.
fn shifting(advanced: &Advanced, words: &mut Words, draft: &mut Draft) {
    let all = [
        ("alternate", &advanced.alternate_target_group_arn),
        ("production_rule", &advanced.production_listener_rule),
        ("test_rule", &advanced.test_listener_rule),
        ("role", &advanced.role_arn),
    ];
    for (key, value) in all {
        let word = value.as_ref().map(|arn| target_group(arn, draft));
        say(words, key, word);
    }
}

/// Whether its tasks have an address of their own, which only a network gives them.
pub(super) fn is_wired(read: &Read) -> bool {
    let fargate = launch(&read.task, read.service.as_ref()) == LaunchType::Fargate;
    fargate || network_mode(&read.task) == "awsvpc"
}

/// What stands at the top of the file.
pub(super) fn target(read: &Read, draft: &mut Draft) {
    let mut words = vec![("platform".to_owned(), Word::text("ecs"))];
    say(&mut words, "account", read.account.as_ref().map(Word::text));
    let region = read.region.clone().unwrap_or_else(|| {
        draft
            .notes
            .push("the source names no Region: put yours into the target's file".into());
        "us-east-1".to_owned()
    });
    say(&mut words, "region", Some(Word::Text(region)));
    let config = read.service.as_ref();
    if config.is_none() {
        draft.notes.push("the source has no service: put your cluster, subnets and security groups into the target's file".into());
    }
    let cluster = config.map_or("default", |config| &config.cluster);
    say(&mut words, "cluster", Some(Word::text(cluster)));
    let network = config.and_then(|config| config.settings.network.network_configuration.as_ref());
    let mut table = Words::new();
    if !is_wired(read) {
        draft.target = words;
        return;
    }
    match network.map(|network| &network.awsvpc_configuration) {
        Some(vpc) => {
            say(&mut table, "subnets", Some(Word::texts(&vpc.subnets)));
            let groups = &vpc.security_groups;
            say(
                &mut table,
                "security_groups",
                (!groups.is_empty()).then(|| Word::texts(groups)),
            );
            let public = vpc.assign_public_ip.as_deref() == Some("ENABLED");
            say(&mut table, "public_ip", public.then(|| Word::plain(true)));
        }
        None => say(
            &mut table,
            "subnets",
            Some(Word::List(vec![Word::text("subnet-0a")])),
        ),
    }
    say(&mut words, "network", Some(Word::Table(table)));
    draft.target = words;
}
