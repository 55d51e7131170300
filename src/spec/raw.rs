//! The files as they are written: every table with its keys, before defaults and cross-checks.
//!
//! The comments on the keys are what editors show, and what `deploy.example.toml` explains.

use crate::names::ServiceName;
use crate::spec::foreign;
use crate::spec::scalar::Filled;
use crate::spec::shape::{Map, Table, table};
use crate::spec::words::ServiceTable;
use crate::spec::words::capacity::CapacityTable;
use crate::spec::words::container::SidecarTable;
use crate::spec::words::ecs::EcsTable;
use crate::spec::words::env::refs::{EnvFromTable, EnvRefTable};
use crate::spec::words::health::HealthTable;
use crate::spec::words::ingress::rules::{IngressPathTable, IngressRuleTable, TlsTable};
use crate::spec::words::ingress::{ExposeTable, IngressTable};
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::autoscaler::AutoscalerTable;
use crate::spec::words::kubernetes::disruption::DisruptionTable;
use crate::spec::words::kubernetes::hooks::HookTable;
use crate::spec::words::kubernetes::part::KubeSidecarTable;
use crate::spec::words::kubernetes::pods::AccountTable;
use crate::spec::words::kubernetes::probe::ProbeTable;
use crate::spec::words::kubernetes::security::{PodSecurityTable, SecurityTable};
use crate::spec::words::kubernetes::service::{KubeServiceTable, ServicePortTable};
use crate::spec::words::network::NetworkTable;
use crate::spec::words::patch::ecs::EcsPatchTable;
use crate::spec::words::patch::kubernetes::KubePatchTable;
use crate::spec::words::resources::ResourcesTable;
use crate::spec::words::rollout::{BreakerTable, PatienceTable, RolloutTable};
use crate::spec::words::scaling::ScalingTable;
use crate::spec::words::secret::SecretTable;
use crate::spec::words::target::TargetTable;
use crate::spec::words::target::namespace::SecretStoreTable;
use crate::spec::words::target_groups::TargetGroupTable;

table! {
    /// deploy.toml: what runs.
    "deploy.toml" Deploy {
        /// A label and a tag on everything that is made for these services.
        project: Filled = required,
        /// The services, each under its name.
        service: Map<ServiceTable, ServiceName>,
    }
}

const TABLES: &[&[&str]] = &[
    Deploy::KEYS,
    ServiceTable::KEYS,
    SidecarTable::KEYS,
    HealthTable::KEYS,
    ExposeTable::KEYS,
    ScalingTable::KEYS,
    RolloutTable::KEYS,
    PatienceTable::KEYS,
    BreakerTable::KEYS,
    EcsTable::KEYS,
    EcsPatchTable::KEYS,
    TargetGroupTable::KEYS,
    CapacityTable::KEYS,
    KubernetesTable::KEYS,
    KubePatchTable::KEYS,
    ResourcesTable::KEYS,
    KubeServiceTable::KEYS,
    ServicePortTable::KEYS,
    KubeSidecarTable::KEYS,
    SecurityTable::KEYS,
    PodSecurityTable::KEYS,
    HookTable::KEYS,
    DisruptionTable::KEYS,
    AutoscalerTable::KEYS,
    AccountTable::KEYS,
    EnvRefTable::KEYS,
    EnvFromTable::KEYS,
    IngressRuleTable::KEYS,
    IngressPathTable::KEYS,
    TlsTable::KEYS,
    ProbeTable::KEYS,
    IngressTable::KEYS,
    SecretTable::KEYS,
    TargetTable::KEYS,
    NetworkTable::KEYS,
    SecretStoreTable::KEYS,
];

/// Whether a key means something anywhere in the format.
pub(in crate::spec) fn is_word(key: &str) -> bool {
    TABLES.iter().any(|keys| keys.contains(&key))
}

/// What a key that a table does not have comes to: the table that it belongs in, or what other tools
/// call by it.
pub(in crate::spec) fn advice(key: &str, table: &str) -> Option<String> {
    foreign::within(key, table)
        .or_else(|| elsewhere(key, table))
        .or_else(|| foreign::anywhere(key))
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
