//! One HTTP exchange with a server on loopback, with the whole body at hand.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::trial::{Outcome, fail};

/// Longer than any answer of a test server, a synchronous stop of a container that ignores TERM included.
const PATIENCE: Duration = Duration::from_mins(1);

/// The `host:port` of `http://host:port[/…]`.
pub fn authority(url: &str) -> &str {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.split('/').next().unwrap_or(rest)
}

/// The body that an address answers with; anything but success is a failure.
pub fn get(url: &str) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let path = url
        .strip_prefix("http://")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    let request = Request::get(path.unwrap_or("/")).body(Bytes::new())?;
    let answer = runtime.block_on(send(authority(url), request))?;
    if answer.status().is_success() {
        Ok(String::from_utf8_lossy(answer.body()).into_owned())
    } else {
        Err(fail(format_args!("{url}: {}", answer.status())))
    }
}

/// Sends one request over a connection of its own.
pub async fn send(authority: &str, request: Request<Bytes>) -> Outcome<Response<Bytes>> {
    tokio::time::timeout(PATIENCE, exchange(authority, request))
        .await
        .map_err(|_| fail(format_args!("no answer from {authority} in {PATIENCE:?}")))?
}

async fn exchange(authority: &str, request: Request<Bytes>) -> Outcome<Response<Bytes>> {
    let stream = TcpStream::connect(authority).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(header::TRANSFER_ENCODING);
    parts
        .headers
        .insert(header::HOST, HeaderValue::from_str(authority)?);
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let answer = sender
        .send_request(Request::from_parts(parts, Full::new(body)))
        .await?;
    let (mut parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    driver.abort();
    parts.headers.remove(header::TRANSFER_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, body))
}
