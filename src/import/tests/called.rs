//! Names that are no name of a service, objects that say one thing twice, and words that the files do not
//! take: nothing of it is lost in silence, and little of it is refused.

use serde_json::json;

use super::*;

fn target() -> TargetName {
    "production".parse().unwrap()
}

fn kubernetes(text: &str) -> Result<Imported, NotTaken> {
    let source = Source::Kubernetes(files::manifests(text).unwrap());
    import(&source, &target())
}

/// A workload with one container, whose template's metadata and more fields of its specification these are.
fn workload(name: &str, container: &str, metadata: &str, spec: &str) -> String {
    format!(
        r#"
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name}, namespace: shop }}
spec:
  {spec}
  template:
    metadata: {{ labels: {{ app: {name} }} {metadata} }}
    spec:
      containers:
        - name: {container}
          image: "{name}:v1"
          resources: {{ requests: {{ cpu: 250m, memory: 256Mi }}, limits: {{ memory: 256Mi }} }}
"#
    )
}

fn task(containers: &serde_json::Value) -> Source {
    Source::Ecs(vec![EcsSource {
        task: json!({
            "family": "Shop_Web",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/pull",
            "containerDefinitions": containers,
        }),
        ..EcsSource::default()
    }])
}

#[test]
fn containers_of_ecs_keep_their_names() {
    let router = json!({
        "name": "Log_Router",
        "image": "example/router:v1",
        "essential": true,
        "firelensConfiguration": { "type": "fluentbit" },
    });
    let web = json!({
        "name": "web_app",
        "image": "example/web:v1",
        "essential": true,
        "dependsOn": [{ "containerName": "Log_Router", "condition": "START" }],
    });
    let imported = import(&task(&json!([router, web])), &target()).unwrap();
    assert_eq!(imported.losses, [], "{}", imported.deploy);
    assert_eq!(imported.patched, [], "{}", imported.deploy);
    // Whoever only passes logs on is not what the service is about.
    for said in [
        "[service.web-app]",
        "\"web_app\"",
        "[service.web-app.sidecar.Log_Router]",
    ] {
        assert!(imported.deploy.contains(said), "{}", imported.deploy);
    }
}

#[test]
fn two_containers_of_one_name_keep_it() {
    let selected = |name: &str| format!("selector: {{ matchLabels: {{ app: {name} }} }}");
    let text = workload("cart", "server", "", &selected("cart"))
        + &workload("mail", "server", "", &selected("mail"));
    let imported = kubernetes(&text).unwrap();
    assert_eq!(imported.losses, [], "{}", imported.deploy);
    assert_eq!(imported.deploy.matches("container = \"server\"").count(), 2);
    assert!(imported.deploy.contains("[service.cart]"));
    assert!(imported.deploy.contains("[service.mail]"));
}

#[test]
fn what_an_older_version_of_the_api_filled_in_is_no_difference() {
    let text = workload("web", "web", ", name: web", "").replace("apps/v1", "extensions/v1beta1");
    let imported = kubernetes(&text).unwrap();
    assert_eq!(imported.losses, [], "{}", imported.deploy);
    assert_eq!(imported.patched, [], "{}", imported.deploy);
}

#[test]
fn what_stands_there_twice_is_taken_once_or_told() {
    let web = workload("web", "web", "", "selector: { matchLabels: { app: web } }");
    let same = kubernetes(&format!("{web}{web}")).unwrap();
    assert_eq!(same.losses, []);
    let other = web.replace("web:v1", "web:v2");
    let why = kubernetes(&format!("{web}{other}"))
        .unwrap_err()
        .to_string();
    assert!(
        why.starts_with("Deployment web stands in the source twice"),
        "{why}"
    );
}

#[test]
fn an_image_that_a_pipeline_fills_in_is_not_said_by_a_patch() {
    let text = workload("web", "web", "", "selector: { matchLabels: { app: web } }")
        .replace("web:v1", "example/web:#{build}#");
    let imported = kubernetes(&text).unwrap();
    assert_eq!(imported.losses, []);
    assert_eq!(imported.patched, [], "{}", imported.deploy);
    let told = "`example/web:#{build}#` is no image yet: give it with `--set WEB_IMAGE=…`";
    assert!(
        imported.notes.iter().any(|note| note == told),
        "{:?}",
        imported.notes
    );
}

#[test]
fn none_of_something_is_no_silence() {
    for (field, path) in [
        ("revisionHistoryLimit: 0", "spec.revisionHistoryLimit"),
        ("paused: true", "spec.paused"),
    ] {
        let spec = format!("{field}\n  selector: {{ matchLabels: {{ app: web }} }}");
        let imported = kubernetes(&workload("web", "web", "", &spec)).unwrap();
        let told = [paths(&imported.losses), paths(&imported.patched)].concat();
        let said = imported.deploy.contains("revision_history");
        assert!(
            told.contains(&path) || said,
            "{field}: {told:?}\n{}",
            imported.deploy
        );
    }
}

#[test]
fn what_lies_in_another_namespace_is_told() {
    let selected = |name: &str| format!("selector: {{ matchLabels: {{ app: {name} }} }}");
    let far = workload("far", "far", "", &selected("far")).replace("shop", "away");
    let text = workload("web", "web", "", &selected("web")) + &far;
    let losses = kubernetes(&text).unwrap().losses;
    let [loss] = losses.as_slice() else {
        panic!("{losses:?}");
    };
    assert_eq!(
        (loss.of.as_str(), loss.path.as_str()),
        ("Deployment far", "metadata.namespace")
    );
    assert_eq!(
        loss.why,
        "it is of namespace away, and the target's is shop"
    );
}

#[test]
fn a_word_that_the_files_do_not_take_is_a_loss_and_no_refusal() {
    let web = json!({
        "name": "web",
        "image": "example/web:v1",
        "essential": true,
        "secrets": [
            { "name": "GOOD", "valueFrom": "/shop/good" },
            { "name": "ODD", "valueFrom": "no such thing!" },
        ],
    });
    let imported = import(&task(&json!([web])), &target()).unwrap();
    let told = [paths(&imported.losses), paths(&imported.patched)].concat();
    assert!(told.iter().all(|path| path.contains("secrets")), "{told:?}");
    assert!(
        !told.is_empty() && imported.deploy.contains("/shop/good"),
        "{}",
        imported.deploy
    );
}

#[test]
fn what_cannot_be_left_out_is_refused_with_its_place() {
    let text = workload("web", "web", "", "selector: { matchLabels: { app: web } }")
        .replace("namespace: shop", "namespace: \"${PLACE}\"");
    let why = kubernetes(&text).unwrap_err().to_string();
    assert!(
        why.starts_with("namespace: `${PLACE}` is not a Kubernetes name"),
        "{why}"
    );
}

#[test]
fn what_is_no_manifest_is_told() {
    let web = workload("web", "web", "", "selector: { matchLabels: { app: web } }");
    let text = format!(
        "image: {{ tag: v1 }}\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n{web}"
    );
    let imported = kubernetes(&text).unwrap();
    assert_eq!(imported.losses, []);
    let told = |start: &str| imported.notes.iter().any(|note| note.starts_with(start));
    assert!(told("a kustomization is among"), "{:?}", imported.notes);
    assert!(told("a document without"), "{:?}", imported.notes);
    let why = kubernetes("").unwrap_err().to_string();
    assert_eq!(why, "it holds no manifests");
    let twice = files::manifests("a: 1\n---\nb: 1\nc:\n  d: 1\n  d: 2\n").unwrap_err();
    assert_eq!(
        twice.to_string(),
        "this is no YAML: `d` stands twice (line 6)"
    );
}
