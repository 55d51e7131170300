//! The files as they are written: every table with its keys, before defaults and cross-checks.
//!
//! The comments on the keys are what editors show, and what `deploy.example.toml` explains.

use serde_json::Value as Json;

use crate::names::ServiceName;
use crate::spec::findings::Findings;
use crate::spec::foreign;
use crate::spec::inherit::laid_over_schema;
use crate::spec::scalar::Filled;
use crate::spec::shape::{Map, Shape, Table, table};
use crate::spec::tree::Node;
use crate::spec::words::ServiceTable;
use crate::spec::words::aims::QueueTable;
use crate::spec::words::capabilities::CapabilitiesTable;
use crate::spec::words::capacity::CapacityTable;
use crate::spec::words::container::SidecarTable;
use crate::spec::words::ecs::EcsTable;
use crate::spec::words::ecs::autoscaler::EcsAutoscalerTable;
use crate::spec::words::ecs::container::SidecarEcsTable;
use crate::spec::words::ecs::container::tables::{
    FirelensTable, LimitTable, ReservedTable, RestartTable, TmpfsTable, UlimitTable,
};
use crate::spec::words::ecs::hooks::EcsHookTable;
use crate::spec::words::ecs::log::LogTable;
use crate::spec::words::ecs::members::{
    ConnectAliasTable, ConnectServiceTable, ConnectTable, RegistryTable,
};
use crate::spec::words::ecs::placement::PlacementTable;
use crate::spec::words::ecs::strategy::StrategyTable;
use crate::spec::words::env::refs::{EnvFromTable, EnvRefTable};
use crate::spec::words::gateway::filters::{HeadersTable, RedirectTable, RewriteTable};
use crate::spec::words::gateway::rules::{
    RegexTable, RouteBackendTable, RouteMatchTable, RouteRuleTable,
};
use crate::spec::words::gateway::{GatewayTable, ParentTable};
use crate::spec::words::health::HealthTable;
use crate::spec::words::ingress::rules::{IngressPathTable, IngressRuleTable, TlsTable};
use crate::spec::words::ingress::{ExposeTable, IngressTable};
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::account::AccountTable;
use crate::spec::words::kubernetes::autoscaler::AutoscalerTable;
use crate::spec::words::kubernetes::bindings::BindingTable;
use crate::spec::words::kubernetes::disruption::DisruptionTable;
use crate::spec::words::kubernetes::hooks::HookTable;
use crate::spec::words::kubernetes::keda::triggers::{ReferenceTable, TriggerTable};
use crate::spec::words::kubernetes::keda::{FallbackTable, KedaTable};
use crate::spec::words::kubernetes::network_policy::{PeerTable, PolicyRuleTable, PolicyTable};
use crate::spec::words::kubernetes::nodes::NodesTable;
use crate::spec::words::kubernetes::part::KubeSidecarTable;
use crate::spec::words::kubernetes::probe::ProbeTable;
use crate::spec::words::kubernetes::security::{PodSecurityTable, SecurityTable};
use crate::spec::words::kubernetes::service::{KubeServiceTable, ServicePortTable};
use crate::spec::words::kubernetes::stateful::{ClaimTable, RetentionTable};
use crate::spec::words::network::NetworkTable;
use crate::spec::words::patch::ecs::EcsPatchTable;
use crate::spec::words::patch::kubernetes::KubePatchTable;
use crate::spec::words::ports::PortTable;
use crate::spec::words::resources::ResourcesTable;
use crate::spec::words::rollout::{BreakerTable, PatienceTable, RolloutTable};
use crate::spec::words::scaling::ScalingTable;
use crate::spec::words::schedule::ScheduleTable;
use crate::spec::words::secret::SecretTable;
use crate::spec::words::target::TargetTable;
use crate::spec::words::target::namespace::SecretStoreTable;
use crate::spec::words::target_groups::TargetGroupTable;
use crate::spec::words::volumes::ebs::EbsTable;
use crate::spec::words::volumes::{MountTable, VolumeTable};

table! {
    /// deploy.toml: what runs.
    "deploy.toml" Deploy {
        /// A label and a tag on everything that is made for these services.
        project: Filled = required,
        /// What all services have, unless they say otherwise: any keys of a service.
        defaults: Defaults,
        /// The services, each under its name.
        service: Map<Heir, ServiceName>,
    }
}

/// `[defaults]`: they are taken out of the tree before it is read, and read in each service.
pub(in crate::spec) struct Defaults;

impl Shape for Defaults {
    fn read(_: &Node, _: &mut Findings) -> Option<Self> {
        Some(Self)
    }

    fn schema() -> Json {
        laid_over_schema::<ServiceTable>()
    }
}

/// A service, which may have from others what it lacks.
pub(in crate::spec) struct Heir(pub(in crate::spec) ServiceTable);

impl Shape for Heir {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        ServiceTable::read(node, findings).map(Self)
    }

    fn schema() -> Json {
        laid_over_schema::<ServiceTable>()
    }
}

/// A table of the format, as its manual tells of it.
pub(in crate::spec) struct Told {
    pub(in crate::spec) written: &'static str,
    pub(in crate::spec) about: &'static [&'static str],
    pub(in crate::spec) keys: &'static [&'static str],
    pub(in crate::spec) required: &'static [&'static str],
    pub(in crate::spec) schema: fn() -> Json,
}

