//! A reference says where a secret is kept, so that its value never passes through the program.

use serde_json::{Value as Json, json};

use crate::names::{Arn, KubeName, Pattern};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::Scene;
use crate::spec::resolve::arns::{self, Home};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Shape, table};
use crate::spec::tree::{Node, Value};
use crate::spec::words::Placed;
use crate::spec::words::target::namespace::{KubePlace, SecretStore};

table! {
    /// Where a secret is kept.
    "a secret" SecretTable {
        /// ARN of a secret in AWS Secrets Manager.
        arn: Arn,
        /// One key of the secret's JSON document; default: the whole. Of a Secret of Kubernetes, the key in it;
        /// default: the variable's own name.
        key: Filled,
        /// Name or ARN of a parameter in SSM Parameter Store.
        parameter: Filled,
        /// A Secret of the namespace, on Kubernetes.
        secret: KubeName,
        /// Whether that Secret or its key may be missing. Default: false.
        optional: bool,
    }
}

/// A reference to a secret in one text: the name of a parameter, its ARN, or the ARN of a secret, perhaps
/// with one of its keys.
pub(in crate::spec) static SECRET: Pattern = Pattern::new(concat!(
    "/[A-Za-z0-9_./-]*|ssm:[A-Za-z0-9_./-]+",
    "|(?:ssm:)?arn:aws[^:]*:ssm:[^:]*:[^:]*:parameter/[\\s\\S]*",
    "|arn:aws[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+(?::[^:]*:*)?",
));

/// A reference to a secret; what is wrong with one is told without repeating it.
#[derive(Clone)]
pub(in crate::spec) struct Secret(pub(in crate::spec) SecretRef);

impl Shape for Secret {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let found = match &node.value {
            Value::Text(text) => reference(text).and_then(|found| {
                let fits = SECRET.holds(text).then_some(found);
                fits.ok_or("it is neither an ARN nor a parameter")
            }),
            Value::Table(_) => from_table(node, findings)?,
            _ => {
                findings.wrong_type(node, "a reference to a secret", Some(FORMS));
                return None;
            }
        };
        match found {
            Ok(secret) => Some(Self(secret)),
            Err(why) => {
                findings.problem(
                    Problem::new(
                        "bad-value",
                        format!("this is not a reference to a secret: {why}"),
                    )
                    .at(node.spot)
                    .help(FORMS),
                );
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [SECRET.schema(), SecretTable::schema()] })
    }
}

const FORMS: &str = "write the ARN of a secret in Secrets Manager (\"arn:…:secret:NAME\", with \
     \":KEY::\" after it for one key), \"ssm:/name\" for a parameter, or on Kubernetes \
     { secret = \"NAME\", key = \"KEY\" }; never the value itself";

fn from_table(node: &Node, findings: &mut Findings) -> Option<Result<SecretRef, &'static str>> {
    // A pasted value must not be repeated by the check of ARNs, so the texts are read first.
    if let Some(entry) = node.get("arn")
        && entry
            .text()
            .is_some_and(|text| text.parse::<Arn>().is_err())
    {
        return Some(Err("`arn` is not an ARN"));
    }
    if let Some(entry) = node.get("secret")
        && entry
            .text()
            .is_some_and(|text| text.parse::<KubeName>().is_err())
    {
        return Some(Err("`secret` is not the name of a Secret"));
    }
    let table = SecretTable::read(node, findings)?;
    let key = table.key.map(|at| at.value.0);
    let optional = table.optional.is_some_and(|at| at.value);
    if optional && table.secret.is_none() {
        return Some(Err("only what is in a Secret of Kubernetes may be missing"));
    }
    Some(match (table.arn, table.parameter, table.secret) {
        (Some(arn), None, None) => match reference(arn.value.as_str()) {
            Ok(SecretRef::SecretsManager { arn, key: None }) => {
                Ok(SecretRef::SecretsManager { arn, key })
            }
            Ok(SecretRef::SecretsManager { .. }) if key.is_some() => {
                Err("the key is said twice, in `arn` and in `key`")
            }
            Ok(SecretRef::Parameter(_)) if key.is_some() => Err("a parameter has no keys"),
            other => other,
        },
        (None, Some(parameter), None) if key.is_none() => parameter_name(&parameter.value.0),
        (None, Some(_), None) => Err("a parameter has no keys"),
        (None, None, Some(secret)) => of_kubernetes(secret.value, key, optional),
        (None, None, None) => Err("it needs `arn`, `parameter` or `secret`"),
        _ => Err("`arn`, `parameter` and `secret` exclude each other"),
    })
}

