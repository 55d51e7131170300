//! Where text leaves the program: two bounded queues, each with a writer of its own.
//!
//! Nobody in the program ever waits for a reader. What is written goes into a queue; a thread takes
//! it from there to standard output or standard error, and only that thread waits where the reader
//! stalls. Texts leave in the order in which they were written, also across the two streams, as
//! long as neither is stuck. Once more waits than a reader may be behind by, text is cut and
//! counted: whoever ends the program learns of it from [`Outlet::loss`].

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::{Clock, after};

/// So many bytes may wait for a reader.
const MOST: usize = 64 * 1024 * 1024;

/// With so many bytes waiting, what only shows that time goes on is left out.
const BEHIND: usize = 64 * 1024;

/// Written at once, so that a reader who is slow is seen to read.
const PIECE: usize = 8 * 1024;

/// A stream that took nothing for so long holds up the other one no longer.
const STUCK: Duration = Duration::from_millis(200);

/// Between two tries where a stream that does not block is full.
const AGAIN: Duration = Duration::from_millis(10);

/// One of the two streams. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outlet {
    shared: Arc<Shared>,
    lane: usize,
}

/// Why not all that was written has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The reader left, which is its right.
    Gone,
    /// It could not be written: the disk is full.
    Failed(String),
    /// The reader takes nothing; so many bytes were left.
    Stalled(u64),
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    moved: Notify,
}

struct State {
    lanes: [Lane; 2],
    /// How many texts there have been.
    texts: u64,
}

struct Lane {
    /// Until the first text comes, and the thread with it.
    stream: Option<Box<dyn Write + Send>>,
    queue: VecDeque<(u64, Vec<u8>)>,
    /// The number of the text that is being written.
    busy: Option<u64>,
    waiting: usize,
    written: u64,
    cut: u64,
    stuck: bool,
    given_up: bool,
    end: Option<Loss>,
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet")
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

impl Lane {
    fn new(stream: Box<dyn Write + Send>) -> Self {
        Self {
            stream: Some(stream),
            queue: VecDeque::new(),
            busy: None,
            waiting: 0,
            written: 0,
            cut: 0,
            stuck: false,
            given_up: false,
            end: None,
        }
    }

    fn oldest(&self) -> Option<u64> {
        self.busy.or_else(|| Some(self.queue.front()?.0))
    }

    /// Nothing more is to be waited for.
    fn is_done(&self) -> bool {
        self.waiting == 0 || self.end.is_some() || self.given_up
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.changed.notify_all();
        self.moved.notify_waiters();
    }

