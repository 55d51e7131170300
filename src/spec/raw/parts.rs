//! Values that can be written in more than one way: ports, secrets and dependencies.

use serde_json::{Value as Json, json};

use crate::names::{Arn, KubeName, Pattern};
use crate::spec::findings::Findings;
use crate::spec::model::{Architecture, Dependency, Port as Listens, Protocol, SecretRef};
use crate::spec::problem::Problem;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Shape, table, words};
use crate::spec::tree::{Node, Value};

words!(Architecture, "an architecture", "x86_64" => Architecture::X86_64, "arm64" => Architecture::Arm64);
words!(
    Dependency, "how far a container must have got",
    "start" => Dependency::Start,
    "complete" => Dependency::Complete,
    "success" => Dependency::Success,
    "healthy" => Dependency::Healthy,
);

/// A port: 8080, or "53/udp".
#[derive(Clone, Copy)]
pub(in crate::spec) struct Port(pub(in crate::spec) Listens);

/// A port is a number, with a protocol behind it perhaps.
pub(in crate::spec) static PORT: Pattern = Pattern::new("[1-9][0-9]{0,4}(?:/(?:tcp|udp))?");

impl Shape for Port {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Some(text) = node.word() else {
            let Whole::<1, 65_535>(number) = Whole::read(node, findings)?;
            let number = u16::try_from(number).ok()?;
            return Some(Self(Listens {
                number,
                protocol: Protocol::Tcp,
            }));
        };
        if !PORT.holds(text) {
            let message = "this is not a port: write 8080, \"8080/tcp\" or \"53/udp\"";
            findings.bad_value(node.spot, message);
            return None;
        }
        let (number, protocol) = match text.split_once('/') {
            Some((number, "udp")) => (number, Protocol::Udp),
            Some((number, _)) => (number, Protocol::Tcp),
            None => (text, Protocol::Tcp),
        };
        if let Ok(number) = number.parse() {
            Some(Self(Listens { number, protocol }))
        } else {
            findings.bad_value(node.spot, "must be from 1 to 65535");
            None
        }
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                PORT.schema(),
            ],
        })
    }
}

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
        (None, None, Some(secret)) => of_kubernetes(secret.value, key),
        (None, None, None) => Err("it needs `arn`, `parameter` or `secret`"),
        _ => Err("`arn`, `parameter` and `secret` exclude each other"),
    })
}

/// Keys of a Secret (Kubernetes documentation, Secrets, constraints on names and data).
fn of_kubernetes(secret: KubeName, key: Option<String>) -> Result<SecretRef, &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match &key {
        Some(key) if !key.chars().all(plain) => {
            Err("a key of a Secret has letters, digits and `-_.`")
        }
        _ => Ok(SecretRef::Kubernetes { secret, key }),
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

/// Containers to wait for: `{ NAME = "healthy" }`, or `["NAME"]` for those that must have started.
pub(in crate::spec) struct DependsOn(pub(in crate::spec) Vec<(String, At<Dependency>)>);

impl Shape for DependsOn {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return Some(Self(Map::read(node, findings)?.0));
        }
        if !matches!(node.value, Value::List(_)) {
            let expected = "a table such as { NAME = \"healthy\" }, or an array of names";
            findings.wrong_type(node, expected, None);
            return None;
        }
        let names = Vec::<At<Filled>>::read(node, findings)?;
        let started = |at: At<Filled>| {
            let dependency = At {
                value: Dependency::Start,
                spot: at.spot,
                head: at.spot,
            };
            (at.value.0, dependency)
        };
        Some(Self(names.into_iter().map(started).collect()))
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "object", "additionalProperties": Dependency::schema() },
                { "type": "array", "items": Filled::schema() },
            ],
        })
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
