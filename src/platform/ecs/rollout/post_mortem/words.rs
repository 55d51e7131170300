//! The sentences of a post-mortem that only ECS has: what it said, what runs now, what to do.

use self::unplaced::Hindrance;
use crate::event::FailureGroup;
use crate::platform::ecs::live::view::ServiceView;
use crate::platform::ecs::rollout::{Subject, Watched};
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::post_mortem::sign::{self, Sign};
use crate::platform::post_mortem::{likely, steps};
use crate::rollout::{Cause, Verdict};

mod unplaced;

/// Service events shown.
const MESSAGES: usize = 5;

/// What ECS said of this rollout beyond its routine, oldest first.
pub(super) fn messages(rollout: &Watched) -> Vec<String> {
    const ROUTINE: [&str; 6] = [
        "registered ",
        "deregistered ",
        "has begun draining",
        "has started ",
        "has stopped ",
        "steady state",
    ];
    let events = rollout
        .seen
        .service
        .iter()
        .flat_map(|service| service.events.iter());
    let telling = events.filter(|event| {
        rollout.is_told_of(event.at) && !ROUTINE.iter().any(|words| event.text.contains(words))
    });
    let mut newest: Vec<String> = telling
        .take(MESSAGES)
        .map(|event| event.text.clone())
        .collect();
    newest.reverse();
    newest
}

/// What runs now, deployment by deployment.
pub(super) fn now(service: &ServiceView) -> Vec<String> {
    let mut lines: Vec<String> = service
        .deployments
        .iter()
        .filter(|deployment| deployment.running > 0 || deployment.is_primary())
        .map(|deployment| {
            format!(
                "{} runs {} of {} ({}, {})",
                last_part(&deployment.task_definition),
                deployment.running,
                deployment.desired,
                deployment.status,
                deployment.rollout.as_deref().unwrap_or("no rollout state"),
            )
        })
        .collect();
    if service.running == 0 {
        lines.push("no task of this service runs".into());
    }
    lines
}

/// What is known of how it ended, as far as advice needs it.
pub(super) struct Known<'a> {
    /// The likely cause.
    pub(super) group: Option<&'a FailureGroup>,
    /// What its words tell beyond it.
    pub(super) sign: Option<Sign>,
    /// The parts of the file.
    pub(super) subject: &'a Subject,
    /// What to do about percentages that leave no room.
    pub(super) deadlock: Option<String>,
    /// Whether log lines are shown.
    pub(super) spoke: bool,
    /// Whether `rollback` would find something to go back to.
    pub(super) can_go_back: bool,
}

impl Known<'_> {
    /// The likely cause, in plain words.
    pub(super) fn likely(&self) -> Option<String> {
        let no_room = || "the percentages leave no room to start or stop a task".to_owned();
        self.group
            .map(|group| match self.hindrance() {
                Some(hindrance) => hindrance.words().to_owned(),
                None => likely(group, self.sign),
            })
            .or_else(|| self.deadlock.as_ref().map(|_| no_room()))
    }

    pub(super) fn next(&self, verdict: &Verdict) -> Vec<String> {
        let by_cause = self.group.map(|group| match (self.sign, self.hindrance()) {
            (Some(sign), _) => self.by_sign(sign),
            (None, Some(hindrance)) => hindrance.advice().to_owned(),
            (None, None) => self.by_cause(group.cause).to_owned(),
        });
        let steps = steps(verdict, self.can_go_back).map(str::to_owned);
        let advice = by_cause.or_else(|| self.deadlock.clone());
        advice.into_iter().chain(steps).collect()
    }

    /// Why no instance took it, where that is what is told.
    fn hindrance(&self) -> Option<Hindrance> {
        let group = self
            .group
            .filter(|one| one.cause == Cause::NoCapacity && self.sign.is_none())?;
        Hindrance::told(&group.text)
    }

    fn by_sign(&self, sign: Sign) -> String {
        match sign {
            Sign::NoAddress => {
                "Allow more or larger `subnets`, or free addresses in those that are allowed."
                    .to_owned()
            }
            Sign::OtherProcessor => sign::other_processor(Some(self.subject.architecture)),
            Sign::EndedWell => sign::ENDED_WELL.to_owned(),
        }
    }

    fn by_cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Exited if self.spoke => {
                "Read the last log lines; run the image with the same environment to see it fail."
            }
            Cause::Exited if self.subject.logs.is_none() => {
                "Run the image with the same environment to see it fail; set `log_group` to keep what it prints."
            }
            other => advice_for(other),
        }
    }
}

fn advice_for(cause: Cause) -> &'static str {
    match cause {
        Cause::ImageNameInvalid => "Check how the image is written in deploy.toml.",
        Cause::ImageNotFound => "Check that the image was pushed under this very name and tag.",
        Cause::PullDenied => {
            "Check the execution role's permission to pull, and the repository's name and policy."
        }
        Cause::SecretMissing => {
            "Check that the secret exists under this name, and that the execution role may read it."
        }
        Cause::ResourceMissing => {
            "Make what is missing (a log group, a file system, a file), or correct its name."
        }
        Cause::RoleDenied => "Check that the roles exist and trust ecs-tasks.amazonaws.com.",
        Cause::Refused => "Ask for a higher quota, or stop what is not needed.",
        Cause::RegistryTrouble => {
            "Check the route from the subnets to the registry: a NAT gateway, or VPC endpoints; then try again."
        }
        Cause::NoCapacity => "Try again later, or allow more subnets or another capacity provider.",
        Cause::Exited => "Run the image with the same environment to see it fail.",
        Cause::OutOfMemory => "Give it more `memory`, or find what uses so much.",
        Cause::ContainerUnhealthy => {
            "Run the health command in the container; give it more `grace` if it only starts slowly."
        }
        Cause::TargetUnhealthy => {
            "Check the target group's health check path and port, the security groups, and `health_grace`."
        }
        Cause::Other => {
            "Look the platform's words up in the Amazon ECS developer guide, stopped tasks."
        }
    }
}

#[cfg(test)]
mod tests;
