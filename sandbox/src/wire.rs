//! The wire: a request as bytes comes in, the world's answer as bytes goes out, in the protocol that
//! the client speaks. Faults strike here.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api::{self, ApiError};
use super::faults::{self, Effect};
use super::world::World;

mod json;
mod query;
mod rest;
mod skew;

/// A request, whatever brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// The body of a request: text wherever it can be, so that a journal of requests can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Body {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes(error.into_bytes()),
        }
    }
}

impl Body {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// An access key that is an account's number stands for that account.
fn account_number(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Request {
    /// The request as it may be written down: without credentials and signatures, and with the
    /// account it concerns in the place of the access key.
    pub(crate) fn kept(&self, account: Option<&str>) -> Self {
        let headers = self.headers.iter().filter_map(|(name, value)| {
            let value = match name.as_str() {
                "authorization" => self.credential(account)?,
                "x-amz-target" | "x-amz-date" => value.clone(),
                _ => return None,
            };
            Some((name.clone(), value))
        });
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: headers.collect(),
            body: self.body.clone(),
        }
    }

    /// The credential scope, with the account or nothing before it.
    fn credential(&self, account: Option<&str>) -> Option<String> {
        let (_, rest) = self.header("authorization")?.split_once("Credential=")?;
        let (key, scope) = rest.split(',').next()?.split_once('/')?;
        let own = Some(key).filter(|key| account_number(key));
        let account = account.or(own).unwrap_or_default();
        Some(format!("Credential={account}/{scope}"))
    }

    /// The account that a [kept](Self::kept) request names.
    fn account(&self) -> Option<&str> {
        let (_, rest) = self.header("authorization")?.split_once("Credential=")?;
        rest.split('/')
            .next()
            .filter(|account| account_number(account))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(is, _)| is == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Region and service, from the credential scope of the signature.
    fn scope(&self) -> Option<(&str, &str)> {
        let (_, rest) = self.header("authorization")?.split_once("Credential=")?;
        let mut parts = rest.split(',').next()?.split('/').skip(2);
        Some((parts.next()?, parts.next()?))
    }
}

/// A reply, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What the client gets to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A reply, after a delay.
    Reply(Reply, Duration),
    /// The connection breaks.
    Broken,
    /// Nobody listens.
    Refused,
}

/// A request in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The service, as signatures name it (`ecs`, `sts`, `elasticloadbalancing`, …).
    pub service: String,
    /// The operation, as AWS writes it; empty when it could not be told.
    pub operation: String,
    /// When, on the sandbox's clock.
    pub at: jiff::Timestamp,
    /// The HTTP status; `None` when the client got no reply.
    pub status: Option<u16>,
    /// Whether the world performed it.
    pub performed: bool,
}

/// The protocol of a call: how to read it and how to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
    Rest,
}

/// A request, understood.
#[derive(Debug)]
struct Call {
    protocol: Protocol,
    service: String,
    operation: String,
    input: Result<Value, ApiError>,
}

/// Answers a request at the world's present time.
pub(crate) fn handle(world: &mut World, request: &Request) -> (Outcome, LoggedRequest) {
    world.requests += 1;
    let region = request.scope().map(|(region, _)| region);
    let world = world.realm(request.account(), region);
    let call = understand(request);
    let elapsed = world.now - world.started;
    let effect = faults::strike(&mut world.faults, &call.service, &call.operation, elapsed);
    let refused = effect
        .as_ref()
        .and_then(|effect| refusal(world, &call, effect, request));
    let performed = refused.is_none();
    let id = world.rng.uuid();
    let reply = match refused {
        Some(Refusal::Reply(reply)) => Some(reply),
        Some(Refusal::Error(error)) => Some(call.failed(&error, &id)),
        Some(Refusal::Silence) => None,
        None => Some(call.perform(world, &id)),
    };
    let skew = if let Some(Effect::ClockSkew { ms }) = effect {
        ms
    } else {
        0
    };
    let outcome = match (reply, &effect) {
        (Some(_), Some(Effect::LoseReply)) => Outcome::Broken,
        (Some(_), Some(Effect::ServerErrorAfter)) => {
            Outcome::Reply(call.failed(&internal(&call), &id), Duration::ZERO)
        }
        (Some(reply), Some(Effect::Delay { ms })) => {
            Outcome::Reply(reply, Duration::from_millis(*ms))
        }
        (Some(reply), _) => Outcome::Reply(reply, Duration::ZERO),
        (None, Some(Effect::Refuse)) => Outcome::Refused,
        (None, _) => Outcome::Broken,
    };
    let outcome = skew::dated(outcome, world.now.saturating_add(skew));
    let status = if let Outcome::Reply(reply, _) = &outcome {
        Some(reply.status)
    } else {
        None
    };
    let at = world.now();
    let logged = LoggedRequest {
        service: call.service,
        operation: call.operation,
        at,
        status,
        performed,
    };
    (outcome, logged)
}

