//! Whether an answer says anything at all, and not too much.
//!
//! To the SDK every member of an answer may be missing, so an answer of `{}`, from a proxy or from
//! something that is no AWS, reads as "there are none". AWS always says something: a list, though it be
//! an empty one, or what it made.

use std::collections::HashMap;
use std::error::Error;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
    InterceptorContext,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde::de::IgnoredAny;

use crate::platform::bounded::{self, Bounded, TooLarge};
use crate::platform::causes::links;

/// The members of which every answer has one, by operation (the API references of Amazon ECS, Amazon
/// EKS, Application Auto Scaling and Amazon CloudWatch Logs). What answers `{}` when all is well is
/// not here.
const MEMBERS: [(&str, &[&str]); 21] = [
    ("CreatePodIdentityAssociation", &["association"]),
    ("CreateService", &["service"]),
    ("DeleteService", &["service"]),
    ("DescribeCluster", &["cluster"]),
    ("DescribePodIdentityAssociation", &["association"]),
    ("DescribeScalableTargets", &["ScalableTargets"]),
    ("DescribeScalingPolicies", &["ScalingPolicies"]),
    ("DescribeScheduledActions", &["ScheduledActions"]),
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
    ("ListPodIdentityAssociations", &["associations"]),
    ("ListServiceDeployments", &["serviceDeployments"]),
    ("ListTaskDefinitions", &["taskDefinitionArns"]),
    ("ListTasks", &["taskArns"]),
    ("RegisterTaskDefinition", &["taskDefinition"]),
    ("UpdatePodIdentityAssociation", &["association"]),
    ("UpdateService", &["service"]),
];

/// An answer that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer to {operation} has no `{member}`: it is empty, or not from AWS")]
pub(crate) struct Hollow {
    operation: String,
    member: &'static str,
}

/// Takes a hollow answer for none, and reads none that is without an end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Whole;

impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        // What is in memory was read.
        if body.bytes().is_none() {
            let unread = std::mem::replace(body, SdkBody::taken());
            *body = SdkBody::from_body_1_x(Bounded::whole(unread, bounded::ANSWER));
        }
        Ok(())
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

/// What is too large is no smaller the next time.
impl ClassifyRetry for Whole {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let large = |error: &(dyn Error + 'static)| links(error).any(<dyn Error>::is::<TooLarge>);
        match context.output_or_error() {
            Some(Err(error)) if large(error) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "Whole"
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};

    use super::*;
    use crate::clock::Clock;
    use crate::platform::FailureKind;
    use crate::platform::aws::{connect_to, failed};
    use crate::platform::bounded::endless;

    /// Answers everything without an end.
    #[derive(Debug, Clone, Default)]
    struct Endless(Arc<AtomicU64>);

    impl HttpClient for Endless {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Endless {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let body = SdkBody::from_body_1_x(endless::body(Arc::clone(&self.0), true));
            let status = 200.try_into().unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body)))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_without_an_end_is_refused_with_words_and_not_asked_for_again() {
        let endless = Endless::default();
        let clock = Clock::driven_from("2026-01-01T00:00:00Z".parse().unwrap());
        let transport = SharedHttpClient::new(endless.clone());
        let connection = connect_to("us-east-1", None, Some(transport), clock).await;
        let settings = aws_sdk_ecs::config::Builder::from(&connection.settings);
        let settings = settings.interceptor(Whole).retry_classifier(Whole).build();
        let client = aws_sdk_ecs::Client::from_conf(settings);
        let refused = client.list_clusters().send().await.unwrap_err();
        let failed = failed("list clusters", refused);
        assert_eq!(failed.kind, FailureKind::Lost);
        assert_eq!(
            failed.to_string(),
            "could not list clusters: the answer is larger than 16 MiB, so the rest of it was not read"
        );
        assert!(endless.0.load(Ordering::Relaxed) <= (bounded::ANSWER + 1) << 20);
    }

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
