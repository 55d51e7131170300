//! A service as AWS describes it, whole and in the API's own spelling.

use serde_json::{Value, json};

use super::scaling::LiveScaling;
use crate::platform::Failed;
use crate::platform::aws::failed;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::settings::patched;
use crate::spec::aws_json;

/// A service with all that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    /// As `DescribeServices` tells it.
    pub(crate) service: Value,
    /// As `DescribeTaskDefinition` tells what its PRIMARY deployment runs, with its tags.
    pub(crate) task: Value,
    /// What scales it.
    pub(crate) scaling: LiveScaling,
}

impl Ecs {
    /// Reads a service whole; `None`: it is not there.
    pub(crate) async fn described(&self, name: &str) -> Result<Option<Described>, Failed> {
        let answer = self.describe_service(name).await?;
        let mut services = answer.services().iter();
        let found = services.find(|service| service.status.as_deref() != Some("INACTIVE"));
        let Some(found) = found else {
            return Ok(None);
        };
        let mut service = aws_json::write(found).unwrap_or_default();
        // What a deployment tells of Service Connect and of volumes is a member of a request.
        let members = patched::members(found);
        if let (Some(service), Some(members)) = (service.as_object_mut(), members.as_object()) {
            service.extend(members.clone());
        }
        let revision = found.task_definition.as_deref().unwrap_or_default();
        let (definition, scaling) =
            futures::join!(self.definition(revision), self.read_scaling(name));
        let definition = definition?;
        let mut task = aws_json::write(&definition.raw).unwrap_or_default();
        task["tags"] = json!(definition.config.tags);
        Ok(Some(Described {
            service,
            task,
            scaling: scaling?,
        }))
    }

    /// The names of all services of the cluster.
    pub(crate) async fn service_names(&self) -> Result<Vec<String>, Failed> {
        let pages = self
            .ecs()
            .list_services()
            .cluster(self.place().cluster.as_str())
            .into_paginator()
            .items()
            .send();
        let arns: Result<Vec<String>, _> = pages.collect().await;
        let arns = arns.map_err(|error| self.placed(failed("list services", error)))?;
        let names = arns.iter().filter_map(|arn| arn.rsplit('/').next());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }
}
