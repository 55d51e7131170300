//! Names that are checked once, where they enter, and trusted everywhere after.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a word is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not {what}: {why}")]
pub struct BadName {
    /// The word as it was given.
    pub word: String,
    /// What it should have been, with its article: "a service name".
    pub what: &'static str,
    /// The rule it breaks.
    pub why: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(word: &str) -> Result<Self, BadName> {
                match $check(word) {
                    Ok(()) => Ok(Self(word.to_owned())),
                    Err(why) => Err(BadName { word: word.to_owned(), what: $what, why }),
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
    ServiceName, "a service name", dns_label
);
name!(
    /// A container within a service; a DNS label, as Kubernetes asks.
    ContainerName, "a container name", dns_label
);
name!(
    /// A target: the stem of a file in `config/`.
    TargetName, "a target name", target_name
);
name!(
    /// An AWS account: twelve digits.
    AccountId, "an AWS account id", twelve_digits
);
name!(
    /// An AWS Region such as `us-east-1`.
    Region, "an AWS Region", region
);
name!(
    /// An Amazon Resource Name.
    Arn, "an ARN", arn
);
name!(
    /// An ECS service, cluster or task definition family: up to 255 letters, digits, `-` and `_`
    /// (Amazon ECS API reference, CreateService).
    EcsName, "an ECS name", ecs_name
);
name!(
    /// A namespace or another Kubernetes object whose name must be a DNS label (Kubernetes
    /// documentation, object names and IDs).
    KubeLabel, "a Kubernetes name", dns_label
);
name!(
    /// A Kubernetes object whose name may be a DNS subdomain of up to 253 characters: an Ingress, a
    /// Secret, a service account (Kubernetes documentation, object names and IDs).
    KubeName, "a Kubernetes name", dns_subdomain
);
name!(
    /// A container image as it is given to the platform; no form of it is normalised.
    ImageRef, "an image reference", image_ref
);

impl Arn {
    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or("")
    }

    /// The service namespace, such as `secretsmanager`.
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The Region; empty for global services.
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The account; empty where the resource has none.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// Everything after the account.
    pub fn resource(&self) -> &str {
        self.part(5)
    }
}

impl ImageRef {
    /// The tag, unless the image is pinned by digest; `latest` when neither is given. A registry
    /// with a port (`host:5000/api`) has a colon that is not a tag's.
    pub fn tag(&self) -> Option<&str> {
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
    pub fn can_move(&self) -> bool {
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
pub fn is_annotation_key(word: &str) -> bool {
    let name = |word: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        word.len() <= 63
            && word.chars().all(ok)
            && ends(word.chars().next())
            && ends(word.chars().last())
    };
    match word.split_once('/') {
        Some((prefix, word)) => dns_subdomain(prefix).is_ok() && name(word),
        None => name(word),
    }
}

/// A text as a label's value can hold it: at most 63 letters, digits, `-`, `_` and `.`, with a letter or
/// a digit at both ends (Kubernetes documentation, labels and selectors). Anything else becomes `_`, or
/// is left out at the ends.
pub fn label_value(text: &str) -> String {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = |c: char| !c.is_ascii_alphanumeric();
    let clean: String = text.chars().map(|c| if ok(c) { c } else { '_' }).collect();
    let clean = clean.trim_start_matches(ends);
    // All that is left is ASCII, so any byte is a character's end.
    let clean = clean.get(..63).unwrap_or(clean);
    clean.trim_end_matches(ends).to_owned()
}

fn dns_label(word: &str) -> Result<(), &'static str> {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if word.is_empty() || word.len() > 63 {
        Err("it must have 1 to 63 characters")
    } else if !word.chars().all(ok) {
        Err("only lower-case letters, digits and `-` are allowed")
    } else if word.starts_with('-') || word.ends_with('-') {
        Err("it must start and end with a letter or a digit")
    } else {
        Ok(())
    }
}

fn dns_subdomain(word: &str) -> Result<(), &'static str> {
    let part = |part: &str| {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !part.is_empty() && part.chars().all(ok) && !part.starts_with('-') && !part.ends_with('-')
    };
    if word.is_empty() || word.len() > 253 {
        Err("it must have 1 to 253 characters")
    } else if !word.split('.').all(part) {
        Err(
            "only lower-case letters, digits, `-` and `.` are allowed, and a letter or a digit at both ends",
        )
    } else {
        Ok(())
    }
}

