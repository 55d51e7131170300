//! Kubernetes with a real node: genuine probes, logs, kills and pull errors, and requests that go through the Service
//! while it rolls. Needs root and the packages of the node.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use integration_tests::cluster::{Namespace, RealNode, SOON};
use integration_tests::program::{Finished, binary};
use integration_tests::project::PATIENCE;
use integration_tests::trial::{Outcome, fail};
use integration_tests::{host, http, trials};
use serde_json::{Value, json};

use crate::kube::{
    Bench, all_here, assert_converged, assert_goes_back, assert_says, deploy, evidence,
};
use crate::shop::assert_verdict;

trials! { "kube_node":
    a_rolling_update_fails_no_request,
    a_port_that_moves_fails_no_request,
    a_crash_loop_shows_its_last_words,
    a_late_crash_shows_both_runs,
    memory_beyond_the_limit_is_named,
    an_image_that_is_not_there_is_named,
    a_registry_that_refuses_is_named,
    a_failed_liveness_probe_is_named,
    a_pod_deploys_as_its_service_account,
    sets_roll_and_go_back,
}

/// A bench in a namespace of the real node, with what only Kubernetes knows about the service.
fn bench(namespace: Namespace, extra: &str, kube: &str) -> Outcome<Bench> {
    let bench = Bench::within(namespace, &all_here())?;
    // Ready for as long as is usual: a real container may end a moment after it was.
    let text = deploy(extra, kube).replace("min_ready = \"1s\"\n", "");
    bench.project.write("deploy.toml", &text)?;
    bench.served("v1")
}

/// Soon enough for a test.
const LIVENESS: &str =
    "liveness = { path = \"/health\", delay = \"2s\", period = \"2s\", retries = 2 }";

const USUAL: &str = "replicas = 2\nrollout = { deadline = \"90s\" }";

/// What came of a stream of requests.
#[derive(Debug, Default)]
struct Stream {
    answered: usize,
    old: usize,
    new: usize,
    failed: Vec<String>,
}

/// Asks one after the other until told to stop. `new` is what the new version answers.
fn ask(url: &str, new: &str, stop: &AtomicBool) -> Stream {
    let mut stream = Stream::default();
    while !stop.load(Ordering::Relaxed) {
        match http::get(url).as_deref().map(str::trim) {
            Ok("v1") => stream.old += 1,
            Ok(answer) if answer == new => stream.new += 1,
            Ok(other) => stream.failed.push(other.to_owned()),
            Err(error) => stream.failed.push(format!("{error:?}")),
        }
        stream.answered += 1;
    }
    stream
}

/// As shipped: one new pod at a time, and old ones that go on serving for a while.
fn as_shipped(extra: &str) -> String {
    deploy(extra, "")
        .replace("min_ready = \"1s\"\n", "")
        .replace("max_surge = \"100%\"\n", "")
        .replace("drain     = \"0s\"\n", "")
}

/// Asks through the Service while `work` is done and until three pods are left; nothing fails.
fn no_request_fails(
    bench: &Bench,
    path: &str,
    new: &str,
    work: impl FnOnce() -> Outcome,
) -> Outcome {
    let service = bench.namespace.get("services", "api")?;
    let address = service["spec"]["clusterIP"].as_str().unwrap_or_default();
    let url = format!("http://{address}:80{path}");
    host::poll(SOON, || http::get(&url).ok()).ok_or_else(|| fail("the Service never answers"))?;
    let stop = Arc::new(AtomicBool::new(false));
    // In the network of the node, like this one.
    let (done, streams) = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let (url, stop) = (url.as_str(), Arc::clone(&stop));
                scope.spawn(move || ask(url, new, &stop))
            })
            .collect();
        let done = work();
        // The last old pods are still ending.
        let gone = bench.namespace.wait("the old pods are gone", SOON, || {
            Ok((bench.namespace.pods("app=api")?.len() == 3).then_some(()))
        });
        stop.store(true, Ordering::Relaxed);
        let streams: Vec<_> = asking
            .into_iter()
            .filter_map(|one| one.join().ok())
            .collect();
        gone.map(|()| (done, streams))
    })?;
    done?;
    let sum = |count: fn(&Stream) -> usize| streams.iter().map(count).sum::<usize>();
    let failed: Vec<_> = streams.iter().flat_map(|stream| &stream.failed).collect();
    tell(&format!(
        "{} requests through the Service: {} answered by the old version, {} by the new, {} failed",
        sum(|stream| stream.answered),
        sum(|stream| stream.old),
        sum(|stream| stream.new),
        failed.len()
    ));
    assert!(failed.is_empty(), "{failed:?}");
    assert!(
        sum(|stream| stream.old) > 0 && sum(|stream| stream.new) > 0,
        "{streams:?}"
    );
    Ok(())
}

