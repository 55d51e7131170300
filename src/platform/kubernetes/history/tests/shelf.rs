//! Where the tests of the lock and of the history put their objects: it knows names, versions and
//! labels, and nothing of Kubernetes beyond. Laws about time run against it, for the time of a
//! real API server cannot be paused.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Map, Value, json};
use tower::BoxError;

use crate::clock::Clock;
use crate::platform::aws::ServerTime;
use crate::platform::kubernetes::connect::Link;
use crate::platform::kubernetes::connect::warnings::Warnings;
use crate::platform::kubernetes::plan::tests::samples::tenant;
use crate::platform::kubernetes::{Kubernetes, Origin, Session};
use crate::spec::KubePlace;

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// It is performed, and the answer is lost.
    AnswerLost,
    /// It does not arrive.
    Lost,
    /// The server has no time for it.
    Throttled,
}

/// The objects by path, with what is to become of the next requests.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    objects: Arc<Mutex<BTreeMap<String, Value>>>,
    fates: Arc<Mutex<Vec<(Method, Fate)>>>,
    down: Arc<Mutex<bool>>,
    version: Arc<Mutex<u64>>,
    asked: Arc<Mutex<Vec<String>>>,
    pub(crate) clock: Clock,
}

/// A run, with what it holds of the service `api`.
pub(crate) struct Run {
    kube: Kubernetes,
    pub(crate) session: Session,
}

impl Deref for Run {
    type Target = Kubernetes;

    fn deref(&self) -> &Kubernetes {
        &self.kube
    }
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let base = "2026-01-02T03:04:05Z".parse().unwrap();
        Self {
            objects: Arc::default(),
            fates: Arc::default(),
            down: Arc::default(),
            version: Arc::default(),
            asked: Arc::default(),
            clock: Clock::driven_from(base),
        }
    }

    /// A run of the deployer by this person, over this shelf.
    pub(crate) fn run(&self, by: &str) -> Run {
        let place = KubePlace::of_context("production".parse().unwrap());
        let origin = Origin {
            by: Some(by.into()),
            ..Origin::default()
        };
        let shelf = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let shelf = shelf.clone();
            async move { shelf.answer(request).await }
        });
        let link = Link {
            unverified: false,
            eks: None,
            client: kube::Client::new(service, "production"),
            cluster: "shelf".into(),
            time: ServerTime::new(self.clock),
            warnings: Warnings::default(),
        };
        Run {
            kube: Kubernetes::new(&place, &tenant(), origin, self.clock).linked(link),
            session: Session::empty("api"),
        }
    }

    /// What becomes of the next request of this kind; said again, of the one after it.
    pub(crate) fn fate(&self, method: Method, fate: Fate) {
        self.fates.lock().unwrap().push((method, fate));
    }

    /// No request arrives as long as it is so.
    pub(crate) fn is_down(&self, down: bool) {
        *self.down.lock().unwrap() = down;
    }

    /// The requests so far, as `PATCH /path`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The object whose path ends so.
    pub(crate) fn object(&self, end: &str) -> Option<Value> {
        let objects = self.objects.lock().unwrap();
        let mut found = objects.iter().filter(|(path, _)| path.ends_with(end));
        found.next().map(|(_, object)| object.clone())
    }

    /// Somebody else writes it.
    pub(crate) fn overwrite(&self, end: &str, with: impl FnOnce(&mut Value)) {
        let mut objects = self.objects.lock().unwrap();
        let found = objects.iter_mut().find(|(path, _)| path.ends_with(end));
        let object = found.unwrap().1;
        with(object);
        object["metadata"]["resourceVersion"] = self.next().into();
    }

    /// Somebody else deletes it.
    pub(crate) fn remove(&self, end: &str) {
        let mut objects = self.objects.lock().unwrap();
        objects.retain(|path, _| !path.ends_with(end));
    }

    fn next(&self) -> String {
        let mut version = self.version.lock().unwrap();
        *version += 1;
        version.to_string()
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let method = request.method().clone();
        let asked = format!("{method} {}", request.uri().path());
        self.asked.lock().unwrap().push(asked);
        let fate = {
            let mut fates = self.fates.lock().unwrap();
            let next = fates.iter().position(|(of, _)| *of == method);
            next.map_or(Fate::Answered, |next| fates.remove(next).1)
        };
        let broken = || Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into());
        if *self.down.lock().unwrap() || fate == Fate::Lost {
            return broken();
        }
        let answer = match fate {
            Fate::Throttled => Err((429, "TooManyRequests")),
            _ => self.perform(request).await,
        };
        if fate == Fate::AnswerLost {
            return broken();
        }
        let (status, body) = match answer {
            Ok(body) => (200, body),
            Err((code, reason)) => {
                let details = json!({ "name": "it" });
                let body = json!({
                    "kind": "Status", "status": "Failure", "message": reason, "reason": reason,
                    "code": code, "details": details,
                });
                (code, body)
            }
        };
        let body = Body::from(serde_json::to_vec(&body).unwrap());
        Ok(Response::builder().status(status).body(body).unwrap())
    }

    async fn perform(&self, request: Request<Body>) -> Result<Value, (u16, &'static str)> {
        let (parts, body) = request.into_parts();
        let (path, method) = (parts.uri.path().to_owned(), parts.method);
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let body = body.collect_bytes().await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let mut objects = self.objects.lock().unwrap();
        match method {
            Method::POST => {
                let name = body["metadata"]["name"].as_str().unwrap();
                let own = format!("{path}/{name}");
                if objects.contains_key(&own) {
                    return Err((409, "AlreadyExists"));
                }
                let mut object = body;
                object["metadata"]["resourceVersion"] = self.next().into();
                objects.insert(own, object.clone());
                Ok(object)
            }
            Method::PATCH => {
                let object = objects.get_mut(&path).ok_or((404, "NotFound"))?;
                let expected = body["metadata"].get("resourceVersion");
                if expected
                    .is_some_and(|expected| *expected != object["metadata"]["resourceVersion"])
                {
                    return Err((409, "Conflict"));
                }
                merge(object, &body);
                object["metadata"]["resourceVersion"] = self.next().into();
                Ok(object.clone())
            }
            Method::DELETE => {
                let object = objects.get(&path).ok_or((404, "NotFound"))?;
                let expected = body["preconditions"].get("resourceVersion");
                if expected
                    .is_some_and(|expected| *expected != object["metadata"]["resourceVersion"])
                {
                    return Err((409, "Conflict"));
                }
                objects.remove(&path).ok_or((404, "NotFound"))
            }
            _ if query.contains("labelSelector") => {
                let inside = format!("{path}/");
                let items: Vec<&Value> = objects
                    .iter()
                    .filter(|(path, _)| path.starts_with(&inside))
                    .map(|(_, object)| object)
                    .collect();
                Ok(json!({ "metadata": {}, "items": items }))
            }
            _ => objects.get(&path).cloned().ok_or((404, "NotFound")),
        }
    }
}

/// RFC 7396.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    for (key, value) in patch {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut into[key], value);
        }
    }
}
