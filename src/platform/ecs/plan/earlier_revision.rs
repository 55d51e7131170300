//! Going back: to the last revision that was really successful, or to a given one. What a
//! revision is made of is read from ECS's own record of it.

use aws_sdk_ecs::types as ecs;

use super::change::{Revision, ServiceUpdate};
use super::draft::{Draft, other_revision, views};
use super::update;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::history::deployments::AT_ONCE;
use crate::platform::ecs::live::service::{LiveService, revision};
use crate::platform::ecs::rollout::Watched;
use crate::platform::ecs::settings::ServiceConfig;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::ecs::settings::service::is_of_a_revision;
use crate::platform::ecs::settings::service::platform_version::LATEST;
use crate::platform::{Failed, FailureKind};

impl Ecs {
    /// What goes back to `to`, or to the last revision known good.
    pub(crate) async fn back_to(
        &self,
        there: &LiveService,
        to: Option<&str>,
    ) -> Result<Draft, Failed> {
        let target = match to {
            None => self.last_good(there).await?,
            Some(name) => self.named(there, name).await?,
        };
        let mut draft = go_back(there, &target);
        self.register_again(&mut draft).await?;
        Ok(draft)
    }

    /// The settings of the newest successful deployment that differs from what runs now.
    async fn last_good(&self, there: &LiveService) -> Result<ServiceConfig, Failed> {
        let good = self
            .revisions_deployed(there, &[ecs::ServiceDeploymentStatus::Successful])
            .await?;
        let current = there.primary_id().map(last_part);
        good.iter()
            .filter(|revision| {
                let arn = revision.service_revision_arn.as_deref();
                arn.map(last_part) != current
            })
            .map(revision)
            .find(|config| !go_back(there, config).changes.is_empty())
            .ok_or_else(|| {
                Failed::new(
                    format!("go back with {}", there.config.service_name),
                    FailureKind::Refused,
                    "no earlier deployment of it is known to have succeeded \
                     (ECS remembers 90 days); choose one with --to",
                )
            })
    }

    /// Whether `rollback` would find what to go back to after this rollout, as far as that may be
    /// read: an earlier deployment that succeeded, of another task definition.
    pub(crate) async fn knows_better(&self, rollout: &Watched) -> bool {
        if !rollout.can_go_back() {
            return false;
        }
        let good = self
            .deployed(
                &rollout.service,
                &[ecs::ServiceDeploymentStatus::Successful],
            )
            .await
            .unwrap_or_default();
        let ours = rollout.ours.task_definition.as_str();
        good.iter()
            .any(|revision| revision.task_definition().is_some_and(|one| one != ours))
    }

    /// The settings of a revision that a person names: `api-service:12`, `12` or an ARN; with those
    /// of the deployment that rolled it out, where ECS remembers one.
    async fn named(&self, there: &LiveService, name: &str) -> Result<ServiceConfig, Failed> {
        let name = if name.chars().all(|c| c.is_ascii_digit()) {
            let current = last_part(&there.config.task_definition);
            let family = current.split(':').next().unwrap_or(current);
            format!("{family}:{name}")
        } else {
            name.to_owned()
        };
        let (definition, deployed) =
            futures::join!(self.definition(&name), self.revisions_deployed(there, &[]));
        let deployed = deployed.unwrap_or_default();
        let definition = definition.map_err(|error| match error.code.as_deref() {
            Some("ClientException") => no_revision(there, &name, &deployed),
            _ => error,
        })?;
        let config = deployed
            .iter()
            .find(|one| one.task_definition.as_deref() == Some(&definition.arn))
            .map(revision);
        Ok(config.unwrap_or_else(|| ServiceConfig {
            task_definition: definition.arn,
            ..there.config.clone()
        }))
    }

    /// The service revisions that deployments in one of these states rolled out, newest first.
    async fn revisions_deployed(
        &self,
        there: &LiveService,
        states: &[ecs::ServiceDeploymentStatus],
    ) -> Result<Vec<ecs::ServiceRevision>, Failed> {
        self.deployed(&there.config.service_name, states).await
    }

    async fn deployed(
        &self,
        name: &str,
        states: &[ecs::ServiceDeploymentStatus],
    ) -> Result<Vec<ecs::ServiceRevision>, Failed> {
        let listed = self.list_deployments(name, states, AT_ONCE).await?;
        let revisions = listed
            .into_iter()
            .filter_map(|one| one.target_service_revision_arn);
        self.describe_revisions(revisions).await
    }
}

/// A revision that ECS does not know, with those that deployments of the service rolled out.
fn no_revision(there: &LiveService, name: &str, deployed: &[ecs::ServiceRevision]) -> Failed {
    let current = Some(there.config.task_definition.as_str());
    let known = deployed.iter().map(|one| one.task_definition.as_deref());
    let mut words: Vec<&str> = Vec::new();
    for word in std::iter::once(current)
        .chain(known)
        .flatten()
        .map(last_part)
    {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    Failed::new(
        format!("go back with {}", there.config.service_name),
        FailureKind::Wrong,
        format!(
            "there is no revision {name}; there are {}",
            words.join(", ")
        ),
    )
}

/// The one update that brings the revision's settings back; the service's own settings stay.
fn go_back(there: &LiveService, target: &ServiceConfig) -> Draft {
    let others = |path: &str| !is_of_a_revision(fields::group(path));
    let from = fields::service::fields(&there.config).without(others);
    let wanted = fields::service::fields(target).without(others);
    // ECS tells of a revision which version LATEST stood for then; asking for that would pin it.
    let resolved = there.config.settings.platform_version.version() == LATEST;
    let differences: Vec<_> = from
        .differences(&wanted)
        .into_iter()
        .filter(|difference| difference.path != "platformVersion" || !resolved)
        .collect();
    let config = &there.config;
    let mut update = ServiceUpdate::of(&config.cluster, &config.service_name);
    for difference in &differences {
        update::set(&mut update, target, difference.group());
    }
    let mut draft = Draft {
        views: views("service", &differences),
        ..Draft::default()
    };
    if target.task_definition != config.task_definition {
        update.revision = Some(Revision::Known(target.task_definition.clone()));
        let view = other_revision(&config.task_definition, &target.task_definition);
        draft.views.push(view);
    }
    draft.update(update);
    draft
}
