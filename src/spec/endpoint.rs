//! Who may stand in for AWS, and with whose credentials.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Domains of AWS itself, VPC endpoints included (AWS General Reference, service endpoints).
const OWN: [&str; 5] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".amazonaws.eu",
];

/// Whose a URL is, as far as credentials are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// AWS, by its own names and over TLS.
    Aws,
    /// The URL leads to this machine itself.
    Ourselves,
    /// Somebody whose name is proven by TLS.
    Named,
    /// Anybody on the way could read and answer.
    Anybody,
}

impl Owner {
    /// The owner of this URL.
    pub(crate) fn of(url: &str) -> Self {
        let Ok(url) = url.parse::<Uri>() else {
            return Self::Anybody;
        };
        let host = url.host().unwrap_or_default().to_ascii_lowercase();
        let secure = url.scheme_str() == Some("https");
        if is_loopback(&host) {
            Self::Ourselves
        } else if !secure {
            Self::Anybody
        } else if OWN.iter().any(|domain| host.ends_with(domain)) {
            Self::Aws
        } else {
            Self::Named
        }
    }

    /// Whether requests there are signed with real credentials.
    pub(crate) fn may_have_credentials(self) -> bool {
        self != Self::Anybody
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare.parse::<Ipv4Addr>().is_ok_and(|one| one.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|one| one.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_this_machine_and_to_whom_tls_names() {
        let table = [
            ("https://ecs.us-east-1.amazonaws.com", Owner::Aws),
            (
                "https://vpce-1.eks.us-east-1.vpce.amazonaws.com/",
                Owner::Aws,
            ),
            ("http://ecs.us-east-1.amazonaws.com", Owner::Anybody),
            ("https://amazonaws.com.example.com", Owner::Named),
            ("https://notamazonaws.com", Owner::Named),
            ("https://emulator.example.com:4566", Owner::Named),
            ("http://127.0.0.1:4566", Owner::Ourselves),
            ("http://127.9.9.9", Owner::Ourselves),
            ("http://localhost:4566", Owner::Ourselves),
            ("http://[::1]:4566", Owner::Ourselves),
            ("http://localhost.example.com", Owner::Anybody),
            ("http://127.0.0.1@example.com", Owner::Anybody),
            ("http://127.0.0.1.example.com", Owner::Anybody),
            ("http://emulator:4566", Owner::Anybody),
            ("http://169.254.169.254", Owner::Anybody),
            ("not a URL", Owner::Anybody),
        ];
        for (url, owner) in table {
            assert_eq!(Owner::of(url), owner, "{url}");
            assert_eq!(owner.may_have_credentials(), owner != Owner::Anybody);
        }
    }
}