const fn told<T: Table>() -> Told {
    Told {
        written: T::WRITTEN,
        about: T::ABOUT,
        keys: T::KEYS,
        required: T::REQUIRED,
        schema: T::schema,
    }
}

/// Every table, in the order in which people read of them.
pub(in crate::spec) static TABLES: &[Told] = &[
    told::<Deploy>(),
    told::<ServiceTable>(),
    told::<SidecarTable>(),
    told::<PortTable>(),
    told::<HealthTable>(),
    told::<ExposeTable>(),
    told::<ScalingTable>(),
    told::<QueueTable>(),
    told::<ScheduleTable>(),
    told::<RolloutTable>(),
    told::<PatienceTable>(),
    told::<BreakerTable>(),
    told::<SecretTable>(),
    told::<EnvRefTable>(),
    told::<EnvFromTable>(),
    told::<VolumeTable>(),
    told::<EbsTable>(),
    told::<MountTable>(),
    told::<EcsTable>(),
    told::<TargetGroupTable>(),
    told::<StrategyTable>(),
    told::<EcsHookTable>(),
    told::<CapacityTable>(),
    told::<EcsAutoscalerTable>(),
    told::<PlacementTable>(),
    told::<SidecarEcsTable>(),
    told::<ReservedTable>(),
    told::<LimitTable>(),
    told::<FirelensTable>(),
    told::<TmpfsTable>(),
    told::<CapabilitiesTable>(),
    told::<RestartTable>(),
    told::<UlimitTable>(),
    told::<LogTable>(),
    told::<RegistryTable>(),
    told::<ConnectTable>(),
    told::<ConnectServiceTable>(),
    told::<ConnectAliasTable>(),
    told::<EcsPatchTable>(),
    told::<KubernetesTable>(),
    told::<ResourcesTable>(),
    told::<ProbeTable>(),
    told::<IngressTable>(),
    told::<KubeServiceTable>(),
    told::<ServicePortTable>(),
    told::<KubeSidecarTable>(),
    told::<SecurityTable>(),
    told::<PodSecurityTable>(),
    told::<HookTable>(),
    told::<DisruptionTable>(),
    told::<AutoscalerTable>(),
    told::<KedaTable>(),
    told::<TriggerTable>(),
    told::<ReferenceTable>(),
    told::<FallbackTable>(),
    told::<AccountTable>(),
    told::<IngressRuleTable>(),
    told::<IngressPathTable>(),
    told::<TlsTable>(),
    told::<GatewayTable>(),
    told::<ParentTable>(),
    told::<RouteRuleTable>(),
    told::<RouteMatchTable>(),
    told::<RegexTable>(),
    told::<RouteBackendTable>(),
    told::<RedirectTable>(),
    told::<RewriteTable>(),
    told::<HeadersTable>(),
    told::<BindingTable>(),
    told::<PolicyTable>(),
    told::<PolicyRuleTable>(),
    told::<PeerTable>(),
    told::<NodesTable>(),
    told::<ClaimTable>(),
    told::<RetentionTable>(),
    told::<KubePatchTable>(),
    told::<TargetTable>(),
    told::<NetworkTable>(),
    told::<SecretStoreTable>(),
];

/// Whether a key means something anywhere in the format.
pub(in crate::spec) fn is_word(key: &str) -> bool {
    TABLES.iter().any(|table| table.keys.contains(&key))
}

/// What a key that a table does not have comes to: the table that it belongs in, or what other tools
/// call by it.
pub(in crate::spec) fn advice(key: &str, table: &str) -> Option<String> {
    foreign::within(key, table)
        .or_else(|| elsewhere(key, table))
        .or_else(|| foreign::anywhere(key))
}

/// All keys of a platform's own tables, of a service's and of a sidecar's.
#[cfg(test)]
pub(crate) fn own_keys(platform: &str) -> Vec<&'static str> {
    let ends = format!(".{platform}]");
    let own = TABLES.iter().filter(|table| table.written.ends_with(&ends));
    own.flat_map(|table| table.keys).copied().collect()
}

/// The table that a key belongs in, where that is another one.
fn elsewhere(key: &str, table: &str) -> Option<String> {
    let own = [
        (EcsTable::KEYS, EcsTable::WRITTEN),
        (KubernetesTable::KEYS, KubernetesTable::WRITTEN),
    ];
    let typed = own.iter().any(|(_, written)| *written == table);
    let known = |keys: &[&'static str]| {
        keys.iter()
            .find(|known| foreign::is_same(known, key))
            .copied()
    };
    let place = |word: &str, place: &str| {
        if word == key {
            format!("it belongs in {place}")
        } else {
            format!("it is written `{word}`, and belongs in {place}")
        }
    };
    if let Some(word) = known(ServiceTable::KEYS).filter(|_| typed) {
        return Some(place(word, ServiceTable::WRITTEN));
    }
    let other = own
        .iter()
        .filter(|(_, written)| *written != table && (typed || table == ServiceTable::WRITTEN))
        .find_map(|(keys, written)| Some((known(keys)?, *written)));
    if let Some((word, written)) = other {
        return Some(place(word, written));
    }
    let of_service = typed || table == ServiceTable::WRITTEN || table == Deploy::WRITTEN;
    let word = known(TargetTable::KEYS).filter(|_| of_service)?;
    Some(place(word, "the target's file, config/NAME.toml"))
}
