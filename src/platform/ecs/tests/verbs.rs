//! Status, history, logs and destroy.

use super::*;
use crate::answer::Ending;
use crate::answer::{LogLine, Wanted};
use crate::platform::FailureKind;
use crate::platform::Gone;
use sandbox::Effect;

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
async fn amid_a_rollout_neither_status_nor_history_credits_it_with_what_served_before() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let next = service_with(&[("api:v1", "api:v2")]);
    let plan = cloud.plan(&next).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    let status = cloud.ecs.status(&next, &cloud.events).await;
    let status = status.unwrap().unwrap();
    assert_eq!(status.revision, "api-service:2");
    assert_eq!((status.desired, status.running), (2, 0));
    let older: Vec<_> = status.still_running().collect();
    assert_eq!(older.len(), 1);
    assert_eq!(
        (older[0].revision.as_str(), older[0].running),
        ("api-service:1", 2)
    );
    // The record of a rollout appears a moment after it has begun.
    let later = cloud.clock.now() + Duration::from_secs(1);
    cloud.clock.sleep_until(later).await;
    let history = cloud.ecs.history(&next, 10).await.unwrap();
    let lines: Vec<_> = history
        .iter()
        .map(|one| (one.revision.as_str(), one.outcome, one.current))
        .collect();
    assert_eq!(
        lines,
        [
            ("api-service:2", Ending::Going, false),
            ("api-service:1", Ending::Healthy, true),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_or_restart_is_credited_to_whoever_ran_it() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let next = service_with(&[("api:v1", "api:v2")]);
    cloud.deploy(&next).await;
    let particular = [
        (
            "restart",
            Intent {
                restart: true,
                ..Intent::default()
            },
        ),
        (
            "rollback",
            Intent {
                back_to: Some(crate::platform::BackTo::LastGood),
                ..Intent::default()
            },
        ),
    ];
    for (verb, intent) in particular {
        let mut other = Cloud::of(&cloud).await;
        other.ecs.origin = Origin {
            by: Some("Bob Lee".into()),
            why: Some(format!("why a {verb}")),
            verb: Some(verb.into()),
            ..Origin::default()
        };
        let plan = other.plan_to(&next, &intent).await.unwrap().plan;
        other.perform(&plan).await.unwrap();
        other.rest().await;
    }
    let history = cloud.ecs.history(&next, 10).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|one| {
            let words = [&one.verb, &one.by, &one.why];
            words.map(|word| word.as_deref().unwrap_or("–"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ["rollback", "Bob Lee", "why a rollback"],
            ["restart", "Bob Lee", "why a restart"],
            ["apply", "ada", "–"],
            ["apply", "ada", "–"],
        ]
    );
    // The credit is no tag of the file's, and stays.
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_scaling_is_credited_to_whoever_ran_it() {
    let mut cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.ecs.origin = Origin {
        by: Some("bob".into()),
        why: Some("sale".into()),
        verb: Some("scale".into()),
        ..Origin::default()
    };
    let intent = Intent {
        count: Some(3),
        ..Intent::default()
    };
    let plan = cloud.plan_to(&service(), &intent).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    let history = cloud.ecs.history(&service(), 10).await.unwrap();
    let newest = &history[0];
    assert_eq!(
        [&newest.verb, &newest.by, &newest.why].map(|word| word.as_deref().unwrap_or("–")),
        ["scale", "bob", "sale"]
    );
    assert_eq!(
        (newest.outcome, newest.status.as_str(), newest.current),
        (Ending::Counted, "set to 3", false)
    );
    assert_eq!(history[1].by.as_deref(), Some("ada"));
}

#[tokio::test(start_paused = true)]
async fn who_started_a_rollout_of_a_known_revision_elsewhere_is_not_guessed() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let intent = Intent {
        restart: true,
        ..Intent::default()
    };
    cloud.break_with(Fault {
        operation: Some("TagResource".into()),
        times: 0,
        ..Fault::new(Effect::AccessDenied)
    });
    let plan = cloud.plan_to(&service(), &intent).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    let history = cloud.ecs.history(&service(), 10).await.unwrap();
    let told: Vec<_> = history.iter().map(|one| one.by.as_deref()).collect();
    assert_eq!(told, [None, Some("ada")]);
}

#[tokio::test(start_paused = true)]
async fn old_credits_make_room_for_new_ones() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let intent = Intent {
        restart: true,
        ..Intent::default()
    };
    for _ in 0..7 {
        let plan = cloud.plan_to(&service(), &intent).await.unwrap().plan;
        cloud.perform(&plan).await.unwrap();
        cloud.rest().await;
    }
    let found = cloud.ecs.find_service("api-service").await.unwrap();
    let tags = found.service.unwrap().config.tags;
    let credits = tags
        .iter()
        .filter(|tag| tag.key.starts_with("deployer:rollout:"));
    assert_eq!(credits.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn suspended_scaling_is_told_by_status_and_plan() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let suspended = aws_sdk_applicationautoscaling::types::SuspendedState::builder()
        .dynamic_scaling_in_suspended(true)
        .dynamic_scaling_out_suspended(true)
        .build();
    cloud
        .ecs
        .scaling()
        .register_scalable_target()
        .service_namespace("ecs".into())
        .resource_id("service/main/api-service")
        .scalable_dimension("ecs:service:DesiredCount".into())
        .suspended_state(suspended)
        .send()
        .await
        .unwrap();
    let status = cloud.ecs.status(&service(), &cloud.events).await;
    let scaling = status.unwrap().unwrap().scaling.unwrap();
    assert_eq!(scaling.suspended, ["scaling in", "scaling out"]);
    for image in ["api:v1", "api:v2"] {
        let plan = cloud.plan(&service_with(&[("api:v1", image)])).await;
        let notes = plan.unwrap().plan.notes;
        let told = notes.iter().find(|note| note.code == "scaling_suspended");
        assert!(
            told.unwrap().text.contains("scaling in, scaling out"),
            "{notes:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_destroyed_service_drains_and_can_be_made_again() {
    let cloud = Cloud::new().await;
    let api = service();
    cloud.deploy(&api).await;
    let plan = cloud.plan_to(&api, &destroying()).await.unwrap().plan;
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
    assert_eq!(drained.await.unwrap(), Gone::Done);
    let again = cloud.plan_to(&api, &destroying()).await.unwrap();
    assert!(again.plan.is_empty());
    let started = cloud.deploy(&api).await;
    assert!(started.ours.former.is_none() && started.ours.count_only.is_none());
    assert!(cloud.plan(&api).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_end_can_be_cut_short() {
    let cloud = Cloud::new().await;
    let api = service();
    cloud.deploy(&api).await;
    let plan = cloud.plan_to(&api, &destroying()).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    let deadline = cloud.clock.now() + Duration::from_mins(20);
    let at_once = std::future::ready(());
    let drained = cloud.ecs.drained(&api, deadline, at_once, &cloud.events);
    assert_eq!(drained.await.unwrap(), Gone::Cancelled(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_service_of_others_is_not_destroyed() {
    let cloud = Cloud::new().await;
    let api = service();
    cloud.deploy(&api).await;
    let other = spec(&DEPLOY.replace("[service.api", "[service.web"), TARGET);
    let refused = cloud
        .plan_to(&other.ecs().unwrap().1[0], &destroying())
        .await;
    assert_eq!(refused.unwrap_err().kind, FailureKind::Refused);
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

async fn lines(cloud: &Cloud, service: &EcsService, tail: Option<usize>) -> Vec<LogLine> {
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