/// How a fault keeps a request from being performed.
enum Refusal {
    Error(ApiError),
    Reply(Reply),
    Silence,
}

fn refusal(world: &World, call: &Call, effect: &Effect, request: &Request) -> Option<Refusal> {
    let forbidden = match call.protocol {
        Protocol::Json => 400,
        Protocol::Query | Protocol::Rest => 403,
    };
    let pick = |in_json: &str, in_query: &str| match call.protocol {
        Protocol::Json | Protocol::Rest => in_json.to_owned(),
        Protocol::Query => in_query.to_owned(),
    };
    let error = |status, code: String, message: &str| {
        Some(Refusal::Error(ApiError {
            status,
            code,
            message: message.to_owned(),
        }))
    };
    match effect {
        Effect::Throttle => error(
            if call.protocol == Protocol::Rest {
                429
            } else {
                400
            },
            pick("ThrottlingException", "Throttling"),
            "Rate exceeded",
        ),
        Effect::ServerError => Some(Refusal::Error(internal(call))),
        Effect::AccessDenied => {
            let mut denied = api::access_denied(world, &call.service, &call.operation);
            denied.code = pick("AccessDeniedException", "AccessDenied");
            denied.status = forbidden;
            Some(Refusal::Error(denied))
        }
        Effect::ExpiredToken => error(
            forbidden,
            pick("ExpiredTokenException", "ExpiredToken"),
            "The security token included in the request is expired",
        ),
        Effect::UnknownOperation => Some(Refusal::Error(ApiError::unknown(&call.operation))),
        Effect::Html { status } => Some(Refusal::Reply(Reply {
            status: *status,
            headers: vec![("content-type", "text/html".to_owned())],
            body: b"<!doctype html><title>Error</title><h1>Error</h1>".to_vec(),
        })),
        Effect::ClockSkew { ms } => {
            let late = skew::refuses(request.header("x-amz-date"), world.now.saturating_add(*ms));
            late.map(Refusal::Error)
        }
        Effect::DropRequest | Effect::Refuse => Some(Refusal::Silence),
        Effect::LoseReply | Effect::ServerErrorAfter | Effect::Delay { .. } => None,
    }
}

fn internal(call: &Call) -> ApiError {
    let code = match (call.protocol, call.service.as_str()) {
        (Protocol::Query, _) => "InternalFailure",
        (_, "application-autoscaling") => "InternalServiceException",
        (_, "logs") => "ServiceUnavailableException",
        _ => "ServerException",
    };
    let message = "Service Unavailable. Please try again later.".to_owned();
    ApiError {
        status: 500,
        code: code.to_owned(),
        message,
    }
}

impl Call {
    fn perform(&self, world: &mut World, id: &str) -> Reply {
        let answer = match &self.input {
            Ok(input) => api::perform(world, &self.service, &self.operation, input),
            Err(error) => Err(error.clone()),
        };
        match answer {
            Ok(members) => {
                world.request_performed(&self.operation);
                self.succeeded(&members, id)
            }
            Err(error) => self.failed(&error, id),
        }
    }

    fn succeeded(&self, members: &Value, id: &str) -> Reply {
        match self.protocol {
            Protocol::Json => json::success(members, id),
            Protocol::Rest => rest::success(members, id),
            Protocol::Query => query::success(&self.service, &self.operation, members, id),
        }
    }

    fn failed(&self, error: &ApiError, id: &str) -> Reply {
        match self.protocol {
            Protocol::Json => json::failure(error, id),
            Protocol::Rest => rest::failure(error, id),
            Protocol::Query => query::failure(&self.service, error, id),
        }
    }
}

/// Finds out what a request asks for: the operation from `X-Amz-Target`, the path or the form's
/// `Action`, the service from the signature's scope or else from those.
fn understand(request: &Request) -> Call {
    let scope = request.scope().map(|(_, service)| service.to_owned());
    if let Some(target) = request.header("x-amz-target") {
        let (prefix, operation) = target.split_once('.').unwrap_or(("", target));
        return Call {
            protocol: Protocol::Json,
            service: json::service(prefix)
                .map(str::to_owned)
                .or(scope)
                .unwrap_or_default(),
            operation: operation.to_owned(),
            input: json::parse(request.body.bytes()),
        };
    }
    if scope
        .as_deref()
        .map_or(rest::speaks(request), |scope| scope == "eks")
    {
        let (operation, input) = rest::understand(request);
        return Call {
            protocol: Protocol::Rest,
            service: "eks".to_owned(),
            operation,
            input: Ok(input),
        };
    }
    let form = query::form(request);
    let operation = form
        .iter()
        .find(|(name, _)| name == "Action")
        .map(|(_, value)| value.clone());
    let operation = operation.unwrap_or_default();
    Call {
        protocol: Protocol::Query,
        service: scope.unwrap_or_else(|| query::service(&form).to_owned()),
        operation,
        input: Ok(query::parameters(&form)),
    }
}
