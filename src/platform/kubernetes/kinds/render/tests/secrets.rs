//! Secrets that somebody else keeps.

use std::collections::BTreeSet;

use super::*;

#[test]
fn a_key_that_may_be_missing_is_not_asked_for() {
    let more = "secrets = { KEY = { secret = \"license\", key = \"key\", optional = true } }\n";
    let desired = desired(&small(more, ""));
    let from = json!({ "secretKeyRef": { "name": "license", "key": "key", "optional": true } });
    let variable = json!({ "name": "KEY", "valueFrom": from });
    assert_eq!(pod(&desired)["containers"][0]["env"], json!([variable]));
    assert_eq!(desired.needs_secrets, BTreeMap::new());
}

/// Names are mapped key by key, beside what the service's own Secret holds whole.
#[test]
fn keys_of_other_secrets_are_mapped() {
    let more = r#"
secrets = { DB = "ssm:/db", PASSWORD = { secret = "postgres", key = "pass" }, USER = { secret = "postgres" } }
[service.api.sidecar.proxy]
image = "proxy:1"
secrets = { CERT = { secret = "tls", key = "tls.crt" } }
"#;
    for store in ["", "secret_store = { name = \"vault\" }\n"] {
        let desired = desired(&small(more, store));
        let containers = &pod(&desired)["containers"];
        let from = |name: &str, secret: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}});
        let main = [
            from("PASSWORD", "postgres", "pass"),
            from("USER", "postgres", "USER"),
        ];
        assert_eq!(containers[0]["env"], json!(main), "{store}");
        assert_eq!(
            containers[0]["envFrom"][0]["secretRef"]["name"],
            "api-secrets"
        );
        assert_eq!(
            containers[1]["env"],
            json!([from("CERT", "tls", "tls.crt")])
        );
        assert_eq!(containers[1].get("envFrom"), None);
        let filled = desired.object(Kind::ExternalSecret);
        let filled = filled.map(|object| object.manifest["spec"]["data"].clone());
        let keys = |keys: &[&str]| {
            keys.iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>()
        };
        let mut needs = BTreeMap::from([
            ("postgres".to_owned(), keys(&["USER", "pass"])),
            ("tls".to_owned(), keys(&["tls.crt"])),
        ]);
        if store.is_empty() {
            needs.insert("api-secrets".to_owned(), keys(&["DB"]));
            assert_eq!(filled, None);
        } else {
            let own = json!([{"secretKey": "DB", "remoteRef": {"key": "/db"}}]);
            assert_eq!(filled, Some(own));
        }
        assert_eq!(desired.needs_secrets, needs, "{store}");
    }
}
