//! The sandbox in the network's place: an HTTP client for the AWS SDKs that never opens a socket.

use std::io;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::Sandbox;
use super::wire::{Outcome, Reply, Request};

impl HttpClient for Sandbox {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Sandbox {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.clone();
        HttpConnectorFuture::new(async move {
            let request = translate(&request)?;
            let outcome = sandbox
                .handle(&request)
                .await
                .map_err(|e| ConnectorError::user(e.into()))?;
            match outcome {
                Outcome::Reply(reply, delay) => {
                    super::pause(delay).await;
                    respond(reply)
                }
                Outcome::Broken => Err(broken(io::ErrorKind::ConnectionReset)),
                Outcome::Refused => Err(broken(io::ErrorKind::ConnectionRefused).never_connected()),
            }
        })
    }
}

/// The operating system's own error, as a real connection carries it.
fn broken(kind: io::ErrorKind) -> ConnectorError {
    ConnectorError::io(io::Error::from(kind).into())
}

fn translate(request: &HttpRequest) -> Result<Request, ConnectorError> {
    let body = request.body().bytes();
    let body = body.ok_or_else(|| ConnectorError::user("the body is a stream".into()))?;
    let headers = request.headers().iter();
    let path = request.uri().splitn(4, '/').nth(3).unwrap_or_default();
    Ok(Request {
        method: request.method().to_owned(),
        path: format!("/{path}"),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_vec().into(),
    })
}

fn respond(reply: Reply) -> Result<HttpResponse, ConnectorError> {
    let status = reply
        .status
        .try_into()
        .map_err(|e| ConnectorError::user(Box::new(e)))?;
    let mut response = HttpResponse::new(status, reply.body.into());
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
