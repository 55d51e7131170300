//! What `-v` shows of the requests to a platform: a line for each attempt, and with `-vv` what was sent
//! and what was answered.
//!
//! A body is shown without what is or may be a secret: the values of Secrets, environment values whose
//! names or looks promise one, and whatever has the shape of one. The lines of logs are left out.

use std::time::Duration;

use serde_json::Value;

use crate::plan::MASK;
use crate::spec;

/// A body is shown up to so many bytes.
const SHOWN: usize = 16 * 1024;

/// The operations whose answers are lines of logs: each may be part of a secret that is longer.
const LOGS: [&str; 2] = ["FilterLogEvents", "GetLogEvents"];

/// One attempt of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange<'a> {
    /// Who was asked: `ECS`, `Kubernetes`.
    pub(crate) service: &'a str,
    /// For what: `DescribeServices`, `GET /api/v1/…`.
    pub(crate) operation: &'a str,
}

/// Whether the bodies will be shown, so that nobody keeps them in vain.
pub(crate) fn shows_bodies() -> bool {
    tracing::enabled!(tracing::Level::DEBUG)
}

impl Exchange<'_> {
    /// How the attempt ended, and after how long; no status: there was no answer.
    pub(crate) fn ended(self, took: Duration, status: Option<u16>) {
        let Self { service, operation } = self;
        let took = took.as_millis();
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        tracing::info!("{service} {operation}: {status}, {took} ms");
    }

    /// What was sent.
    pub(crate) fn sent(self, body: &[u8]) {
        self.body("sent", body);
    }

    /// What was answered.
    pub(crate) fn answered(self, body: &[u8]) {
        self.body("answered", body);
    }

    fn body(self, what: &str, body: &[u8]) {
        if body.is_empty() || !shows_bodies() {
            return;
        }
        let Self { service, operation } = self;
        if LOGS.contains(&operation) && what == "answered" {
            tracing::debug!(
                "{service} {operation}, {what}: {} bytes of logs",
                body.len()
            );
        } else {
            tracing::debug!("{service} {operation}, {what}: {}", shown(body));
        }
    }
}

/// A body as it may be shown. What is no JSON is not looked into: it may be anything.
fn shown(body: &[u8]) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return format!("{} bytes that are no JSON", body.len());
    };
    hide(&mut value);
    let text = value.to_string();
    if text.len() <= SHOWN {
        return text;
    }
    let end = text.floor_char_boundary(SHOWN);
    format!("{} … and {} bytes more", &text[..end], text.len() - end)
}

fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => {
            let name = fields.get("name").and_then(Value::as_str);
            let name = name.map(str::to_owned);
            for (key, field) in fields {
                match (key.as_str(), field) {
                    // Of a Secret: in base64, and as it is.
                    ("data" | "stringData", Value::Object(entries)) => {
                        entries.values_mut().for_each(|entry| *entry = MASK.into());
                    }
                    // The object as somebody applied it last, as a text.
                    ("kubectl.kubernetes.io/last-applied-configuration", text) => {
                        *text = MASK.into();
                    }
                    (key, Value::String(text)) => {
                        let variable = name.as_deref().filter(|_| key == "value");
                        let secret = match variable {
                            Some(name) => spec::may_be_secret(name, text),
                            None => matches!(key, "token" | "password") || is_secret(text),
                        };
                        if secret {
                            MASK.clone_into(text);
                        }
                    }
                    (_, field) => hide(field),
                }
            }
        }
        Value::String(text) if is_secret(text) => MASK.clone_into(text),
        _ => {}
    }
}

/// Whether a text has the shape of a secret. A long and random one is none: ids are, too.
fn is_secret(text: &str) -> bool {
    !spec::known_secrets(text).is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_shown_without_its_secrets() {
        let body = json!({
            "containerDefinitions": [{
                "environment": [
                    { "name": "DB_PASSWORD", "value": "hunter2" },
                    { "name": "MODE", "value": "production" },
                ],
                "command": ["run", "postgres://shop:hunter2@db/shop"],
            }],
            "nextToken": "page-2",
            "data": { "a": "aHVudGVyMg==" },
            "status": { "token": "hunter2" },
            "metadata": { "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"a\":\"hunter2\"}}",
            }},
        });
        let shown = shown(body.to_string().as_bytes());
        for secret in ["hunter2", "aHVudGVyMg"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        for told in ["production", "DB_PASSWORD", "page-2", "run"] {
            assert!(shown.contains(told), "{shown}");
        }
    }

    #[test]
    fn what_is_long_or_no_json_is_cut_or_counted() {
        assert_eq!(shown(b"Action=x&Secret=y"), "17 bytes that are no JSON");
        let long = json!(["ä".repeat(SHOWN)]).to_string();
        let shown = shown(long.as_bytes());
        assert!(shown.len() < SHOWN + 64, "{}", shown.len());
        assert!(shown.ends_with("bytes more"), "{shown}");
    }
}
