//! What a service's containers write, for `logs`: from every pod of the service, also from those
//! that come while somebody listens.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures::stream::FuturesUnordered;
use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::Kubernetes;
use super::api::failures::failed;
use super::rollout::watch::WatchPlace;
use crate::answer::{LogLine, Wanted};
use crate::event::Events;
use crate::platform::{Failed, FailureKind};
use crate::rollout::Unit;
use crate::spec::KubeService;

#[cfg(test)]
mod tests;

/// How often it is looked for pods that have come, and for containers that were started again.
const LOOK: SignedDuration = SignedDuration::from_secs(2);

/// Reads at once.
const AT_ONCE: usize = 8;

/// A container of a pod, and which run of it.
type ContainerRun = (String, String, i32);

impl Kubernetes {
    /// Gives each line to `each`, oldest first. With `follow` it never ends by itself: drop it, to
    /// end it.
    pub(crate) async fn tell_logs(
        &self,
        service: &KubeService,
        wanted: &Wanted,
        events: &Events,
        each: impl FnMut(LogLine),
    ) -> Result<(), Failed> {
        let name = service.own.name.as_str();
        let place = self
            .at(service.own.kind.named(name), service.own.selecting())
            .await?;
        if wanted.follow {
            follow(&place, wanted, events, each).await
        } else {
            once(&place, wanted, events, each).await
        }
    }
}

/// What has been written, merged by time.
async fn once(
    place: &WatchPlace,
    wanted: &Wanted,
    events: &Events,
    each: impl FnMut(LogLine),
) -> Result<(), Failed> {
    let (lines, refused) = written(place, wanted).await?;
    if let (true, Some(error)) = (lines.is_empty(), refused) {
        events.warn("no_logs", error.to_string());
    }
    newest(lines, wanted.tail).into_iter().for_each(each);
    Ok(())
}

/// Every line so far, and why one of the containers had none.
async fn written(
    place: &WatchPlace,
    wanted: &Wanted,
) -> Result<(Vec<LogLine>, Option<Failed>), Failed> {
    let runs = runs(&place.pods().await?, wanted);
    let reads = runs.into_iter().map(|run| past(place, run, wanted));
    let mut reads = pin!(futures::stream::iter(reads).buffer_unordered(AT_ONCE));
    let (mut lines, mut refused) = (Vec::new(), None);
    while let Some(read) = reads.next().await {
        match read {
            Ok(read) => lines.extend(read),
            Err(error) if error.kind == FailureKind::Denied => return Err(error),
            // Of a container that has not begun, and of a pod that has gone, there is nothing.
            Err(error) => refused = Some(error),
        }
    }
    Ok((lines, refused))
}

/// The newest `tail` of all lines, oldest first.
fn newest(mut lines: Vec<LogLine>, tail: Option<usize>) -> Vec<LogLine> {
    lines.sort_by_key(|line| line.at);
    let skipped = tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    lines.split_off(skipped)
}

/// What one container has written.
async fn past(
    place: &WatchPlace,
    run: ContainerRun,
    wanted: &Wanted,
) -> Result<Vec<LogLine>, Failed> {
    let (pod, container, _) = run;
    let params = LogParams {
        tail_lines: wanted.tail.and_then(|tail| i64::try_from(tail).ok()),
        ..params(&container, place.link.time.theirs(wanted.since))
    };
    let text = place.log().logs(&pod, &params).await;
    let text = text.map_err(|error| failed(format!("read the log of {pod}"), &error))?;
    let lines = text.lines().filter_map(|text| line(&pod, &container, text));
    Ok(lines.collect())
}

