//! Whether an answer is an object of Kubernetes at all: `{}`, from a proxy or from something that is no
//! API server, would read as a list of nothing, or as an object without a name.

use http::{Method, Request};
use serde::Deserialize;

/// What every object and every list says of itself (Kubernetes API conventions, types).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
}

/// Whether the answer to this request must be an object: all are, but for logs and what is asked about
/// the server itself.
pub(super) fn must_be_object<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    let objects = path.starts_with("/api/") || path.starts_with("/apis/");
    objects && !path.ends_with("/log") && request.method() != Method::OPTIONS
}

/// Whether a body is an object.
pub(super) fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<Typed>(body)
        .is_ok_and(|typed| !typed.kind.is_empty() && !typed.api_version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_says_nothing_is_no_object() {
        for body in [
            "",
            "{}",
            "null",
            "[]",
            "{\"items\":[]}",
            "{\"kind\":\"Pod\"}",
            "<html>",
        ] {
            assert!(!is_object(body.as_bytes()), "{body}");
        }
        assert!(is_object(
            br#"{"kind":"PodList","apiVersion":"v1","items":[]}"#
        ));
    }

    #[test]
    fn logs_are_text() {
        let asked = |path: &str| must_be_object(&Request::get(path).body(()).unwrap());
        assert!(asked("/api/v1/namespaces/n/pods?limit=1"));
        assert!(!asked("/api/v1/namespaces/n/pods/p/log?tailLines=5"));
        assert!(!asked("/version"));
    }
}