    /// The next text of a lane, once what was written before it to the other one has left.
    fn next(&self, lane: usize) -> Vec<u8> {
        let other = 1 - lane;
        let mut state = self.state();
        loop {
            let Some(number) = state.lanes[lane].queue.front().map(|(number, _)| *number) else {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let ahead = &state.lanes[other];
            let comes_first = ahead.oldest().is_some_and(|oldest| oldest < number);
            if !comes_first || ahead.stuck || ahead.end.is_some() {
                let (number, text) = state.lanes[lane].queue.pop_front().unwrap_or_default();
                state.lanes[lane].busy = Some(number);
                return text;
            }
            let written = ahead.written;
            let (locked, waited) = self
                .changed
                .wait_timeout(state, STUCK)
                .unwrap_or_else(PoisonError::into_inner);
            state = locked;
            if waited.timed_out() && state.lanes[other].written == written {
                state.lanes[other].stuck = true;
            }
        }
    }

    /// Takes texts from a lane to its stream, until that fails.
    fn carry(&self, lane: usize, mut stream: Box<dyn Write + Send>) {
        loop {
            let text = self.next(lane);
            for piece in text.chunks(PIECE) {
                let put = put(&mut stream, piece);
                let mut state = self.state();
                let here = &mut state.lanes[lane];
                if let Err(error) = put {
                    here.end = Some(match error.kind() {
                        ErrorKind::BrokenPipe => Loss::Gone,
                        _ => Loss::Failed(error.to_string()),
                    });
                    here.queue.clear();
                    drop(state);
                    self.tell();
                    return;
                }
                here.waiting = here.waiting.saturating_sub(piece.len());
                here.written += piece.len() as u64;
                here.stuck = false;
                drop(state);
                self.tell();
            }
            self.state().lanes[lane].busy = None;
            self.tell();
        }
    }
}

/// Writes all of a piece; waits where the stream is full.
fn put(stream: &mut impl Write, mut piece: &[u8]) -> io::Result<()> {
    let patiently = |done: io::Result<usize>| match done {
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            std::thread::park_timeout(AGAIN);
            Ok(0)
        }
        Ok(0) => Err(ErrorKind::WriteZero.into()),
        other => other,
    };
    while !piece.is_empty() {
        let done = patiently(stream.write(piece))?;
        piece = &piece[done..];
    }
    while patiently(stream.flush().map(|()| 1))? == 0 {}
    Ok(())
}

impl Outlet {
    /// Both streams: what was asked for, and the story.
    pub(crate) fn pair(
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
    ) -> (Self, Self) {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                lanes: [Lane::new(Box::new(out)), Lane::new(Box::new(err))],
                texts: 0,
            }),
            changed: Condvar::new(),
            moved: Notify::new(),
        });
        let on = |lane| Self {
            shared: Arc::clone(&shared),
            lane,
        };
        (on(0), on(1))
    }

    /// Whether so much waits for the reader that what only shows that time goes on is left out.
    pub(crate) fn is_behind(&self) -> bool {
        self.shared.state().lanes[self.lane].waiting > BEHIND
    }

    /// Why not all of it has arrived; `None`: it has.
    pub(crate) fn loss(&self) -> Option<Loss> {
        let state = self.shared.state();
        let lane = &state.lanes[self.lane];
        let left = lane.cut + lane.waiting as u64;
        lane.end
            .clone()
            .or_else(|| (left > 0).then_some(Loss::Stalled(left)))
    }

    /// Waits until both streams have taken all, or neither has taken anything for `patience`; then
    /// what is left is given up.
    pub(crate) async fn drain(&self, clock: Clock, patience: Duration) {
        loop {
            let moved = self.shared.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.is_drained() {
                return;
            }
            tokio::select! {
                () = moved => {}
                () = clock.sleep_until(after(clock.now(), patience)) => break,
            }
        }
        self.give_up();
    }

    /// The same where nothing else is to be done meanwhile.
    pub(crate) fn settle(&self, patience: Duration) {
        let mut state = self.shared.state();
        while !state.lanes.iter().all(Lane::is_done) {
            let (locked, waited) = self
                .shared
                .changed
                .wait_timeout(state, patience)
                .unwrap_or_else(PoisonError::into_inner);
            state = locked;
            if waited.timed_out() {
                drop(state);
                return self.give_up();
            }
        }
    }

    fn is_drained(&self) -> bool {
        self.shared.state().lanes.iter().all(Lane::is_done)
    }

    /// Waits no longer for what has not left yet.
    pub(crate) fn give_up(&self) {
        for lane in &mut self.shared.state().lanes {
            lane.given_up = !lane.is_done() || lane.given_up;
        }
    }

    fn push(&self, text: &[u8]) -> io::Result<()> {
        let mut state = self.shared.state();
        let State { lanes, texts } = &mut *state;
        let lane = &mut lanes[self.lane];
        match &lane.end {
            None => {}
            Some(Loss::Failed(why)) => return Err(io::Error::other(why.clone())),
            Some(_) => return Err(ErrorKind::BrokenPipe.into()),
        }
        if lane.cut > 0 || lane.waiting + text.len() > MOST {
            lane.cut += text.len() as u64;
            return Ok(());
        }
        lane.waiting += text.len();
        match lane.queue.back_mut() {
            // Nothing went to the other stream meanwhile.
            Some((number, last)) if *number == *texts => last.extend_from_slice(text),
            _ => {
                *texts += 1;
                lane.queue.push_back((*texts, text.to_vec()));
            }
        }
        let begins = lane.stream.take();
        drop(state);
        if let Some(stream) = begins {
            self.begin(stream)?;
        }
        self.shared.tell();
        Ok(())
    }

    fn begin(&self, stream: Box<dyn Write + Send>) -> io::Result<()> {
        let (shared, lane) = (Arc::clone(&self.shared), self.lane);
        let begun = std::thread::Builder::new().spawn(move || shared.carry(lane, stream));
        if let Err(error) = begun {
            self.shared.state().lanes[self.lane].end = Some(Loss::Failed(error.to_string()));
            return Err(error);
        }
        Ok(())
    }
}

impl Write for Outlet {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.push(text).map(|()| text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream for what may be left out while its reader is behind: the log of `-v`.
#[derive(Debug, Clone)]
pub(crate) struct Lossy(pub(crate) Outlet);

impl Write for Lossy {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.0.is_behind() {
            return Ok(text.len());
        }
        self.0.write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
