//! The wish to stop. Whoever has a clone can express it, and every wait observes it.
//!
//! It knows nothing of signals: the command line turns those into it, a test just calls
//! [`Cancel::cancel`]. Cancelling stops *us*; it never half-undoes what was done.

use tokio::sync::watch;

/// A wish to stop that all clones share. Once expressed it stays.
#[derive(Debug, Clone)]
pub(crate) struct Cancel(watch::Sender<bool>);

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    /// Nobody wishes to stop yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Expresses the wish to stop.
    pub(crate) fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody wishes to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody wishes to stop; returns at once when somebody did already.
    pub(crate) async fn cancelled(&self) {
        // The sender lives as long as `self`, so the wait ends with the wish only.
        let _ = self.0.subscribe().wait_for(|wish| *wish).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_hears_of_it_before_and_after() {
        let cancel = Cancel::new();
        let other = cancel.clone();
        let waiting = tokio::spawn({
            let cancel = cancel.clone();
            async move { cancel.cancelled().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !other.is_cancelled());
        other.cancel();
        waiting.await.unwrap();
        cancel.cancelled().await;
        assert!(cancel.is_cancelled());
    }
}
