//! How far the server's clock is from ours, from the `Date` of its answers.
//!
//! Deadlines count from the platform's own creation times; without this a wrong clock on a
//! workstation, or an emulator with a clock of its own, would move them. So a time that the platform
//! tells is brought onto our time line where its answer is read ([`ServerTime::skew`]). That requests are
//! signed by the server's clock, too, is the SDK's own doing.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// `Date` has no fractions: differences below this are no difference.
const RESOLUTION: SignedDuration = SignedDuration::from_secs(2);

/// Server time less ours, as the answers show it.
#[derive(Debug, Clone)]
pub(crate) struct ServerTime {
    clock: Clock,
    skew: Arc<Mutex<SignedDuration>>,
}

impl ServerTime {
    /// No answer yet: no difference.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            skew: Arc::default(),
        }
    }

    /// Our clock.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Server time less ours.
    pub(crate) fn skew(&self) -> SignedDuration {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.theirs(self.clock.now())
    }

    /// A moment of our clock by the server's.
    pub(crate) fn theirs(&self, ours: Timestamp) -> Timestamp {
        ours.checked_add(self.skew()).unwrap_or(ours)
    }

    /// A moment of the server's clock by ours.
    #[cfg(test)]
    fn ours(&self, theirs: Timestamp) -> Timestamp {
        theirs.checked_sub(self.skew()).unwrap_or(theirs)
    }

    /// Takes note of the `Date` of an answer; what is no date says nothing. A difference that the
    /// fractions which `Date` lacks explain is none, so that times converted at each look stay the
    /// same.
    pub(crate) fn note(&self, date: &str) {
        let Ok(theirs) = jiff::fmt::rfc2822::parse(date) else {
            return;
        };
        let seen = theirs.timestamp().duration_since(self.clock.now());
        let mut skew = self.skew.lock().unwrap_or_else(PoisonError::into_inner);
        if (seen - *skew).abs() >= RESOLUTION {
            *skew = if seen.abs() < RESOLUTION {
                SignedDuration::ZERO
            } else {
                seen
            };
        }
    }
}

impl Intercept for ServerTime {
    fn name(&self) -> &'static str {
        "ServerTime"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.note(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_difference_is_seen_and_a_fraction_is_not() {
        let base: Timestamp = "2026-01-02T03:04:05.9Z".parse().unwrap();
        let time = ServerTime::new(Clock::driven_from(base));
        time.note("Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(time.skew(), SignedDuration::ZERO);
        time.note("Fri, 02 Jan 2026 04:04:05 GMT");
        assert_eq!(
            time.skew().round(jiff::Unit::Minute).unwrap(),
            SignedDuration::from_hours(1)
        );
        time.note("not a date");
        assert_eq!(
            time.skew().round(jiff::Unit::Minute).unwrap(),
            SignedDuration::from_hours(1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_fractions_that_dates_lack_do_not_move_a_difference() {
        let clock = Clock::driven_from("2026-01-02T03:04:05Z".parse().unwrap());
        let time = ServerTime::new(clock);
        for second in 0..10 {
            time.note(&format!("Fri, 02 Jan 2026 03:15:{:02} GMT", 5 + second));
            assert_eq!(time.skew(), SignedDuration::from_secs(660), "{second}");
            let there: Timestamp = "2026-01-02T03:15:00Z".parse().unwrap();
            assert_eq!(time.theirs(time.ours(there)), there);
            let next = clock.now() + SignedDuration::from_millis(1_070);
            clock.sleep_until(next).await;
        }
    }
}
