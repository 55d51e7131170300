//! What each setting of a service says of itself. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;

use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::spec::{EcsPlace, EcsService};

/// One setting of a service: how it is asked for, read, compared, made and changed.
pub(crate) trait ServiceSetting: Sized + Clone + Default {
    /// The first parts of the paths under which it is compared.
    const GROUPS: &'static [&'static str];
    /// Whether ECS keeps it with a service revision; all others are settings of the service, and a
    /// rollback leaves them as they are.
    const OF_A_REVISION: bool = false;
    /// Whether ECS starts a deployment where it changes (Amazon ECS API reference, UpdateService,
    /// each parameter's "triggers a new service deployment").
    const STARTS_ROLLOUT: bool = false;
    /// Whether only new tasks take it up, so that a change of it forces them.
    const FORCES: bool = false;

    /// What the file asks for.
    fn rendered(service: &EcsService, place: &EcsPlace) -> Self;

    /// What a service has.
    fn received(read: &ecs::Service) -> Self;

    /// What a service revision has.
    fn of_a_revision(_: &ecs::ServiceRevision) -> Self {
        Self::default()
    }

    /// Adds its compared values to `fields`.
    fn put(&self, beside: Beside, fields: &mut Fields);

    /// Adds it to the call that makes the service.
    fn create(&self, call: Create) -> Result<Create, Failed>;

    /// Adds it to the call that changes the service, where it differs.
    fn update(&self, call: Update) -> Result<Update, Failed>;

    /// The groups of the settings that must go with a change of this one.
    fn brings(&self) -> &'static [&'static str] {
        &[]
    }
}

/// What a setting must know of those that it stands among.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside {
    /// Load balancers send to the service.
    pub(crate) is_balanced: bool,
}
