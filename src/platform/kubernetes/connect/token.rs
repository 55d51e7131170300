//! Tokens, each used until it is about to expire. A login plugin hands them out, or they are the ones
//! that EKS takes: a presigned question to STS, "who am I", which the cluster sends in
//! our place (aws-iam-authenticator, API authorization from outside a cluster).
//!
//! It is signed in this process, for no request of ours has to prove who we are to anybody else. A
//! cluster takes it for 15 minutes.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use base64::Engine as _;
use http::{HeaderValue, Request};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::plugin::{Login, Plugin};
use super::trouble::Trouble;
use crate::platform::aws::{Renewing, ServerTime, credentials_failed};
use crate::platform::failure::{Failed, FailureKind};

/// How the token begins.
const PREFIX: &str = "k8s-aws-v1.";

/// The header that binds a token to one cluster.
const CLUSTER: &str = "x-k8s-aws-id";

/// How long the presigned URL says that it is valid. Clusters do not look at it, and take a token
/// for 15 minutes from the time in it.
const SAYS: Duration = Duration::from_mins(1);

/// How long a token is used: two minutes less than clusters take it, so that a request may be on
/// its way for a while and clocks may differ.
const USED: SignedDuration = SignedDuration::from_mins(13);

/// A token is not used beyond the life of the credentials that signed it, less this.
const EARLY: SignedDuration = SignedDuration::from_secs(30);

/// What a plugin gave is asked for again so long before its end, for a person may have to be asked.
const LOGIN_EARLY: SignedDuration = SignedDuration::from_mins(1);

/// The most bytes that clusters take.
const LONGEST: usize = 4_096;

/// Who signs, for which cluster.
pub(crate) struct Signer {
    /// The Region of the STS endpoint that the cluster asks.
    pub(crate) region: String,
    /// The cluster's name; the id of a local cluster on an Outpost.
    pub(crate) cluster: String,
    /// Where credentials come from.
    pub(crate) provider: aws_credential_types::provider::SharedCredentialsProvider,
    /// The same, where they can be forgotten.
    pub(crate) renewing: Option<Renewing>,
    /// The time that AWS has.
    pub(crate) time: ServerTime,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} in {})", self.cluster, self.region)
    }
}

/// Where tokens come from.
#[derive(Debug)]
enum Source {
    /// AWS credentials sign them.
    Signed(Signer),
    /// A program hands them out.
    Plugin(Box<Plugin>, ServerTime),
}

/// Tokens for one cluster, each used until it is about to expire.
#[derive(Debug)]
pub(crate) struct Tokens {
    source: Source,
    cached: Mutex<Option<Cached>>,
}

/// A token as a header; its value is marked as sensitive, so nothing prints it.
#[derive(Debug, Clone)]
struct Cached {
    header: HeaderValue,
    until: Timestamp,
}

impl Tokens {
    /// Tokens by this signer.
    pub(crate) fn new(signer: Signer) -> Self {
        Self {
            source: Source::Signed(signer),
            cached: Mutex::default(),
        }
    }

    /// Tokens by this plugin, of which the first is there already.
    pub(super) fn of_plugin(
        plugin: Plugin,
        first: &Login,
        time: ServerTime,
    ) -> Result<Self, Failed> {
        let cached = Cached::of(&plugin, first)?;
        Ok(Self {
            source: Source::Plugin(Box::new(plugin), time),
            cached: Mutex::new(Some(cached)),
        })
    }

    /// The `Authorization` of the next attempt.
    pub(crate) async fn header(&self) -> Result<HeaderValue, Failed> {
        let mut cached = self.cached.lock().await;
        let now = self.source.now();
        if let Some(cached) = &*cached
            && now < cached.until
        {
            return Ok(cached.header.clone());
        }
        let fresh = self.source.fresh(now).await?;
        *cached = Some(fresh.clone());
        Ok(fresh.header)
    }

