//! Taking a service away: a plan like any other, and the wait until its last task has stopped.
//! Its task definitions and logs stay: they are its history.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use super::Planned;
use super::adopt;
use super::change::Change;
use super::diff::Diff;
use crate::event::Events;
use crate::plan::{ChangeView, Effect, Plan};
use crate::platform::ecs::Ecs;
use crate::platform::leaving::{self, Leaving};
use crate::platform::{Failed, Gone, TakesOver};
use crate::rollout::Gauge;
use crate::spec::Service;

/// How often a service that goes away is looked at.
const LOOK: Duration = Duration::from_secs(3);

impl Ecs {
    /// What takes the service away; nothing where it is not there. A service that is not ours is
    /// refused unless `adopt`.
    pub async fn plan_destroy(
        &self,
        service: &Service,
        adopt: bool,
        events: &Events,
    ) -> Result<Planned, Failed> {
        let observed = Box::pin(self.observe(service, events)).await?;
        let scaling = observed.scaling.as_ref();
        let mut diff = Diff::default();
        let going = |status: Option<&str>| status == Some("DRAINING");
        let there = observed.service.as_ref();
        if let Some(there) = there.filter(|there| !going(there.raw.status.as_deref())) {
            let name = &there.config.service_name;
            if let Some(target) = scaling.and_then(|scaling| scaling.target.as_ref()) {
                diff.views.push(removed("autoscaling", &target.resource_id));
                diff.changes.push(Change::DeregisterScalableTarget {
                    resource: target.resource_id.clone(),
                    after_health: false,
                });
            }
            diff.views.push(removed("service", name));
            diff.changes.push(Change::DeleteService {
                cluster: self.cluster().to_owned(),
                service: name.clone(),
            });
            if !adopt && !adopt::is_ours(there, &self.tenant, &service.name) {
                let ours = (&self.tenant, &service.name);
                return Err(adopt::refuse_foreign(there, ours, &diff, TakesOver::Itself));
            }
        }
        let basis = self.basis(service, &observed, false);
        Ok(Planned {
            plan: Plan {
                service: service.name.clone(),
                basis,
                changes: diff.changes,
                views: diff.views,
                notes: diff.notes,
                shortest: None,
            },
            observed,
        })
    }

    /// Waits until the last task of a deleted service has stopped, until `deadline`, or until
    /// `cancelled` is ready.
    pub async fn drained(
        &self,
        service: &Service,
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let deleted = Deleted {
            ecs: self,
            name: service.ecs.service.as_str(),
            left: None,
        };
        leaving::wait(deleted, *self.clock(), LOOK, deadline, cancelled, events).await
    }
}

/// A service that was deleted.
struct Deleted<'a> {
    ecs: &'a Ecs,
    name: &'a str,
    /// The tasks that it has left; `None`: it is gone.
    left: Option<Gauge>,
}

impl Leaving for Deleted<'_> {
    async fn look(&mut self) -> Result<bool, Failed> {
        let found = self.ecs.find_service(self.name).await?;
        let count = |count: i32| u32::try_from(count).unwrap_or(0);
        self.left = found.service.map(|there| Gauge {
            old: count(there.raw.running_count),
            pending: count(there.raw.pending_count),
            ..Gauge::default()
        });
        Ok(self.left.is_none())
    }

    fn gauge(&self) -> Option<Gauge> {
        self.left.clone()
    }
}

fn removed(object: &str, name: &str) -> ChangeView {
    ChangeView {
        object: object.to_owned(),
        path: String::new(),
        from: Some(name.to_owned()),
        to: None,
        effect: Effect::Replaces,
    }
}
