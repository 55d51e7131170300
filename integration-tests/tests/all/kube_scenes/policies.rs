//! What rules of a cluster and of a namespace do to a rollout: pods that are refused, defaults and containers that are
//! put in, webhooks and API groups that are down.

use std::time::Duration;

use integration_tests::cluster::objects;
use integration_tests::host;
use integration_tests::program::Finished;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use super::{QUICK, assert_converged};
use crate::kube::{Bench, USUAL, assert_says, causes};
use crate::shop::assert_verdict;

trials! { "kube_scenes":
    a_pod_security_level_that_refuses_pods_is_named,
    defaults_of_a_limit_range_are_no_difference,
    a_request_above_the_default_limit_is_refused_with_the_rule,
    a_container_that_a_policy_puts_in_stays_and_is_no_difference,
    a_webhook_that_is_down_refuses_before_anything_is_changed,
    a_webhook_that_is_down_for_pods_is_told,
    a_quota_of_secrets_leaves_nothing_half_done,
    an_api_group_that_is_down_is_none_of_ours,
    a_pull_secret_of_the_account_is_left_alone,
    a_certificate_that_does_not_fit_is_told_for_what_it_is,
}

/// Objects of the whole cluster, there until they are dropped.
struct Rules<'a> {
    bench: &'a Bench,
    paths: Vec<String>,
}

impl<'a> Rules<'a> {
    fn of(bench: &'a Bench, base: &str, resources: &[(&str, &Value)]) -> Outcome<Self> {
        let mut rules = Self {
            bench,
            paths: Vec::new(),
        };
        for (resource, object) in resources {
            bench
                .namespace
                .cluster()
                .api()
                .post(&format!("{base}/{resource}"), object)?;
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            rules.paths.push(format!("{base}/{resource}/{name}"));
        }
        Ok(rules)
    }
}

impl Drop for Rules<'_> {
    fn drop(&mut self) {
        for path in self.paths.iter().rev() {
            drop(self.bench.namespace.cluster().api().delete(path));
        }
    }
}

const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

/// Waits until the API server heeds a rule: `is` knows by what becomes of a Deployment that is only tried.
fn heeded(bench: &Bench, is: impl Fn(&Result<Value, String>) -> bool) -> Outcome {
    let trial = objects::deployment("trial", &bench.namespace.cluster().image("v1"), 1);
    let path = format!("{}?dryRun=All", bench.namespace.path("deployments"));
    let api = bench.namespace.cluster().api();
    let seen = host::poll(Duration::from_secs(20), || {
        let tried = api.post(&path, &trial).map_err(|error| error.to_string());
        is(&tried).then_some(())
    });
    seen.ok_or_else(|| fail("the rule is never heeded"))
}

fn a_pod_security_level_that_refuses_pods_is_named() -> Outcome {
    let bench = Bench::new("restricted")?;
    bench.describe(QUICK, "")?;
    let labels =
        json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
    let path = format!("/api/v1/namespaces/{}", bench.namespace.name);
    bench.namespace.cluster().api().merge(&path, &labels)?;
    let plan = bench.run("plan")?;
    assert_says(&plan, &["would violate PodSecurity"]);
    let done = bench.apply("v1")?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_eq!(causes(&done)?, ["refused"], "{done}");
    assert_says(
        &done,
        &["violates PodSecurity", "runAsNonRoot", "Meet the rule"],
    );
    // Run again it is no more "unchanged" than before.
    assert_verdict(&bench.apply("v1")?, "tripped", Some(false), 11)
}

fn limits(bench: &Bench) -> Outcome {
    let limits = json!([{"type": "Container", "default": {"cpu": "1", "memory": "512Mi"},
        "defaultRequest": {"cpu": "100m", "memory": "32Mi"}}]);
    bench.namespace.create(&json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "usual"}, "spec": {"limits": limits},
    }))?;
    Ok(())
}

fn defaults_of_a_limit_range_are_no_difference() -> Outcome {
    let bench = Bench::new("limits")?;
    limits(&bench)?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert_converged(&bench, "v1")
}

/// The limit that the file does not give comes from the namespace, and is below what is asked for.
fn a_request_above_the_default_limit_is_refused_with_the_rule() -> Outcome {
    let bench = Bench::new("beyond")?;
    limits(&bench)?;
    bench.describe(QUICK, "requests = { cpu = 2, memory = \"64MiB\" }")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_eq!(causes(&done)?, ["refused"], "{done}");
    assert_says(&done, &["must be less than or equal to cpu limit"]);
    Ok(())
}

