//! Patience with reads, none with writes: a read is tried again when the server is busy, down or
//! gone for a moment; a write is sent once, and whoever sent it reads again what came of it.
//!
//! Every call but a stream has its time. A server that is frozen holds connections open for ever.

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::header::{DATE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tower::{BoxError, Service, ServiceExt as _};

use super::asked::Asked;
use super::authorized::copy;
use super::tls;
use super::token::Tokens;
use super::trouble::Trouble;
use super::warnings::Warnings;
use super::whole;
use crate::clock::Clock;
use crate::platform::aws::ServerTime;
use crate::platform::bounded::{self, Bounded, TooLarge};
use crate::platform::causes::{links, never_connected, words};

/// Who asks, in the audit logs of the cluster.
const AGENT: HeaderValue = HeaderValue::from_static(crate::platform::AGENT);

/// How often a read is tried before its failure is told.
const ATTEMPTS: u32 = 5;

/// The first wait between two attempts; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// No attempt begins so long after the first one.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long one attempt of a read may take: less than all the patience, since a connection that
/// broke unnoticed is replaced by the next attempt.
const READ: Duration = Duration::from_secs(10);

/// How long a write may take: the server gives each admission webhook up to 30 seconds (Kubernetes
/// documentation, dynamic admission control, timeouts).
const WRITE: Duration = Duration::from_secs(40);

/// What is known of the way to the server.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// The server's URL.
    pub(super) server: String,
    /// Why no connection may come about.
    pub(super) hint: Option<String>,
}

/// What the headers of all answers tell.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    /// How far the server's clock is from ours.
    pub(super) time: ServerTime,
    /// What it warns of.
    pub(super) warnings: Warnings,
}

/// Sends requests with patience.
#[derive(Debug, Clone)]
pub(super) struct Patient<S> {
    below: S,
    route: Arc<Route>,
    clock: Clock,
    heard: Heard,
    /// The tokens that every attempt needs, where it needs any.
    tokens: Option<Arc<Tokens>>,
}

impl<S> Patient<S> {
    pub(super) fn new(below: S, route: Route, clock: Clock, heard: Heard) -> Self {
        Self {
            below,
            route: Arc::new(route),
            clock,
            heard,
            tokens: None,
        }
    }

    /// Has a token ready before an attempt and outside of its time: a person may be asked for it.
    pub(super) fn renewing(mut self, tokens: Arc<Tokens>) -> Self {
        self.tokens = Some(tokens);
        self
    }
}

impl<S> Service<Request<Body>> for Patient<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = BoxError>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response<Bounded<Body>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Bounded<Body>>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let patient = self.clone();
        Box::pin(async move { patient.send(request).await })
    }
}

impl<S> Patient<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = BoxError> + Clone,
{
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Bounded<Body>>, BoxError> {
        let begun = self.clock.now();
        request.headers_mut().insert(USER_AGENT, AGENT);
        let is_read = request.method() == Method::GET;
        for attempt in 1.. {
            let again = if is_read { copy(&request) } else { None };
            let answer = self.once(request).await;
            let (Some(next), true) = (again, attempt < ATTEMPTS) else {
                return answer;
            };
            let Some(wait) = pause(&answer, attempt) else {
                return answer;
            };
            if self.clock.since(begun) + wait > PATIENCE {
                return answer;
            }
            self.clock.sleep_until(self.clock.now() + wait).await;
            request = next;
        }
        self.once(request).await
    }

    /// One attempt, in its time.
    async fn once(&self, request: Request<Body>) -> Result<Response<Bounded<Body>>, BoxError> {
        if let Some(tokens) = &self.tokens {
            let ready = tokens.header().await;
            ready.map_err(|error| Trouble::credentials(&error))?;
        }
        let streams = is_stream(&request);
        let objects = whole::must_be_object(&request);
        let limit = limit(&request);
        let most = most(&request);
        let asked = Asked::of(&request);
        let begun = self.clock.now();
        let attempt = async {
            let answer = self.below.clone().oneshot(request).await?;
            if streams {
                return Ok(answer.map(Bounded::stream));
            }
            // With the time of the answer: one that is cut may be asked for again.
            let (parts, body) = answer.into_parts();
            let body = Bounded::whole(body, most).collect().await?;
            let bytes = body.to_bytes();
            asked.exchange().answered(&bytes);
            if parts.status.is_success() && objects && !whole::is_object(&bytes) {
                return Err(Trouble::Hollow.into());
            }
            let body = Bounded::whole(Body::from(bytes.to_vec()), most);
            Ok(Response::from_parts(parts, body))
        };
        let answer = match tokio::time::timeout(limit, attempt).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::Silence(limit.as_secs()).into()),
        };
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        asked.exchange().ended(self.clock.since(begun), status);
        if let Ok(answer) = &answer {
            let date = answer
                .headers()
                .get(DATE)
                .and_then(|date| date.to_str().ok());
            if let Some(date) = date {
                self.heard.time.note(date);
            }
            self.heard.warnings.note(answer.headers());
        }
        answer.map_err(|error| self.explain(error))
    }

    /// Adds what may be the reason where no connection was made.
    fn explain(&self, error: BoxError) -> BoxError {
        if !links(error.as_ref()).any(never_connected) {
            return error;
        }
        let Route { server, hint } = &*self.route;
        let mut text = format!("no connection to {server}: {}", words(error.as_ref()));
        if let Some(advice) = tls::advice(error.as_ref()) {
            text = format!("{text}. {advice}");
        } else if let Some(hint) = hint {
            text = format!("{text}. {hint}");
        }
        Trouble::NoWay(text).into()
    }
}

fn limit(request: &Request<Body>) -> Duration {
    if request.method() == Method::GET {
        READ
    } else {
        WRITE
    }
}

/// How many MiB an answer may have.
fn most(request: &Request<Body>) -> u64 {
    if request.uri().path().ends_with("/log") {
        bounded::LOG
    } else {
        bounded::ANSWER
    }
}

/// Whether the answer has no end that we wait for.
fn is_stream(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query
        .split('&')
        .any(|pair| matches!(pair, "watch=true" | "watch=1" | "follow=true" | "follow=1"))
}

/// How long to wait before a read is tried again; `None`: its answer stands.
fn pause(answer: &Result<Response<Bounded<Body>>, BoxError>, attempt: u32) -> Option<Duration> {
    let backoff = FIRST_WAIT * 2_u32.saturating_pow(attempt - 1);
    // Half of it at least, so that many clients do not come back at once.
    let share = u32::try_from(RandomState::new().hash_one(attempt) % 512).unwrap_or(0);
    let backoff = backoff * (512 + share) / 1_024;
    match answer {
        Ok(answer) => {
            let busy = matches!(
                answer.status(),
                StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::INTERNAL_SERVER_ERROR
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            );
            let asked = answer.headers().get(RETRY_AFTER);
            let asked = asked.and_then(|after| after.to_str().ok()?.parse().ok());
            let asked = asked.map_or(Duration::ZERO, Duration::from_secs);
            busy.then(|| backoff.max(asked))
        }
        Err(error) => {
            let trouble = links(error.as_ref()).find_map(|link| link.downcast_ref::<Trouble>());
            let hopeless = matches!(
                trouble,
                Some(Trouble::Credentials { .. } | Trouble::Unknown)
            );
            // It would be no smaller the next time.
            let large = links(error.as_ref()).any(<dyn Error>::is::<TooLarge>);
            (!hopeless && !large).then_some(backoff)
        }
    }
}
