//! Sets and removes bounds that come at a time.

use aws_sdk_applicationautoscaling::types::ScalableTargetAction;
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::super::Ecs;
use super::scaling::{BUSY_OR_NEW, dimension, namespace};
use crate::platform::aws::{failed, scale_once};
use crate::platform::ecs::live::read::Schedules;
use crate::platform::ecs::settings::ScheduledAction;
use crate::platform::ecs::settings::fields::scaling::scheduled;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::{Done, Failed};

fn time(time: Option<Timestamp>) -> Option<DateTime> {
    time.map(|time| DateTime::from_secs(time.as_second()))
}

/// A time zone that is not sent would stay as it was; a rate has none.
fn zone(action: &ScheduledAction) -> Option<String> {
    let utc = (!action.schedule.starts_with("rate(")).then(|| "UTC".to_owned());
    action.timezone.clone().or(utc)
}

impl Ecs {
    /// Sets a scheduled action, whole.
    pub(super) async fn put_schedule(&self, action: &ScheduledAction) -> Result<Done, Failed> {
        let name = &action.scheduled_action_name;
        let sets = &action.scalable_target_action;
        let sets = ScalableTargetAction::builder()
            .set_min_capacity(sets.min_capacity)
            .set_max_capacity(sets.max_capacity)
            .build();
        self.write(
            &BUSY_OR_NEW,
            async || {
                self.scaling()
                    .put_scheduled_action()
                    .scheduled_action_name(name)
                    .service_namespace(namespace())
                    .resource_id(&action.resource_id)
                    .scalable_dimension(dimension())
                    .schedule(&action.schedule)
                    .set_timezone(zone(action))
                    .set_start_time(time(action.start_time))
                    .set_end_time(time(action.end_time))
                    .scalable_target_action(sets.clone())
                    .customize()
                    .config_override(scale_once())
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| failed(format!("set scheduled action {name}"), error))
            },
            async || {
                let there = self.read_scaling(last_part(&action.resource_id)).await?;
                let mut all = there.schedules.iter();
                let so = all.any(|one| scheduled(one) == scheduled(action));
                Ok(so.then_some(()))
            },
        )
        .await?;
        Ok(Done::now(name.clone()))
    }

    /// Removes a scheduled action.
    pub(super) async fn delete_schedule(&self, name: &str, resource: &str) -> Result<Done, Failed> {
        let send = async || {
            self.scaling()
                .delete_scheduled_action()
                .scheduled_action_name(name)
                .service_namespace(namespace())
                .resource_id(resource)
                .scalable_dimension(dimension())
                .customize()
                .config_override(scale_once())
                .send()
                .await
                .map(|_| ())
                .map_err(|error| failed(format!("remove scheduled action {name}"), error))
        };
        let removed = self.remove(resource, Schedules::Needed, send, |there| {
            let mut all = there.schedules.iter();
            all.all(|one| one.scheduled_action_name != name)
        });
        Done::removed(removed.await, name)
    }
}
