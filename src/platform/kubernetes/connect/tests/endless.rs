//! Answers without an end.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::platform::bounded::endless;

/// A read of `path` from a server whose answers have no end, and how much of one was read.
async fn read_endless(path: &str, lines: bool) -> (Failed, u64) {
    let server = Server::new(&[FINE]);
    let given = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&given);
    let endless = tower::service_fn(move |_: Request<Body>| {
        let body = endless::body(Arc::clone(&counted), lines);
        async move { Ok::<_, BoxError>(Response::new(body)) }
    });
    let below = kube::Client::new(endless, "default");
    let below = tower::service_fn(move |request: Request<Body>| {
        let below = below.clone();
        async move { below.send(request).await.map_err(BoxError::from) }
    });
    let route = Route {
        server: "https://cluster.example.com".into(),
        hint: None,
    };
    let heard = Heard {
        time: ServerTime::new(server.clock),
        warnings: Warnings::default(),
    };
    let client = kube::Client::new(Patient::new(below, route, server.clock, heard), "default");
    let request = Request::get(path).body(Vec::new()).unwrap();
    let error = client.request_text(request).await.unwrap_err();
    (failed("read", &error), given.load(Ordering::Relaxed))
}

#[tokio::test]
async fn an_answer_without_an_end_is_refused_with_words_and_not_asked_for_again() {
    let pods = "/api/v1/namespaces/n/pods";
    for (path, lines, told, most) in [
        (
            pods.to_owned(),
            true,
            "the answer is larger than 16 MiB",
            16,
        ),
        (
            format!("{pods}/p/log"),
            true,
            "the answer is larger than 128 MiB",
            128,
        ),
        (
            format!("{pods}/p/log?follow=true"),
            false,
            "a line of the answer is larger than 16 MiB",
            16,
        ),
    ] {
        let (failed, read) = read_endless(&path, lines).await;
        assert_eq!(failed.kind, FailureKind::Lost, "{path}");
        assert!(failed.to_string().contains(told), "{path}: {failed}");
        assert!(read <= (most + 1) << 20, "{path}: {read}");
    }
}
