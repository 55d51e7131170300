//! What is advised follows from what is known, and nothing is advised that cannot be done.

use jiff::Timestamp;

use super::*;
use crate::rollout::{Doubt, Rollback, Trip, Tripper, Unit, WhyNot};

fn group(cause: Cause, text: &str, code: Option<i32>) -> FailureGroup {
    FailureGroup {
        cause,
        count: 3,
        text: text.into(),
        container: Some("api".into()),
        exit_code: code,
        first: Timestamp::UNIX_EPOCH,
        unit: Unit::Pod,
        example: None,
    }
}

fn advised(group: &FailureGroup, runs_on: Option<Architecture>, spoke: bool) -> (String, String) {
    let known = Known {
        group: Some(group),
        sign: sign::sign(group, None),
        runs_on,
        spoke,
        sees_pods: true,
        can_go_back: false,
    };
    let next = known.next(&Verdict::Undetermined(Doubt::TimedOut));
    (known.likely().unwrap(), next[0].clone())
}

#[test]
fn a_server_that_ends_with_0_is_told_to_go_on() {
    let well = group(Cause::Exited, "Completed, exit code 0", Some(0));
    let (likely, next) = advised(&well, None, true);
    assert_eq!(
        likely,
        "the container exits with exit code 0, though it is to go on running (container api)"
    );
    assert!(
        next.starts_with("A server that ends with 0 is a failure all the same"),
        "{next}"
    );
}

#[test]
fn an_image_for_another_processor_names_both_where_the_file_names_one() {
    let words = "StartError, exit code 128: failed to create containerd task: exec /srv/app: exec format error: unknown";
    let other = group(Cause::Exited, words, Some(128));
    let (likely, next) = advised(&other, Some(Architecture::Arm64), false);
    assert_eq!(
        likely,
        "the image was built for another processor (container api)"
    );
    assert!(
        next.contains("runs on arm64") && next.contains("built for x86_64"),
        "{next}"
    );
    let (_, next) = advised(&other, None, false);
    assert!(next.contains("the nodes' processors"), "{next}");
}

#[test]
fn a_network_without_addresses_is_no_lack_of_nodes() {
    let words = "FailedCreatePodSandBox: plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container";
    let (likely, next) = advised(&group(Cause::NoCapacity, words, None), None, false);
    assert!(
        likely.starts_with("the network has no free address"),
        "{likely}"
    );
    assert!(next.contains("larger subnets"), "{next}");
    let (_, next) = advised(
        &group(Cause::NoCapacity, "3 Insufficient cpu.", None),
        None,
        false,
    );
    assert!(next.contains("add nodes"), "{next}");
}

#[test]
fn log_lines_are_advised_only_where_some_are_shown() {
    let crashed = group(Cause::Exited, "Error, exit code 1", Some(1));
    assert!(
        advised(&crashed, None, true)
            .1
            .contains("Read the last log lines")
    );
    assert!(!advised(&crashed, None, false).1.contains("log lines"));
}

#[test]
fn that_no_container_failed_is_said_only_where_the_pods_are_seen() {
    let tripped = Verdict::Tripped {
        trip: Trip {
            by: Tripper::Deadline,
            at: Timestamp::UNIX_EPOCH,
            cause: None,
            reason: "not healthy within 60s".into(),
        },
        rollback: Rollback::NotDone(WhyNot::FirstDeployment),
    };
    let next = |sees_pods| {
        let known = Known {
            group: None,
            sign: None,
            runs_on: None,
            spoke: false,
            sees_pods,
            can_go_back: false,
        };
        known.next(&tripped)[0].clone()
    };
    assert!(next(true).starts_with("No container failed"));
    assert!(next(false).starts_with("Whether a container failed could not be seen"));
}
