//! From an error of the Kubernetes client to the kind of failure that decides what happens next,
//! with the whole of what the server said.

use std::error::Error;

use kube::core::Status;

use crate::platform::causes::{links, never_connected, words};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::connect::trouble::Trouble;

/// A request failed: `operation` says what was tried, "apply Deployment api".
pub(crate) fn failed(operation: impl Into<String>, error: &kube::Error) -> Failed {
    match error {
        kube::Error::Api(status) => {
            let code = Some(status.reason.as_str()).filter(|reason| is_word(reason));
            Failed::new(operation, kind_of(status), words_of(status)).with_code(code)
        }
        other => Failed::new(operation, kind_beneath(other), words(other)),
    }
}

/// Whether the object is not there, which is often an answer and no failure.
pub(crate) fn is_missing(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if kind_of(status) == FailureKind::Missing)
}

/// The kind of what the server refused or failed to do (Kubernetes API conventions, HTTP status
/// codes, and the reasons of a `Status`).
fn kind_of(status: &Status) -> FailureKind {
    match status.code {
        401 => FailureKind::Rejected,
        403 => of_forbidden(&status.message),
        404 => of_not_found(status),
        405 | 406 | 415 => FailureKind::Unsupported,
        408 => FailureKind::Lost,
        409 => FailureKind::Conflict,
        429 => FailureKind::Throttled,
        500.. => FailureKind::Server,
        _ => FailureKind::Invalid,
    }
}

/// The server says `Forbidden` for three different things, and only its words tell them apart: a
/// quota, an authorizer that denied, and an admission that did.
fn of_forbidden(message: &str) -> FailureKind {
    if message.contains("exceeded quota") {
        FailureKind::Quota
    } else if message.contains(" is forbidden: ") && !message.contains(" cannot ") {
        FailureKind::Invalid
    } else {
        FailureKind::Denied
    }
}

/// An object that is missing is named in the details; a path that the server does not have is not.
fn of_not_found(status: &Status) -> FailureKind {
    let named = status
        .details
        .as_ref()
        .is_some_and(|details| !details.name.is_empty());
    if named {
        FailureKind::Missing
    } else {
        FailureKind::Unsupported
    }
}

fn words_of(status: &Status) -> String {
    let message = status.message.trim();
    if message.is_empty() || message.starts_with('<') {
        return format!("no proper Kubernetes answer (HTTP {})", status.code);
    }
    message.to_owned()
}

/// A reason is one word, such as `AlreadyExists`; the client puts a sentence there when the answer
/// was no `Status`.
fn is_word(reason: &str) -> bool {
    !reason.is_empty() && !reason.contains(' ')
}

fn kind_beneath(error: &kube::Error) -> FailureKind {
    if let Some(trouble) = links(error).find_map(<dyn Error>::downcast_ref::<Trouble>) {
        return trouble.kind();
    }
    match error {
        kube::Error::Auth(_) => FailureKind::NoCredentials,
        kube::Error::BuildRequest(_)
        | kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => FailureKind::Invalid,
        other if links(other).any(never_connected) => FailureKind::Unreachable,
        // A broken connection, or an answer that was cut: the request may have been performed.
        _ => FailureKind::Lost,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::response::{Status, StatusDetails};

    use super::*;

    fn refused(code: u16, reason: &str, message: &str, named: Option<&str>) -> kube::Error {
        let status = Status::failure(message, reason).with_code(code);
        let status = match named {
            Some(name) => status.with_details(StatusDetails {
                name: name.into(),
                group: String::new(),
                kind: "deployments".into(),
                uid: String::new(),
                causes: Vec::new(),
                retry_after_seconds: 0,
            }),
            None => status,
        };
        kube::Error::Api(status.boxed())
    }

    #[test]
    fn each_answer_has_its_kind() {
        let rbac = r#"deployments.apps "api" is forbidden: User "alice" cannot patch resource "deployments" in API group "apps" in the namespace "production""#;
        let quota = r#"pods "api" is forbidden: exceeded quota: small, requested: cpu=1, used: cpu=2, limited: cpu=2"#;
        let admission = r#"pods "api" is forbidden: violates PodSecurity "restricted:latest""#;
        let table = [
            (
                refused(401, "Unauthorized", "Unauthorized", None),
                FailureKind::Rejected,
            ),
            (
                refused(403, "Forbidden", rbac, Some("api")),
                FailureKind::Denied,
            ),
            (
                refused(403, "Forbidden", quota, Some("api")),
                FailureKind::Quota,
            ),
            (
                refused(403, "Forbidden", admission, Some("api")),
                FailureKind::Invalid,
            ),
            (
                refused(403, "Failed to parse error data", "blocked", None),
                FailureKind::Denied,
            ),
            (
                refused(404, "NotFound", "not found", Some("api")),
                FailureKind::Missing,
            ),
            (
                refused(
                    404,
                    "Failed to parse error data",
                    "404 page not found",
                    None,
                ),
                FailureKind::Unsupported,
            ),
            (
                refused(409, "AlreadyExists", "exists", Some("api")),
                FailureKind::Conflict,
            ),
            (
                refused(422, "Invalid", "spec.replicas: -1", Some("api")),
                FailureKind::Invalid,
            ),
            (
                refused(429, "TooManyRequests", "later", None),
                FailureKind::Throttled,
            ),
            (
                refused(500, "InternalError", "etcd", None),
                FailureKind::Server,
            ),
            (refused(504, "Timeout", "slow", None), FailureKind::Server),
        ];
        for (error, kind) in table {
            assert_eq!(failed("try", &error).kind, kind, "{error}");
        }
    }

    #[test]
    fn a_page_that_is_no_answer_is_not_shown() {
        let error = refused(
            502,
            "Failed to parse error data",
            "<html>bad gateway</html>",
            None,
        );
        let failed = failed("read Deployment api", &error);
        assert_eq!(
            failed.to_string(),
            "could not read Deployment api: no proper Kubernetes answer (HTTP 502)"
        );
    }

    #[test]
    fn a_cut_answer_may_have_been_performed() {
        let error = serde_json::from_str::<u8>("{").unwrap_err();
        let error = kube::Error::SerdeError(error);
        assert_eq!(failed("apply", &error).kind, FailureKind::Lost);
    }
}
