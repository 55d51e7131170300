//! What is not ours, what is elsewhere, and what may not be read.

use super::*;
use crate::platform::FailureKind;
use sandbox::Effect;

async fn made_by_hand(cloud: &Cloud) {
    cloud.deploy(&service()).await;
    let untag = cloud
        .ecs
        .ecs()
        .untag_resource()
        .resource_arn(ARN)
        .tag_keys("deployer:project");
    untag.send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_of_others_needs_adoption() {
    let cloud = Cloud::new().await;
    made_by_hand(&cloud).await;
    let changed = service_with(&[("api:v1", "api:v2")]);
    let refused = cloud.plan(&changed).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
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
    assert_eq!(
        keys,
        [
            "cost",
            "deployer:project",
            "deployer:service",
            "deployer:target"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn another_account_is_refused_before_any_write() {
    let cloud = Cloud::at(&TARGET.replace("123456789012", "210987654321")).await;
    let refused = cloud.plan(&service()).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
    assert!(refused.message.contains("123456789012"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_not_there_is_named() {
    let cloud = Cloud::at(&TARGET.replace("\"main\"", "\"other\"")).await;
    let missing = cloud.plan(&service()).await.unwrap_err();
    assert_eq!(missing.kind, FailureKind::ClusterMissing);
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

const ARN: &str = "arn:aws:ecs:us-east-1:123456789012:service/main/api-service";

/// The same cluster as another target, or another project, of another process.
async fn as_tenant(cloud: &Cloud, project: &str, target: &str) -> Cloud {
    let mut other = Cloud::of(cloud).await;
    other.ecs.tenant = Tenant {
        project: project.to_owned(),
        target: target.parse().unwrap(),
    };
    other
}

#[tokio::test(start_paused = true)]
async fn the_service_of_another_target_is_not_ours() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let stage = as_tenant(&cloud, "shop", "stage").await;
    let refused = stage.plan(&service()).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
    let words = "belongs to service api of project shop at target ecs; --adopt";
    assert!(refused.message.contains(words), "{refused}");
    let adopt = Intent {
        adopt: true,
        ..Intent::default()
    };
    let plan = stage.plan_to(&service(), &adopt).await.unwrap().plan;
    stage.perform(&plan).await.unwrap();
    stage.rest().await;
    assert!(stage.plan(&service()).await.unwrap().plan.is_empty());
    assert!(cloud.plan(&service()).await.is_err());
}

/// What a plan for `service` says of another name.
async fn other_names(cloud: &Cloud, service: &EcsService) -> Vec<String> {
    let notes = cloud.plan(service).await.unwrap().plan.notes;
    let notes = notes
        .into_iter()
        .filter(|note| note.code == "old_name_stays");
    notes.map(|note| note.text).collect()
}

#[tokio::test(start_paused = true)]
async fn a_plan_under_another_name_says_that_the_old_service_stays_and_how_to_end_it() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let renamed = service_with(&[("service = \"api-service\"", "service = \"front\"")]);
    let notes = other_names(&cloud, &renamed).await;
    let [text] = notes.as_slice() else {
        panic!("{notes:?}");
    };
    let ends =
        "aws ecs delete-service --cluster main --service api-service --force --region us-east-1";
    assert!(text.contains(ends), "{text}");
    assert!(
        text.contains("--resource-id service/main/api-service"),
        "{text}"
    );
    // Neither another target's, nor one that may be, nor one that is going away.
    let stage = as_tenant(&cloud, "shop", "stage").await;
    assert_eq!(other_names(&stage, &renamed).await, [""; 0]);
    let untag = cloud.ecs.ecs().untag_resource().resource_arn(ARN);
    untag.tag_keys("deployer:target").send().await.unwrap();
    assert_eq!(other_names(&cloud, &renamed).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn former_names_are_looked_for_only_where_a_service_is_made_and_in_few_requests() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let renamed = service_with(&[("service = \"api-service\"", "service = \"front\"")]);
    let from = cloud.asked();
    cloud.plan(&renamed).await.unwrap();
    let more = cloud.operations(from)[5..].to_vec();
    assert_eq!(more, ["ListServices", "DescribeServices"]);
    cloud.deploy(&renamed).await;
    assert_eq!(other_names(&cloud, &renamed).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_whose_services_may_not_be_listed_costs_the_note_alone() {
    for effect in [Effect::AccessDenied, Effect::Delay { ms: 600_000 }] {
        let cloud = Cloud::new().await;
        cloud.deploy(&service()).await;
        cloud.break_with(Fault {
            operation: Some("ListServices".into()),
            times: 0,
            ..Fault::new(effect)
        });
        let renamed = service_with(&[("service = \"api-service\"", "service = \"front\"")]);
        let before = cloud.clock.now();
        let plan = cloud.plan(&renamed).await.unwrap().plan;
        assert!(!plan.is_empty());
        assert!(cloud.clock.since(before) < Duration::from_secs(10));
        assert!(plan.notes.iter().all(|note| note.code != "old_name_stays"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_verb_that_cannot_adopt_names_the_command_that_can() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let stage = as_tenant(&cloud, "shop", "stage").await;
    let restart = Intent {
        restart: true,
        ..Intent::default()
    };
    let scale = Intent {
        count: Some(3),
        ..Intent::default()
    };
    let back = Intent {
        back_to: Some(crate::platform::BackTo::LastGood),
        ..Intent::default()
    };
    let watch = Intent {
        never_adopts: true,
        ..Intent::default()
    };
    for intent in [restart, scale, back, watch] {
        let refused = stage.plan_to(&service(), &intent).await.unwrap_err();
        let words = "at target ecs; `apply --adopt` takes it over";
        assert!(refused.message.ends_with(words), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_project_whose_name_no_tag_holds_is_told_apart_by_its_exact_name() {
    let cloud = Cloud::new().await;
    let first = as_tenant(&cloud, "team#a", "ecs").await;
    first.deploy(&service()).await;
    assert!(first.plan(&service()).await.unwrap().plan.is_empty());
    for other in ["team?a", "team_a"] {
        let other = as_tenant(&cloud, other, "ecs").await;
        assert!(other.plan(&service()).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_without_a_targets_mark_gets_it_with_its_next_change() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let untag = cloud.ecs.ecs().untag_resource().resource_arn(ARN);
    untag.tag_keys("deployer:target").send().await.unwrap();
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
    let changed = service_with(&[("api:v1", "api:v2")]);
    let plan = cloud.plan(&changed).await.unwrap().plan;
    let shown = shown(&plan).join("\n");
    assert!(shown.contains("tags.deployer:target"), "{shown}");
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    let stage = as_tenant(&cloud, "shop", "stage").await;
    assert!(stage.plan(&changed).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn more_than_fifty_tags_are_refused_before_any_write() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let tag = |key: String| {
        let tag = aws_sdk_ecs::types::Tag::builder().key(key).value("x");
        tag.build()
    };
    let theirs = (0..20)
        .map(|number| tag(format!("theirs{number}")))
        .collect();
    let write = cloud.ecs.ecs().tag_resource().resource_arn(ARN);
    write.set_tags(Some(theirs)).send().await.unwrap();
    let many: Vec<String> = (0..30).map(|number| format!("t{number} = \"1\"")).collect();
    let many = format!("tags = {{ {} }}", many.join(", "));
    let tagged = service_with(&[("tags = { team = \"checkout\" }", &many)]);
    let refused = cloud.plan(&tagged).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
    assert!(refused.message.contains("AWS allows 50"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn tags_of_others_on_a_revision_go_along_to_the_next() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let running = cloud
        .plan(&service())
        .await
        .unwrap()
        .observed
        .running
        .unwrap();
    let theirs = aws_sdk_ecs::types::Tag::builder().key("cost").value("42");
    let tag = cloud.ecs.ecs().tag_resource().resource_arn(&running.arn);
    tag.tags(theirs.build()).send().await.unwrap();
    let later = Cloud::of(&cloud).await;
    later
        .deploy(&service_with(&[
            ("api:v1", "api:v2"),
            ("team = \"checkout\"", "owner = \"ada\""),
        ]))
        .await;
    let newest = later.ecs.newest_definition("api-service").await.unwrap();
    let tags = newest.unwrap().config.tags;
    let has = |key: &str| tags.iter().any(|tag| tag.key == key);
    assert!(has("cost") && has("owner") && !has("team"), "{tags:?}");
}
