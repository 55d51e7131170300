//! From what runs to files that would change nothing of it.

use super::*;
use crate::cli::init::live::services;
use crate::import::{Source, import};

/// The files that were made of what runs, at the target of these tests.
async fn written(cloud: &Cloud, name: Option<&str>) -> (Vec<String>, Spec) {
    let source = services(&cloud.ecs, name).await.unwrap();
    assert!(matches!(source, Source::Ecs(_)));
    let imported = import(&source, &"ecs".parse().unwrap()).unwrap();
    let losses = imported.losses.iter();
    let losses = losses.map(|loss| format!("{} {}: {}", loss.of, loss.path, loss.why));
    let losses: Vec<String> = losses.collect();
    let spec = spec(&imported.deploy, &imported.target);
    (losses, spec)
}

#[tokio::test(start_paused = true)]
async fn what_runs_is_written_down_and_nothing_is_left_to_do() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    for name in [Some("api-service"), None] {
        let (losses, spec) = written(&cloud, name).await;
        assert_eq!(losses, Vec::<String>::new());
        assert_eq!(spec.project, "shop");
        let planned = cloud.plan(&services_of(&spec)[0]).await.unwrap();
        assert!(planned.plan.is_empty(), "{:?}", planned.plan.changes);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_taken() {
    let cloud = Cloud::new().await;
    let why = services(&cloud.ecs, Some("api-service"))
        .await
        .err()
        .unwrap();
    assert!(why.0.contains("api-service"), "{why}");
}
