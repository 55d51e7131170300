//! What a gate answers: a refusal of its own, or the server's answer, counted while it passes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Response, StatusCode, header};
use hyper::body::{Body, Frame, SizeHint};
use serde_json::json;

use super::{Cut, State, cut};

/// A refusal in the words of an API server.
pub(super) fn refused(status: u16) -> Response<kube::client::Body> {
    let reason = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": reason, "code": status});
    let mut answer = Response::new(kube::client::Body::from(body.to_string().into_bytes()));
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status == 429 {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    answer
}

/// The body of an answer, counted while it passes.
pub(super) struct Counted {
    pub(super) body: kube::client::Body,
    pub(super) state: Arc<State>,
    pub(super) index: usize,
    /// It breaks off once something has passed.
    pub(super) breaks: bool,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.breaks && self.state.passed_of(self.index) > 0 {
            return Poll::Ready(Some(Err(cut())));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let length = frame.data_ref().map_or(0, Bytes::len);
            self.state
                .note(self.index, |passed, _| passed.bytes.1 += length);
        }
        polled.map_err(|_| cut())
    }

    fn is_end_stream(&self) -> bool {
        !self.breaks && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
