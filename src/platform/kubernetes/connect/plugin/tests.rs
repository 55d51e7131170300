//! What a plugin gives is taken, and what it does wrong is told in our own words.

use super::*;

const ANSWER: &str = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t0ken-very-secret","expirationTimestamp":"2026-01-02T03:04:05Z"}}"#;

fn exec(script: &str) -> ExecConfig {
    serde_json::from_value(serde_json::json!({
        "apiVersion": VERSIONS[0],
        "command": "sh",
        "args": ["-c", script, "--client-secret=SECRET-ARG"],
        "env": [{"name": "CLIENT_SECRET", "value": "SECRET-ENV"}],
        "interactiveMode": "Never",
        "installHint": "install it from example.com",
    }))
    .unwrap()
}

async fn tried(script: &str) -> Result<Login, Failed> {
    Plugin::new(exec(script), None)?.login().await
}

async fn refused(script: &str) -> Failed {
    tried(script).await.err().expect("it logged in")
}

#[tokio::test]
async fn a_token_is_taken_with_its_end() {
    let login = tried(&format!("echo '{ANSWER}'")).await.unwrap();
    assert_eq!(login.token.as_deref(), Some("t0ken-very-secret"));
    assert_eq!(login.until, "2026-01-02T03:04:05Z".parse().ok());
}

#[tokio::test]
async fn it_is_told_what_is_asked_and_by_whom() {
    let script = format!(
        "case \"$KUBERNETES_EXEC_INFO$CLIENT_SECRET\" in *'\"interactive\":false'*SECRET-ENV) echo '{ANSWER}';; *) exit 9;; esac"
    );
    assert!(tried(&script).await.is_ok());
}

#[tokio::test]
async fn a_client_certificate_is_taken_as_the_client_wants_it() {
    let answer = ANSWER.replace(
        r#""token":"t0ken-very-secret""#,
        r#""clientCertificateData":"PEM","clientKeyData":"KEY""#,
    );
    let login = tried(&format!("echo '{answer}'")).await.unwrap();
    assert!(login.token.is_none());
    assert_eq!(login.certificate, Some(("UEVN".into(), "S0VZ".into())));
}

#[tokio::test]
async fn yaml_is_taken_for_json() {
    let yaml = "kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1\nstatus:\n  token: abc\n";
    let login = tried(&format!("printf '{yaml}'")).await.unwrap();
    assert_eq!(login.token.as_deref(), Some("abc"));
}

#[tokio::test]
async fn a_plugin_that_fails_is_told_without_its_secrets() {
    let lines = "WARNING: a new version is available";
    let cases = [
        (
            format!("echo '{lines}'; echo '{ANSWER}'"),
            "is no ExecCredential",
        ),
        (
            format!("echo '{ANSWER}'; echo '{lines}'"),
            "is no ExecCredential",
        ),
        (format!("echo '{}'", &ANSWER[..100]), "is no ExecCredential"),
        (format!("echo '{ANSWER}'; exit 1"), "exit status: 1"),
        ("exit 0".to_owned(), "it is empty"),
        (
            format!("echo '{}'", ANSWER.replace("token", "tolkien")),
            "neither a token",
        ),
        (
            format!("echo '{}'", ANSWER.replace("/v1", "/v1beta1")),
            "must answer in the version",
        ),
        (
            format!("echo '{}'", ANSWER.replace("05Z", "")),
            "`expirationTimestamp` is no time",
        ),
        (
            "echo \"The SSO session has expired: $CLIENT_SECRET. Run aws sso login\" >&2; exit 255"
                .to_owned(),
            "Run aws sso login",
        ),
    ];
    for (script, part) in cases {
        let failed = refused(&script).await;
        assert_eq!(failed.kind, FailureKind::NoCredentials);
        let text = format!("{failed} {failed:?}");
        assert!(
            text.contains(part) && text.contains("the plugin sh"),
            "{text}"
        );
        for secret in ["t0ken", "SECRET-ARG", "SECRET-ENV"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn a_missing_program_is_named_with_how_to_install_it() {
    let mut missing = exec("");
    missing.command = Some("no-such-plugin".into());
    let failed = Plugin::new(missing, None).unwrap().login().await;
    let failed = failed.err().unwrap();
    assert_eq!(failed.kind, FailureKind::Invalid);
    let text = failed.to_string();
    for part in [
        "no-such-plugin",
        "no such program",
        "install it from example.com",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_version_that_nobody_speaks_is_refused() {
    let mut old = exec("");
    old.api_version = Some("client.authentication.k8s.io/v1alpha1".into());
    let failed = Plugin::new(old, None).unwrap_err();
    assert!(failed.to_string().contains("v1alpha1"), "{failed}");
}
