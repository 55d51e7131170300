//! Targets that a load balancer finds unwell: looked for while a rollout is watched, since after a
//! rollback they are gone, and once more for the post-mortem.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};
use jiff::Timestamp;

use crate::platform::aws::failed;
use crate::platform::failure::{Failed, FailureKind};

/// A target that is not healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unwell {
    /// `10.0.0.7:8080 unhealthy (Target.Timeout: Request timed out)`.
    pub(crate) words: String,
    /// It fails its check; it is not just on its way in.
    pub(crate) fails: bool,
}

/// The targets of a group that are not healthy, with why.
pub(crate) async fn unwell(client: &Client, group: &str) -> Result<Vec<Unwell>, Failed> {
    let answer = client
        .describe_target_health()
        .target_group_arn(group)
        .send()
        .await
        .map_err(|error| failed("describe target health", error))?;
    let targets = answer.target_health_descriptions();
    Ok(targets.iter().filter_map(one).collect())
}

fn one(target: &TargetHealthDescription) -> Option<Unwell> {
    use TargetHealthStateEnum as State;
    let health = target.target_health()?;
    let state = health.state()?;
    if matches!(state, State::Healthy | State::Draining) {
        return None;
    }
    let address = target
        .target()
        .map(|t| format!("{}:{}", t.id().unwrap_or("?"), t.port().unwrap_or_default()));
    let why = health.reason().map(|reason| reason.as_str().to_owned());
    let words = health.description().unwrap_or_default();
    Some(Unwell {
        words: format!(
            "{} {} ({}{}{words})",
            address.unwrap_or_default(),
            state.as_str(),
            why.as_deref().unwrap_or("no reason given"),
            if words.is_empty() { "" } else { ": " },
        ),
        fails: *state == State::Unhealthy,
    })
}

/// The targets that were seen to fail. Filled by reads that go on beside the looks at a rollout,
/// so that no look waits for a load balancer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sightings(Arc<Mutex<Sighted>>);

#[derive(Debug, Default)]
struct Sighted {
    /// Each with when it was first asked for.
    failing: BTreeMap<String, Timestamp>,
    refused: bool,
}

impl Sightings {
    /// Nothing more is to be learnt: failing targets were seen, or may not be.
    pub(crate) fn suffice(&self) -> bool {
        let seen = self.seen();
        seen.refused || !seen.failing.is_empty()
    }

    /// Begins to read the health of these groups and does not wait for it.
    pub(crate) fn read(&self, client: &Client, groups: &[String], at: Timestamp) {
        let (client, groups, seen) = (client.clone(), groups.to_vec(), self.clone());
        tokio::spawn(async move {
            for group in &groups {
                match unwell(&client, group).await {
                    Ok(found) => seen.note(found, at),
                    Err(error) if error.kind.may_pass() || error.kind == FailureKind::Throttled => {
                    }
                    // The post-mortem asks once more, and says what it may not see.
                    Err(_) => seen.seen().refused = true,
                }
            }
        });
    }

    fn note(&self, found: Vec<Unwell>, at: Timestamp) {
        let mut seen = self.seen();
        for target in found.into_iter().filter(|target| target.fails) {
            seen.failing.entry(target.words).or_insert(at);
        }
    }

    /// What is seen `now`, after what was seen before and is gone.
    pub(crate) fn with(&self, now: Vec<Unwell>) -> Vec<String> {
        let now: Vec<String> = now.into_iter().map(|target| target.words).collect();
        let seen = self.seen();
        let gone = seen
            .failing
            .iter()
            .filter(|(words, _)| !now.contains(words));
        gone.map(|(words, at)| format!("{words}, seen at {at:.0}"))
            .chain(now.iter().cloned())
            .collect()
    }

    fn seen(&self) -> MutexGuard<'_, Sighted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_told_with_its_time_and_what_stays_once() {
        let sightings = Sightings::default();
        assert!(!sightings.suffice());
        let target = |words: &str, fails| Unwell {
            words: words.into(),
            fails,
        };
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let found = vec![target("a", true), target("b", true), target("new", false)];
        sightings.note(found, at);
        assert!(sightings.suffice());
        assert_eq!(
            sightings.with(vec![target("b", true), target("c", false)]),
            ["a, seen at 2023-11-14T22:13:20Z", "b", "c"]
        );
    }
}
