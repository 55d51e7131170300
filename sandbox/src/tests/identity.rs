//! Who calls, where, and who else is there.

use aws_sdk_ecs::types::ServiceDeploymentStatus as Status;

use super::super::{Action, Planned, When};
use super::{Cloud, GROUP, client, world};

#[tokio::test(start_paused = true)]
async fn the_caller_is_in_the_sandbox_account() {
    let cloud = Cloud::new();
    let sts = client!(aws_sdk_sts, cloud.sandbox);
    let caller = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account.as_deref(), Some("123456789012"));
    assert_eq!(
        caller.arn.as_deref(),
        Some("arn:aws:iam::123456789012:user/sandbox")
    );
}

#[tokio::test(start_paused = true)]
async fn a_fresh_world_has_the_cluster_main_with_the_fargate_providers() {
    let cloud = Cloud::new();
    let described = cloud
        .ecs
        .describe_clusters()
        .clusters("main")
        .clusters("other")
        .send()
        .await
        .unwrap();
    let cluster = described.clusters.unwrap().remove(0);
    assert_eq!(
        cluster.capacity_providers.unwrap(),
        ["FARGATE", "FARGATE_SPOT"]
    );
    assert_eq!(
        described.failures.unwrap()[0].reason.as_deref(),
        Some("MISSING")
    );
    cloud
        .ecs
        .create_cluster()
        .cluster_name("other")
        .send()
        .await
        .unwrap();
    assert_eq!(
        cloud
            .ecs
            .list_clusters()
            .send()
            .await
            .unwrap()
            .cluster_arns
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn any_target_group_exists_behind_a_load_balancer_of_its_own() {
    let cloud = Cloud::new();
    let elb = client!(aws_sdk_elasticloadbalancingv2, cloud.sandbox);
    let groups = elb
        .describe_target_groups()
        .target_group_arns(GROUP)
        .send()
        .await
        .unwrap();
    let group = groups.target_groups.unwrap().remove(0);
    assert_eq!(
        (group.target_group_name.as_deref(), group.port),
        (Some("api"), Some(80))
    );
    let balancer = group.load_balancer_arns.unwrap().remove(0);
    let balancers = elb
        .describe_load_balancers()
        .load_balancer_arns(balancer)
        .send()
        .await
        .unwrap();
    assert_eq!(
        balancers.load_balancers.unwrap()[0]
            .load_balancer_name
            .as_deref(),
        Some("api")
    );
    let attributes = elb
        .describe_target_group_attributes()
        .target_group_arn(GROUP)
        .send()
        .await
        .unwrap();
    let attributes = attributes.attributes.unwrap();
    assert!(
        attributes
            .iter()
            .any(|a| a.key.as_deref() == Some("deregistration_delay.timeout_seconds"))
    );
    assert!(
        elb.describe_target_health()
            .target_group_arn("nonsense")
            .send()
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn somebody_else_deploys_after_our_update() {
    let mut world = world();
    world.add_planned(Planned {
        when: When::After {
            operation: "UpdateService".to_owned(),
            nth: 1,
            delay_ms: 700,
        },
        action: Action::Deploy {
            cluster: "main".to_owned(),
            service: "api".to_owned(),
            image: "api:theirs".to_owned(),
        },
        seen: 0,
    });
    let cloud = Cloud::of(world);
    cloud.settled().await;
    let ours = cloud.deploy("api:v2").await;
    cloud.wait(&ours, Status::Stopped).await;
    assert_eq!(cloud.image().await, "api:theirs");
}
