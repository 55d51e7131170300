//! How a cluster is reached: by a kubeconfig, from within a pod, or by AWS credentials alone.
//!
//! Whatever the way, two layers of ours lie beneath the client: one that has patience with reads
//! and sends a write once, and under it, where AWS credentials are what we have, one that gives
//! every attempt a token that is fresh.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use kube::client::{Body, ClientBuilder};
use kube::config::Config;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tower::BoxError;

use self::authorized::Authorized;
use self::patient::{Heard, Patient, Route};
use self::plugin::Plugin;
use self::token::Tokens;
use self::warnings::Warnings;
use crate::clock::Clock;
use crate::platform::aws::ServerTime;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::associations::Eks;
use crate::spec::{KubePlace, Reach};

mod asked;
mod authorized;
mod eks;
mod kubeconfig;
mod patient;
mod plugin;
mod proxy;
mod tls;
pub(crate) mod token;
pub(crate) mod trouble;
pub(crate) mod warnings;
mod whole;

#[cfg(test)]
mod tests;

/// How long a connection may take: a SYN that was lost twice, and a little.
const CONNECT: Duration = Duration::from_secs(5);

/// What a kubeconfig may do on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Trust {
    /// Whatever it says.
    #[default]
    Full,
    /// It runs no program and sends no file as a token: whoever opens a pull request may have written
    /// it.
    NoPrograms,
}

/// A connection to one cluster.
#[derive(Clone)]
pub(crate) struct Link {
    /// Sends the requests, with credentials that are renewed.
    pub(crate) client: kube::Client,
    /// The cluster as people and plans name it: an ARN on EKS, else the server's URL.
    pub(crate) cluster: String,
    /// How far the server's clock is from ours, as its answers show it.
    pub(crate) time: ServerTime,
    /// What its answers warn of.
    pub(crate) warnings: Warnings,
    /// Whether anybody on the way could pose as the cluster.
    pub(crate) unverified: bool,
    /// EKS itself, where the target names the cluster.
    pub(crate) eks: Option<Eks>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.cluster)
    }
}

/// Reaches the cluster of `place`, after the checks that need no request to it: no other cluster
/// than the target's is ever spoken to.
pub(crate) async fn connect(place: &KubePlace, trust: Trust, clock: Clock) -> Result<Link, Failed> {
    match &place.reach {
        Reach::Kubeconfig {
            path,
            context,
            cluster,
        } => {
            let wanted = kubeconfig::Wanted {
                path: path.as_deref(),
                context: context.as_deref(),
                cluster: cluster.as_deref(),
                trust,
            };
            kubeconfig::find(&wanted)?.link(clock).await
        }
        Reach::Eks { cluster, endpoint } => {
            let found = eks::find(place, cluster.as_str(), endpoint.as_deref(), clock).await?;
            found.link(clock).await
        }
    }
}

/// A cluster that was found, and what is known of the way to it.
struct Access {
    config: Config,
    cluster: String,
    tokens: Option<Tokens>,
    /// What hands out tokens or a certificate, where a program does.
    plugin: Option<Plugin>,
    /// Why no connection may come about.
    hint: Option<String>,
    /// EKS itself, where it told of the cluster.
    eks: Option<Eks>,
}

impl Access {
    /// Puts our layers under a client.
    async fn link(mut self, clock: Clock) -> Result<Link, Failed> {
        let time = ServerTime::new(clock);
        if let Some(plugin) = self.plugin.take() {
            self.log_in(plugin, time.clone()).await?;
        }
        let server = self.config.cluster_url.to_string();
        let hint = self.hint.take().or_else(|| through(&self.config));
        self.config.connect_timeout = Some(CONNECT);
        // Ours repeats reads only.
        self.config.default_retry = false;
        let route = Route { server, hint };
        let unverified = self.config.accept_invalid_certs;
        let namespace = self.config.default_namespace.clone();
        let below = ClientBuilder::try_from(self.config)
            .map_err(|error| unusable(&route.server, &error))?
            .build();
        let below = tower::service_fn(move |request: Request<Body>| {
            let below = below.clone();
            async move { below.send(request).await.map_err(BoxError::from) }
        });
        let heard = Heard {
            time,
            warnings: Warnings::default(),
        };
        let client = if let Some(tokens) = self.tokens {
            let tokens = Arc::new(tokens);
            let below = Authorized::new(below, Arc::clone(&tokens));
            let patient = Patient::new(below, route, clock, heard.clone()).renewing(tokens);
            kube::Client::new(patient, namespace)
        } else {
            let patient = Patient::new(below, route, clock, heard.clone());
            kube::Client::new(patient, namespace)
        };
        Ok(Link {
            client,
            cluster: self.cluster,
            time: heard.time,
            warnings: heard.warnings,
            unverified,
            eks: self.eks,
        })
    }

    /// Runs the plugin, before anything is sent: a certificate belongs to the connection itself, and
    /// a person may be asked, which takes longer than any request may. A certificate is not renewed.
    async fn log_in(&mut self, plugin: Plugin, time: ServerTime) -> Result<(), Failed> {
        let mut login = plugin.login().await?;
        if let Some((certificate, key)) = login.certificate.take() {
            self.config.auth_info.client_certificate_data = Some(certificate);
            self.config.auth_info.client_key_data = Some(key.into());
        }
        if login.token.is_some() {
            self.tokens = Some(Tokens::of_plugin(plugin, &login, time)?);
        }
        Ok(())
    }
}

/// Which proxy stands in the way.
fn through(config: &Config) -> Option<String> {
    let proxy = config.proxy_url.as_ref()?.host()?;
    Some(format!(
        "The way leads through the proxy {proxy}; NO_PROXY makes exceptions"
    ))
}

/// The certificates in a PEM text.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, rustls::pki_types::pem::Error> {
    let found: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(pem)
        .map(|found| found.map(|certificate| certificate.as_ref().to_vec()))
        .collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err(rustls::pki_types::pem::Error::NoItemsFound);
    }
    Ok(found)
}

/// What is known of the cluster does not make a connection.
fn unusable(cluster: &str, error: &(dyn std::error::Error + 'static)) -> Failed {
    let mut words = error.to_string();
    if let Some(source) = error.source()
        && !words.contains(&source.to_string())
    {
        words = format!("{words}: {source}");
    }
    if let Some(advice) = tls::advice(error) {
        words = format!("{words}. {advice}");
    }
    Failed::new(
        format!("reach cluster {cluster}"),
        FailureKind::Invalid,
        words,
    )
}
