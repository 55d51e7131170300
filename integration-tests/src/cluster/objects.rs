//! Kubernetes objects that the tests make, and questions to those that they find.

use serde_json::{Value, json};

use crate::project::unique;

/// A Deployment `name` of one container of that name, with pods labelled `app: name`.
pub fn deployment(name: &str, image: &str, replicas: u32) -> Value {
    let labels = json!({"app": name});
    let probe = json!({"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 1});
    let container = json!({"name": name, "image": image, "ports": [{"containerPort": 8080}], "readinessProbe": probe});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}},
    })
}

/// A Service `name` at port 80 before the pods labelled `app: name`.
pub fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
    })
}

/// A Secret with these texts.
pub fn secret(name: &str, texts: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": texts})
}

/// A quota that refuses what goes beyond `hard` (`{"pods": "1"}`).
pub fn quota(name: &str, hard: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": hard}})
}

/// A policy that refuses Deployments of this namespace for which a CEL expression does not hold, with this message; and
/// what puts it into force.
pub fn admission_policy(namespace: &str, expression: &str, message: &str) -> [Value; 2] {
    let name = unique("policy");
    let rule = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]});
    let only = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace}});
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {"failurePolicy": "Fail", "matchConstraints": {"namespaceSelector": only, "resourceRules": [rule]},
            "validations": [{"expression": expression, "message": message}]},
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    });
    [policy, binding]
}

/// A policy that puts `registry` before the image of the first container of each Deployment of this namespace, unless it
/// is there; and what puts it into force.
pub fn mirror_policy(namespace: &str, registry: &str) -> [Value; 2] {
    let name = unique("mirror");
    let rule = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]});
    let only = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace}});
    let image = "object.spec.template.spec.containers[0].image";
    let patch = format!(
        "{image}.startsWith(\"{registry}\") ? [] : [JSONPatch{{op: \"replace\", \
         path: \"/spec/template/spec/containers/0/image\", value: \"{registry}\" + {image}}}]"
    );
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {"failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "matchConstraints": {"namespaceSelector": only, "resourceRules": [rule]},
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}]},
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": name},
        "spec": {"policyName": name},
    });
    [policy, binding]
}

/// The kind `ExternalSecret` of the External Secrets Operator, with no operator behind it.
pub fn external_secrets() -> Value {
    definition(
        "external-secrets.io",
        "v1",
        "ExternalSecret",
        "externalsecrets",
    )
}

/// The kind `HTTPRoute` of the Gateway API, with the values that its definition fills in and no Gateway behind it.
pub fn http_routes() -> Value {
    let open = |properties: Value| json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": properties});
    let list = |item: Value| json!({"type": "array", "items": item});
    let text = |usual: &str| json!({"type": "string", "default": usual});
    let parent = open(json!({"group": text("gateway.networking.k8s.io"), "kind": text("Gateway")}));
    let backend = open(json!({
        "group": text(""), "kind": text("Service"), "weight": {"type": "integer", "default": 1},
    }));
    let mut path = open(json!({"type": text("PathPrefix"), "value": text("/")}));
    path["default"] = json!({"type": "PathPrefix", "value": "/"});
    let mut matches = list(open(json!({"path": path})));
    matches["default"] = json!([{"path": {"type": "PathPrefix", "value": "/"}}]);
    let rule = open(json!({"matches": matches, "backendRefs": list(backend)}));
    let spec = open(json!({"parentRefs": list(parent), "rules": list(rule)}));
    let mut made = definition("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes");
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"] = json!({"spec": spec});
    // Its group belongs to Kubernetes, which wants that said.
    made["metadata"]["annotations"] =
        json!({"api-approved.kubernetes.io": "unapproved, for tests"});
    made
}

/// The kind `TargetGroupBinding` of the AWS Load Balancer Controller, with no controller behind it.
pub fn target_group_bindings() -> Value {
    let mut made = definition(
        "elbv2.k8s.aws",
        "v1beta1",
        "TargetGroupBinding",
        "targetgroupbindings",
    );
    made["metadata"]["annotations"] =
        json!({"api-approved.kubernetes.io": "unapproved, for tests"});
    made
}

