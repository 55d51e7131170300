//! The sandbox on a loopback port, for people and for other people's clients.

use std::future::Future;
use std::pin::pin;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::wire::{Outcome, Reply, Request};
use super::{Sandbox, SandboxError};

/// No request of these protocols comes near this size (a task definition has 64 KB).
const LARGEST_BODY: usize = 1 << 20;

/// The connection is closed without a reply.
#[derive(Debug, thiserror::Error)]
#[error("the connection is broken by a fault")]
struct Broken;

/// Answers requests until `stop` is ready; requests that are being answered then are finished.
pub(super) async fn serve(
    sandbox: Sandbox,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), SandboxError> {
    let address = listener.local_addr().map_err(SandboxError::Listen)?;
    if !address.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(address));
    }
    let mut connections = JoinSet::new();
    let (halt, halted) = tokio::sync::watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => {
                let (stream, _) = accepted.map_err(SandboxError::Listen)?;
                connections.spawn(connection(sandbox.clone(), stream, halted.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    // Nobody may be left to hear it, when no connection is open.
    let _ = halt.send(true);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn connection(
    sandbox: Sandbox,
    stream: TcpStream,
    mut halted: tokio::sync::watch::Receiver<bool>,
) {
    let service = service_fn(move |request| answer(sandbox.clone(), request));
    let http = hyper::server::conn::http1::Builder::new();
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A client that goes away, or a fault that broke the line, ends only this connection.
        _ = served.as_mut() => return,
        _ = halted.wait_for(|halted| *halted) => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

async fn answer(
    sandbox: Sandbox,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return Ok(plain(413, "The request is too large or was cut off."));
    };
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = Request {
        method: head.method.to_string(),
        path: head
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: body.to_bytes().to_vec().into(),
    };
    match sandbox.handle(&request).await {
        Ok(Outcome::Reply(reply, delay)) => {
            super::pause(delay).await;
            Ok(respond(reply))
        }
        Ok(Outcome::Broken | Outcome::Refused) => Err(Broken),
        Err(error) => Ok(plain(500, &error.to_string())),
    }
}

fn respond(reply: Reply) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let response = response.body(Full::new(Bytes::from(reply.body)));
    response.unwrap_or_else(|_| plain(500, "The reply could not be written."))
}

fn plain(status: u16, text: &str) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(Bytes::from(text.to_owned())));
    if let Ok(status) = hyper::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    response
}
