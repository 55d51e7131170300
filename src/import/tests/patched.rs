//! What no word says is said in the platform's own spelling, and the files stay readable.

use serde_json::json;

use super::*;

fn imported(source: &Source) -> Imported {
    import(source, &"production".parse().unwrap()).unwrap()
}

#[test]
fn a_task_definition_is_said_by_words_and_by_a_patch() {
    let source = Source::Ecs(vec![EcsSource {
        task: json!({
            "family": "api",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "pidMode": "task",
            "executionRoleArn": "arn:aws:iam::123456789012:role/pull",
            "containerDefinitions": [
                {
                    "name": "api",
                    "image": "example/api:v1",
                    "essential": true,
                    "portMappings": [{ "containerPort": 8080 }],
                    "dockerLabels": {
                        "com.example.check": "[\"http\"]",
                        "com.example.config": "{\"url\": \"http://%%host%%:8080/metrics\", \"tags\": []}",
                    },
                    "logConfiguration": {
                        "logDriver": "awsfirelens",
                        "options": { "Name": "cloudwatch", "region": "eu-central-1" },
                    },
                },
                {
                    "name": "log",
                    "image": "example/fluent-bit:v3",
                    "essential": false,
                    "firelensConfiguration": { "type": "fluentbit" },
                },
            ],
        }),
        service: Some(json!({
            "serviceName": "api",
            "launchType": "FARGATE",
            "desiredCount": 2,
            "enableECSManagedTags": true,
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0a"] } },
        })),
        ..EcsSource::default()
    }]);
    let imported = imported(&source);
    assert_eq!(imported.losses, []);
    insta::assert_snapshot!(imported.deploy);
}

#[test]
fn a_secret_is_written_nowhere() {
    let source = Source::Ecs(vec![EcsSource {
        task: json!({
            "family": "api",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [{
                "name": "api",
                "image": "example/api:v1",
                "dockerLabels": { "token": "AKIAIOSFODNN7EXAMPLE" },
                "systemControls": [{ "namespace": "net.core.somaxconn", "value": "1024" }],
            }],
        }),
        ..EcsSource::default()
    }]);
    let imported = imported(&source);
    let losses = paths(&imported.losses);
    assert_eq!(losses, ["containerDefinitions.api.dockerLabels.token"]);
    assert!(imported.deploy.contains("net.core.somaxconn"));
    assert!(!imported.deploy.contains("AKIA"));
}

#[test]
fn ports_keep_their_names_and_a_secret_may_be_missing() {
    let manifests = r"
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, labels: { app: api } }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - name: api
          image: example/api:v1
          ports:
            - { name: http, containerPort: 8080 }
            - { name: dns, containerPort: 53, protocol: UDP, hostPort: 5353 }
          env:
            - name: KEY
              valueFrom: { secretKeyRef: { name: license, key: key, optional: true } }
---
apiVersion: v1
kind: Service
metadata: { name: api, labels: { app: api } }
spec:
  selector: { app: api }
  ports: [{ port: 80, targetPort: http }]
";
    let imported = imported(&Source::Kubernetes(files::manifests(manifests).unwrap()));
    assert_eq!(
        (imported.losses.as_slice(), imported.patched.as_slice()),
        (&[][..], &[][..])
    );
    for line in [
        "{ port = 8080, name = \"http\" }, { port = 53, name = \"dns\", host = 5353, protocol = \"udp\" }",
        "KEY = { secret = \"license\", key = \"key\", optional = true }",
    ] {
        assert!(imported.deploy.contains(line), "{}", imported.deploy);
    }
}

#[test]
fn manifests_are_said_by_words_and_by_a_patch() {
    let manifests = r"
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, labels: { app: api, team: blue } }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      priorityClassName: high
      tolerations:
        - { key: dedicated, operator: Equal, value: web, effect: NoSchedule }
        - { key: spot, operator: Exists, effect: NoExecute, tolerationSeconds: 60 }
      containers:
        - name: api
          image: example/api:v1
          ports: [{ containerPort: 8080 }]
          stdin: true
          env:
            - name: NODE
              valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
";
    let manifests = files::manifests(manifests).unwrap();
    let imported = imported(&Source::Kubernetes(manifests));
    let losses = paths(&imported.losses);
    assert_eq!(losses, Vec::<&str>::new());
    insta::assert_snapshot!(imported.deploy);
}

#[test]
fn a_daemon_is_said_by_a_word() {
    let source = Source::Ecs(vec![EcsSource {
        task: json!({
            "family": "agent",
            "networkMode": "bridge",
            "requiresCompatibilities": ["EC2"],
            "containerDefinitions": [{
                "name": "agent",
                "image": "example/agent:v1",
                "memory": 128,
            }],
        }),
        service: Some(json!({
            "serviceName": "agent",
            "launchType": "EC2",
            "schedulingStrategy": "DAEMON",
            "desiredCount": 7,
        })),
        ..EcsSource::default()
    }]);
    let imported = imported(&source);
    assert_eq!(imported.losses, []);
    assert_eq!(imported.patched, []);
    let said = imported.deploy.contains("= \"daemon\"");
    assert!(said, "{}", imported.deploy);
    for word in ["replicas", "percent"] {
        assert!(!imported.deploy.contains(word), "{}", imported.deploy);
    }
}
