//! What passes a gate, and what can happen to it.

use std::time::Duration;

/// One request, as it passed.
#[derive(Debug, Clone)]
pub struct Passed {
    /// When it came, since the gate was opened.
    pub at: Duration,
    /// Until the head of its answer left; zero before.
    pub took: Duration,
    /// `GET`, `PATCH`…
    pub method: String,
    /// Who says to ask.
    pub agent: String,
    /// Path and query.
    pub uri: String,
    /// The status of the answer; nothing where there was none.
    pub status: Option<u16>,
    /// What happened to it on the way.
    pub mishap: Option<Mishap>,
    /// The status that the server gave, whatever came through of its answer; nothing where it was not asked.
    pub served: Option<u16>,
    /// Bytes of its body, and of the answer's so far.
    pub bytes: (usize, usize),
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Answered with this status, and not performed.
    Refused(u16),
    /// Cut before the server sees it.
    Unreached,
    /// Performed; the connection is cut instead of the answer.
    LostReply,
    /// Performed; neither an answer nor an end comes. The program that waits for it can be killed "after" the request.
    NoReply,
    /// Performed twice, as a proxy does that repeats; the second answer counts.
    Repeated,
    /// Performed; the answer breaks off after its first piece, as that of a watch does.
    CutShort,
}

impl Passed {
    /// Whether it opens a watch.
    pub fn is_watch(&self) -> bool {
        self.uri.contains("watch=true") || self.uri.contains("watch=1")
    }

    /// Whether it could change something. A dry run cannot, nor can a question about rights or about who asks.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
            && !self.uri.contains("dryRun=All")
            && !self.uri.starts_with("/apis/authorization.k8s.io/")
            && !self.uri.starts_with("/apis/authentication.k8s.io/")
    }

    /// Method, resource and name, without the namespace: `PATCH deployments/api`.
    pub fn what(&self) -> String {
        let path = self.uri.split('?').next().unwrap_or_default();
        let rest = match path.split_once("/namespaces/") {
            Some((_, rest)) if rest.contains('/') => rest.split_once('/').map_or(rest, |cut| cut.1),
            Some(_) | None => path,
        };
        format!("{} {rest}", self.method)
    }
}
