//! How many tasks run, and who decides that.

use std::time::Duration;

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Percent, Positive, Replicas, Whole};
use crate::spec::shape::{At, Table, table};
use crate::spec::units::Time;
use crate::spec::words::aims::{Queue, QueueTable, ResponseTime, queue};
use crate::spec::words::schedule::{Schedule, ScheduleTable, schedules};

/// A day: no wait of ours is longer.
pub(in crate::spec) const DAY: u64 = 86_400;

table! {
    /// Target tracking between two bounds; the metric that asks for most tasks wins.
    "scaling" ScalingTable {
        /// Fewest tasks, at least 1; with `kubernetes.keda` also 0.
        min: Whole<0, 5000> = required,
        /// Most tasks.
        max: Whole<1, 5000> = required,
        /// Average CPU to aim at, percent; on Kubernetes of what is reserved.
        cpu: Percent,
        /// Average memory to aim at, percent; on Kubernetes of what is reserved.
        memory: Percent,
        /// Load-balancer requests per task and minute to aim at; on ECS only, and needs `ecs.load_balancer`.
        requests: Positive,
        /// Average time to aim at that the load balancer waits for answers, such as "200ms"; on ECS only, and needs `ecs.load_balancer`.
        response_time: ResponseTime,
        /// Messages in a queue of SQS, per task, to aim at; on ECS only: { name = "orders", messages = 100 }.
        queue: QueueTable,
        /// Rest after scaling in. Default: 300s.
        scale_in_cooldown: Time<0, DAY>,
        /// Rest after scaling out. Default: 300s; on Kubernetes 0s.
        scale_out_cooldown: Time<0, DAY>,
        /// Other bounds at set times; on ECS only.
        schedule: Vec<At<ScheduleTable>>,
    }
}

/// Target tracking between two bounds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    /// Scaling in leaves at least so many tasks.
    pub(crate) min: u32,
    /// Scaling out makes at most so many tasks.
    pub(crate) max: u32,
    /// The average CPU to aim at, in percent.
    pub(crate) cpu: Option<f64>,
    /// The average memory to aim at, in percent.
    pub(crate) memory: Option<f64>,
    /// Load-balancer requests per target to aim at, per minute.
    pub(crate) requests: Option<f64>,
    /// The average time that the load balancer waits for answers, to aim at.
    pub(crate) response_time: Option<Duration>,
    /// The queue whose messages per task are aimed at.
    pub(crate) queue: Option<Queue>,
    /// After scaling in, it rests for so long.
    pub(crate) scale_in_cooldown: Duration,
    /// After scaling out, it rests for so long.
    pub(crate) scale_out_cooldown: Duration,
    /// Other bounds at set times.
    pub(crate) schedules: Vec<Schedule>,
}

/// The keys that say what to aim at.
pub(in crate::spec) const AIMS: [&str; 5] = ["cpu", "memory", "requests", "response_time", "queue"];

/// What is aimed at that a load balancer measures, in words, and where it stands.
pub(in crate::spec) fn balanced(raw: &ScalingTable) -> Option<(Spot, &'static str)> {
    let requests = raw.requests.as_ref().map(|at| (at.head, "requests"));
    let time = raw.response_time.as_ref();
    requests.or_else(|| time.map(|at| (at.head, "response time")))
}

/// Application Auto Scaling rests so long for ECS when nothing else is said, and the autoscaler of
/// Kubernetes before it scales in (Kubernetes documentation, Horizontal Pod Autoscaling, stabilization
/// window).
const COOLDOWN: Duration = Duration::from_mins(5);

/// How many tasks run, and who decides that.
pub(in crate::spec) struct Count {
    /// The bounds of scaling.
    pub(in crate::spec) scaling: Option<Scaling>,
    /// The number of tasks to begin with.
    pub(in crate::spec) replicas: u32,
    /// Whether others decide from then on.
    pub(in crate::spec) by_others: bool,
}

/// What the platform's own table says that it aims at, beside CPU and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum Aims {
    /// At nothing else.
    Nothing,
    /// At what is measured of the tasks that there are.
    Metrics,
    /// At what happens elsewhere, also while there is no task.
    Events,
}

/// The bounds of scaling and the number of tasks to begin with; `aims`: what the platform's own table says.
pub(in crate::spec) fn scaling(
    raw: Option<At<ScalingTable>>,
    replicas: Option<&At<Replicas>>,
    (ecs, aims): (bool, Aims),
    findings: &mut Findings,
) -> Count {
    let alone = alone(replicas);
    let Some(At {
        value: raw, head, ..
    }) = raw
    else {
        return alone;
    };
    let scheduled = ecs && raw.has(&["schedule"]);
    if aims == Aims::Nothing && !scheduled && !raw.has(&AIMS) {
        let why = "scaling needs something to aim at: `cpu`, `memory` or `requests`";
        findings.missing(head, "cpu", why);
    }
    let (Some(min), Some(max)) = (raw.min.clone(), raw.max.clone()) else {
        return alone;
    };
    let (fewest, most) = (min.value.0, max.value.0);
    bounds(&min, &max, aims, findings);
    if !ecs {
        for_pods(&raw, aims, findings);
    } else if raw.queue.is_some() {
        insights(findings);
    }
    // On Kubernetes the window looks back: any length of it delays the first step out.
    let out = if ecs { COOLDOWN } else { Duration::ZERO };
    if let Some(at) = replicas {
        fits(at, (fewest, most), head, findings);
    }
    let scaling = Scaling {
        min: fewest,
        max: most,
        cpu: raw.cpu.map(|at| at.value.0),
        memory: raw.memory.map(|at| at.value.0),
        requests: raw.requests.map(|at| at.value.0),
        response_time: raw.response_time.map(|at| at.value.0),
        queue: queue(raw.queue),
        scale_in_cooldown: raw.scale_in_cooldown.map_or(COOLDOWN, |at| at.value.0),
        scale_out_cooldown: raw.scale_out_cooldown.map_or(out, |at| at.value.0),
        schedules: schedules(raw.schedule, (fewest, most), findings),
    };
    Count {
        scaling: Some(scaling),
        // What begins with none shows of no version whether it works.
        replicas: replicas.and_then(number).unwrap_or(fewest.max(1)),
        by_others: false,
    }
}

