//! Whether an answer says anything at all.
//!
//! To the SDK every member of an answer may be missing, so an answer of `{}`, from a proxy or from
//! something that is no AWS, reads as "there are none". AWS always says something: a list, though it be
//! an empty one, or what it made.

use std::collections::HashMap;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::de::IgnoredAny;

/// The members of which every answer has one, by operation (the API references of Amazon ECS, Amazon
/// EKS, Application Auto Scaling and Amazon CloudWatch Logs). What answers `{}` when all is well is
/// not here.
const MEMBERS: [(&str, &[&str]); 16] = [
    ("CreateService", &["service"]),
    ("DeleteService", &["service"]),
    ("DescribeCluster", &["cluster"]),
    ("DescribeScalableTargets", &["ScalableTargets"]),
    ("DescribeScalingPolicies", &["ScalingPolicies"]),
    (
        "DescribeServiceDeployments",
        &["serviceDeployments", "failures"],
    ),
    (
        "DescribeServiceRevisions",
        &["serviceRevisions", "failures"],
    ),
    ("DescribeServices", &["services", "failures"]),
    ("DescribeTaskDefinition", &["taskDefinition"]),
    ("DescribeTasks", &["tasks", "failures"]),
    ("GetLogEvents", &["events"]),
    ("ListServiceDeployments", &["serviceDeployments"]),
    ("ListTaskDefinitions", &["taskDefinitionArns"]),
    ("ListTasks", &["taskArns"]),
    ("RegisterTaskDefinition", &["taskDefinition"]),
    ("UpdateService", &["service"]),
];

/// An answer that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer to {operation} has no `{member}`: it is empty, or not from AWS")]
pub struct Hollow {
    operation: String,
    member: &'static str,
}

/// Takes a hollow answer for none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whole;

impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = settings.load::<Metadata>().map(Metadata::name);
        let body = context.response().body().bytes();
        match (operation, body, context.output_or_error()) {
            (Some(operation), Some(body), Ok(_)) => Ok(check(operation, body)?),
            _ => Ok(()),
        }
    }
}

fn check(operation: &str, body: &[u8]) -> Result<(), Hollow> {
    let Some((_, members)) = MEMBERS.iter().find(|(name, _)| *name == operation) else {
        return Ok(());
    };
    // A member that is `null` is read as one that is missing.
    let said: HashMap<String, Option<IgnoredAny>> =
        serde_json::from_slice(body).unwrap_or_default();
    let has = |member: &&str| matches!(said.get(*member), Some(Some(_)));
    if members.iter().any(has) {
        return Ok(());
    }
    Err(Hollow {
        operation: operation.to_owned(),
        member: members.first().copied().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_says_nothing_is_none() {
        for body in [
            "",
            "{}",
            "null",
            "[]",
            "{\"services\":null}",
            "{\"message\":\"hi\"}",
            "<html>",
        ] {
            let hollow = check("DescribeServices", body.as_bytes()).unwrap_err();
            assert!(
                hollow
                    .to_string()
                    .contains("DescribeServices has no `services`")
            );
        }
        for body in ["{\"services\":[]}", "{\"failures\":[],\"x\":1}"] {
            assert_eq!(check("DescribeServices", body.as_bytes()), Ok(()));
        }
        assert_eq!(check("TagResource", b"{}"), Ok(()));
    }
}
