//! Why a call to a platform failed, as kinds that decide: what to do next, the exit code and the
//! hint are chosen from these and never from a substring of a message.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What to do where nobody is logged in to AWS.
const LOG_IN: &str =
    "log in (`aws sso login`, `aws configure`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// The kinds of failure of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FailureKind {
    /// No connection: nothing was performed.
    Unreachable,
    /// The connection broke or timed out after the request was sent: it may have been performed.
    Lost,
    /// Too many requests: nothing was performed.
    Throttled,
    /// The server failed (5xx): it may have been performed.
    Server,
    /// No credentials at all.
    NoCredentials,
    /// Credentials that have expired.
    Expired,
    /// Credentials that the platform does not accept.
    Rejected,
    /// Not permitted.
    Denied,
    /// The cluster is not there.
    ClusterMissing,
    /// The service or another object is not there.
    Missing,
    /// What was asked for by its name was never there, such as a revision: the request is wrong.
    Wrong,
    /// The object is being changed by somebody else, or is in a state that does not allow it.
    Conflict,
    /// The platform says that the request is wrong.
    Invalid,
    /// A quota is used up.
    Quota,
    /// The endpoint does not know the operation, or its answer is no proper answer.
    Unsupported,
    /// Refused by us: not ours, a wrong account, a stale plan, another rollout under way.
    Refused,
}

impl FailureKind {
    /// Whether the answer proves that nothing was performed, so that the same call may be sent again.
    pub(crate) fn proves_not_performed(self) -> bool {
        !matches!(self, Self::Lost | Self::Server)
    }

    /// Whether the same read may well succeed later.
    pub(crate) fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::Lost
                | Self::Throttled
                | Self::Server
                | Self::Expired
                | Self::NoCredentials
        )
    }
}

/// A call failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What was tried: "describe service api-service".
    pub(crate) operation: String,
    pub(crate) kind: FailureKind,
    /// The platform's own code, such as `AccessDeniedException`.
    pub(crate) code: Option<String>,
    /// The platform's own words.
    pub(crate) message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failed {
    /// A failure that we saw ourselves.
    pub(crate) fn new(
        operation: impl Into<String>,
        kind: FailureKind,
        message: impl Into<String>,
    ) -> Self {
        Self {
            operation: operation.into(),
            kind,
            code: None,
            message: message.into(),
            source: None,
        }
    }

    /// Nobody is logged in to AWS. It is told in the same words whatever was to be done, so that it is
    /// told once.
    pub(crate) fn nobody_logged_in() -> Self {
        Self::new(
            "find any AWS credentials",
            FailureKind::NoCredentials,
            LOG_IN,
        )
    }

    /// With the platform's own code.
    #[must_use]
    pub(crate) fn with_code(mut self, code: Option<&str>) -> Self {
        self.code = code.map(str::to_owned);
        self
    }

    /// With the error beneath.
    #[must_use]
    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether the server failed without a word that AWS would say: a page from something else,
    /// which does not know the operation or stands in for a server that is down.
    pub(crate) fn is_strange(&self) -> bool {
        self.kind == FailureKind::Server && self.code.is_none()
    }

    /// What to do about it, in a sentence; chosen from the kind.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        let allowing = (self.kind == FailureKind::Denied).then(|| allowing(&self.message));
        let allowing = allowing.flatten().map(Cow::Owned);
        allowing.or_else(|| self.usual_hint().map(Cow::Borrowed))
    }

    fn usual_hint(&self) -> Option<&'static str> {
        Some(match self.kind {
            FailureKind::NoCredentials if self.message == LOG_IN => return None,
            FailureKind::NoCredentials => {
                "Log in: on AWS with `aws sso login` or `aws configure`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; elsewhere as the kubeconfig's login plugin wants it."
            }
            FailureKind::Expired => {
                "Refresh the credentials (on AWS with `aws sso login`) and run the same command again."
            }
            FailureKind::Rejected => {
                "The credentials belong to nobody here: check the key or the token, the profile or the kubeconfig's user, and this machine's clock."
            }
            FailureKind::Denied => "Ask for the permission named above.",
            FailureKind::Unreachable => {
                "Check the network, the proxy settings and the target's `region`, `endpoint`, `cluster` or `context`."
            }
            FailureKind::ClusterMissing => {
                "Check `cluster` and `region` in the target's file, or create the cluster."
            }
            FailureKind::Unsupported => {
                "The endpoint does not offer this operation: is it the right one?"
            }
            FailureKind::Quota => "Ask for a higher quota, or remove what is not needed any more.",
            FailureKind::Throttled | FailureKind::Server | FailureKind::Lost => {
                "Run the same command again; it continues where this one stopped."
            }
            FailureKind::Missing
            | FailureKind::Wrong
            | FailureKind::Conflict
            | FailureKind::Invalid
            | FailureKind::Refused => {
                return None;
            }
        })
    }
}