/// Keys of a Secret (Kubernetes documentation, Secrets, constraints on names and data).
fn of_kubernetes(
    secret: KubeName,
    key: Option<String>,
    optional: bool,
) -> Result<SecretRef, &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match &key {
        Some(key) if !key.chars().all(plain) => {
            Err("a key of a Secret has letters, digits and `-_.`")
        }
        _ => Ok(SecretRef::Kubernetes {
            secret,
            key,
            optional,
        }),
    }
}

/// A secret in one string: an ARN with or without `:key::`, or a parameter.
fn reference(text: &str) -> Result<SecretRef, &'static str> {
    if let Some(name) = text.strip_prefix("ssm:") {
        return parameter_name(name);
    }
    if text.starts_with('/') {
        return parameter_name(text);
    }
    let arn: Arn = text
        .parse()
        .map_err(|_| "it is neither an ARN nor a parameter")?;
    if arn.service() == "ssm" {
        return parameter_name(text);
    }
    if arn.service() != "secretsmanager" {
        return Err("the ARN is of another service");
    }
    let mut parts = arn.resource().split(':');
    let (Some("secret"), Some(name)) = (parts.next(), parts.next()) else {
        return Err("the ARN is not of a secret: `secret:NAME` is missing");
    };
    let key = parts.next().unwrap_or("");
    if name.is_empty() {
        return Err("the name of the secret is missing");
    }
    if parts.any(|part| !part.is_empty()) {
        return Err("a version or a stage of a secret cannot be chosen here");
    }
    let head = text.split(':').take(7).collect::<Vec<_>>().join(":");
    Ok(SecretRef::SecretsManager {
        arn: head.parse().map_err(|_| "it is not an ARN")?,
        key: (!key.is_empty()).then(|| key.to_owned()),
    })
}

/// Names of parameters (AWS Systems Manager API reference, `PutParameter`).
fn parameter_name(name: &str) -> Result<SecretRef, &'static str> {
    if let Ok(arn) = name.parse::<Arn>() {
        return if arn.service() == "ssm" && arn.resource().starts_with("parameter/") {
            Ok(SecretRef::Parameter(name.to_owned()))
        } else {
            Err("the ARN is not of a parameter")
        };
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    if name.is_empty() || !name.chars().all(plain) {
        return Err("a parameter's name has letters, digits, `_`, `.`, `-` and `/`");
    }
    Ok(SecretRef::Parameter(name.to_owned()))
}

/// Where a secret's value is kept; never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretRef {
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
        /// Whether the Secret or the key may be missing.
        optional: bool,
    },
}

