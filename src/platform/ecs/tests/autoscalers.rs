//! Policies in the API's own form, what rests, and the aims that are metrics of their own.

use aws_sdk_applicationautoscaling::types as scaling;
use serde_json::json;

use super::elsewhere::requests;
use super::*;

const CPU: &str = "scaling = { min = 2, max = 20, cpu = 70 }";
const ECS: &str = "[service.api.ecs]";
const STEPS: &str = r#"{ PolicyName = "steps", PolicyType = "StepScaling", StepScalingPolicyConfiguration = { AdjustmentType = "ChangeInCapacity", StepAdjustments = [{ MetricIntervalLowerBound = 10, ScalingAdjustment = 3 }, { MetricIntervalLowerBound = 0, MetricIntervalUpperBound = 10, ScalingAdjustment = 1 }] } }"#;
const FORECAST: &str = r#"{ PolicyName = "forecast", PolicyType = "PredictiveScaling", PredictiveScalingPolicyConfiguration = { MetricSpecifications = [{ TargetValue = 40, PredefinedMetricPairSpecification = { PredefinedMetricType = "ECSServiceCPUUtilization" } }] } }"#;
const LAG: &str = r#"{ PolicyName = "lag", PolicyType = "TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration = { TargetValue = 5.5, CustomizedMetricSpecification = { Metrics = [{ Id = "m", MetricStat = { Metric = { Namespace = "own", MetricName = "lag", Dimensions = [{ Name = "group", Value = "orders" }] }, Stat = "Maximum" }, ReturnData = false }, { Id = "e", Expression = "m / 2" }] } } }"#;

fn with(autoscaler: &str) -> EcsService {
    let own = format!("{ECS}\nautoscaler = {{ {autoscaler} }}");
    service_with(&[(ECS, &own)])
}

fn policies(all: &[&str]) -> EcsService {
    with(&format!("policies = [{}]", all.join(", ")))
}

impl Cloud {
    async fn scaled(&self) -> Vec<String> {
        let there = self.ecs.read_scaling("api-service").await.unwrap();
        there.names().cloned().collect()
    }
}

fn told<'a>(plan: &'a EcsPlan, code: &str) -> Option<&'a str> {
    let mut notes = plan.notes.iter();
    let note = notes.find(|note| note.code == code);
    note.map(|note| note.text.as_str())
}

