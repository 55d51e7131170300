//! What is advised follows from what is known, and nothing is advised that cannot be done.

use jiff::Timestamp;

use super::*;
use crate::platform::ecs::rollout::started::RolloutId;
use crate::platform::ecs::tests::service_with;
use crate::rollout::{Rollback, Trip, Tripper, Unit, WhyNot};

fn tripped(why: WhyNot) -> Verdict {
    Verdict::Tripped {
        trip: Trip {
            by: Tripper::Deadline,
            at: Timestamp::UNIX_EPOCH,
            cause: None,
            reason: "not healthy".into(),
        },
        rollback: Rollback::NotDone(why),
    }
}

fn group(cause: Cause, text: &str, code: Option<i32>) -> FailureGroup {
    FailureGroup {
        cause,
        count: 3,
        text: text.into(),
        container: Some("api".into()),
        exit_code: code,
        first: Timestamp::UNIX_EPOCH,
        unit: Unit::Task,
        example: None,
    }
}

/// A rollout of the sample service after `replacements` in its file.
fn rollout(replacements: &[(&str, &str)]) -> Watched {
    Watched::new(&service_with(replacements), RolloutId::found("ecs-svc/2"))
}

fn advised(rollout: &Watched, group: &FailureGroup, spoke: bool) -> (String, Vec<String>) {
    let known = Known {
        group: Some(group),
        sign: sign::sign(group, None),
        subject: &rollout.subject,
        deadlock: None,
        spoke,
        can_go_back: false,
    };
    let next = known.next(&tripped(WhyNot::SwitchedOff));
    (known.likely().unwrap(), next)
}

#[test]
fn log_lines_are_advised_only_where_some_are_shown() {
    let crashed = group(Cause::Exited, "Essential container in task exited", Some(1));
    let logged = rollout(&[]);
    let (_, next) = advised(&logged, &crashed, true);
    assert!(next[0].starts_with("Read the last log lines;"), "{next:?}");
    let (_, next) = advised(&logged, &crashed, false);
    assert!(!next[0].contains("log"), "{next:?}");
    let silent = rollout(&[("log_group = \"/ecs/api-service\"\n", "")]);
    let (_, next) = advised(&silent, &crashed, false);
    assert!(!next[0].contains("Read the last log lines"), "{next:?}");
    assert!(next[0].contains("set `log_group`"), "{next:?}");
}

#[test]
fn a_server_that_ends_with_0_an_image_for_another_processor_and_spent_addresses_have_advice_of_their_own()
 {
    let x86 = rollout(&[]);
    let arm = rollout(&[("port = 8080\n", "port = 8080\narchitecture = \"arm64\"\n")]);
    let well = group(Cause::Exited, "Essential container in task exited", Some(0));
    let (likely, next) = advised(&x86, &well, true);
    assert_eq!(
        likely,
        "the container exits with exit code 0, though it is to go on running (container api)"
    );
    assert!(
        next[0].starts_with("A server that ends with 0 is a failure all the same"),
        "{next:?}"
    );
    let pull = "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'";
    let other = group(Cause::ImageNotFound, pull, None);
    let (likely, next) = advised(&arm, &other, false);
    assert_eq!(
        likely,
        "the image was built for another processor (container api)"
    );
    assert!(
        next[0].contains("runs on arm64") && next[0].contains("x86_64"),
        "{next:?}"
    );
    let (_, next) = advised(&x86, &other, false);
    assert!(
        next[0].contains("runs on x86_64") && next[0].contains("arm64"),
        "{next:?}"
    );
    let spent = group(Cause::NoCapacity, "InsufficientFreeAddressesInSubnet", None);
    let (_, next) = advised(&x86, &spent, false);
    assert!(next[0].contains("subnets"), "{next:?}");
}

#[test]
fn percentages_that_leave_no_room_are_the_cause_and_come_before_the_way_back() {
    let stuck = rollout(&[]);
    let known = Known {
        group: None,
        sign: None,
        subject: &stuck.subject,
        deadlock: Some("Raise `maximum_percent`.".into()),
        spoke: false,
        can_go_back: true,
    };
    assert!(known.likely().unwrap().contains("leave no room"));
    let next = known.next(&tripped(WhyNot::SwitchedOff));
    assert_eq!(next[0], "Raise `maximum_percent`.");
    assert!(next[1].contains("deployer rollback"), "{next:?}");
}
