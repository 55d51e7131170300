//! What the API server is asked for.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::super::desired::Desired;
use super::super::namespace::namespace;
use super::{Setting, render};
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::plan::tests::samples::said;
use crate::platform::owner::Tenant;
use crate::spec::{Disk, Request, Spec, load};

mod around;
mod identity;
mod keda;
mod kinds;
mod patch;
mod secrets;
mod volumes;
mod words;

const DIRECTORY: &str = env!("CARGO_MANIFEST_DIR");

fn example(target: &str) -> Spec {
    load(
        &Disk,
        &Request::new(
            &Path::new(DIRECTORY).join("deploy.example.toml"),
            &target.parse().unwrap(),
        ),
    )
    .unwrap()
    .spec
}

/// A small service with more to it, at a small cluster with more to it.
fn small(more: &str, target: &str) -> Spec {
    let deploy = format!(
        "project = \"the shop\"\n[service.api]\nimage = \"api:v1\"\ncpu = 0.5\nmemory = \"1GiB\"\n{more}"
    );
    let target = format!("platform = \"kubernetes\"\nnamespace = \"shop\"\n{target}");
    said(&deploy, &target)
}

fn desired(spec: &Spec) -> Desired {
    let (place, services) = spec.kubernetes().unwrap();
    let tenant = &Tenant::of(spec);
    let desired = render(&services[0], &Setting { tenant, place });
    lawful(&desired);
    desired
}

/// What holds of any set: one object of a kind, in the order of kinds, marked as ours; and no field
/// without a value, since a field that is applied is a field that is owned.
fn lawful(desired: &Desired) {
    assert!(desired.objects.is_sorted_by(|a, b| a.id.kind < b.id.kind));
    for object in &desired.objects {
        let manifest = &object.manifest;
        assert_eq!(manifest["metadata"]["name"], object.id.name);
        assert_eq!(manifest["kind"], object.id.kind.as_str());
        assert_eq!(manifest["metadata"]["labels"][super::key::SERVICE], "api");
        assert!(says_something(manifest), "{manifest:#}");
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty() && items.iter().all(says_something),
        // An empty folder, or all namespaces, are said with no more than that.
        Value::Object(fields) => {
            let empty = ["emptyDir", "namespaceSelector"];
            let mut fields_of = fields
                .iter()
                .filter(|(key, _)| !empty.contains(&key.as_str()));
            !fields.is_empty() && fields_of.all(|(_, field)| says_something(field))
        }
        _ => true,
    }
}

/// As people see it.
fn drawn(spec: &Spec) -> String {
    let (place, _) = spec.kubernetes().unwrap();
    let own = namespace(place).into_iter().map(|one| one.manifest);
    let documents = own.chain(desired(spec).documents(&place.namespace));
    let each = documents.map(|one| format!("---\n{}", serde_saphyr::to_string(&one).unwrap()));
    each.collect()
}

fn manifest(desired: &Desired, kind: Kind) -> &Value {
    &desired.object(kind).unwrap().manifest
}

fn pod(desired: &Desired) -> &Value {
    &manifest(desired, Kind::Deployment)["spec"]["template"]["spec"]
}

#[test]
fn the_example_on_eks() {
    insta::assert_snapshot!(drawn(&example("eks")));
}

#[test]
fn the_example_on_kind() {
    insta::assert_snapshot!(drawn(&example("kind")));
    let desired = desired(&example("kind"));
    let needs = [("api-secrets".to_owned(), ["DATABASE_URL".to_owned()].into())];
    assert_eq!(desired.needs_secrets, needs.into());
    assert!(desired.scaled && desired.replicas == 2);
}

