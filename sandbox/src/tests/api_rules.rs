//! What requests are refused, merged and filled in.

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Compatibility, DeploymentCircuitBreaker, DeploymentConfiguration,
    LaunchType, NetworkMode, TaskDefinitionStatus, ThresholdConfiguration, ThresholdType,
};

use super::{Cloud, checked, container, primary};

#[tokio::test(start_paused = true)]
async fn a_task_definition_reads_back_with_the_defaults_filled_in() {
    let cloud = Cloud::new();
    let first = cloud.register_with(checked("api:v1")).await;
    let second = cloud.register_with(checked("api:v1")).await;
    assert!(first.ends_with("task-definition/api:1") && second.ends_with("task-definition/api:2"));
    let described = cloud
        .ecs
        .describe_task_definition()
        .task_definition("api")
        .send()
        .await
        .unwrap();
    let definition = described.task_definition.unwrap();
    assert_eq!(definition.revision, 2);
    assert_eq!(definition.status, Some(TaskDefinitionStatus::Active));
    assert!(definition.registered_at.is_some() && !definition.requires_attributes().is_empty());
    let container = definition.container_definitions.unwrap().remove(0);
    let port = &container.port_mappings.as_ref().unwrap()[0];
    assert_eq!(
        (port.host_port, port.protocol.as_ref().unwrap().as_str()),
        (Some(8080), "tcp")
    );
    assert_eq!((container.cpu, container.essential), (0, Some(true)));
    assert_eq!(container.environment.as_deref(), Some(&[][..]));
    let check = container.health_check.unwrap();
    assert_eq!(
        (check.interval, check.timeout, check.retries),
        (Some(30), Some(5), Some(3))
    );
}

#[tokio::test(start_paused = true)]
async fn a_deregistered_revision_can_be_read_but_not_used() {
    let cloud = Cloud::new();
    cloud.register("api:v1").await;
    cloud.register("api:v2").await;
    cloud
        .ecs
        .deregister_task_definition()
        .task_definition("api:2")
        .send()
        .await
        .unwrap();
    let newest = cloud
        .ecs
        .describe_task_definition()
        .task_definition("api")
        .send()
        .await
        .unwrap();
    assert_eq!(newest.task_definition.unwrap().revision, 1);
    let old = cloud
        .ecs
        .describe_task_definition()
        .task_definition("api:2")
        .send()
        .await
        .unwrap();
    assert_eq!(
        old.task_definition.unwrap().status,
        Some(TaskDefinitionStatus::Inactive)
    );
    let refused = cloud
        .creation("api:2")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_client_exception());
    let gone = cloud
        .ecs
        .describe_task_definition()
        .task_definition("none")
        .send()
        .await;
    assert_eq!(
        gone.unwrap_err().into_service_error().message(),
        Some("Unable to describe task definition.")
    );
}

