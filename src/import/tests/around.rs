//! What stands around the pods comes in by words.

use super::*;

/// A Deployment with its Service, and these objects.
fn with(more: &str) -> Imported {
    taken(&around(more))
}

fn around(more: &str) -> String {
    format!(
        r"
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: api, labels: {{ app: api }} }}
spec:
  selector: {{ matchLabels: {{ app: api }} }}
  template:
    metadata: {{ labels: {{ app: api }} }}
    spec:
      containers:
        - {{ name: api, image: 'example/api:v1', ports: [{{ containerPort: 8080 }}] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: api, labels: {{ app: api }} }}
spec: {{ selector: {{ app: api }}, ports: [{{ port: 80, targetPort: 8080 }}] }}
---
{more}"
    )
}

/// All of it comes in by words.
fn taken(manifests: &str) -> Imported {
    let target = "production".parse().unwrap();
    let imported = import(
        &Source::Kubernetes(files::manifests(manifests).unwrap()),
        &target,
    );
    let imported = imported.unwrap();
    assert_eq!(
        (imported.losses.as_slice(), imported.patched.as_slice()),
        (&[][..], &[][..])
    );
    imported
}

fn says(text: &str, lines: &[&str]) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in lines {
        assert!(words(text).contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_route_is_said_by_words() {
    let imported = with(
        r"
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: api, labels: { app: api } }
spec:
  parentRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public, namespace: infra }]
  hostnames: [api.example.com]
  rules:
    - backendRefs: [{ group: '', kind: Service, name: api, port: 80, weight: 1 }]
",
    );
    says(
        &imported.deploy,
        &[
            "expose = { host = \"api.example.com\" }",
            "gateway = { name = \"public\", namespace = \"infra\", route = \"api\" }",
        ],
    );
    assert_eq!(imported.manifests, []);
    let imported = with(
        r"
apiVersion: gateway.networking.k8s.io/v1beta1
kind: HTTPRoute
metadata: { name: api-route, labels: { app: api, tier: edge }, annotations: { a: b } }
spec:
  parentRefs: [{ name: public, sectionName: https, port: 443 }, { name: inner }]
  hostnames: [a.example.com, b.example.com]
  rules:
    - matches: [{ path: { value: /old } }]
      filters: [{ type: RequestRedirect, requestRedirect: { scheme: https, statusCode: 301 } }]
    - matches:
        - { path: { type: Exact, value: /x }, headers: [{ name: v, value: '2' }], method: GET }
        - { queryParams: [{ type: RegularExpression, name: q, value: 'a.*' }] }
      filters:
        - { type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /y } } }
        - { type: RequestHeaderModifier, requestHeaderModifier: { add: [{ name: a, value: b }] } }
      backendRefs: [{ name: api, port: 80, weight: 9 }, { name: other, port: 81 }]
      timeouts: { request: 10s }
",
    );
    assert_eq!(imported.manifests, []);
    says(
        &imported.deploy,
        &["[[service.api.kubernetes.gateway.rules]]"],
    );
    // What there is no word for stays a manifest.
    let imported = with(
        r"
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: api, labels: { app: api } }
spec:
  parentRefs: [{ kind: Service, group: '', name: api }]
  rules: [{ backendRefs: [{ name: api, port: 80 }] }]
",
    );
    assert_eq!(imported.manifests.len(), 1);
}

#[test]
fn target_groups_are_said_for_the_target() {
    let binding = |name: &str, port: &str| {
        format!(
            "---\napiVersion: elbv2.k8s.aws/v1beta1\nkind: TargetGroupBinding\nmetadata: {{ name: {name}, labels: {{ app: api }} }}\n\
             spec:\n  serviceRef: {{ name: api, port: {port} }}\n  targetType: ip\n  targetGroupARN: \
             'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0a'\n"
        )
    };
    let imported = with(&binding("api-0a", "80"));
    says(
        &imported.target,
        &["target_group = \"arn:aws:elasticloadbalancing:"],
    );
    let imported = with(&format!(
        "{}{}",
        binding("api-0a", "80"),
        binding("b", "http")
    ));
    says(&imported.target, &["port = \"http\" name = \"b\""]);
}

#[test]
fn a_network_policy_is_said_by_words() {
    let imported = with(
        r"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, labels: { app: api } }
spec:
  podSelector: { matchLabels: { app: api } }
  policyTypes: [Egress, Ingress]
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }
        - ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] }
      ports: [{ port: 8080 }, { port: metrics, protocol: TCP }, { port: 53, protocol: UDP }]
  egress: [{}]
",
    );
    says(
        &imported.deploy,
        &[
            "pods = { app = \"web\" }",
            "namespace = \"monitoring\"",
            "cidr = \"10.0.0.0/8\" except = [\"10.1.0.0/16\"]",
            "ports = [8080, \"metrics\", \"53/udp\"]",
            "egress = [{}]",
        ],
    );
    assert_eq!(imported.manifests, []);
    let none = with(
        r"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: shut, labels: { app: api } }
spec: { podSelector: { matchLabels: { app: api } } }
",
    );
    says(
        &none.deploy,
        &["network_policy = { from = [], name = \"shut\" }"],
    );
    let carried = with(
        r"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: all }
spec: { podSelector: {} }
",
    );
    assert_eq!(carried.manifests.len(), 1);
}

#[test]
fn nodes_are_said_by_words() {
    let manifests = |labels: &str| {
        let pod = format!("spec:\n      nodeSelector: {labels}\n      containers:");
        let marked = "metadata: { labels: { app: api }, annotations: { karpenter.sh/do-not-disrupt: 'true', a: b } }";
        let plain = around("").replace("spec:\n      containers:", &pod);
        plain.replace(
            "    metadata: { labels: { app: api } }",
            &format!("    {marked}"),
        )
    };
    let imported = taken(&manifests(
        "{ karpenter.sh/capacity-type: spot, karpenter.sh/nodepool: general, disk: fast }",
    ));
    says(
        &imported.deploy,
        &[
            "nodes = { capacity = \"spot\", pool = \"general\" }",
            "node_selector = { disk = \"fast\" }",
            "do_not_disrupt = true",
            "pod_annotations = { a = \"b\" }",
        ],
    );
    let imported = taken(&manifests(
        "{ eks.amazonaws.com/nodegroup: workers, eks.amazonaws.com/capacityType: SPOT }",
    ));
    says(
        &imported.deploy,
        &["nodes = { capacity = \"spot\", group = \"workers\" }"],
    );
}
