//! Tells of each request to AWS, for `-v`.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::platform::exchange::Exchange;

/// Tells of each attempt of a client's requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requests(Clock);

/// When an attempt began.
#[derive(Debug)]
struct Begun(Timestamp);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

impl Requests {
    /// By this clock.
    pub(crate) fn new(clock: Clock) -> Self {
        Self(clock)
    }
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "Requests"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let begun = Begun(self.0.now());
        settings.interceptor_state().store_put(begun);
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = settings.load::<Metadata>() {
            let body = context.request().body().bytes();
            exchange(metadata).sent(body.unwrap_or_default());
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(metadata), Some(begun)) = (settings.load::<Metadata>(), settings.load::<Begun>())
        else {
            return Ok(());
        };
        let answer = context.response();
        let body = answer.and_then(|answer| answer.body().bytes());
        exchange(metadata).answered(body.unwrap_or_default());
        let status = answer.map(|answer| answer.status().as_u16());
        exchange(metadata).ended(self.0.since(begun.0), status);
        Ok(())
    }
}

fn exchange(metadata: &Metadata) -> Exchange<'_> {
    Exchange {
        service: metadata.service(),
        operation: metadata.name(),
    }
}
