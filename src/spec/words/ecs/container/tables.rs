//! The tables within what only ECS knows about a container.

use serde_json::Value as Json;

use crate::spec::findings::Findings;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Shape, table};
use crate::spec::tree::{Node, Value};
use crate::spec::units::{CpuUnits, Mebibytes, Time};

table! {
    /// What is reserved for a container on ECS.
    "requests" ReservedTable {
        /// In vCPU: 0.25, or "250m".
        cpu: CpuUnits,
        /// "256MiB": what it may go beyond, up to its limit.
        memory: Mebibytes,
    }
}

table! {
    /// What a container may use at most on ECS.
    "limits" LimitTable {
        /// "512MiB": beyond it the container is killed.
        memory: Mebibytes,
    }
}

table! {
    /// The router of FireLens.
    "firelens" FirelensTable {
        /// "fluentbit" or "fluentd".
        router: Router,
        /// Its options, as the API spells them.
        options: Map<String>,
    }
}

/// Which router it is.
pub(in crate::spec) struct Router(pub(super) &'static str);

crate::spec::shape::words!(
    Router, "a router",
    "fluentbit" => Router("fluentbit"),
    "fluentd" => Router("fluentd"),
);

table! {
    /// A scratch file system in memory.
    "tmpfs" TmpfsTable {
        /// Where in the container.
        path: Filled = required,
        /// The most it holds.
        size: Mebibytes = required,
        /// Options of the mount: "noexec".
        options: Vec<At<Filled>>,
    }
}

table! {
    /// Whether a container that ends is started anew while its task runs on.
    "restart" RestartTable {
        /// Exit codes after which it is not.
        ignore: Vec<At<Whole<0, 255>>>,
        /// It must have run so long before, 60s to 1800s. Default: 300s.
        after: Time<60, 1800>,
    }
}

/// `true`, or how.
pub(in crate::spec) struct Restart(pub(super) RestartTable);

impl Shape for Restart {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match node.value {
            Value::Bool(true) => Some(Self(RestartTable::default())),
            _ => Some(Self(RestartTable::read(node, findings)?)),
        }
    }

    fn schema() -> Json {
        serde_json::json!({ "anyOf": [{ "enum": [true] }, RestartTable::schema()] })
    }
}

table! {
    /// A limit of the operating system.
    "ulimits" UlimitTable {
        /// Which the program may raise, up to the hard one.
        soft: Whole<0, 2_147_483_647> = required,
        /// Which it cannot go beyond.
        hard: Whole<0, 2_147_483_647> = required,
    }
}

/// One number for both, or each.
pub(in crate::spec) struct Ulimit {
    pub(super) soft: u32,
    pub(super) hard: u32,
}

impl Shape for Ulimit {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if !matches!(node.value, Value::Table(_)) {
            let Whole::<0, 2_147_483_647>(both) = Whole::read(node, findings)?;
            return Some(Self {
                soft: both,
                hard: both,
            });
        }
        let table = UlimitTable::read(node, findings)?;
        Some(Self {
            soft: table.soft?.value.0,
            hard: table.hard?.value.0,
        })
    }

    fn schema() -> Json {
        serde_json::json!({
            "anyOf": [Whole::<0, 2_147_483_647>::schema(), UlimitTable::schema()],
        })
    }
}
