//! How an image behaves: read from its tag, or from the rules of a world file.

use serde::{Deserialize, Serialize};

/// What a container of an image does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Behaviour {
    /// Starts, passes every check, serves.
    #[default]
    Healthy,
    /// Healthy, after a long start.
    Slow,
    /// Runs shortly, writes an error line and exits.
    Crash {
        /// The exit code.
        #[serde(default = "one")]
        exit_code: i64,
        /// How long it runs; the world's `crash_ms` when absent.
        #[serde(default)]
        after_ms: Option<i64>,
    },
    /// Is killed for using too much memory (137).
    Oom,
    /// Runs, but fails its container health check, or else its target's.
    Unhealthy,
    /// Healthy at first, fails its checks later.
    UnhealthyLater {
        /// How long after RUNNING.
        after_ms: i64,
    },
    /// Runs, but the load balancer gets a wrong status from it.
    TargetUnhealthy {
        /// The reason code of the target's health.
        #[serde(default = "mismatch")]
        reason: String,
        /// The description that goes with the reason code.
        #[serde(default = "mismatch_text")]
        description: String,
    },
    /// The registry knows no such image.
    Missing,
    /// The registry refuses.
    PullDenied,
    /// The registry cannot be reached.
    PullTimeout,
    /// The registry refuses for now: 429.
    PullRateLimited,
    /// A secret of the task definition does not exist.
    SecretMissing,
    /// No task can be placed.
    NoCapacity,
    /// The first so many containers crash; the others are healthy.
    CrashesFirst {
        /// How many.
        times: i64,
    },
    /// Each container crashes with this probability.
    Flaky {
        /// Of a hundred.
        percent: i64,
    },
    /// Does its work and exits with 0, as an init container does; where it is essential its task ends.
    Completes,
    /// A Spot task that is taken away while it runs.
    SpotInterrupted {
        /// How long after RUNNING.
        after_ms: i64,
    },
}

fn one() -> i64 {
    1
}

fn mismatch() -> String {
    "Target.ResponseCodeMismatch".to_owned()
}

fn mismatch_text() -> String {
    "Health checks failed with these codes: [503]".to_owned()
}

/// A rule of a world: images that match behave so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRule {
    /// The whole image reference, `*` standing for anything.
    #[serde(rename = "match")]
    pub pattern: String,
    /// What such an image does.
    pub behaviour: Behaviour,
}

/// The behaviour of an image: the last rule that matches, else its tag.
pub(crate) fn of_image(rules: &[ImageRule], image: &str) -> Behaviour {
    let rule = rules
        .iter()
        .rev()
        .find(|rule| matches(&rule.pattern, image));
    rule.map_or_else(|| of_tag(image), |rule| rule.behaviour.clone())
}

fn of_tag(image: &str) -> Behaviour {
    let name = image.split('@').next().unwrap_or(image);
    let tag = name
        .rsplit('/')
        .next()
        .and_then(|last| last.split_once(':'));
    match tag.map(|(_, tag)| tag) {
        Some("crash") => Behaviour::Crash {
            exit_code: 1,
            after_ms: None,
        },
        Some("unhealthy") => Behaviour::Unhealthy,
        Some("missing") => Behaviour::Missing,
        Some("slow") => Behaviour::Slow,
        _ => Behaviour::Healthy,
    }
}

/// Whether `text` fits a pattern in which `*` stands for any run of characters.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        let Some(found) = text.find(part) else {
            return false;
        };
        text = text.get(found + part.len()..).unwrap_or_default();
    }
    true
}

impl Behaviour {
    /// Whether such a container ends before any check could find it well, however soon that is.
    pub(crate) fn dies_soon(&self) -> bool {
        matches!(self, Self::Crash { after_ms: None, .. } | Self::Oom)
    }

    /// Why a task with this image never starts, in the words of ECS; `None` when it does.
    pub(crate) fn start_failure(&self, image: &str, secret: &str) -> Option<String> {
        let (host, repository, tag) = parts(image);
        let pull = "CannotPullContainerError: pull image manifest has been retried";
        match self {
            Self::Missing => Some(format!(
                "{pull} 1 time(s): failed to resolve ref {image}: {image}: not found: manifest unknown: Requested image not found"
            )),
            Self::PullDenied => Some(format!(
                "{pull} 1 time(s): failed to resolve ref {image}: pulling from host {host} failed with status code [manifests {tag}]: 403 Forbidden"
            )),
            Self::PullTimeout => Some(format!(
                "{pull} 5 time(s): failed to resolve ref {image}: failed to do request: Head \"https://{host}/v2/{repository}/manifests/{tag}\": dial tcp 10.0.0.2:443: i/o timeout"
            )),
            Self::PullRateLimited => Some(format!(
                "{pull} 5 time(s): httpReadSeeker: failed open: unexpected status code https://{host}/v2/{repository}/manifests/{tag}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit."
            )),
            Self::SecretMissing => Some(format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {secret} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
            )),
            _ => None,
        }
    }
}

fn parts(image: &str) -> (&str, &str, &str) {
    let (path, tag) = match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (image, "latest"),
    };
    match path.split_once('/') {
        Some((host, repository)) if host.contains('.') || host.contains(':') => {
            (host, repository, tag)
        }
        _ => ("registry-1.docker.io", path, tag),
    }
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, ImageRule, matches, of_image};

    #[test]
    fn a_tag_decides_unless_a_rule_does() {
        let rules = [ImageRule {
            pattern: "*/api:v*".to_owned(),
            behaviour: Behaviour::Oom,
        }];
        let of = |image| of_image(&rules, image);
        assert_eq!(
            of("1.dkr.ecr.us-east-1.amazonaws.com/api:missing"),
            Behaviour::Missing
        );
        assert_eq!(of("host:5000/api"), Behaviour::Healthy);
        assert_eq!(of("api:unhealthy@sha256:00"), Behaviour::Unhealthy);
        assert_eq!(
            of("1.dkr.ecr.us-east-1.amazonaws.com/api:v2"),
            Behaviour::Oom
        );
    }

    #[test]
    fn stars_stand_for_anything_and_the_rest_must_fit() {
        assert!(matches("*", "anything") && matches("a*c*e", "abcde") && matches("a*", "a"));
        assert!(!matches("a*c", "abd") && !matches("b*", "ab") && !matches("a", "ab"));
        assert!(!matches("a*b*b", "ab"));
    }
}
