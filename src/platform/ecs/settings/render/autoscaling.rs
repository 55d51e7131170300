//! What Application Auto Scaling is asked for. Pure.

use crate::platform::ecs::settings::sdk::{seconds, whole};
use crate::platform::ecs::settings::{
    ScalableTarget, ScalingPolicy, ScheduledAction, SuspendedState, Tag, TargetAction,
};
use crate::spec::policy::{
    Configuration, CustomMetric, DataQuery, Dimension, Metric, MetricStat, NamedMetric,
    TargetTracking,
};
use crate::spec::{EcsService, Scaling, Schedule, Suspended};

/// What the policies for the aims of `scaling` are called for.
pub(crate) const POLICIES: [&str; 5] = ["cpu", "memory", "requests", "response-time", "queue"];

/// The name of our scheduled action for a schedule of the file.
pub(crate) fn schedule_name(service: &EcsService, name: &str) -> String {
    format!("{}-{name}-schedule", service.name)
}

/// The name of our policy for `what`, one of [`POLICIES`].
pub(crate) fn policy_name(service: &EcsService, what: &str) -> String {
    format!("{}-{what}-scaling", service.name)
}

/// The name of our policy for one of the file's own: longer than what others are likely to call theirs, since
/// by it we know what to remove.
pub(crate) fn own_policy_name(service: &EcsService, name: &str) -> String {
    format!("{}-{name}-file-scaling", service.name)
}

/// Whether a name is one that `called`, one of the two above, gives to something of the file.
pub(crate) fn is_called(
    called: fn(&EcsService, &str) -> String,
    service: &EcsService,
    name: &str,
) -> bool {
    // No name of the file has a line's end in it.
    let around = called(service, "\n");
    let (before, after) = around.split_once('\n').unwrap_or_default();
    let rest = name.strip_prefix(before);
    let rest = rest.and_then(|rest| rest.strip_suffix(after));
    rest.is_some_and(|rest| !rest.is_empty())
}

/// The autoscaler of a service.
pub(super) struct Scaler<'a> {
    pub(super) service: &'a EcsService,
    pub(super) cluster: &'a str,
    /// `service/CLUSTER/SERVICE`.
    pub(super) resource: String,
}

