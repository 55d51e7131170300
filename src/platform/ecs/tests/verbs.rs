//! Status, history, logs and destroy.

use super::*;
use crate::answer::Ending;
use crate::answer::{LogLine, Wanted};
use crate::platform::Gone;
use crate::platform::Kind;
use crate::sandbox::Effect;

#[tokio::test(start_paused = true)]
async fn status_tells_what_runs() {
    let cloud = Cloud::new().await;
    assert_eq!(
        cloud.ecs.status(&service(), &cloud.events).await.unwrap(),
        None
    );
    cloud.deploy(&service()).await;
    let status = cloud
        .ecs
        .status(&service(), &cloud.events)
        .await
        .unwrap()
        .unwrap();
    assert!(status.ours);
    assert_eq!(status.revision, "api-service:1");
    assert_eq!(status.images[0].image, "api:v1");
    assert_eq!((status.desired, status.running), (2, 2));
    assert_eq!(status.deployments.len(), 1);
    assert_eq!(
        status.scaling.unwrap().policies,
        ["api-cpu-scaling: ECSServiceAverageCPUUtilization at 70"]
    );
    assert_eq!(status.targets.len(), 2);
    assert!(
        status
            .targets
            .iter()
            .all(|target| target.state == "healthy")
    );
    assert!(!status.messages.is_empty());
    assert_eq!(status.missing, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_costs_only_its_piece_of_the_status() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.break_with(Fault {
        service: Some("elasticloadbalancing".into()),
        times: 0,
        ..Fault::new(Effect::AccessDenied)
    });
    let status = cloud
        .ecs
        .status(&service(), &cloud.events)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.running, 2);
    assert_eq!(status.missing.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn history_tells_who_deployed_what_and_how_it_ended() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.deploy(&service_with(&[("api:v1", "api:v2")])).await;
    let broken = service_with(&[("api:v1", "api:crash")]);
    let plan = cloud.plan(&broken).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    cloud.rest().await;
    let history = cloud.ecs.history(&service(), 10).await.unwrap();
    let lines: Vec<_> = history
        .iter()
        .map(|one| (one.revision.as_str(), one.outcome, one.current))
        .collect();
    assert_eq!(
        lines,
        [
            ("api-service:3", Ending::RolledBack, false),
            ("api-service:2", Ending::Healthy, true),
            ("api-service:1", Ending::Healthy, false),
        ]
    );
    assert_eq!(history[0].by.as_deref(), Some("ada"));
    assert_eq!(history[0].images["api"], "api:crash");
    assert_eq!(history[0].went_back_to.as_deref(), Some("api-service:2"));
    assert!(
        history[0]
            .reason
            .as_deref()
            .unwrap()
            .contains("circuit breaker")
    );
    assert_eq!(cloud.ecs.history(&service(), 1).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_destroyed_service_drains_and_can_be_made_again() {
    let cloud = Cloud::new().await;
    let api = service();
    cloud.deploy(&api).await;
    let plan = cloud.ecs.plan_destroy(&api, false, &cloud.events);
    let plan = Box::pin(plan).await.unwrap().plan;
    assert_eq!(
        words(&plan),
        [
            "remove autoscaling of api-service",
            "delete service api-service"
        ]
    );
    cloud.perform(&plan).await.unwrap();
    let deadline = cloud.clock.now() + Duration::from_mins(20);
    let never = std::future::pending();
    let drained = cloud.ecs.drained(&api, deadline, never, &cloud.events);
    assert_eq!(drained.await.unwrap(), Gone::Gone);
    let again = cloud.ecs.plan_destroy(&api, false, &cloud.events);
    assert!(Box::pin(again).await.unwrap().plan.is_empty());
    let started = cloud.deploy(&api).await;
    assert!(started.created);
    assert!(cloud.plan(&api).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_end_can_be_cut_short() {
    let cloud = Cloud::new().await;
    let api = service();
    cloud.deploy(&api).await;
    let plan = cloud.ecs.plan_destroy(&api, false, &cloud.events);
    let plan = Box::pin(plan).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    let deadline = cloud.clock.now() + Duration::from_mins(20);
    let at_once = std::future::ready(());
    let drained = cloud.ecs.drained(&api, deadline, at_once, &cloud.events);
    assert_eq!(drained.await.unwrap(), Gone::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_service_of_others_is_not_destroyed() {
    let cloud = Cloud::new().await;
    let api = service();
    cloud.deploy(&api).await;
    let other = spec(&DEPLOY.replace("[service.api", "[service.web"), TARGET);
    let refused = cloud
        .ecs
        .plan_destroy(&other.services[0], false, &cloud.events);
    assert_eq!(Box::pin(refused).await.unwrap_err().kind, Kind::Refused);
}

#[tokio::test(start_paused = true)]
async fn each_log_line_is_told_once() {
    let cloud = Cloud::new().await;
    let crashing = service_with(&[("api:v1", "api:crash")]);
    let plan = cloud.plan(&crashing).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    let wanted = Wanted {
        since: BEGIN.parse().unwrap(),
        tail: None,
        follow: true,
        container: None,
    };
    let mut followed = Vec::new();
    let all_the_time = cloud
        .ecs
        .tell_logs(&crashing, &wanted, &cloud.events, |line| {
            followed.push(line);
        });
    tokio::select! {
        ended = Box::pin(all_the_time) => unreachable!("{ended:?}"),
        () = cloud.rest() => {}
    }
    let all = lines(&cloud, &crashing, None).await;
    assert!(!all.is_empty());
    let key = |line: &LogLine| (line.at, line.task.clone(), line.text.clone());
    followed.sort_by_key(key);
    let mut sorted = all.clone();
    sorted.sort_by_key(key);
    assert_eq!(followed, sorted);
    assert_eq!(all[0].container, "api");
    let tail = lines(&cloud, &crashing, Some(2)).await;
    assert_eq!(tail, all[all.len() - 2..]);
}

async fn lines(cloud: &Cloud, service: &Service, tail: Option<usize>) -> Vec<LogLine> {
    let wanted = Wanted {
        since: BEGIN.parse().unwrap(),
        tail,
        follow: false,
        container: None,
    };
    let mut lines = Vec::new();
    let told = cloud
        .ecs
        .tell_logs(service, &wanted, &cloud.events, |line| lines.push(line));
    Box::pin(told).await.unwrap();
    lines
}