/// What AWS says before the action and the resource that it denies (IAM user guide, troubleshoot
/// access denied error messages).
const UNAUTHORIZED: &str = " is not authorized to perform: ";

/// Whether these are AWS's words for a right that is missing, under whatever code.
pub(crate) fn is_unauthorized(message: &str) -> bool {
    message.contains(UNAUTHORIZED)
}

/// The statement that a policy lacks, in words to paste; `None`: AWS does not name the action.
fn allowing(message: &str) -> Option<String> {
    let (_, rest) = message.split_once(UNAUTHORIZED)?;
    let word = |text: &str| {
        let word = text.split_whitespace().next()?;
        Some(word.trim_end_matches([',', '.', ';']).to_owned())
    };
    let action = word(rest)?;
    let resource = rest.split_once(" on resource: ");
    let resource = resource.and_then(|(_, rest)| word(rest));
    let resource = resource.unwrap_or_else(|| "*".to_owned());
    if message.contains("with an explicit deny") {
        return Some(format!(
            "A policy denies {action} on {resource} explicitly: as long as it does, no other one can allow it."
        ));
    }
    Some(format!(
        "Whoever deploys needs a policy that allows it: {{\"Effect\": \"Allow\", \"Action\": \"{action}\", \
         \"Resource\": \"{resource}\"}}"
    ))
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: {}", self.operation, self.message)?;
        match &self.code {
            Some(code) if !self.message.contains(code.as_str()) => write!(f, " ({code})"),
            _ => Ok(()),
        }
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(message: &str) -> String {
        let failed = Failed::new("register task definition api", FailureKind::Denied, message);
        failed.hint().unwrap_or_default().into_owned()
    }

    #[test]
    fn a_right_that_is_missing_is_said_as_the_statement_that_allows_it() {
        let who =
            "User: arn:aws:sts::123456789012:assumed-role/ci/run is not authorized to perform:";
        let why = "because no identity-based policy allows the iam:PassRole action";
        let role = "arn:aws:iam::123456789012:role/api";
        let begin = "Whoever deploys needs a policy that allows it: ";
        assert_eq!(
            hint(&format!("{who} iam:PassRole on resource: {role} {why}")),
            format!(
                "{begin}{{\"Effect\": \"Allow\", \"Action\": \"iam:PassRole\", \"Resource\": \"{role}\"}}"
            )
        );
        assert_eq!(
            hint(&format!("{who} ecs:DescribeClusters")),
            format!(
                "{begin}{{\"Effect\": \"Allow\", \"Action\": \"ecs:DescribeClusters\", \"Resource\": \"*\"}}"
            )
        );
        assert_eq!(
            hint(&format!(
                "{who} iam:PassRole on resource: {role} with an explicit deny in a service control policy"
            )),
            format!(
                "A policy denies iam:PassRole on {role} explicitly: as long as it does, no other one can allow it."
            )
        );
        assert_eq!(hint("no"), "Ask for the permission named above.");
    }
}