impl Scaler<'_> {
    pub(super) fn target(&self, scaling: &Scaling, tags: Vec<Tag>) -> ScalableTarget {
        let suspended = self.service.own.autoscaler.suspended.as_ref();
        ScalableTarget {
            service_namespace: "ecs".into(),
            resource_id: self.resource.clone(),
            scalable_dimension: "ecs:service:DesiredCount".into(),
            min_capacity: whole(scaling.min),
            max_capacity: whole(scaling.max),
            suspended_state: suspended.map(|all| SuspendedState {
                dynamic_scaling_in_suspended: all.contains(&Suspended::ScaleIn),
                dynamic_scaling_out_suspended: all.contains(&Suspended::ScaleOut),
                scheduled_scaling_suspended: all.contains(&Suspended::Schedules),
            }),
            tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        }
    }

    pub(super) fn policies(&self, scaling: &Scaling) -> Vec<ScalingPolicy> {
        let known = |metric: &str, label: Option<String>| TargetTracking {
            predefined_metric_specification: Some(Metric {
                predefined_metric_type: metric.into(),
                resource_label: label,
            }),
            ..tracking(scaling)
        };
        let custom = |metric| TargetTracking {
            customized_metric_specification: Some(metric),
            ..tracking(scaling)
        };
        let cpu = || known("ECSServiceAverageCPUUtilization", None);
        let memory = || known("ECSServiceAverageMemoryUtilization", None);
        let requests = || known("ALBRequestCountPerTarget", self.resource_label());
        let time = scaling.response_time.map(|time| time.as_secs_f64());
        let queue = scaling.queue.as_ref();
        let aims = [
            scaling.cpu.map(|aim| (aim, cpu())),
            scaling.memory.map(|aim| (aim, memory())),
            scaling.requests.map(|aim| (aim, requests())),
            time.map(|aim| (aim, custom(self.response_time()))),
            queue.map(|queue| (queue.messages, custom(self.backlog(&queue.name)))),
        ];
        let aimed = POLICIES.into_iter().zip(aims).filter_map(|(what, aim)| {
            let (target_value, tracking) = aim?;
            let configuration = Configuration::TargetTracking(TargetTracking {
                target_value,
                ..tracking
            });
            Some(self.policy(policy_name(self.service, what), configuration))
        });
        let own = self.service.own.autoscaler.policies.iter().map(|own| {
            let name = own_policy_name(self.service, &own.name);
            self.policy(name, own.configuration.clone())
        });
        aimed.chain(own).collect()
    }

    fn policy(&self, policy_name: String, configuration: Configuration) -> ScalingPolicy {
        ScalingPolicy {
            policy_name,
            service_namespace: "ecs".into(),
            resource_id: self.resource.clone(),
            scalable_dimension: "ecs:service:DesiredCount".into(),
            policy_type: configuration.policy_type().into(),
            configuration,
        }
    }

    pub(super) fn scheduled(&self, schedule: &Schedule) -> ScheduledAction {
        ScheduledAction {
            scheduled_action_name: schedule_name(self.service, &schedule.name),
            service_namespace: "ecs".into(),
            resource_id: self.resource.clone(),
            scalable_dimension: "ecs:service:DesiredCount".into(),
            schedule: schedule.at.clone(),
            timezone: schedule.time_zone.clone(),
            start_time: schedule.start,
            end_time: schedule.end,
            scalable_target_action: TargetAction {
                min_capacity: schedule.min.map(whole),
                max_capacity: schedule.max.map(whole),
            },
        }
    }

    /// `app/LB/ID` and `targetgroup/TG/ID`, from the two ARNs.
    fn balancing(&self) -> Option<(&str, &str)> {
        let balancer = self.service.own.load_balancer.as_ref()?;
        let group = self.service.own.target_groups.first()?;
        let balancer = balancer.resource().strip_prefix("loadbalancer/")?;
        Some((balancer, group.arn.resource()))
    }

    /// `app/LB/ID/targetgroup/TG/ID` (Application Auto Scaling API reference,
    /// `PredefinedMetricSpecification`).
    fn resource_label(&self) -> Option<String> {
        let (balancer, group) = self.balancing()?;
        Some(format!("{balancer}/{group}"))
    }

    /// How long the load balancer waits for answers of the targets of the service (Elastic Load Balancing
    /// user guide, `CloudWatch` metrics for Application Load Balancers).
    fn response_time(&self) -> CustomMetric {
        let (balancer, group) = self.balancing().unwrap_or_default();
        CustomMetric {
            metric_name: Some("TargetResponseTime".into()),
            namespace: Some("AWS/ApplicationELB".into()),
            dimensions: vec![
                dimension("LoadBalancer", balancer),
                dimension("TargetGroup", group),
            ],
            statistic: Some("Average".into()),
            unit: Some("Seconds".into()),
            metrics: Vec::new(),
        }
    }

    /// The messages that wait in a queue, for each running task (Application Auto Scaling user guide, target
    /// tracking with metric math, backlog per task).
    fn backlog(&self, queue: &str) -> CustomMetric {
        let waiting = metric(
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
            vec![dimension("QueueName", queue)],
            "Sum",
        );
        let running = metric(
            ("ECS/ContainerInsights", "RunningTaskCount"),
            vec![
                dimension("ClusterName", self.cluster),
                dimension("ServiceName", self.service.own.service.as_str()),
            ],
            "Average",
        );
        let query = |id: &str, metric_stat, expression: Option<&str>| DataQuery {
            id: id.into(),
            return_data: Some(expression.is_some()),
            expression: expression.map(str::to_owned),
            label: None,
            metric_stat,
        };
        CustomMetric {
            metrics: vec![
                query("waiting", Some(waiting), None),
                query("running", Some(running), None),
                query("backlog", None, Some("waiting / running")),
            ],
            ..CustomMetric::default()
        }
    }
}

/// Nothing yet, with the rests that the file says.
fn tracking(scaling: &Scaling) -> TargetTracking {
    TargetTracking {
        target_value: 0.0,
        predefined_metric_specification: None,
        customized_metric_specification: None,
        scale_out_cooldown: Some(seconds(scaling.scale_out_cooldown)),
        scale_in_cooldown: Some(seconds(scaling.scale_in_cooldown)),
        disable_scale_in: None,
    }
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension {
        name: name.into(),
        value: value.into(),
    }
}

fn metric((namespace, name): (&str, &str), dimensions: Vec<Dimension>, stat: &str) -> MetricStat {
    MetricStat {
        metric: NamedMetric {
            dimensions,
            metric_name: Some(name.into()),
            namespace: Some(namespace.into()),
        },
        stat: stat.into(),
        unit: None,
    }
}
