//! How much of an answer is read: a server without end must not fill the memory of whoever asks it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The most of one answer of an API, in MiB; also the longest line of a stream.
pub(crate) const ANSWER: u64 = 16;

/// The most of a log that is read at once, in MiB.
pub(crate) const LOG: u64 = 128;

/// An answer that was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} is larger than {mebibytes} MiB, so the rest of it was not read")]
pub(crate) struct TooLarge {
    what: &'static str,
    mebibytes: u64,
}

/// A body that is read no further than it may be.
#[derive(Debug)]
pub(crate) struct Bounded<B> {
    body: Pin<Box<B>>,
    told: TooLarge,
    streams: bool,
    read: u64,
}

impl<B> Bounded<B> {
    /// A body of at most so many MiB.
    pub(crate) fn whole(body: B, mebibytes: u64) -> Self {
        let what = "the answer";
        Self::new(body, TooLarge { what, mebibytes }, false)
    }

    /// A body without an end that is told line by line, none of which is longer than an answer may be.
    pub(crate) fn stream(body: B) -> Self {
        let told = TooLarge {
            what: "a line of the answer",
            mebibytes: ANSWER,
        };
        Self::new(body, told, true)
    }

    fn new(body: B, told: TooLarge, streams: bool) -> Self {
        Self {
            body: Box::pin(body),
            told,
            streams,
            read: 0,
        }
    }

    /// Whether there is too much with these bytes.
    fn exceeds(&mut self, data: &Bytes) -> bool {
        let line = self.streams.then(|| data.iter().rposition(|b| *b == b'\n'));
        let (before, new) = match line.flatten() {
            Some(end) => (0, data.len() - end - 1),
            None => (self.read, data.len()),
        };
        self.read = before.saturating_add(u64::try_from(new).unwrap_or(u64::MAX));
        self.read > self.most()
    }

    fn most(&self) -> u64 {
        self.told.mebibytes << 20
    }
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        // What is announced as too large is not waited for.
        if !this.streams && this.body.size_hint().lower() > this.most() {
            return Poll::Ready(Some(Err(this.told.into())));
        }
        this.body.as_mut().poll_frame(context).map(|frame| {
            frame.map(|frame| {
                let frame = frame.map_err(Into::into)?;
                let too_large = frame.data_ref().is_some_and(|data| this.exceeds(data));
                if too_large {
                    Err(this.told.into())
                } else {
                    Ok(frame)
                }
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body without an end, of lines so long, that counts the bytes it gives.
#[cfg(test)]
pub(crate) mod endless {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Body, Bytes, Frame};

    /// What one poll gives.
    const CHUNK: usize = 64 * 1024;

    /// The body; `given` counts.
    pub(crate) fn body(
        given: Arc<AtomicU64>,
        lines: bool,
    ) -> impl Body<Data = Bytes, Error = Infallible> + Send + Sync + 'static {
        let mut chunk = vec![b'x'; CHUNK];
        if lines {
            chunk[CHUNK / 2] = b'\n';
        }
        let chunk = Bytes::from(chunk);
        let stream = futures::stream::repeat_with(move || {
            given.fetch_add(CHUNK as u64, Ordering::Relaxed);
            Ok(Frame::data(chunk.clone()))
        });
        http_body_util::StreamBody::new(stream)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test]
    async fn a_body_without_an_end_is_read_up_to_its_limit() {
        let given = Arc::new(AtomicU64::new(0));
        let body = Bounded::whole(endless::body(Arc::clone(&given), true), ANSWER);
        let error = body.collect().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the answer is larger than 16 MiB, so the rest of it was not read"
        );
        assert!(given.load(Ordering::Relaxed) <= (ANSWER + 1) << 20);
    }

    #[tokio::test]
    async fn a_stream_may_go_on_but_none_of_its_lines() {
        let given = Arc::new(AtomicU64::new(0));
        let mut lines = Bounded::stream(endless::body(Arc::clone(&given), true));
        while given.load(Ordering::Relaxed) < 3 * (ANSWER << 20) {
            lines.frame().await.unwrap().unwrap();
        }
        let given = Arc::new(AtomicU64::new(0));
        let line = Bounded::stream(endless::body(Arc::clone(&given), false));
        let error = line.collect().await.unwrap_err();
        assert!(error.to_string().starts_with("a line of the answer"));
        assert!(given.load(Ordering::Relaxed) <= (ANSWER + 1) << 20);
    }

    #[tokio::test]
    async fn what_is_small_enough_comes_whole_and_what_says_that_it_is_not_is_not_begun() {
        let most = usize::try_from(ANSWER << 20).unwrap();
        let body = Full::new(Bytes::from(vec![b'x'; most]));
        let whole = Bounded::whole(body, ANSWER).collect().await.unwrap();
        assert_eq!(whole.to_bytes().len(), most);
        let mut body = Full::new(Bytes::from(vec![b'x'; most + 1]));
        let refused = Bounded::whole(&mut body, ANSWER).collect().await;
        assert!(refused.is_err());
        assert!(!body.is_end_stream(), "nothing of it was taken");
    }
}
