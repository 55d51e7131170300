//! The evidence of a failure on one screen: from what sampling saw, and from what may still be
//! read. A piece that may not be read costs that piece only.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_elasticloadbalancingv2::Client as LoadBalancers;
use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum;

use super::followed::{Followed, short};
use super::view::ServiceView;
use crate::event::{FailureGroup, LogTail, PostMortem};
use crate::platform::aws::failed;
use crate::platform::failure::{Failed, Kind};
use crate::rollout::{Cause, Failure, Rollback, Verdict, WhyNot};

/// Log lines shown of the container that died.
const LOG_LINES: i32 = 12;

/// Service events shown.
const MESSAGES: usize = 5;

/// The read-only helpers of a post-mortem.
pub(super) struct Witnesses<'a> {
    pub(super) logs: &'a Logs,
    pub(super) load_balancers: &'a LoadBalancers,
}

impl Witnesses<'_> {
    /// Gathers the evidence.
    pub(super) async fn post_mortem(
        &self,
        rollout: &Followed,
        verdict: &Verdict,
        failures: &[Failure],
    ) -> PostMortem {
        let groups = group(failures);
        let (targets, logs) = futures::join!(
            self.targets(rollout),
            self.last_lines(rollout, groups.first(), failures)
        );
        let unread = rollout.seen.missing.iter();
        let mut missing: Vec<String> = unread
            .map(|(piece, error)| format!("{piece}: {error}"))
            .collect();
        let mut keep = |piece: &str, error: Failed| missing.push(format!("{piece}: {error}"));
        let targets = targets.unwrap_or_else(|error| {
            keep("target health", error);
            Vec::new()
        });
        let logs = logs.unwrap_or_else(|error| {
            keep("log lines", error);
            None
        });
        let rolled_back = matches!(
            verdict,
            Verdict::Tripped {
                rollback: Rollback::Done { .. },
                ..
            }
        );
        PostMortem {
            what: what(rollout, verdict),
            likely_cause: groups.first().map(likely),
            targets,
            logs,
            messages: messages(rollout),
            now: rollout.seen.service.as_ref().map(now).unwrap_or_default(),
            not_brought_back: if rolled_back {
                rollout.stays_new.clone()
            } else {
                Vec::new()
            },
            next: next(verdict, groups.first()),
            groups,
            missing,
            ..PostMortem::default()
        }
    }

    /// Targets that are not healthy, with why.
    async fn targets(&self, rollout: &Followed) -> Result<Vec<String>, Failed> {
        let mut unwell = Vec::new();
        for group in &rollout.subject.target_groups {
            let answer = self
                .load_balancers
                .describe_target_health()
                .target_group_arn(group)
                .send()
                .await
                .map_err(|error| failed("describe target health", error))?;
            for target in answer.target_health_descriptions() {
                let Some(health) = target.target_health() else {
                    continue;
                };
                let state = health.state();
                if matches!(
                    state,
                    None | Some(TargetHealthStateEnum::Healthy | TargetHealthStateEnum::Draining)
                ) {
                    continue;
                }
                let address = target
                    .target()
                    .map(|t| format!("{}:{}", t.id().unwrap_or("?"), t.port().unwrap_or_default()));
                let why = health.reason().map(|reason| reason.as_str().to_owned());
                let words = health.description().unwrap_or_default();
                unwell.push(format!(
                    "{} {} ({}{}{words})",
                    address.unwrap_or_default(),
                    state.map_or("unknown", TargetHealthStateEnum::as_str),
                    why.as_deref().unwrap_or("no reason given"),
                    if words.is_empty() { "" } else { ": " },
                ));
            }
        }
        Ok(unwell)
    }

    /// The last lines of the container that died first for the main cause. A stream that never
    /// came to be is no error: such a container never spoke.
    async fn last_lines(
        &self,
        rollout: &Followed,
        group: Option<&FailureGroup>,
        failures: &[Failure],
    ) -> Result<Option<LogTail>, Failed> {
        let (Some((log_group, prefix)), Some(group)) = (&rollout.subject.logs, group) else {
            return Ok(None);
        };
        let spoke = matches!(
            group.cause,
            Cause::Exited
                | Cause::OutOfMemory
                | Cause::ContainerUnhealthy
                | Cause::TargetUnhealthy
                | Cause::Other
        );
        let mut dead = failures
            .iter()
            .filter(|failure| failure.cause == group.cause);
        let Some(task) = dead
            .next_back()
            .and_then(|failure| failure.task.as_ref())
            .filter(|_| spoke)
        else {
            return Ok(None);
        };
        let container = group.container.as_deref().unwrap_or(&rollout.subject.main);
        let stream = format!("{prefix}/{container}/{task}");
        let answer = self
            .logs
            .get_log_events()
            .log_group_name(log_group)
            .log_stream_name(&stream)
            .start_from_head(false)
            .limit(LOG_LINES)
            .send()
            .await;
        match answer.map_err(|error| failed(format!("read {log_group}"), error)) {
            Ok(answer) => {
                let lines: Vec<String> = answer
                    .events()
                    .iter()
                    .filter_map(|event| event.message().map(str::to_owned))
                    .collect();
                Ok((!lines.is_empty()).then(|| LogTail {
                    source: format!("{log_group} {stream}"),
                    lines,
                }))
            }
            Err(error) if error.kind == Kind::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Failures of the same cause, container and exit code, most frequent first.
fn group(failures: &[Failure]) -> Vec<FailureGroup> {
    let mut groups: BTreeMap<(Cause, Option<String>, Option<i32>), FailureGroup> = BTreeMap::new();
    for failure in failures {
        let key = (failure.cause, failure.container.clone(), failure.exit_code);
        let group = groups.entry(key).or_insert_with(|| FailureGroup {
            cause: failure.cause,
            count: 0,
            text: failure.text.clone(),
            container: failure.container.clone(),
            exit_code: failure.exit_code,
            first: failure.at,
            example: failure.task.clone(),
        });
        group.count += 1;
    }
    let mut groups: Vec<FailureGroup> = groups.into_values().collect();
    groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.first.cmp(&b.first)));
    groups
}

