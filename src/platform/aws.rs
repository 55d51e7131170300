//! What every AWS client here shares: Region, endpoint, credentials, patience with reads, and the
//! rule that a write is sent once.
//!
//! Reads are repeated by the SDK. A write is repeated only by us, after an answer that proves
//! that it was not performed; [`once`] and its siblings switch the SDK's own retries off for it.

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};

use crate::clock::Clock;
use crate::platform::AGENT;
use crate::spec::{EcsPlace, Owner};

pub(crate) mod credentials;
pub(crate) mod failures;
mod limited;
pub(crate) mod process;
pub(crate) mod requests;
pub(crate) mod server_time;
pub(crate) mod whole;

pub(crate) use self::credentials::Renewing;
pub(crate) use self::failures::{credentials_failed, failed, nobody};
pub(crate) use self::requests::Requests;
pub(crate) use self::server_time::ServerTime;
pub(crate) use self::whole::Whole;

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
pub(crate) struct Connection {
    /// The settings of every client.
    pub(crate) settings: SdkConfig,
    /// How far the server's clock is from ours.
    pub(crate) time: ServerTime,
    /// Where credentials come from, to be forgotten when they are refused; `None`: made up.
    pub(crate) credentials: Option<Renewing>,
}

/// How `place` is reached. With `transport`, requests go there in place of the network, with
/// made-up credentials and without a look at this machine's AWS settings.
pub(crate) async fn connect(
    place: &EcsPlace,
    transport: Option<SharedHttpClient>,
    clock: Clock,
) -> Connection {
    let endpoint = place.endpoint.as_deref();
    connect_to(place.region.as_str(), endpoint, transport, clock).await
}

/// How AWS is reached in `region`, or an emulator at `endpoint` in its place; see [`connect`]. What
/// anybody on the way could read or answer gets made-up credentials.
pub(crate) async fn connect_to(
    region: &str,
    endpoint: Option<&str>,
    transport: Option<SharedHttpClient>,
    clock: Clock,
) -> Connection {
    let region = Region::new(region.to_owned());
    let time = ServerTime::new(clock);
    if let Some(client) = transport {
        let mut settings = SdkConfig::builder();
        settings.set_app_name(name());
        let settings = settings
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
    let safe = endpoint.is_none_or(|endpoint| Owner::of(endpoint).may_have_credentials());
    let credentials = safe.then(|| Renewing::new(region.clone(), time.clone()));
    let provider = match &credentials {
        Some(renewing) => SharedCredentialsProvider::new(renewing.clone()),
        None => made_up(),
    };
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(provider)
        // It caches itself, and knows when to look again.
        .identity_cache(IdentityCache::no_cache())
        .retry_config(retries())
        .timeout_config(timeouts());
    let loader = match endpoint {
        Some(endpoint) => loader.endpoint_url(endpoint),
        None => loader,
    };
    let loader = match name() {
        Some(name) => loader.app_name(name),
        None => loader,
    };
    let settings = loader.load().await;
    Connection {
        settings,
        time,
        credentials,
    }
}

/// Who asks, as `CloudTrail` shows it: `app/deployer-1.2.3` in the user agent. A slash may not stand in
/// it.
fn name() -> Option<AppName> {
    AppName::new(AGENT.replace('/', "-")).ok()
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

/// Credentials for whoever checks none.
pub(crate) fn made_up() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(
        "sandbox", "sandbox", None, None, "sandbox",
    ))
}

/// Sends an ECS write once.
pub(crate) fn once() -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// Sends an Application Auto Scaling write once.
pub(crate) fn scale_once() -> aws_sdk_applicationautoscaling::config::Builder {
    aws_sdk_applicationautoscaling::config::Builder::new().retry_config(RetryConfig::disabled())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

    use super::*;

    /// Notes who asks, and answers nobody.
    #[derive(Debug, Clone, Default)]
    struct Doorman(Arc<Mutex<Vec<String>>>);

    impl HttpClient for Doorman {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Doorman {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let agent = request.headers().get("x-amz-user-agent");
            let agent = agent.unwrap_or_default().to_owned();
            self.0.lock().unwrap().push(agent);
            HttpConnectorFuture::ready(Err(ConnectorError::user("nobody is in".into())))
        }
    }

    #[tokio::test]
    async fn every_request_says_which_version_of_what_asks() {
        let door = Doorman::default();
        let clock = Clock::driven_from("2026-01-01T00:00:00Z".parse().unwrap());
        let transport = SharedHttpClient::new(door.clone());
        let connection = connect_to("us-east-1", None, Some(transport), clock).await;
        let client = aws_sdk_ecs::Client::new(&connection.settings);
        assert!(client.list_clusters().send().await.is_err());
        let agents = door.0.lock().unwrap().clone();
        let ours = concat!("app/deployer-", env!("CARGO_PKG_VERSION"));
        assert!(!agents.is_empty());
        assert!(
            agents.iter().all(|agent| agent.contains(ours)),
            "{agents:?}"
        );
    }
}
