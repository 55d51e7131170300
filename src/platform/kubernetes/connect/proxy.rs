//! Whether the way to a cluster leads through a proxy: `HTTPS_PROXY`, `NO_PROXY` and their kin, as
//! curl and the AWS SDKs read them.

use std::fmt::Write as _;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// The proxy between us and `server` as the environment has it, with its credentials; `None`: the
/// way is direct.
pub(super) fn from_environment(server: &Uri) -> Option<Uri> {
    between(&Matcher::from_env(), server)
}

fn between(rules: &Matcher, server: &Uri) -> Option<Uri> {
    let found = rules.intercept(server)?;
    let proxy = found.uri();
    let credentials = match (found.raw_auth(), found.basic_auth()) {
        (Some((user, password)), _) => Some(format!("{user}:{password}")),
        (None, Some(basic)) => decoded(basic.to_str().ok()?),
        (None, None) => None,
    };
    let Some(credentials) = credentials else {
        return Some(proxy.clone());
    };
    let authority = format!("{}@{}", escaped(&credentials), proxy.authority()?);
    Uri::builder()
        .scheme(proxy.scheme()?.clone())
        .authority(authority)
        .path_and_query("/")
        .build()
        .ok()
}

fn decoded(basic: &str) -> Option<String> {
    use base64::Engine as _;
    let encoded = basic.strip_prefix("Basic ")?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .ok()?;
    String::from_utf8(bytes).ok()
}

/// As the user part of a URL: everything but the first colon that is not plain is escaped.
fn escaped(credentials: &str) -> String {
    let mut text = String::new();
    let mut colons = 0;
    for byte in credentials.bytes() {
        if byte == b':' {
            colons += 1;
        }
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (byte == b':' && colons == 1)
        {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(https: &str, no: &str, server: &'static str) -> Option<String> {
        let rules = Matcher::builder()
            .https(https.to_owned())
            .no(no.to_owned())
            .build();
        between(&rules, &Uri::from_static(server)).map(|uri| uri.to_string())
    }

    #[test]
    fn exceptions_are_about_the_cluster_and_not_about_the_proxy() {
        let proxy = "http://proxy.example.com:3128";
        let cluster = "https://abc.gr7.us-east-1.eks.amazonaws.com";
        assert_eq!(
            through(proxy, "", cluster).as_deref(),
            Some("http://proxy.example.com:3128/")
        );
        assert_eq!(
            through(proxy, "localhost, .eks.amazonaws.com,", cluster),
            None
        );
        assert_eq!(through(proxy, "10.0.0.0/8", "https://10.1.2.3:6443"), None);
        assert_eq!(
            through(proxy, "proxy.example.com", cluster).as_deref(),
            Some("http://proxy.example.com:3128/")
        );
    }

    #[test]
    fn credentials_of_a_proxy_survive_whatever_they_hold() {
        let through = through(
            "http://us%40er:p%3Aa%25ss@proxy:3128",
            "",
            "https://cluster.example.com",
        );
        assert_eq!(
            through.as_deref(),
            Some("http://us%40er:p%3Aa%25ss@proxy:3128/")
        );
    }
}
