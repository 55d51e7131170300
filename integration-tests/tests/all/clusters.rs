//! The Kubernetes that the other tests stand on: that it is up, breaks when told to, and tells who asked what.

use std::time::Duration;

use integration_tests::cluster::{
    Api, Cluster, Eks, Gate, Mishap, Namespace, Options, RealNode, Rights, objects,
};
use integration_tests::program::Signal;
use integration_tests::trial::{Outcome, fail};
use integration_tests::{host, servers, trials};
use serde_json::{Value, json};

trials! { "cluster":
    a_deployment_becomes_available,
    the_tag_says_what_becomes_of_a_pod,
    registries_refuse_in_their_own_words,
    a_missing_secret_is_waited_for,
    users_are_told_apart_and_kept_apart,
    a_gate_lets_mishaps_happen,
    tokens_of_eks_are_checked,
    the_api_server_stops_and_comes_back,
    nodes_close_and_come,
    a_real_node_runs_containers,
    a_real_node_tells_real_failures,
}

/// Waits until the first container of the one pod of `app` is as `look` wants it.
fn container<T>(
    namespace: &Namespace,
    app: &str,
    look: impl Fn(&Value) -> Option<T>,
) -> Outcome<T> {
    namespace.wait(app, Duration::from_secs(40), || {
        let pods = namespace.pods(&format!("app={app}"))?;
        Ok(pods
            .first()
            .and_then(|pod| look(&pod["status"]["containerStatuses"][0])))
    })
}

fn is_waiting(status: &Value, reason: &str) -> bool {
    status["state"]["waiting"]["reason"] == reason
}

fn deploy(namespace: &Namespace, tag: &str, replicas: u32) -> Outcome<Value> {
    let image = namespace.cluster().image(tag);
    namespace.apply(&objects::deployment(tag, &image, replicas), "somebody")
}

fn a_deployment_becomes_available() -> Outcome {
    let namespace = Cluster::shared()?.namespace("available")?;
    deploy(&namespace, "v1", 2)?;
    let deployment = namespace.rolled_out("v1")?;
    assert_eq!(deployment["status"]["availableReplicas"], 2);
    assert_eq!(namespace.pods("app=v1")?.len(), 2);
    Ok(())
}

fn the_tag_says_what_becomes_of_a_pod() -> Outcome {
    let namespace = Cluster::shared()?.namespace("tags")?;
    for tag in ["v2-crash", "v2-oom", "v2-latecrash"] {
        deploy(&namespace, tag, 1)?;
    }
    let crashed = container(&namespace, "v2-crash", |status| {
        is_waiting(status, "CrashLoopBackOff").then(|| status.clone())
    })?;
    assert_eq!(crashed["lastState"]["terminated"]["exitCode"], 1);
    // The kubelet starts a container again once before it backs off.
    assert!(crashed["restartCount"].as_u64() >= Some(1), "{crashed}");
    let pods = namespace.pods("app=v2-crash")?;
    let pod = pods[0]["metadata"]["name"].as_str().unwrap_or_default();
    assert!(
        namespace
            .log(pod, true)?
            .contains("cannot reach the database"),
    );
    let reason = container(&namespace, "v2-oom", |status| {
        let last = &status["lastState"]["terminated"];
        last["reason"].as_str().map(str::to_owned)
    })?;
    assert_eq!(reason, "OOMKilled");
    container(&namespace, "v2-latecrash", |status| {
        (status["ready"] == true && status["restartCount"] == 1).then_some(())
    })
}

fn registries_refuse_in_their_own_words() -> Outcome {
    let cluster = Cluster::shared()?;
    cluster.needs_simulation("registries that refuse in different ways")?;
    let namespace = cluster.namespace("registries")?;
    let words = [
        ("missing", "not found"),
        ("nomanifest", "manifest unknown"),
        ("denied", "pull access denied"),
        ("pulltimeout", "i/o timeout"),
        ("toomany", "429 Too Many Requests"),
    ];
    for (tag, _) in words {
        deploy(&namespace, tag, 1)?;
    }
    deploy(&namespace, "badname", 1)?;
    deploy(&namespace, "recovers", 1)?;
    for (tag, said) in words {
        let message = container(&namespace, tag, |status| {
            let message = status["state"]["waiting"]["message"].as_str();
            is_waiting(status, "ErrImagePull").then(|| message.unwrap_or_default().to_owned())
        })?;
        assert!(message.contains(said), "{tag}: {message}");
        container(&namespace, tag, |status| {
            is_waiting(status, "ImagePullBackOff").then_some(())
        })?;
    }
    container(&namespace, "badname", |status| {
        is_waiting(status, "InvalidImageName").then_some(())
    })?;
    namespace.rolled_out("recovers")?;
    Ok(())
}

