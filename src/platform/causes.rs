//! The chain of causes beneath an error of a client library, for whoever tells of it.

use std::error::Error;
use std::io;

/// The chain of causes, the error itself first.
pub(crate) fn links<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |link| (*link).source())
}

/// The chain of causes in words, each said once: the outermost links only wrap.
pub(crate) fn words(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for link in links(error).skip(1) {
        let text = link.to_string();
        if !words.iter().any(|word| word.contains(&text)) {
            words.push(text);
        }
    }
    if words.is_empty() {
        error.to_string()
    } else {
        words.join(": ")
    }
}

/// Whether this link of a chain shows that no connection was made.
pub(crate) fn never_connected(link: &(dyn Error + 'static)) -> bool {
    let refused = link.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::AddrNotAvailable
        )
    });
    refused
        || link
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
}
