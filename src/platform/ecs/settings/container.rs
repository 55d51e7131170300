//! A container of a task definition, in the shape of `RegisterTaskDefinition`. Pure.
//!
//! A part is a type in a file of its own, which says all there is to say of it; the list below is the
//! only other place that a new one touches.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use self::environment::Environment;
use self::health::Health;
use self::image::ContainerImage;
use self::logs::Logs;
use self::order::Order;
use self::part::{At, ContainerPart};
use self::ports::Ports;
use self::process::Process;
use self::size::Size;
use super::fields::Fields;
use super::unmanaged::left::Left;
use crate::platform::Failed;
use crate::spec::{Container, Service};

pub mod environment;
pub mod health;
pub mod image;
pub mod logs;
pub mod order;
pub mod part;
pub mod ports;
pub mod process;
pub mod size;

/// Makes of one list the parts of a container, and what is done with each in turn.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $part:ty,)*) => {
        /// A container of a task definition.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub struct ContainerDefinition {
            /// Its name, unique in the task.
            pub name: String,
            $($(#[$doc])* #[serde(flatten)] pub $name: $part,)*
        }

        impl ContainerDefinition {
            /// What the file asks for.
            pub fn rendered(container: &Container, service: &Service) -> Self {
                Self {
                    name: container.name.to_string(),
                    $($name: <$part>::rendered(container, service),)*
                }
            }

            /// What is registered.
            pub fn received(read: &ecs::ContainerDefinition) -> Self {
                Self {
                    name: read.name.clone().unwrap_or_default(),
                    $($name: <$part>::received(read),)*
                }
            }

            /// Adds its compared values to `fields`.
            pub fn put(&self, fields: &mut Fields) {
                let at = At(&self.name);
                $(self.$name.put(fields, &at);)*
            }

            /// The container to register: ours, on top of what `base` has beyond our words.
            pub fn merge(
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

        /// Adds what a registered container has beyond the words that its parts have.
        pub fn left_over(read: &ecs::ContainerDefinition, left: &mut Left) {
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
    /// The containers that come before it.
    order: Order,
    /// Where its output goes.
    logs: Logs,
    /// How ECS tells that it is well.
    health: Health,
}