    /// The cluster did not take this one: it is not used again, nor are the credentials that signed
    /// it, for somebody may have logged in again.
    pub(crate) async fn refused(&self, header: &HeaderValue) {
        let mut cached = self.cached.lock().await;
        if cached
            .as_ref()
            .is_some_and(|cached| cached.header == *header)
        {
            *cached = None;
            if let Source::Signed(Signer {
                renewing: Some(renewing),
                ..
            }) = &self.source
            {
                renewing.forget();
            }
        }
    }

    /// What it means that a cluster refuses a token that is fresh, where its answer does not tell.
    pub(super) fn unknown(&self) -> Option<Trouble> {
        matches!(self.source, Source::Signed(_)).then_some(Trouble::Unknown)
    }
}

impl Source {
    fn now(&self) -> Timestamp {
        match self {
            Self::Signed(signer) => signer.time.now(),
            Self::Plugin(_, time) => time.now(),
        }
    }

    async fn fresh(&self, now: Timestamp) -> Result<Cached, Failed> {
        match self {
            Self::Signed(signer) => signer.sign(now).await,
            Self::Plugin(plugin, _) => Cached::of(plugin, &plugin.login().await?),
        }
    }
}

impl Cached {
    /// The token that a plugin gave. One without an end is used until it is refused.
    fn of(plugin: &Plugin, login: &Login) -> Result<Self, Failed> {
        let wrong = |why: &str| plugin.failed(FailureKind::NoCredentials, why);
        let Some(token) = &login.token else {
            return Err(wrong("it gave a token before, and now it gives none"));
        };
        let header = HeaderValue::try_from(format!("Bearer {token}"));
        let mut header = header.map_err(|_| wrong("its token is not fit for a request"))?;
        header.set_sensitive(true);
        let until = login.until.map_or(Timestamp::MAX, |until| {
            until.checked_sub(LOGIN_EARLY).unwrap_or(until)
        });
        Ok(Self { header, until })
    }
}

impl Signer {
    async fn sign(&self, now: Timestamp) -> Result<Cached, Failed> {
        let operation = || format!("sign in to EKS cluster {}", self.cluster);
        let credentials = self
            .provider
            .provide_credentials()
            .await
            .map_err(|error| credentials_failed(operation(), error))?;
        let end = credentials
            .expiry()
            .and_then(|end| Timestamp::try_from(end).ok());
        let until = now.checked_add(USED).unwrap_or(now);
        let until = end
            .and_then(|end| end.checked_sub(EARLY).ok())
            .map_or(until, |end| end.min(until));
        let wrong = |why: String| Failed::new(operation(), FailureKind::Rejected, why);
        let token = token(&self.region, &self.cluster, credentials, now.into())
            .map_err(|error| wrong(error.to_string()))?;
        if token.len() > LONGEST {
            let long = token.len();
            return Err(wrong(format!(
                "the session token is too long: clusters take {LONGEST} bytes, and this would be {long}"
            )));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|error| wrong(error.to_string()))?;
        header.set_sensitive(true);
        Ok(Cached { header, until })
    }
}

/// The token of these credentials for this cluster, made at `now`.
fn token(
    region: &str,
    cluster: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let url = format!(
        "https://{}/?Action=GetCallerIdentity&Version=2011-06-15",
        host(region)
    );
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(SAYS);
    let identity = Identity::from(credentials);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now)
        .settings(settings)
        .build()?
        .into();
    let headers = [(CLUSTER, cluster)];
    let signable =
        SignableRequest::new("GET", &url, headers.into_iter(), SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let mut request = Request::get(&url).body(())?;
    instructions.apply_to_request_http1x(&mut request);
    let encoded =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(request.uri().to_string());
    Ok(format!("{PREFIX}{encoded}"))
}

/// The STS endpoint of a Region (AWS General Reference, AWS STS endpoints).
fn host(region: &str) -> String {
    let suffix = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("sts.{region}.{suffix}")
}

#[cfg(test)]
mod tests;
