//! The part of a service that only ECS knows.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Architecture;
use crate::names::{Arn, ContainerName, EcsName, Region};

/// What only ECS knows about a service.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsOwn {
    /// The ECS service's name.
    pub service: EcsName,
    /// The task definition family.
    pub family: EcsName,
    /// CPU of one task, in units of 1/1024 vCPU.
    pub cpu: u32,
    /// Memory of one task, in MiB.
    pub memory: u32,
    /// The processors that its images are built for.
    pub architecture: Architecture,
    /// Pulls the image, reads the secrets, writes the logs.
    pub execution_role: Option<Arn>,
    /// The role that says what the program itself may do.
    pub task_role: Option<Arn>,
    /// CloudWatch Logs through awslogs; `None`: no log configuration.
    pub logs: Option<AwsLogs>,
    /// The target groups come in the order of the file.
    pub target_groups: Vec<TargetGroup>,
    /// The ALB in front, needed for scaling on requests per target.
    pub load_balancer: Option<Arn>,
    /// The capacity providers; without any, the launch type is FARGATE.
    pub capacity: Vec<Capacity>,
    /// The platform version of Fargate: `LATEST` unless the file says otherwise.
    pub platform_version: String,
    /// GiB, 21 to 200; `None`: Fargate's 20.
    pub ephemeral_storage: Option<u32>,
    /// Whether `aws ecs execute-command` works.
    pub exec: bool,
    /// New tasks have so long before load-balancer health counts.
    pub health_grace: Duration,
    /// Lower bound of running tasks during a rollout, in percent of desired, rounded up.
    pub minimum_healthy_percent: u32,
    /// Upper bound of running tasks during a rollout, in percent of desired, rounded down.
    pub maximum_percent: u32,
    /// CloudWatch alarms that trip the rollout.
    pub alarms: Vec<String>,
}

/// Where the `awslogs` driver sends what the containers of a task print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsLogs {
    /// The log group that takes the streams.
    pub group: String,
    /// The Region that the log group is in.
    pub region: Region,
    /// The first part of a stream's name, which is `prefix/container/task`.
    pub prefix: String,
}

/// A load balancer's target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// The ARN that names the target group.
    pub arn: Arn,
    /// The container that it sends requests to.
    pub container: ContainerName,
    /// The port of that container on which the requests arrive.
    pub port: u16,
}

/// One item of a capacity-provider strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// Fargate or Fargate Spot.
    pub provider: Provider,
    /// So many tasks go here first; at most one item has a base above 0.
    pub base: u32,
    /// Share of the rest, 0 to 1000.
    pub weight: u32,
}

/// The capacity providers of Fargate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Capacity on demand, which is not taken back.
    Fargate,
    /// Cheaper; may be taken back with two minutes' notice.
    FargateSpot,
}
