//! Application Auto Scaling, and an autoscaler at work.

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalableTarget,
    ScalingPolicy, ServiceNamespace, TargetTrackingScalingPolicyConfiguration,
};

use super::super::{Action, Planned, When};
use super::{Cloud, client, sleep, world};

const RESOURCE: &str = "service/main/api";

fn registration(client: &Client) -> aws_sdk_applicationautoscaling::operation::register_scalable_target::builders::RegisterScalableTargetFluentBuilder{
    client
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
}

fn putting(client: &Client) -> aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyFluentBuilder{
    let metric = PredefinedMetricSpecification::builder();
    let metric = metric.predefined_metric_type(MetricType::EcsServiceAverageCpuUtilization);
    let tracking = TargetTrackingScalingPolicyConfiguration::builder().target_value(70.0);
    let tracking = tracking.predefined_metric_specification(metric.build().unwrap());
    client
        .put_scaling_policy()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .policy_name("api-cpu-scaling")
        .policy_type(PolicyType::TargetTrackingScaling)
        .target_tracking_scaling_policy_configuration(tracking.build().unwrap())
}

async fn target(aas: &Client) -> Option<ScalableTarget> {
    let described = aas
        .describe_scalable_targets()
        .service_namespace(ServiceNamespace::Ecs);
    let output = described.resource_ids(RESOURCE).send().await.unwrap();
    output.scalable_targets.unwrap().pop()
}

