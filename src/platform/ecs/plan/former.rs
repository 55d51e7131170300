//! What a service was named before. ECS renames no service, so that what has the old name stays
//! beside what is made under the new one, and goes on running, until somebody ends it.
//!
//! It is recognised by our tags, which name project, target and service in full. They are read of the
//! first page of the cluster's services only, and only where a service is made: a service in another
//! cluster, one without our tags, and what lies beyond that page is not seen.

use std::time::Duration;

use aws_sdk_ecs::types::ServiceField;
use futures::future::join_all;

use super::adopt;
use crate::clock::after;
use crate::plan::Note;
use crate::platform::Failed;
use crate::platform::aws::failed;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::live::service::LiveService;
use crate::spec::{EcsPlace, EcsService};

/// How many services one page lists (Amazon ECS API reference, `ListServices`).
const A_PAGE: i32 = 100;

/// How many services one call describes (Amazon ECS API reference, `DescribeServices`).
const AT_ONCE: usize = 10;

/// Making a service waits no longer for it.
const PATIENCE: Duration = Duration::from_secs(5);

impl Ecs {
    /// What a plan that makes a service says of services that are this one under another name. It
    /// feeds notes alone, so that what cannot be read, or not soon, costs no more than them.
    pub(crate) async fn former_names(&self, service: &EcsService) -> Vec<Note> {
        let clock = self.clock();
        let end = after(clock.now(), PATIENCE);
        let looking = Box::pin(self.under_other_names(service));
        let names = match clock.before(Some(end), looking).await {
            Some(Ok(names)) => names,
            Some(Err(error)) => {
                tracing::info!(%error, "no look for former names");
                Vec::new()
            }
            None => Vec::new(),
        };
        let names = names.iter();
        names
            .map(|name| stays(name, service, self.place()))
            .collect()
    }

    async fn under_other_names(&self, service: &EcsService) -> Result<Vec<String>, Failed> {
        let cluster = self.cluster();
        let listed = self.ecs().list_services().cluster(cluster);
        let listed = listed.max_results(A_PAGE).send().await;
        let listed =
            listed.map_err(|error| failed(format!("list the services of {cluster}"), error))?;
        let calls = listed.service_arns().chunks(AT_ONCE).map(|some| {
            self.ecs()
                .describe_services()
                .cluster(cluster)
                .set_services(Some(some.to_vec()))
                .include(ServiceField::Tags)
                .send()
        });
        let mut names = Vec::new();
        for answer in join_all(calls).await {
            let answer =
                answer.map_err(|error| failed(format!("read the services of {cluster}"), error))?;
            let all = answer.services().iter();
            let active = all.filter(|one| one.status.as_deref() == Some("ACTIVE"));
            let ours = active
                .map(LiveService::read)
                .filter(|there| adopt::is_surely_ours(there, &self.tenant, &service.name))
                .map(|there| there.config.service_name);
            names.extend(ours.filter(|name| *name != service.own.service.as_str()));
        }
        Ok(names)
    }
}

/// That the old one stays, and how to end it. What scales it goes first, as it was made last.
fn stays(old: &str, service: &EcsService, place: &EcsPlace) -> Note {
    let new = &service.own.service;
    let (cluster, region) = (&place.cluster, &place.region);
    let endpoint = place.endpoint.as_ref();
    let endpoint = endpoint.map_or(String::new(), |url| format!(" --endpoint-url {url}"));
    let there = format!("--region {region}{endpoint}");
    let mut end =
        format!("aws ecs delete-service --cluster {cluster} --service {old} --force {there}");
    if service.scaling.is_some() {
        end = format!(
            "aws application-autoscaling deregister-scalable-target --service-namespace ecs \
             --scalable-dimension ecs:service:DesiredCount --resource-id service/{cluster}/{old} \
             {there} && {end}"
        );
    }
    Note::warning(
        "old_name_stays",
        format!(
            "Service {old} is this one under the name that it had before. ECS renames no service: {new} \
             is made beside {old}, which stays and goes on serving. Once {new} is healthy, end it: \
             `{end}`."
        ),
    )
}
