//! The evidence of a failure on one screen: from what sampling saw, and from what may still be
//! read. A piece that may not be read costs that piece only.

use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_elasticloadbalancingv2::Client as LoadBalancers;

use super::Watched;
use super::targets::{Unwell, unwell};
use crate::event::{FailureGroup, LogTail, PostMortem};
use crate::platform::aws::failed;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::post_mortem::sign::sign;
use crate::platform::post_mortem::{group, newest, what};
use crate::rollout::{Cause, Failure, Rollback, Verdict};

mod words;

use self::words::{Known, messages, now};

/// Log lines shown of the container that died.
const LOG_LINES: i32 = 12;

/// The read-only helpers of a post-mortem.
pub(crate) struct Witnesses<'a> {
    pub(crate) logs: &'a Logs,
    pub(crate) load_balancers: &'a LoadBalancers,
    /// Whether `rollback` would find something to go back to.
    pub(crate) can_go_back: bool,
}

impl Witnesses<'_> {
    /// Gathers the evidence.
    pub(crate) async fn post_mortem(
        &self,
        rollout: &Watched,
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
        let known = Known {
            sign: groups.first().and_then(|group| sign(group, logs.as_ref())),
            group: groups.first(),
            subject: &rollout.subject,
            deadlock: rollout.seen.deadlock.clone().filter(|_| groups.is_empty()),
            spoke: logs.is_some(),
            can_go_back: self.can_go_back,
        };
        PostMortem {
            what: what(last_part(&rollout.ours.task_definition), verdict),
            likely_cause: known.likely(),
            next: known.next(verdict),
            targets: rollout.seen.targets.with(targets),
            logs,
            messages: messages(rollout),
            now: rollout.seen.service.as_ref().map(now).unwrap_or_default(),
            not_brought_back: if rolled_back {
                rollout.stays_new.clone()
            } else {
                Vec::new()
            },
            groups,
            missing,
            ..PostMortem::default()
        }
    }

    /// Targets that are not healthy, with why.
    async fn targets(&self, rollout: &Watched) -> Result<Vec<Unwell>, Failed> {
        let mut found = Vec::new();
        for group in &rollout.subject.target_groups {
            found.extend(unwell(self.load_balancers, group).await?);
        }
        Ok(found)
    }

    /// The last lines of the container that died first for the main cause. A stream that never
    /// came to be is no error: such a container never spoke.
    async fn last_lines(
        &self,
        rollout: &Watched,
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
        let dead = newest(group, failures).filter(|_| spoke);
        let Some(task) = dead.and_then(|failure| failure.task.as_ref()) else {
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
            Err(error) if error.kind == FailureKind::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }
}
