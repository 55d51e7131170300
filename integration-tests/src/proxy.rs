//! A proxy on loopback between an AWS client and a server: it logs each request on its way, and delays, refuses or
//! loses it where it was told to.
//!
//! The log is the proof that nothing was written, or that it was written once. Each test has a proxy of its own, so
//! that tests share a server without sharing a log.

mod call;
mod fault;
mod memory;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use self::call::Asked;
pub use self::call::Call;
pub use self::fault::{Fault, Kind};
use self::memory::{Memory, Starters};
use crate::host::{self, Since};
use crate::http::{authority, send};
use crate::trial::Outcome;

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    upstream: String,
    since: Since,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Call>,
    delay: Duration,
    faults: Vec<Fault>,
    like_aws: Option<Starters>,
    remembered: Option<Memory>,
}

impl Proxy {
    /// Starts a proxy before the server at `upstream` (`http://127.0.0.1:PORT`).
    pub fn before(upstream: &str) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address: SocketAddr = listener.local_addr()?;
        let state = Arc::new(State {
            upstream: authority(upstream).to_owned(),
            since: Since::now(),
            inner: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            url: format!("http://{address}"),
            state,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Adds this much to each answer from now on, as a far-away region does.
    pub fn delay(&self, delay: Duration) {
        self.state.lock().delay = delay;
    }

    /// From now on answers as AWS does, where ministack is known not to: a failed deployment leaves the list of
    /// `DescribeServices` once it has no tasks left and the one that replaced it is complete (ministack keeps it for
    /// ever), and a task of `DescribeTasks` was started by its deployment (ministack says: by its service).
    pub fn like_aws(&self) {
        self.state.lock().like_aws = Some(Starters::default());
    }

    /// From now on puts back into the answers of `DescribeServices` what the server was asked for and forgot. (moto does
    /// not keep a deployment configuration, nor what belongs to it.)
    pub fn remember(&self) {
        self.state.lock().remembered = Some(Memory::default());
    }

    /// Adds a fault. Where several match a call, the one that was added first decides.
    pub fn inject(&self, fault: Fault) {
        self.state.lock().faults.push(fault);
    }

    /// Removes every fault.
    pub fn heal(&self) {
        self.state.lock().faults.clear();
    }

    /// Every request so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().calls.clone()
    }

    /// The requests of one operation so far.
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.operation == operation);
        calls
    }

    /// The requests so far that could change something, as `operation` names.
    pub fn writes(&self) -> Vec<String> {
        let calls = self.calls();
        calls
            .iter()
            .filter(|call| call.is_write())
            .map(|call| call.operation.clone())
            .collect()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.state.lock().calls.clear();
    }

    /// Time since the proxy was started: what [`Call::at`] counts in.
    pub fn elapsed(&self) -> Duration {
        self.state.since.elapsed()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the request down, and finds out what is to happen to it.
    fn arrives(&self, asked: Asked) -> (usize, Option<Kind>, Duration) {
        let mut inner = self.lock();
        let operation = asked.operation.clone();
        for fault in &mut inner.faults {
            fault.hears_of(&operation);
        }
        let kind = inner
            .faults
            .iter_mut()
            .find_map(|fault| fault.strikes(&operation));
        inner.calls.push(Call::new(asked, self.since.elapsed()));
        (inner.calls.len() - 1, kind, inner.delay)
    }

    /// The answer as AWS would give it, in the points where a server is known to differ.
    fn better(&self, asked: &Asked, body: Bytes) -> Bytes {
        let mut inner = self.lock();
        let Inner {
            like_aws,
            remembered,
            ..
        } = &mut *inner;
        if let Some(memory) = remembered {
            memory.learn(&asked.operation, &asked.input);
        }
        rewritten(asked, body, |object| match asked.operation.as_str() {
            "DescribeServices" => {
                if let Some(starters) = like_aws {
                    starters.learn(object);
                    drain(object);
                }
                if let Some(memory) = remembered {
                    memory.fill(object);
                }
            }
            _ => {
                if let Some(starters) = like_aws {
                    starters.fill(object);
                }
            }
        })
    }

    /// Writes down how a request ended. `forget` may have come between.
    fn ends(&self, index: usize, status: Option<StatusCode>) {
        let now = self.since.elapsed();
        if let Some(call) = self.lock().calls.get_mut(index) {
            call.status = status.map(|status| status.as_u16());
            call.took = now.saturating_sub(call.at);
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let answer = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { pass(&state, request).await.ok_or(Cut) }
    });
    // A connection that ends early is the client's affair, or a fault that was asked for.
    drop(
        http1::Builder::new()
            .serve_connection(TokioIo::new(stream), answer)
            .await,
    );
}

/// Ends the connection without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("cut off on purpose")
    }
}

impl std::error::Error for Cut {}

/// Brings one request to the server and its answer back; nothing means that the connection is cut.
async fn pass(state: &State, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, body.collect().await.ok()?.to_bytes());
    let asked = Asked::read(&request);
    let (index, kind, delay) = state.arrives(asked.clone());
    host::hold(delay).await;
    let answer = match kind {
        None => send(&state.upstream, request).await.ok(),
        Some(Kind::LoseReply) => {
            drop(send(&state.upstream, request).await);
            None
        }
        Some(kind) => kind.answer(&asked),
    };
    state.ends(index, answer.as_ref().map(Response::status));
    answer.map(|answer| answer.map(|body| Full::new(state.better(&asked, body))))
}

/// The answer of `DescribeServices` or `DescribeTasks` with each service or task passed through `edit`; any other answer
/// as it is.
fn rewritten(asked: &Asked, body: Bytes, edit: impl FnMut(&mut Value)) -> Bytes {
    let list = match asked.operation.as_str() {
        "DescribeServices" => "services",
        "DescribeTasks" => "tasks",
        _ => return body,
    };
    let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else {
        return body;
    };
    let Some(objects) = answer.get_mut(list).and_then(Value::as_array_mut) else {
        return body;
    };
    objects.iter_mut().for_each(edit);
    Bytes::from(answer.to_string())
}

/// Leaves out the failed deployments that AWS would no longer show.
fn drain(service: &mut Value) {
    let Some(deployments) = service["deployments"].as_array_mut() else {
        return;
    };
    let settled = |one: &Value| one["status"] == "PRIMARY" && one["rolloutState"] == "COMPLETED";
    if deployments.iter().any(settled) {
        deployments.retain(|one| {
            one["rolloutState"] != "FAILED" || one["runningCount"].as_i64() > Some(0)
        });
    }
}
