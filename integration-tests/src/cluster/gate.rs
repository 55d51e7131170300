//! A gate before an API server: it writes every request down, delays it, and lets happen to it what can happen on a way.
//!
//! It speaks plain HTTP to the program and TLS to the server. Who asks is told by the token that passes through, or it is
//! the administrator, whoever comes. Answers stream, so that a watch stays a watch.

mod answer;
mod passed;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use self::answer::{Counted, refused};
pub use self::passed::{Mishap, Passed};
use super::api;
use super::{Cluster, User};
use crate::host::{self, Since};
use crate::trial::{Outcome, fail};

/// A gate that is open until it is dropped.
#[derive(Debug)]
pub struct Gate {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Says for a request what happens to it. It may count.
type Rule = Box<dyn FnMut(&Passed) -> Option<Mishap> + Send>;

struct State {
    since: Since,
    inner: Mutex<Inner>,
    cut: watch::Sender<()>,
}

#[derive(Default)]
struct Inner {
    passed: Vec<Passed>,
    delay: Duration,
    rule: Option<Rule>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} passed", self.lock().passed.len())
    }
}

impl Gate {
    /// Opens a gate before a cluster's API server. The token of whoever asks passes through.
    pub fn before(cluster: &Cluster) -> Outcome<Self> {
        Self::open(&cluster.kubeconfig_with("nobody", &json!({}))?)
    }

    /// Opens a gate through which everybody comes as the administrator.
    pub fn for_all(cluster: &Cluster) -> Outcome<Self> {
        Self::open(cluster.kubeconfig())
    }

    fn open(way: &Path) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let client = runtime.block_on(api::client(way))?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            since: Since::now(),
            inner: Mutex::default(),
            cut: watch::Sender::new(()),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, client, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            url,
            state,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// A kubeconfig by which a user goes through the gate.
    pub fn kubeconfig(&self, user: &User) -> Outcome<PathBuf> {
        let text = std::fs::read_to_string(&user.kubeconfig)?;
        let mut config: serde_json::Value = serde_json::from_str(&text)?;
        config["clusters"][0]["cluster"] = json!({"server": self.url});
        let path = user.kubeconfig.with_extension("gate");
        std::fs::write(&path, config.to_string())?;
        Ok(path)
    }

    /// Writes a kubeconfig that leads through the gate as nobody in particular.
    pub fn write_kubeconfig(&self, path: &Path, namespace: &str) -> Outcome {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "gate",
            "clusters": [{"name": "gate", "cluster": {"server": self.url}}],
            "users": [{"name": "gate", "user": {}}],
            "contexts": [{"name": "gate", "context": {"cluster": "gate", "user": "gate", "namespace": namespace}}],
        });
        Ok(std::fs::write(path, config.to_string())?)
    }

    /// Holds each request back this long from now on, as a far-away region does.
    pub fn delay(&self, delay: Duration) {
        self.state.lock().delay = delay;
    }

    /// From now on this decides what happens to each request.
    pub fn rule(&self, rule: impl FnMut(&Passed) -> Option<Mishap> + Send + 'static) {
        self.state.lock().rule = Some(Box::new(rule));
    }

    /// From now on nothing happens to requests any more.
    pub fn heal(&self) {
        self.state.lock().rule = None;
    }

    /// Cuts every connection that there is, watches with them.
    pub fn cut(&self) {
        self.state.cut.send_replace(());
    }

    /// Every request so far, in the order of arrival.
    pub fn passed(&self) -> Vec<Passed> {
        self.state.lock().passed.clone()
    }

    /// Time since the gate was opened: what [`Passed::at`] counts in.
    pub fn elapsed(&self) -> Duration {
        self.state.since.elapsed()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.state.lock().passed.clear();
    }

    /// Waits until a request came that `is` chooses.
    pub fn awaits(&self, within: Duration, is: impl Fn(&Passed) -> bool) -> Outcome {
        host::poll(within, || self.passed().iter().any(&is).then_some(())).ok_or_else(|| {
            fail(format_args!(
                "the awaited request never came: {:#?}",
                self.passed()
            ))
        })
    }
}

