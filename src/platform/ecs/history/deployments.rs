//! ECS's own record of what was deployed: service deployments and the revisions that they rolled
//! out, for 90 days back (Amazon ECS developer guide, service deployments).

use std::cmp::Reverse;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types as ecs;
use jiff::Timestamp;

use crate::platform::Failed;
use crate::platform::aws::failed;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::live::record;
use crate::platform::ecs::live::view::RecordView;
use crate::platform::ecs::settings::sdk::{last_part, time};

/// How many one call describes (Amazon ECS API reference, `DescribeServiceDeployments` and
/// `DescribeServiceRevisions`).
pub(crate) const AT_ONCE: usize = 20;

/// How many one page lists (Amazon ECS API reference, `ListServiceDeployments`).
const A_PAGE: i32 = 100;

/// Pages are read to the end of what is wanted, and never more than these: 2000 deployments within
/// the 90 days that ECS remembers.
const PAGES: usize = 20;

/// The deployments of one service, page by page.
pub(crate) struct List<'a> {
    pub(crate) client: &'a Client,
    pub(crate) cluster: &'a str,
    pub(crate) name: &'a str,
}

impl List<'_> {
    /// Reads on until there are no more in these states (no state: in all), or `enough` says of
    /// all that were read that they are.
    pub(crate) async fn read(
        &self,
        states: &[ecs::ServiceDeploymentStatus],
        enough: impl Fn(&[ecs::ServiceDeploymentBrief]) -> bool,
    ) -> Result<Vec<ecs::ServiceDeploymentBrief>, Failed> {
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..PAGES {
            let page = self
                .client
                .list_service_deployments()
                .cluster(self.cluster)
                .service(self.name)
                .set_status((!states.is_empty()).then(|| states.to_vec()))
                .max_results(A_PAGE)
                .set_next_token(token.take())
                .send()
                .await
                .map_err(|error| failed(format!("list the deployments of {}", self.name), error))?;
            all.extend(page.service_deployments.unwrap_or_default());
            token = page.next_token;
            if token.is_none() || enough(&all) {
                break;
            }
        }
        Ok(all)
    }
}

/// Whether a deployment rolls out the revision of this number, which is that of the classic
/// deployment that it began as.
pub(crate) fn rolls_out(brief: &ecs::ServiceDeploymentBrief, number: &str) -> bool {
    let target = brief.target_service_revision_arn();
    target.is_some_and(|arn| last_part(arn) == number)
}

/// Whether what follows in the list is older than `since`: it falls in time, as far as it was read,
/// and that far back. ECS promises no order.
pub(crate) fn reaches_back(listed: &[ecs::ServiceDeploymentBrief], since: Timestamp) -> bool {
    let at = |brief: &ecs::ServiceDeploymentBrief| time(brief.created_at());
    let last = listed.last().and_then(at);
    listed.is_sorted_by_key(|brief| Reverse(at(brief))) && last.is_some_and(|last| last < since)
}

impl Ecs {
    /// The deployments of a service in one of these states, newest first, at most `most`; no
    /// state: all.
    pub(crate) async fn list_deployments(
        &self,
        name: &str,
        states: &[ecs::ServiceDeploymentStatus],
        most: usize,
    ) -> Result<Vec<ecs::ServiceDeploymentBrief>, Failed> {
        let list = List {
            client: self.ecs(),
            cluster: self.cluster(),
            name,
        };
        let all = list.read(states, |all| all.len() >= most).await;
        let mut all = all.map_err(|error| self.placed(error))?;
        all.sort_by_key(|one| Reverse(time(one.created_at())));
        all.truncate(most);
        Ok(all)
    }

    /// The classic deployment that the service's newest service deployment began as, if it was to
    /// roll out just this revision. `None` also where that cannot be read.
    pub(crate) async fn gone_back_from(&self, name: &str, revision: &str) -> Option<String> {
        let newest = self.list_deployments(name, &[], 1).await.ok()?;
        let target = newest.first()?.target_service_revision_arn.clone()?;
        let number = last_part(&target).to_owned();
        let revisions = self
            .describe_revisions(std::iter::once(target))
            .await
            .ok()?;
        let rolled_out = revisions.first()?.task_definition.as_deref();
        (rolled_out == Some(revision)).then(|| format!("ecs-svc/{number}"))
    }

    /// The revision that the classic deployment of that id rolled out, empty where ECS does not
    /// tell it any more; `None`: ECS remembers no such deployment.
    pub(crate) async fn rolled_out_by(
        &self,
        name: &str,
        id: &str,
    ) -> Result<Option<String>, Failed> {
        let list = List {
            client: self.ecs(),
            cluster: self.cluster(),
            name,
        };
        let number = last_part(id);
        let fits = |brief: &ecs::ServiceDeploymentBrief| rolls_out(brief, number);
        let listed = list.read(&[], |all| all.iter().any(fits)).await?;
        let Some(found) = listed.into_iter().find(fits) else {
            return Ok(None);
        };
        let target = found.target_service_revision_arn.into_iter();
        let revisions = self.describe_revisions(target).await.unwrap_or_default();
        let revision = revisions.into_iter().next();
        let rolled_out = revision.and_then(|revision| revision.task_definition);
        Ok(Some(rolled_out.unwrap_or_default()))
    }

    /// Service deployments by ARN.
    pub(crate) async fn describe_deployments(
        &self,
        arns: &[String],
    ) -> Result<Vec<RecordView>, Failed> {
        let calls = arns.chunks(AT_ONCE).map(|some| {
            self.ecs()
                .describe_service_deployments()
                .set_service_deployment_arns(Some(some.to_vec()))
                .send()
        });
        let mut all = Vec::new();
        for answer in futures::future::join_all(calls).await {
            let answer = answer.map_err(|error| failed("describe service deployments", error))?;
            all.extend(answer.service_deployments().iter().map(record::read));
        }
        Ok(all)
    }

    /// Service revisions by ARN, each once, in the order of the ARNs.
    pub(crate) async fn describe_revisions(
        &self,
        arns: impl Iterator<Item = String>,
    ) -> Result<Vec<ecs::ServiceRevision>, Failed> {
        let mut wanted: Vec<String> = Vec::new();
        for arn in arns {
            if !wanted.contains(&arn) {
                wanted.push(arn);
            }
        }
        let calls = wanted.chunks(AT_ONCE).map(|some| {
            self.ecs()
                .describe_service_revisions()
                .set_service_revision_arns(Some(some.to_vec()))
                .send()
        });
        let mut all = Vec::new();
        for answer in futures::future::join_all(calls).await {
            let answer = answer.map_err(|error| failed("describe service revisions", error))?;
            all.extend(answer.service_revisions.unwrap_or_default());
        }
        all.sort_by_key(|revision| {
            let arn = revision.service_revision_arn.as_deref().unwrap_or_default();
            wanted.iter().position(|one| one == arn)
        });
        Ok(all)
    }
}
