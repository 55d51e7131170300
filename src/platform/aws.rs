//! What every AWS client here shares: Region, endpoint, credentials, patience with reads, and the
//! rule that a write is sent once.
//!
//! Reads are repeated by the SDK. A write is repeated only by us, after an answer that proves
//! that it was not performed; [`once`] and its siblings switch the SDK's own retries off for it.

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};

use crate::clock::Clock;
use crate::spec::EcsPlace;

pub mod credentials;
pub mod failures;
pub mod server_time;

pub use credentials::Renewing;
pub use failures::{credentials_failed, failed};
pub use server_time::ServerTime;

/// How often a read is tried before its failure is told.
const READ_ATTEMPTS: u32 = 5;

/// The longest first wait between two attempts; it doubles each time, and half of it is usual. So
/// what cannot be reached is told within three seconds, where the SDK's own second would take
/// fifteen.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// How long a connection may take; one SYN retransmission and a little (as the SDK's own default).
const CONNECT: Duration = Duration::from_millis(3_100);

/// How long one attempt of a call may take. `CreateService` takes a few seconds at worst.
const ATTEMPT: Duration = Duration::from_secs(20);

/// How a place is reached.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The settings of every client.
    pub settings: SdkConfig,
    /// How far the server's clock is from ours.
    pub time: ServerTime,
    /// Where credentials come from, to be forgotten when they are refused; `None`: made up.
    pub credentials: Option<Renewing>,
}

/// How `place` is reached. With `transport`, requests go there in place of the network, with
/// made-up credentials and without a look at this machine's AWS settings.
pub async fn connect(
    place: &EcsPlace,
    transport: Option<SharedHttpClient>,
    clock: Clock,
) -> Connection {
    let endpoint = place.endpoint.as_deref();
    connect_to(place.region.as_str(), endpoint, transport, clock).await
}

/// How AWS is reached in `region`, or an emulator at `endpoint` in its place; see [`connect`].
pub async fn connect_to(
    region: &str,
    endpoint: Option<&str>,
    transport: Option<SharedHttpClient>,
    clock: Clock,
) -> Connection {
    let region = Region::new(region.to_owned());
    let time = ServerTime::new(clock);
    if let Some(client) = transport {
        let settings = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .credentials_provider(made_up())
            .retry_config(retries())
            .timeout_config(timeouts())
            .http_client(client)
            .build();
        return Connection {
            settings,
            time,
            credentials: None,
        };
    }
    let credentials = Renewing::new(region.clone(), time.clone());
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(credentials.clone())
        // It caches itself, and knows when to look again.
        .identity_cache(IdentityCache::no_cache())
        .retry_config(retries())
        .timeout_config(timeouts());
    let loader = match endpoint {
        Some(endpoint) => loader.endpoint_url(endpoint),
        None => loader,
    };
    let settings = loader.load().await;
    Connection {
        settings,
        time,
        credentials: Some(credentials),
    }
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(READ_ATTEMPTS)
        .with_initial_backoff(FIRST_WAIT)
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
