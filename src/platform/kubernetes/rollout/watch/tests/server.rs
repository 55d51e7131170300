//! Just enough of an API server's transport to break: lists, streaming lists and watches of
//! whatever objects a test puts there, and every way in which they fail.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{FutureExt, StreamExt};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use kube::client::Body;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::platform::aws::ServerTime;
use crate::platform::kubernetes::connect::Link;
use crate::platform::kubernetes::connect::warnings::Warnings;
use crate::platform::kubernetes::rollout::standing::tests::at;
use crate::platform::kubernetes::rollout::watch::WatchPlace;
use crate::spec::WorkloadKind;

/// What the server does with requests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::kubernetes) enum Mood {
    /// As it should.
    #[default]
    Well,
    /// Streaming lists are invalid requests.
    NoStreaming,
    /// Streaming lists are taken for plain watches.
    Old,
    /// Each request fails.
    Away,
    /// No request is answered.
    Silent,
}

#[derive(Debug, Default)]
struct State {
    mood: Mood,
    version: u64,
    objects: BTreeMap<&'static str, BTreeMap<String, Value>>,
    feeds: Vec<(&'static str, UnboundedSender<Bytes>)>,
    asked: Vec<String>,
    denied: BTreeSet<(&'static str, bool)>,
    /// Versions before this one are gone.
    oldest: u64,
    logs: BTreeMap<String, String>,
}

/// The server.
#[derive(Debug, Clone, Default)]
pub(in crate::platform::kubernetes) struct Server(Arc<Mutex<State>>);

type Chunks = UnboundedReceiver<Bytes>;
type Sent = UnsyncBoxBody<Bytes, Infallible>;

enum Answer {
    Json(StatusCode, Value),
    Text(String),
    Stream(Chunks),
    Broken,
    Never,
}

impl Server {
    /// A connection to it, by a clock that tokio's timer drives.
    pub(in crate::platform::kubernetes) fn place(&self) -> WatchPlace {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let answer = server.answer(request.uri());
            async move { respond(answer).await }.boxed()
        });
        WatchPlace {
            link: Link {
                unverified: false,
                eks: None,
                client: kube::Client::new(service, "production"),
                cluster: "test".into(),
                time: ServerTime::new(Clock::driven_from(at(0))),
                warnings: Warnings::default(),
            },
            namespace: "production".into(),
            own: WorkloadKind::default().named("api"),
            labels: "app=api".into(),
            clock: Clock::driven_from(at(0)),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(in crate::platform::kubernetes) fn mood(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// Ends every watch that is open.
    pub(in crate::platform::kubernetes) fn hang_up(&self) {
        self.state().feeds.clear();
    }

    /// Forgets what happened until now.
    pub(in crate::platform::kubernetes) fn compact(&self) {
        let mut state = self.state();
        state.oldest = state.version + 1;
        state.version += 1;
    }

    /// Refuses to list, or to watch, a kind; with `deployment`, to read one by its name.
    pub(in crate::platform::kubernetes) fn deny(&self, kind: &'static str, watching: bool) {
        self.state().denied.insert((kind, watching));
    }

    /// The requests so far.
    pub(in crate::platform::kubernetes) fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// Says what a container wrote.
    pub(in crate::platform::kubernetes) fn wrote(&self, path: &str, text: &str) {
        self.state().logs.insert(path.to_owned(), text.to_owned());
    }

    /// An object comes or changes; `told`: whether the watches bring it.
    pub(in crate::platform::kubernetes) fn put(
        &self,
        kind: &'static str,
        mut object: Value,
        told: bool,
    ) {
        let mut state = self.state();
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        let uid = object["metadata"]["uid"].as_str().unwrap().to_owned();
        let before = state
            .objects
            .entry(kind)
            .or_default()
            .insert(uid, object.clone());
        let word = if before.is_some() {
            "MODIFIED"
        } else {
            "ADDED"
        };
        if told {
            state.tell(kind, word, &object);
        }
    }

    /// An object goes.
    pub(in crate::platform::kubernetes) fn delete(
        &self,
        kind: &'static str,
        uid: &str,
        told: bool,
    ) {
        let mut state = self.state();
        state.version += 1;
        let gone = state.objects.entry(kind).or_default().remove(uid);
        let mut gone = gone.unwrap();
        gone["metadata"]["resourceVersion"] = json!(state.version.to_string());
        if told {
            state.tell(kind, "DELETED", &gone);
        }
    }

    fn answer(&self, uri: &Uri) -> Answer {
        let mut state = self.state();
        let query = uri.query().unwrap_or_default().to_owned();
        state.asked.push(format!("{} {query}", uri.path()));
        match state.mood {
            Mood::Away => return Answer::Broken,
            Mood::Silent => return Answer::Never,
            _ => {}
        }
        if uri.path().ends_with("/log") {
            let before = query.contains("previous=true");
            let path = format!("{}{}", uri.path(), if before { "?previous" } else { "" });
            let text = state.logs.get(&path).cloned();
            return text.map_or_else(|| status(400, "no such run of the container"), Answer::Text);
        }
        if let Some((_, name)) = uri.path().split_once("/deployments/") {
            return state.alone(name);
        }
        let kinds = ["deployments", "replicasets", "pods", "events", "secrets"];
        let kind = kinds
            .into_iter()
            .find(|kind| uri.path().ends_with(kind))
            .unwrap();
        let watching = query.contains("watch=true");
        if state.denied.contains(&(kind, watching)) {
            return status(
                403,
                &format!("{kind} is forbidden: User \"x\" cannot watch resource"),
            );
        }
        if watching {
            state.watch(kind, &query)
        } else {
            let items: Vec<&Value> = state
                .objects
                .get(kind)
                .into_iter()
                .flat_map(BTreeMap::values)
                .collect();
            let list =
                json!({"metadata": {"resourceVersion": state.version.to_string()}, "items": items});
            Answer::Json(StatusCode::OK, list)
        }
    }
}

impl State {
    /// The Deployment of this name.
    fn alone(&self, name: &str) -> Answer {
        if self.denied.contains(&("deployment", false)) {
            return status(
                403,
                "deployments is forbidden: User \"x\" cannot get resource",
            );
        }
        let mut all = self
            .objects
            .get("deployments")
            .into_iter()
            .flat_map(BTreeMap::values);
        let found = all.find(|one| one["metadata"]["name"] == name);
        found.map_or_else(
            || status(404, "not found"),
            |found| Answer::Json(StatusCode::OK, found.clone()),
        )
    }

    fn watch(&mut self, kind: &'static str, query: &str) -> Answer {
        let streams = query.contains("sendInitialEvents=true");
        if streams && self.mood == Mood::NoStreaming {
            return status(
                422,
                "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
            );
        }
        let from = query
            .split("resourceVersion=")
            .nth(1)
            .and_then(|rest| rest.split('&').next());
        let from: u64 = from.and_then(|from| from.parse().ok()).unwrap_or(0);
        if !streams && from < self.oldest {
            return status(410, "too old resource version");
        }
        let (sender, receiver) = unbounded();
        for object in self
            .objects
            .get(kind)
            .into_iter()
            .flat_map(BTreeMap::values)
        {
            let version: u64 = object["metadata"]["resourceVersion"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            if streams || version > from {
                sender.unbounded_send(line("ADDED", object)).unwrap();
            }
        }
        if streams && self.mood != Mood::Old {
            let mark = json!({"kind": kind, "apiVersion": "v1", "metadata": {
                "resourceVersion": self.version.to_string(),
                "annotations": {"k8s.io/initial-events-end": "true"},
            }});
            sender.unbounded_send(line("BOOKMARK", &mark)).unwrap();
        }
        self.feeds.push((kind, sender));
        Answer::Stream(receiver)
    }

    fn tell(&mut self, kind: &str, word: &str, object: &Value) {
        for (of, feed) in &self.feeds {
            if *of == kind {
                // One that hung up hears nothing.
                let _ = feed.unbounded_send(line(word, object));
            }
        }
    }
}

fn line(word: &str, object: &Value) -> Bytes {
    Bytes::from(format!("{}\n", json!({"type": word, "object": object})))
}

fn status(code: u16, message: &str) -> Answer {
    let status = json!({"kind": "Status", "status": "Failure", "code": code, "reason": "Refused", "message": message});
    Answer::Json(StatusCode::from_u16(code).unwrap(), status)
}

async fn respond(answer: Answer) -> Result<Response<Sent>, std::io::Error> {
    let whole = |text: String| Full::new(Bytes::from(text)).boxed_unsync();
    let (code, body) = match answer {
        Answer::Json(code, value) => (code, whole(value.to_string())),
        Answer::Text(text) => (StatusCode::OK, whole(text)),
        Answer::Stream(chunks) => {
            let frames = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
            (StatusCode::OK, StreamBody::new(frames).boxed_unsync())
        }
        Answer::Broken => return Err(std::io::ErrorKind::ConnectionRefused.into()),
        Answer::Never => std::future::pending().await,
    };
    Ok(Response::builder().status(code).body(body).unwrap())
}
