//! Why an image cannot be pulled, from the words of containerd, CRI-O and Docker.

use crate::rollout::Cause;

/// The registry, or the way to it, is in trouble: it may pass.
const TROUBLE: [&str; 26] = [
    "timeout",
    "timed out",
    "deadline exceeded",
    "deadlineexceeded",
    "too many requests",
    "toomanyrequests",
    "rate limit",
    "rate exceeded",
    "pull qps exceeded",
    "connection refused",
    "connection reset",
    "no route to host",
    "no such host",
    "server misbehaving",
    "temporary failure",
    "x509",
    "certificate",
    "tls handshake",
    "http response to https client",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "no space left",
    "unexpected eof",
    "code = unavailable",
    "canceled",
];

/// The registry refused us. One that hides what exists says so of an image that does not, too.
const DENIED: [&str; 9] = [
    "pull access denied",
    "denied",
    "forbidden",
    "unauthorized",
    "authentication required",
    "authorization failed",
    "insufficient_scope",
    "no basic auth",
    "not authorized",
];

/// The registry has no such image, or none for the node's processor.
const MISSING: [&str; 8] = [
    "manifest unknown",
    "not found",
    "notfound",
    "name unknown",
    "does not exist",
    "no such image",
    "no match for platform",
    "no matching manifest",
];

/// Why an image cannot be pulled.
pub(crate) fn pull(message: &str, image: &str) -> Cause {
    let words = without_names(message, image).to_ascii_lowercase();
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let status = |codes: &[&str]| words.split(' ').any(|word| codes.contains(&word));
    if has(&["invalid reference format", "couldn't parse image"]) {
        Cause::ImageNameInvalid
    } else if has(&TROUBLE) || status(&["429", "500", "502", "503", "504"]) {
        Cause::RegistryTrouble
    } else if has(&DENIED) || status(&["401", "403"]) {
        Cause::PullDenied
    } else if has(&MISSING) || status(&["404"]) {
        Cause::ImageNotFound
    } else {
        Cause::RegistryTrouble
    }
}

/// The text without what was asked for: an image may be called `denied` or `timeout`, and a
/// registry `not-found.example.com`.
fn without_names(message: &str, image: &str) -> String {
    let spoken = outside_of_quotes(message);
    let kept = spoken.split_whitespace().filter_map(|word| {
        let bare = word.trim_end_matches([':', ',', '.', ';']);
        let name = bare == image || bare.contains(['/', ':', '@']);
        (!name).then(|| word.trim_matches(['(', ')', '[', ']', ':', ',', ';']))
    });
    kept.collect::<Vec<_>>().join(" ")
}

/// The text without what stands between quotation marks.
fn outside_of_quotes(message: &str) -> String {
    let parts = message.replace("\\\"", "\"");
    let spoken = parts.split('"').step_by(2);
    spoken.collect::<Vec<_>>().join(" ")
}
