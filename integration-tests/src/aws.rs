//! An AWS client of a few lines, for looking at a world from outside and for playing somebody else.
//!
//! It shares nothing with the program under test, and leaves signatures out: test servers only read who signs for what.

use bytes::Bytes;
use http::{Request, header};
use serde_json::{Value, json};

use crate::http::{authority, send};
use crate::trial::{Outcome, fail};

/// Speaks to the AWS services at one endpoint.
#[derive(Debug, Clone)]
pub struct Aws {
    endpoint: String,
}

impl Aws {
    /// A client of the server at `endpoint` (`http://127.0.0.1:PORT`).
    pub fn at(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
        }
    }

    /// Calls an operation of Amazon ECS.
    pub fn ecs(&self, operation: &str, input: &Value) -> Outcome<Value> {
        self.call(
            "ecs",
            "AmazonEC2ContainerServiceV20141113",
            operation,
            input,
        )
    }

    /// Calls an operation of Application Auto Scaling.
    pub fn autoscaling(&self, operation: &str, input: &Value) -> Outcome<Value> {
        self.call(
            "application-autoscaling",
            "AnyScaleFrontendService",
            operation,
            input,
        )
    }

    /// The one service `name` of `cluster`, as `DescribeServices` tells it.
    pub fn service(&self, cluster: &str, name: &str) -> Outcome<Value> {
        let answer = self.ecs(
            "DescribeServices",
            &json!({"cluster": cluster, "services": [name]}),
        )?;
        Ok(answer["services"][0].clone())
    }

    /// The tasks of a service that are to run, as `DescribeTasks` tells them.
    pub fn tasks(&self, cluster: &str, service: &str) -> Outcome<Vec<Value>> {
        let listed = self.ecs(
            "ListTasks",
            &json!({"cluster": cluster, "serviceName": service}),
        )?;
        let arns = &listed["taskArns"];
        if arns.as_array().is_none_or(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let described = self.ecs("DescribeTasks", &json!({"cluster": cluster, "tasks": arns}))?;
        Ok(described["tasks"].as_array().cloned().unwrap_or_default())
    }

    /// The first `tag` in the answer of a read of Amazon EC2, which speaks XML.
    pub fn ec2_first(&self, action: &str, tag: &str) -> Outcome<String> {
        let form = format!("Action={action}&Version=2016-11-15");
        let request = signed_for("ec2")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))?;
        let text = self.answer(action, request)?;
        let value = text
            .split_once(&format!("<{tag}>"))
            .and_then(|(_, rest)| rest.split('<').next());
        Ok(value
            .ok_or_else(|| fail(format_args!("{action} tells no {tag}: {text}")))?
            .to_owned())
    }

    /// Sends a body to a path of a service that speaks REST.
    pub fn post(&self, service: &str, path: &str, input: &Value) -> Outcome<Value> {
        let (mut parts, body) = signed_for(service)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(input.to_string()))?
            .into_parts();
        parts.uri = path.parse()?;
        let request = Request::from_parts(parts, body);
        Ok(serde_json::from_str(&self.answer(path, request)?)?)
    }

    /// Calls one operation in the AWS JSON protocol.
    fn call(&self, service: &str, prefix: &str, operation: &str, input: &Value) -> Outcome<Value> {
        let request = signed_for(service)
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{prefix}.{operation}"))
            .body(Bytes::from(input.to_string()))?;
        Ok(serde_json::from_str(&self.answer(operation, request)?)?)
    }

    /// The body of the answer; one that is not 2xx is a failure that quotes it.
    fn answer(&self, operation: &str, request: Request<Bytes>) -> Outcome<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let answer = runtime.block_on(send(authority(&self.endpoint), request))?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if answer.status().is_success() {
            Ok(text)
        } else {
            Err(fail(format_args!(
                "{operation}: {} {text}",
                answer.status()
            )))
        }
    }
}

/// A request that says for which service it is, as a signature does.
fn signed_for(service: &str) -> http::request::Builder {
    let credential = format!(
        "AWS4-HMAC-SHA256 Credential=somebody/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    Request::post("/").header(header::AUTHORIZATION, credential)
}
