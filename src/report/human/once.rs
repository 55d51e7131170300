//! A reason is told once in full. Whatever tells it again (the trip, the evidence, the last line)
//! only refers to it: long words of a platform, read four times, hide what is new.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use crate::event::{EventKind, Outcome, PostMortem};
use crate::rollout::Cause;

/// A reason of so few columns is said again as it is.
const SHORT: usize = 40;

/// Said where all of a reason was told before and no word for its cause is known.
const ABOVE: &str = "see above";

/// What was told of one service so far.
#[derive(Debug, Default)]
pub(super) struct Once {
    told: Vec<String>,
    cause: Option<Cause>,
}

impl Once {
    /// An event as it is to be told after all that was told before.
    pub(super) fn abridged<'e>(&mut self, kind: &'e EventKind) -> Cow<'e, EventKind> {
        match kind {
            EventKind::Failure { failure, .. } => {
                self.remember(&failure.text);
                Cow::Borrowed(kind)
            }
            EventKind::Tripped {
                reason,
                cause,
                remedy,
            } => {
                let brief = self.without_end(reason).to_owned();
                self.remember(reason);
                self.cause = self.cause.or(*cause);
                Cow::Owned(EventKind::Tripped {
                    reason: brief,
                    cause: *cause,
                    remedy: remedy.clone(),
                })
            }
            EventKind::PostMortem(evidence) => {
                Cow::Owned(EventKind::PostMortem(self.evidence(evidence)))
            }
            EventKind::Outcome(outcome) => Cow::Owned(EventKind::Outcome(Outcome {
                reason: self.last_word(&outcome.reason),
                ..outcome.clone()
            })),
            _ => Cow::Borrowed(kind),
        }
    }

    fn remember(&mut self, text: &str) {
        if !text.is_empty() {
            self.told.push(text.to_owned());
        }
    }

    fn knows(&self, text: &str) -> bool {
        self.told.iter().any(|told| told.contains(text))
    }

    /// A text without what was told before, where that ends it: `the container exits: …`.
    fn without_end<'t>(&self, text: &'t str) -> &'t str {
        let mut shortest = text;
        for told in &self.told {
            let before = text.strip_suffix(told.as_str());
            let before = before.and_then(|before| before.strip_suffix(": "));
            shortest = before
                .filter(|one| one.len() < shortest.len())
                .unwrap_or(shortest);
        }
        shortest
    }

    /// A text that says in its midst what was told before: of that, its first word.
    fn referring(&self, text: &str) -> String {
        let long = self.told.iter().filter(|told| told.width() > SHORT);
        let Some(told) = long.max_by_key(|told| usize::from(text.contains(*told)) * told.len())
        else {
            return text.to_owned();
        };
        let reference = match told.split_once(": ") {
            Some((head, _)) if head.width() <= SHORT => format!("{head} ({ABOVE})"),
            _ => format!("({ABOVE})"),
        };
        text.replacen(told.as_str(), &reference, 1)
    }

    fn evidence(&mut self, evidence: &PostMortem) -> PostMortem {
        let mut brief = evidence.clone();
        self.without_end(&evidence.what).clone_into(&mut brief.what);
        brief.messages.retain(|text| !self.told.contains(text));
        for step in &mut brief.chain {
            *step = self.referring(step);
        }
        for group in &mut brief.groups {
            if self.told.contains(&group.text) {
                group.text.clear();
            }
        }
        self.remember(&evidence.what);
        for group in &evidence.groups {
            self.remember(&group.text);
        }
        let main = evidence.groups.first().map(|group| group.cause);
        self.cause = self.cause.or(main);
        brief
    }

    /// The reason of the last line: what of it is new, else the word for the cause.
    fn last_word(&self, reason: &str) -> String {
        if reason.width() <= SHORT {
            return reason.to_owned();
        }
        let new = |part: &&str| !self.knows(part);
        let brief = |part| match str::split_once(part, ": ") {
            Some((before, end)) if self.knows(end) => before,
            _ => part,
        };
        let parts: Vec<&str> = reason.split("; ").filter(new).map(brief).collect();
        match self.cause.filter(|cause| *cause != Cause::Other) {
            _ if !parts.is_empty() => parts.join("; "),
            Some(cause) => cause.words().to_owned(),
            None => ABOVE.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::VerdictWord;
    use crate::report::tests::stories::{evidence, failure, outcome};

    const WHY: &str = "the breaker's threshold was exceeded; the container exits, seen 3 times: \
                       Essential container in task exited";

    fn trip() -> EventKind {
        EventKind::Tripped {
            reason: WHY.into(),
            cause: Some(Cause::Exited),
            remedy: "the platform goes back".into(),
        }
    }

    fn last(once: &mut Once, reason: &str) -> String {
        let ended = EventKind::Outcome(outcome(VerdictWord::Tripped, 10, reason));
        match once.abridged(&ended).into_owned() {
            EventKind::Outcome(told) => told.reason,
            other => panic!("{other:?}"),
        }
    }

    fn shown(once: &mut Once, what: &str) -> (String, String) {
        let found = EventKind::PostMortem(PostMortem {
            what: what.into(),
            ..evidence()
        });
        match once.abridged(&found).into_owned() {
            EventKind::PostMortem(told) => (told.what, told.groups[0].text.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_telling_but_the_first_only_refers_to_it() {
        let mut once = Once::default();
        let failed = failure(1, 1);
        assert_eq!(*once.abridged(&failed), failed);
        match once.abridged(&trip()).into_owned() {
            EventKind::Tripped { reason, .. } => assert_eq!(
                reason,
                "the breaker's threshold was exceeded; the container exits, seen 3 times"
            ),
            other => panic!("{other:?}"),
        }
        let (what, text) = shown(
            &mut once,
            &format!("api:2 failed and was rolled back: {WHY}"),
        );
        assert_eq!(what, "api:2 failed and was rolled back");
        assert_eq!(text, "");
        assert_eq!(last(&mut once, WHY), "the container exits");
    }

    #[test]
    fn what_was_not_told_before_is_told_in_full() {
        let mut once = Once::default();
        let (what, text) = shown(&mut once, &format!("api:2 failed: {WHY}"));
        assert_eq!(what, format!("api:2 failed: {WHY}"));
        assert_eq!(text, "Essential container in task exited");
        let more = "; not rolled back, since this was the first deployment";
        assert_eq!(
            last(&mut once, &format!("{WHY}{more}")),
            "not rolled back, since this was the first deployment"
        );
        assert_eq!(last(&mut Once::default(), WHY), WHY);
    }

    #[test]
    fn a_step_down_to_the_container_refers_to_what_it_says() {
        let mut once = Once::default();
        let said = "ImagePullBackOff: Back-off pulling image \"registry.test/web:v3\": not found";
        once.remember("short");
        once.remember(said);
        let step = format!("container api: waits, {said}; restarted once");
        assert_eq!(
            once.referring(&step),
            "container api: waits, ImagePullBackOff (see above); restarted once"
        );
        assert_eq!(
            once.referring("Pod api: Pending, short"),
            "Pod api: Pending, short"
        );
    }

    #[test]
    fn a_short_reason_is_its_own_reference() {
        let mut once = Once::default();
        once.remember("cancelled");
        assert_eq!(last(&mut once, "cancelled"), "cancelled");
    }

    #[test]
    fn a_reason_without_a_word_for_its_cause_is_above() {
        let mut once = Once::default();
        once.remember(
            "how it ended cannot be told: this process watched for 10m, as --timeout says",
        );
        assert_eq!(
            last(&mut once, "this process watched for 10m, as --timeout says"),
            "see above"
        );
    }
}