fn target_name(word: &str) -> Result<(), &'static str> {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if word.is_empty() || !word.chars().all(ok) || word.starts_with('.') {
        Err("only letters, digits, `-`, `_` and `.` are allowed")
    } else {
        Ok(())
    }
}

fn twelve_digits(word: &str) -> Result<(), &'static str> {
    if word.len() == 12 && word.chars().all(|c| c.is_ascii_digit()) {
        Ok(())
    } else {
        Err("it must have twelve digits (in quotes, since it may start with a zero)")
    }
}

fn region(word: &str) -> Result<(), &'static str> {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if word.split('-').count() >= 3
        && word.chars().all(ok)
        && word.ends_with(|c: char| c.is_ascii_digit())
    {
        Ok(())
    } else {
        Err("it should look like `us-east-1`")
    }
}

fn arn(word: &str) -> Result<(), &'static str> {
    let parts: Vec<&str> = word.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, service, _, _, resource]
            if partition.starts_with("aws") && !service.is_empty() && !resource.is_empty() =>
        {
            Ok(())
        }
        _ => Err("it should look like `arn:aws:service:region:account:resource`"),
    }
}

fn ecs_name(word: &str) -> Result<(), &'static str> {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if word.is_empty() || word.len() > 255 {
        Err("it must have 1 to 255 characters")
    } else if !word.chars().all(ok) {
        Err("only letters, digits, `-` and `_` are allowed")
    } else {
        Ok(())
    }
}

fn image_ref(word: &str) -> Result<(), &'static str> {
    if word.is_empty() {
        Err("it is empty")
    } else if word.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Err("it has white space in it")
    } else if word.len() > 1024 {
        Err("it is longer than 1024 characters")
    } else if word.contains("://") {
        Err("it has no `https://` before it")
    } else {
        let (name, digest) = word.split_once('@').unzip();
        digest.map_or(Ok(()), image_digest)?;
        image_name(name.unwrap_or(word))
    }
}

/// A registry may be written in any way, a repository in small letters only; a tag has up to 128
/// letters, digits, `_`, `-` and `.` (distribution project, reference grammar).
fn image_name(word: &str) -> Result<(), &'static str> {
    let is_registry = |part: &str| {
        part.contains(['.', ':']) || part == "localhost" || part.to_lowercase() != part
    };
    let rest = match word.split_once('/') {
        Some((registry, rest)) if is_registry(registry) => rest,
        _ => word,
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let part = |part: &str| {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        part.chars().all(ok) && ends(part.chars().next()) && ends(part.chars().last())
    };
    if path.chars().any(char::is_uppercase) {
        Err("a repository is written in small letters")
    } else if !path.split('/').all(part) {
        Err(
            "a repository has small letters, digits and `._-`, with a letter or a digit at both ends of each part",
        )
    } else {
        tag.map_or(Ok(()), image_tag)
    }
}

fn image_tag(tag: &str) -> Result<(), &'static str> {
    let ok = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let fits = (1..=128).contains(&tag.len()) && !tag.starts_with(['-', '.']);
    if fits && tag.chars().all(ok) {
        Ok(())
    } else {
        Err("a tag has 1 to 128 letters, digits, `_`, `-` and `.`")
    }
}

fn image_digest(digest: &str) -> Result<(), &'static str> {
    let whole = |digits: &str, length: usize| {
        digits.len() == length && digits.chars().all(|c| c.is_ascii_hexdigit())
    };
    match digest.split_once(':') {
        Some(("sha256", digits)) if whole(digits, 64) => Ok(()),
        Some(("sha512", digits)) if whole(digits, 128) => Ok(()),
        _ => Err("a digest is `sha256:` and 64 hexadecimal digits"),
    }
}

#[cfg(test)]
mod tests;
