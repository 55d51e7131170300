//! What runs now, for `status`.

use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum;

use super::Ecs;
use super::live::scaling::LiveScaling;
use super::live::service::LiveService;
use super::plan::adopt;
use super::plan::observe::Observed;
use super::settings::sdk::{last_part, whole};
use super::settings::service::target_groups::LoadBalancer;
use crate::answer::{Bounds, Deployment, Image, Message, Status, Target};
use crate::event::Events;
use crate::platform::Failed;
use crate::platform::aws::failed;
use crate::spec::EcsService;
use crate::spec::policy::TargetTracking;

/// So many of ECS's last words about a service are told.
const MESSAGES: usize = 5;

impl Ecs {
    /// What runs now; `None`: the service is not there. Reads only.
    pub(crate) async fn status(
        &self,
        service: &EcsService,
        events: &Events,
    ) -> Result<Option<Status>, Failed> {
        let observed = Box::pin(self.observe(service, events)).await?;
        let Some(there) = &observed.service else {
            return Ok(None);
        };
        let mut status = seen(there, &observed);
        status.ours = adopt::is_ours(there, &self.tenant, &service.name);
        if observed.scaling.is_none() {
            status.missing.push("autoscaling: not permitted".into());
        }
        let groups = there.config.settings.target_groups.load_balancers.iter();
        let read = futures::future::join_all(groups.map(|group| self.targets(group))).await;
        for targets in read {
            match targets {
                Ok(targets) => status.targets.extend(targets),
                Err(error) => status.missing.push(format!("targets: {error}")),
            }
        }
        Ok(Some(status))
    }

    async fn targets(&self, group: &LoadBalancer) -> Result<Vec<Target>, Failed> {
        let arn = &group.target_group_arn;
        let name = arn.split('/').nth(1).unwrap_or(arn);
        let answer = self
            .balancers()
            .describe_target_health()
            .target_group_arn(arn)
            .send()
            .await
            .map_err(|error| failed(format!("read the targets of {name}"), error))?;
        let targets = answer.target_health_descriptions().iter().map(|target| {
            let health = target.target_health.as_ref();
            let of = target.target.as_ref();
            Target {
                group: name.to_owned(),
                address: format!(
                    "{}:{}",
                    of.and_then(|of| of.id.as_deref()).unwrap_or("?"),
                    of.and_then(|of| of.port).unwrap_or_default()
                ),
                state: health
                    .and_then(|health| health.state.as_ref())
                    .map_or("unknown", TargetHealthStateEnum::as_str)
                    .to_owned(),
                reason: health
                    .and_then(|health| health.reason.as_ref())
                    .map(|reason| reason.as_str().to_owned()),
            }
        });
        Ok(targets.collect())
    }
}

fn seen(there: &LiveService, observed: &Observed) -> Status {
    let view = &there.view;
    let newest = view.events.iter().take(MESSAGES);
    let mut messages: Vec<Message> = newest
        .map(|event| Message {
            at: event.at,
            text: event.text.clone(),
        })
        .collect();
    messages.reverse();
    Status {
        service: there.config.service_name.clone(),
        cluster: there.config.cluster.clone(),
        state: view.status.clone(),
        ours: false,
        revision: last_part(&there.config.task_definition).to_owned(),
        images: images(observed),
        desired: there.desired(),
        running: whole(view.running),
        pending: whole(there.pending),
        deployments: view
            .deployments
            .iter()
            .map(|one| Deployment {
                id: one.id.clone(),
                status: one.status.clone(),
                rollout: one.rollout.clone(),
                reason: one.reason.clone(),
                revision: last_part(&one.task_definition).to_owned(),
                desired: one.desired,
                running: one.running,
                pending: one.pending,
                failed: one.failed,
                created: one.created,
            })
            .collect(),
        scaling: observed.scaling.as_ref().and_then(bounds),
        targets: Vec::new(),
        messages,
        missing: Vec::new(),
    }
    .of_its_revision()
}

fn images(observed: &Observed) -> Vec<Image> {
    let containers = observed
        .running
        .iter()
        .flat_map(|running| &running.config.container_definitions);
    containers
        .map(|container| Image {
            container: container.name.clone(),
            image: container.image.image.clone(),
        })
        .collect()
}

fn bounds(scaling: &LiveScaling) -> Option<Bounds> {
    let target = scaling.target.as_ref()?;
    let ours = scaling.policies.iter().map(|policy| {
        let words = match (policy.tracking(), policy.metric()) {
            (Some(tracking), Some(metric)) => {
                format!(
                    "{} at {}",
                    metric.predefined_metric_type, tracking.target_value
                )
            }
            (Some(tracking), None) => format!("{} at {}", own(tracking), tracking.target_value),
            _ => policy.policy_type.clone(),
        };
        format!("{}: {words}", policy.policy_name)
    });
    let scheduled = scaling.schedules.iter().map(|action| {
        let zone = action.timezone.as_deref().unwrap_or("UTC");
        let (name, at) = (&action.scheduled_action_name, &action.schedule);
        let sets = &action.scalable_target_action;
        let bounds = [("min", sets.min_capacity), ("max", sets.max_capacity)];
        let bounds = bounds.map(|(what, bound)| bound.map(|bound| format!("{what} {bound}")));
        let bounds: Vec<String> = bounds.into_iter().flatten().collect();
        format!("{name}: {at} {zone}: {}", bounds.join(", "))
    });
    Some(Bounds {
        min: target.min_capacity,
        max: target.max_capacity,
        policies: ours
            .chain(scaling.others.iter().cloned())
            .chain(scheduled)
            .collect(),
        suspended: scaling.suspended().into_iter().map(str::to_owned).collect(),
    })
}

/// A metric of one's own, in a few words.
fn own(tracking: &TargetTracking) -> &str {
    let metric = tracking.customized_metric_specification.as_ref();
    metric
        .and_then(|metric| {
            let mut queries = metric.metrics.iter();
            let name = metric.metric_name.as_deref();
            name.or_else(|| queries.find_map(|query| query.expression.as_deref()))
        })
        .unwrap_or("a metric")
}
