//! What our layers make of a server's answers, under paused time.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, USER_AGENT, WARNING};
use http::{Method, Response, StatusCode};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;
use kube::api::{ListParams, PostParams, WatchParams};

use super::token::Signer;
use super::*;
use crate::platform::kubernetes::api::failures::failed;

mod eks;
mod endless;
mod ways;

/// What the server does with the n-th request.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// Answers with this status; where it is refused, in so many seconds again.
    Answers(u16, Option<u64>),
    /// Answers 200 with this text.
    Says(&'static str),
    /// Never answers.
    Hangs,
    /// Breaks the connection.
    Breaks,
    /// Was never reached.
    IsAway,
}

/// A server that does one thing after the other, the last one for ever, and notes what it was asked.
#[derive(Debug, Clone)]
struct Server {
    script: Arc<Mutex<Vec<Does>>>,
    asked: Arc<Mutex<Vec<(Method, String)>>>,
    agents: Arc<Mutex<Vec<String>>>,
    warnings: Warnings,
    clock: Clock,
}

impl Server {
    fn new(script: &[Does]) -> Self {
        let base = "2026-01-02T03:04:05Z".parse().unwrap();
        Self {
            script: Arc::new(Mutex::new(script.iter().rev().copied().collect())),
            asked: Arc::default(),
            agents: Arc::default(),
            warnings: Warnings::default(),
            clock: Clock::driven_from(base),
        }
    }