fn a_missing_secret_is_waited_for() -> Outcome {
    let namespace = Cluster::shared()?.namespace("secret")?;
    let mut deployment = objects::deployment("api", &namespace.cluster().image("v1"), 1);
    let container_of = &mut deployment["spec"]["template"]["spec"]["containers"][0];
    container_of["envFrom"] = json!([{"secretRef": {"name": "api-secrets"}}]);
    namespace.apply(&deployment, "somebody")?;
    let message = container(&namespace, "api", |status| {
        let waiting = &status["state"]["waiting"];
        is_waiting(status, "CreateContainerConfigError").then(|| waiting["message"].clone())
    })?;
    assert_eq!(message, "secret \"api-secrets\" not found");
    namespace.create(&objects::secret("api-secrets", &json!({"URL": "x"})))?;
    namespace.rolled_out("api")?;
    Ok(())
}

fn users_are_told_apart_and_kept_apart() -> Outcome {
    let namespace = Cluster::shared()?.namespace("users")?;
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]);
    let half = namespace.user("half", &Rights::Only(rules))?;
    let whole = namespace.user("whole", &Rights::All)?;
    let seen = half.api()?;
    seen.list(&namespace.path("pods"))?;
    let refused = seen.get(&namespace.path("secrets"));
    assert!(
        matches!(&refused, Err(kube::Error::Api(status)) if status.code == 403),
        "{refused:?}"
    );
    let all = whole.api()?;
    all.post(
        &namespace.path("configmaps"),
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made"}}),
    )?;
    let audit = namespace.cluster().audit()?;
    let of = |user: &str| -> Vec<_> {
        let requests = audit.iter().filter(|asked| asked.user == user);
        requests
            .map(|asked| {
                (
                    asked.verb.as_str(),
                    asked.resource.as_str(),
                    asked.code,
                    asked.is_write(),
                )
            })
            .collect()
    };
    assert_eq!(
        of(&half.name),
        [
            ("list", "pods", 200, false),
            ("list", "secrets", 403, false)
        ]
    );
    assert_eq!(of(&whole.name), [("create", "configmaps", 201, true)]);
    Ok(())
}

fn a_gate_lets_mishaps_happen() -> Outcome {
    let cluster = Cluster::shared()?;
    let namespace = cluster.namespace("gate")?;
    let gate = Gate::before(&cluster)?;
    let user = namespace.user("passer", &Rights::All)?;
    let api = Api::of(&gate.kubeconfig(&user)?)?;
    let make = |name: &str| {
        let metadata = json!({"name": name, "namespace": namespace.name});
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata});
        api.create(&map)
    };
    make("plain")?;
    let happens = |mishap: Mishap, name: &str| {
        gate.rule(move |passed| (passed.method == "POST").then_some(mishap));
        let made = make(name);
        gate.heal();
        made
    };
    assert!(happens(Mishap::Refused(503), "refused").is_err());
    assert!(happens(Mishap::Unreached, "unreached").is_err());
    assert!(happens(Mishap::LostReply, "lost").is_err());
    // The second time it is already there.
    assert!(happens(Mishap::Repeated, "repeated").is_err());
    let mut names = namespace.names("configmaps")?;
    names.retain(|name| name != "kube-root-ca.crt");
    assert_eq!(names, ["lost", "plain", "repeated"]);
    let passed = gate.passed();
    let statuses: Vec<_> = passed.iter().map(|passed| passed.status).collect();
    assert_eq!(statuses, [Some(201), Some(503), None, None, Some(409)]);
    assert!(passed[0].is_write() && passed[0].bytes.1 > 0, "{passed:?}");
    let watching = &api;
    let ended = std::thread::scope(|scope| {
        let path = format!(
            "{}?watch=true&timeoutSeconds=60",
            namespace.path("configmaps")
        );
        let watch = scope.spawn(move || watching.text(&path));
        // It streams: what is there arrives while the watch goes on.
        gate.awaits(Duration::from_secs(20), |passed| {
            passed.is_watch() && passed.bytes.1 > 0
        })?;
        gate.cut();
        Outcome::Ok(watch.join())
    })?;
    assert!(matches!(ended, Ok(Err(_))), "{ended:?}");
    Ok(())
}

