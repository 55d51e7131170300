//! Deployments that shift traffic: their stages, hooks and weights.

use aws_sdk_ecs::types::{
    AdvancedConfiguration, CanaryConfiguration, DeploymentConfiguration, DeploymentLifecycleHook,
    DeploymentLifecycleHookAction as HookAction, DeploymentLifecycleHookStage as HookStage,
    DeploymentLifecycleHookStatus as HookStatus, DeploymentLifecycleHookTargetType as Target,
    DeploymentStrategy, LinearConfiguration, LoadBalancer, ServiceDeployment,
    ServiceDeploymentStatus as Status,
};

use super::{Cloud, GROUP, sleep};

fn pair() -> LoadBalancer {
    let advanced = AdvancedConfiguration::builder()
        .alternate_target_group_arn(format!("{GROUP}0"))
        .production_listener_rule(
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/front/1/2/3",
        )
        .role_arn("arn:aws:iam::123456789012:role/ecsTraffic");
    LoadBalancer::builder()
        .target_group_arn(GROUP)
        .container_name("api")
        .container_port(8080)
        .advanced_configuration(advanced.build())
        .build()
}

fn strategy(
    strategy: DeploymentStrategy,
) -> aws_sdk_ecs::types::builders::DeploymentConfigurationBuilder {
    DeploymentConfiguration::builder()
        .strategy(strategy)
        .bake_time_in_minutes(1)
}

fn pause(stage: HookStage) -> DeploymentLifecycleHook {
    DeploymentLifecycleHook::builder()
        .target_type(Target::Pause)
        .lifecycle_stages(stage)
        .build()
}

fn function(name: &str) -> DeploymentLifecycleHook {
    DeploymentLifecycleHook::builder()
        .hook_target_arn(format!(
            "arn:aws:lambda:us-east-1:123456789012:function:{name}"
        ))
        .role_arn("arn:aws:iam::123456789012:role/hooks")
        .lifecycle_stages(HookStage::PostScaleUp)
        .build()
}

impl Cloud {
    /// Rolls v2 out under this configuration, where v1 is at rest.
    async fn shifts(&self, configuration: DeploymentConfiguration) -> String {
        self.settled().await;
        let definition = self.register("api:v2").await;
        let output = self
            .updating()
            .task_definition(definition)
            .load_balancers(pair())
            .deployment_configuration(configuration)
            .send()
            .await
            .unwrap();
        super::primary(&output.service.unwrap()).id.clone().unwrap()
    }

    /// What each look at a deployment showed until its end: the stage, and the target's share.
    async fn stages(&self, id: &str) -> Vec<(String, f64)> {
        let mut seen: Vec<(String, f64)> = Vec::new();
        loop {
            let record = self.record(id).await;
            let look = shown(&record);
            if seen.last() != Some(&look) {
                seen.push(look);
            }
            if record.finished_at.is_some() {
                return seen;
            }
            sleep(50).await;
        }
    }
}

fn shown(record: &ServiceDeployment) -> (String, f64) {
    let stage = record.lifecycle_stage.as_ref().unwrap().as_str().to_owned();
    let target = record.target_service_revision.as_ref().unwrap();
    (stage, target.requested_production_traffic_weight.unwrap())
}

#[tokio::test(start_paused = true)]
async fn blue_green_goes_through_every_stage_and_keeps_both_until_the_end() {
    let cloud = Cloud::new();
    let id = cloud
        .shifts(strategy(DeploymentStrategy::BlueGreen).build())
        .await;
    let mut most = 0;
    let mut seen = Vec::new();
    loop {
        let record = cloud.record(&id).await;
        let look = shown(&record);
        if look.0 == "BAKE_TIME" {
            most = most.max(cloud.service().await.running_count);
        }
        if seen.last() != Some(&look) {
            seen.push(look);
        }
        if record.finished_at.is_some() {
            assert_eq!(record.status, Some(Status::Successful));
            break;
        }
        sleep(50).await;
    }
    assert_eq!(most, 4, "blue runs on while it bakes");
    let names: Vec<&str> = seen.iter().map(|(stage, _)| stage.as_str()).collect();
    let after = [
        "PRE_SCALE_UP",
        "SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
        "BAKE_TIME",
        "CLEAN_UP",
    ];
    assert_eq!(names, after);
    assert!(seen.iter().all(|(stage, share)| match stage.as_str() {
        "PRODUCTION_TRAFFIC_SHIFT" | "POST_PRODUCTION_TRAFFIC_SHIFT" | "BAKE_TIME" | "CLEAN_UP" =>
            *share > 99.9,
        _ => *share < 0.1,
    }));
}

