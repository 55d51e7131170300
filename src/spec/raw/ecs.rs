//! What only ECS knows about a service.

use crate::names::{Arn, ContainerName, EcsName};
use crate::spec::model::Provider;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, table, words};
use crate::spec::units::{Mebibytes, Time};

words!(
    Provider, "a capacity provider",
    "FARGATE" => Provider::Fargate,
    "FARGATE_SPOT" => Provider::FargateSpot,
);

table! {
    /// What only ECS knows about a service.
    "[service.NAME.ecs]" Ecs {
        /// The ECS service's name. Default: the service's own.
        service: EcsName,
        /// The task definition family. Default: the service's own name.
        family: EcsName,
        /// ARN of the role that pulls images, reads secrets and writes logs.
        execution_role: Arn,
        /// ARN of the role of the program itself. Default: none.
        task_role: Arn,
        /// CloudWatch log group for the output of every container. Default: no logs.
        log_group: Filled,
        /// Log streams are PREFIX/CONTAINER/TASK. Default: ecs.
        log_prefix: Filled,
        /// A shell line that runs inside of the main container; before `health.command`.
        health_command: Filled,
        /// ARN of the load balancer's target group, to the service's port.
        target_group: Arn,
        /// Several target groups instead of one, at most 5.
        target_groups: Vec<At<TargetGroup>>,
        /// ARN of the Application Load Balancer; needed for `scaling.requests`.
        load_balancer: Arn,
        /// A mix of `FARGATE` and `FARGATE_SPOT`. Default: launch type FARGATE.
        capacity: Vec<At<Capacity>>,
        /// Fargate platform version. Default: LATEST.
        platform_version: Filled,
        /// Scratch disk of a task, 21GiB to 200GiB. Default: Fargate's 20 GiB.
        ephemeral_storage: Mebibytes,
        /// Whether `aws ecs execute-command` works. Default: false.
        exec: bool,
        /// New tasks have so long before load-balancer health counts. Default: 0s.
        health_grace: Time<0, 2_147_483_647>,
        /// Fewest running tasks during a rollout, percent of desired. Default: 100.
        minimum_healthy_percent: Whole<0, 200>,
        /// Most running tasks during a rollout, percent of desired. Default: 200.
        maximum_percent: Whole<1, 10_000>,
        /// Names of CloudWatch alarms that trip the rollout.
        alarms: Vec<At<Filled>>,
    }
}

table! {
    /// A load balancer's target group.
    "target_groups" TargetGroup {
        /// Its ARN.
        arn: Arn = required,
        /// Which container it sends to. Default: the main one.
        container: ContainerName,
        /// On which of its ports. Default: its first.
        port: Whole<1, 65_535>,
    }
}

table! {
    /// One part of a capacity mix.
    "capacity" Capacity {
        /// `FARGATE` or `FARGATE_SPOT`.
        provider: Provider = required,
        /// So many tasks go here first. Default: 0.
        base: Whole<0, 100_000>,
        /// Share of the rest, 0 to 1000. Default: 1.
        weight: Whole<0, 1000>,
    }
}
