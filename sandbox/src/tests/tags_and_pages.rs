//! Tags, and lists that come in pages.

use aws_sdk_ecs::types::{ServiceField, Tag, TaskDefinitionField};

use super::Cloud;

#[tokio::test(start_paused = true)]
async fn tags_are_kept_shown_on_request_and_changed() {
    let cloud = Cloud::new();
    let definition = cloud.register("api:v1").await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    cloud
        .creation(&definition)
        .tags(tag("project", "shop"))
        .send()
        .await
        .unwrap();
    let described = || {
        cloud
            .ecs
            .describe_services()
            .cluster("main")
            .services("api")
    };
    let plain = described()
        .send()
        .await
        .unwrap()
        .services
        .unwrap()
        .remove(0);
    assert!(plain.tags.is_none());
    let arn = plain.service_arn.unwrap();
    cloud
        .ecs
        .tag_resource()
        .resource_arn(&arn)
        .tags(tag("team", "a"))
        .send()
        .await
        .unwrap();
    cloud
        .ecs
        .untag_resource()
        .resource_arn(&arn)
        .tag_keys("project")
        .send()
        .await
        .unwrap();
    let tagged = described()
        .include(ServiceField::Tags)
        .send()
        .await
        .unwrap()
        .services
        .unwrap()
        .remove(0);
    assert_eq!(tagged.tags.unwrap(), [tag("team", "a")]);
}

#[tokio::test(start_paused = true)]
async fn task_definitions_are_tagged_after_their_registration_too() {
    let cloud = Cloud::new();
    let definition = cloud.register("api:v1").await;
    let commit = Tag::builder().key("commit").value("abc").build();
    cloud
        .ecs
        .tag_resource()
        .resource_arn(&definition)
        .tags(commit.clone())
        .send()
        .await
        .unwrap();
    let read = cloud
        .ecs
        .describe_task_definition()
        .task_definition(&definition);
    let read = read
        .include(TaskDefinitionField::Tags)
        .send()
        .await
        .unwrap();
    assert_eq!(read.tags.unwrap(), [commit]);
}

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages() {
    let cloud = Cloud::new();
    for _ in 0..5 {
        cloud.register("api:v1").await;
    }
    let page = cloud
        .ecs
        .list_task_definitions()
        .family_prefix("api")
        .max_results(3)
        .send()
        .await
        .unwrap();
    assert_eq!(page.task_definition_arns.unwrap().len(), 3);
    let rest = cloud
        .ecs
        .list_task_definitions()
        .family_prefix("api")
        .max_results(3);
    let rest = rest.set_next_token(page.next_token).send().await.unwrap();
    assert_eq!(rest.task_definition_arns.unwrap().len(), 2);
    assert!(rest.next_token.is_none());
    let invalid = cloud
        .ecs
        .list_task_definitions()
        .next_token("x")
        .send()
        .await
        .unwrap_err();
    assert!(
        invalid
            .into_service_error()
            .is_invalid_parameter_exception()
    );
}
