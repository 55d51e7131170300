//! A way to the API server that breaks, in the middle of a rollout on Kubernetes. The gate makes the trouble, or the API
//! server itself is killed; the verdict must come out the same. Needs a control plane, of its own where that is stopped.

use std::time::Duration;

use integration_tests::cluster::{Cluster, Mishap, Options, Passed};
use integration_tests::program::{Finished, Signal};
use integration_tests::project::PATIENCE;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, all_here, is_roll, until};
use crate::shop::assert_verdict;

trials! { "kube":
    a_lost_reply_is_recognised,
    an_update_that_never_arrived_is_told,
    an_api_server_that_throttles_changes_no_verdict,
    watches_that_break_hide_no_failure,
    expired_watches_begin_again,
    a_wrong_token_is_told,
    a_plugin_logs_in_and_does_so_again,
    a_restarted_api_server_changes_no_verdict,
    a_restarted_api_server_hides_no_failure,
}

/// The first request that `is` chooses meets this.
fn once(bench: &Bench, mishap: Mishap, is: impl Fn(&Passed) -> bool + Send + 'static) {
    let mut happened = false;
    bench.gate.rule(move |passed| {
        let now = !happened && is(passed);
        happened |= now;
        now.then_some(mishap)
    });
}

fn a_lost_reply_is_recognised() -> Outcome {
    let bench = Bench::serving("lost", "v1")?;
    once(&bench, Mishap::LostReply, is_roll);
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2", "v2"], "{done}");
    assert_eq!(bench.deployment()?["metadata"]["generation"], 2, "{done}");
    Ok(())
}

/// A write that was certainly not performed may be sent again, or is told as what remains: never a wrong verdict.
fn an_update_that_never_arrived_is_told() -> Outcome {
    for mishap in [
        Mishap::Unreached,
        Mishap::Refused(503),
        Mishap::Refused(429),
    ] {
        let bench = Bench::serving("unreached", "v1")?;
        once(&bench, mishap, is_roll);
        let done = bench.apply("v2")?;
        let serving = bench.serve()?;
        match done.exit {
            0 => assert_eq!(serving, ["v2", "v2"], "{mishap:?}\n{done}"),
            1 | 5 => assert_eq!(serving, ["v1", "v1"], "{mishap:?}\n{done}"),
            _ => return Err(fail(format_args!("{mishap:?}\n{done}"))),
        }
        bench.gate.heal();
        assert_eq!(bench.apply("v2")?.exit, 0);
        assert_eq!(bench.serve()?, ["v2", "v2"], "{mishap:?}\n{done}");
    }
    Ok(())
}

fn an_api_server_that_throttles_changes_no_verdict() -> Outcome {
    for (tag, verdict, back, exit) in [
        ("v2", "healthy", None, 0),
        ("v2-crash", "tripped", Some(true), 10),
    ] {
        let bench = Bench::serving("throttled", "v1")?;
        bench.needs_simulation("pods that fail as told")?;
        let mut count = 0;
        // Of the reads every second one is refused, in turn for one reason and for the other.
        bench.gate.rule(move |passed| {
            if passed.method != "GET" {
                return None;
            }
            count += 1;
            match count % 4 {
                1 => Some(Mishap::Refused(429)),
                3 => Some(Mishap::Refused(503)),
                _ => None,
            }
        });
        assert_verdict(&bench.apply(tag)?, verdict, back, exit)?;
    }
    Ok(())
}

fn watches_that_break_hide_no_failure() -> Outcome {
    for (tag, verdict, back, exit) in [
        ("v2-slow", "healthy", None, 0),
        ("v2-crash", "tripped", Some(true), 10),
    ] {
        let bench = Bench::serving("cut", "v1")?;
        bench.needs_simulation("pods that fail as told")?;
        let running = bench.rolling(tag)?;
        for watches in [3, 5] {
            bench
                .gate
                .awaits(Duration::from_secs(20), Passed::is_watch)?;
            until("it watches", || {
                let passed = bench.gate.passed();
                Ok(passed.iter().filter(|one| one.is_watch()).count() >= watches)
            })?;
            bench.gate.cut();
        }
        assert_verdict(&running.wait(PATIENCE)?, verdict, back, exit)?;
    }
    Ok(())
}