/// A policy that puts a container into each Deployment of this namespace, as a mesh does.
fn injection(namespace: &str) -> [Value; 2] {
    let [mut policy, binding] = objects::mirror_policy(namespace, "unused.test/");
    let inject = "Object{spec: Object.spec{template: Object.spec.template{\
         metadata: Object.spec.template.metadata{annotations: {\"mesh/state\": \"injected\"}},\
         spec: Object.spec.template.spec{containers: [\
         Object.spec.template.spec.containers{name: \"mesh\", image: \"registry.test/mesh:v1\"}]}}}}";
    policy["spec"]["mutations"] =
        json!([{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": inject}}]);
    [policy, binding]
}

fn a_container_that_a_policy_puts_in_stays_and_is_no_difference() -> Outcome {
    let bench = Bench::new("injected")?;
    bench.needs_simulation("an image that is not there")?;
    let [policy, binding] = injection(&bench.namespace.name);
    let resources = [
        ("mutatingadmissionpolicies", &policy),
        ("mutatingadmissionpolicybindings", &binding),
    ];
    let _rules = Rules::of(&bench, ADMISSION, &resources)?;
    heeded(&bench, |tried| {
        tried
            .as_ref()
            .is_ok_and(|made| made.to_string().contains("mesh:v1"))
    })?;
    for tag in ["v1", "v2"] {
        assert_verdict(&bench.apply(tag)?, "healthy", None, 0)?;
        let template = bench.deployment()?["spec"]["template"].take();
        let containers = template["spec"]["containers"].as_array().map(Vec::len);
        assert_eq!(containers, Some(2), "{template}");
        assert_eq!(
            template["metadata"]["annotations"]["mesh/state"],
            "injected"
        );
        assert_converged(&bench, tag)?;
    }
    // What goes back has it as well.
    let back = bench.apply("v3-crash")?;
    assert_verdict(&back, "tripped", Some(true), 10)?;
    assert_converged(&bench, "v2")
}

/// A webhook that nobody answers.
fn webhook(bench: &Bench, group: &str, resource: &str) -> Value {
    let rule = json!({"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": [resource]});
    let only = json!({"matchLabels": {"kubernetes.io/metadata.name": bench.namespace.name}});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": bench.namespace.name},
        "webhooks": [{
            "name": "guard.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
            "timeoutSeconds": 2, "namespaceSelector": only, "rules": [rule],
            "clientConfig": {"url": "https://127.0.0.1:9/validate"},
        }],
    })
}

/// A first deployment that was refused leaves nothing, not even of what it keeps for itself.
fn assert_nothing_stays(bench: &Bench, done: &Finished) -> Outcome {
    assert_eq!(bench.changes(), Vec::<String>::new(), "{done}");
    for kind in ["deployments", "services", "secrets", "leases"] {
        let names = bench.namespace.names(kind)?;
        assert_eq!(names, Vec::<String>::new(), "{kind}\n{done}");
    }
    Ok(())
}

fn a_webhook_that_is_down_refuses_before_anything_is_changed() -> Outcome {
    let bench = Bench::new("webhook")?;
    bench.needs_simulation("webhooks of the whole cluster")?;
    let hook = webhook(&bench, "apps", "deployments");
    let _rules = Rules::of(
        &bench,
        ADMISSION,
        &[("validatingwebhookconfigurations", &hook)],
    )?;
    heeded(&bench, Result::is_err)?;
    let plan = bench.run("plan")?;
    assert_says(&plan, &["guard.example.com"]);
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(&done, &["guard.example.com", "connection refused"]);
    assert_nothing_stays(&bench, &done)?;
    Ok(())
}

fn a_webhook_that_is_down_for_pods_is_told() -> Outcome {
    let bench = Bench::new("pod-webhook")?;
    bench.needs_simulation("webhooks of the whole cluster")?;
    bench.describe(&QUICK.replace("60s", "20s"), "")?;
    let hook = webhook(&bench, "", "pods");
    let rules = Rules::of(
        &bench,
        ADMISSION,
        &[("validatingwebhookconfigurations", &hook)],
    )?;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial"},
        "spec": {"containers": [{"name": "trial", "image": "registry.test/web:v1"}]}});
    let path = format!("{}?dryRun=All", bench.namespace.path("pods"));
    let api = bench.namespace.cluster().api();
    let refused = host::poll(Duration::from_secs(20), || api.post(&path, &pod).err());
    assert!(refused.is_some(), "the webhook is never asked");
    let done = bench.apply("v1")?;
    drop(rules);
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_says(&done, &["guard.example.com", "not healthy within 20s"]);
    Ok(())
}

