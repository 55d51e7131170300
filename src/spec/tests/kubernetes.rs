//! What the files mean on Kubernetes, and what the user sees when they cannot.

use std::time::Duration;

use super::super::{Approve, Bound, Check, Reach, Resources, SecretRef, Share};
use super::{Arguments, ECS, load_with, sound, told, with};
use crate::rollout::Policy;
use crate::spec::{KubeOwn, KubeService, Loaded, Problems, Spec};

/// The target's file in most tests.
const EKS: &str = r#"
platform = "eks"
account = "123456789012"
region = "us-east-1"
cluster = "main"
namespace = "production"
"#;

fn read(deploy: &str) -> Result<Loaded, Problems> {
    load_with(deploy, EKS, &Arguments::default())
}

fn drawn(deploy: &str, target: &str) -> String {
    let problems = load_with(deploy, target, &Arguments::default());
    problems
        .expect_err("there should be problems")
        .render(false)
}

fn first(spec: &Spec) -> &KubeService {
    &spec.kubernetes().unwrap().1[0]
}

fn of(more: &str) -> KubeOwn {
    first(&sound(read(&with(more))).spec).own.clone()
}

fn notes(result: Result<Loaded, Problems>) -> Vec<String> {
    let notes = sound(result).notes.into_iter();
    notes
        .map(|note| format!("{}: {}", note.code, note.message))
        .collect()
}

#[test]
fn a_target_that_is_wrong_says_what_its_platform_needs() {
    let eks = r#"
platform = "eks"
namespace = "Production"
network = { subnets = ["subnet-0a"] }
context = "main"
secret_store = { kind = "VaultStore" }
create_namespace = "yes"
"#;
    let kubernetes = r#"
platform = "kubernetes"
cluster = " "
endpoint = "http://127.0.0.1:4566"
"#;
    let k8s = "platform = \"k8s\"\nnamespace = \"production\"\n";
    let ecs = format!("{ECS}namespace = \"production\"\n");
    let all = [eks, kubernetes, k8s, &ecs].map(|target| drawn(super::SMALL, target));
    insta::assert_snapshot!(all.join("\n\n\n"));
}

#[test]
fn what_kubernetes_would_refuse() {
    let deploy = r#"
project = "店"
[service.1api]
image = "api:v1"
cpu = 0.25
memory = "512MiB"
ports = ["53/udp", "80/tcp", 80]
user = "nobody"
health = { path = "/health" }
scaling = { min = 1, max = 2, requests = 100, scale_in_cooldown = "2h" }
expose = { host = "API example", certificate = "arn:aws:iam::123456789012:server-certificate/x" }
secrets = { "A B" = "ssm:/a", C = "arn:aws:secretsmanager:us-east-1:123456789012:secret:c" }
rollout = { deadline = "30s" }
[service.1api.kubernetes]
name = "1api"
role = "arn:aws:s3:::bucket"
service_port = 80
requests = { cpu = "lots", memory = "2GiB" }
limits = { cpu = 0.1, memory = "1GiB" }
readiness = { path = "ready", command = "true" }
liveness = { port = 0 }
min_ready = "30s"
max_surge = 0
disruption = "0%"
pod_annotations = { "a b" = "c" }
ingress = { path = "api" }
"#;
    let store = format!("{EKS}secret_store = {{ name = \"aws\" }}\n");
    insta::assert_snapshot!(drawn(deploy, &store));
}

#[test]
fn what_needs_a_port_and_has_none() {
    let more = r#"
health = { path = "/health" }
expose = { host = "api.example.com" }
scaling = { min = 1, max = 2, cpu = 70.5 }
[service.api.kubernetes]
service_port = 8080
liveness = { path = "/live" }
startup = { period = "1s" }
role = "arn:aws:iam::123456789012:role/api"
"#;
    insta::assert_snapshot!(drawn(&with(more), EKS));
}

#[test]
fn a_key_in_the_table_of_the_other_platform_is_shown_its_own() {
    let more = "service_account = \"a\"\n[service.api.kubernetes]\ntask_role = \"arn:aws:iam::123456789012:role/a\"\nreplicas = 2\n[service.api.ecs]\nspread = true\n";
    insta::assert_snapshot!(drawn(&with(more), EKS));
}

/// Fargate's sizes, execution roles and target groups are no concern of a cluster's, nor the other
/// way round.
#[test]
fn what_only_the_other_platform_would_refuse_is_not_told() {
    let more = r#"
user = "nobody"
secrets = { A = "ssm:/a" }
health = { path = "/health" }
[service.api.kubernetes]
role = "arn:aws:iam::123456789012:role/api"
[service.api.ecs]
maximum_percent = 100
execution_role = "arn:aws:iam::210987654321:role/x"
"#;
    let deploy = with(more);
    let on_eks = deploy.replace("nobody", "1000").replace("0.25", "0.3");
    let problems = read(&on_eks.replace("role = \"arn:aws:iam::123456789012", "# "));
    assert!(
        told(&problems).iter().all(|told| !told.contains("Fargate")),
        "{problems:?}"
    );
    let problems = told(&read(&on_eks));
    assert_eq!(
        problems,
        [
            "missing-key: `health.path` needs a TCP port to ask",
            "missing-key: `service_account` is missing"
        ]
    );
    let problems = told(&load_with(&deploy, ECS, &Arguments::default()));
    assert_eq!(
        problems,
        ["conflict: a rollout within 100 % and 100 % of the tasks could never start one"]
    );
}

