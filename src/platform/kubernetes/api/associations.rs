//! What EKS associates with service accounts, read and written as if it were an object of the cluster: an
//! association of an account with an IAM role is the only one of that account (Amazon EKS user guide, EKS
//! Pod Identity). Its tags are the marks that an object has as labels and annotations.

use std::collections::HashMap;

use aws_sdk_eks::Client;
use aws_sdk_eks::config::Builder;
use aws_sdk_eks::config::retry::RetryConfig;
use aws_sdk_eks::types::PodIdentityAssociation;
use serde_json::Value;
use tower::BoxError;

use self::said::{Wanted, value};
use super::object::Object;
use super::requests::Applying;
use crate::platform::aws;
use crate::platform::digest::digest;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::connect::trouble::Trouble;
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::plan::adopt::same_owner;

mod said;

pub(crate) use self::said::fits_a_tag;

/// EKS itself, about one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Eks {
    client: Client,
    /// Its name.
    cluster: String,
}

/// The associations of one namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Associations<'a> {
    pub(super) eks: &'a Eks,
    pub(super) namespace: &'a str,
    /// Tells this run from any other one, so that a request that is sent twice is performed once.
    pub(super) run: &'a str,
}

impl Eks {
    /// About the cluster of this name.
    pub(crate) fn of(client: Client, cluster: &str) -> Self {
        Self {
            client,
            cluster: cluster.to_owned(),
        }
    }
}

