//! Credentials that are looked for again once they have expired.
//!
//! A watch may outlive its credentials, and somebody may log in again meanwhile. The SDK reads a
//! profile once and keeps what has no expiry of its own; so the whole chain is asked anew
//! whenever its answer is about to expire, or has been refused as expired.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, Result, future};

use super::ServerTime;
use super::{limited, process};

/// Asked for again so long before they expire, so that no request leaves with stale ones.
const EARLY: Duration = Duration::from_mins(1);

/// The default chain, asked anew when its answer is of no use any more.
#[derive(Debug, Clone)]
pub(crate) struct Renewing {
    region: Region,
    time: ServerTime,
    cached: Arc<Mutex<Option<Credentials>>>,
}

impl Renewing {
    /// The default chain for `region`; when its answers expire is told by the server's clock.
    pub(crate) fn new(region: Region, time: ServerTime) -> Self {
        Self {
            region,
            time,
            cached: Arc::default(),
        }
    }

    /// Forgets what was found: it was refused.
    pub(crate) fn forget(&self) {
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn usable(&self) -> Option<Credentials> {
        let cached = self
            .cached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        let end = SystemTime::from(self.time.now()) + EARLY;
        cached
            .expiry()
            .is_none_or(|expiry| expiry > end)
            .then_some(cached)
    }

    async fn find(&self) -> Result {
        if let Some(usable) = self.usable() {
            return Ok(usable);
        }
        let found = if let Some(found) = process::credentials(&self.region).await {
            found?
        } else {
            let chain = DefaultCredentialsChain::builder()
                .configure(limited::providers(None))
                .region(self.region.clone());
            chain.build().await.provide_credentials().await?
        };
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.find())
    }
}
