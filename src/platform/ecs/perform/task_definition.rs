//! Registers a revision, unless the family's newest says the same already.

use aws_sdk_ecs::types as ecs;

use super::super::Ecs;
use crate::platform::aws::{failed, once};
use crate::platform::ecs::settings::fields::definition::same;
use crate::platform::ecs::settings::to_sdk;
use crate::platform::ecs::settings::unmanaged;
use crate::platform::ecs::settings::{Tag, TaskDefinition};
use crate::platform::{Failed, FailureKind};

impl Ecs {
    /// Registers `definition` on top of what `carry_from` has beyond our words. Gives its ARN, and
    /// whether it was there already.
    pub(super) async fn register(
        &self,
        definition: &TaskDefinition,
        carry_from: Option<&str>,
    ) -> Result<(String, bool), Failed> {
        let base = match carry_from {
            Some(arn) => Some(self.definition(arn).await?.raw),
            None => None,
        };
        let merged = unmanaged::merge(definition, base.as_ref())?;
        self.write(
            &[],
            async || {
                let arn = self.send_register(&merged, &definition.tags).await?;
                Ok((arn, false))
            },
            async || {
                let newest = self.newest_definition(&definition.family).await?;
                let known = newest.filter(|newest| {
                    same(&newest.config, definition)
                        && newest.residue == unmanaged::residue(&merged)
                });
                Ok(known.map(|known| (known.arn, false)))
            },
        )
        .await
    }

    async fn send_register(
        &self,
        wanted: &ecs::TaskDefinition,
        tags: &[Tag],
    ) -> Result<String, Failed> {
        let wanted = wanted.clone();
        let family = wanted.family.clone().unwrap_or_default();
        let operation = format!("register task definition {family}");
        let answer = self
            .ecs()
            .register_task_definition()
            .set_family(wanted.family)
            .set_task_role_arn(wanted.task_role_arn)
            .set_execution_role_arn(wanted.execution_role_arn)
            .set_network_mode(wanted.network_mode)
            .set_container_definitions(wanted.container_definitions)
            .set_volumes(wanted.volumes)
            .set_placement_constraints(wanted.placement_constraints)
            .set_requires_compatibilities(wanted.requires_compatibilities)
            .set_cpu(wanted.cpu)
            .set_memory(wanted.memory)
            .set_tags(to_sdk::tags(tags))
            .set_pid_mode(wanted.pid_mode)
            .set_ipc_mode(wanted.ipc_mode)
            .set_proxy_configuration(wanted.proxy_configuration)
            .set_ephemeral_storage(wanted.ephemeral_storage)
            .set_runtime_platform(wanted.runtime_platform)
            .set_enable_fault_injection(wanted.enable_fault_injection)
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|error| failed(operation.clone(), error))?;
        answer
            .task_definition
            .and_then(|definition| definition.task_definition_arn)
            .ok_or_else(|| {
                Failed::new(operation, FailureKind::Lost, "the answer names no revision")
            })
    }
}