#[test]
fn response_time_and_a_queue_become_these_policies() {
    let balancer = "load_balancer = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/front/fedcba9876543210\"";
    let scaling = r#"scaling = { min = 2, max = 20, response_time = "200ms", queue = { name = "orders", messages = 100 }, scale_out_cooldown = "1m" }"#;
    let own = format!("{ECS}\n{balancer}");
    let requests = requests(&service_with(&[(CPU, scaling), (ECS, &own)]), TARGET);
    let all = &requests["scalingPolicies"];
    assert_eq!(
        all[0]["TargetTrackingScalingPolicyConfiguration"],
        json!({
            "TargetValue": 0.2,
            "CustomizedMetricSpecification": {
                "Namespace": "AWS/ApplicationELB",
                "MetricName": "TargetResponseTime",
                "Dimensions": [
                    { "Name": "LoadBalancer", "Value": "app/front/fedcba9876543210" },
                    { "Name": "TargetGroup", "Value": "targetgroup/api/0123456789abcdef" },
                ],
                "Statistic": "Average",
                "Unit": "Seconds",
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
        })
    );
    let queue = &all[1];
    assert_eq!(queue["PolicyName"], "api-queue-scaling");
    let metrics = &queue["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
        ["Metrics"];
    assert_eq!(
        *metrics,
        json!([
            { "Id": "waiting", "ReturnData": false, "MetricStat": { "Stat": "Sum", "Metric": {
                "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{ "Name": "QueueName", "Value": "orders" }],
            } } },
            { "Id": "running", "ReturnData": false, "MetricStat": { "Stat": "Average", "Metric": {
                "Namespace": "ECS/ContainerInsights", "MetricName": "RunningTaskCount",
                "Dimensions": [
                    { "Name": "ClusterName", "Value": "main" },
                    { "Name": "ServiceName", "Value": "api-service" },
                ],
            } } },
            { "Id": "backlog", "ReturnData": true, "Expression": "waiting / running" },
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn policies_of_every_kind_are_set_changed_and_removed() {
    let cloud = Cloud::new().await;
    let all = policies(&[STEPS, FORECAST, LAG]);
    let plan = cloud.plan(&all).await.unwrap().plan;
    cloud.deploy(&all).await;
    assert!(told(&plan, "no_alarm_calls").is_some_and(|text| text.contains("its ARN")));
    let names = |more: &[&str]| {
        let more = more.iter().map(|name| format!("api-{name}-file-scaling"));
        let mut names: Vec<String> = more.chain(["api-cpu-scaling".to_owned()]).collect();
        names.sort();
        names
    };
    let scaled = async || {
        let mut names = cloud.scaled().await;
        names.sort();
        names
    };
    assert_eq!(scaled().await, names(&["steps", "forecast", "lag"]));
    let plan = cloud.plan(&all).await.unwrap().plan;
    assert!(plan.is_empty(), "{:?}", shown(&plan));
    // By now it has an ARN for the alarm.
    let arn = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:";
    assert!(told(&plan, "no_alarm_calls").is_some_and(|text| text.contains(arn)));

    let other = STEPS.replace("ScalingAdjustment = 3", "ScalingAdjustment = 4");
    let other = policies(&[&other, LAG]);
    let plan = cloud.plan(&other).await.unwrap().plan;
    assert_eq!(
        shown(&plan),
        [
            "autoscaling policies.api-steps-file-scaling.StepScalingPolicyConfiguration.StepAdjustments.1.ScalingAdjustment: 3 -> 4 (scales)",
            "autoscaling policies.api-forecast-file-scaling: api-forecast-file-scaling -> - (scales)",
        ]
    );
    cloud.perform(&plan).await.unwrap();
    cloud.settle(&plan).await.unwrap();
    assert_eq!(scaled().await, names(&["steps", "lag"]));
    assert!(cloud.plan(&other).await.unwrap().plan.is_empty());
    let status = cloud.ecs.status(&other, &cloud.events).await;
    let told = status.unwrap().unwrap().scaling.unwrap().policies;
    assert!(told.contains(&"api-lag-file-scaling: m / 2 at 5.5".to_owned()));
    assert!(told.contains(&"api-steps-file-scaling: StepScaling".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_others_is_taken_by_its_name_and_left_alone_without_it() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let step = scaling::StepAdjustment::builder().scaling_adjustment(2);
    let steps = scaling::StepScalingPolicyConfiguration::builder()
        .adjustment_type(scaling::AdjustmentType::ChangeInCapacity)
        .step_adjustments(step.metric_interval_lower_bound(0.0).build().unwrap());
    let put = cloud.ecs.scaling().put_scaling_policy();
    put.policy_name("steps")
        .policy_type(scaling::PolicyType::StepScaling)
        .service_namespace(scaling::ServiceNamespace::Ecs)
        .resource_id("service/main/api-service")
        .scalable_dimension(scaling::ScalableDimension::EcsServiceDesiredCount)
        .step_scaling_policy_configuration(steps.build())
        .send()
        .await
        .unwrap();
    let plan = cloud.plan(&service()).await.unwrap().plan;
    assert!(plan.is_empty());
    assert!(told(&plan, "policies_left_alone").is_some_and(|text| text.contains("steps")));
    let taken = policies(&[STEPS]);
    let plan = cloud.plan(&taken).await.unwrap().plan;
    assert_eq!(words(&plan), ["set scaling policy steps"]);
    assert_eq!(told(&plan, "policies_left_alone"), None);
    cloud.perform(&plan).await.unwrap();
    cloud.settle(&plan).await.unwrap();
    assert!(cloud.plan(&taken).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_file_says_to_rest_rests_and_what_it_leaves_open_stays() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let resting = with(r#"suspended = ["scale_in", "schedules"]"#);
    let plan = cloud.plan(&resting).await.unwrap().plan;
    assert_eq!(
        shown(&plan),
        ["autoscaling suspended: nothing -> scale_in, schedules (scales)"]
    );
    cloud.perform(&plan).await.unwrap();
    cloud.settle(&plan).await.unwrap();
    let plan = cloud.plan(&resting).await.unwrap().plan;
    assert!(plan.is_empty(), "{:?}", shown(&plan));
    let status = cloud.ecs.status(&resting, &cloud.events).await;
    let told_by_status = status.unwrap().unwrap().scaling.unwrap().suspended;
    assert_eq!(told_by_status, ["scaling in", "scheduled scaling"]);
    // Whoever says nothing of it leaves it, and is told.
    let plan = cloud.plan(&service()).await.unwrap().plan;
    assert!(plan.is_empty(), "{:?}", shown(&plan));
    assert!(told(&plan, "scaling_suspended").is_some());
    let plan = cloud.plan(&with("suspended = []")).await.unwrap().plan;
    assert_eq!(
        shown(&plan),
        ["autoscaling suspended: scale_in, schedules -> nothing (scales)"]
    );
}
