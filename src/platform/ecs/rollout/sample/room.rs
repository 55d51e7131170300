//! Percentages between which no task can be started or stopped. Pure.

use crate::platform::ecs::live::view::ServiceView;
use crate::platform::ecs::plan::waves;
use crate::platform::ecs::rollout::Watched;

/// What ECS says of it, though not at once.
const SAID: &str = "because of the service deployment configuration";

/// What to do about percentages that keep our rollout from starting a single task; `None`: they do
/// not, or nothing runs that would be in its way.
pub(super) fn deadlock(service: &ServiceView, rollout: &Watched) -> Option<String> {
    let ours = service.deployment(&rollout.ours.id)?;
    if ours.running > 0 || ours.pending > 0 || service.running == 0 {
        return None;
    }
    let subject = &rollout.subject;
    let by_file = waves::deadlock(
        ours.desired,
        subject.minimum_percent,
        subject.maximum_percent,
    );
    let since = |at| rollout.seen.begun.is_some_and(|begun| at >= begun);
    let said = || {
        let mut events = service.events.iter();
        events.any(|event| since(event.at) && event.text.contains(SAID))
    };
    let way_out = "Raise `maximum_percent` or lower `minimum_healthy_percent`.";
    by_file.or_else(|| said().then(|| way_out.to_owned()))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::platform::ecs::live::view::{DeploymentView, EventView};
    use crate::platform::ecs::rollout::started::RolloutId;
    use crate::platform::ecs::tests::service_with;

    const TIGHT: &str = "minimum_healthy_percent = 100\nmaximum_percent = 134";
    const HALF: &str = "minimum_healthy_percent = 50\nmaximum_percent = 150";

    /// What a rollout of `desired` tasks, `running` of them, finds beside `old` ones at these percentages.
    fn found(percent: &str, desired: u32, running: u32, old: u32) -> (ServiceView, Watched) {
        let file = service_with(&[("log_group", &format!("{percent}\nlog_group"))]);
        let mut rollout = Watched::new(&file, RolloutId::found("ecs-svc/2"));
        rollout.seen.begun = Some(Timestamp::UNIX_EPOCH);
        let service = ServiceView {
            running: old + running,
            deployments: vec![DeploymentView {
                id: "ecs-svc/2".into(),
                desired,
                running,
                ..DeploymentView::default()
            }],
            ..ServiceView::default()
        };
        (service, rollout)
    }

    #[test]
    fn percentages_that_leave_no_room_for_a_task_are_told_with_a_way_out() {
        let stuck = |percent, desired, running, old| {
            let (service, rollout) = found(percent, desired, running, old);
            deadlock(&service, &rollout)
        };
        let advice = stuck(TIGHT, 1, 0, 1).unwrap();
        assert!(advice.contains("With 1 task, at least 100 %"), "{advice}");
        assert!(advice.contains("raise `maximum_percent`"), "{advice}");
        assert!(stuck(HALF, 1, 0, 1).is_some());
        assert_eq!(stuck(HALF, 2, 0, 2), None);
        // The first deployment has room, for nothing runs yet.
        assert_eq!(stuck(TIGHT, 1, 0, 0), None);
        assert_eq!(stuck(TIGHT, 2, 1, 2), None);
    }

    #[test]
    fn what_ecs_says_of_its_percentages_is_believed_before_the_file() {
        let (mut service, rollout) = found(HALF, 2, 0, 2);
        service.events = vec![EventView {
            id: "e-1".into(),
            at: Timestamp::UNIX_EPOCH,
            text: "(service api-service) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.".into(),
        }];
        let advice = deadlock(&service, &rollout).unwrap();
        assert!(advice.starts_with("Raise `maximum_percent`"), "{advice}");
    }
}
