//! Rows of deployments that shift traffic.

use super::*;
use crate::platform::ecs::live::stage::{HookView, StageView};

fn hook(function: Option<&str>, status: &str) -> HookView {
    HookView {
        id: "hook-1".into(),
        function: function
            .map(|name| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}")),
        status: status.into(),
        expires: Some(at(60)),
        after: Some("ROLLBACK".into()),
    }
}

fn staged(status: &str, stage: &str, hooks: Vec<HookView>) -> RecordView {
    RecordView {
        stage: StageView {
            name: Some(stage.into()),
            hooks,
            ..StageView::default()
        },
        ..record(status)
    }
}

#[test]
fn a_bake_time_a_step_and_a_hook_are_waited_for_and_nothing_else() {
    let waits = |record: RecordView| record.waits("api");
    let of = |stage: &str, hooks| waits(staged("IN_PROGRESS", stage, hooks));
    assert_eq!(of("SCALE_UP", vec![]), None);
    assert_eq!(of("PRODUCTION_TRAFFIC_SHIFT", vec![]), None);
    assert_eq!(of("POST_SCALE_UP", vec![hook(None, "SUCCEEDED")]), None);
    assert_eq!(
        of("BAKE_TIME", vec![]).as_deref(),
        Some("the bake time to end: both revisions run")
    );
    let mut step = staged("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", vec![]);
    step.stage.has_steps = true;
    step.stage.share = Some(10.0);
    assert_eq!(
        waits(step).as_deref(),
        Some("the next step: 10 % of the traffic goes to what is new")
    );
    assert_eq!(
        of("POST_SCALE_UP", vec![hook(Some("smoke"), "IN_PROGRESS")]).as_deref(),
        Some("the hook smoke at POST_SCALE_UP")
    );
    assert_eq!(
        of("POST_SCALE_UP", vec![hook(None, "AWAITING_ACTION")]).as_deref(),
        Some(
            "somebody at POST_SCALE_UP: `deployer continue api` (it goes back by itself at 2023-11-14 22:14:20Z)"
        )
    );
    let over = staged("ROLLBACK_IN_PROGRESS", "BAKE_TIME", vec![]);
    assert_eq!(waits(over), None);
}

#[test]
fn a_hook_that_awaits_an_action_goes_on_and_shows_its_stage() {
    let waiting = staged(
        "IN_PROGRESS",
        "POST_SCALE_UP",
        vec![hook(None, "AWAITING_ACTION")],
    );
    let look = view(0, Record::found(waiting), rolling());
    assert_eq!(
        story(&ours(), vec![look]),
        Standing::Going("IN_PROGRESS, POST_SCALE_UP".into())
    );
}

#[test]
fn a_hook_that_said_no_has_tripped_us_and_nobody_superseded_us() {
    for (hook, words) in [
        (hook(Some("smoke"), "FAILED"), "the hook smoke said FAILED"),
        (
            hook(Some("smoke"), "TIMED_OUT"),
            "the hook smoke did not answer in time",
        ),
        (
            hook(None, "FAILED"),
            "somebody answered a hook with ROLLBACK",
        ),
        (hook(None, "TIMED_OUT"), "nobody answered a hook in time"),
    ] {
        // Whether the request shows on the way is not documented.
        let looks = ["ROLLBACK_REQUESTED", "ROLLBACK_SUCCESSFUL"]
            .into_iter()
            .enumerate();
        let looks = looks.map(|(second, status)| {
            let record = staged(status, "POST_SCALE_UP", vec![hook.clone()]);
            view(
                i64::try_from(second).unwrap(),
                Record::found(record),
                rolling(),
            )
        });
        let Standing::RolledBack { reason, .. } = story(&ours(), looks.collect()) else {
            panic!("{words}");
        };
        assert_eq!(reason.as_deref(), Some(words));
    }
}

#[test]
fn where_no_rollback_was_possible_what_the_hook_said_is_told_as_well() {
    let hook = hook(Some("smoke"), "FAILED");
    let mut record = staged("ROLLBACK_FAILED", "PRE_SCALE_UP", vec![hook]);
    record.reason = Some("No rollback candidate was found.".into());
    let look = view(0, Record::found(record), rolling());
    let Standing::NotRolledBack { reason } = story(&ours(), vec![look]) else {
        panic!("it was not rolled back");
    };
    assert_eq!(
        reason.as_deref(),
        Some("the hook smoke said FAILED; No rollback candidate was found.")
    );
}
