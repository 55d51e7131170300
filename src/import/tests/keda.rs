//! What KEDA scales by comes in by words.

use super::*;

const DEPLOYMENT: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: { name: worker, namespace: shop, labels: { app: worker } }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      containers:
        - name: worker
          image: 'example/worker:v1'
          resources: { requests: { cpu: 250m, memory: 256Mi }, limits: { memory: 256Mi } }
---
";

fn with(more: &str) -> Imported {
    let manifests = files::manifests(&format!("{DEPLOYMENT}{more}")).unwrap();
    import(
        &Source::Kubernetes(manifests),
        &"production".parse().unwrap(),
    )
    .unwrap()
}

fn says(text: &str, lines: &[&str]) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in lines {
        assert!(words(text).contains(line), "{line}\n{text}");
    }
}

const QUEUE: &str = r"
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: { name: worker-aws, namespace: shop, labels: { app: worker } }
spec: { podIdentity: { provider: aws, identityOwner: workload } }
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: worker-scaler
  namespace: shop
  labels: { app: worker, scaledobject.keda.sh/name: worker-scaler }
  annotations: { autoscaling.keda.sh/paused: 'true', a: b }
spec:
  scaleTargetRef: { name: worker }
  pollingInterval: 15
  cooldownPeriod: 60
  idleReplicaCount: 0
  minReplicaCount: 1
  maxReplicaCount: 30
  fallback: { failureThreshold: 3, replicas: 6, behavior: currentReplicas }
  advanced:
    restoreToOriginalReplicaCount: false
    horizontalPodAutoscalerConfig:
      name: worker
      behavior:
        scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: Percent, value: 10, periodSeconds: 60 }] }
        scaleUp: { stabilizationWindowSeconds: 30 }
  triggers:
    - { type: cpu, metricType: Utilization, metadata: { value: '70' } }
    - type: aws-sqs-queue
      authenticationRef: { name: worker-aws }
      metadata: { queueURL: 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs', queueLength: '5', awsRegion: us-east-1 }
    - type: kafka
      name: orders
      metricType: AverageValue
      authenticationRef: { name: shared, kind: ClusterTriggerAuthentication }
      metadata: { bootstrapServers: 'kafka:9092', topic: orders, lagThreshold: '50' }
";

#[test]
fn a_scaled_object_is_said_by_words() {
    let imported = with(QUEUE);
    assert_eq!(imported.losses, []);
    assert_eq!(imported.patched, []);
    assert_eq!(imported.manifests, []);
    says(
        &imported.deploy,
        &[
            "scaling = { min = 1, max = 30, cpu = 70, scale_out_cooldown = \"30s\" }",
            "polling_interval = \"15s\"",
            "idle = 0",
            "paused = true",
            "fallback = { failures = 3, replicas = 6, behavior = \"currentReplicas\" }",
            "authentications = { worker-aws = { podIdentity = { identityOwner = \"workload\", provider = \"aws\" } } }",
            "authentication = \"worker-aws\"",
            "authentication = { name = \"shared\", kind = \"ClusterTriggerAuthentication\" }",
            "name = \"worker-scaler\"",
            "hpa_name = \"worker\"",
            "annotations = { a = \"b\" }",
        ],
    );
    let mut lines = imported.deploy.lines();
    assert!(!lines.any(|line| line.starts_with("replicas")));
}

#[test]
fn what_no_word_says_of_a_scaled_object_is_patched_or_carried() {
    let one = |more: &str| {
        format!(
            "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{ name: worker, labels: {{ app: worker }} }}\n\
             spec:\n  scaleTargetRef: {{ name: worker }}\n{more}\n"
        )
    };
    let triggers = "  triggers: [{ type: cron, metadata: { timezone: UTC, start: '0 6 * * *', end: '0 20 * * *', desiredReplicas: '3' } }]";
    let modified =
        format!("{triggers}\n  advanced: {{ scalingModifiers: {{ formula: a, target: '2' }} }}");
    let imported = with(&one(&modified));
    assert_eq!((imported.losses.len(), imported.manifests.len()), (0, 0));
    says(&imported.deploy, &["scalingModifiers", "scaled_object"]);
    // What would be refused is taken as it is, and the count is left to it.
    let cpu = "  minReplicaCount: 0\n  triggers: [{ type: cpu, metricType: Utilization, metadata: { value: '70' } }]";
    let imported = with(&one(cpu));
    assert_eq!((imported.losses.len(), imported.manifests.len()), (0, 1));
    says(&imported.deploy, &["replicas = \"external\""]);
}

#[test]
fn the_autoscaler_that_keda_makes_is_none_of_anybodys_words() {
    let made = r"
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: keda-hpa-worker-scaler
  namespace: shop
  ownerReferences: [{ apiVersion: keda.sh/v1alpha1, kind: ScaledObject, name: worker-scaler, uid: '1', controller: true }]
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: worker }
  minReplicas: 1
  maxReplicas: 30
";
    let (beside, alone) = (with(&format!("{QUEUE}{made}")), with(QUEUE));
    assert_eq!(beside, alone);
}

/// Two services cannot be called as their containers are: a trigger looks at the container all the same.
#[test]
fn a_share_of_the_main_container_is_known_whatever_its_service_is_called() {
    let one = |name: &str| {
        let container = |name: &str| {
            format!(
                "{{ name: {name}, image: 'example/{name}:v1', resources: {{ requests: {{ cpu: 100m, memory: 64Mi }}, limits: {{ memory: 64Mi }} }} }}"
            )
        };
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name}, namespace: shop }}\nspec:\n  selector: {{ matchLabels: {{ app: {name} }} }}\n  template:\n    metadata: {{ labels: {{ app: {name} }} }}\n    spec: {{ containers: [{}, {}] }}\n---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{ name: {name}, namespace: shop }}\nspec:\n  scaleTargetRef: {{ name: {name} }}\n  minReplicaCount: 1\n  maxReplicaCount: 4\n  triggers: [{{ type: cpu, metricType: Utilization, metadata: {{ value: '60', containerName: web }} }}]\n---\n",
            container("web"),
            container("log")
        )
    };
    let manifests = files::manifests(&[one("first"), one("second")].concat()).unwrap();
    let target = "production".parse().unwrap();
    let imported = import(&Source::Kubernetes(manifests), &target).unwrap();
    let shares = imported.deploy.matches("cpu = 60").count();
    assert_eq!(shares, 2, "{}", imported.deploy);
    assert_eq!(imported.losses, []);
}