async fn policies(aas: &Client) -> Vec<ScalingPolicy> {
    let described = aas
        .describe_scaling_policies()
        .service_namespace(ServiceNamespace::Ecs);
    described
        .resource_id(RESOURCE)
        .send()
        .await
        .unwrap()
        .scaling_policies
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_target_needs_its_service_and_keeps_what_is_not_said_again() {
    let cloud = Cloud::new();
    let aas = client!(aws_sdk_applicationautoscaling, cloud.sandbox);
    let early = registration(&aas)
        .min_capacity(2)
        .max_capacity(20)
        .send()
        .await
        .unwrap_err();
    assert!(early.into_service_error().is_validation_exception());
    cloud.settled().await;
    let upside_down = registration(&aas)
        .min_capacity(3)
        .max_capacity(2)
        .send()
        .await
        .unwrap_err();
    assert!(upside_down.into_service_error().is_validation_exception());
    let first = registration(&aas)
        .min_capacity(2)
        .max_capacity(20)
        .tags("project", "shop");
    first.send().await.unwrap();
    registration(&aas).max_capacity(10).send().await.unwrap();
    let target = target(&aas).await.unwrap();
    assert_eq!((target.min_capacity, target.max_capacity), (2, 10));
    let tags = aas
        .list_tags_for_resource()
        .resource_arn(target.scalable_target_arn.unwrap());
    let tags = tags.send().await.unwrap().tags.unwrap();
    assert_eq!(tags.get("project").map(String::as_str), Some("shop"));
}

#[tokio::test(start_paused = true)]
async fn policies_need_a_target_and_go_with_it() {
    let cloud = Cloud::new();
    let aas = client!(aws_sdk_applicationautoscaling, cloud.sandbox);
    cloud.settled().await;
    let orphan = putting(&aas).send().await.unwrap_err();
    assert!(orphan.into_service_error().is_object_not_found_exception());
    registration(&aas)
        .min_capacity(2)
        .max_capacity(20)
        .send()
        .await
        .unwrap();
    let first = putting(&aas).send().await.unwrap();
    assert_eq!(first.alarms.unwrap().len(), 2);
    let second = putting(&aas).send().await.unwrap();
    assert_eq!(
        first.policy_arn, second.policy_arn,
        "putting again replaces"
    );
    let policy = policies(&aas).await.remove(0);
    let tracking = policy.target_tracking_scaling_policy_configuration.unwrap();
    assert!((tracking.target_value - 70.0).abs() < 1e-9);
    let deregister = || {
        let call = aas
            .deregister_scalable_target()
            .service_namespace(ServiceNamespace::Ecs);
        let dimension = ScalableDimension::EcsServiceDesiredCount;
        call.resource_id(RESOURCE)
            .scalable_dimension(dimension)
            .send()
    };
    deregister().await.unwrap();
    assert!(policies(&aas).await.is_empty());
    let again = deregister().await.unwrap_err();
    assert!(again.into_service_error().is_object_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn registering_moves_the_present_count_inside_the_bounds() {
    let cloud = Cloud::new();
    let aas = client!(aws_sdk_applicationautoscaling, cloud.sandbox);
    cloud.settled().await;
    registration(&aas)
        .min_capacity(4)
        .max_capacity(20)
        .send()
        .await
        .unwrap();
    assert_eq!(cloud.service().await.desired_count, 4);
}

#[tokio::test(start_paused = true)]
async fn the_autoscaler_scales_out_during_a_rollout_but_not_in() {
    let mut world = world();
    let wants = |at, desired| Planned {
        when: When::AtMs(at),
        action: Action::Autoscale {
            cluster: "main".to_owned(),
            service: "api".to_owned(),
            desired,
        },
        seen: 0,
    };
    for planned in [wants(11_000, 50), wants(11_500, 1), wants(40_000, 1)] {
        world.add_planned(planned);
    }
    let cloud = Cloud::of(world);
    let aas = client!(aws_sdk_applicationautoscaling, cloud.sandbox);
    cloud.settled().await;
    registration(&aas)
        .min_capacity(2)
        .max_capacity(5)
        .send()
        .await
        .unwrap();
    cloud.deploy("api:v2").await;
    sleep(2_000).await;
    assert_eq!(
        cloud.service().await.desired_count,
        5,
        "out to the upper bound, and not in"
    );
    sleep(40_000).await;
    assert_eq!(cloud.service().await.desired_count, 2);
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_action_is_put_shown_and_deleted() {
    use aws_sdk_applicationautoscaling::types::ScalableTargetAction;

    let cloud = Cloud::new();
    cloud.settled().await;
    let aas = client!(aws_sdk_applicationautoscaling, cloud.sandbox);
    let bounds = ScalableTargetAction::builder();
    let bounds = bounds.min_capacity(5).max_capacity(12).build();
    let put = |schedule: &str| {
        let put = aas.put_scheduled_action().scheduled_action_name("peak");
        put.service_namespace(ServiceNamespace::Ecs)
            .resource_id(RESOURCE)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .schedule(schedule)
            .scalable_target_action(bounds.clone())
            .send()
    };
    let shown = || async {
        let asked = aas.describe_scheduled_actions();
        let asked = asked.service_namespace(ServiceNamespace::Ecs);
        let shown = asked.resource_id(RESOURCE).send().await.unwrap();
        shown.scheduled_actions.unwrap()
    };
    let refused = put("cron(0 8 * * ? *)").await.unwrap_err();
    assert!(refused.into_service_error().is_object_not_found_exception());
    let registered = registration(&aas).min_capacity(1).max_capacity(4);
    registered.send().await.unwrap();
    assert!(put("sometimes").await.is_err());
    put("cron(0 8 * * ? *)").await.unwrap();
    put("rate(1 day)").await.unwrap();
    let found = shown().await;
    assert_eq!(
        (found.len(), found[0].schedule.as_str()),
        (1, "rate(1 day)")
    );
    let action = found[0].scalable_target_action.as_ref().unwrap();
    assert_eq!(
        (action.min_capacity, action.max_capacity),
        (Some(5), Some(12))
    );
    let delete = || {
        let delete = aas.delete_scheduled_action().scheduled_action_name("peak");
        delete
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(RESOURCE)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .send()
    };
    delete().await.unwrap();
    assert_eq!(shown().await.len(), 0);
    assert!(delete().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_action_sets_its_bounds_when_its_time_comes() {
    use aws_sdk_applicationautoscaling::types::{ScalableTargetAction, SuspendedState};

    let cloud = Cloud::new();
    cloud.settled().await;
    let aas = client!(aws_sdk_applicationautoscaling, cloud.sandbox);
    let registered = registration(&aas).min_capacity(1).max_capacity(4);
    registered.send().await.unwrap();
    let bounds = ScalableTargetAction::builder();
    let bounds = bounds.min_capacity(5).max_capacity(12).build();
    let put = aas.put_scheduled_action().scheduled_action_name("peak");
    put.service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .schedule("rate(1 hour)")
        .scalable_target_action(bounds)
        .send()
        .await
        .unwrap();
    let now = async || {
        let target = target(&aas).await.unwrap();
        (target.min_capacity, target.max_capacity)
    };
    sleep(3_500_000).await;
    assert_eq!(now().await, (1, 4));
    sleep(200_000).await;
    assert_eq!(now().await, (5, 12));
    assert_eq!(cloud.service().await.desired_count, 5);
    // Again and again, unless that is suspended.
    let back = || registration(&aas).min_capacity(1).max_capacity(4);
    back().send().await.unwrap();
    sleep(3_600_000).await;
    assert_eq!(now().await, (5, 12));
    let suspended = SuspendedState::builder().scheduled_scaling_suspended(true);
    let request = back().suspended_state(suspended.build());
    request.send().await.unwrap();
    sleep(3_600_000).await;
    assert_eq!(now().await, (1, 4));
}
