//! What is carried along: which files, and what of them is refused.

use std::collections::BTreeMap;

use super::{Arguments, Texts, load_texts, sound, told, with};
use crate::spec::{Loaded, Problems};

const EKS: &str = r#"
platform = "eks"
account = "123456789012"
region = "us-east-1"
cluster = "main"
namespace = "production"
"#;

const SETTINGS: &str = "# ours\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { a: \"${B}\" }\n";

fn read(manifests: &str, files: &[(&'static str, &str)]) -> Result<Loaded, Problems> {
    let deploy = with(&format!(
        "port = 8080\n[service.api.kubernetes]\nmanifests = {manifests}\n"
    ));
    let mut texts = BTreeMap::from([("deploy.toml", deploy), ("config/ecs.toml", EKS.to_owned())]);
    texts.extend(files.iter().map(|(name, text)| (*name, (*text).to_owned())));
    load_texts(&Texts(texts), &Arguments::default())
}

/// One object of this name.
fn object(version: &str, kind: &str, name: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{ name: {name} }}\n")
}

#[test]
fn files_are_named_by_paths_and_patterns_and_taken_once() {
    let role = object("rbac.authorization.k8s.io/v1", "Role", "a");
    let two = format!("{role}---\n{}", object("v1", "ConfigMap", "b"));
    let files = [
        ("k8s/settings.yaml", SETTINGS),
        ("k8s/two.yml", &two),
        ("k8s/.hidden.yaml", "kind: ["),
        ("other/a.yaml", "kind: ["),
    ];
    let named = r#"["k8s/*.y*ml", "./k8s/settings.yaml"]"#;
    let loaded = sound(read(named, &files));
    let carried = &loaded.spec.kubernetes().unwrap().1[0].own.manifests;
    let places: Vec<&str> = carried.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(
        places,
        ["k8s/settings.yaml:2", "k8s/two.yml:1", "k8s/two.yml:5"]
    );
    // What `${NAME}` means there is the manifest's own business.
    assert_eq!(carried[0].object["data"]["a"], "${B}");
}

#[test]
fn files_that_are_not_there_or_not_ours_are_told() {
    let named = r#"["k8s/*.yaml", "../a.yaml", "/etc/a.yaml", "k8s/none.yaml", "k8s/empty.json"]"#;
    let told = told(&read(named, &[("k8s/empty.json", "# nothing\n")]));
    assert_eq!(
        told,
        [
            "no-manifest: there is no file `k8s/*.yaml`",
            "bad-value: must be a path within the folder of the deploy file, with `/` between its parts",
            "bad-value: must be a path within the folder of the deploy file, with `/` between its parts",
            "no-manifest: cannot read k8s/none.yaml: entity not found",
            "no-manifest: k8s/empty.json holds no object",
        ]
    );
}

#[test]
fn what_cannot_be_carried_has_its_place() {
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: test }\n";
    let token = format!("ghp_{}", "a".repeat(36));
    let secret = format!(
        "{}stringData: {{ TOKEN: {token} }}\n",
        object("v1", "Secret", "s")
    );
    let text = [
        object("apps/v1", "Deployment", "api"),
        object("v1", "Service", "api"),
        object("v1", "Namespace", "production"),
        object("v1", "ConfigMap", "settings"),
        other.to_owned(),
        secret,
        "kind: Kustomization\n".to_owned(),
    ];
    let files = [
        ("k8s/a.yaml", SETTINGS.to_owned()),
        ("k8s/b.yaml", text.join("---\n")),
        ("k8s/c.yaml", "a: {{ .Values.a }}\n".to_owned()),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let result = read(r#"["k8s/*.yaml"]"#, &files);
    assert_eq!(
        told(&result),
        [
            "same-object: Deployment api is made of the words of service api",
            "same-object: Service api is made of the words of service api",
            "same-object: Namespace production is made of the words of service api",
            "same-object: ConfigMap settings stands here twice",
            "other-namespace: ConfigMap a is of namespace test",
            "secret-literal: `TOKEN` of Secret s holds a GitHub token",
            "manifest: this is for kustomize: carry what `kustomize build` prints",
            "manifest: this is no manifest: it is a template: render it first, such as with `helm template`",
        ]
    );
    let drawn = result.unwrap_err().render(false);
    assert!(drawn.contains("k8s/b.yaml:5:1"), "{drawn}");
    assert!(!drawn.contains("ghp_"), "{drawn}");
}

#[test]
fn a_secret_in_a_file_is_told() {
    let secret = format!("{}stringData: {{ word: x }}\n", object("v1", "Secret", "s"));
    let loaded = sound(read(r#"["k8s/a.yaml"]"#, &[("k8s/a.yaml", &secret)]));
    let notes: Vec<&str> = loaded
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("k8s/a.yaml:1: the values of Secret s (word)")),
        "{notes:?}"
    );
    let shown = format!("{:?}", loaded.spec);
    assert!(!shown.contains("stringData"), "{shown}");
}
