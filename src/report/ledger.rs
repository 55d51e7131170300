//! What a run has come to so far. Its last record, the files of CI systems and the page of a plan are
//! written from it, once, at the end of the program, whatever ended it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::human::planned_image;
use crate::answer::Image;
use crate::clock::Clock;
use crate::error::ExitCode;
use crate::event::{
    AnswerWord, Ended, Event, EventKind, Outcome, PostMortem, Problem, ServiceOutcome, VerdictWord,
};
use crate::names::{ServiceName, TargetName};
use crate::plan::{ChangeView, Note};

/// The ledger of one run. Cheap to clone: whoever tells something enters it here.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    clock: Clock,
    began: Timestamp,
    book: Arc<Mutex<Book>>,
}

/// A service that a run is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) target: TargetName,
    pub(crate) service: ServiceName,
    /// The images that the file says, where it is the file that is deployed.
    pub(crate) images: Vec<Image>,
}

#[derive(Debug, Default)]
pub(super) struct Book {
    /// The targets that were chosen.
    pub(super) targets: Vec<TargetName>,
    pub(super) accounts: Vec<Account>,
    pub(super) problems: Vec<Problem>,
    /// The plan is what was asked for.
    plan_is_asked: bool,
    /// People are told how the whole of it ended.
    has_end: bool,
}

/// What is known of one service.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) subject: Subject,
    pub(super) plan: Option<Planned>,
    pub(super) from: Option<String>,
    pub(super) outcome: Option<Outcome>,
    pub(super) evidence: Option<PostMortem>,
    revision: Option<String>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    answered: bool,
}

/// A plan, as it was told.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) changes: Vec<ChangeView>,
    pub(super) notes: Vec<Note>,
    pub(super) shortest_seconds: Option<u64>,
}

impl Ledger {
    /// The ledger of a run that begins now.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            began: clock.now(),
            book: Arc::default(),
        }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The targets that were chosen.
    pub(crate) fn targets(&self, targets: &[TargetName]) {
        self.book().targets = targets.to_vec();
    }

    /// The services that the run is about. `plan_is_asked`: it ends well once their plans are told.
    pub(crate) fn begin(&self, subjects: Vec<Subject>, plan_is_asked: bool) {
        let mut book = self.book();
        book.accounts = subjects.into_iter().map(Account::new).collect();
        book.plan_is_asked = plan_is_asked;
    }

    /// People are told, too, how the whole of it ended.
    pub(crate) fn has_end(&self) {
        self.book().has_end = true;
    }

    /// Whether people are told how the whole of it ended.
    pub(super) fn tells_end(&self) -> bool {
        self.book().has_end
    }

    /// Enters an event that was told.
    pub(super) fn enter(&self, event: &Event) {
        let mut book = self.book();
        if let EventKind::Problem(problem) = &event.kind {
            book.problems.push(problem.clone());
        }
        let account = book.accounts.iter_mut().find(|account| {
            let subject = &account.subject;
            Some(&subject.target) == event.target.as_ref()
                && Some(&subject.service) == event.service.as_ref()
        });
        if let Some(account) = account {
            account.enter(event);
        }
    }

    /// An event of the whole run, which happens now.
    pub(super) fn event(&self, target: Option<TargetName>, kind: EventKind) -> Event {
        Event {
            at: self.clock.now(),
            target,
            service: None,
            kind,
        }
    }

    /// How the run ended, as its last record.
    pub(super) fn summary(&self, code: ExitCode) -> Event {
        let elapsed = self.clock.since(self.began);
        let book = self.book();
        let target = match book.targets.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        let kind = EventKind::Summary {
            verdict: book.verdict(code),
            exit: code.code(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            services: book.services(code),
        };
        drop(book);
        self.event(target, kind)
    }
}

impl Book {
    /// How each service ended in a run that ended with `code`.
    pub(super) fn services(&self, code: ExitCode) -> Vec<ServiceOutcome> {
        let each = self.accounts.iter();
        each.map(|account| account.outcome(code, self.plan_is_asked))
            .collect()
    }

    /// How the whole run ended: as the service did that its exit code is of.
    pub(super) fn verdict(&self, code: ExitCode) -> Ended {
        let services = self.services(code);
        let is_one = |ended: Ended| services.iter().any(|service| service.verdict == ended);
        let decided = services.iter().find(|service| {
            let rolls = matches!(service.verdict, Ended::Verdict(_));
            let is_healthy = service.verdict == Ended::Verdict(VerdictWord::Healthy);
            // Of several that are well, one that was changed says more than one that was not.
            rolls && service.exit == code.code() && (code != ExitCode::Fine || is_healthy)
        });
        match decided.or_else(|| services.iter().find(|one| one.exit == code.code())) {
            Some(_) if code == ExitCode::Fine && is_one(Ended::Answer(AnswerWord::Changes)) => {
                Ended::Answer(AnswerWord::Changes)
            }
            Some(service) => service.verdict,
            None => without_service(code),
        }
    }
}

