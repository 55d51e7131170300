//! What ECS keeps with a service beside its deployments: tags of its tasks, rebalancing, Cloud Map and
//! Service Connect. What the file does not say of these stays as it is.

use serde_json::{Map as Members, Value as Json, json};

use crate::names::{Arn, ContainerName};
use crate::spec::findings::Findings;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Switch, table, words};
use crate::spec::words::ecs::EcsTable;
use crate::spec::words::ecs::launch::LaunchType;
use crate::spec::words::ecs::log::{ContainerLog, LogTable, own_log};
use crate::spec::words::ecs::placement::placement;

/// Where tasks get their tags from.
#[derive(Clone, Copy)]
pub(in crate::spec) struct Propagate(&'static str);

words!(
    Propagate, "a source of tags",
    "service" => Propagate("SERVICE"),
    "task_definition" => Propagate("TASK_DEFINITION"),
    "none" => Propagate("NONE"),
);

table! {
    /// A service of Cloud Map under which tasks are found.
    "registries" RegistryTable {
        /// Its ARN.
        arn: Arn = required,
        /// Which container, for a record with a port (SRV) where network mode is bridge or host.
        container: ContainerName,
        /// Which of the container's ports.
        container_port: Whole<1, 65_535>,
        /// The port of a record with a port (SRV) where network mode is awsvpc.
        port: Whole<1, 65_535>,
    }
}

table! {
    /// Service Connect: how this service is reached by others, and reaches them, by name.
    "connect" ConnectTable {
        /// The namespace in Cloud Map, by name or ARN. Default: the cluster's.
        namespace: Filled,
        /// What others reach here; without any it only reaches others.
        services: Vec<At<ConnectServiceTable>>,
        /// Where its proxy's output goes.
        log: LogTable,
    }
}

table! {
    /// A port that others reach by Service Connect.
    "connect services" ConnectServiceTable {
        /// The name of a port of this service.
        port: Filled = required,
        /// How it is called in the namespace. Default: as the port.
        name: Filled,
        /// Where others reach it: [{ port = 80, dns = "api" }].
        aliases: Vec<At<ConnectAliasTable>>,
        /// The port that its proxy listens on. Default: any.
        ingress_port: Whole<1, 65_535>,
    }
}

table! {
    /// Where others reach a port by Service Connect.
    "connect aliases" ConnectAliasTable {
        /// The port that they use.
        port: Whole<1, 65_535> = required,
        /// The name that they use. Default: its name in the namespace.
        dns: Filled,
    }
}

/// The members of a service that the file says, in the API's own spelling.
pub(in crate::spec) fn members(
    raw: &mut EcsTable,
    launch: LaunchType,
    findings: &mut Findings,
) -> Vec<(&'static str, Json)> {
    let mut said = placement(raw.placement.as_ref(), launch, findings);
    if let Some(at) = &raw.managed_tags {
        said.push(("enableECSManagedTags", at.value.into()));
    }
    if let Some(at) = &raw.propagate_tags {
        said.push(("propagateTags", at.value.0.into()));
    }
    if let Some(at) = &raw.az_rebalancing {
        let word = if at.value { "ENABLED" } else { "DISABLED" };
        said.push(("availabilityZoneRebalancing", word.into()));
    }
    if let Some(at) = &raw.registries {
        let all = at.value.iter().filter_map(|at| registry(&at.value));
        said.push(("serviceRegistries", all.collect()));
    }
    match raw.connect.take().map(|at| at.value) {
        None => {}
        Some(Switch::Off) => {
            said.push(("serviceConnectConfiguration", json!({ "enabled": false })));
        }
        Some(Switch::On(table)) => said.push(("serviceConnectConfiguration", connect(table))),
    }
    said
}

/// Adds what is there.
fn put(members: &mut Members<String, Json>, name: &str, value: Option<Json>) {
    members.extend(value.map(|value| (name.to_owned(), value)));
}

fn registry(raw: &RegistryTable) -> Option<Json> {
    let mut one = Members::new();
    let arn = raw.arn.as_ref()?.value.to_string();
    put(&mut one, "registryArn", Some(arn.into()));
    let container = raw.container.as_ref();
    let container = container.map(|at| Json::from(at.value.as_str()));
    put(&mut one, "containerName", container);
    let number = |at: Option<&At<Whole<1, 65_535>>>| at.map(|at| Json::from(at.value.0));
    put(
        &mut one,
        "containerPort",
        number(raw.container_port.as_ref()),
    );
    put(&mut one, "port", number(raw.port.as_ref()));
    Some(Json::Object(one))
}

fn connect(raw: ConnectTable) -> Json {
    let mut made = Members::new();
    put(&mut made, "enabled", Some(true.into()));
    let namespace = raw.namespace.map(|at| Json::from(at.value.0));
    put(&mut made, "namespace", namespace);
    let services = raw.services.iter().flat_map(|at| &at.value);
    let services: Vec<Json> = services.filter_map(|at| reached(&at.value)).collect();
    let services = (!services.is_empty()).then_some(Json::Array(services));
    put(&mut made, "services", services);
    let log = raw.log.map(|at| At {
        value: Switch::On(at.value),
        spot: at.spot,
        head: at.head,
    });
    if let ContainerLog::Own(log) = own_log(log) {
        let mut configuration = json!({ "logDriver": log.driver });
        if !log.options.is_empty() {
            configuration["options"] = json!(log.options);
        }
        if !log.secrets.is_empty() {
            let secrets = log.secrets.iter();
            let secrets = secrets.map(|(name, from)| json!({ "name": name, "valueFrom": from }));
            configuration["secretOptions"] = secrets.collect();
        }
        put(&mut made, "logConfiguration", Some(configuration));
    }
    Json::Object(made)
}

fn reached(raw: &ConnectServiceTable) -> Option<Json> {
    let mut one = Members::new();
    let text = |at: Option<&At<Filled>>| at.map(|at| Json::from(at.value.0.as_str()));
    put(&mut one, "portName", Some(text(raw.port.as_ref())?));
    put(&mut one, "discoveryName", text(raw.name.as_ref()));
    let aliases = raw.aliases.iter().flat_map(|at| &at.value);
    let aliases: Vec<Json> = aliases
        .filter_map(|at| {
            let mut alias = Members::new();
            let port = at.value.port.as_ref()?.value.0;
            put(&mut alias, "port", Some(port.into()));
            put(&mut alias, "dnsName", text(at.value.dns.as_ref()));
            Some(Json::Object(alias))
        })
        .collect();
    let aliases = (!aliases.is_empty()).then_some(Json::Array(aliases));
    put(&mut one, "clientAliases", aliases);
    let port = raw.ingress_port.as_ref();
    put(
        &mut one,
        "ingressPortOverride",
        port.map(|at| at.value.0.into()),
    );
    Some(Json::Object(one))
}