/// The token of Amazon's own command line, for a cluster of this name.
fn token(cluster: &str) -> Outcome<String> {
    let clients = servers::clients()?;
    // No request is made: a token is a signed address.
    let mut command = clients.aws("https://sts.us-east-1.amazonaws.com");
    let output = command
        .args(["eks", "get-token", "--cluster-name", cluster])
        .output()?;
    let answer: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        fail(format_args!("{error}: {said}"))
    })?;
    Ok(answer["status"]["token"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

fn tokens_of_eks_are_checked() -> Outcome {
    let eks = Eks {
        cluster: "main".into(),
        users: vec!["somebody=secret=arn:aws:iam::123456789012:role/deploys=system:masters".into()],
        token_age: Duration::from_mins(15),
    };
    let cluster = Cluster::start(&Options {
        eks: Some(eks),
        ..Options::default()
    })?;
    let ask = |name: &str, token: String| -> Outcome<Result<Value, kube::Error>> {
        let kubeconfig = cluster.kubeconfig_with(name, &json!({"token": token}))?;
        Ok(Api::of(&kubeconfig)?.get("/api/v1/namespaces"))
    };
    let good = token("main")?;
    ask("good", good.clone())??;
    let mut forged = good;
    forged.truncate(forged.len() - 8);
    forged.push_str("AAAAAAAA");
    for (name, token) in [("forged", forged), ("elsewhere", token("other")?)] {
        let refused = ask(name, token)?;
        assert!(
            matches!(&refused, Err(kube::Error::Api(status)) if status.code == 401),
            "{name}: {refused:?}"
        );
    }
    let audit = cluster.audit()?;
    let arn = "arn:aws:iam::123456789012:role/deploys";
    assert!(
        audit
            .iter()
            .any(|asked| asked.user == arn && asked.code == 200)
    );
    Ok(())
}

fn the_api_server_stops_and_comes_back() -> Outcome {
    let cluster = Cluster::start(&Options {
        restart_after: Some(Duration::from_millis(200)),
        ..Options::default()
    })?;
    let namespace = cluster.namespace("stops")?;
    deploy(&namespace, "v1", 1)?;
    namespace.rolled_out("v1")?;
    cluster.signal("kube-apiserver", Signal::KILL)?;
    let gone = host::poll(Duration::from_secs(10), || {
        cluster.api().text("/readyz").err()
    });
    assert!(gone.is_some(), "it still answers");
    cluster.answers()?;
    // The controllers have come back to it, too.
    namespace.change("deployments", "v1", &json!({"spec": {"replicas": 2}}))?;
    namespace.rolled_out("v1")?;
    Ok(())
}

fn nodes_close_and_come() -> Outcome {
    let cluster = Cluster::start(&Options {
        nodes: 1,
        ..Options::default()
    })?;
    cluster.cordon("node-0", true)?;
    let namespace = cluster.namespace("nodes")?;
    deploy(&namespace, "v1", 1)?;
    let reason = namespace.wait("nowhere to go", Duration::from_secs(20), || {
        let pods = namespace.pods("app=v1")?;
        let reason = pods
            .first()
            .map(|pod| &pod["status"]["conditions"][0]["reason"]);
        Ok(reason.and_then(Value::as_str).map(str::to_owned))
    })?;
    assert_eq!(reason, "Unschedulable");
    cluster.add_node("late")?;
    namespace.rolled_out("v1")?;
    assert_eq!(namespace.pods("app=v1")?[0]["spec"]["nodeName"], "late");
    Ok(())
}

fn a_real_node_runs_containers() -> Outcome {
    RealNode::shared()?.inside("serves", |namespace| {
        let namespace = &namespace;
        deploy(namespace, "v1", 2)?;
        let service = namespace.create(&objects::service("v1"))?;
        namespace.rolled_out("v1")?;
        let address = service["spec"]["clusterIP"].as_str().unwrap_or_default();
        let answer = host::poll(Duration::from_secs(20), || {
            integration_tests::http::get(&format!("http://{address}:80/")).ok()
        });
        assert_eq!(answer.as_deref().map(str::trim), Some("v1"));
        let pods = namespace.pods("app=v1")?;
        let pod = pods[0]["metadata"]["name"].as_str().unwrap_or_default();
        assert!(namespace.log(pod, false)?.contains("listening on :8080"));
        Ok(())
    })
}

fn a_real_node_tells_real_failures() -> Outcome {
    RealNode::shared()?.inside("fails", |namespace| {
        let namespace = &namespace;
        let limited = json!({"limits": {"memory": "64Mi"}});
        let mut hungry = objects::deployment("v2-oom", &namespace.cluster().image("v2-oom"), 1);
        hungry["spec"]["template"]["spec"]["containers"][0]["resources"] = limited;
        namespace.apply(&hungry, "somebody")?;
        for tag in ["v2-crash", "missing", "toomany"] {
            deploy(namespace, tag, 1)?;
        }
        let crashed = container(namespace, "v2-crash", |status| {
            is_waiting(status, "CrashLoopBackOff").then(|| status.clone())
        })?;
        assert_eq!(crashed["lastState"]["terminated"]["exitCode"], 1);
        let reason = container(namespace, "v2-oom", |status| {
            let last = &status["lastState"]["terminated"];
            last["reason"].as_str().map(str::to_owned)
        })?;
        assert_eq!(reason, "OOMKilled");
        for (tag, words) in [
            ("missing", "not found"),
            ("toomany", "429 Too Many Requests"),
        ] {
            let message = container(namespace, tag, |status| {
                let message = status["state"]["waiting"]["message"].as_str()?;
                Some(message.to_owned())
            })?;
            assert!(message.contains(words), "{tag}: {message}");
        }
        Ok(())
    })
}