    fn answer(
        &self,
        request: &Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, BoxError>> {
        let token = request.headers().get(AUTHORIZATION);
        let token = token.map_or("", |token| token.to_str().unwrap());
        let asked = (request.method().clone(), token.to_owned());
        self.asked.lock().unwrap().push(asked);
        let agent = request.headers()[USER_AGENT].to_str().unwrap();
        self.agents.lock().unwrap().push(agent.to_owned());
        // What is made is given back; everything else that is asked for is a list.
        let kind = if request.method() == Method::POST {
            "ConfigMap"
        } else {
            "List"
        };
        let mut script = self.script.lock().unwrap();
        let does = if script.len() > 1 {
            script.pop().unwrap()
        } else {
            script[0]
        };
        Box::pin(async move {
            match does {
                Does::Answers(status, after) => Ok(answer(status, after, kind)),
                Does::Says(text) => Ok(Response::new(Body::from(text.as_bytes().to_vec()))),
                Does::Hangs => std::future::pending().await,
                Does::Breaks => Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()),
                Does::IsAway => {
                    Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
                }
            }
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn tokens(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, token)| token.clone()).collect()
    }

    /// A client with both of our layers, as on EKS.
    fn client(&self) -> kube::Client {
        let keys = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let time = ServerTime::new(self.clock);
        let tokens = Tokens::new(Signer {
            region: "us-east-1".into(),
            cluster: "main".into(),
            provider: SharedCredentialsProvider::new(keys),
            renewing: None,
            time: time.clone(),
        });
        let server = self.clone();
        let below = tower::service_fn(move |request: Request<Body>| server.answer(&request));
        let route = Route {
            server: "https://cluster.example.com".into(),
            hint: Some("Its endpoint is private".into()),
        };
        let below = Authorized::new(below, Arc::new(tokens));
        let heard = Heard {
            time,
            warnings: self.warnings.clone(),
        };
        kube::Client::new(Patient::new(below, route, self.clock, heard), "default")
    }

    async fn read(&self) -> Result<(), Failed> {
        let secrets: Api<Secret> = Api::default_namespaced(self.client());
        let listed = secrets.list(&ListParams::default()).await;
        listed.map(drop).map_err(|error| failed("list", &error))
    }

    async fn write(&self) -> Result<(), Failed> {
        let maps: Api<ConfigMap> = Api::default_namespaced(self.client());
        let (params, map) = (PostParams::default(), ConfigMap::default());
        let made = maps.create(&params, &map).await;
        made.map(drop).map_err(|error| failed("create", &error))
    }
}

fn answer(status: u16, after: Option<u64>, kind: &str) -> Response<Body> {
    let mut answer = Response::builder().status(StatusCode::from_u16(status).unwrap());
    if let Some(after) = after {
        answer = answer.header("retry-after", after.to_string());
    }
    let answer = answer.header(WARNING, r#"299 - "this is deprecated""#);
    let text = if status == 200 {
        format!(r#"{{"kind":"{kind}","apiVersion":"v1","metadata":{{}},"items":[]}}"#)
    } else {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":"Because","code":{status}}}"#
        )
    };
    answer.body(Body::from(text.into_bytes())).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_object_is_trouble_and_no_empty_list() {
    for body in ["", "{}", "null", r#"{"items":[]}"#] {
        let server = Server::new(&[Does::Says(body), FINE]);
        server.read().await.unwrap();
        assert_eq!(server.asked(), 2, "{body}");
        let server = Server::new(&[Does::Says(body)]);
        let (read, write) = (server.read().await, server.write().await);
        for failed in [read.unwrap_err(), write.unwrap_err()] {
            assert_eq!(failed.kind, FailureKind::Lost, "{body}: {failed}");
            assert!(
                failed.to_string().contains("no object of Kubernetes"),
                "{failed}"
            );
        }
    }
}

const FINE: Does = Does::Answers(200, None);

#[tokio::test(start_paused = true)]
async fn a_read_outlasts_a_busy_server() {
    for trouble in [
        Does::Answers(429, None),
        Does::Answers(500, None),
        Does::Answers(503, None),
        Does::Breaks,
        Does::IsAway,
        Does::Hangs,
    ] {
        let server = Server::new(&[trouble, FINE]);
        server.read().await.unwrap();
        assert_eq!(server.asked(), 2, "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_as_long_as_it_is_asked_to_and_no_longer_than_it_may() {
    let server = Server::new(&[Does::Answers(429, Some(7)), FINE]);
    let begun = server.clock.now();
    server.read().await.unwrap();
    assert!(server.clock.since(begun) >= Duration::from_secs(7));

    let server = Server::new(&[Does::Answers(429, Some(3_600)), FINE]);
    let begun = server.clock.now();
    assert_eq!(
        server.read().await.unwrap_err().kind,
        FailureKind::Throttled
    );
    assert!(server.clock.since(begun) < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_silent_is_told_in_time() {
    let server = Server::new(&[Does::Hangs]);
    let begun = server.clock.now();
    assert_eq!(server.read().await.unwrap_err().kind, FailureKind::Lost);
    assert!(server.clock.since(begun) <= Duration::from_secs(21));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_reached_is_told_soon_with_what_may_be_the_reason() {
    let server = Server::new(&[Does::IsAway]);
    let begun = server.clock.now();
    let error = server.read().await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Unreachable);
    let words = error.to_string();
    assert!(words.contains("https://cluster.example.com"), "{words}");
    assert!(words.contains("endpoint is private"), "{words}");
    assert!(server.clock.since(begun) <= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_once_whatever_comes_of_it() {
    let table = [
        (Does::Answers(429, Some(1)), FailureKind::Throttled),
        (Does::Answers(500, None), FailureKind::Server),
        (Does::Answers(503, None), FailureKind::Server),
        (Does::Answers(409, None), FailureKind::Conflict),
        (Does::Breaks, FailureKind::Lost),
        (Does::Hangs, FailureKind::Lost),
        (Does::IsAway, FailureKind::Unreachable),
    ];
    for (does, kind) in table {
        let server = Server::new(&[does, FINE]);
        let error = server.write().await.unwrap_err();
        assert_eq!(error.kind, kind, "{does:?}");
        assert_eq!(server.asked(), 1, "{does:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_for_reads_and_for_writes() {
    let refused = Does::Answers(401, None);
    let server = Server::new(&[refused, FINE]);
    server.write().await.unwrap();
    assert_eq!(server.asked(), 2);

    let server = Server::new(&[refused]);
    assert_eq!(
        server.write().await.unwrap_err().kind,
        FailureKind::Rejected
    );
    assert_eq!(server.asked(), 2, "it is not asked for ever");
    assert_eq!(server.read().await.unwrap_err().kind, FailureKind::Rejected);
    assert_eq!(server.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_token_that_is_fresh_also_within_one_call() {
    // The second attempt of the last read comes after the first one's token ended.
    let server = Server::new(&[FINE, Does::Answers(429, Some(10)), FINE]);
    let client = server.client();
    let secrets: Api<Secret> = Api::default_namespaced(client);
    secrets.list(&ListParams::default()).await.unwrap();
    let nearly = server.clock.now() + Duration::from_secs(13 * 60 - 5);
    server.clock.sleep_until(nearly).await;
    secrets.list(&ListParams::default()).await.unwrap();
    let tokens = server.tokens();
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0].starts_with("Bearer k8s-aws-v1."));
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_gets_a_fresh_token_and_its_stream_is_not_waited_for() {
    let server = Server::new(&[FINE, Does::Answers(401, None), FINE]);
    let secrets: Api<Secret> = Api::default_namespaced(server.client());
    let _ = secrets.watch(&WatchParams::default(), "0").await.unwrap();
    let an_hour = server.clock.now() + Duration::from_hours(1);
    server.clock.sleep_until(an_hour).await;
    let _ = secrets.watch(&WatchParams::default(), "0").await.unwrap();
    let tokens = server.tokens();
    assert_eq!(tokens.len(), 3);
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test(start_paused = true)]
async fn every_request_says_which_version_of_what_asks() {
    let server = Server::new(&[Does::Answers(503, None), FINE]);
    server.read().await.unwrap();
    server.write().await.unwrap();
    let agent = concat!("deployer/", env!("CARGO_PKG_VERSION"));
    assert_eq!(*server.agents.lock().unwrap(), [agent; 3]);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_warns_of_is_kept_once() {
    let server = Server::new(&[FINE]);
    server.read().await.unwrap();
    server.write().await.unwrap();
    assert_eq!(server.warnings.take(), ["this is deprecated"]);
    server.write().await.unwrap();
    assert_eq!(server.warnings.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn without_credentials_nothing_is_sent() {
    let server = Server::new(&[FINE]);
    let time = ServerTime::new(server.clock);
    let tokens = Tokens::new(Signer {
        region: "us-east-1".into(),
        cluster: "main".into(),
        provider: SharedCredentialsProvider::new(Nobody),
        renewing: None,
        time: time.clone(),
    });
    let asked = server.clone();
    let below = tower::service_fn(move |request: Request<Body>| asked.answer(&request));
    let route = Route {
        server: "https://cluster.example.com".into(),
        hint: None,
    };
    let heard = Heard {
        time,
        warnings: Warnings::default(),
    };
    let below = Authorized::new(below, Arc::new(tokens));
    let patient = Patient::new(below, route, server.clock, heard);
    let secrets: Api<Secret> = Api::default_namespaced(kube::Client::new(patient, "default"));
    let error = secrets.list(&ListParams::default()).await.unwrap_err();
    assert_eq!(failed("list", &error).kind, FailureKind::NoCredentials);
    assert_eq!(server.asked(), 0);
}

/// Has no credentials.
#[derive(Debug)]
struct Nobody;

impl aws_credential_types::provider::ProvideCredentials for Nobody {
    fn provide_credentials<'a>(
        &'a self,
    ) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let error = aws_credential_types::provider::error::CredentialsError::not_loaded("none");
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(error))
    }
}
