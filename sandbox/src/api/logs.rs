//! Reads of CloudWatch Logs.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, page, read};
use crate::world::World;
use crate::world::logs::{LogLine, Streams};

pub(super) fn perform(world: &mut World, operation: &str, input: &Value) -> Answer {
    let input: Input = read(input)?;
    match operation {
        "DescribeLogGroups" => groups(world, &input),
        "DescribeLogStreams" => streams(world, &input),
        "FilterLogEvents" => filter(world, &input),
        "GetLogEvents" => get(world, &input),
        _ => Err(ApiError::unknown(operation)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_group_name_prefix: Option<String>,
    log_stream_name: Option<String>,
    #[serde(default)]
    log_stream_names: Vec<String>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    #[serde(default)]
    start_from_head: bool,
}

impl Input {
    fn group_name(&self) -> &str {
        let name = self
            .log_group_name
            .as_deref()
            .or(self.log_group_identifier.as_deref());
        let name = name.unwrap_or_default();
        let name = name
            .split_once(":log-group:")
            .map_or(name, |(_, name)| name);
        name.strip_suffix(":*").unwrap_or(name)
    }

    fn in_time(&self, line: &LogLine) -> bool {
        self.start_time.is_none_or(|start| line.at >= start)
            && self.end_time.is_none_or(|end| line.at < end)
    }
}

fn missing(what: &str) -> ApiError {
    ApiError::new(
        "ResourceNotFoundException",
        format!("The specified log {what} does not exist."),
    )
}

fn group<'a>(world: &'a World, input: &Input) -> Result<&'a Streams, ApiError> {
    let name = input.group_name();
    let found = world.logs.get(name).filter(|_| !world.is_missing(name));
    found.ok_or_else(|| missing("group"))
}

fn group_arn(world: &World, name: &str) -> String {
    format!(
        "arn:aws:logs:{}:{}:log-group:{name}",
        world.region, world.account
    )
}

fn groups(world: &World, input: &Input) -> Answer {
    let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
    let shown = |name: &&String| name.starts_with(prefix) && !world.is_missing(name);
    let names = world.logs.keys().filter(shown);
    let found = names
        .map(|name| {
            json!({
                "logGroupName": name,
                "creationTime": world.started,
                "metricFilterCount": 0,
                "arn": format!("{}:*", group_arn(world, name)),
                "logGroupArn": group_arn(world, name),
                "storedBytes": 0,
                "logGroupClass": "STANDARD",
            })
        })
        .collect();
    let (found, next) = page::<Value>(found, input.next_token.as_deref(), input.limit, 50)?;
    Ok(json!({"logGroups": found, "nextToken": next}))
}

fn streams(world: &World, input: &Input) -> Answer {
    let name = input.group_name();
    let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
    let mut found: Vec<(&String, &Vec<LogLine>)> = group(world, input)?
        .iter()
        .filter(|(stream, _)| stream.starts_with(prefix))
        .collect();
    if input.order_by.as_deref() == Some("LastEventTime") {
        found.sort_by_key(|(_, lines)| lines.last().map(|line| line.at));
    }
    if input.descending {
        found.reverse();
    }
    let found = found
        .into_iter()
        .map(|(stream, lines)| {
            let first = lines.first().map(|line| line.at);
            let last = lines.last().map(|line| line.at);
            json!({
                "logStreamName": stream,
                "creationTime": first,
                "firstEventTimestamp": first,
                "lastEventTimestamp": last,
                "lastIngestionTime": last,
                "uploadSequenceToken": "0",
                "arn": format!("{}:log-stream:{stream}", group_arn(world, name)),
                "storedBytes": 0,
            })
        })
        .collect();
    let (found, next) = page::<Value>(found, input.next_token.as_deref(), input.limit, 50)?;
    Ok(json!({"logStreams": found, "nextToken": next}))
}

fn event_id(stream: &str, line: &LogLine) -> String {
    let hash = stream.bytes().fold(7_u64, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    format!("{:020}{:020}{:016}", line.at, hash, line.number)
}

fn filter(world: &World, input: &Input) -> Answer {
    let pattern = input.filter_pattern.as_deref().unwrap_or_default();
    let words: Vec<&str> = pattern
        .split_whitespace()
        .map(|word| word.trim_matches('"'))
        .collect();
    let mut found = Vec::new();
    for (stream, lines) in group(world, input)? {
        let named = input.log_stream_names.is_empty() || input.log_stream_names.contains(stream);
        let prefixed = input
            .log_stream_name_prefix
            .as_ref()
            .is_none_or(|p| stream.starts_with(p));
        if named && prefixed {
            let fits = |line: &&LogLine| {
                input.in_time(line) && words.iter().all(|word| line.message.contains(word))
            };
            found.extend(lines.iter().filter(fits).map(|line| (stream, line)));
        }
    }
    found.sort_by(|a, b| {
        a.1.at
            .cmp(&b.1.at)
            .then(a.0.cmp(b.0))
            .then(a.1.number.cmp(&b.1.number))
    });
    let events = found
        .into_iter()
        .map(|(stream, line)| {
            json!({
                "logStreamName": stream,
                "timestamp": line.at,
                "message": line.message,
                "ingestionTime": line.at,
                "eventId": event_id(stream, line),
            })
        })
        .collect();
    let (events, next) = page::<Value>(events, input.next_token.as_deref(), input.limit, 10_000)?;
    Ok(json!({"events": events, "searchedLogStreams": [], "nextToken": next}))
}

/// Pages both ways; at an end the token that was sent comes back.
fn get(world: &World, input: &Input) -> Answer {
    let stream = input.log_stream_name.as_deref().unwrap_or_default();
    let lines = group(world, input)?
        .get(stream)
        .ok_or_else(|| missing("stream"))?;
    let lines: Vec<&LogLine> = lines.iter().filter(|line| input.in_time(line)).collect();
    let most = input
        .limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(10_000)
        .max(1);
    let place = |token: &str| {
        token
            .get(2..)
            .and_then(|number| number.parse::<usize>().ok())
    };
    let (start, end) = match input.next_token.as_deref() {
        Some(token) if token.starts_with("f/") => {
            let start = place(token).unwrap_or(0).min(lines.len());
            (start, start.saturating_add(most).min(lines.len()))
        }
        Some(token) if token.starts_with("b/") => {
            let end = place(token).unwrap_or(0).min(lines.len());
            (end.saturating_sub(most), end)
        }
        Some(_) => return Err(ApiError::invalid("The specified nextToken is invalid.")),
        None if input.start_from_head => (0, most.min(lines.len())),
        None => (lines.len().saturating_sub(most), lines.len()),
    };
    let shown = lines.get(start..end).unwrap_or_default().iter();
    let events: Vec<Value> = shown
        .map(
            |line| json!({"timestamp": line.at, "message": line.message, "ingestionTime": line.at}),
        )
        .collect();
    Ok(json!({
        "events": events,
        "nextForwardToken": format!("f/{end}"),
        "nextBackwardToken": format!("b/{start}"),
    }))
}
