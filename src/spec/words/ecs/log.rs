//! Where ECS sends what containers print, by any of Docker's log drivers.

use std::collections::BTreeMap;

use crate::names::Region;
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Switch, table};
use crate::spec::words::ecs::launch::LaunchType;
use crate::spec::words::logs::AwsLogs;
use crate::spec::words::secret::Secret;

table! {
    /// Where the output of a container goes.
    "log" LogTable {
        /// "awslogs", "awsfirelens", "splunk"; off Fargate also "json-file", "fluentd", "gelf", "syslog", "journald".
        driver: Filled = required,
        /// Its options, as Docker spells them: { "awslogs-group" = "/ecs/api" }.
        options: Map<String>,
        /// Options from a secret store: { "splunk-token" = "arn:aws:secretsmanager:…" }.
        secrets: Map<Secret>,
    }
}

/// A log driver with its options.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Log {
    /// As Docker spells it.
    pub(crate) driver: String,
    /// Its options.
    pub(crate) options: BTreeMap<String, String>,
    /// Where options that are secret are kept.
    pub(crate) secrets: BTreeMap<String, String>,
}

/// Where the output of one container goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum ContainerLog {
    /// Where that of the whole service goes.
    #[default]
    Shared,
    /// Nowhere.
    None,
    /// Here.
    Own(Log),
}

/// What one container says of itself.
pub(in crate::spec) fn own_log(raw: Option<At<Switch<LogTable>>>) -> ContainerLog {
    match raw.map(|at| at.value) {
        None => ContainerLog::Shared,
        Some(Switch::Off) => ContainerLog::None,
        Some(Switch::On(table)) => table.driver.map_or(ContainerLog::Shared, |driver| {
            let options = table.options.map(|at| at.value.0).unwrap_or_default();
            let options = options.into_iter().map(|(key, at)| (key, at.value));
            let secrets = table.secrets.map(|at| at.value.0).unwrap_or_default();
            let secrets = secrets
                .into_iter()
                .map(|(key, at)| (key, at.value.0.value_from()));
            ContainerLog::Own(Log {
                driver: driver.value.0,
                options: options.collect(),
                secrets: secrets.collect(),
            })
        }),
    }
}

const GROUP: &str = "awslogs-group";
const REGION: &str = "awslogs-region";
const PREFIX: &str = "awslogs-stream-prefix";

impl Log {
    /// `awslogs`, as the words for it say, with more options.
    pub(crate) fn of_aws(logs: &AwsLogs, more: &BTreeMap<String, String>) -> Self {
        let mut options = more.clone();
        options.insert(GROUP.to_owned(), logs.group.clone());
        options.insert(REGION.to_owned(), logs.region.to_string());
        options.insert(PREFIX.to_owned(), logs.prefix.clone());
        Self {
            driver: "awslogs".to_owned(),
            options,
            secrets: BTreeMap::new(),
        }
    }

    /// Where it can be read again: CloudWatch Logs, in streams that say which container wrote them.
    fn readable(&self, home: &Region) -> Option<AwsLogs> {
        let option = |key: &str| self.options.get(key).cloned();
        let region = option(REGION).and_then(|region| region.parse().ok());
        (self.driver == "awslogs").then_some(AwsLogs {
            group: option(GROUP)?,
            region: region.unwrap_or_else(|| home.clone()),
            prefix: option(PREFIX)?,
        })
    }
}

/// What is said of the output of all containers.
pub(in crate::spec) struct Shared {
    /// Where that of the main container can be read again.
    pub(in crate::spec) readable: Option<AwsLogs>,
    /// Where it goes.
    pub(in crate::spec) log: Option<Log>,
}

/// Where the output of every container goes that does not say it: as `log` of the main container says, else
/// `log_group`.
pub(in crate::spec) fn shared(
    own: (&ContainerLog, Option<Spot>),
    group: (Option<AwsLogs>, Option<Spot>),
    more: Option<At<Map<String>>>,
    home: &Region,
    findings: &mut Findings,
) -> Shared {
    if let (Some(log), Some(group)) = (own.1, group.1) {
        let message = "`log` and `log_group` both say where the output goes";
        let problem = Problem::new("conflict", message).at(log);
        findings.problem(problem.also(group, "the log group"));
    }
    if let Some(at) = more.as_ref().filter(|_| group.0.is_none()) {
        findings.missing(at.head, "log_group", "these are options of awslogs");
    }
    let more = more.map(|at| at.value.0).unwrap_or_default();
    for (key, at) in &more {
        if [GROUP, REGION, PREFIX].contains(&key.as_str()) {
            let message =
                "`log_group`, `log_prefix` and the target's Region say this; `log` says all of it";
            findings.bad_value(at.head, message);
        }
    }
    let more: BTreeMap<String, String> =
        more.into_iter().map(|(key, at)| (key, at.value)).collect();
    match own.0 {
        ContainerLog::Own(log) => Shared {
            readable: log.readable(home),
            log: Some(log.clone()),
        },
        ContainerLog::None => Shared {
            readable: None,
            log: None,
        },
        ContainerLog::Shared => Shared {
            log: group.0.as_ref().map(|logs| Log::of_aws(logs, &more)),
            readable: group.0,
        },
    }
}

/// What Fargate takes: three drivers, and of awslogs a group, a Region and a prefix (Amazon ECS developer
/// guide, task definition parameters for Fargate, log configuration).
pub(in crate::spec) fn check(
    log: &ContainerLog,
    spot: Option<Spot>,
    launch: LaunchType,
    findings: &mut Findings,
) {
    let (ContainerLog::Own(log), Some(spot)) = (log, spot) else {
        return;
    };
    if launch != LaunchType::Fargate {
        return;
    }
    if !["awslogs", "awsfirelens", "splunk"].contains(&log.driver.as_str()) {
        let message = "Fargate has the log drivers awslogs, awsfirelens and splunk";
        findings.bad_value(spot, message);
    }
    let lacks = |key: &&&str| !log.options.contains_key(**key);
    if log.driver == "awslogs"
        && let Some(key) = [GROUP, REGION, PREFIX].iter().find(lacks)
    {
        findings.missing(spot, key, "awslogs needs it among its options on Fargate");
    }
}
