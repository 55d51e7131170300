//! Fields of the Kubernetes API in the file, and the labels that select.

use super::{Arguments, load_with, sound, told, with};
use crate::spec::{KubeOwn, Loaded, Problems};

const TARGET: &str = "platform = \"kubernetes\"\nnamespace = \"shop\"\n";

fn read(more: &str) -> Result<Loaded, Problems> {
    load_with(&with(more), TARGET, &Arguments::default())
}

fn of(more: &str) -> KubeOwn {
    sound(read(more)).spec.kubernetes().unwrap().1[0]
        .own
        .clone()
}

fn drawn(more: &str) -> String {
    read(more)
        .expect_err("there should be problems")
        .render(false)
}

const DEPLOYMENT: &str = "[service.api.kubernetes.patch.deployment.spec.template.spec]\n";

#[test]
fn a_misspelt_field_has_a_caret_and_the_nearest_name() {
    let more = format!("{DEPLOYMENT}nodeSelektor = {{ disk = \"ssd\" }}\n");
    let drawn = drawn(&more);
    assert!(drawn.contains("unknown key `nodeSelektor`"), "{drawn}");
    assert!(drawn.contains("did you mean `nodeSelector`?"), "{drawn}");
    assert!(drawn.contains("^^^^^^^^^^^^"), "{drawn}");
}

#[test]
fn a_value_of_another_type_is_told_without_the_value() {
    let more = format!("{DEPLOYMENT}hostNetwork = \"hunter2-hunter2\"\n");
    let drawn = drawn(&more);
    assert!(drawn.contains("expected true or false"), "{drawn}");
    assert!(!drawn.contains("hunter2"), "{drawn}");
    let more = format!("{DEPLOYMENT}priority = \"high\"\n");
    assert_eq!(told(&read(&more)), ["wrong-type: expected an integer"]);
}

#[test]
fn false_takes_away_where_nothing_is_a_switch() {
    let more = format!(
        "{DEPLOYMENT}hostNetwork = false\ntopologySpreadConstraints = false\n\
         terminationGracePeriodSeconds = false\nsecurityContext = {{ runAsNonRoot = true }}\n"
    );
    let removals = of(&more).patch.workload.removals;
    let within = |field: &str| format!("spec.template.spec.{field}");
    let expected = ["terminationGracePeriodSeconds", "topologySpreadConstraints"].map(within);
    assert_eq!(removals, expected.into());
    let more = format!("{DEPLOYMENT}tolerations = [{{ key = \"a\", effect = false }}]\n");
    assert_eq!(told(&read(&more)), ["wrong-type: expected a string"]);
}

#[test]
fn what_a_verdict_rests_on_is_not_patched() {
    let cases = [
        ("deployment", "spec.replicas = 3", "spec.replicas"),
        ("deployment", "spec.paused = true", "spec.paused"),
        (
            "deployment",
            "spec.selector.matchLabels.app = \"b\"",
            "spec.selector",
        ),
        (
            "deployment",
            "spec.template.metadata.labels.app = \"b\"",
            "app",
        ),
        (
            "deployment",
            "spec.template.metadata.labels = false",
            "spec.template.metadata.labels",
        ),
        ("deployment", "spec.template = false", "spec.template"),
        ("deployment", "metadata.name = \"b\"", "metadata.name"),
        (
            "deployment",
            "metadata.ownerReferences = []",
            "metadata.ownerReferences",
        ),
        (
            "deployment",
            "metadata.labels.\"deployer/service\" = \"b\"",
            "deployer/service",
        ),
        (
            "deployment",
            "metadata.annotations.\"deployer/target\" = \"b\"",
            "deployer/target",
        ),
        ("deployment", "kind = \"DaemonSet\"", "kind"),
        ("pdb", "spec.selector = {}", "spec.selector"),
    ];
    let more = format!("{DEPLOYMENT}containers = [{{ name = \"ap\" }}]\n");
    let expected = ["not-patched: there is no container `ap`; another one needs an `image`"];
    assert_eq!(told(&read(&more)), expected);
    for (object, line, path) in cases {
        let result = read(&format!(
            "[service.api.kubernetes.patch.{object}]\n{line}\n"
        ));
        let told = told(&result).join("\n");
        let expected = format!("not-patched: `{path}` may not be patched");
        assert!(told.starts_with(&expected), "{line}: {told}");
    }
}

#[test]
fn there_must_be_something_to_lay_it_over() {
    let more = "[service.api.kubernetes.patch.hpa]\nspec.minReplicas = 2\n\
                [service.api.kubernetes.patch.service]\nspec.type = \"NodePort\"\n";
    let expected = [
        "missing-key: `scaling` is missing",
        "missing-key: `port` is missing",
    ];
    assert_eq!(told(&read(more)), expected);
}

#[test]
fn labels_that_select_are_said_or_the_name() {
    assert_eq!(of("").selecting(), "app=api");
    let own = of(
        "[service.api.kubernetes]\nselector = { \"app.kubernetes.io/name\" = \"web\", tier = \"front\" }\n",
    );
    assert_eq!(own.selecting(), "app.kubernetes.io/name=web,tier=front");
    for wrong in [
        "{}",
        "{ app = \"a b\" }",
        "{ \"deployer/service\" = \"b\" }",
    ] {
        let result = read(&format!("[service.api.kubernetes]\nselector = {wrong}\n"));
        assert_eq!(told(&result).len(), 1, "{wrong}");
    }
}
