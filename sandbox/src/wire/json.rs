//! The JSON protocol of ECS, Application Auto Scaling and CloudWatch Logs (awsJson 1.1).

use serde_json::{Value, json};

use super::Reply;
use crate::api::ApiError;

/// The service that an `X-Amz-Target` prefix belongs to.
pub(super) fn service(prefix: &str) -> Option<&'static str> {
    match prefix {
        "AmazonEC2ContainerServiceV20141113" => Some("ecs"),
        "AnyScaleFrontendService" => Some("application-autoscaling"),
        "Logs_20140328" => Some("logs"),
        _ => None,
    }
}

pub(super) fn parse(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(_) => Err(ApiError::new(
            "SerializationException",
            "The request is not an object.",
        )),
        Err(problem) => Err(ApiError::new("SerializationException", problem.to_string())),
    }
}

fn reply(status: u16, body: &Value, id: &str) -> Reply {
    Reply {
        status,
        headers: vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amzn-requestid", id.to_owned()),
        ],
        body: body.to_string().into_bytes(),
    }
}

pub(super) fn success(members: &Value, id: &str) -> Reply {
    reply(200, members, id)
}

pub(super) fn failure(error: &ApiError, id: &str) -> Reply {
    let body = json!({"__type": error.code, "message": error.message});
    reply(error.status, &body, id)
}
