//! Tells secrets from settings by their looks: what is surely a secret must not stand in a file,
//! and what may be one is masked in everything printed.

use std::ops::Range;

mod keys;

pub(crate) use self::keys::KeyLines;

/// The shape of a token: what it starts with, how many characters of a token follow at least.
struct Shape {
    prefix: &'static str,
    least: usize,
    what: &'static str,
}

const fn shape(prefix: &'static str, least: usize, what: &'static str) -> Shape {
    Shape {
        prefix,
        least,
        what,
    }
}

/// Prefixes that their issuers publish so that leaked tokens can be found.
const SHAPES: &[Shape] = &[
    shape("AKIA", 16, "an AWS access key"),
    shape("ASIA", 16, "an AWS access key"),
    shape("ghp_", 36, "a GitHub token"),
    shape("gho_", 36, "a GitHub token"),
    shape("ghu_", 36, "a GitHub token"),
    shape("ghs_", 36, "a GitHub token"),
    shape("ghr_", 36, "a GitHub token"),
    shape("github_pat_", 40, "a GitHub token"),
    shape("glpat-", 20, "a GitLab token"),
    shape("xoxa-", 10, "a Slack token"),
    shape("xoxb-", 10, "a Slack token"),
    shape("xoxp-", 10, "a Slack token"),
    shape("xoxr-", 10, "a Slack token"),
    shape("xoxs-", 10, "a Slack token"),
    shape("xapp-", 10, "a Slack token"),
    shape("sk_live_", 16, "a Stripe key"),
    shape("rk_live_", 16, "a Stripe key"),
    shape("sk_test_", 16, "a Stripe key"),
    shape("whsec_", 24, "a Stripe webhook secret"),
    shape("AIza", 35, "a Google API key"),
    shape("npm_", 36, "an npm token"),
    shape("pypi-", 40, "a PyPI token"),
    shape("SG.", 40, "a SendGrid key"),
    shape("sk-", 32, "an API key"),
    shape("dop_v1_", 40, "a DigitalOcean token"),
    shape("hvs.", 24, "a Vault token"),
];

/// Words in a name that promise a secret.
const PROMISING: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "APIKEY",
    "PRIVATE",
    "SIGNATURE",
];

/// The same, but only as a whole word, since they are parts of harmless ones.
const PROMISING_ALONE: &[&str] = &[
    "KEY", "KEYS", "PASS", "PWD", "AUTH", "DSN", "PIN", "SALT", "CERT", "JWT", "PW",
];

/// Every stretch of a text that is surely a secret, with what it is.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    for shape in SHAPES {
        tokens(text, shape, &mut found);
    }
    keys::find(text, &mut found);
    web_tokens(text, &mut found);
    passwords_in_urls(text, &mut found);
    found
}

/// What a value surely is, if it is a secret. The name counts where the value alone has no shape.
pub(super) fn surely(name: &str, value: &str) -> Option<&'static str> {
    let aws_secret = |word: &str| {
        word.len() == 40
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "/+=".contains(c))
    };
    if name.to_uppercase().contains("AWS_SECRET") && aws_secret(value) {
        return Some("an AWS secret access key");
    }
    find(value).first().map(|(_, what)| *what)
}

/// Whether a value may be a secret, by its name or by its looks.
pub(super) fn maybe(name: &str, value: &str) -> bool {
    why(name, value).is_some()
}

/// Why a value may be a secret, in words that follow "since".
pub(super) fn why(name: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        None
    } else if promises(name) {
        Some("its name promises a secret".to_owned())
    } else if let Some(what) = surely(name, value) {
        Some(format!("it holds {what}"))
    } else {
        looks_random(value)
            .then(|| "it looks like a key: long, and as if drawn by chance".to_owned())
    }
}

/// Whether a name promises a secret.
pub(super) fn promises(name: &str) -> bool {
    let upper = name.to_uppercase();
    PROMISING.iter().any(|word| upper.contains(word))
        || upper
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| PROMISING_ALONE.contains(&word))
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The length of the word of a token that a text starts with.
fn word(text: &str) -> usize {
    text.find(|c| !is_token(c)).unwrap_or(text.len())
}

fn stands_alone(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
}

