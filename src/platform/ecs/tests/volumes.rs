//! Volumes of a task, and where its containers have them.

use super::*;
use crate::platform::ecs::settings::unmanaged;

const DATA: &str = r#"
[service.api.volumes]
cache = { scratch = true }
data = { efs = "fs-0123456789abcdef0", root = "/api", access_point = "fsap-0123456789abcdef0", iam = true }
[service.api.mounts]
"/cache" = "cache"
"/data" = { volume = "data", read_only = true }
"#;

fn service(more: &str) -> EcsService {
    services_of(&spec(&format!("{DEPLOY}{more}"), TARGET)).remove(0)
}

#[test]
fn a_task_definition_has_the_volumes_and_its_containers_their_mounts() {
    let setting = crate::platform::ecs::settings::render::Setting {
        tenant: &tenant(),
        place: &place_of(&spec(DEPLOY, TARGET)),
        origin: &Origin::default(),
    };
    let desired = crate::platform::ecs::settings::render::render(&service(DATA), &setting);
    let definition = serde_json::json!(desired.task_definition);
    assert_eq!(
        definition["volumes"],
        serde_json::json!([
            {"name": "cache"},
            {"name": "data", "efsVolumeConfiguration": {
                "fileSystemId": "fs-0123456789abcdef0",
                "rootDirectory": "/api",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
            }},
        ])
    );
    let made = unmanaged::merge(&desired.task_definition, None).unwrap();
    let mounts = made.container_definitions()[0].mount_points();
    assert_eq!(mounts[1].container_path(), Some("/data"));
    assert_eq!(mounts[1].read_only(), Some(true));
    let efs = made.volumes()[1].efs_volume_configuration().unwrap();
    assert_eq!(efs.root_directory(), Some("/api"));
}

#[tokio::test(start_paused = true)]
async fn volumes_are_compared_and_go_with_their_words() {
    let cloud = Cloud::new().await;
    let with = service(DATA);
    let rolled_out = async |service: &EcsService| {
        let plan = cloud.plan(service).await.unwrap().plan;
        cloud.perform(&plan).await.unwrap();
        cloud.rest().await;
        cloud.settle(&plan).await.unwrap();
        shown(&plan)
    };
    rolled_out(&with).await;
    assert!(cloud.plan(&with).await.unwrap().plan.is_empty());
    let other = service(&DATA.replace("\"cache\"\n", "{ volume = \"cache\", read_only = true }\n"));
    let told = rolled_out(&other).await;
    assert!(
        told.iter().any(|line| line.contains("mountPoints./cache")),
        "{told:?}"
    );
    let told = rolled_out(&service("")).await;
    assert!(
        told.iter().any(|line| line.contains("volumes.data")),
        "{told:?}"
    );
    assert!(cloud.plan(&service("")).await.unwrap().plan.is_empty());
}
