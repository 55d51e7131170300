//! What a request asks the API server, for `-v`.

use futures::FutureExt as _;
use http::Request;
use kube::client::Body;

use crate::platform::exchange::{Exchange, shows_bodies};

/// The method and the path of a request.
#[derive(Debug)]
pub(super) struct Asked(String);

impl Asked {
    /// Of this request, whose body is told.
    pub(super) fn of(request: &Request<Body>) -> Self {
        let asked = Self(format!("{} {}", request.method(), request.uri().path()));
        if shows_bodies()
            && let Some(body) = request.body().try_clone()
            // What is in memory is there at once.
            && let Some(Ok(body)) = body.collect_bytes().now_or_never()
        {
            asked.exchange().sent(&body);
        }
        asked
    }

    pub(super) fn exchange(&self) -> Exchange<'_> {
        Exchange {
            service: "Kubernetes",
            operation: &self.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_by_its_method_and_its_path() {
        let request = Request::get("https://k/api/v1/pods?labelSelector=a");
        let asked = Asked::of(&request.body(Body::empty()).unwrap());
        assert_eq!(asked.exchange().operation, "GET /api/v1/pods");
        assert_eq!(asked.exchange().service, "Kubernetes");
    }
}