fn a_rolling_update_fails_no_request() -> Outcome {
    RealNode::shared()?.inside("stream", |namespace| {
        let bench = Bench::within(namespace, &all_here())?;
        let text = as_shipped("replicas = 3\nrollout = { deadline = \"120s\" }");
        bench.project.write("deploy.toml", &text)?;
        let bench = bench.served("v1")?;
        no_request_fails(&bench, "/", "v2", || {
            assert_verdict(&bench.apply("v2")?, "healthy", None, 0)
        })
    })
}

/// What comes listens on another port than what is there, and a rollback moves the port back.
fn a_port_that_moves_fails_no_request() -> Outcome {
    RealNode::shared()?.inside("portstream", |namespace| {
        let bench = Bench::within(namespace, &all_here())?;
        let text = as_shipped(
            "replicas = 3\nstop_timeout = \"2s\"\nrollout = { deadline = \"120s\" }\nMORE",
        )
        .replace("/health", "/v2/");
        bench
            .project
            .write("deploy.toml", &text.replace("MORE", ""))?;
        let bench = bench.served("v1")?;
        let moved = text
            .replace("= 8080", "= 9090")
            .replace("MORE", "command = [\"registry\", \":9090\"]");
        bench.project.write("deploy.toml", &moved)?;
        // A registry answers nothing there.
        no_request_fails(&bench, "/v2/", "", || {
            assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
            assert_verdict(
                &bench.run("rollback --yes --set TAG=v2")?,
                "healthy",
                None,
                0,
            )
        })
    })
}

/// A number that whoever runs the tests is to see.
fn tell(words: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{words}"));
}

/// A failing image over one that serves.
fn fails(
    stem: &str,
    extra: &str,
    tag: &str,
    cause: &str,
    look: impl FnOnce(&Finished) -> Outcome + Send,
) -> Outcome {
    RealNode::shared()?.inside(stem, |namespace| {
        let bench = bench(namespace, extra, LIVENESS)?;
        let done = bench.apply(tag)?;
        assert_goes_back(&bench, &done, cause)?;
        look(&done)
    })
}

fn a_crash_loop_shows_its_last_words() -> Outcome {
    fails("crash", USUAL, "v2-crash", "exited", |done| {
        let evidence = evidence(done)?;
        assert_eq!(evidence["groups"][0]["exit_code"], 1, "{done}");
        assert!(
            lines(&evidence).contains("cannot reach the database: connection refused"),
            "{done}"
        );
        Ok(())
    })
}

fn lines(evidence: &Value) -> String {
    evidence["logs"].to_string()
}

/// What it says now, and what the run before said when it died.
fn a_late_crash_shows_both_runs() -> Outcome {
    let baking = "replicas = 2\nrollout = { deadline = \"90s\", bake = \"60s\", breaker = { reset_on_healthy = false } }";
    fails("late", baking, "v2-latecrash", "exited", |done| {
        let lines = lines(&evidence(done)?);
        assert!(lines.contains("cannot reach the database"), "{done}");
        assert!(lines.contains("listening on :8080"), "{done}");
        Ok(())
    })
}

fn memory_beyond_the_limit_is_named() -> Outcome {
    fails("oom", USUAL, "v2-oom", "out_of_memory", |done| {
        assert_eq!(evidence(done)?["groups"][0]["exit_code"], 137, "{done}");
        Ok(())
    })
}

fn an_image_that_is_not_there_is_named() -> Outcome {
    fails("missing", USUAL, "missing", "image_not_found", |done| {
        assert_says(done, &["registry.test/web:missing", "not found"]);
        Ok(())
    })
}

fn a_registry_that_refuses_is_named() -> Outcome {
    let patience = "replicas = 2\nrollout = { deadline = \"90s\", patience = { likely = \"5s\", uncertain = \"5s\" } }";
    fails("denied", patience, "denied", "pull_denied", |_| Ok(()))?;
    fails("toomany", patience, "toomany", "registry_trouble", |done| {
        assert_says(done, &["429 Too Many Requests"]);
        Ok(())
    })
}

fn a_failed_liveness_probe_is_named() -> Outcome {
    fails(
        "liveness",
        USUAL,
        "v2-unhealthy",
        "container_unhealthy",
        |done| {
            assert_says(done, &["503"]);
            Ok(())
        },
    )
}

