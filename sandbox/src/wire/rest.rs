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
        ("GET", Some("clusters"), None, None) => {
            let parameters = form(request).into_iter();
            let parameters: Map<String, Value> = parameters
                .map(|(name, value)| (name, value.into()))
                .collect();
            ("ListClusters".to_owned(), Value::Object(parameters))
        }
        _ => (String::new(), json!({})),
    }
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
