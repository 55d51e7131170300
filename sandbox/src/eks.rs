//! EKS clusters, as far as finding one goes: each stands for any Kubernetes API server, which is
//! not part of this cloud.

use serde::{Deserialize, Serialize};

/// An EKS cluster that stands for a Kubernetes API server somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EksCluster {
    /// Its name.
    pub name: String,
    /// The URL of the API server.
    pub endpoint: String,
    /// The certificates that sign the server's, as PEM or as its base64.
    pub certificate_authority: String,
    /// The version of Kubernetes that it says it runs.
    #[serde(default = "version")]
    pub version: String,
    /// `ACTIVE`, `CREATING`, `DELETING`… While it is being created it has no endpoint.
    #[serde(default = "active")]
    pub status: String,
    /// Whether it can be reached from outside of its network.
    #[serde(default = "public")]
    pub public: bool,
    /// Who may reach it from outside.
    #[serde(default = "everybody")]
    pub public_cidrs: Vec<String>,
    /// Its ARN; derived from the Region of the request and the account when absent.
    #[serde(default)]
    pub arn: Option<String>,
}

impl EksCluster {
    /// One that is active and public.
    pub fn new(name: &str, endpoint: &str, certificate_authority: &str) -> Self {
        Self {
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            certificate_authority: certificate_authority.to_owned(),
            version: version(),
            status: active(),
            public: public(),
            public_cidrs: everybody(),
            arn: None,
        }
    }
}

fn version() -> String {
    "1.36".to_owned()
}

fn active() -> String {
    "ACTIVE".to_owned()
}

fn public() -> bool {
    true
}

fn everybody() -> Vec<String> {
    vec!["0.0.0.0/0".to_owned()]
}