/// 410: what a watch began from is too old.
fn expired_watches_begin_again() -> Outcome {
    let bench = Bench::serving("gone", "v1")?;
    let mut refused = 0;
    bench.gate.rule(move |passed| {
        let late = passed.is_watch() && refused < 6;
        refused += u32::from(late);
        late.then_some(Mishap::Refused(410))
    });
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)
}

fn a_wrong_token_is_told() -> Outcome {
    let bench = Bench::new("token")?;
    let way = bench
        .namespace
        .cluster()
        .kubeconfig_with("wrong", &json!({"token": "wrong"}))?;
    bench
        .project
        .kubernetes_target("kube", &way, &bench.namespace.name)?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    let reason = done.event("outcome", "api")?["reason"].clone();
    assert!(
        reason
            .as_str()
            .is_some_and(|words| words.contains("401") || words.contains("Unauthorized")),
        "{done}"
    );
    Ok(())
}

/// The plugin of a kubeconfig: writes down that it was asked, and gives a token that is used for five seconds. A client
/// renews what has less than a minute left.
const PLUGIN: &str = r#"echo asked >> ASKED
expires=$(date -u -d '+65 seconds' +%Y-%m-%dT%H:%M:%SZ)
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
  "status": {"token": "TOKEN", "expirationTimestamp": "'$expires'"}}'
"#;

fn a_plugin_logs_in_and_does_so_again() -> Outcome {
    let bench = Bench::new("plugin")?;
    let login: Value = serde_json::from_str(&std::fs::read_to_string(&bench.user.kubeconfig)?)?;
    let token = login["users"][0]["user"]["token"]
        .as_str()
        .unwrap_or_default();
    let (script, asked) = (
        bench.project.path().join("login.sh"),
        bench.project.path().join("asked"),
    );
    let text = PLUGIN
        .replace("ASKED", &asked.display().to_string())
        .replace("TOKEN", token);
    bench.project.write("login.sh", &text)?;
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": [script],
        "interactiveMode": "Never",
    });
    let cluster = bench.namespace.cluster();
    let way = cluster.kubeconfig_with(&bench.namespace.name, &json!({"exec": exec}))?;
    bench
        .project
        .kubernetes_target("kube", &way, &bench.namespace.name)?;
    assert_verdict(&bench.apply("v1-slow")?, "healthy", None, 0)?;
    let asked = std::fs::read_to_string(asked)?.lines().count();
    assert!(asked >= 2, "it was asked {asked} times");
    Ok(())
}

/// A cluster whose API server is killed in the middle of a rollout, and comes back.
fn restarted(tag: &str) -> Outcome<(Finished, Vec<String>)> {
    let cluster = Cluster::start(&Options {
        restart_after: Some(Duration::from_secs(2)),
        ..Options::default()
    })?;
    let bench = Bench::on(&cluster, "restarts", &all_here())?.served("v1")?;
    // Straight to it: the way through the gate would be another one.
    bench
        .project
        .kubernetes_target("kube", &bench.user.kubeconfig, &bench.namespace.name)?;
    let running = bench.rolling(tag)?;
    cluster.signal("kube-apiserver", Signal::KILL)?;
    let done = running.wait(PATIENCE)?;
    cluster.answers()?;
    Ok((done, bench.serve()?))
}

fn a_restarted_api_server_changes_no_verdict() -> Outcome {
    let (done, serving) = restarted("v2-slow")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(serving, ["v2-slow", "v2-slow"], "{done}");
    Ok(())
}

fn a_restarted_api_server_hides_no_failure() -> Outcome {
    let (done, serving) = restarted("v2-crash")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(serving, ["v1", "v1"], "{done}");
    let events: Vec<Value> = done.events()?;
    let outcomes = events.iter().filter(|event| event["event"] == "outcome");
    assert_eq!(outcomes.count(), 1, "{done}");
    Ok(())
}
