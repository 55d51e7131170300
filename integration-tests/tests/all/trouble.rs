//! A network and an API that do not behave, around rollouts of real containers. The proxy makes the trouble; the
//! verdict must come out the same, and no write may be sent twice.

use integration_tests::program::Finished;
use integration_tests::proxy::{Fault, Kind};
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::{Bench, assert_verdict};

trials! { "trouble":
    throttled_polls_change_no_verdict,
    failing_polls_hide_no_failure,
    credentials_that_come_back_are_waited_for,
    credentials_that_come_back_hide_no_failure,
    a_lost_update_is_recognised,
    a_lost_creation_is_recognised,
    an_update_that_never_arrived_is_sent_again,
    a_refused_update_tells_the_revision_that_it_leaves,
    missing_rights_for_evidence_cost_only_that,
}

/// What every look of `apply` at a rollout asks for first, both at once.
const POLLS: [&str; 2] = ["DescribeServices", "ListServiceDeployments"];

/// What it asks for next.
const TASKS: [&str; 2] = ["ListTasks", "DescribeTasks"];

fn throttled_polls_change_no_verdict() -> Outcome {
    let bench = Bench::serving("v1")?;
    // Bursts that outlast the retries of an SDK.
    for poll in POLLS {
        let burst = Fault::new(Kind::Throttle, poll, 1..=12).after("UpdateService");
        bench.proxy.inject(burst);
    }
    for read in TASKS {
        let burst = Fault::new(Kind::Throttle, read, 1..=6).after("UpdateService");
        bench.proxy.inject(burst);
    }
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.versions()?, ["2", "2"]);
    Ok(())
}

fn failing_polls_hide_no_failure() -> Outcome {
    let bench = Bench::serving("v1")?;
    for poll in POLLS {
        let failing = Fault::new(Kind::ServerError, poll, 1..=8).after("UpdateService");
        let gone = Fault::new(Kind::Refuse, poll, 1..=4).after("UpdateService");
        bench.proxy.inject(failing);
        bench.proxy.inject(gone);
    }
    for read in TASKS {
        let failing = Fault::new(Kind::ServerError, read, 1..=6).after("UpdateService");
        bench.proxy.inject(failing);
    }
    let done = bench.apply("bad")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(bench.versions()?, ["1", "1"]);
    Ok(())
}

/// Nothing can be read for several polls, and then it can: one warning, one all-clear, and the truth.
fn expire_mid_way(bench: &Bench, tag: &str) -> Outcome<Finished> {
    for poll in POLLS {
        let expired = Fault::new(Kind::Expire, poll, 1..=3).after("UpdateService");
        bench.proxy.inject(expired);
    }
    let done = bench.apply(tag)?;
    let warned = |code: &str| -> Outcome<usize> {
        let events = done.events()?;
        Ok(events.iter().filter(|event| event["code"] == code).count())
    };
    assert_eq!(warned("not_seeing")?, 1, "{done}");
    assert_eq!(warned("seeing_again")?, 1, "{done}");
    assert!(done.says("ExpiredTokenException"), "{done}");
    Ok(done)
}

fn credentials_that_come_back_are_waited_for() -> Outcome {
    let bench = Bench::serving("v1")?;
    let done = expire_mid_way(&bench, "v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.versions()?, ["2", "2"]);
    Ok(())
}

fn credentials_that_come_back_hide_no_failure() -> Outcome {
    let bench = Bench::serving("v1")?;
    let done = expire_mid_way(&bench, "bad")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{done}");
    assert_eq!(bench.versions()?, ["1", "1"]);
    Ok(())
}

fn a_lost_update_is_recognised() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .proxy
        .inject(Fault::new(Kind::LoseReply, "UpdateService", 1..=1));
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{done}");
    assert_eq!(bench.versions()?, ["2", "2"]);
    Ok(())
}

fn a_lost_creation_is_recognised() -> Outcome {
    let bench = Bench::new()?;
    bench
        .proxy
        .inject(Fault::new(Kind::LoseReply, "RegisterTaskDefinition", 1..=1));
    bench
        .proxy
        .inject(Fault::new(Kind::LoseReply, "CreateService", 1..=1));
    let done = bench.apply("v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(
        bench.proxy.writes(),
        ["RegisterTaskDefinition", "CreateService"],
        "{done}"
    );
    assert_eq!(bench.service()?["status"], "ACTIVE");
    assert_eq!(bench.versions()?, ["1", "1"]);
    Ok(())
}

fn an_update_that_never_arrived_is_sent_again() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .proxy
        .inject(Fault::new(Kind::Refuse, "UpdateService", 1..=1));
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 2, "{done}");
    Ok(())
}

fn a_refused_update_tells_the_revision_that_it_leaves() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .proxy
        .inject(Fault::always(Kind::Deny, "UpdateService"));
    let done = bench.apply("v2")?;
    // A registered revision that nobody uses is all that is left behind.
    assert_verdict(&done, "incomplete", None, 5)?;
    assert_eq!(
        bench.proxy.writes(),
        ["RegisterTaskDefinition", "UpdateService"],
        "{done}"
    );
    assert!(done.says("register task definition"), "{done}");
    assert!(done.says("is not authorized to perform"), "{done}");
    assert!(done.says("needs a policy that allows it"), "{done}");
    assert!(done.says("update service api"), "{done}");
    assert_eq!(bench.versions()?, ["1", "1"]);
    // What is permitted now continues where it stopped.
    bench.proxy.heal();
    bench.proxy.forget();
    let again = bench.apply("v2")?;
    assert_verdict(&again, "healthy", None, 0)?;
    // The revision was there already, so that only a tag can say who rolled it out.
    assert_eq!(
        bench.proxy.writes(),
        ["UpdateService", "TagResource"],
        "{again}"
    );
    Ok(())
}

fn missing_rights_for_evidence_cost_only_that() -> Outcome {
    let bench = Bench::serving("v1")?;
    let optional = [
        "ListServiceDeployments",
        "ListTasks",
        "DescribeScalableTargets",
        "DescribeScalingPolicies",
    ];
    for optional in optional {
        bench.proxy.inject(Fault::always(Kind::Deny, optional));
    }
    let done = bench.apply("bad")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    let missing = done.event("post_mortem", "api")?["missing"].to_string();
    for piece in ["ListServiceDeployments", "ListTasks"] {
        assert!(missing.contains(piece), "{piece} is not in\n{done}");
    }
    Ok(())
}
