//! The login plugin of a kubeconfig: a program that hands out a token or a client certificate
//! (Kubernetes documentation, authenticating, client-go credential plugins).
//!
//! It is run here and not by the client library, which tells of a failure by showing all that the
//! program printed, and the program itself with its arguments and environment.

use std::fmt;
use std::io::IsTerminal as _;

use base64::Engine as _;
use jiff::Timestamp;
use kube::config::{ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::platform::failure::{Failed, FailureKind};
use crate::platform::program::{self, Fault, Run};

/// The versions of the protocol that there are.
const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// What it is called on the wire.
const KIND: &str = "ExecCredential";

/// A login plugin.
pub(super) struct Plugin {
    exec: ExecConfig,
    cluster: Option<ExecAuthCluster>,
}

impl fmt::Debug for Plugin {
    /// Its arguments and its environment may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({})", self.name())
    }
}

/// What a plugin gave.
pub(super) struct Login {
    /// A bearer token.
    pub(super) token: Option<String>,
    /// A client certificate and its key, each as base64 of PEM.
    pub(super) certificate: Option<(String, String)>,
    /// When they expire; `None`: when they are refused.
    pub(super) until: Option<Timestamp>,
}

/// What is asked and answered, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    spec: Option<Spec>,
    #[serde(default, skip_serializing)]
    status: Option<Status>,
}

#[derive(Serialize)]
struct Spec {
    interactive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<ExecAuthCluster>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl Plugin {
    /// The plugin that a user of the kubeconfig has; `cluster`: what it is told of the cluster, if it
    /// asks for that.
    pub(super) fn new(exec: ExecConfig, cluster: Option<ExecAuthCluster>) -> Result<Self, Failed> {
        let plugin = Self { exec, cluster };
        let version = plugin.exec.api_version.as_deref().unwrap_or_default();
        if !VERSIONS.contains(&version) {
            let known = VERSIONS.join(" and ");
            return Err(plugin.failed(
                FailureKind::Invalid,
                format!("its `apiVersion` is {version:?}; there are {known}"),
            ));
        }
        if plugin
            .exec
            .command
            .as_deref()
            .unwrap_or_default()
            .is_empty()
        {
            return Err(plugin.failed(
                FailureKind::Invalid,
                "the kubeconfig has no `command` for it",
            ));
        }
        Ok(plugin)
    }

    /// The program, as the kubeconfig names it.
    fn name(&self) -> &str {
        self.exec.command.as_deref().unwrap_or("without a name")
    }

    /// Runs it.
    pub(super) async fn login(&self) -> Result<Login, Failed> {
        let person = std::io::stdin().is_terminal();
        let mode = self.exec.interactive_mode.as_ref();
        if mode == Some(&ExecInteractiveMode::Always) && !person {
            return Err(self.failed(
                FailureKind::NoCredentials,
                "it wants to ask somebody (`interactiveMode: Always`), and stdin is no terminal",
            ));
        }
        let asks = person && mode != Some(&ExecInteractiveMode::Never);
        let command = self.command(asks)?;
        let hide = self.given();
        let printed = program::run(command, Run { asks, hide: &hide }).await;
        let printed = printed.map_err(|fault| self.fault(&fault))?;
        self.read(&printed)
    }

    fn command(&self, asks: bool) -> Result<Command, Failed> {
        let mut command = Command::new(self.name());
        command.args(self.exec.args.iter().flatten());
        for pair in self.exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
                command.env(name, value);
            }
        }
        let asked = ExecCredential {
            api_version: self.exec.api_version.clone().unwrap_or_default(),
            kind: KIND.to_owned(),
            spec: Some(Spec {
                interactive: asks,
                cluster: self.cluster.clone(),
            }),
            status: None,
        };
        let asked = serde_json::to_string(&asked)
            .map_err(|error| self.failed(FailureKind::Invalid, error.to_string()))?;
        command.env("KUBERNETES_EXEC_INFO", asked);
        Ok(command)
    }

    /// What it is given, which it may repeat.
    fn given(&self) -> Vec<String> {
        let values = self.exec.env.iter().flatten();
        let values = values.filter_map(|pair| pair.get("value")).cloned();
        let arguments = self.exec.args.iter().flatten();
        let arguments = arguments.filter_map(|argument| {
            let value = argument.split_once('=').map(|(_, value)| value.to_owned());
            value.or_else(|| (!argument.starts_with('-')).then(|| argument.clone()))
        });
        values.chain(arguments).collect()
    }

    fn read(&self, printed: &[u8]) -> Result<Login, Failed> {
        let garbled = |why: &str| {
            let why = format!(
                "what it printed is no {KIND}: {why}. It is not shown, for it may hold the token"
            );
            Err(self.failed(FailureKind::NoCredentials, why))
        };
        if printed.trim_ascii().is_empty() {
            return garbled("it is empty");
        }
        // JSON in the protocol; but as everywhere in Kubernetes, YAML is taken for it.
        let answer = serde_json::from_slice(printed)
            .ok()
            .or_else(|| serde_saphyr::from_slice::<ExecCredential>(printed).ok());
        let Some(answer) = answer else {
            return garbled("it is neither JSON nor YAML with a `kind` and an `apiVersion`");
        };
        if answer.kind != KIND {
            return garbled("its `kind` is another");
        }
        let asked = self.exec.api_version.as_deref().unwrap_or_default();
        if answer.api_version != asked {
            return garbled(&format!(
                "it must answer in the version of the kubeconfig, {asked}"
            ));
        }
        let Some(status) = answer.status else {
            return garbled("it has no `status`");
        };
        let until = match status.expiration_timestamp.as_deref().map(str::parse) {
            Some(Err(_)) => return garbled("its `expirationTimestamp` is no time"),
            Some(Ok(until)) => Some(until),
            None => None,
        };
        let encoded = |pem: String| base64::engine::general_purpose::STANDARD.encode(pem);
        let certificate = match (status.client_certificate_data, status.client_key_data) {
            (Some(certificate), Some(key)) => Some((encoded(certificate), encoded(key))),
            (None, None) => None,
            _ => return garbled("it has only one of `clientCertificateData` and `clientKeyData`"),
        };
        let token = status.token.filter(|token| !token.is_empty());
        if token.is_none() && certificate.is_none() {
            return garbled("it has neither a token nor a client certificate");
        }
        Ok(Login {
            token,
            certificate,
            until,
        })
    }

    fn fault(&self, fault: &Fault) -> Failed {
        let kind = match fault {
            Fault::Absent | Fault::Unstarted(_) => FailureKind::Invalid,
            _ => FailureKind::NoCredentials,
        };
        let hint = match (fault, self.exec.install_hint.as_deref()) {
            (Fault::Absent, Some(hint)) if !hint.trim().is_empty() => {
                format!(". The kubeconfig says about it: {}", hint.trim())
            }
            (Fault::Absent, _) => ". Install it, or put its directory on the PATH".to_owned(),
            _ => String::new(),
        };
        self.failed(kind, format!("{fault}{hint}"))
    }

    /// A failure of this plugin.
    pub(super) fn failed(&self, kind: FailureKind, why: impl Into<String>) -> Failed {
        let operation = format!("log in with the plugin {} of the kubeconfig", self.name());
        Failed::new(operation, kind, why)
    }
}

#[cfg(test)]
mod tests;
