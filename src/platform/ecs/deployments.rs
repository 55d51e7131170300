//! ECS's own record of what was deployed: service deployments and the revisions that they rolled
//! out, for 90 days back (Amazon ECS developer guide, service deployments).

use std::cmp::Reverse;

use aws_sdk_ecs::types as ecs;

use super::Ecs;
use crate::platform::Failed;
use crate::platform::aws::failed;

/// How many one call describes (Amazon ECS API reference, `DescribeServiceDeployments` and
/// `DescribeServiceRevisions`).
pub const AT_ONCE: usize = 20;

/// How many one page lists (Amazon ECS API reference, `ListServiceDeployments`).
const A_PAGE: i32 = 100;

/// How far back a rollout is looked for by its id.
const MOST: usize = 100;

impl Ecs {
    /// The deployments of a service in one of these states, newest first, at most `most`; no
    /// state: all.
    pub async fn list_deployments(
        &self,
        name: &str,
        states: &[ecs::ServiceDeploymentStatus],
        most: usize,
    ) -> Result<Vec<ecs::ServiceDeploymentBrief>, Failed> {
        let mut all = Vec::new();
        let mut token = None;
        loop {
            let page = self
                .ecs()
                .list_service_deployments()
                .cluster(self.cluster())
                .service(name)
                .set_status((!states.is_empty()).then(|| states.to_vec()))
                .max_results(A_PAGE)
                .set_next_token(token.take())
                .send()
                .await
                .map_err(|error| failed(format!("list the deployments of {name}"), error))?;
            all.extend(page.service_deployments.unwrap_or_default());
            token = page.next_token;
            if token.is_none() || all.len() >= most {
                break;
            }
        }
        all.sort_by_key(|one| Reverse(one.created_at.map(|at| (at.secs(), at.subsec_nanos()))));
        all.truncate(most);
        Ok(all)
    }

    /// The classic deployment that the service's newest service deployment began as, if it was to
    /// roll out just this revision. `None` also where that cannot be read.
    pub async fn gone_back_from(&self, name: &str, revision: &str) -> Option<String> {
        let newest = self.list_deployments(name, &[], 1).await.ok()?;
        let target = newest.first()?.target_service_revision_arn.clone()?;
        let number = target.rsplit('/').next()?.to_owned();
        let revisions = self
            .describe_revisions(std::iter::once(target))
            .await
            .ok()?;
        let rolled_out = revisions.first()?.task_definition.as_deref();
        (rolled_out == Some(revision)).then(|| format!("ecs-svc/{number}"))
    }

    /// The revision that the classic deployment of that id rolled out, as far as ECS remembers.
    pub async fn rolled_out_by(&self, name: &str, id: &str) -> Option<String> {
        let listed = self.list_deployments(name, &[], MOST).await.ok()?;
        let target = listed
            .into_iter()
            .filter_map(|brief| brief.target_service_revision_arn)
            .find(|target| target.rsplit('/').next() == id.rsplit('/').next())?;
        let revisions = self
            .describe_revisions(std::iter::once(target))
            .await
            .ok()?;
        revisions.first()?.task_definition.clone()
    }

    /// Service deployments by ARN.
    pub async fn describe_deployments(
        &self,
        arns: &[String],
    ) -> Result<Vec<ecs::ServiceDeployment>, Failed> {
        let calls = arns.chunks(AT_ONCE).map(|some| {
            self.ecs()
                .describe_service_deployments()
                .set_service_deployment_arns(Some(some.to_vec()))
                .send()
        });
        let mut all = Vec::new();
        for answer in futures::future::join_all(calls).await {
            let answer = answer.map_err(|error| failed("describe service deployments", error))?;
            all.extend(answer.service_deployments.unwrap_or_default());
        }
        Ok(all)
    }

    /// Service revisions by ARN, each once, in the order of the ARNs.
    pub async fn describe_revisions(
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