impl Drop for Gate {
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

    fn arrives(&self, request: &Request<Bytes>) -> (usize, Option<Mishap>, Duration) {
        let agent = request.headers().get("user-agent");
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let mut inner = self.lock();
        let mut passed = Passed {
            at: self.since.elapsed(),
            took: Duration::ZERO,
            agent: agent.unwrap_or_default().to_owned(),
            method: request.method().to_string(),
            uri: request.uri().to_string(),
            status: None,
            mishap: None,
            served: None,
            bytes: (request.body().len(), 0),
        };
        let mishap = inner.rule.as_mut().and_then(|rule| rule(&passed));
        passed.mishap = mishap;
        inner.passed.push(passed);
        (inner.passed.len() - 1, mishap, inner.delay)
    }

    /// How much of an answer has passed.
    fn passed_of(&self, index: usize) -> usize {
        self.lock()
            .passed
            .get(index)
            .map_or(0, |passed| passed.bytes.1)
    }

    /// Writes down what became of a request. `forget` may have come between.
    fn note(&self, index: usize, write: impl FnOnce(&mut Passed, Duration)) {
        let now = self.since.elapsed();
        if let Some(passed) = self.lock().passed.get_mut(index) {
            write(passed, now);
        }
    }
}

async fn accept(listener: TcpListener, client: Client, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, client.clone(), Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, client: Client, state: Arc<State>) {
    let mut cut = state.cut.subscribe();
    let answer = service_fn(move |request| pass(client.clone(), Arc::clone(&state), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    // One that ends early is the client's affair, or was asked for.
    tokio::select! {
        ended = connection => drop(ended),
        _ = cut.changed() => {}
    }
}

/// Ends the connection without an answer.
type Cut = std::io::Error;

fn cut() -> Cut {
    std::io::Error::other("cut off on purpose")
}

async fn pass(
    client: Client,
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Counted>, Cut> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| cut())?.to_bytes();
    let request = Request::from_parts(parts, body);
    let (index, mishap, delay) = state.arrives(&request);
    host::hold(delay).await;
    let ask = async || {
        let answer = send(&client, &request).await?;
        let served = answer.status().as_u16();
        state.note(index, |passed, _| passed.served = Some(served));
        Ok::<_, Cut>(answer)
    };
    let answer = match mishap {
        Some(Mishap::Unreached) => return Err(cut()),
        Some(Mishap::Refused(status)) => refused(status),
        None | Some(Mishap::CutShort) => ask().await?,
        Some(Mishap::Repeated) => {
            drop(ask().await);
            ask().await?
        }
        Some(Mishap::LostReply) => {
            drop(ask().await);
            return Err(cut());
        }
        Some(Mishap::NoReply) => {
            drop(ask().await);
            std::future::pending().await
        }
    };
    state.note(index, |passed, now| {
        passed.status = Some(answer.status().as_u16());
        passed.took = now.saturating_sub(passed.at);
    });
    let breaks = mishap == Some(Mishap::CutShort);
    Ok(answer.map(|body| Counted {
        body,
        state,
        index,
        breaks,
    }))
}

/// Asks the server; what belongs to one connection does not go over to the other.
async fn send(
    client: &Client,
    request: &Request<Bytes>,
) -> Result<Response<kube::client::Body>, Cut> {
    let mut parts = request.clone().into_parts().0;
    connection_headers(&mut parts.headers);
    parts.headers.remove(header::HOST);
    let body = kube::client::Body::from(request.body().to_vec());
    let mut answer = client
        .send(Request::from_parts(parts, body))
        .await
        .map_err(|_| cut())?;
    connection_headers(answer.headers_mut());
    Ok(answer)
}

fn connection_headers(headers: &mut HeaderMap) {
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ] {
        headers.remove(name);
    }
}
