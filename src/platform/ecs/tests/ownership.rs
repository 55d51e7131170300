//! What is not ours, what is elsewhere, and what may not be read.

use super::*;
use crate::platform::Kind;
use crate::sandbox::Effect;

async fn made_by_hand(cloud: &Cloud) {
    cloud.deploy(&service()).await;
    let arn = "arn:aws:ecs:us-east-1:123456789012:service/main/api-service";
    let untag = cloud
        .ecs
        .ecs()
        .untag_resource()
        .resource_arn(arn)
        .tag_keys("deployer:project");
    untag.send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_of_others_needs_adoption() {
    let cloud = Cloud::new().await;
    made_by_hand(&cloud).await;
    let changed = service_with(&[("api:v1", "api:v2")]);
    let refused = cloud.plan(&changed).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Refused);
    assert!(refused.message.contains("--adopt"), "{refused}");
    assert!(
        refused.message.contains("containers.api.image"),
        "{refused}"
    );
    let adopt = Intent {
        adopt: true,
        ..Intent::default()
    };
    let plan = cloud.plan_to(&changed, &adopt).await.unwrap().plan;
    assert!(plan.notes.iter().any(|note| note.code == "adopts"));
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    assert!(cloud.plan(&changed).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_leaves_the_file_is_removed_and_those_of_others_stay() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let arn = "arn:aws:ecs:us-east-1:123456789012:service/main/api-service";
    let theirs = aws_sdk_ecs::types::Tag::builder()
        .key("cost")
        .value("42")
        .build();
    let tag = cloud
        .ecs
        .ecs()
        .tag_resource()
        .resource_arn(arn)
        .tags(theirs);
    tag.send().await.unwrap();
    let without = service_with(&[("tags = { team = \"checkout\" }\n", "")]);
    let plan = cloud.plan(&without).await.unwrap().plan;
    assert_eq!(words(&plan), ["remove tags of service api-service"]);
    cloud.perform(&plan).await.unwrap();
    let planned = cloud.plan(&without).await.unwrap();
    assert!(planned.plan.is_empty());
    let tags = planned.observed.service.unwrap().config.tags;
    let keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    assert_eq!(keys, ["cost", "deployer:project", "deployer:service"]);
}

#[tokio::test(start_paused = true)]
async fn another_account_is_refused_before_any_write() {
    let cloud = Cloud::at(&TARGET.replace("123456789012", "210987654321")).await;
    let refused = cloud.plan(&service()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Refused);
    assert!(refused.message.contains("123456789012"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_not_there_is_named() {
    let cloud = Cloud::at(&TARGET.replace("\"main\"", "\"other\"")).await;
    let missing = cloud.plan(&service()).await.unwrap_err();
    assert_eq!(missing.kind, Kind::ClusterMissing);
}

#[tokio::test(start_paused = true)]
async fn unreadable_autoscaling_fails_only_a_service_that_asks_for_it() {
    for effect in [
        Effect::AccessDenied,
        Effect::UnknownOperation,
        Effect::Html { status: 404 },
    ] {
        let mut cloud = Cloud::new().await;
        cloud.break_with(Fault {
            service: Some("application-autoscaling".into()),
            times: 0,
            ..Fault::new(effect.clone())
        });
        assert!(cloud.plan(&service()).await.is_err(), "{effect:?}");
        let fixed = service_with(&[("scaling = { min = 2, max = 20, cpu = 70 }\n", "")]);
        cloud.deploy(&fixed).await;
        assert!(
            cloud.plan(&fixed).await.unwrap().plan.is_empty(),
            "{effect:?}"
        );
        assert!(
            cloud
                .warnings()
                .contains(&"autoscaling_unreadable".to_owned())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_says_nothing_about_autoscaling_stops_the_plan() {
    for status in [200, 302, 409] {
        let cloud = Cloud::new().await;
        let fixed = service_with(&[("scaling = { min = 2, max = 20, cpu = 70 }\n", "")]);
        cloud.deploy(&fixed).await;
        cloud.break_with(Fault {
            service: Some("application-autoscaling".into()),
            times: 0,
            ..Fault::new(Effect::Html { status })
        });
        assert!(cloud.plan(&fixed).await.is_err(), "{status}");
    }
}
