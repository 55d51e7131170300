//! What a service's containers write, from CloudWatch Logs, for `logs`.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use jiff::{SignedDuration, Timestamp};

use super::Ecs;
use crate::answer::{LogLine, Wanted};
use crate::event::Events;
use crate::platform::aws::failed;
use crate::platform::{Failed, FailureKind};
use crate::rollout::Unit;
use crate::spec::{AwsLogs, EcsService};

/// How often a followed group is asked. `FilterLogEvents` allows 5 to 10 calls a second for the
/// whole account and Region (Amazon CloudWatch Logs quotas).
const ASK: Duration = Duration::from_secs(2);

/// Lines may arrive so much later than they were written, and are asked for again so long.
const LATE: SignedDuration = SignedDuration::from_secs(30);

/// Lines by stream and id, with their time: what was told already.
type Told = BTreeMap<(String, String), i64>;

impl Ecs {
    /// Gives each line to `each`, oldest first. With `follow` it never ends by itself: drop it, to
    /// end it.
    pub(crate) async fn tell_logs(
        &self,
        service: &EcsService,
        wanted: &Wanted,
        events: &Events,
        mut each: impl FnMut(LogLine),
    ) -> Result<(), Failed> {
        let Some(group) = &service.own.logs else {
            return Err(Failed::new(
                format!("read the logs of {}", service.name),
                FailureKind::Refused,
                "it writes none to CloudWatch Logs: deploy.toml has no `log_group` for it",
            ));
        };
        let mut told = Told::new();
        let mut from = self.time.theirs(wanted.since);
        let mut tail = wanted.tail;
        let (mut answered, mut warned) = (false, false);
        loop {
            let lines = self.new_lines(group, wanted, from, &mut told, tail).await;
            // The first answer shows the server's clock, by which lines are dated.
            if !std::mem::replace(&mut answered, true) && from != self.time.theirs(wanted.since) {
                from = self.time.theirs(wanted.since);
                told.clear();
                continue;
            }
            tail = None;
            match lines {
                Ok(lines) => lines.into_iter().for_each(&mut each),
                Err(error) if wanted.follow && error.kind == FailureKind::Missing => {
                    if !warned {
                        events.warn("no_log_group", "nothing has been written yet");
                        warned = true;
                    }
                }
                Err(error) if wanted.follow && error.kind.may_pass() => {}
                Err(error) => return Err(error),
            }
            if !wanted.follow {
                return Ok(());
            }
            let newest = told.values().max().copied();
            let newest = newest.and_then(|at| Timestamp::from_millisecond(at).ok());
            from = newest.map_or(from, |newest| from.max(newest - LATE));
            told.retain(|_, at| *at >= from.as_millisecond());
            let next = self.clock().now() + ASK;
            self.clock().sleep_until(next).await;
        }
    }

    /// The lines since `from` that were not told yet; only the newest `tail` of them.
    async fn new_lines(
        &self,
        group: &AwsLogs,
        wanted: &Wanted,
        from: Timestamp,
        told: &mut Told,
        tail: Option<usize>,
    ) -> Result<Vec<LogLine>, Failed> {
        let prefix = match &wanted.container {
            Some(container) => format!("{}/{container}/", group.prefix),
            None => format!("{}/", group.prefix),
        };
        let mut pages = self
            .logs()
            .filter_log_events()
            .log_group_name(&group.group)
            .log_stream_name_prefix(prefix)
            .start_time(from.as_millisecond())
            .into_paginator()
            .send();
        let mut lines = VecDeque::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| failed(format!("read the logs {}", group.group), error))?;
            for event in page.events.unwrap_or_default() {
                let id = (
                    event.log_stream_name.clone().unwrap_or_default(),
                    event.event_id.clone().unwrap_or_default(),
                );
                let at = event.timestamp.unwrap_or_default();
                if told.insert(id, at).is_none() {
                    lines.extend(line(event));
                }
                if tail.is_some_and(|tail| lines.len() > tail) {
                    lines.pop_front();
                }
            }
        }
        let mut lines = Vec::from(lines);
        lines.sort_by_key(|line| line.at);
        Ok(lines)
    }
}

/// A stream is `prefix/container/task` (Amazon ECS developer guide, awslogs).
fn line(event: FilteredLogEvent) -> Option<LogLine> {
    let stream = event.log_stream_name?;
    let mut parts = stream.rsplit('/');
    let task = parts.next().unwrap_or_default().to_owned();
    let container = parts.next().unwrap_or_default().to_owned();
    Some(LogLine {
        at: Timestamp::from_millisecond(event.timestamp?).ok()?,
        container,
        unit: Unit::Task,
        task,
        text: event.message.unwrap_or_default().trim_end().to_owned(),
    })
}
