//! Pods that run, and fail in ways of their own: each is told for what it is, with an advice that can be followed.

use integration_tests::cluster::puppet::{Act, Puppet, Script};
use integration_tests::trial::Outcome;
use integration_tests::trials;

use super::{QUICK, advice, assert_converged, counted, held};
use crate::kube::{Bench, assert_says, causes, deploy, evidence};
use crate::shop::assert_verdict;

trials! { "kube_scenes":
    a_server_that_exits_with_0_has_failed,
    an_image_for_another_processor_is_told,
    a_kill_for_memory_is_told_though_it_exits_with_0,
    a_signal_that_ended_a_container_is_named,
    the_last_words_of_a_container_are_told,
    an_init_container_that_fails_is_named,
    an_init_container_that_takes_its_time_is_waited_for,
    a_sidecar_that_ends_again_and_again_is_the_cause,
    a_sidecar_that_may_end_is_started_again_and_that_is_noted,
    a_network_without_addresses_is_told,
    pods_that_nothing_is_said_of_end_at_the_deadline,
    readiness_that_comes_and_goes_ends_at_the_deadline,
    evicted_pods_are_replaced_and_count_as_no_failure,
    preempted_pods_are_replaced_and_count_as_no_failure,
    pods_that_a_node_turns_away_are_replaced,
}

/// A service whose pods all do the same from the first deployment on: it trips with nothing to go back to, for this
/// cause. What is said of it, and advised.
fn first_fails(stem: &str, script: Script, cause: &str) -> Outcome<(Bench, String)> {
    let bench = Bench::new(stem)?;
    bench.describe(&held(), "")?;
    let puppet = Puppet::play(&bench.namespace, move |_| script.clone())?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert!(causes(&done)?.contains(&cause.to_owned()), "{done}");
    // Nothing is advised that would be refused.
    assert!(!done.says("deployer rollback"), "{done}");
    Ok((bench, format!("{}\n{done}", advice(&done)?)))
}

fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not said\n{text}");
    }
}

fn a_server_that_exits_with_0_has_failed() -> Outcome {
    let ends = || Script::ends("Completed", 0, "");
    let (bench, text) = first_fails("exit-zero", ends(), "exited")?;
    let words = ["exits with exit code 0", "in the foreground"];
    says(&text, &words);
    // Over one that serves it goes back.
    bench.describe(QUICK, "")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    bench.describe(&held(), "")?;
    let puppet = Puppet::play(&bench.namespace, move |_| ends())?;
    let done = bench.apply("v2")?;
    puppet.ends()?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_says(&done, &words);
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    Ok(())
}

const NOT_EXECUTABLE: &str = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: \
     unable to start container process: exec /srv/app: exec format error: unknown";

fn an_image_for_another_processor_is_told() -> Outcome {
    let ends = Script::ends("StartError", 128, NOT_EXECUTABLE);
    let (_, text) = first_fails("processor", ends, "exited")?;
    says(&text, &["built for another processor", "`architecture`"]);
    Ok(())
}

fn a_kill_for_memory_is_told_though_it_exits_with_0() -> Outcome {
    let (_, text) = first_fails("oom", Script::ends("OOMKilled", 0, ""), "out_of_memory")?;
    says(&text, &["Give it more `memory`"]);
    assert!(!text.contains("in the foreground"), "{text}");
    Ok(())
}

fn a_signal_that_ended_a_container_is_named() -> Outcome {
    for (code, word) in [(139, "a segmentation fault"), (143, "it was asked to end")] {
        let (_, text) = first_fails("signal", Script::ends("Error", code, ""), "exited")?;
        says(&text, &[&format!("exit code {code}"), word]);
    }
    Ok(())
}

fn the_last_words_of_a_container_are_told() -> Outcome {
    let ends = Script::ends("Error", 1, "migration 42 has not been applied");
    let (_, text) = first_fails("words", ends, "exited")?;
    says(&text, &["migration 42 has not been applied"]);
    Ok(())
}

/// A sidecar that must end well before the service begins.
const MIGRATE: &str =
    "[service.api.sidecar.migrate]\nimage = \"registry.test/migrate:v1\"\nessential = false";

fn migrates(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    let keys = format!("{}\ndepends_on = {{ migrate = \"success\" }}", held());
    bench.describe(&keys, MIGRATE)?;
    Ok(bench)
}

fn an_init_container_that_fails_is_named() -> Outcome {
    let bench = migrates("init-fails")?;
    let fails = Script::of([
        (300, Act::Prepares),
        (400, Act::Unprepared(1)),
        (1500, Act::Prepares),
        (400, Act::Unprepared(1)),
    ])
    .again_from(2);
    let puppet = Puppet::play(&bench.namespace, move |_| fails.clone())?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    let group = evidence(&done)?["groups"][0].clone();
    assert_eq!(
        (
            &group["cause"],
            &group["container"],
            group["exit_code"].as_i64()
        ),
        (&"exited".into(), &"migrate".into(), Some(1)),
        "{done}"
    );
    Ok(())
}

fn an_init_container_that_takes_its_time_is_waited_for() -> Outcome {
    let bench = migrates("init-slow")?;
    let slow = Script::of([(300, Act::Prepares), (6000, Act::Runs { ready: true })]);
    let puppet = Puppet::play(&bench.namespace, move |_| slow.clone())?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(counted(&done)?, 0, "{done}");
    assert_converged(&bench, "v1")
}

