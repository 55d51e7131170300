//! The Lease of a lock, as it was read: who holds it, since when and what for.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;

use crate::platform::kubernetes::key;

/// A Lease as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseView {
    /// Whose it is: who, and the nonce of the run. Empty: nobody's.
    pub(crate) holder: String,
    pub(crate) since: Option<Timestamp>,
    /// When it was renewed last.
    pub(crate) renewed: Option<Timestamp>,
    /// How long it lasts without that.
    pub(crate) lasts: Duration,
    /// From which commit.
    pub(crate) commit: Option<String>,
    pub(crate) why: Option<String>,
    /// What a write of it names, so that whoever is slower is refused.
    pub(super) version: String,
}

impl LeaseView {
    pub(in crate::platform::kubernetes) fn of(lease: Lease) -> Self {
        let spec = lease.spec.unwrap_or_default();
        let mut notes = lease.metadata.annotations.unwrap_or_default();
        let seconds = spec.lease_duration_seconds.unwrap_or_default();
        Self {
            holder: spec.holder_identity.unwrap_or_default(),
            since: spec.acquire_time.map(|time| time.0),
            renewed: spec.renew_time.map(|time| time.0),
            lasts: Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
            commit: notes.remove(key::COMMIT),
            why: notes.remove(key::WHY),
            version: lease.metadata.resource_version.unwrap_or_default(),
        }
    }

    /// Whether its holder may still be at work; `now` is the server's time.
    pub(crate) fn holder_alive(&self, now: Timestamp) -> bool {
        let Some(end) = self.renewed.and_then(|renewed| {
            let lasts = SignedDuration::try_from(self.lasts).ok()?;
            renewed.checked_add(lasts).ok()
        }) else {
            return false;
        };
        !self.holder.is_empty() && now < end
    }

    /// Whether a run of this nonce holds it.
    pub(super) fn is_of(&self, run: &str) -> bool {
        self.holder
            .rsplit_once('/')
            .is_some_and(|(_, nonce)| nonce == run)
    }
}

/// Who holds it, since when and what for.
impl fmt::Display for LeaseView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.holder.rsplit_once('/').map_or("", |(who, _)| who);
        let who = if who.is_empty() { "somebody" } else { who };
        write!(f, "{who} deploys it")?;
        if let Some(since) = self.since {
            write!(f, " since {since:.0}")?;
        }
        if let Some(commit) = &self.commit {
            write!(f, ", commit {commit}")?;
        }
        match &self.why {
            Some(why) => write!(f, " ({why})"),
            None => Ok(()),
        }
    }
}