#[tokio::test(start_paused = true)]
async fn fargate_refuses_what_it_cannot_run() {
    let cloud = Cloud::new();
    let good = || {
        let call = cloud
            .ecs
            .register_task_definition()
            .family("api")
            .network_mode(NetworkMode::Awsvpc);
        let call = call
            .requires_compatibilities(Compatibility::Fargate)
            .cpu("512")
            .memory("1024");
        call.execution_role_arn("role")
            .container_definitions(container("api:v1"))
    };
    good().send().await.unwrap();
    let cases = [
        (
            good().memory("512"),
            "No Fargate configuration exists for given values",
        ),
        (
            good().network_mode(NetworkMode::Bridge),
            "Fargate only supports network mode",
        ),
        (
            good().set_execution_role_arn(None),
            "execution role ARN to support log driver awslogs",
        ),
        (
            good().family("no spaces"),
            "Family contains invalid characters",
        ),
        (
            good().set_container_definitions(None),
            "Container list cannot be empty",
        ),
        (good().set_tags(Some(Vec::new())), "Tags can not be empty."),
        (good().set_cpu(None), "'cpu' be defined at the task level"),
    ];
    for (call, words) in cases {
        let error = call.send().await.unwrap_err().into_service_error();
        assert!(error.is_client_exception(), "{error:?}");
        assert!(error.message().unwrap().contains(words), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn creating_twice_is_refused_unless_it_is_a_repetition() {
    let cloud = Cloud::new();
    let definition = cloud.register("api:v1").await;
    let first = cloud
        .creation(&definition)
        .client_token("t1")
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    let repeated = cloud
        .creation(&definition)
        .client_token("t1")
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    assert_eq!(primary(&first).id, primary(&repeated).id);
    for other in [
        cloud.creation(&definition),
        cloud
            .creation(&definition)
            .client_token("t1")
            .desired_count(3),
    ] {
        let error = other.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception());
        assert_eq!(
            error.message(),
            Some("Creation of service was not idempotent.")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_is_named_as_aws_does() {
    let cloud = Cloud::new();
    let nowhere = cloud
        .ecs
        .describe_services()
        .cluster("none")
        .services("api")
        .send()
        .await;
    assert!(
        nowhere
            .unwrap_err()
            .into_service_error()
            .is_cluster_not_found_exception()
    );
    let missing = cloud
        .ecs
        .describe_services()
        .cluster("main")
        .services("api")
        .send()
        .await
        .unwrap();
    assert_eq!(
        missing.failures.unwrap()[0].reason.as_deref(),
        Some("MISSING")
    );
    let update = cloud.updating().desired_count(1).send().await.unwrap_err();
    assert!(update.into_service_error().is_service_not_found_exception());
    let many = (0..11).map(|n| n.to_string()).collect();
    let many = cloud
        .ecs
        .describe_services()
        .cluster("main")
        .set_services(Some(many))
        .send()
        .await;
    assert!(
        many.unwrap_err()
            .into_service_error()
            .is_invalid_parameter_exception()
    );
}

#[tokio::test(start_paused = true)]
async fn a_partial_configuration_is_merged_member_by_member() {
    let cloud = Cloud::new();
    let definition = cloud.register("api:v1").await;
    let threshold = ThresholdConfiguration::builder()
        .r#type(ThresholdType::Count)
        .value(9)
        .build();
    let breaker = DeploymentCircuitBreaker::builder()
        .enable(true)
        .rollback(true);
    let breaker = breaker
        .reset_on_healthy_task(false)
        .threshold_configuration(threshold.unwrap());
    let whole = DeploymentConfiguration::builder().deployment_circuit_breaker(breaker.build());
    let whole = whole.maximum_percent(150).build();
    cloud
        .creation(&definition)
        .deployment_configuration(whole)
        .send()
        .await
        .unwrap();
    let breaker = DeploymentCircuitBreaker::builder()
        .enable(true)
        .rollback(false)
        .build();
    let part = DeploymentConfiguration::builder()
        .deployment_circuit_breaker(breaker)
        .build();
    let updated = cloud
        .updating()
        .deployment_configuration(part)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    let now = updated.deployment_configuration.unwrap();
    assert_eq!(
        (now.maximum_percent, now.minimum_healthy_percent),
        (Some(150), Some(100))
    );
    let breaker = now.deployment_circuit_breaker.unwrap();
    assert!(breaker.enable && !breaker.rollback);
    assert_eq!(breaker.reset_on_healthy_task, Some(false));
    assert_eq!(breaker.threshold_configuration.unwrap().value, 9);
    assert_eq!(
        updated.deployments.unwrap().len(),
        1,
        "settings start no deployment"
    );
}

#[tokio::test(start_paused = true)]
async fn another_strategy_needs_force() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let spot = CapacityProviderStrategyItem::builder()
        .capacity_provider("FARGATE_SPOT")
        .weight(1);
    let update = cloud
        .updating()
        .capacity_provider_strategy(spot.build().unwrap());
    let error = update
        .clone()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_invalid_parameter_exception());
    assert!(
        error
            .message()
            .unwrap()
            .ends_with("you must force a new deployment.")
    );
    update.force_new_deployment(true).send().await.unwrap();
    assert!(cloud.service().await.launch_type.is_none());
    let back = cloud
        .updating()
        .set_capacity_provider_strategy(Some(Vec::new()))
        .force_new_deployment(true);
    let service = back.send().await.unwrap().service.unwrap();
    assert_eq!(service.launch_type, Some(LaunchType::Fargate));
    let definition = service.task_definition.unwrap();
    let unknown = CapacityProviderStrategyItem::builder()
        .capacity_provider("mine")
        .weight(1)
        .build();
    let creation = cloud
        .creation(&definition)
        .service_name("other")
        .set_launch_type(None);
    let error = creation
        .capacity_provider_strategy(unknown.unwrap())
        .send()
        .await
        .unwrap_err();
    assert!(error.into_service_error().is_invalid_parameter_exception());
}

#[tokio::test(start_paused = true)]
async fn containers_and_ports_of_a_target_group_must_exist() {
    let cloud = Cloud::new();
    let definition = cloud.register("api:v1").await;
    for (name, port, words) in [
        ("web", 8080, "container web does not exist"),
        ("api", 80, "container port 80"),
    ] {
        let balancer = aws_sdk_ecs::types::LoadBalancer::builder().target_group_arn(super::GROUP);
        let balancer = balancer.container_name(name).container_port(port).build();
        let error = cloud
            .creation(&definition)
            .load_balancers(balancer)
            .send()
            .await
            .unwrap_err();
        assert!(
            error
                .into_service_error()
                .message()
                .unwrap()
                .contains(words)
        );
    }
    let graceful = cloud
        .creation(&definition)
        .health_check_grace_period_seconds(60)
        .send()
        .await;
    assert!(
        graceful
            .unwrap_err()
            .into_service_error()
            .is_invalid_parameter_exception()
    );
}
