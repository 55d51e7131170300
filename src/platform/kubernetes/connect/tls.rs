//! What is wrong with a certificate, in words that say whose it is and what to do. `kubectl` takes some
//! that our TLS library does not, so it has to be said.

use std::error::Error;
use std::io;

use rustls::CertificateError as Wrong;

use crate::platform::causes::links;

/// What to do about the certificate that stands in the way; `None`: none does, or there is nothing to
/// add.
pub(super) fn advice(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let rustls::Error::InvalidCertificate(wrong) = links(error).find_map(of_tls)? else {
        return None;
    };
    Some(match wrong {
        Wrong::UnknownIssuer => {
            "None of the authorities that the kubeconfig gives (`certificate-authority`), or this machine has, \
             signed the server's certificate; it must be the certificate of the CA itself, not the server's own"
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "The server's certificate is for other names than its address here; `tls-server-name` in the \
             kubeconfig says which name to expect"
        }
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            "The server's certificate has expired, or this machine's clock is wrong"
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "The server's certificate is not valid yet: is this machine's clock wrong?"
        }
        Wrong::Other(other) if other.to_string().contains("UnsupportedCertVersion") => {
            "A certificate is of X.509 version 1, which is not taken here though kubectl takes it; sign it \
             again with extensions (`openssl x509 -req -extfile …` with `extendedKeyUsage=clientAuth`), which \
             makes it version 3"
        }
        Wrong::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "The server shows the certificate of a CA as its own; let the CA sign one for the server"
        }
        _ => return None,
    })
}

/// An error of TLS; as the cause of a broken connection it is within one of input and output, or within
/// several of them, one in the other.
fn of_tls<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let within = || of_tls(link.downcast_ref::<io::Error>()?.get_ref()?);
    link.downcast_ref().or_else(within)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use rustls::pki_types::CertificateDer;
    use rustls::server::ParsedCertificate;

    use super::*;

    /// As openssl signs one without an extension.
    const VERSION_1: &str = "MIIBJTCBzAIUAW90C/9t/Cbif1AoL0LS1e3FAq4wCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EwIBcNMjYxMTI3MDYwNDEwWhgPMjEyNjExMDMwNjA0MTBaMBwxDDAKBgNVBAoMA2RldjEMMAoGA1UEAwwDYW5uMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWyLpV1ydLyeGP4ApyF1S1PrXwh+yq4Rrbj+zEmURuiY2wlYy5jI5AsJO/yRPt6ieTJj912waRaf1mky8BRjnNDAKBggqhkjOPQQDAgNIADBFAiAVAdhxdUUvk2L01wev9RM4d7PPizm3pn/XXGoEOFYSawIhAMUiaXFv5wvObHreemkSPiSmR86ojgsXIMQ/LCzsrbmW";

    #[test]
    fn a_certificate_of_version_1_is_called_so() {
        let bytes = base64::engine::general_purpose::STANDARD.decode(VERSION_1);
        let certificate = CertificateDer::from(bytes.unwrap());
        let error = ParsedCertificate::try_from(&certificate).err().unwrap();
        assert!(advice(&error).unwrap().contains("version 1"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_found_beneath_a_broken_connection() {
        for (wrong, words) in [
            (Wrong::UnknownIssuer, "certificate of the CA itself"),
            (Wrong::NotValidForName, "`tls-server-name`"),
            (Wrong::Expired, "has expired"),
        ] {
            let error = io::Error::other(rustls::Error::InvalidCertificate(wrong));
            assert!(advice(&error).unwrap().contains(words), "{error}");
            // As a connector wraps it that is another one's.
            let error = io::Error::other(error);
            assert!(advice(&error).unwrap().contains(words), "{error}");
        }
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(advice(&refused), None);
    }
}