fn likely(group: &FailureGroup) -> String {
    let who = group.container.as_ref().map_or(String::new(), |container| {
        format!(" (container {container})")
    });
    let code = match group.exit_code {
        Some(code) if group.cause == Cause::Exited => {
            format!(" with exit code {code}{}", signal(code))
        }
        _ => String::new(),
    };
    format!("{}{code}{who}", group.cause.words())
}

/// What an exit code above 128 means: the container was ended by a signal.
fn signal(code: i32) -> &'static str {
    match code {
        132 => ", an illegal instruction: built for another processor?",
        134 => ", it aborted itself",
        137 => ", killed: often for using too much memory",
        139 => ", a segmentation fault",
        143 => ", it was asked to end",
        126 => ", the command may not be executed",
        127 => ", the command was not found",
        _ => "",
    }
}

fn what(rollout: &Followed, verdict: &Verdict) -> String {
    let revision = short(&rollout.ours.task_definition);
    match verdict {
        Verdict::Tripped {
            trip,
            rollback: Rollback::Done { .. },
        } => {
            format!("{revision} failed and was rolled back: {}", trip.reason)
        }
        Verdict::Tripped {
            trip,
            rollback: Rollback::NotDone(why),
        } => {
            format!(
                "{revision} failed and was not rolled back, since {why}: {}",
                trip.reason
            )
        }
        Verdict::Superseded { by } => {
            format!("{revision} was replaced by somebody else's action: {by}")
        }
        Verdict::Healthy { .. } => format!("{revision} is healthy"),
        Verdict::Undetermined(doubt) => format!("how {revision} ended cannot be told: {doubt}"),
    }
}

/// What ECS said of this rollout beyond its routine, oldest first.
fn messages(rollout: &Followed) -> Vec<String> {
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
        rollout.seen.begun.is_some_and(|begun| event.at >= begun)
            && !ROUTINE.iter().any(|words| event.text.contains(words))
    });
    let mut newest: Vec<String> = telling
        .take(MESSAGES)
        .map(|event| event.text.clone())
        .collect();
    newest.reverse();
    newest
}

/// What runs now, deployment by deployment.
fn now(service: &ServiceView) -> Vec<String> {
    let mut lines: Vec<String> = service
        .deployments
        .iter()
        .filter(|deployment| deployment.running > 0 || deployment.status == "PRIMARY")
        .map(|deployment| {
            format!(
                "{} runs {} of {} ({}, {})",
                short(&deployment.task_definition),
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

fn next(verdict: &Verdict, group: Option<&FailureGroup>) -> Vec<String> {
    let mut steps = Vec::new();
    if let Some(group) = group {
        steps.push(advice(group.cause).to_owned());
    }
    match verdict {
        Verdict::Tripped {
            rollback: Rollback::NotDone(WhyNot::FirstDeployment),
            ..
        } => {
            steps.push(
                "Correct it and run `deployer apply` again; there was nothing to go back to."
                    .into(),
            );
        }
        Verdict::Tripped {
            rollback: Rollback::NotDone(_),
            ..
        } => {
            steps.push("`deployer rollback` goes back to the last revision known good.".into());
        }
        Verdict::Tripped { .. } => steps.push("Correct it and run `deployer apply` again.".into()),
        Verdict::Undetermined(_) => steps.push("`deployer watch` goes on watching.".into()),
        Verdict::Superseded { .. } => {
            steps.push("`deployer history` tells who deployed what.".into());
        }
        Verdict::Healthy { .. } => {}
    }
    steps
}

fn advice(cause: Cause) -> &'static str {
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
        Cause::Exited => {
            "Read the last log lines; run the image with the same environment to see it fail."
        }
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
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn failure(id: &str, cause: Cause, code: Option<i32>, second: i64) -> Failure {
        Failure {
            id: id.into(),
            at: Timestamp::from_second(second).unwrap(),
            cause,
            text: format!("text of {id}"),
            container: Some("api".into()),
            exit_code: code,
            task: Some(id.into()),
        }
    }

    #[test]
    fn failures_are_grouped_with_counts_and_the_first_words_are_kept() {
        let groups = group(&[
            failure("a", Cause::Exited, Some(1), 10),
            failure("b", Cause::ImageNotFound, None, 5),
            failure("c", Cause::Exited, Some(1), 20),
            failure("d", Cause::Exited, Some(42), 30),
        ]);
        let seen: Vec<(Cause, u32, &str)> = groups
            .iter()
            .map(|group| (group.cause, group.count, group.text.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (Cause::Exited, 2, "text of a"),
                (Cause::ImageNotFound, 1, "text of b"),
                (Cause::Exited, 1, "text of d")
            ]
        );
    }

    #[test]
    fn an_exit_code_is_explained() {
        let groups = group(&[failure("a", Cause::Exited, Some(127), 1)]);
        assert_eq!(
            likely(&groups[0]),
            "the container exits with exit code 127, the command was not found (container api)"
        );
    }
}