#[tokio::test(start_paused = true)]
async fn linear_and_canary_shift_in_steps() {
    let linear = LinearConfiguration::builder()
        .step_percent(40.0)
        .step_bake_time_in_minutes(1);
    let linear = strategy(DeploymentStrategy::Linear).linear_configuration(linear.build());
    let canary = CanaryConfiguration::builder()
        .canary_percent(2.5)
        .canary_bake_time_in_minutes(1);
    let canary = strategy(DeploymentStrategy::Canary).canary_configuration(canary.build());
    for (configuration, steps) in [
        (linear, vec![40.0, 80.0, 100.0]),
        (canary, vec![2.5, 100.0]),
    ] {
        let cloud = Cloud::new();
        let id = cloud.shifts(configuration.build()).await;
        let seen = cloud.stages(&id).await;
        let shifts = seen
            .iter()
            .filter(|(stage, _)| stage == "PRODUCTION_TRAFFIC_SHIFT");
        assert_eq!(shifts.map(|(_, share)| *share).collect::<Vec<_>>(), steps);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_waits_until_somebody_answers() {
    for (action, end) in [
        (HookAction::Continue, Status::Successful),
        (HookAction::Rollback, Status::RollbackSuccessful),
    ] {
        let cloud = Cloud::new();
        let configuration = strategy(DeploymentStrategy::BlueGreen);
        let configuration = configuration.lifecycle_hooks(pause(HookStage::PostScaleUp));
        let id = cloud.shifts(configuration.build()).await;
        sleep(20_000).await;
        let record = cloud.record(&id).await;
        let hook = record.lifecycle_hook_details.as_ref().unwrap()[0].clone();
        assert_eq!(hook.status, Some(HookStatus::AwaitingAction));
        let answer = async |hook: &str| {
            let call = cloud.ecs.continue_service_deployment();
            let call = call.service_deployment_arn(record.service_deployment_arn.as_ref().unwrap());
            call.hook_id(hook).action(action.clone()).send().await
        };
        assert!(answer("another").await.is_err());
        answer(hook.hook_id.as_ref().unwrap()).await.unwrap();
        cloud.wait(&id, end).await;
        assert!(answer(hook.hook_id.as_ref().unwrap()).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_answers_as_its_name_ends() {
    for (name, end) in [
        ("smoke", Status::Successful),
        ("smoke-fail", Status::RollbackSuccessful),
    ] {
        let cloud = Cloud::new();
        let configuration = strategy(DeploymentStrategy::BlueGreen);
        let id = cloud
            .shifts(configuration.lifecycle_hooks(function(name)).build())
            .await;
        let record = cloud.wait(&id, end).await;
        let reason = record.status_reason.unwrap_or_default();
        assert_eq!(
            reason.contains("POST_SCALE_UP lifecycle hook(s) failed"),
            name != "smoke"
        );
        sleep(10_000).await;
        let service = cloud.service().await;
        assert_eq!(
            (service.running_count, service.deployments.unwrap().len()),
            (2, 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_go_together_is_refused() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let linear = LinearConfiguration::builder().step_percent(2.0).build();
    let canary = CanaryConfiguration::builder().build();
    for (configuration, with_pair) in [
        (
            strategy(DeploymentStrategy::Linear).linear_configuration(linear),
            true,
        ),
        (
            strategy(DeploymentStrategy::BlueGreen).canary_configuration(canary),
            true,
        ),
        (
            strategy(DeploymentStrategy::BlueGreen)
                .lifecycle_hooks(pause(HookStage::TestTrafficShift)),
            true,
        ),
        (
            DeploymentConfiguration::builder().strategy(DeploymentStrategy::BlueGreen),
            true,
        ),
        (strategy(DeploymentStrategy::BlueGreen), false),
    ] {
        let group = if with_pair {
            pair()
        } else {
            let mut group = pair();
            group.advanced_configuration = None;
            group
        };
        let call = cloud.updating().load_balancers(group);
        assert!(
            call.deployment_configuration(configuration.build())
                .send()
                .await
                .is_err()
        );
    }
}
