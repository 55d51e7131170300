//! Asks the API server what we may do.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
    SelfSubjectRulesReview, SelfSubjectRulesReviewSpec,
};
use kube::Api;
use kube::api::PostParams;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Review, Right};
use crate::platform::kubernetes::Kubernetes;

/// An authorizer that has not answered by then is not waited for: what it would have said, the
/// write will show.
const PATIENCE: Duration = Duration::from_secs(10);

impl Kubernetes {
    /// What we may do in the namespace; `None`: nobody can tell. Asked once.
    pub(crate) async fn review(&self) -> Option<&Review> {
        let asked = self.review.get_or_init(|| self.ask_for_review());
        asked.await.as_ref()
    }

    async fn ask_for_review(&self) -> Option<Review> {
        let spec = SelfSubjectRulesReviewSpec {
            namespace: Some(self.namespace().to_owned()),
        };
        let asked = SelfSubjectRulesReview {
            spec,
            ..SelfSubjectRulesReview::default()
        };
        let status = self.question(&asked).await?.status?;
        Some(Review {
            rules: status.resource_rules,
            incomplete: status.incomplete,
        })
    }

    /// Those of these rights that are surely denied, by asking for each of them.
    pub(crate) async fn denied(&self, rights: BTreeSet<Right>) -> BTreeSet<Right> {
        let asked = rights.into_iter().map(async |right| {
            let denied = self.is_denied(&right).await;
            denied.then_some(right)
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn is_denied(&self, right: &Right) -> bool {
        let (resource, part) = match right.resource.plural.split_once('/') {
            Some((resource, part)) => (resource, Some(part.to_owned())),
            None => (right.resource.plural, None),
        };
        let asked = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    group: Some(right.resource.group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource: part,
                    verb: Some(right.verb.as_str().to_owned()),
                    name: right.name.clone(),
                    namespace: Some(self.namespace().to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let status = self.question(&asked).await.and_then(|said| said.status);
        // An authorizer that could not be asked might have allowed it.
        status.is_some_and(|status| {
            let unsure = status.evaluation_error.is_some_and(|why| !why.is_empty());
            !status.allowed && (status.denied == Some(true) || !unsure)
        })
    }

    /// Whom the cluster takes us for; `None`: it does not tell.
    pub(crate) async fn who_asks(&self) -> Option<String> {
        let said = self.question(&SelfSubjectReview::default()).await?;
        said.status?.user_info?.username
    }

    /// A question that is put as an object, and is answered in it.
    async fn question<K>(&self, asked: &K) -> Option<K>
    where
        K: kube::Resource + Clone + Serialize + DeserializeOwned + std::fmt::Debug,
        K::DynamicType: Default,
    {
        let api: Api<K> = Api::all(self.link().await.ok()?.client.clone());
        let params = PostParams::default();
        let answer = tokio::time::timeout(PATIENCE, api.create(&params, asked)).await;
        match answer {
            Ok(Ok(said)) => Some(said),
            Ok(Err(error)) => {
                tracing::info!(%error, "the API server does not tell what we may do");
                None
            }
            Err(_) => {
                tracing::info!("the API server does not tell in time what we may do");
                None
            }
        }
    }
}