#[test]
fn everything_that_kubernetes_alone_knows() {
    let more = r#"
ports = [8080, "9090/udp"]
replicas = 3
architecture = "arm64"
read_only_root = true
user = "1000:2000"
working_dir = "/srv"
entrypoint = ["/bin/sh", "-c"]
command = ["echo $(HOME) $$ $HOME"]
stop_timeout = "60s"
tags = { team = "checkout", "cost center" = "42" }
env = { SESSION_TOKEN = "not for everybody", MODE = "$(MODE)" }
secrets = { DB = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db", key = "url" } }
health = { command = "test $(cat /ok) = 1" }
expose = { public = false }
depends_on = { migrate = "success", proxy = "healthy" }
[service.api.sidecar.proxy]
image = "proxy:1"
port = 8443
cpu = "100m"
memory = "128MiB"
secrets = { TOKEN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:token" }
health = { command = "nginx -t" }
[service.api.sidecar.migrate]
image = "api:v1"
essential = false
command = ["migrate"]
depends_on = ["proxy"]
[service.api.sidecar.log]
image = "log:1"
essential = false
stop_timeout = "90s"
[service.api.kubernetes]
name = "shop-api"
service_port = 8000
service_account = "api"
startup = { path = "/up", port = 9000 }
max_surge = 1
max_unavailable = "10%"
disruption = "50%"
min_ready = "0s"
drain = "10s"
ingress = { name = "front", class = "alb", path = "/api", annotations = { "alb.ingress.kubernetes.io/scheme" = "internet-facing" } }
pod_annotations = { "prometheus.io/scrape" = "true" }
"#;
    let store = "secret_store = { kind = \"SecretStore\", name = \"vault\" }\n";
    let spec = small(more, store);
    insta::assert_snapshot!(drawn(&spec));
    let desired = desired(&spec);
    let notes: Vec<&str> = desired
        .on_rollout
        .iter()
        .map(|note| note.text.as_str())
        .collect();
    insta::assert_snapshot!("notes", notes.join("\n"));
    assert_eq!(desired.needs_secrets, BTreeMap::new());
}

/// A value that may be a secret is in what is applied and in nothing that is printed.
#[test]
fn literals_that_may_be_secret_are_masked_in_documents_only() {
    let spec = small("env = { API_TOKEN = \"hunter2\" }\n", "");
    let desired = desired(&spec);
    assert_eq!(pod(&desired)["containers"][0]["env"][0]["value"], "hunter2");
    assert_eq!(
        desired.sensitive,
        [("api".to_owned(), "API_TOKEN".to_owned())].into()
    );
    assert!(!drawn(&spec).contains("hunter2"));
    assert!(!format!("{desired:?}").contains("hunter2"));
}

#[test]
fn a_worker_without_ports_has_neither_service_nor_ingress() {
    let desired = desired(&small(
        "replicas = 0\n[service.api.kubernetes]\ndisruption = false\nspread = false\nmin_ready = \"0s\"\n",
        "",
    ));
    let kinds: Vec<Kind> = desired
        .objects
        .iter()
        .map(|object| object.id.kind)
        .collect();
    assert_eq!(kinds, [Kind::Deployment]);
    let spec = &manifest(&desired, Kind::Deployment)["spec"];
    assert_eq!(
        (&spec["replicas"], &spec["minReadySeconds"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(pod(&desired)["containers"][0].get("lifecycle"), None);
    assert_eq!(desired.notes[0].code, "desired_zero");
}

#[test]
fn ports_have_names_where_they_fit_and_the_nodes_port() {
    let more = "ports = [{ port = 8080, name = \"http\" }, { port = 9090, name = \"metrics\", host = 9091 }, { port = 7000, name = \"Much-Too-Long-A-Name\" }]\n";
    let desired = desired(&small(more, ""));
    assert_eq!(
        pod(&desired)["containers"][0]["ports"],
        json!([
            { "containerPort": 8080, "protocol": "TCP", "name": "http" },
            { "containerPort": 9090, "protocol": "TCP", "name": "metrics", "hostPort": 9091 },
            { "containerPort": 7000, "protocol": "TCP" },
        ])
    );
    let service = manifest(&desired, Kind::Service);
    assert_eq!(service["spec"]["ports"][0]["targetPort"], "http");
}

/// The selector cannot be changed once it is there, and a change of the template is a rollout: neither
/// may depend on anything but the service itself.
#[test]
fn another_scaling_or_secret_store_rolls_nothing() {
    let template = |more: &str, target: &str| {
        let desired = desired(&small(&format!("port = 80\n{more}"), target));
        let spec = manifest(&desired, Kind::Deployment)["spec"].clone();
        (spec["template"].clone(), spec["selector"].clone())
    };
    let before = template("", "");
    assert_eq!(
        before,
        template("replicas = 5\n", "create_namespace = true\n")
    );
    assert_eq!(
        before,
        template("scaling = { min = 1, max = 2, cpu = 50 }\n", "")
    );
    assert_eq!(before, template("tags = { team = \"checkout\" }\n", ""));
    assert_eq!(
        before,
        template("expose = { host = \"a.example.com\" }\n", "")
    );
}

/// An ALB's annotations mean nothing to others, and need their certificate.
#[test]
fn only_an_alb_gets_its_annotations() {
    let annotations = |more: &str| {
        let more = format!(
            "port = 8080\nexpose = {{ host = \"a.example.com\" }}\n[service.api.kubernetes]\n{more}"
        );
        let desired = desired(&small(&more, ""));
        let ingress = manifest(&desired, Kind::Ingress).clone();
        (
            ingress["spec"]["ingressClassName"].clone(),
            ingress["metadata"]["annotations"].clone(),
        )
    };
    let marks = json!({ "deployer/project": "the shop", "deployer/target": "here" });
    assert_eq!(annotations(""), (Value::Null, marks.clone()));
    let nginx = annotations("ingress = { class = \"nginx\" }\n");
    assert_eq!(nginx, (json!("nginx"), marks));
    let (_, alb) =
        annotations("ingress = { class = \"alb\" }\nreadiness = { path = \"/r\", port = 9 }\n");
    let key = |key: &str| format!("alb.ingress.kubernetes.io/{key}");
    assert_eq!(alb[key("scheme")], "internal");
    assert_eq!(alb[key("listen-ports")], r#"[{"HTTP":80}]"#);
    assert_eq!(
        (&alb[key("healthcheck-path")], &alb[key("healthcheck-port")]),
        (&json!("/r"), &json!("9"))
    );
    assert_eq!(alb.get(key("ssl-redirect")), None);
}

/// The metric of a pod is unknown as long as one of its containers reserves nothing.
#[test]
fn beside_sidecars_the_main_container_is_measured() {
    let scaling = "scaling = { min = 1, max = 2, cpu = 50, memory = 80 }\n";
    let metrics = |more: &str| {
        let desired = desired(&small(&format!("{scaling}{more}"), ""));
        manifest(&desired, Kind::HorizontalPodAutoscaler)["spec"]["metrics"].clone()
    };
    let alone = metrics("");
    assert_eq!(alone[0]["resource"]["name"], "cpu");
    assert_eq!(alone[1]["resource"]["target"]["averageUtilization"], 80);
    let beside = metrics("[service.api.sidecar.log]\nimage = \"log:1\"\n");
    assert_eq!(beside[0]["containerResource"]["container"], "api");
    assert_eq!(beside[1]["containerResource"]["name"], "memory");
}

/// What cannot be had is told; what can be is done.
#[test]
fn sidecars_that_wait_for_the_main_container() {
    let more = r#"
[service.api.sidecar.smoke]
image = "smoke:1"
essential = false
depends_on = ["api"]
[service.api.sidecar.check]
image = "check:1"
depends_on = { smoke = "complete", log = "start" }
[service.api.sidecar.log]
image = "log:1"
[service.api.sidecar.seed]
image = "seed:1"
essential = false
[service.api.sidecar.late]
image = "late:1"
depends_on = { seed = "complete" }
"#;
    let desired = desired(&small(more, ""));
    let names = |list: &str| -> Vec<String> {
        let containers = pod(&desired)[list].as_array().unwrap().iter();
        let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
        containers.map(name).collect()
    };
    assert_eq!(names("initContainers"), ["log", "seed"]);
    assert_eq!(names("containers"), ["api", "late", "smoke", "check"]);
    let early = &pod(&desired)["initContainers"];
    assert_eq!(early[0]["restartPolicy"], "Always");
    assert_eq!(early[1].get("restartPolicy"), None);
    let notes: Vec<&str> = desired
        .on_rollout
        .iter()
        .map(|note| note.text.as_str())
        .collect();
    insta::assert_snapshot!("waiting", notes.join("\n"));
}

#[test]
fn the_shortest_rollout_is_as_many_waits_as_waves() {
    let spec = |more: &str| {
        small(
            &format!("port = 80\nreplicas = 8\n[service.api.kubernetes]\n{more}"),
            "",
        )
    };
    let shortest = |more: &str, count: u32| {
        crate::platform::kubernetes::plan::advice::shortest(
            &spec(more).kubernetes().unwrap().1[0],
            count,
        )
        .as_secs()
    };
    assert_eq!(shortest("", 8), 20);
    assert_eq!(shortest("max_surge = \"100%\"\n", 8), 5);
    assert_eq!(
        shortest("max_surge = 0\nmax_unavailable = \"10%\"\n", 8),
        40
    );
    assert_eq!(
        shortest("min_ready = \"0s\"\nreadiness = { delay = \"7s\" }\n", 2),
        14
    );
    assert_eq!(shortest("", 0), 0);
}
