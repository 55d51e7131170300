//! Kubernetes, and EKS: a Deployment with what belongs to it, rolled out by the cluster's
//! controllers under our eye.
//!
//! Kubernetes has no circuit breaker: the same policy as on ECS is carried out by us. What was
//! there before the first write is kept in a record in the namespace, and going back applies it
//! again. `render` says what is asked for, `observe` what is there, `diff` what to do about it,
//! `perform` does that and no more. No type of a client library leaves this module.

use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::platform::failure::Failed;
use crate::platform::origin::Origin;
use crate::spec::KubePlace;

pub mod classify;
pub mod connect;
pub mod diagnose;
mod evidence;
pub mod failures;
pub mod followed;
pub mod kind;
pub mod logs;
pub mod memory;
pub mod object;
pub mod reading;
pub mod sample;
pub mod snapshot;
pub mod status;
pub mod trouble;
mod watch;

pub use connect::Link;
pub use followed::{Followed, GoingBack, Ours};
pub use kind::{Id, Kind};
pub use object::Object;

/// The field manager of everything we apply.
pub const MANAGER: &str = "deployer";

/// The field manager of a number of replicas that is only given at the beginning, or handed to an
/// autoscaler; never applied again once somebody else owns the number.
pub const REPLICAS_MANAGER: &str = "deployer-replicas";

/// Labels and annotations of ours.
pub mod key {
    /// The project that owns an object.
    pub const PROJECT: &str = "deployer/project";
    /// The service in deploy.toml that it belongs to.
    pub const SERVICE: &str = "deployer/service";
    /// `deployer`, as the recommended label that tells who manages an object (Kubernetes
    /// documentation, recommended labels).
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
}

/// One namespace of one cluster. It is reached when it is first asked for.
#[derive(Debug)]
pub struct Kubernetes {
    place: KubePlace,
    project: String,
    origin: Origin,
    clock: Clock,
    link: OnceCell<Link>,
}

impl Kubernetes {
    /// A namespace of a cluster.
    pub fn new(place: &KubePlace, project: &str, origin: Origin, clock: Clock) -> Self {
        Self {
            place: place.clone(),
            project: project.to_owned(),
            origin,
            clock,
            link: OnceCell::new(),
        }
    }

    /// Where services run.
    pub fn place(&self) -> &KubePlace {
        &self.place
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.place.namespace.as_str()
    }

    /// The connection, made when it is first asked for.
    pub async fn link(&self) -> Result<&Link, Failed> {
        self.link
            .get_or_try_init(|| connect::connect(&self.place, self.clock))
            .await
    }
}
