//! One request as the proxy's log has it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use serde_json::Value;

/// A request and how it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The service it was signed for: `ecs`, `application-autoscaling`, `sts`, …
    pub service: String,
    /// The operation: `UpdateService`.
    pub operation: String,
    /// The input, where the protocol is JSON; otherwise the body as a string.
    pub input: Value,
    /// When it arrived, counted from the start of the proxy.
    pub at: Duration,
    /// From its arrival to its answer; zero while it is under way.
    pub took: Duration,
    /// The status of the answer; nothing while it is under way, and where the connection was cut.
    pub status: Option<u16>,
}

impl Call {
    pub(super) fn new(asked: Asked, at: Duration) -> Self {
        let Asked {
            service,
            operation,
            input,
            ..
        } = asked;
        Self {
            service,
            operation,
            input,
            at,
            took: Duration::ZERO,
            status: None,
        }
    }

    /// Whether it could change something. Whatever does not begin like a read counts as a write.
    pub fn is_write(&self) -> bool {
        let reads = ["Describe", "List", "Get", "Filter"];
        !reads
            .iter()
            .any(|prefix| self.operation.starts_with(prefix))
    }
}

/// In which form a service wants its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// AWS JSON 1.0 and 1.1.
    Json,
    /// AWS Query: a form is asked, XML is answered.
    Query,
}

/// What a request says about itself.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) protocol: Protocol,
    pub(super) input: Value,
}

impl Asked {
    pub(super) fn read(request: &Request<Bytes>) -> Self {
        let text = String::from_utf8_lossy(request.body()).into_owned();
        let target =
            header(request.headers(), "x-amz-target").and_then(|target| target.rsplit('.').next());
        let action = || {
            text.split('&')
                .find_map(|pair| pair.strip_prefix("Action="))
        };
        let (operation, protocol) = match (target, action()) {
            (Some(target), _) => (target.to_owned(), Protocol::Json),
            (None, Some(action)) => (action.to_owned(), Protocol::Query),
            (None, None) => (
                format!("{} {}", request.method(), request.uri().path()),
                Protocol::Json,
            ),
        };
        let service = signed_for(request.headers()).unwrap_or_default();
        let input = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            service,
            operation,
            protocol,
            input,
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The service in `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn signed_for(headers: &HeaderMap) -> Option<String> {
    let scope = header(headers, "authorization")?
        .split("Credential=")
        .nth(1)?;
    scope.split('/').nth(3).map(str::to_owned)
}