/// The kinds of KEDA that a service is scaled by, with what its definitions demand and fill in, and no operator behind
/// them.
pub fn keda() -> [Value; 2] {
    let open = |properties: Value| json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": properties});
    let number = |least: u32| json!({"type": "integer", "format": "int32", "minimum": least});
    let reference = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["TriggerAuthentication", "ClusterTriggerAuthentication"]},
    }});
    let trigger = json!({"type": "object", "required": ["metadata", "type"], "properties": {
        "type": {"type": "string", "minLength": 1}, "name": {"type": "string"}, "metricType": {"type": "string"},
        "useCachedMetrics": {"type": "boolean"}, "authenticationRef": reference,
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    }});
    let behaviors = [
        "static",
        "currentReplicas",
        "currentReplicasIfHigher",
        "currentReplicasIfLower",
        "scalingModifiers",
    ];
    let fallback = json!({"type": "object", "required": ["failureThreshold", "replicas"], "properties": {
        "failureThreshold": number(0), "replicas": number(0),
        "behavior": {"type": "string", "default": "static", "enum": behaviors},
    }});
    let target = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "minLength": 1}, "apiVersion": {"type": "string"}, "kind": {"type": "string"},
        "envSourceContainerName": {"type": "string"},
    }});
    let bounds = "!has(self.minReplicaCount) || self.minReplicaCount <= (has(self.maxReplicaCount) ? self.maxReplicaCount : 100)";
    let spec = json!({"type": "object", "required": ["scaleTargetRef", "triggers"], "properties": {
        "scaleTargetRef": target, "triggers": {"type": "array", "minItems": 1, "items": trigger}, "fallback": fallback,
        "pollingInterval": number(1), "cooldownPeriod": number(0), "initialCooldownPeriod": number(0),
        "idleReplicaCount": number(0), "minReplicaCount": number(0), "maxReplicaCount": number(1),
        "advanced": open(json!({})),
    }, "x-kubernetes-validations": [{"rule": bounds, "message": "minReplicaCount must be less than or equal to maxReplicaCount"}]});
    let mut scaled = definition("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects");
    scaled["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = json!({"type": "object", "required": ["spec"],
        "properties": {"spec": spec, "status": open(json!({}))}});
    scaled["spec"]["versions"][0]["subresources"] = json!({"status": {}});
    let asks = definition(
        "keda.sh",
        "v1alpha1",
        "TriggerAuthentication",
        "triggerauthentications",
    );
    [scaled, asks]
}

/// The autoscaler that KEDA makes of a `ScaledObject`, and deletes with it.
pub fn made_by_keda(scaled: &Value) -> Value {
    let (metadata, spec) = (&scaled["metadata"], &scaled["spec"]);
    let name = metadata["name"].as_str().unwrap_or_default();
    let owner = json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": name, "uid": metadata["uid"],
        "controller": true, "blockOwnerDeletion": true});
    let least = spec["minReplicaCount"].as_u64().unwrap_or_default().max(1);
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": format!("keda-hpa-{name}"), "ownerReferences": [owner]},
        "spec": {"scaleTargetRef": spec["scaleTargetRef"], "minReplicas": least, "maxReplicas": spec["maxReplicaCount"]},
    })
}

/// The pods of the resource metrics API as plain objects, for want of a metrics server: the autoscaler reads what a test
/// writes. Its group belongs to Kubernetes, which wants that said.
pub fn pod_metrics() -> Value {
    let mut made = definition("metrics.k8s.io", "v1beta1", "PodMetrics", "pods");
    made["metadata"]["annotations"] =
        json!({"api-approved.kubernetes.io": "unapproved, for tests"});
    made
}

fn definition(group: &str, version: &str, kind: &str, plural: &str) -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let versions = json!([{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]);
    let names = json!({"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions},
    })
}

pub(super) fn node(name: &str, more: &Value) -> Value {
    let size = json!({"cpu": "32", "memory": "256Gi", "pods": "110"});
    let mut labels = json!({"kubernetes.io/hostname": name});
    for (key, value) in more.as_object().into_iter().flatten() {
        labels[key] = value.clone();
    }
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": labels},
        "status": {"capacity": size, "allocatable": size},
    })
}

pub(super) fn service_account(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
}

pub(super) fn role(name: &str, rules: &Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules})
}

pub(super) fn binding(kind: &str, name: &str, role: &str, subjects: &Value) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}Binding"), "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}, "subjects": subjects,
    })
}

pub(super) fn event(about: &Value, kind: &str, reason: &str, message: &str) -> Value {
    let metadata = &about["metadata"];
    let object = json!({
        "apiVersion": about["apiVersion"], "kind": about["kind"],
        "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
    });
    json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": unique("event")}, "involvedObject": object,
        "type": kind, "reason": reason, "message": message, "count": 1, "source": {"component": "harness"},
    })
}

/// The status of a condition in a list of them.
pub fn condition(conditions: &Value, kind: &str) -> Option<String> {
    let mut all = conditions.as_array()?.iter();
    let found = all.find(|one| one["type"] == kind)?;
    found["status"].as_str().map(str::to_owned)
}

/// Whether a Deployment is wholly what its specification says, as `kubectl rollout status` judges it.
pub fn is_rolled_out(deployment: &Value) -> bool {
    let status = &deployment["status"];
    let count = |name: &str| status[name].as_u64().unwrap_or_default();
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    status["observedGeneration"] == deployment["metadata"]["generation"]
        && count("updatedReplicas") == wanted
        && count("replicas") == wanted
        && count("availableReplicas") == wanted
}

/// A pod in a line: its name, its image, and where its first container is.
pub fn summary(pod: &Value) -> String {
    let status = &pod["status"]["containerStatuses"][0];
    format!(
        "{} {} {} {}",
        pod["metadata"]["name"],
        pod["spec"]["containers"][0]["image"],
        status["state"],
        status["lastState"]
    )
}