#[test]
fn a_key_of_a_secret_is_named_on_kubernetes_alone() {
    let secret = |form: &str| {
        let role = "[service.api.ecs]\nexecution_role = \"arn:aws:iam::123456789012:role/x\"\n";
        with(&format!("secrets = {{ DB = {{ {form} }} }}\n{role}"))
    };
    let deploy = secret("secret = \"postgres\", key = \"pass.word\"");
    let spec = sound(read(&deploy)).spec;
    let name = "postgres".parse().unwrap();
    let key = Some("pass.word".to_owned());
    assert_eq!(
        first(&spec).main().secrets["DB"],
        SecretRef::Kubernetes {
            secret: name,
            key,
            optional: false
        }
    );
    assert_eq!(
        told(&load_with(&deploy, ECS, &Arguments::default())),
        ["conflict: `DB` is in a Secret of Kubernetes, and this target is ECS"]
    );
    let wrong = "bad-value: this is not a reference to a secret: ";
    let table = [
        (
            "secret = \"Hunter2!\"",
            "`secret` is not the name of a Secret",
        ),
        (
            "secret = \"a\", key = \"b/c\"",
            "a key of a Secret has letters, digits and `-_.`",
        ),
        (
            "secret = \"a\", parameter = \"/b\"",
            "`arn`, `parameter` and `secret` exclude each other",
        ),
        ("key = \"a\"", "it needs `arn`, `parameter` or `secret`"),
        (
            "parameter = \"/b\", optional = true",
            "only what is in a Secret of Kubernetes may be missing",
        ),
    ];
    for (form, why) in table {
        assert_eq!(
            told(&read(&secret(form))),
            [format!("{wrong}{why}")],
            "{form}"
        );
    }
}

#[test]
fn what_stops_nothing_is_a_note() {
    let deploy = r#"
project = "shop"
[service.api]
image = "api:v1"
port = 8080
cpu = 0.3
memory = "512MiB"
tags = { team = "checkout", "cost center" = "42" }
secrets = { A = "ssm:/a", B = "ssm:/b" }
health = { path = "/health" }
scaling = { min = 1, max = 3, cpu = 70, requests = 100 }
expose = { certificate = "arn:aws:acm:us-east-1:210987654321:certificate/x", public = true }
[service.api.kubernetes]
ingress = { class = "nginx" }
spread = false
"#;
    let store = format!("{EKS}secret_store = {{ name = \"ssm\" }}\n");
    let with_store = notes(load_with(deploy, &store, &Arguments::default()));
    let quiet = "[service.api.kubernetes]\nmin_ready = \"0s\"\ndisruption = false\nspread = false\ningress = {}\n";
    let by_hand = with(&format!("secrets = {{ A = \"ssm:/a\" }}\n{quiet}"));
    let all = [with_store, notes(read(&by_hand)), notes(read(&with(quiet)))];
    insta::assert_snapshot!(all.map(|notes| notes.join("\n")).join("\n\n"));
}

#[test]
fn what_is_not_said_has_its_documented_default() {
    let spec = sound(read(&with(
        "port = 8080\nscaling = { min = 2, max = 3, cpu = 70 }\n",
    )))
    .spec;
    let api = first(&spec);
    assert_eq!(api.rollout.policy, Policy::kubernetes());
    assert_eq!(api.rollout.policy.deadline, Duration::from_mins(10));
    let scaling = api.scaling.as_ref().unwrap();
    assert_eq!(scaling.scale_in_cooldown, Duration::from_mins(5));
    assert_eq!(scaling.scale_out_cooldown, Duration::ZERO);
    let kubernetes = &api.own;
    assert_eq!(
        kubernetes.main.readiness.as_ref().unwrap().check,
        Check::Tcp(8080)
    );
    assert_eq!(
        (&kubernetes.main.liveness, &kubernetes.main.startup),
        (&None, &None)
    );
    let (requests, limits) = (&kubernetes.main.requests, &kubernetes.main.limits);
    assert_eq!(
        (requests.cpu, requests.memory),
        (Some(250), Some(512 << 20))
    );
    assert_eq!((limits.cpu, limits.memory), (None, Some(512 << 20)));
    let bounds = (kubernetes.max_surge, kubernetes.max_unavailable);
    assert_eq!(bounds, (Share::Percent(25), Share::Pods(0)));
    let budget = kubernetes.disruption.as_ref().unwrap();
    assert_eq!(budget.bound, Bound::Most(Share::Pods(1)));
    let times = [kubernetes.min_ready, kubernetes.drain].map(|time| time.as_secs());
    assert_eq!((times, kubernetes.spread), ([5, 5], true));
    assert_eq!(
        (&kubernetes.ingress, kubernetes.architecture),
        (&None, None)
    );
    assert_eq!(spec.target.approve, Approve::Ask);
}

