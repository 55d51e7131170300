//! Kubernetes, and EKS: a Deployment with what belongs to it, rolled out by the cluster's
//! controllers under our eye.
//!
//! Kubernetes has no circuit breaker: the same policy as on ECS is carried out by us. What was
//! there before the first write is kept in a record in the namespace, and going back applies it
//! again. `render` says what is asked for, `observe` what is there, `diff` what to do about it,
//! `perform` does that and no more. No type of a client library leaves this module.

use std::hash::{BuildHasher, RandomState};

use kube::Api;
use tokio::sync::OnceCell;

use self::plan::discover::Served;
use self::plan::rights::Review;

use crate::clock::Clock;
use crate::platform::failure::Failed;
use crate::platform::origin::Origin;
use crate::platform::owner::Tenant;
use crate::spec::KubePlace;

pub(crate) mod api;
pub(crate) mod connect;
pub(crate) mod described;
pub(crate) mod fields;
pub(crate) mod history;
pub(crate) mod kinds;
pub(crate) mod lock;
pub(crate) mod logs;
pub(crate) mod perform;
pub(crate) mod plan;
mod platform;
pub(crate) mod rollback;
pub(crate) mod rollout;
pub(crate) mod session;
pub(crate) mod status;

pub(crate) use self::connect::{Link, Trust};
pub(crate) use self::session::Session;

/// The field manager of everything we apply.
pub(crate) const MANAGER: &str = "deployer";

/// The field manager of a number of replicas that is only given at the beginning, or handed to an
/// autoscaler; never applied again once somebody else owns the number.
pub(crate) const REPLICAS_MANAGER: &str = "deployer-replicas";

/// Labels and annotations of ours.
pub(crate) mod key {
    /// When a restart was asked for: an annotation of the pod template that every later apply says
    /// again, so that none of them takes it back.
    pub(crate) const RESTARTED: &str = "deployer/restarted-at";
    /// The project that owns an object: a label, and where a label cannot hold it, an annotation
    /// that says it exactly.
    pub(crate) const PROJECT: &str = "deployer/project";
    /// The target that it is deployed by: an annotation, since a label cannot hold every name.
    pub(crate) const TARGET: &str = "deployer/target";
    /// The service in deploy.toml that it belongs to.
    pub(crate) const SERVICE: &str = "deployer/service";
    /// The name of the Deployment whose history or lock an object holds.
    pub(crate) const RECORD: &str = "deployer/record";
    /// The number of a revision in that history.
    pub(crate) const REVISION: &str = "deployer/revision";
    /// Who deploys.
    pub(crate) const BY: &str = "deployer/by";
    /// From which commit.
    pub(crate) const COMMIT: &str = "deployer/commit";
    pub(crate) const WHY: &str = "deployer/why";
    /// The verb, where it is not `apply`.
    pub(crate) const VERB: &str = "deployer/verb";
    /// `deployer`, as the recommended label that tells who manages an object (Kubernetes
    /// documentation, recommended labels).
    pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
}

/// One namespace of one cluster. It is reached when it is first asked for.
#[derive(Debug)]
pub(crate) struct Kubernetes {
    place: KubePlace,
    tenant: Tenant,
    origin: Origin,
    clock: Clock,
    link: OnceCell<Link>,
    /// What we may do in the namespace; `None` within: nobody can tell.
    review: Box<OnceCell<Option<Review>>>,
    served: Box<Served>,
    trust: Trust,
    /// Tells this run from any other one, so that a lost reply recognises itself.
    run: String,
}

impl Kubernetes {
    /// A namespace of a cluster.
    pub(crate) fn new(place: &KubePlace, tenant: &Tenant, origin: Origin, clock: Clock) -> Self {
        Self {
            place: place.clone(),
            tenant: tenant.clone(),
            origin,
            clock,
            link: OnceCell::new(),
            review: Box::default(),
            served: Box::default(),
            trust: Trust::Full,
            run: format!("{:016x}", RandomState::new().hash_one(&tenant.project)),
        }
    }

    /// The same, with a kubeconfig that may do just this.
    #[must_use]
    pub(crate) fn trusting(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// The same, with a connection that is there already.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn linked(mut self, link: Link) -> Self {
        self.link = OnceCell::from(link);
        self
    }

    /// Where services run.
    pub(crate) fn place(&self) -> &KubePlace {
        &self.place
    }

    pub(crate) fn namespace(&self) -> &str {
        self.place.namespace.as_str()
    }

    /// The connection, made when it is first asked for.
    pub(crate) async fn link(&self) -> Result<&Link, Failed> {
        self.link
            .get_or_try_init(|| connect::connect(&self.place, self.trust, self.clock))
            .await
    }

    /// What the API server warned of since this was asked last.
    async fn warnings(&self) -> Result<Vec<String>, Failed> {
        Ok(self.link().await?.warnings.take())
    }

    /// The objects of one type in the namespace.
    async fn api<K>(&self) -> Result<Api<K>, Failed>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        let client = self.link().await?.client.clone();
        Ok(Api::namespaced(client, self.namespace()))
    }
}