/// How something ended of which only the exit code of the run is known.
fn without_service(code: ExitCode) -> Ended {
    Ended::Verdict(match code {
        ExitCode::Fine => return Ended::Answer(AnswerWord::Answered),
        ExitCode::Changes => return Ended::Answer(AnswerWord::Changes),
        ExitCode::Failed => VerdictWord::Failed,
        ExitCode::Wrong => VerdictWord::Wrong,
        ExitCode::Refused => VerdictWord::Refused,
        ExitCode::Incomplete => VerdictWord::Incomplete,
        ExitCode::RolledBack | ExitCode::NotRolledBack => VerdictWord::Tripped,
        ExitCode::Superseded => VerdictWord::Superseded,
        ExitCode::Undetermined => VerdictWord::Undetermined,
        ExitCode::Interrupted => VerdictWord::Interrupted,
    })
}

impl Account {
    fn new(subject: Subject) -> Self {
        Self {
            subject,
            plan: None,
            from: None,
            outcome: None,
            evidence: None,
            revision: None,
            first: None,
            last: None,
            answered: false,
        }
    }

    fn enter(&mut self, event: &Event) {
        self.first = self.first.or(Some(event.at));
        self.last = Some(event.at);
        match &event.kind {
            EventKind::Plan {
                changes,
                notes,
                shortest_seconds,
                ..
            } => {
                self.plan = Some(Planned {
                    changes: changes.clone(),
                    notes: notes.clone(),
                    shortest_seconds: *shortest_seconds,
                });
            }
            EventKind::Following { revision, from, .. } => {
                self.revision = Some(revision.clone());
                self.from.clone_from(from);
            }
            EventKind::Status(_) | EventKind::History { .. } => self.answered = true,
            EventKind::PostMortem(evidence) => self.evidence = Some(evidence.clone()),
            EventKind::Outcome(outcome) => self.outcome = Some(outcome.clone()),
            _ => {}
        }
    }

    /// Seconds from the first that was told of it to the last.
    pub(super) fn seconds(&self) -> u64 {
        match (self.first, self.last) {
            (Some(first), Some(last)) => super::words::seconds_between(first, last),
            _ => 0,
        }
    }

    /// The images that are deployed: as the file says, or as the plan changes them. None where nothing
    /// was planned.
    pub(super) fn images(&self) -> Vec<Image> {
        let Some(plan) = &self.plan else {
            return Vec::new();
        };
        let mut images = self.subject.images.clone();
        for (container, image) in plan.changes.iter().filter_map(planned_image) {
            match images.iter_mut().find(|one| one.container == container) {
                Some(one) => image.clone_into(&mut one.image),
                None => images.push(Image {
                    container: container.to_owned(),
                    image: image.to_owned(),
                }),
            }
        }
        images
    }

    /// The revision of this run.
    pub(super) fn revision(&self) -> Option<&String> {
        let outcome = self.outcome.as_ref();
        let revision = outcome.and_then(|outcome| outcome.revision.as_ref());
        revision.or(self.revision.as_ref())
    }

    /// The revision that serves at the end.
    pub(super) fn to(&self) -> Option<&String> {
        let outcome = self.outcome.as_ref()?;
        let is_ours = outcome.verdict == VerdictWord::Healthy && outcome.rolled_back.is_none();
        let own = is_ours.then(|| self.revision()).flatten();
        outcome.serving.as_ref().or(own)
    }

    fn ended(&self, code: ExitCode, plan_is_asked: bool) -> (Ended, u8) {
        if let Some(outcome) = &self.outcome {
            return (Ended::Verdict(outcome.verdict), outcome.exit);
        }
        let fine = ExitCode::Fine.code();
        match &self.plan {
            Some(plan) if plan_is_asked && plan.changes.is_empty() => {
                return (Ended::Answer(AnswerWord::NoChanges), fine);
            }
            Some(_) if plan_is_asked => {
                let asked = code == ExitCode::Changes;
                let exit = if asked { code.code() } else { fine };
                return (Ended::Answer(AnswerWord::Changes), exit);
            }
            _ => {}
        }
        if self.answered {
            return (Ended::Answer(AnswerWord::Answered), fine);
        }
        (without_service(code), code.code())
    }

    fn outcome(&self, code: ExitCode, plan_is_asked: bool) -> ServiceOutcome {
        let Subject {
            target, service, ..
        } = &self.subject;
        let (verdict, exit) = self.ended(code, plan_is_asked);
        ServiceOutcome {
            revision: self.revision().cloned(),
            from: self.from.clone(),
            to: self.to().cloned(),
            images: self.images(),
            ..ServiceOutcome::new(target.clone(), service.clone(), verdict, exit)
        }
    }
}
