//! What scaling can aim at besides shares and requests: the time that answers take, and a queue.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::scalar::Positive;
use crate::spec::shape::{At, Shape, table};
use crate::spec::tree::Node;

/// The time that an answer takes, 1 ms to 60 s: `200ms`, `1.5s`.
#[derive(Clone, Copy)]
pub(in crate::spec) struct ResponseTime(pub(in crate::spec) Duration);

static RESPONSE: Pattern = Pattern::new("[1-9][0-9]{0,4}ms|[0-9]{1,2}(?:\\.[0-9]{1,3})?s");

/// Longer than any answer that a person waits for; a load balancer gives up after 60 s where nothing else
/// is said (Elastic Load Balancing user guide, idle timeout).
const LONGEST: Duration = Duration::from_mins(1);

impl Shape for ResponseTime {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = node.word().filter(|text| RESPONSE.holds(text));
        let time = text.and_then(|text| {
            if let Some(number) = text.strip_suffix("ms") {
                return number.parse().ok().map(Duration::from_millis);
            }
            let seconds = text.trim_end_matches('s').parse().ok()?;
            Duration::try_from_secs_f64(seconds).ok()
        });
        let time = time.filter(|time| (Duration::from_millis(1)..=LONGEST).contains(time));
        if time.is_none() {
            let message = "must be a time from 1ms to 60s, such as \"200ms\" or \"1.5s\"";
            findings.bad_value(node.spot, message);
        }
        time.map(Self)
    }

    fn schema() -> Json {
        let mut schema = RESPONSE.schema();
        schema["examples"] = json!(["200ms", "1.5s"]);
        schema
    }
}

/// The name of a queue (Amazon SQS API reference, `CreateQueue`).
pub(in crate::spec) struct QueueName(String);

static QUEUE: Pattern = Pattern::limited("[A-Za-z0-9_-]+(?:\\.fifo)?", 80);

impl Shape for QueueName {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = node.word().filter(|text| QUEUE.holds(text));
        if text.is_none() {
            let message = "must be the name of a queue of SQS, not its ARN or URL";
            findings.bad_value(node.spot, message);
        }
        text.map(|text| Self(text.to_owned()))
    }

    fn schema() -> Json {
        QUEUE.schema()
    }
}

table! {
    /// A queue of SQS whose messages are shared among the tasks; on ECS only, and needs Container Insights.
    "scaling queue" QueueTable {
        /// Its name, in the region of the target.
        name: QueueName = required,
        /// Messages that wait, per running task, to aim at.
        messages: Positive = required,
    }
}

/// A queue whose messages are shared among the tasks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Queue {
    pub(crate) name: String,
    /// Messages that wait, per running task.
    pub(crate) messages: f64,
}

pub(in crate::spec) fn queue(raw: Option<At<QueueTable>>) -> Option<Queue> {
    let raw = raw?.value;
    Some(Queue {
        name: raw.name?.value.0,
        messages: raw.messages?.value.0,
    })
}
