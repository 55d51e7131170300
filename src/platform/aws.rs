//! What every AWS client here shares: Region, endpoint, credentials, patience with reads, and the
//! rule that a write is sent once.
//!
//! Reads are repeated by the SDK. A write is repeated only by us, after an answer that proves
//! that it was not performed; [`once`] and its siblings switch the SDK's own retries off for it.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};

use crate::spec::EcsPlace;

pub mod failures;
pub mod server_time;

pub use failures::failed;

/// How often a read is tried before its failure is told.
const READ_ATTEMPTS: u32 = 6;

/// How long a connection may take; one SYN retransmission and a little (as the SDK's own default).
const CONNECT: Duration = Duration::from_millis(3_100);

/// How long one attempt of a call may take. `CreateService` takes a few seconds at worst.
const ATTEMPT: Duration = Duration::from_secs(20);

/// The settings of every client for `place`. With `transport`, requests go there in place of the
/// network, with made-up credentials and without a look at this machine's AWS settings.
pub async fn settings(place: &EcsPlace, transport: Option<SharedHttpClient>) -> SdkConfig {
    let region = Region::new(place.region.to_string());
    if let Some(client) = transport {
        return SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .credentials_provider(made_up())
            .retry_config(retries())
            .timeout_config(timeouts())
            .http_client(client)
            .build();
    }
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .retry_config(retries())
        .timeout_config(timeouts());
    let loader = match &place.endpoint {
        Some(endpoint) => loader.endpoint_url(endpoint),
        None => loader,
    };
    loader.load().await
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(READ_ATTEMPTS)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build()
}

/// Credentials for a transport that checks none.
fn made_up() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(
        "sandbox", "sandbox", None, None, "sandbox",
    ))
}

/// Sends an ECS write once.
pub fn once() -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// Sends an Application Auto Scaling write once.
pub fn scale_once() -> aws_sdk_applicationautoscaling::config::Builder {
    aws_sdk_applicationautoscaling::config::Builder::new().retry_config(RetryConfig::disabled())
}
