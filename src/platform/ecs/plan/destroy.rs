//! Taking a service away: a plan like any other, and the wait until its last task has stopped.
//! Its task definitions and logs stay: they are its history.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use super::adopt;
use super::change::Change;
use super::draft::{Draft, removed};
use super::observe::Observed;
use crate::event::Events;
use crate::platform::ecs::Ecs;
use crate::platform::leaving::{self, Leaving};
use crate::platform::{Failed, Gone, Intent, TakesOver};
use crate::rollout::Gauge;
use crate::spec::EcsService;

/// How often a service that goes away is looked at.
const LOOK: Duration = Duration::from_secs(3);

impl Ecs {
    /// What takes the service away; nothing where it is not there. A service that is not ours is
    /// refused unless it is to be adopted.
    pub(super) fn take_away(
        &self,
        service: &EcsService,
        intent: &Intent,
        observed: &Observed,
    ) -> Result<Draft, Failed> {
        let mut draft = Draft::default();
        let there = observed.service.as_ref();
        let Some(there) = there.filter(|there| there.view.status != "DRAINING") else {
            return Ok(draft);
        };
        let name = &there.config.service_name;
        let scaling = observed.scaling.as_ref();
        if let Some(target) = scaling.and_then(|scaling| scaling.target.as_ref()) {
            draft
                .views
                .push(removed("autoscaling", &target.resource_id));
            draft.changes.push(Change::DeregisterScalableTarget {
                resource: target.resource_id.clone(),
                after_health: false,
            });
        }
        draft.views.push(removed("service", name));
        draft.changes.push(Change::DeleteService {
            cluster: self.cluster().to_owned(),
            service: name.clone(),
        });
        let ours = (&self.tenant, &service.name);
        if intent.adopt || adopt::is_ours(there, ours.0, ours.1) {
            return Ok(draft);
        }
        Err(adopt::refuse_foreign(
            there,
            ours,
            &draft,
            TakesOver::Itself,
        ))
    }

    /// Waits until the last task of a deleted service has stopped, until `deadline`, or until
    /// `cancelled` is ready.
    pub(crate) async fn drained(
        &self,
        service: &EcsService,
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let deleted = Deleted {
            ecs: self,
            name: service.own.service.as_str(),
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
        self.left = found.service.map(|there| Gauge {
            old: there.view.running,
            pending: there.pending,
            ..Gauge::default()
        });
        Ok(self.left.is_none())
    }

    fn gauge(&self) -> Option<Gauge> {
        self.left.clone()
    }
}
