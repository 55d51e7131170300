//! The way in: files of this program, from what was written for other tools, and from what runs.

use std::fs;

use integration_tests::program::Finished;
use integration_tests::project::Project;
use integration_tests::trial::Outcome;
use integration_tests::trials;

trials! { "init":
    what_was_read_is_written_once,
    a_check_writes_nothing_and_tells_by_its_exit_what_is_lost,
    what_is_no_plain_source_is_named,
    without_a_source_a_flag_says_the_smallest_files,
}

const TASK: &str = r#"{
  "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
  "cpu": "256", "memory": "512", "enableFaultInjection": true,
  "containerDefinitions": [{ "name": "web", "image": "example/web:v1" }]
}"#;

/// A directory with a task definition.
fn with(task: &str) -> Outcome<Project> {
    let project = Project::empty()?;
    project.write("task.json", task)?;
    Ok(project)
}

fn assert_ends(finished: &Finished, exit: i32, words: &str) {
    assert_eq!(finished.exit, exit, "{}", finished.text());
    assert!(finished.says(words), "no {words:?}: {}", finished.text());
}

fn what_was_read_is_written_once() -> Outcome {
    let project = with(TASK)?;
    let first = project.run("init --from task.json")?;
    assert_ends(&first, 0, "wrote deploy.toml");
    assert!(
        first.says("1 setting is said in the API's spelling"),
        "{}",
        first.text()
    );
    assert_ends(&project.run("validate --target production")?, 0, "");
    let text = fs::read_to_string(project.path().join("deploy.toml"))?;
    assert!(
        text.contains("patch = { task = { enableFaultInjection"),
        "{text}"
    );
    assert_ends(
        &project.run("init --from task.json")?,
        2,
        "is there already",
    );
    Ok(())
}

fn a_check_writes_nothing_and_tells_by_its_exit_what_is_lost() -> Outcome {
    let project = with(TASK)?;
    assert_ends(
        &project.run("init --from . --check")?,
        0,
        "exact: the files say all that is there",
    );
    let lossy =
        "{ \"serviceName\": \"web\", \"deploymentController\": { \"type\": \"CODE_DEPLOY\" } }";
    project.write("service.json", lossy)?;
    assert_ends(
        &project.run("init --from . --check")?,
        3,
        "deploymentController",
    );
    project.write("task.json", "{}")?;
    assert_ends(
        &project.run("init --from . --check")?,
        2,
        "no task definition",
    );
    assert!(!project.path().join("deploy.toml").exists());
    Ok(())
}

fn what_is_no_plain_source_is_named() -> Outcome {
    let project = with("{ local image = 'web', \"family\": image }")?;
    assert_ends(&project.run("init --from task.json")?, 2, "Jsonnet");
    project.write("task.json", "{ \"family\": \"{{ must_env `NAME` }}\" }")?;
    assert_ends(&project.run("init --from task.json")?, 2, "template");
    project.write(
        "k8s.yaml",
        "kind: Deployment\nmetadata: {{ .Values.meta }}\n",
    )?;
    assert_ends(&project.run("init --from k8s.yaml")?, 2, "template");
    project.write("manifest.yml", "name: report\ntype: Scheduled Job\n")?;
    assert_ends(&project.run("init --from copilot:.")?, 2, "ends by itself");
    Ok(())
}

fn without_a_source_a_flag_says_the_smallest_files() -> Outcome {
    let project = Project::empty()?;
    assert_ends(&project.run("init")?, 2, "--image NAME=IMAGE");
    let made = project.run("init --image web=example/web:v1 --port 8080 --target sandbox")?;
    assert_ends(&made, 0, "wrote deploy.toml");
    let text = fs::read_to_string(project.path().join("deploy.toml"))?;
    let said = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(said.count(), 6, "{text}");
    assert_ends(&project.run("plan --target sandbox")?, 0, "web");
    Ok(())
}