/// The service runs well, and the container beside it ends again and again.
fn sidecar_ends() -> Script {
    Script::of([
        (300, Act::Runs { ready: true }),
        (600, Act::Ends(1, "Error", 1, "")),
        (300, Act::Again(1, true)),
        (600, Act::Ends(1, "Error", 1, "")),
        (100, Act::BacksOff(1)),
        (2000, Act::Again(1, true)),
    ])
    .again_from(3)
}

/// The file of a service with a container beside it. A pod is not available within the second that it may be ready.
fn with_proxy(stem: &str, more: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    let proxy = format!("[service.api.sidecar.proxy]\nimage = \"registry.test/proxy:v1\"\n{more}");
    let text = deploy(&held(), &proxy).replace("min_ready = \"1s\"", "min_ready = \"10s\"");
    bench.project.write("deploy.toml", &text)?;
    Ok(bench)
}

fn a_sidecar_that_ends_again_and_again_is_the_cause() -> Outcome {
    let bench = with_proxy("sidecar", "")?;
    let puppet = Puppet::play(&bench.namespace, |_| sidecar_ends())?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    let group = evidence(&done)?["groups"][0].clone();
    assert_eq!(group["container"], "proxy", "{done}");
    says(&advice(&done)?, &["proxy"]);
    Ok(())
}

fn a_sidecar_that_may_end_is_started_again_and_that_is_noted() -> Outcome {
    let bench = with_proxy("beside", "essential = false")?;
    let puppet = Puppet::play(&bench.namespace, |_| sidecar_ends())?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_says(&done, &["proxy is started again whenever it ends"]);
    // Kubernetes knows no container that may end: its pod is not ready then.
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_eq!(
        evidence(&done)?["groups"][0]["container"],
        "proxy",
        "{done}"
    );
    Ok(())
}

const NO_ADDRESS: &str = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: \
     plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container";

fn a_network_without_addresses_is_told() -> Outcome {
    let tells = || Act::Tells("FailedCreatePodSandBox", NO_ADDRESS);
    let script = Script::of([(500, tells()), (3000, tells())]).again_from(1);
    let (_, text) = first_fails("addresses", script, "no_capacity")?;
    says(
        &text,
        &["the network has no free address", "larger subnets"],
    );
    assert!(!text.contains("add nodes"), "{text}");
    // What is said of each pod again and again is told once.
    let told = text.lines().filter(|line| {
        line.contains("\"event\":\"message\"") && line.contains("FailedCreatePodSandBox")
    });
    assert_eq!(told.count(), 1, "{text}");
    Ok(())
}

fn pods_that_nothing_is_said_of_end_at_the_deadline() -> Outcome {
    let bench = Bench::new("silent")?;
    bench.describe(&held().replace("60s", "12s"), "")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_says(&done, &["not healthy within 12s", "ContainerCreating"]);
    assert_eq!(causes(&done)?, Vec::<String>::new(), "{done}");
    Ok(())
}

fn readiness_that_comes_and_goes_ends_at_the_deadline() -> Outcome {
    let bench = Bench::new("flaps")?;
    let keys = held().replace("60s", "20s");
    let text = deploy(&keys, "").replace("min_ready = \"1s\"", "min_ready = \"6s\"");
    bench.project.write("deploy.toml", &text)?;
    let flaps = Script::of([
        (300, Act::Runs { ready: true }),
        (1500, Act::Runs { ready: false }),
        (1500, Act::Runs { ready: true }),
    ])
    .again_from(1);
    let puppet = Puppet::play(&bench.namespace, move |_| flaps.clone())?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_eq!(counted(&done)?, 0, "{done}");
    assert_says(
        &done,
        &[
            "not healthy within 20s",
            "runs, but is not ready",
            "readiness probe",
        ],
    );
    Ok(())
}

/// The first pods fail as a whole for what is no fault of theirs; those that come after them are well.
fn replaced(stem: &str, few: usize, reason: &'static str, message: &'static str) -> Outcome {
    let bench = Bench::new(stem)?;
    bench.describe(&held(), "")?;
    let puppet = Puppet::play(&bench.namespace, move |nth| {
        if nth < few {
            Script::of([(600, Act::Fails(reason, message))])
        } else {
            Script::well()
        }
    })?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(counted(&done)?, 0, "{done}");
    // The pods that failed are still there, and nobody takes them for what runs.
    assert_eq!(bench.namespace.pods("app=api")?.len(), 2 + few);
    let status = bench.run("status")?;
    assert_eq!(status.exit, 0, "{status}");
    let seen = status.event("status", "api")?;
    assert_eq!(
        (&seen["running"], &seen["desired"]),
        (&2.into(), &2.into()),
        "{status}"
    );
    assert_converged(&bench, "v1")
}

fn evicted_pods_are_replaced_and_count_as_no_failure() -> Outcome {
    let message =
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61480Ki. ";
    replaced("evicted", 2, "Evicted", message)
}

fn preempted_pods_are_replaced_and_count_as_no_failure() -> Outcome {
    let message = "Preempted in order to admit critical pod";
    replaced("preempted", 2, "Preempting", message)
}

fn pods_that_a_node_turns_away_are_replaced() -> Outcome {
    let message = "Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices, which is unexpected";
    replaced("turned-away", 3, "UnexpectedAdmissionError", message)
}