fn tokens(text: &str, shape: &Shape, found: &mut Vec<(Range<usize>, &'static str)>) {
    let (mut end, mut covered) = (0, 0);
    for (at, _) in text.match_indices(shape.prefix) {
        if at < covered {
            continue;
        }
        let start = at + shape.prefix.len();
        // Matches within one word share its end.
        if start > end {
            end = start + word(&text[start..]);
        }
        let rest = &text[start..end];
        let length = rest.len();
        // AWS key ids are of one length and in capitals; without that, AKIA is a word.
        let fits = if shape.what == "an AWS access key" {
            length == shape.least
                && rest[..length]
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        } else {
            length >= shape.least
        };
        if fits && stands_alone(text, at) {
            covered = end;
            found.push((at..end, shape.what));
        }
    }
}

/// JSON Web Tokens: three parts of base64url, the first two of which start as JSON objects do.
fn web_tokens(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    let mut start = 0;
    while start < text.len() {
        let run = &text[start..start + word(&text[start..])];
        found.extend(web_token(run).map(|range| {
            let range = start + range.start..start + range.end;
            (range, "a JSON Web Token")
        }));
        start += run.len();
        start += text[start..].chars().next().map_or(0, char::len_utf8);
    }
}

/// Where a web token stands in one word: at its end, since a word of more parts is none.
fn web_token(run: &str) -> Option<Range<usize>> {
    let (before, third) = run.rsplit_once('.')?;
    let (head, second) = before.rsplit_once('.')?;
    if second.len() < 10 || third.len() < 10 || !second.starts_with("eyJ") {
        return None;
    }
    let part = head.rfind('.').map_or(0, |dot| dot + 1);
    let mut starts = head[part..].match_indices("eyJ").map(|(at, _)| part + at);
    let at = starts.find(|at| head.len() - at >= 10 && stands_alone(run, *at))?;
    Some(at..run.len())
}

/// No name and password of a URL are longer than so many bytes.
const LONGEST: usize = 4 * 1024;

fn passwords_in_urls(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..text.ceil_char_boundary(text.len().min(start + LONGEST))];
        let stop = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '?' | '#');
        let line = &rest[..rest.find(stop).unwrap_or(rest.len())];
        // A password may hold a slash that should have been escaped, so the last `@` counts,
        // unless what looks like a password is a port.
        let path = line.find('/').unwrap_or(line.len());
        let Some(host) = line[..path].rfind('@').or_else(|| line.rfind('@')) else {
            continue;
        };
        let Some((user, password)) = line[..host].split_once(':') else {
            continue;
        };
        let number = password.split('/').next().unwrap_or("");
        if host > path && number.chars().all(|c| c.is_ascii_digit()) {
            continue;
        }
        let standing_for_another =
            password.starts_with(['$', '<', '{', '%']) && !password.starts_with("%2");
        let blotted = password.chars().all(|c| c == '*' || c == 'x');
        if !user.contains('/') && !password.is_empty() && !standing_for_another && !blotted {
            let from = start + user.len() + 1;
            found.push((from..start + host, "a password in a URL"));
        }
    }
}

/// Long, of one word, with letters and digits mixed as chance mixes them.
fn looks_random(value: &str) -> bool {
    let charset = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(char::is_ascii_alphabetic).count();
    if value.len() < 20 || !value.chars().all(charset) || digits < 3 || letters < 3 {
        return false;
    }
    let hexadecimal = value.chars().all(|c| c.is_ascii_hexdigit());
    let words = value.split(['-', '_', '/']).filter(|word| !word.is_empty());
    let longest = words.map(str::len).max().unwrap_or(0);
    entropy(value) >= if hexadecimal { 3.0 } else { 3.6 } && longest >= 16
}

/// Bits per character (Shannon).
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_shapes_are_surely_secrets() {
        let jwt = format!(
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{}",
            "a".repeat(30)
        );
        let github = format!("ghp_{}", "aB3".repeat(12));
        for (value, what) in [
            ("AKIAABCDEFGHIJKLMNOP", "an AWS access key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "a private key"),
            (
                "postgres://shop:hunter2@db.internal/shop",
                "a password in a URL",
            ),
            ("redis://:hunter2@cache:6379", "a password in a URL"),
            (jwt.as_str(), "a JSON Web Token"),
            (github.as_str(), "a GitHub token"),
        ] {
            assert_eq!(surely("X", value), Some(what), "{value}");
        }
        assert_eq!(
            surely("AWS_SECRET_ACCESS_KEY", &"aB3/".repeat(10)),
            Some("an AWS secret access key")
        );
    }

    #[test]
    fn settings_are_not_secrets() {
        for value in [
            "production",
            "https://api.example.com/v1?at=a@b",
            "postgres://shop@db.internal/shop",
            "postgres://shop:$PASSWORD@db.internal/shop",
            "arn:aws:iam::123456789012:role/apiTaskRole",
            "AKIAlmost",
            "http://localhost:8080/health",
            "http://localhost:8080/users/a@b",
        ] {
            assert_eq!(surely("X", value), None, "{value}");
            assert!(!maybe("SETTING", value), "{value}");
        }
    }

    #[test]
    fn a_promising_name_or_a_random_value_is_masked() {
        assert!(maybe("DB_PASSWORD", "x"));
        assert!(maybe("STRIPE_KEY", "x"));
        assert!(maybe("SETTING", "9f86d081884c7d659a2feaa0c55ad015"));
        assert!(!maybe("MONKEY", "banana"));
        assert!(!maybe("DB_PASSWORD", ""));
    }
}
