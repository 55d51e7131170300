//! The wire between the SDK clients and the sandbox, on which every request has a number and
//! something can happen to each.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::cancel::Cancel;
use crate::clock::Clock;
use sandbox::{Sandbox, World};

/// What happens at a request.
#[derive(Clone)]
pub(super) enum Mishap {
    /// The program is killed before the request is sent.
    KillBefore,
    /// The program is killed once the request has been answered.
    KillAfter,
    /// The request arrives twice; whether the second answer is the one that comes back.
    Twice(bool),
    /// Something changes in the world just before it arrives.
    Change(Arc<dyn Fn(&mut World) + Send + Sync>),
    /// The program gets a signal just before it arrives.
    Signal,
    /// From this one on no request is answered.
    Hang,
}

impl Mishap {
    /// Something changes in the world.
    pub(super) fn change(change: impl Fn(&mut World) + Send + Sync + 'static) -> Self {
        Self::Change(Arc::new(change))
    }
}

/// The wire.
#[derive(Clone)]
pub(super) struct Wire {
    sandbox: Sandbox,
    clock: Clock,
    latency: Duration,
    mishap: Option<(usize, Mishap)>,
    sent: Arc<Mutex<usize>>,
    /// Expressed once the program is killed.
    pub(super) killed: Cancel,
    /// Expressed once the program gets a signal.
    pub(super) signal: Cancel,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    /// A wire to this sandbox. `mishap` happens at the request of that number, counted from 1.
    pub(super) fn new(
        sandbox: &Sandbox,
        clock: Clock,
        latency: Duration,
        mishap: Option<(usize, Mishap)>,
    ) -> Self {
        Self {
            sandbox: sandbox.clone(),
            clock,
            latency,
            mishap,
            sent: Arc::default(),
            killed: Cancel::new(),
            signal: Cancel::new(),
        }
    }

    /// What happens at the next request.
    fn next(&self) -> Option<Mishap> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        *sent += 1;
        let (at, mishap) = self.mishap.as_ref()?;
        let hangs = matches!(mishap, Mishap::Hang) && *sent > *at;
        (*at == *sent || hangs).then(|| mishap.clone())
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        let mishap = self.next();
        HttpConnectorFuture::new(async move {
            if !wire.latency.is_zero() {
                wire.clock
                    .sleep_until(wire.clock.now() + wire.latency)
                    .await;
            }
            let again = match &mishap {
                Some(Mishap::KillBefore) => {
                    wire.killed.cancel();
                    return std::future::pending().await;
                }
                Some(Mishap::Hang) => return std::future::pending().await,
                Some(Mishap::Change(change)) => {
                    wire.sandbox.with_world(|world| change(world)).unwrap();
                    None
                }
                Some(Mishap::Signal) => {
                    wire.signal.cancel();
                    None
                }
                Some(Mishap::Twice(_)) => request.try_clone(),
                Some(Mishap::KillAfter) | None => None,
            };
            let answer = wire.sandbox.call(request).await;
            match (mishap, again) {
                (Some(Mishap::KillAfter), _) => {
                    wire.killed.cancel();
                    std::future::pending().await
                }
                (Some(Mishap::Twice(second)), Some(again)) => {
                    let other = wire.sandbox.call(again).await;
                    if second { other } else { answer }
                }
                _ => answer,
            }
        })
    }
}
