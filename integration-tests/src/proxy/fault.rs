//! What can go wrong on the way, as data.

use std::ops::RangeInclusive;

use bytes::Bytes;
use http::{Response, StatusCode, header};

use super::call::{Asked, Protocol};

/// A fault that strikes some calls of an operation.
#[derive(Debug, Clone)]
pub struct Fault {
    operation: String,
    calls: RangeInclusive<usize>,
    seen: usize,
    kind: Kind,
    sleeps_until: Option<String>,
}

/// What happens to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Refused: too many requests.
    Throttle,
    /// Refused: the caller may not.
    Deny,
    /// Refused: the session token has expired.
    Expire,
    /// The service fails, and does not say whether it did anything.
    ServerError,
    /// An answer that is not AWS's: a page of HTML, as servers send that lack an operation.
    NotAws,
    /// The connection is cut before the server sees the request.
    Refuse,
    /// The server performs the request, and its answer is lost.
    LoseReply,
}

impl Fault {
    /// A fault for the calls of `operation` whose number is in `calls`, counted from 1 among those that no earlier fault
    /// struck.
    pub fn new(kind: Kind, operation: &str, calls: RangeInclusive<usize>) -> Self {
        Self {
            operation: operation.to_owned(),
            calls,
            seen: 0,
            kind,
            sleeps_until: None,
        }
    }

    /// A fault for every call of `operation`.
    pub fn always(kind: Kind, operation: &str) -> Self {
        Self::new(kind, operation, 1..=usize::MAX)
    }

    /// The same fault, which sleeps until `operation` is called: what a program reads before its write then passes.
    #[must_use]
    pub fn after(mut self, operation: &str) -> Self {
        self.sleeps_until = Some(operation.to_owned());
        self
    }

    /// Wakes up, if this is the operation that it waits for.
    pub(super) fn hears_of(&mut self, operation: &str) {
        self.sleeps_until
            .take_if(|awaited| awaited.as_str() == operation);
    }

    /// Counts a call, and tells what happens to it.
    pub(super) fn strikes(&mut self, operation: &str) -> Option<Kind> {
        if self.operation != operation || self.sleeps_until.is_some() {
            return None;
        }
        self.seen += 1;
        self.calls.contains(&self.seen).then_some(self.kind)
    }
}

impl Kind {
    /// The answer to give instead of the server's; nothing where the connection is cut.
    pub(super) fn answer(self, asked: &Asked) -> Option<Response<Bytes>> {
        let denied;
        let (status, code, message) = match self {
            Self::Throttle => (400, "ThrottlingException", "Rate exceeded"),
            Self::Deny => {
                denied = format!(
                    "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {}:{}",
                    asked.service, asked.operation
                );
                (400, "AccessDeniedException", denied.as_str())
            }
            Self::Expire => (
                400,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
            Self::ServerError => (
                500,
                "ServerException",
                "Service Unavailable. Please try again later.",
            ),
            Self::NotAws => {
                return response(
                    404,
                    "text/html",
                    "<!doctype html><title>404 Not Found</title>".into(),
                );
            }
            Self::Refuse | Self::LoseReply => return None,
        };
        match asked.protocol {
            Protocol::Json => {
                let body = serde_json::json!({"__type": code, "message": message});
                response(status, "application/x-amz-json-1.1", body.to_string())
            }
            Protocol::Query => {
                let body = format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                     <RequestId>0</RequestId></ErrorResponse>"
                );
                response(status, "text/xml", body)
            }
        }
    }
}

fn response(status: u16, kind: &str, body: String) -> Option<Response<Bytes>> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, kind.parse().ok()?);
    Some(response)
}