/// What is written as it is written.
async fn follow(
    place: &WatchPlace,
    wanted: &Wanted,
    events: &Events,
    mut each: impl FnMut(LogLine),
) -> Result<(), Failed> {
    let (sender, mut receiver) = unbounded_channel();
    let mut open: FuturesUnordered<_> = FuturesUnordered::new();
    let mut listening: BTreeSet<ContainerRun> = BTreeSet::new();
    let mut told: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    let mut warned = false;
    let (past, _) = written(place, wanted).await?;
    for line in &past {
        let last = told.entry((line.task.clone(), line.container.clone()));
        let last = last.or_insert(line.at);
        *last = line.at.max(*last);
    }
    newest(past, wanted.tail).into_iter().for_each(&mut each);
    loop {
        match place.pods().await {
            Ok(pods) => {
                let there = runs(&pods, wanted);
                listening.retain(|run| there.contains(run));
                for run in there {
                    if listening.insert(run.clone()) {
                        let key = (run.0.clone(), run.1.clone());
                        let since = told.get(&key).copied();
                        let since = since.unwrap_or(place.link.time.theirs(wanted.since));
                        open.push(listen(place.clone(), run, since, sender.clone()));
                    }
                }
            }
            Err(error) if error.kind.may_pass() => {
                if !std::mem::replace(&mut warned, true) {
                    events.warn("not_seeing", format!("{error}; still trying"));
                }
            }
            Err(error) => return Err(error),
        }
        let next = place.clock.now() + LOOK;
        loop {
            tokio::select! {
                Some(line) = receiver.recv() => {
                    let line: LogLine = line;
                    let key = (line.task.clone(), line.container.clone());
                    // A log that was opened again begins with what was told already.
                    if told.get(&key).is_none_or(|last| line.at > *last) {
                        told.insert(key, line.at);
                        each(line);
                    }
                }
                Some(ended) = open.next() => if let Some(run) = ended? {
                    listening.remove(&run);
                },
                () = place.clock.sleep_until(next) => break,
            }
        }
    }
}

/// Sends each line of one container as it is written; gives the run back where it may be opened
/// again: its connection broke, or it had not begun. What may not be read is an error.
async fn listen(
    place: WatchPlace,
    run: ContainerRun,
    since: Timestamp,
    lines: UnboundedSender<LogLine>,
) -> Result<Option<ContainerRun>, Failed> {
    let (pod, container, _) = &run;
    let params = LogParams {
        follow: true,
        ..params(container, since)
    };
    let stream = match place.log().log_stream(pod, &params).await {
        Ok(stream) => stream,
        Err(error) => {
            let error = failed(format!("read the log of {pod}"), &error);
            let denied = error.kind == FailureKind::Denied;
            return if denied { Err(error) } else { Ok(Some(run)) };
        }
    };
    let mut stream = pin!(stream.lines());
    loop {
        match stream.try_next().await {
            Ok(Some(text)) => {
                if let Some(line) = line(pod, container, &text) {
                    // Nobody listening any more means that the command is over.
                    let _ = lines.send(line);
                }
            }
            // The run is over; the next one is another.
            Ok(None) => return Ok(None),
            Err(_) => return Ok(Some(run)),
        }
    }
}

impl WatchPlace {
    fn log(&self) -> Api<Pod> {
        Api::namespaced(self.link.client.clone(), &self.namespace)
    }
}

fn params(container: &str, since: Timestamp) -> LogParams {
    LogParams {
        container: Some(container.to_owned()),
        timestamps: true,
        since_time: Some(since),
        ..LogParams::default()
    }
}

/// The containers that have begun, each with its number of restarts: another run has another log.
fn runs(pods: &[Pod], wanted: &Wanted) -> Vec<ContainerRun> {
    let mut all = Vec::new();
    for pod in pods {
        let (Some(name), Some(status)) = (&pod.metadata.name, &pod.status) else {
            continue;
        };
        let init = status.init_container_statuses.iter().flatten();
        let each = init.chain(status.container_statuses.iter().flatten());
        for one in each {
            let begun = one.container_id.as_ref().is_some_and(|id| !id.is_empty());
            let asked = wanted.container.as_ref();
            if begun && asked.is_none_or(|asked| asked.as_str() == one.name) {
                all.push((name.clone(), one.name.clone(), one.restart_count));
            }
        }
    }
    all
}

/// A line begins with its time (Kubernetes API reference, read log, `timestamps`).
fn line(pod: &str, container: &str, text: &str) -> Option<LogLine> {
    let (at, text) = text.split_once(' ').unwrap_or((text, ""));
    Some(LogLine {
        at: at.parse().ok()?,
        container: container.to_owned(),
        unit: Unit::Pod,
        task: pod.to_owned(),
        text: text.trim_end().to_owned(),
    })
}
