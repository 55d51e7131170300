//! A network and an API that do not behave, around rollouts of real containers. The proxy makes the trouble; the
//! verdict must come out the same, and no write may be sent twice.

use integration_tests::proxy::{Fault, Kind};
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::{Bench, assert_verdict};

trials! { "trouble":
    throttled_polls_change_no_verdict,
    failing_polls_hide_no_failure,
    credentials_that_come_back_are_waited_for,
    a_lost_update_is_recognised,
    a_lost_creation_is_recognised,
    an_update_that_never_arrived_is_sent_again,
    a_refused_update_changes_nothing,
    missing_rights_for_evidence_cost_only_that,
}

fn throttled_polls_change_no_verdict() -> Outcome {
    let bench = Bench::serving("v1")?;
    // The reads before the write pass; then a burst that outlasts the retries of an SDK.
    bench
        .proxy
        .inject(Fault::new(Kind::Throttle, "DescribeServices", 3..=12));
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.versions()?, ["2", "2"]);
    Ok(())
}

fn failing_polls_hide_no_failure() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .proxy
        .inject(Fault::new(Kind::ServerError, "DescribeServices", 3..=8));
    bench
        .proxy
        .inject(Fault::new(Kind::Refuse, "DescribeServices", 1..=2));
    let done = bench.apply("bad")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(bench.versions()?, ["1", "1"]);
    Ok(())
}

fn credentials_that_come_back_are_waited_for() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .proxy
        .inject(Fault::new(Kind::Expire, "DescribeServices", 3..=5));
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
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
    if done.exit != 0 {
        // A lost registration may end the run, but only so that running again completes it.
        assert!([1, 5].contains(&done.exit), "{done}");
        let again = bench.apply("v1")?;
        assert_eq!(again.exit, 0, "{done}{again}");
    }
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

fn a_refused_update_changes_nothing() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .proxy
        .inject(Fault::always(Kind::Deny, "UpdateService"));
    let done = bench.apply("v2")?;
    // A registered revision that nobody uses is all that may be left behind, and it must be said.
    assert!([1, 5].contains(&done.exit), "{done}");
    assert!(done.says("AccessDenied"), "{done}");
    assert!(
        done.says("UpdateService") || done.says("update service"),
        "{done}"
    );
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{done}");
    assert_eq!(bench.versions()?, ["1", "1"]);
    Ok(())
}

fn missing_rights_for_evidence_cost_only_that() -> Outcome {
    let bench = Bench::serving("v1")?;
    for optional in [
        "ListTasks",
        "DescribeTasks",
        "ListServiceDeployments",
        "DescribeServiceDeployments",
    ] {
        bench.proxy.inject(Fault::always(Kind::Deny, optional));
    }
    for optional in ["DescribeTargetHealth", "FilterLogEvents", "GetLogEvents"] {
        bench.proxy.inject(Fault::always(Kind::Deny, optional));
    }
    let done = bench.apply("bad")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    Ok(())
}
