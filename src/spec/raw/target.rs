//! config/NAME.toml: where services run.

use crate::names::{AccountId, EcsName, Region};
use crate::spec::model::Approve;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, table, words};

use super::Service;

words!(Approve, "an approval", "ask" => Approve::Ask, "yes" => Approve::Yes);

/// The platforms that a target can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum Platform {
    Ecs,
    Sandbox,
}
words!(Platform, "a platform", "ecs" => Platform::Ecs, "sandbox" => Platform::Sandbox);

table! {
    /// config/NAME.toml: where services run.
    "config/NAME.toml" Target {
        /// "ecs", or "sandbox" for the embedded one.
        platform: Platform = required,
        /// The AWS account; any other is refused before anything is written. In quotes.
        account: AccountId,
        /// The AWS Region.
        region: Region,
        /// The cluster's name.
        cluster: EcsName,
        /// How tasks are wired up.
        network: Network,
        /// URL that takes the place of every AWS endpoint, for emulators.
        endpoint: Filled,
        /// Values for ${NAME} in both files.
        vars: Map<String>,
        /// Whether `apply` asks before it writes. Default: ask.
        approve: Approve,
        /// What is true of a service only here; laid over deploy.toml, table by table.
        service: Map<Service>,
    }
}

table! {
    /// How tasks are wired up (awsvpc).
    "network" Network {
        /// 1 to 16 subnets.
        subnets: Vec<At<Filled>> = required,
        /// At most 5 security groups. Default: the VPC's own.
        security_groups: Vec<At<Filled>>,
        /// Whether tasks get a public address. Default: false.
        public_ip: bool,
    }
}
