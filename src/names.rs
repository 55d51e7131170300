//! Names that are checked once, where they enter, and trusted everywhere after.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod pattern;
mod rules;

pub(crate) use self::pattern::{Pattern, VARIABLE};
pub(crate) use self::rules::ANNOTATION_KEY;

/// Why a word is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not {what}: {why}")]
pub(crate) struct BadName {
    /// The word as it was given.
    pub(crate) word: String,
    /// What it should have been, with its article: "a service name".
    pub(crate) what: &'static str,
    /// The rule it breaks.
    pub(crate) why: &'static str,
}

/// A name that a pattern describes.
pub(crate) trait Patterned {
    /// The form that a word must have to be one.
    fn pattern() -> &'static Pattern;
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $pattern:path, $why:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub(crate) struct $name(String);

        impl $name {
            /// The name as text.
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Patterned for $name {
            fn pattern() -> &'static Pattern {
                &$pattern
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(word: &str) -> Result<Self, BadName> {
                let word = word.to_owned();
                if $pattern.holds(&word) {
                    Ok(Self(word))
                } else {
                    let why = $why(&word);
                    Err(BadName { word, what: $what, why })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(word: String) -> Result<Self, BadName> {
                word.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name!(
    /// A service in deploy.toml. Both platforms take it as it is, so it obeys the stricter of
    /// the two: a DNS label of at most 63 characters (Kubernetes object names).
    ServiceName, "a service name", rules::DNS_LABEL, rules::no_dns_label
);
name!(
    /// A container within a service: up to 255 letters, digits, `-` and `_` (Amazon ECS API reference,
    /// `ContainerDefinition`). Kubernetes takes a DNS label alone, which is looked at where a service goes there.
    ContainerName, "a container name", rules::ECS_NAME, rules::no_ecs_name
);
name!(
    /// A target: the stem of a file in `config/`.
    TargetName, "a target name", rules::TARGET_NAME, rules::no_target_name
);
name!(
    /// An AWS account: twelve digits.
    AccountId, "an AWS account id", rules::TWELVE_DIGITS, rules::no_twelve_digits
);
name!(
    /// An AWS Region such as `us-east-1`.
    Region, "an AWS Region", rules::REGION, rules::no_region
);
name!(
    /// An Amazon Resource Name.
    Arn, "an ARN", rules::ARN, rules::no_arn
);
name!(
    /// An ECS service, cluster or task definition family: up to 255 letters, digits, `-` and `_`
    /// (Amazon ECS API reference, CreateService).
    EcsName, "an ECS name", rules::ECS_NAME, rules::no_ecs_name
);
name!(
    /// A namespace or another Kubernetes object whose name must be a DNS label (Kubernetes
    /// documentation, object names and IDs).
    KubeLabel, "a Kubernetes name", rules::DNS_LABEL, rules::no_dns_label
);
name!(
    /// A Kubernetes object whose name may be a DNS subdomain of up to 253 characters: an Ingress, a
    /// Secret, a service account (Kubernetes documentation, object names and IDs).
    KubeName, "a Kubernetes name", rules::DNS_SUBDOMAIN, rules::no_dns_subdomain
);
name!(
    /// A container image as it is given to the platform; no form of it is normalised.
    ImageRef, "an image reference", rules::IMAGE_REF, rules::no_image_ref
);

impl Arn {
    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or("")
    }

    /// The service namespace, such as `secretsmanager`.
    pub(crate) fn service(&self) -> &str {
        self.part(2)
    }

    /// The Region; empty for global services.
    pub(crate) fn region(&self) -> &str {
        self.part(3)
    }

    /// The account; empty where the resource has none.
    pub(crate) fn account(&self) -> &str {
        self.part(4)
    }

    /// Everything after the account.
    pub(crate) fn resource(&self) -> &str {
        self.part(5)
    }
}

impl ImageRef {
    /// The tag, unless the image is pinned by digest; `latest` when neither is given. A registry
    /// with a port (`host:5000/api`) has a colon that is not a tag's.
    pub(crate) fn tag(&self) -> Option<&str> {
        let (name, digest) = self
            .0
            .split_once('@')
            .map_or((self.0.as_str(), None), |(n, d)| (n, Some(d)));
        if digest.is_some() {
            return None;
        }
        let last = name.rsplit('/').next().unwrap_or(name);
        Some(last.split_once(':').map_or("latest", |(_, tag)| tag))
    }

    /// Whether the same reference may name another image tomorrow: a tag of the kind that is
    /// moved by habit (`latest`, `main`, `stable`…), not a version and not a digest.
    pub(crate) fn can_move(&self) -> bool {
        const MOVING: [&str; 12] = [
            "latest",
            "main",
            "master",
            "stable",
            "edge",
            "dev",
            "develop",
            "nightly",
            "prod",
            "production",
            "staging",
            "current",
        ];
        self.tag().is_some_and(|tag| MOVING.contains(&tag))
    }
}

/// Whether a word can be the key of an annotation: up to 63 letters, digits, `-`, `_` and `.`, perhaps
/// after a DNS subdomain and a slash (Kubernetes documentation, annotations, syntax).
pub(crate) fn is_annotation_key(word: &str) -> bool {
    let (prefix, _) = word.split_once('/').unwrap_or_default();
    rules::ANNOTATION_KEY.holds(word) && prefix.len() <= LONGEST_PREFIX
}

/// How long the DNS subdomain before an annotation's key may be.
pub(crate) const LONGEST_PREFIX: usize = 253;

/// A text as a label's value can hold it: at most 63 letters, digits, `-`, `_` and `.`, with a letter or
/// a digit at both ends (Kubernetes documentation, labels and selectors). Anything else becomes `_`, or
/// is left out at the ends.
pub(crate) fn label_value(text: &str) -> String {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = |c: char| !c.is_ascii_alphanumeric();
    let clean: String = text.chars().map(|c| if ok(c) { c } else { '_' }).collect();
    let clean = clean.trim_start_matches(ends);
    // All that is left is ASCII, so any byte is a character's end.
    let clean = clean.get(..63).unwrap_or(clean);
    clean.trim_end_matches(ends).to_owned()
}

#[cfg(test)]
mod tests;