pub(crate) mod on_ecs;

pub(crate) mod on_kubernetes {
    //! From a Deployment that runs, of another tool.

    use integration_tests::cluster::{Cluster, Rights, SOON, User};
    use integration_tests::program::{Finished, Running};
    use integration_tests::project::{PATIENCE, Project};
    use integration_tests::trial::Outcome;
    use integration_tests::trials;
    use serde_json::{Value, json};

    use super::assert_ends;
    use crate::kube::all_here;

    /// Runs the program as a user of the cluster to its end.
    pub(crate) fn run_as(user: &User, project: &Project, words: &str) -> Outcome<Finished> {
        let mut command = project.command()?;
        command.env("KUBECONFIG", &user.kubeconfig);
        command.args(words.split_whitespace());
        Running::start(command)?.wait(PATIENCE)
    }

    trials! { "init":
        what_runs_is_adopted_and_says_the_same_afterwards,
        sets_that_run_are_adopted_without_a_new_pod,
        what_may_not_be_seen_is_told,
    }

    /// A Deployment and its Service, as another tool has them.
    fn objects(namespace: &str, image: &str) -> [Value; 2] {
        let labels = json!({ "app": "web" });
        let of_pods =
            json!({ "app": "web", "app.kubernetes.io/managed-by": "Helm", "tier": "front" });
        let container = json!({
            "name": "web",
            "image": image,
            "ports": [{ "containerPort": 8080 }],
            "resources": { "requests": { "cpu": "50m" }, "limits": { "memory": "64Mi" } },
            "stdin": true,
        });
        let template =
            json!({ "metadata": { "labels": of_pods }, "spec": { "containers": [container] } });
        let selector = json!({ "matchLabels": labels });
        let deployment = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": { "name": "web", "namespace": namespace, "labels": { "team": "blue" } },
            "spec": { "replicas": 2, "selector": selector, "template": template },
        });
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": { "name": "web", "namespace": namespace },
            "spec": { "selector": labels, "ports": [{ "port": 80, "targetPort": 8080 }] },
        });
        [deployment, service]
    }

    fn what_runs_is_adopted_and_says_the_same_afterwards() -> Outcome {
        let cluster = Cluster::shared()?;
        let namespace = cluster.namespace("init")?;
        for object in objects(&namespace.name, &cluster.image("v1")) {
            namespace.apply(&object, "kubectl")?;
        }
        namespace.rolled_out("web")?;
        let user = namespace.user("deploys", &all_here())?;
        let project = Project::empty()?;
        let run = |words: &str| run_as(&user, &project, words);
        let from = format!("kubernetes:{}", namespace.name);
        assert_ends(
            &run(&format!("init --from {from}/web --target kube --check"))?,
            0,
            "exact",
        );
        assert_ends(
            &run(&format!("init --from {from} --target kube"))?,
            0,
            "wrote",
        );
        let sets = namespace.names("replicasets")?;
        assert_ends(&run("apply --target kube --adopt --yes")?, 0, "");
        // No new pod: what is there goes on under our marks, and from then on nothing differs.
        assert_eq!(namespace.names("replicasets")?, sets);
        assert_ends(&run("plan --target kube --exit-code")?, 0, "");
        assert_ends(
            &run(&format!("init --from {from}/none --target kube --check"))?,
            2,
            "none",
        );
        Ok(())
    }

    /// A set of each kind, with the Service of the one, as another tool has them; on two nodes alone.
    fn sets(image: &str) -> [Value; 3] {
        let of = |name: &str| {
            let expression = json!({ "key": "kubernetes.io/hostname", "operator": "In", "values": ["node-0", "node-1"] });
            let terms = json!({ "nodeSelectorTerms": [{ "matchExpressions": [expression] }] });
            let affinity = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": terms } });
            let container = json!({
                "name": name, "image": image, "ports": [{ "containerPort": 8080 }],
                "resources": { "requests": { "cpu": "50m", "memory": "64Mi" }, "limits": { "memory": "64Mi" } },
                "volumeMounts": [{ "name": "tmp", "mountPath": "/tmp" }],
            });
            json!({
                "selector": { "matchLabels": { "app": name } },
                "template": { "metadata": { "labels": { "app": name } }, "spec": {
                    "affinity": affinity, "containers": [container], "volumes": [{ "name": "tmp", "emptyDir": {} }] } },
            })
        };
        let mut db = of("db");
        db["replicas"] = json!(2);
        db["serviceName"] = json!("db");
        db["podManagementPolicy"] = json!("Parallel");
        let mut agent = of("agent");
        agent["updateStrategy"] =
            json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "50%" } });
        let named = |name: &str| json!({ "name": name, "labels": { "team": "blue" } });
        [
            json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": named("db"), "spec": db }),
            json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": named("agent"), "spec": agent }),
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": named("db"), "spec": {
                "clusterIP": "None", "selector": { "app": "db" }, "ports": [{ "port": 8080 }] } }),
        ]
    }

    fn sets_that_run_are_adopted_without_a_new_pod() -> Outcome {
        let cluster = Cluster::shared()?;
        let namespace = cluster.namespace("initsets")?;
        for object in sets(&cluster.image("v1")) {
            namespace.apply(&object, "kubectl")?;
        }
        let pods = || -> Outcome<Vec<Value>> {
            let pods = namespace.list("pods")?;
            Ok(pods
                .iter()
                .map(|pod| pod["metadata"]["uid"].clone())
                .collect())
        };
        namespace.wait("two pods of each run", SOON, || {
            let running = |pod: &&Value| pod["status"]["phase"] == "Running";
            Ok((namespace.list("pods")?.iter().filter(running).count() == 4).then_some(()))
        })?;
        let before = pods()?;
        let user = namespace.user("deploys", &all_here())?;
        let project = Project::empty()?;
        let run = |words: &str| run_as(&user, &project, words);
        let from = format!("kubernetes:{}", namespace.name);
        assert_ends(
            &run(&format!("init --from {from} --target kube --check"))?,
            0,
            "exact",
        );
        assert_ends(
            &run(&format!("init --from {from} --target kube"))?,
            0,
            "wrote",
        );
        let adopted = run("apply --target kube --adopt --yes")?;
        assert_ends(&adopted, 0, "");
        assert_eq!(pods()?, before, "{adopted}");
        assert_ends(&run("plan --target kube --exit-code")?, 0, "");
        for (resource, name) in [("statefulsets", "db"), ("daemonsets", "agent")] {
            let labels = &namespace.get(resource, name)?["metadata"]["labels"];
            assert_eq!(labels["deployer/service"], name, "{labels}");
            assert_eq!(labels["team"], "blue", "{labels}");
        }
        Ok(())
    }

    /// Who may see Deployments and Services alone brings in those, and is told what else there may be.
    fn what_may_not_be_seen_is_told() -> Outcome {
        let cluster = Cluster::shared()?;
        let namespace = cluster.namespace("init-unseen")?;
        for object in objects(&namespace.name, &cluster.image("v1")) {
            namespace.apply(&object, "kubectl")?;
        }
        let reads = |group: &str, plural: &str| json!({"apiGroups": [group], "resources": [plural], "verbs": ["list"]});
        let rights = Rights::Only(json!([reads("apps", "deployments"), reads("", "services")]));
        let user = namespace.user("looks", &rights)?;
        let project = Project::empty()?;
        let words = format!(
            "init --from kubernetes:{}/web --target kube --check",
            namespace.name
        );
        let done = run_as(&user, &project, &words)?;
        assert_ends(&done, 0, "you may not list these kinds here");
        for kind in ["HTTPRoute", "NetworkPolicy", "ScaledObject"] {
            assert_ends(&done, 0, kind);
        }
        Ok(())
    }
}
