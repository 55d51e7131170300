//! Where ECS sends what containers print.

use crate::names::Region;
use crate::spec::findings::Findings;
use crate::spec::scalar::Filled;
use crate::spec::shape::At;

/// Where the `awslogs` driver sends what the containers of a task print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsLogs {
    /// The log group that takes the streams.
    pub(crate) group: String,
    /// The Region that the log group is in.
    pub(crate) region: Region,
    /// The first part of a stream's name, which is `prefix/container/task`.
    pub(crate) prefix: String,
}

pub(in crate::spec) fn logs(
    group: Option<At<Filled>>,
    prefix: Option<At<Filled>>,
    region: &Region,
    findings: &mut Findings,
) -> Option<AwsLogs> {
    let Some(group) = group else {
        if let Some(at) = prefix {
            findings.missing(at.head, "log_group", "a prefix alone writes no logs");
        }
        return None;
    };
    // Amazon CloudWatch Logs API reference, CreateLogGroup.
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    if group.value.0.len() > 512 || !group.value.0.chars().all(plain) {
        let message = "a log group has at most 512 letters, digits and `_-/.#`";
        findings.bad_value(group.spot, message);
    }
    Some(AwsLogs {
        group: group.value.0,
        region: region.clone(),
        prefix: prefix.map_or_else(|| "ecs".to_owned(), |at| at.value.0),
    })
}