#[test]
fn a_service_without_ports_is_not_reached_and_not_drained() {
    let worker = of("");
    assert_eq!((worker.service_port(), worker.drain), (0, Duration::ZERO));
    assert_eq!((worker.main.readiness, worker.ingress), (None, None));
    assert_eq!(of("port = \"53/udp\"\n").service_port(), 53);
}

/// Unhealthy from within means started anew, as on ECS; ready is what answers from outside.
#[test]
fn health_becomes_probes() {
    let health = "port = 8080\nhealth = { path = \"/health\", command = \"test -f /ok\", interval = \"20s\", timeout = \"3s\", retries = 4, grace = \"60s\" }\n";
    let both = of(health);
    let (ready, live) = (both.main.readiness.unwrap(), both.main.liveness.unwrap());
    assert!(matches!(ready.check, Check::Http(_)));
    assert_eq!(live.check, Check::Command("test -f /ok".into()));
    let times = |probe: &crate::spec::Probe| {
        let times = [probe.delay, probe.period, probe.timeout];
        (times.map(|time| time.as_secs()), probe.failures)
    };
    assert_eq!(times(&ready), ([0, 5, 3], 4));
    assert_eq!(times(&live), ([60, 20, 3], 4));
    let own = of(&format!(
        "{health}[service.api.kubernetes]\nreadiness = {{ port = 9090 }}\nliveness = false\nstartup = {{ command = \"true\", retries = 7 }}\n"
    ));
    let ready = own.main.readiness.unwrap().check;
    assert!(matches!(ready, Check::Http(http) if http.port == 9090 && http.path == "/health"));
    assert_eq!(own.main.liveness, None);
    assert_eq!(times(&own.main.startup.unwrap()), ([0, 5, 3], 7));
}

#[test]
fn a_request_is_never_above_its_limit_and_sidecars_have_their_share() {
    let amounts = |more: &str| {
        let found = of(more);
        (found.main.requests, found.main.limits)
    };
    let share = |cpu, memory: Option<u64>| Resources {
        cpu,
        memory: memory.map(|size| size << 20),
        ..Resources::default()
    };
    let sidecar =
        "[service.api.sidecar.proxy]\nimage = \"proxy:1\"\ncpu = 0.125\nmemory = \"128MiB\"\n";
    let (requests, limits) = amounts(sidecar);
    assert_eq!(requests, share(Some(125), Some(384)));
    assert_eq!(limits, share(None, Some(384)));
    let table = "[service.api.kubernetes]\n";
    let (requests, limits) = amounts(&format!(
        "{table}limits = {{ cpu = \"100m\", memory = \"256Mi\" }}\n"
    ));
    assert_eq!(
        (requests, limits),
        (share(Some(100), Some(256)), share(Some(100), Some(256)))
    );
    let (requests, limits) = amounts(&format!("{table}requests = {{ memory = \"1GiB\" }}\n"));
    assert_eq!(
        (requests, limits),
        (share(Some(250), Some(1024)), share(None, Some(1024)))
    );
}

#[test]
fn a_kubeconfig_can_be_held_to_one_cluster() {
    let target = "platform = \"Kubernetes\"\nnamespace = \"a\"\ncluster = \"arn:aws:eks:us-east-1:123456789012:cluster/main\"\ncontext = \"${WHERE}\"\nkubeconfig = \"/k\"\n";
    let deploy = with("env = { WHERE = \"${target.namespace} ${target.cluster}\" }\n");
    let arguments = Arguments {
        set: vec![("WHERE", "here")],
        ..Arguments::default()
    };
    let spec = sound(load_with(&deploy, target, &arguments)).spec;
    let reach = Reach::Kubeconfig {
        path: Some("/k".into()),
        context: Some("here".into()),
        cluster: Some("arn:aws:eks:us-east-1:123456789012:cluster/main".into()),
    };
    assert_eq!(spec.kubernetes().unwrap().0.reach, reach);
    assert_eq!(
        first(&spec).main().env["WHERE"].expose(),
        "a arn:aws:eks:us-east-1:123456789012:cluster/main"
    );
    let unsaid = with("env = { WHERE = \"${target.region}\" }\n");
    let target = "platform = \"kubernetes\"\nnamespace = \"a\"\n";
    let problems = told(&load_with(&unsaid, target, &Arguments::default()));
    assert_eq!(
        problems,
        ["unset-variable: `${target.region}` has no value"]
    );
}
