//! Makes the changes of a plan: wave by wave, each change once, nothing that the plan does not say.

use futures::future::join_all;

use super::{Deploy, PlanOf, Session, Watched};
use crate::event::{EventKind, Events};
use crate::plan::Change;
use crate::platform::{Failed, Part, PerformError, Performance, Performed, Platform};

impl<P: Platform> Deploy<'_, P> {
    /// Performs a part of a plan.
    pub(super) async fn make(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        part: Part,
    ) -> Result<Performed<Watched<P>>, PerformError> {
        let changes = part.of(plan);
        if part == Part::OnceHealthy && changes.is_empty() {
            return Ok(Performed::nothing());
        }
        let beginning = self
            .platform
            .performance(session, self.service, plan, part, &self.events);
        match beginning.await {
            Ok(mut run) => Box::pin(perform(&mut run, &changes, &self.events)).await,
            Err(source) => Err(Course::of(&changes, &self.events).stopped(source)),
        }
    }
}

/// Makes these changes, with what precedes and follows them.
pub(crate) async fn perform<R: Performance>(
    run: &mut R,
    changes: &[&R::Change],
    events: &Events,
) -> Result<Performed<R::Watched>, PerformError> {
    let broken = Course::of(changes, events).run(run).await.err();
    let performed = run.after(broken.as_ref()).await;
    broken.map_or(Ok(performed), Err)
}

/// How far a performance has come.
struct Course<'a, C> {
    events: &'a Events,
    /// What was made, in words.
    performed: Vec<String>,
    /// What was not, in its order.
    remaining: Vec<&'a C>,
}

impl<'a, C: Change> Course<'a, C> {
    fn of(changes: &[&'a C], events: &'a Events) -> Self {
        Self {
            events,
            performed: Vec::new(),
            remaining: changes.to_vec(),
        }
    }

    async fn run(mut self, run: &mut impl Performance<Change = C>) -> Result<(), PerformError> {
        let changes = self.remaining.clone();
        for wave in changes.chunk_by(|before, change| change.is_beside(before)) {
            let ready = run.before(wave).await;
            ready.map_err(|source| self.stopped(source))?;
            self.wave(run, wave).await?;
        }
        let ready = run.before(&[]).await;
        ready.map_err(|source| self.stopped(source))
    }

    /// All changes of a wave at once.
    async fn wave(
        &mut self,
        run: &impl Performance<Change = C>,
        wave: &[&'a C],
    ) -> Result<(), PerformError> {
        let this = &*self;
        let making = join_all(wave.iter().map(|change| this.tell(run, change)));
        let (looked, all) = futures::join!(run.beside(wave), making);
        let later = self.remaining.split_off(wave.len());
        self.remaining.clear();
        let mut failures = Vec::new();
        for (change, made) in wave.iter().zip(all) {
            match made {
                Ok(()) => self.performed.push(change.words()),
                Err(failure) => {
                    self.remaining.push(change);
                    failures.push(failure);
                }
            }
        }
        self.remaining.extend(later);
        // The first is told; that nothing was changed, each of them must prove.
        let proven = failures.iter().all(|one| one.kind.proves_not_performed());
        if let Some(first) = failures.into_iter().next() {
            let stopped = self.stopped(first);
            return Err(PerformError {
                nothing_changed: stopped.nothing_changed && proven,
                ..stopped
            });
        }
        if looked.is_err() && self.remaining.is_empty() {
            self.remaining = wave.to_vec();
        }
        looked.map_err(|source| self.stopped(source))
    }

    /// One change, told before and after.
    async fn tell(&self, run: &impl Performance<Change = C>, change: &C) -> Result<(), Failed> {
        self.events.send(EventKind::Performing {
            change: change.words(),
        });
        let done = run.make(change).await?;
        self.events.send(EventKind::Performed {
            change: change.words(),
            result: done.result,
            already: done.already,
        });
        Ok(())
    }

    /// It goes no further. What is only looked at changes nothing.
    fn stopped(&self, source: Failed) -> PerformError {
        let remaining: Vec<String> = self.remaining.iter().map(|one| one.words()).collect();
        PerformError {
            change: remaining.first().cloned().unwrap_or_default(),
            nothing_changed: self.performed.is_empty(),
            performed: self.performed.clone(),
            remaining,
            source,
        }
    }
}
