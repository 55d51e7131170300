//! Secrets that somebody else keeps: every key that is read from one is looked for before anything is written, and a
//! variable may have another name than its key. Needs a control plane.

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says};
use crate::shop::assert_verdict;

trials! { "kube":
    a_missing_key_is_named_before_anything_is_written,
    keys_are_mapped_to_variables_and_back,
    a_key_that_nobody_manages_is_found,
    keys_of_a_secret_that_a_store_fills_are_not_asked_for,
}

const OWN: &str =
    "secrets = { DATABASE_URL = \"ssm:/db\", TOKEN = { secret = \"others\", key = \"token\" } }";

fn holds(bench: &Bench, name: &str, texts: &Value) -> Outcome {
    bench.namespace.create(&objects::secret(name, texts))?;
    Ok(())
}

fn env(bench: &Bench) -> Outcome<Value> {
    let mut deployment = bench.deployment()?;
    let mut container = deployment["spec"]["template"]["spec"]["containers"][0].take();
    Ok(json!([
        container["env"].take(),
        container["envFrom"].take()
    ]))
}

fn a_missing_key_is_named_before_anything_is_written() -> Outcome {
    let bench = Bench::new("keys")?;
    bench.describe(&format!("{USUAL}\n{OWN}"), "")?;
    holds(
        &bench,
        "api-secrets",
        &json!({"DB_URL": "hunter2", "OTHER": "hunter3"}),
    )?;
    let plan = bench.run("plan")?;
    assert_eq!(plan.exit, 0, "{plan}");
    let words = [
        "api-secrets has no key DATABASE_URL (it has DB_URL, OTHER)",
        "Secret others is not there",
    ];
    assert_says(
        &plan,
        &words.map(|words| words.trim_start_matches("Secret ")),
    );
    bench.gate.forget();
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "failed", None, 1)?;
    assert_says(&refused, &words);
    assert!(!refused.says("hunter"), "{refused}");
    assert_eq!(bench.writes(), Vec::<String>::new(), "{refused}");
    holds(&bench, "others", &json!({"token": "t"}))?;
    let key = json!({"stringData": {"DATABASE_URL": "postgres://db"}});
    bench.namespace.change("secrets", "api-secrets", &key)?;
    bench.gate.forget();
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    // The keys were told without what they hold.
    let read: Vec<_> = bench
        .gate
        .passed()
        .into_iter()
        .filter(|one| one.method == "GET" && one.uri.ends_with("secrets/api-secrets"))
        .collect();
    assert_eq!(read.len(), 1, "{read:#?}");
    assert!(read[0].bytes.1 > 0, "{read:#?}");
    Ok(())
}

fn keys_are_mapped_to_variables_and_back() -> Outcome {
    let bench = Bench::new("mapped")?;
    holds(&bench, "others", &json!({"token": "t", "PLAIN": "p"}))?;
    holds(&bench, "api-secrets", &json!({"PLAIN": "p"}))?;
    let mapped = "secrets = { TOKEN = { secret = \"others\", key = \"token\" }, PLAIN = { secret = \"others\" } }";
    let own = "secrets = { PLAIN = \"ssm:/plain\" }";
    let literal = "env = { PLAIN = \"p\", TOKEN_FILE = \"/t\" }";
    let from = |name: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "others", "key": key}}});
    let expected = [
        (
            mapped,
            json!([[from("PLAIN", "PLAIN"), from("TOKEN", "token")], null]),
        ),
        (own, json!([null, [{"secretRef": {"name": "api-secrets"}}]])),
        (
            mapped,
            json!([[from("PLAIN", "PLAIN"), from("TOKEN", "token")], null]),
        ),
        (
            literal,
            json!([[{"name": "PLAIN", "value": "p"}, {"name": "TOKEN_FILE", "value": "/t"}], null]),
        ),
        (own, json!([null, [{"secretRef": {"name": "api-secrets"}}]])),
    ];
    for (lines, expected) in expected {
        bench.describe(&format!("{USUAL}\n{lines}"), "")?;
        assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
        assert_eq!(env(&bench)?, expected, "{lines}");
        bench.gate.forget();
        assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
        assert_eq!(bench.writes(), Vec::<String>::new());
    }
    Ok(())
}

/// A server-side apply with `stringData` owns no key of what becomes of it.
fn a_key_that_nobody_manages_is_found() -> Outcome {
    let bench = Bench::new("unmanaged")?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "others"}, "stringData": {"token": "t"},
    });
    bench.namespace.apply(&secret, "somebody")?;
    bench.describe(
        &format!("{USUAL}\nsecrets = {{ TOKEN = {{ secret = \"others\", key = \"token\" }} }}"),
        "",
    )?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)
}

fn keys_of_a_secret_that_a_store_fills_are_not_asked_for() -> Outcome {
    let bench = Bench::new("store-keys")?;
    let cluster = bench.namespace.cluster();
    cluster.needs_simulation("a kind without its operator")?;
    cluster.install(&objects::external_secrets())?;
    bench.place("secret_store = { kind = \"ClusterSecretStore\", name = \"aws\" }\n")?;
    holds(&bench, "others", &json!({"token": "t"}))?;
    holds(
        &bench,
        "api-secrets",
        &json!({"DATABASE_URL": "filled already"}),
    )?;
    bench.describe(&format!("{USUAL}\n{OWN}"), "")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let external = bench.namespace.list("externalsecrets")?;
    let keys = external[0]["spec"]["data"].as_array().map(Vec::len);
    assert_eq!(keys, Some(1), "{external:?}");
    Ok(())
}
