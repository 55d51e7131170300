//! The REST protocol of EKS (restJson1): the operation is in the method and the path.

use serde_json::{Map, Value, json};

use super::query::{decode, form};
use super::{Reply, Request};
use crate::api::ApiError;

/// The operation that a request of EKS asks for, with its parameters.
pub(super) fn understand(request: &Request) -> (String, Value) {
    let path = request.path.split('?').next().unwrap_or_default();
    let mut parts = path.trim_matches('/').split('/').map(decode);
    match (
        request.method.as_str(),
        parts.next().as_deref(),
        parts.next(),
        parts.next(),
    ) {
        ("GET", Some("clusters"), Some(name), None) => {
            ("DescribeCluster".to_owned(), json!({"name": name}))
        }
        ("GET", Some("clusters"), None, None) => (
            "ListClusters".to_owned(),
            Value::Object(parameters(request)),
        ),
        (method, Some("clusters"), Some(cluster), Some(part))
            if part == "pod-identity-associations" =>
        {
            let id = parts.next();
            let mut input = parameters(request);
            input.insert("clusterName".to_owned(), cluster.into());
            let operation = match (method, id.is_some()) {
                ("POST", false) => "Create",
                ("GET", false) => "List",
                ("GET", true) => "Describe",
                ("POST", true) => "Update",
                ("DELETE", true) => "Delete",
                _ => return (String::new(), json!({})),
            };
            input.extend(id.map(|id| ("associationId".to_owned(), id.into())));
            let many = if operation == "List" { "s" } else { "" };
            let operation = format!("{operation}PodIdentityAssociation{many}");
            (operation, Value::Object(input))
        }
        ("POST", Some("tags"), Some(arn), None) => {
            let mut input = parameters(request);
            input.insert("resourceArn".to_owned(), arn.into());
            ("TagResource".to_owned(), Value::Object(input))
        }
        _ => (String::new(), json!({})),
    }
}

/// What a request says beside its path: in its body, or after the question mark.
fn parameters(request: &Request) -> Map<String, Value> {
    if request.method == "POST" {
        let body = serde_json::from_slice(request.body.bytes());
        return body.unwrap_or_default();
    }
    let said = form(request).into_iter();
    said.map(|(name, value)| (name, value.into())).collect()
}

/// Whether a request without a signature is one of EKS all the same.
pub(super) fn speaks(request: &Request) -> bool {
    request.path.starts_with("/clusters")
}

fn reply(status: u16, body: &Value, id: &str) -> Reply {
    Reply {
        status,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-amzn-requestid", id.to_owned()),
        ],
        body: body.to_string().into_bytes(),
    }
}

pub(super) fn success(members: &Value, id: &str) -> Reply {
    reply(200, members, id)
}

pub(super) fn failure(error: &ApiError, id: &str) -> Reply {
    let mut reply = reply(error.status, &json!({"message": error.message}), id);
    reply.headers.push(("x-amzn-errortype", error.code.clone()));
    reply
}