fn a_quota_of_secrets_leaves_nothing_half_done() -> Outcome {
    let bench = Bench::new("secrets")?;
    bench
        .namespace
        .create(&objects::quota("none", &json!({"count/secrets": "0"})))?;
    let secret = objects::secret("trial", &json!({}));
    let path = format!("{}?dryRun=All", bench.namespace.path("secrets"));
    let api = bench.namespace.cluster().api();
    let refused = host::poll(Duration::from_secs(20), || api.post(&path, &secret).err());
    assert!(refused.is_some(), "the quota is never heeded");
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(&done, &["exceeded quota: none", "count/secrets"]);
    assert_nothing_stays(&bench, &done)?;
    Ok(())
}

/// The API server answers for it with 503, and lists it all the same.
fn an_api_group_that_is_down_is_none_of_ours() -> Outcome {
    let bench = Bench::new("dead-group")?;
    bench.needs_simulation("API groups of the whole cluster")?;
    let group = format!("{}.example.com", bench.namespace.name);
    let service = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": format!("v1.{group}")},
        "spec": {"group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true, "service": {"name": "nobody", "namespace": bench.namespace.name}},
    });
    let base = "/apis/apiregistration.k8s.io/v1";
    let _rules = Rules::of(&bench, base, &[("apiservices", &service)])?;
    let api = bench.namespace.cluster().api();
    let dead = host::poll(Duration::from_secs(20), || {
        api.text(&format!("/apis/{group}/v1"))
            .err()
            .filter(|error| error.to_string().contains("unavailable"))
    });
    assert!(dead.is_some(), "the group is not down");
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert_converged(&bench, "v1")?;
    assert_eq!(bench.run("destroy --yes")?.exit, 0);
    Ok(())
}

fn a_pull_secret_of_the_account_is_left_alone() -> Outcome {
    let bench = Bench::new("puller")?;
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "puller"},
        "imagePullSecrets": [{"name": "registry"}]});
    bench.namespace.create(&account)?;
    bench.describe(USUAL, "service_account = \"puller\"")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    for pod in bench.namespace.pods("app=api")? {
        assert_eq!(
            pod["spec"]["imagePullSecrets"],
            json!([{"name": "registry"}])
        );
    }
    assert_converged(&bench, "v1")?;
    assert_eq!(bench.run("destroy --yes")?.exit, 0);
    let kept = bench.namespace.get("serviceaccounts", "puller")?;
    assert_eq!(kept["imagePullSecrets"], json!([{"name": "registry"}]));
    // A registry that wants to be logged in to names what pods pull with.
    bench.describe(QUICK, "")?;
    let denied = bench.apply("denied")?;
    assert_verdict(&denied, "tripped", Some(false), 11)?;
    assert_eq!(causes(&denied)?, ["pull_denied"], "{denied}");
    assert_says(&denied, &["image pull secret"]);
    Ok(())
}

/// The way to the cluster, with other things said of its certificate.
fn a_certificate_that_does_not_fit_is_told_for_what_it_is() -> Outcome {
    let bench = Bench::new("certificates")?;
    let cluster = bench.namespace.cluster();
    let leaf = cluster.own_certificate()?;
    let authority = cluster.certificate_authority();
    let cases = [
        (
            json!({"certificate-authority": leaf}),
            "it must be the certificate of the CA itself",
        ),
        (
            json!({"certificate-authority-data": authority, "tls-server-name": "api.example.com"}),
            "`tls-server-name` in the kubeconfig",
        ),
    ];
    let whole = std::fs::read_to_string(&bench.user.kubeconfig)?;
    for (mut way, words) in cases {
        let mut file: Value = serde_json::from_str(&whole)?;
        way["server"] = file["clusters"][0]["cluster"]["server"].clone();
        file["clusters"][0]["cluster"] = way;
        bench.project.write("way", &file.to_string())?;
        let path = bench.project.path().join("way");
        bench
            .project
            .kubernetes_target("kube", &path, &bench.namespace.name)?;
        let plan = bench.tell("plan")?;
        assert_eq!(plan.exit, 1, "{plan}");
        assert_says(&plan, &["invalid peer certificate", words]);
    }
    Ok(())
}
