//! A reference says where a secret is kept, so that its value never passes through the program.

use crate::names::{Arn, KubeName};

/// Where a secret's value is kept; never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// AWS Secrets Manager: the secret's ARN, optionally one key of its JSON document.
    SecretsManager {
        /// The ARN looks like `arn:aws:secretsmanager:…:secret:NAME`.
        arn: Arn,
        /// One key of the JSON document.
        key: Option<String>,
    },
    /// SSM Parameter Store: a name in the same Region, or an ARN.
    Parameter(String),
    /// A Secret of the service's namespace on Kubernetes, which somebody else keeps.
    Kubernetes {
        /// The name of the Secret.
        secret: KubeName,
        /// The key in it; `None`: the variable's own name.
        key: Option<String>,
    },
}

impl SecretRef {
    /// The `valueFrom` of an ECS secret: `arn`, `arn:key::` or a parameter name
    /// (Amazon ECS developer guide, sensitive data). A Secret of Kubernetes has none there, which
    /// is told when the file is read.
    pub fn value_from(&self) -> String {
        match self {
            Self::Kubernetes { secret, .. } => secret.to_string(),
            Self::SecretsManager { arn, key: None } => arn.to_string(),
            Self::SecretsManager {
                arn,
                key: Some(key),
            } => format!("{arn}:{key}::"),
            Self::Parameter(name) => name.clone(),
        }
    }
}
