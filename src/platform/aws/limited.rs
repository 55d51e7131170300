//! The HTTP client of whoever looks for credentials: the SDK's own, whose answers end.
//!
//! What the calls of our own clients answer is bounded by [`super::Whole`]. The chain makes its clients
//! itself, for the services of the instance, of the container, of single sign-on and of STS, and it is
//! the environment and the profile that say where those are.

use aws_config::BehaviorVersion;
use aws_config::provider_config::ProviderConfig;
use aws_smithy_runtime::client::defaults::default_http_client_plugin_v2;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_types::body::SdkBody;

use crate::platform::bounded::{self, Bounded};

/// What the providers of credentials are made with.
pub(super) fn providers(region: Option<aws_config::Region>) -> ProviderConfig {
    let config = ProviderConfig::without_region().with_region(region);
    match default() {
        Some(client) => config.with_http_client(Limited(client)),
        None => config,
    }
}

/// The client that the SDK would take by itself.
fn default() -> Option<SharedHttpClient> {
    let plugin = default_http_client_plugin_v2(BehaviorVersion::latest())?;
    let components = RuntimeComponentsBuilder::new("credentials");
    plugin.runtime_components(&components).http_client()
}

/// A client that reads no answer without an end.
#[derive(Debug)]
struct Limited<C>(C);

impl HttpClient for Limited<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Limited(self.0.http_connector(settings, components)))
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

impl HttpConnector for Limited<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            let body = answer.body_mut();
            let unread = std::mem::replace(body, SdkBody::taken());
            *body = SdkBody::from_body_1_x(Bounded::whole(unread, bounded::ANSWER));
            Ok(answer)
        })
    }
}