/// Where a program that was built on this machine finds its libraries.
const LIBRARIES: [&str; 3] = ["/usr/lib", "/lib", "/lib64"];

/// A pod that runs the program in the project's directory, with nothing to log in by but its service account. The API
/// server listens to nothing but the node itself, so the pod is in the node's network, and is told that address.
fn inside(bench: &Bench, words: &str) -> Outcome<Value> {
    let server = bench.namespace.cluster().server();
    let (host, port) = server
        .trim_start_matches("https://")
        .rsplit_once(':')
        .ok_or_else(|| fail(server))?;
    let (program, project) = (binary()?, bench.project.path());
    let here = Path::new("/");
    let needed = [program.parent().unwrap_or(here), project];
    let libraries = LIBRARIES.iter().map(Path::new);
    let there: Vec<_> = libraries
        .filter(|path| path.is_dir())
        .chain(needed)
        .enumerate()
        .collect();
    let volumes: Vec<_> = there
        .iter()
        .map(|(at, path)| {
            json!({"name": format!("host-{at}"), "hostPath": {"path": path.canonicalize().unwrap_or_default()}})
        })
        .collect();
    let mounts: Vec<_> = there
        .iter()
        .map(|(at, path)| json!({"name": format!("host-{at}"), "mountPath": path}))
        .collect();
    let command: Vec<_> = std::iter::once(program.display().to_string())
        .chain(words.split_whitespace().map(str::to_owned))
        .collect();
    Ok(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ci"},
        "spec": {
            "serviceAccountName": "deploys", "hostNetwork": true, "restartPolicy": "Never", "volumes": volumes,
            "containers": [{
                "name": "ci", "image": "registry.test/web:v1", "command": command,
                "workingDir": project, "volumeMounts": mounts,
                "env": [
                    {"name": "KUBERNETES_SERVICE_HOST", "value": host},
                    {"name": "KUBERNETES_SERVICE_PORT", "value": port},
                ],
            }],
        },
    }))
}

fn a_pod_deploys_as_its_service_account() -> Outcome {
    RealNode::shared()?.inside("incluster", |namespace| {
        let bench = Bench::within(namespace, &all_here())?;
        let place = format!(
            "platform = \"kubernetes\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\nnamespace = \"{}\"\n",
            bench.namespace.name
        );
        bench.project.write("config/kube.toml", &place)?;
        bench.namespace.create(&inside(&bench, "apply --yes --set TAG=v1 --target kube")?)?;
        let ended = bench.namespace.wait("the deploying pod ends", PATIENCE, || {
            let pod = bench.namespace.get("pods", "ci")?;
            let phase = pod["status"]["phase"].as_str().unwrap_or_default();
            Ok(["Succeeded", "Failed"].contains(&phase).then_some(pod))
        })?;
        let told = bench.namespace.log("ci", false)?;
        let state = &ended["status"]["containerStatuses"][0]["state"];
        assert_eq!(state["terminated"]["exitCode"], 0, "{told}\n{}", ended["status"]);
        assert!(told.contains("Healthy: api at kube"), "{told}");
        assert_eq!(bench.serve()?, ["v1", "v1"], "{told}");
        Ok(())
    })
}

/// Pods with names of their own, and one on each node: a crash stops them on the way, and they come back.
fn sets_roll_and_go_back() -> Outcome {
    let patch = "patch = { daemon_set = { spec = { revisionHistoryLimit = 3 } } }";
    for (kind, count, kube, pods) in [
        ("StatefulSet", "replicas = 2\n", "", 2),
        ("DaemonSet", "", patch, 1),
    ] {
        RealNode::shared()?.inside(&kind.to_lowercase(), |namespace| {
            let bench = Bench::within(namespace, &all_here())?;
            let extra = format!("{count}rollout = {{ deadline = \"90s\" }}");
            let text = deploy(&extra, &format!("kind = \"{kind}\"\n{kube}"));
            let text = text.replace("max_surge = \"100%\"\n", "");
            let text = text.replace("min_ready = \"1s\"\n", "");
            bench.project.write("deploy.toml", &text)?;
            let bench = bench.served("v1")?;
            assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
            assert_converged(&bench, "v2")?;
            let done = bench.apply("v2-crash")?;
            assert_verdict(&done, "tripped", Some(true), 10)?;
            assert_says(&done, &["cannot reach the database"]);
            assert_eq!(bench.serve()?, vec!["v2"; pods], "{done}");
            Ok(())
        })?;
    }
    Ok(())
}