/// The count of a service that nothing scales.
fn alone(replicas: Option<&At<Replicas>>) -> Count {
    Count {
        scaling: None,
        replicas: replicas.and_then(number).unwrap_or(1),
        by_others: replicas.is_some_and(|at| matches!(at.value, Replicas::External)),
    }
}

fn number(replicas: &At<Replicas>) -> Option<u32> {
    match replicas.value {
        Replicas::Count(count) => Some(count),
        Replicas::External => None,
    }
}

/// The number to begin with is within the bounds, and nobody else decides beside the autoscaler.
fn fits(replicas: &At<Replicas>, (fewest, most): (u32, u32), head: Spot, findings: &mut Findings) {
    let message = match number(replicas) {
        None => "`scaling` decides the count: leave `replicas` out, or `scaling`".to_owned(),
        Some(count) if fewest <= most && !(fewest..=most).contains(&count) => {
            format!("must be within `scaling`: from {fewest} to {most}")
        }
        Some(_) => return,
    };
    let problem = Problem::new("conflict", message).at(replicas.spot);
    findings.problem(problem.also(head, "the bounds"));
}

fn bounds(min: &At<Whole<0, 5000>>, max: &At<Whole<1, 5000>>, aims: Aims, findings: &mut Findings) {
    if min.value.0 == 0 && aims != Aims::Events {
        findings.problem(
            Problem::new("bad-value", "must be at least 1")
                .at(min.spot)
                .label("where nothing runs, there is no CPU to measure: it could never scale out again"),
        );
    }
    if min.value.0 > max.value.0 {
        let problem = Problem::new("conflict", "`min` is above `max`").at(min.spot);
        findings.problem(problem.also(max.spot, "below it"));
    }
}

/// Running tasks are counted by Container Insights alone (Amazon CloudWatch user guide, Container Insights
/// metrics of Amazon ECS).
fn insights(findings: &mut Findings) {
    findings.note(
        "needs-insights",
        "`scaling.queue` divides by the number of running tasks, which only a cluster with Container Insights tells",
    );
}

/// The longest window of the autoscaler (Kubernetes API reference, `HPAScalingRules`).
const LONGEST: Duration = Duration::from_hours(1);

/// Tells what an autoscaler of pods does not take.
pub(in crate::spec) fn for_pods(raw: &ScalingTable, aims: Aims, findings: &mut Findings) {
    for at in [&raw.cpu, &raw.memory].into_iter().flatten() {
        let percent = at.value.0;
        if percent.fract() != 0.0 {
            let message = "must be a whole number of percent on Kubernetes";
            findings.bad_value(at.spot, message);
        }
    }
    for at in [&raw.scale_in_cooldown, &raw.scale_out_cooldown] {
        if let Some(at) = at.as_ref().filter(|at| at.value.0 > LONGEST) {
            findings.bad_value(at.spot, "must be at most 1h on Kubernetes");
        }
    }
    if let Some(at) = &raw.schedule {
        let message = "an autoscaler of pods knows no times: `scaling.schedule` is for ECS only";
        findings.bad_value(at.spot, message);
    }
    let beyond = [
        raw.response_time.as_ref().map(|at| at.head),
        raw.queue.as_ref().map(|at| at.head),
    ];
    for head in beyond.into_iter().flatten() {
        let message = "an autoscaler of pods sees CPU and memory alone";
        let problem = Problem::new("bad-value", message).at(head);
        findings.problem(problem.help("a trigger of KEDA does it: `kubernetes.keda`"));
    }
    let Some(requests) = &raw.requests else {
        return;
    };
    let why = "an autoscaler of pods sees CPU and memory, not a load balancer's requests";
    if aims != Aims::Nothing || raw.has(&["cpu", "memory"]) {
        let message = format!("on Kubernetes `scaling.requests` changes nothing: {why}");
        findings.note("not-honoured", message);
    } else {
        findings.problem(
            Problem::new(
                "bad-value",
                "cannot be all that scaling aims at on Kubernetes",
            )
            .at(requests.head)
            .label(why)
            .help(
                "add `cpu = 70`, or `memory = 80`; or let KEDA look at them: kubernetes.keda.triggers = \
                 [{ type = \"aws-cloudwatch\", … }]",
            ),
        );
    }
}