impl SecretRef {
    /// The `valueFrom` of an ECS secret: `arn`, `arn:key::` or a parameter name
    /// (Amazon ECS developer guide, sensitive data). A Secret of Kubernetes has none there, which
    /// is told when the file is read.
    pub(crate) fn value_from(&self) -> String {
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

/// Secrets had better be of the target's account and Region.
pub(in crate::spec) fn home(containers: &[Placed], place: Home<'_>, findings: &mut Findings) {
    for placed in containers {
        for (name, at) in &placed.secrets {
            let arn = match &at.value {
                SecretRef::SecretsManager { arn, .. } => Some(arn.clone()),
                SecretRef::Parameter(name) => name.parse().ok(),
                SecretRef::Kubernetes { .. } => None,
            };
            if let Some(arn) = arn {
                arns::home(name, &arn, place, findings);
            }
        }
    }
}

/// ECS fills nothing from a Secret of Kubernetes.
pub(in crate::spec) fn for_ecs(containers: &[Placed], findings: &mut Findings) {
    for (name, at) in containers.iter().flat_map(|placed| &placed.secrets) {
        if matches!(at.value, SecretRef::Kubernetes { .. }) {
            let message = format!("`{name}` is in a Secret of Kubernetes, and this target is ECS");
            findings.problem(Problem::new("conflict", message).at(at.spot).help(
                "name a secret of Secrets Manager, { arn = \"arn:…:secret:NAME\", key = \"KEY\" }, here or in \
                 the target's own file",
            ));
        }
    }
}

/// Whether what `secrets` refers to can get into the Secret.
pub(in crate::spec) fn for_kubernetes(
    scene: &Scene<'_, KubePlace>,
    secret: &KubeName,
    findings: &mut Findings,
) {
    let all: Vec<_> = scene
        .containers
        .iter()
        .flat_map(|placed| &placed.secrets)
        .collect();
    // Keys of a Secret (Kubernetes documentation, Secrets, constraints on names and data).
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    for (name, at) in &all {
        let is_key = !matches!(at.value, SecretRef::Kubernetes { key: Some(_), .. });
        if is_key && !name.chars().all(plain) {
            let message = "on Kubernetes such a name has letters, digits and `-_.`";
            findings.bad_value(at.head, message);
        }
    }
    home(scene.containers, scene.place.into(), findings);
    let kept = |one: &&Reference| matches!(one.1.value, SecretRef::Kubernetes { .. });
    let referred: Vec<_> = all.into_iter().filter(|one| !kept(one)).collect();
    match &scene.place.secret_store {
        Some(store) => one_service(&referred, store, findings),
        None => by_hand(&referred, secret, findings),
    }
}

type Reference = (String, At<SecretRef>);

/// A store of the External Secrets Operator reads from one of AWS's services.
fn one_service(all: &[&Reference], store: &SecretStore, findings: &mut Findings) {
    let parameter = |at: &At<SecretRef>| matches!(at.value, SecretRef::Parameter(_));
    let Some((_, first)) = all.first() else {
        return;
    };
    let mut others = all.iter().map(|(_, at)| at);
    if let Some(at) = others.find(|at| parameter(at) != parameter(first)) {
        findings.problem(
            Problem::new(
                "conflict",
                "one store cannot fill a Secret from both services",
            )
            .at(at.spot)
            .also(first.spot, "this one is in the other service")
            .help("keep all of a service's secrets in Secrets Manager, or all in Parameter Store"),
        );
    } else if parameter(first) {
        let message = format!("the store `{}` must be one of Parameter Store", store.name);
        findings.note("parameter-store", message);
    }
}

/// Without a store nobody reads what is referred to.
fn by_hand(all: &[&Reference], secret: &KubeName, findings: &mut Findings) {
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        let message = format!(
            "the target has no `secret_store`: the Secret `{secret}` must exist, and what `secrets` refers to ({}) is not read",
            names.join(", ")
        );
        findings.note("secret-by-hand", message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-url";

    fn value_from(text: &str) -> Result<String, &'static str> {
        reference(text).map(|secret| secret.value_from())
    }

    #[test]
    fn a_secret_is_said_as_ecs_takes_it() {
        assert_eq!(value_from(SECRET).unwrap(), SECRET);
        let keyed = format!("{SECRET}:password::");
        assert_eq!(value_from(&keyed).unwrap(), keyed);
        assert_eq!(value_from("ssm:/prod/db").unwrap(), "/prod/db");
        assert_eq!(value_from("/prod/db").unwrap(), "/prod/db");
        let parameter = "arn:aws:ssm:us-east-1:123456789012:parameter/prod/db";
        assert_eq!(value_from(parameter).unwrap(), parameter);
    }

    #[test]
    fn a_reference_that_would_be_changed_silently_is_refused() {
        assert!(value_from(&format!("{SECRET}:password:AWSCURRENT:")).is_err());
        assert!(value_from("hunter2").is_err());
        assert!(value_from("arn:aws:s3:::bucket").is_err());
    }
}