impl Associations<'_> {
    /// The association of a service account; `None`: it has none.
    pub(super) async fn read(&self, id: &Id) -> Result<Option<Value>, Failed> {
        let found = self.find(id).await?;
        Ok(found.as_ref().map(|found| value(&id.name, found)))
    }

    async fn find(&self, id: &Id) -> Result<Option<PodIdentityAssociation>, Failed> {
        let (client, cluster) = (&self.eks.client, &self.eks.cluster);
        let listed = client
            .list_pod_identity_associations()
            .cluster_name(cluster)
            .namespace(self.namespace)
            .service_account(&id.name)
            .send()
            .await;
        let listed = listed.map_err(|error| {
            let failed = aws::failed(format!("look for {id}"), error);
            named(failed, "eks:ListPodIdentityAssociations")
        })?;
        let mut all = listed.associations().iter();
        let Some(association) = all.find_map(|one| one.association_id()) else {
            return Ok(None);
        };
        let described = client
            .describe_pod_identity_association()
            .cluster_name(cluster)
            .association_id(association)
            .send()
            .await;
        match described.map_err(|error| aws::failed(format!("read {id}"), error)) {
            Ok(described) => Ok(described.association),
            // It went in between.
            Err(error) if error.kind == FailureKind::Missing => Ok(None),
            Err(error) => Err(named(error, "eks:DescribePodIdentityAssociation")),
        }
    }

    /// Makes it, or changes the one that is there. Each write is sent once.
    pub(super) async fn apply(
        &self,
        object: &Object,
        how: Applying<'_>,
    ) -> Result<Value, kube::Error> {
        let made = self
            .applied(object, how)
            .await
            .map_err(|error| of(&error))?;
        Ok(value(&object.id.name, &made))
    }

    async fn applied(
        &self,
        object: &Object,
        how: Applying<'_>,
    ) -> Result<PodIdentityAssociation, Failed> {
        let wanted = Wanted::of(object);
        let Some(there) = self.find(&object.id).await? else {
            if how.uid.is_some() {
                return Err(overtaken(&object.id, "it is not there any more"));
            }
            return self.create(object, &wanted).await;
        };
        let marked = object.manifest["metadata"].get("labels").is_some();
        let live = value(&object.id.name, &there);
        match how.uid {
            Some(uid) if there.association_id() != Some(uid) => {
                return Err(overtaken(&object.id, "it was made anew meanwhile"));
            }
            None if marked && !same_owner(&object.manifest, &live) => {
                let why = "somebody else associated a role meanwhile";
                return Err(overtaken(&object.id, why));
            }
            _ => {}
        }
        // EKS documents no way to take it out of an association.
        if there.target_role_arn().is_some() && wanted.target_role.is_none() {
            self.take_away(&object.id, there.association_id()).await?;
            return self.create(object, &wanted).await;
        }
        self.update(object, &wanted, there).await
    }

    async fn create(
        &self,
        object: &Object,
        wanted: &Wanted<'_>,
    ) -> Result<PodIdentityAssociation, Failed> {
        let tags: HashMap<String, String> = wanted.tags.clone().into_iter().collect();
        let made = self
            .eks
            .client
            .create_pod_identity_association()
            .cluster_name(&self.eks.cluster)
            .namespace(self.namespace)
            .service_account(&object.id.name)
            .role_arn(wanted.role)
            .set_target_role_arn(wanted.target_role.map(str::to_owned))
            .disable_session_tags(wanted.disable_session_tags)
            .set_tags((!tags.is_empty()).then_some(tags))
            .client_request_token(self.token("create", object))
            .customize()
            .config_override(once())
            .send()
            .await;
        let made = made.map_err(|error| {
            let failed = aws::failed(format!("create {}", object.id), error);
            named(failed, "eks:CreatePodIdentityAssociation and iam:PassRole")
        })?;
        made.association.ok_or_else(|| hollow(&object.id))
    }

    async fn update(
        &self,
        object: &Object,
        wanted: &Wanted<'_>,
        there: PodIdentityAssociation,
    ) -> Result<PodIdentityAssociation, Failed> {
        let mut now = there;
        if !wanted.is_said_by(&now) {
            let changed = self
                .eks
                .client
                .update_pod_identity_association()
                .cluster_name(&self.eks.cluster)
                .set_association_id(now.association_id.clone())
                .role_arn(wanted.role)
                .set_target_role_arn(wanted.target_role.map(str::to_owned))
                .disable_session_tags(wanted.disable_session_tags)
                .client_request_token(self.token("update", object))
                .customize()
                .config_override(once())
                .send()
                .await;
            let changed = changed.map_err(|error| {
                let failed = aws::failed(format!("update {}", object.id), error);
                named(failed, "eks:UpdatePodIdentityAssociation and iam:PassRole")
            })?;
            let tags = now.tags.take();
            now = changed.association.ok_or_else(|| hollow(&object.id))?;
            now.tags = now.tags.or(tags);
        }
        self.mark(object, wanted, now).await
    }

    /// Tags it as it is to be. What others have tagged stays.
    async fn mark(
        &self,
        object: &Object,
        wanted: &Wanted<'_>,
        mut now: PodIdentityAssociation,
    ) -> Result<PodIdentityAssociation, Failed> {
        let mut tags = now.tags.take().unwrap_or_default();
        let new = wanted
            .tags
            .iter()
            .filter(|(key, value)| tags.get(*key) != Some(*value));
        let new: HashMap<String, String> = new
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !new.is_empty() {
            let marked = self
                .eks
                .client
                .tag_resource()
                .set_resource_arn(now.association_arn.clone())
                .set_tags(Some(new.clone()))
                .customize()
                .config_override(once())
                .send()
                .await;
            marked.map_err(|error| {
                let failed = aws::failed(format!("tag {}", object.id), error);
                named(failed, "eks:TagResource")
            })?;
            tags.extend(new);
        }
        now.tags = Some(tags);
        Ok(now)
    }

    /// Deletes the association of that identity, if it is there.
    pub(super) async fn delete(&self, id: &Id, association: &str) -> Result<(), kube::Error> {
        self.take_away(id, Some(association))
            .await
            .map_err(|error| of(&error))
    }

    async fn take_away(&self, id: &Id, association: Option<&str>) -> Result<(), Failed> {
        let gone = self
            .eks
            .client
            .delete_pod_identity_association()
            .cluster_name(&self.eks.cluster)
            .set_association_id(association.map(str::to_owned))
            .customize()
            .config_override(once())
            .send()
            .await;
        match gone.map_err(|error| aws::failed(format!("delete {id}"), error)) {
            Err(error) if error.kind == FailureKind::Missing => Ok(()),
            Err(error) => Err(named(error, "eks:DeletePodIdentityAssociation")),
            Ok(_) => Ok(()),
        }
    }

    /// The same for the same request of this run.
    fn token(&self, what: &str, object: &Object) -> String {
        let manifest = object.manifest.to_string();
        let parts = [self.run, what, self.namespace, &object.id.name, &manifest];
        digest(parts.into_iter())
    }
}

/// A denial with the right that is missing, where its words name none.
fn named(mut failed: Failed, right: &str) -> Failed {
    let names = |word: &str| failed.message.contains(word);
    if failed.kind == FailureKind::Denied && !names("eks:") && !names("iam:") {
        failed.message = format!("{}; it takes {right}", failed.message);
    }
    failed
}

fn overtaken(id: &Id, why: &str) -> Failed {
    Failed::new(format!("apply {id}"), FailureKind::Conflict, why)
}

fn hollow(id: &Id) -> Failed {
    let words = "the answer holds no association";
    Failed::new(format!("apply {id}"), FailureKind::Lost, words)
}

/// As the client of the cluster would fail.
fn of(failed: &Failed) -> kube::Error {
    kube::Error::Service(BoxError::from(Trouble::beside(failed)))
}

/// The cluster is reached by a kubeconfig, which does not tell what it is to EKS.
pub(super) fn nowhere() -> kube::Error {
    let words = "the target names no cluster of EKS";
    of(&Failed::new(
        "associate a role",
        FailureKind::Unsupported,
        words,
    ))
}

/// Sends a write once.
fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}
