//! Gives every attempt a token that is fresh. It lies beneath the patience with reads, so that an
//! attempt which waited has no stale one, and over everything else, so that watches have it too.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use kube::client::Body;
use tower::{BoxError, Service, ServiceExt as _};

use super::token::Tokens;
use super::trouble::Trouble;

/// Sends requests with tokens.
#[derive(Debug, Clone)]
pub(super) struct Authorized<S> {
    below: S,
    tokens: Arc<Tokens>,
}

impl<S> Authorized<S> {
    pub(super) fn new(below: S, tokens: Arc<Tokens>) -> Self {
        Self { below, tokens }
    }
}

impl<S> Service<Request<Body>> for Authorized<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = BoxError>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (below, tokens) = (self.below.clone(), Arc::clone(&self.tokens));
        Box::pin(send(below, tokens, request))
    }
}

/// A refused token proves that nothing was performed: the same request is sent once more, with a
/// new one. Where that is refused too, it is not the token that is wrong.
async fn send<S>(
    below: S,
    tokens: Arc<Tokens>,
    mut request: Request<Body>,
) -> Result<Response<Body>, BoxError>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = BoxError> + Clone,
{
    let again = copy(&request);
    let header = tokens
        .header()
        .await
        .map_err(|error| Trouble::credentials(&error))?;
    request.headers_mut().insert(AUTHORIZATION, header.clone());
    let answer = below.clone().oneshot(request).await?;
    if answer.status() != StatusCode::UNAUTHORIZED {
        return Ok(answer);
    }
    tokens.refused(&header).await;
    let Some(mut request) = again else {
        return Ok(answer);
    };
    let header = tokens
        .header()
        .await
        .map_err(|error| Trouble::credentials(&error))?;
    request.headers_mut().insert(AUTHORIZATION, header);
    let answer = below.oneshot(request).await?;
    match tokens.unknown() {
        Some(trouble) if answer.status() == StatusCode::UNAUTHORIZED => Err(trouble.into()),
        _ => Ok(answer),
    }
}

/// The same request once more; `None`: its body is a stream.
pub(super) fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let body = request.body().try_clone()?;
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}
