//! The forms of the names, and why a word has not the form of one. Only the pattern decides what a name
//! is; the reasons are looked for once it has refused the word.

use super::Pattern;

pub(super) static DNS_LABEL: Pattern = Pattern::new("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

pub(super) fn no_dns_label(word: &str) -> &'static str {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if word.is_empty() || word.len() > 63 {
        "it must have 1 to 63 characters"
    } else if !word.chars().all(ok) {
        "only lower-case letters, digits and `-` are allowed"
    } else {
        "it must start and end with a letter or a digit"
    }
}

pub(super) static DNS_SUBDOMAIN: Pattern = Pattern::limited(
    "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*",
    253,
);

/// An annotation's key, without the bound on what stands before the slash.
pub(crate) static ANNOTATION_KEY: Pattern = Pattern::new(concat!(
    "(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*/)?",
    "[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?",
));

pub(super) fn no_dns_subdomain(word: &str) -> &'static str {
    if word.is_empty() || word.len() > 253 {
        "it must have 1 to 253 characters"
    } else {
        "only lower-case letters, digits, `-` and `.` are allowed, and a letter or a digit at both ends"
    }
}

pub(super) static TARGET_NAME: Pattern = Pattern::new("[A-Za-z0-9_-][A-Za-z0-9._-]*");

pub(super) fn no_target_name(_word: &str) -> &'static str {
    "only letters, digits, `-`, `_` and `.` are allowed"
}

pub(super) static TWELVE_DIGITS: Pattern = Pattern::new("[0-9]{12}");

pub(super) fn no_twelve_digits(_word: &str) -> &'static str {
    "it must have twelve digits (in quotes, since it may start with a zero)"
}

pub(super) static REGION: Pattern = Pattern::new("[a-z0-9]+(?:-[a-z0-9]+)+-[a-z0-9]*[0-9]");

pub(super) fn no_region(_word: &str) -> &'static str {
    "it should look like `us-east-1`"
}

pub(super) static ARN: Pattern = Pattern::new("arn:aws[^:]*:[^:]+:[^:]*:[^:]*:[\\s\\S]+");

pub(super) fn no_arn(_word: &str) -> &'static str {
    "it should look like `arn:aws:service:region:account:resource`"
}

pub(super) static ECS_NAME: Pattern = Pattern::new("[A-Za-z0-9_-]{1,255}");

pub(super) fn no_ecs_name(word: &str) -> &'static str {
    if word.is_empty() || word.len() > 255 {
        "it must have 1 to 255 characters"
    } else {
        "only letters, digits, `-` and `_` are allowed"
    }
}

/// A registry is a host, whose letters may be large, or an address in brackets, with a port perhaps. A
/// repository has small letters only; a tag has up to 128 letters, digits, `_`, `-` and `.`
/// (distribution project, reference grammar).
pub(super) static IMAGE_REF: Pattern = Pattern::limited(
    concat!(
        "(?:(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?/)?",
        "[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)*",
        "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?",
        "(?:@(?:sha256:[0-9A-Fa-f]{64}|sha512:[0-9A-Fa-f]{128}))?",
    ),
    1024,
);

pub(super) fn no_image_ref(word: &str) -> &'static str {
    if word.is_empty() {
        "it is empty"
    } else if word.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "it has white space in it"
    } else if word.len() > 1024 {
        "it is longer than 1024 characters"
    } else if word.contains("://") {
        "it has no `https://` before it"
    } else if let Some((_, digest)) = word.split_once('@')
        && !IMAGE_DIGEST.holds(digest)
    {
        "a digest is `sha256:` and 64 hexadecimal digits"
    } else {
        no_image_name(word.split_once('@').map_or(word, |(name, _)| name))
    }
}

static IMAGE_DIGEST: Pattern = Pattern::new("sha256:[0-9A-Fa-f]{64}|sha512:[0-9A-Fa-f]{128}");

static REPOSITORY: Pattern =
    Pattern::new("[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)*");

static IMAGE_TAG: Pattern = Pattern::new("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

fn no_image_name(word: &str) -> &'static str {
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
    if path.chars().any(char::is_uppercase) {
        "a repository is written in small letters"
    } else if !REPOSITORY.holds(path) {
        "a repository has small letters, digits and `._-`, with a letter or a digit at both ends of each part"
    } else if tag.is_some_and(|tag| !IMAGE_TAG.holds(tag)) {
        "a tag has 1 to 128 letters, digits, `_`, `-` and `.`"
    } else {
        "a registry is a host such as `ghcr.io` or `localhost:5000`"
    }
}
