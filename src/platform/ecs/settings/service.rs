//! The service half of what ECS is asked for, in the shape of `CreateService`, and what one
//! `UpdateService` changes of it. Pure.
//!
//! A setting is a type in a file of its own, which says all there is to say of it; this file, with the
//! list of them and what has no word yet, is the only other place that a new one touches.

pub(crate) mod capacity;
pub(crate) mod deployment;
pub(crate) mod exec;
pub(crate) mod health_grace;
pub(crate) mod network;
pub(crate) mod platform_version;
pub(crate) mod scheduling;
pub(crate) mod setting;
pub(crate) mod target_groups;

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use self::capacity::Launch;
use self::deployment::Deployment;
use self::exec::Exec;
use self::health_grace::HealthGrace;
use self::network::TaskNetwork;
use self::platform_version::PlatformVersion;
use self::scheduling::Scheduling;
use self::setting::{Beside, ServiceSetting};
use self::target_groups::TargetGroups;
use super::Tag;
use super::fields::Fields;
use super::sdk::primary;
use super::unmanaged::left::Left;
use crate::platform::Failed;
use crate::spec::Overlay;
use crate::spec::{EcsPlace, EcsService};

/// Makes of one list the settings of a service, what an update changes of them, and what is done
/// with each in turn.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $setting:ty,)*) => {
        /// All settings of a service that the file format has words for.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub(crate) struct ServiceSettings {
            $($(#[$doc])* #[serde(flatten)] pub(crate) $name: $setting,)*
        }

        /// What one UpdateService changes of them; what is absent is kept.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct SettingsUpdate {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub(crate) $name: Option<$setting>,)*
        }

        impl ServiceSettings {
            /// What the file asks for.
            pub(crate) fn rendered(service: &EcsService, place: &EcsPlace) -> Self {
                Self { $($name: <$setting>::rendered(service, place),)* }
            }

            /// What a service has.
            pub(crate) fn received(read: &ecs::Service) -> Self {
                Self { $($name: <$setting>::received(read),)* }
            }

            /// What a service revision has.
            pub(crate) fn of_a_revision(read: &ecs::ServiceRevision) -> Self {
                Self { $($name: <$setting>::of_a_revision(read),)* }
            }

            /// Adds their compared values to `fields`.
            pub(crate) fn put(&self, fields: &mut Fields) {
                let is_balanced = !self.target_groups.load_balancers.is_empty();
                $(self.$name.put(Beside { is_balanced }, fields);)*
            }

            /// Adds them to the call that makes the service.
            pub(crate) fn create(&self, call: Create) -> Result<Create, Failed> {
                $(let call = self.$name.create(call)?;)*
                Ok(call)
            }

            /// What they are once `update` is performed.
            #[must_use]
            pub(crate) fn with(&self, update: &SettingsUpdate) -> Self {
                Self { $($name: update.$name.as_ref().unwrap_or(&self.$name).clone(),)* }
            }
        }

        impl SettingsUpdate {
            /// Sets what brings about the difference under `group`, the first part of a path.
            pub(crate) fn set(&mut self, wanted: &ServiceSettings, group: &str) {
                $(if <$setting>::GROUPS.contains(&group) {
                    self.$name = Some(wanted.$name.clone());
                    for group in wanted.$name.brings() {
                        self.set(wanted, group);
                    }
                })*
            }

            /// Adds what differs to the call that changes the service.
            pub(crate) fn update(&self, call: Update) -> Result<Update, Failed> {
                $(let call = match &self.$name {
                    Some(setting) => setting.update(call)?,
                    None => call,
                };)*
                Ok(call)
            }

            /// Whether ECS itself starts a deployment on it.
            pub(crate) fn starts_rollout(&self) -> bool {
                false $(|| <$setting>::STARTS_ROLLOUT && self.$name.is_some())*
            }

            /// Whether it takes effect only on tasks that are made anew.
            pub(crate) fn forces(&self) -> bool {
                false $(|| <$setting>::FORCES && self.$name.is_some())*
            }
        }

        /// Whether ECS keeps what is compared under `group` with a service revision.
        pub(crate) fn is_of_a_revision(group: &str) -> bool {
            false $(|| <$setting>::OF_A_REVISION && <$setting>::GROUPS.contains(&group))*
        }

        /// Whether it is kept with the service itself, so that a rollback leaves it as it is.
        pub(crate) fn is_of_the_service(group: &str) -> bool {
            false $(|| !<$setting>::OF_A_REVISION && <$setting>::GROUPS.contains(&group))*
        }
    };
}

settings! {
    /// Where its tasks run.
    capacity: Launch,
    /// A count of tasks, or one on each instance.
    scheduling: Scheduling,
    /// The version of Fargate.
    platform_version: PlatformVersion,
    /// How a rollout goes.
    deployment: Deployment,
    /// Subnets and security groups.
    network: TaskNetwork,
    /// Which load balancers send to it.
    target_groups: TargetGroups,
    /// How long load balancers' findings do not count.
    health_grace: HealthGrace,
    /// Whether commands may be run in its containers.
    exec: Exec,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceConfig {
    /// The cluster's name.
    pub(crate) cluster: String,
    pub(crate) service_name: String,
    /// A family, `family:revision` or an ARN.
    pub(crate) task_definition: String,
    /// How many tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) desired_count: Option<i32>,
    /// Everything else that can be changed.
    #[serde(flatten)]
    pub(crate) settings: ServiceSettings,
    /// Written when it is created, then by `TagResource`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<Tag>,
    /// What the file lays over the members that no setting has a word for.
    #[serde(default, skip_serializing_if = "Overlay::is_empty")]
    pub(crate) patch: Overlay,
}

/// What a service has that no setting above has a word for, by path.
pub(crate) fn left_over(service: &ecs::Service) -> Vec<String> {
    let mut left = Left::default();
    left.list("serviceRegistries", service.service_registries());
    left.list("placementConstraints", service.placement_constraints());
    left.list("placementStrategy", service.placement_strategy());
    if let Some(primary) = primary(service) {
        let connect = primary
            .service_connect_configuration
            .as_ref()
            .filter(|connect| connect.enabled);
        left.some("serviceConnectConfiguration", connect);
        left.list("volumeConfigurations", primary.volume_configurations());
        left.list(
            "vpcLatticeConfigurations",
            primary.vpc_lattice_configurations(),
        );
    }
    let deployment = service.deployment_configuration.as_ref();
    let early = deployment.and_then(|deployment| deployment.early_success_criteria.as_ref());
    left.some("deploymentConfiguration.earlySuccessCriteria", early);
    let propagated = service
        .propagate_tags
        .as_ref()
        .filter(|from| **from != ecs::PropagateTags::None);
    left.some("propagateTags", propagated);
    left.flag(
        "enableECSManagedTags",
        Some(service.enable_ecs_managed_tags),
    );
    left.found.into_iter().map(|(path, _)| path).collect()
}
