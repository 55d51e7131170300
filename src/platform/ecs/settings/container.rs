//! A container of a task definition, in the shape of `RegisterTaskDefinition`. Pure.
//!
//! A part is a type in a file of its own, which says all there is to say of it; this file, with the list
//! of them and what has no word yet, is the only other place that a new one touches.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use self::docker::Docker;
use self::environment::Environment;
use self::health::Health;
use self::image::ContainerImage;
use self::logs::Logs;
use self::mounts::Mounts;
use self::order::Order;
use self::part::{At, ContainerPart};
use self::ports::Ports;
use self::process::Process;
use self::size::Size;
use super::fields::Fields;
use super::unmanaged::left::Left;
use crate::platform::Failed;
use crate::spec::{Container, EcsService};

pub(crate) mod docker;
pub(crate) mod environment;
pub(crate) mod health;
pub(crate) mod image;
pub(crate) mod logs;
pub(crate) mod mounts;
pub(crate) mod order;
pub(crate) mod part;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod size;

/// Makes of one list the parts of a container, and what is done with each in turn.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $part:ty,)*) => {
        /// A container of a task definition.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub(crate) struct ContainerDefinition {
            /// Its name, unique in the task.
            pub(crate) name: String,
            $($(#[$doc])* #[serde(flatten)] pub(crate) $name: $part,)*
        }

        impl ContainerDefinition {
            /// What the file asks for.
            pub(crate) fn rendered(container: &Container, service: &EcsService) -> Self {
                Self {
                    name: container.name.to_string(),
                    $($name: <$part>::rendered(container, service),)*
                }
            }

            /// What is registered.
            pub(crate) fn received(read: &ecs::ContainerDefinition) -> Self {
                Self {
                    name: read.name.clone().unwrap_or_default(),
                    $($name: <$part>::received(read),)*
                }
            }

            /// Adds its compared values to `fields`.
            pub(crate) fn put(&self, fields: &mut Fields) {
                let at = At(&self.name);
                $(self.$name.put(fields, &at);)*
            }

            /// The container to register: ours, on top of what `base` has beyond our words.
            pub(crate) fn merge(
                &self,
                base: Option<&ecs::ContainerDefinition>,
            ) -> Result<ecs::ContainerDefinition, Failed> {
                let mut merged = base
                    .cloned()
                    .unwrap_or_else(|| ecs::ContainerDefinition::builder().build());
                merged.name = Some(self.name.clone());
                $(self.$name.merge(&mut merged)?;)*
                Ok(merged)
            }
        }

        /// Adds what its parts have no words for of what is theirs.
        fn left_by_parts(read: &ecs::ContainerDefinition, left: &mut Left) {
            $(<$part>::left_over(read, left);)*
        }
    };
}

parts! {
    /// What it runs, and whether the task ends with it.
    image: ContainerImage,
    /// Its share of the task.
    size: Size,
    /// The ports it listens on.
    ports: Ports,
    /// How its program is started and stopped.
    process: Process,
    /// Its environment, literal and from secret stores.
    environment: Environment,
    /// Where it has volumes of the task.
    mounts: Mounts,
    /// The containers that come before it.
    order: Order,
    /// Where its output goes.
    logs: Logs,
    /// How ECS tells that it is well.
    health: Health,
    /// What else Docker gives it, and takes from it.
    docker: Docker,
}

/// Adds what a registered container has that no part above has a word for.
pub(crate) fn left_over(container: &ecs::ContainerDefinition, left: &mut Left) {
    left.flag("disableNetworking", container.disable_networking);
    left.list("credentialSpecs", container.credential_specs());
    left_by_parts(container, left);
}
