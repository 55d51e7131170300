//! Looks at a rollout and at its remedy, through watches of a server that plays a cluster.

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::clock::Clock;
use crate::event::Event;
use crate::platform::aws::ServerTime;
use crate::platform::kubernetes::connect::Link;
use crate::platform::kubernetes::plan::tests::samples;
use crate::platform::kubernetes::rollout::standing::tests::{at, deployment, ours, set, template};
use crate::platform::kubernetes::rollout::watch::WatchPlace;
use crate::platform::kubernetes::rollout::watch::tests::server::Server;
use crate::platform::kubernetes::rollout::{GoingBack, RolloutId};
use crate::platform::origin::Origin;
use crate::rollout::{Budget, Cause, Rollback, Trip, Tripper};
use crate::spec::Threshold;

mod told;

struct Stage {
    server: Server,
    watch: Arc<Watch>,
    rollout: Watched,
    events: Events,
    told: UnboundedReceiver<Event>,
}

fn stage() -> Stage {
    stage_with(Server::place)
}

fn stage_with(place: impl FnOnce(&Server) -> WatchPlace) -> Stage {
    let server = Server::default();
    server.put("deployments", deployment(), false);
    server.put("replicasets", set("old", "api:v1", [2, 2, 2]), false);
    server.put("replicasets", set("new", "api:v2", [2, 0, 0]), false);
    let place = place(&server);
    let (sender, told) = unbounded_channel();
    let events = Events::new(sender, "kind".parse().unwrap(), place.clock);
    let watch = Arc::new(Watch::open(place, false));
    let budget = Budget {
        threshold: Threshold::Count(3),
        reset_on_healthy: true,
    };
    let mut rollout = Watched::named("api", ours(), Policy::ecs(), Some(budget));
    rollout.watch = Some(Arc::clone(&watch));
    Stage {
        server,
        watch,
        rollout,
        events,
        told,
    }
}

impl Stage {
    async fn look(&mut self) -> Observation {
        let clock = self.watch.place().clock;
        clock
            .sleep_until(clock.now() + SignedDuration::from_secs(1))
            .await;
        let watch = Arc::clone(&self.watch);
        see(&watch, &mut self.rollout, &self.events).await.unwrap()
    }

    fn goes_back(&mut self) {
        let mut back = deployment();
        back["metadata"]["generation"] = json!(6);
        back["spec"]["template"] = template("api:v1");
        back["metadata"]["managedFields"][0]["time"] = json!(at(10).to_string());
        self.rollout.going_back = Some(GoingBack {
            ours: RolloutId::of(&back, Some(1)).unwrap(),
            to: "api v1".into(),
            reason: Some("it crashed".into()),
            kept: false,
        });
        self.server.put("deployments", back, true);
    }

    fn requests(&self, of: &str) -> usize {
        let asked = self.server.asked();
        asked.iter().filter(|one| one.contains(of)).count()
    }
}

fn pod(set: &str, name: &str, status: Value) -> Value {
    let mut pod = json!({
        "metadata": {
            "name": name, "uid": name, "creationTimestamp": at(11).to_string(),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": set, "controller": true}],
        },
        "spec": {"containers": [{"name": "api", "image": "x/api"}]},
    });
    pod["status"] = json!({"containerStatuses": [{
        "name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 0,
    }]});
    pod["status"]["containerStatuses"][0]["state"] = status;
    pod
}

fn tripped(by: Tripper) -> Verdict {
    Verdict::Tripped {
        trip: Trip {
            by,
            at: at(20),
            cause: None,
            reason: "it crashed".into(),
        },
        rollback: Rollback::Done { to: None },
    }
}

fn crashed(second: i64) -> Value {
    json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": at(second).to_string()}})
}

fn settled(generation: i64, image: &str) -> Value {
    let mut settled = deployment();
    settled["metadata"]["generation"] = json!(generation);
    settled["spec"]["template"] = template(image);
    settled["status"]["observedGeneration"] = json!(generation);
    settled["status"]["updatedReplicas"] = json!(2);
    settled
}

/// A clock that is ahead of the cluster's, which the `Date` of an answer has shown.
fn ahead(server: &Server, seconds: i64) -> WatchPlace {
    let clock = Clock::driven_from(at(seconds));
    let time = ServerTime::new(clock);
    time.note(&jiff::fmt::rfc2822::to_string(&at(0).to_zoned(jiff::tz::TimeZone::UTC)).unwrap());
    let place = server.place();
    let link = Link { time, ..place.link };
    WatchPlace {
        link,
        clock,
        ..place
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_moves_neither_deadline_nor_failures() {
    for seconds in [0, -60, 60, -660, 660, -3_600, 3_600] {
        let mut stage = stage_with(|server| ahead(server, seconds));
        let mut machine = Judge::new(Policy::ecs(), at(seconds), None);
        stage
            .server
            .put("pods", pod("rs-new", "api-new-a", crashed(11)), true);
        for _ in 0..5 {
            let look = stage.look().await;
            machine.observe(&look);
            assert_eq!(look.created, Some(at(seconds)), "{seconds}");
            machine.elapse(look.at);
            let dated: Vec<_> = look.failures.iter().map(|one| one.at).collect();
            assert_eq!(dated, [at(11)], "as the cluster dates it");
        }
        assert_eq!(machine.verdict(), None, "{seconds}");
        assert_eq!(machine.wants_remedy(), None, "{seconds}");
        assert_eq!(stage.watch.place().clock.now(), at(seconds + 5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_comes_up_costs_three_requests() {
    let mut stage = stage();
    let going = stage.look().await;
    assert!(matches!(going.standing, Standing::Going(_)));
    assert_eq!(going.created, Some(at(0)));
    stage.server.put("deployments", settled(5, "api:v2"), true);
    assert_eq!(
        stage.look().await.standing,
        Standing::Ready { proven: true }
    );
    assert_eq!(stage.server.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn one_that_came_up_at_the_last_moment_is_not_taken_for_a_failure() {
    let mut stage = stage();
    stage.look().await;
    assert!(!stage.rollout.came_up(&deployment()));
    assert!(stage.rollout.came_up(&settled(5, "api:v2")));
    assert!(
        stage.rollout.came_up(&settled(6, "api:v2")),
        "an autoscaler moved the count"
    );
    assert!(!stage.rollout.came_up(&settled(6, "api:v9")));
    // What was up and failed then is no rollout that came up late.
    stage.server.put("deployments", settled(5, "api:v2"), true);
    stage.look().await;
    assert!(!stage.rollout.came_up(&settled(5, "api:v2")));
}

#[tokio::test(start_paused = true)]
async fn a_remedy_is_judged_to_its_end() {
    let mut stage = stage();
    stage
        .server
        .put("pods", pod("rs-new", "api-new-a", crashed(11)), true);
    assert_eq!(stage.look().await.failures.len(), 1);
    stage.goes_back();
    let going = stage.look().await;
    let reason = Some("it crashed".to_owned());
    assert_eq!(
        going.standing,
        Standing::Tripping {
            reason: reason.clone()
        }
    );
    assert_eq!(
        (going.gauge.running, going.gauge.old),
        (0, 2),
        "counts stay those of ours"
    );
    stage.server.put("deployments", settled(6, "api:v1"), true);
    let ended = stage.look().await;
    let to = Some("api v1".to_owned());
    assert_eq!(ended.standing, Standing::RolledBack { reason, to });
    assert_eq!(ended.failures.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_remedy_that_fails_itself_is_no_rollback() {
    let mut stage = stage();
    stage.look().await;
    stage.goes_back();
    stage.look().await;
    let missing = json!({"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}});
    for name in ["api-old-a", "api-old-b"] {
        stage
            .server
            .put("pods", pod("rs-old", name, missing.clone()), true);
    }
    let ended = stage.look().await;
    let Standing::NotRolledBack { reason: Some(why) } = ended.standing else {
        panic!("{:?}", ended.standing);
    };
    assert!(
        why.contains("api v1") && why.contains("does not exist"),
        "{why}"
    );
    assert_eq!(ended.failures, [], "what fails then is no failure of ours");
}

#[tokio::test(start_paused = true)]
async fn somebody_who_changes_it_during_the_remedy_supersedes_it() {
    let mut stage = stage();
    stage.look().await;
    stage.goes_back();
    stage.look().await;
    stage.server.put("deployments", settled(7, "api:v9"), true);
    assert!(matches!(
        stage.look().await.standing,
        Standing::Superseded { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn pods_that_may_not_be_read_are_told_once() {
    let mut stage = stage();
    stage.server.deny("pods", true);
    stage.server.deny("pods", false);
    stage.watch = Arc::new(Watch::open(stage.server.place(), false));
    for _ in 0..3 {
        stage.look().await;
    }
    let mut warned = 0;
    while let Ok(event) = stage.told.try_recv() {
        warned +=
            usize::from(matches!(event.kind, EventKind::Warning { code, .. } if code == "no_pods"));
    }
    assert_eq!(warned, 1);
    assert_eq!(stage.rollout.seen.missing.len(), 1);
}

/// A record in the history that stands so.
fn record(number: u32, state: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
        "name": format!("deployer.api.v{number}"), "uid": format!("record-{number}"),
        "labels": {"deployer/record": "api", "deployer/revision": number.to_string()},
        "annotations": {"deployer/state": state, "deployer/back-to": "api v1", "deployer/reason": "it crashed"},
    }})
}

/// What a run that only watches sees once our template has been replaced, with these records.
async fn replaced(records: &[Value]) -> Vec<Standing> {
    let mut stage = stage();
    for record in records {
        stage.server.put("secrets", record.clone(), false);
    }
    let spec = samples::spec("x/api:v2", "");
    let (place, _) = spec.kubernetes().unwrap();
    let clock = stage.watch.place().clock;
    let platform = Kubernetes::new(place, &samples::tenant(), Origin::default(), clock)
        .linked(stage.watch.place().link.clone());
    stage.rollout.watch = None;
    let session = Session::empty("api");
    let mut seen = Vec::new();
    for object in [None, Some(deployment()), Some(settled(6, "api:v1"))] {
        if let Some(mut object) = object {
            object["metadata"]["generation"] = json!(6);
            object["spec"]["template"] = template("api:v1");
            stage.server.put("deployments", object, true);
        }
        clock
            .sleep_until(clock.now() + SignedDuration::from_secs(1))
            .await;
        let looked = platform
            .look(&session, &mut stage.rollout, &stage.events)
            .await;
        seen.push(looked.unwrap().standing);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn whoever_only_watches_sees_the_remedy_of_another_run_to_its_end() {
    let seen = replaced(&[record(1, "healthy"), record(2, "going-back")]).await;
    let reason = || Some("it crashed".to_owned());
    assert_eq!(seen[1], Standing::Tripping { reason: reason() });
    let to = Some("api v1".to_owned());
    assert_eq!(
        seen[2],
        Standing::RolledBack {
            reason: reason(),
            to
        }
    );
}

#[tokio::test(start_paused = true)]
async fn another_deployment_of_ours_is_no_remedy() {
    let stories = [
        vec![record(2, "going-back"), record(3, "going")],
        vec![record(2, "superseded")],
        vec![],
    ];
    for records in stories {
        let seen = replaced(&records).await;
        assert!(
            matches!(seen[1], Standing::Superseded { .. }),
            "{records:?}"
        );
    }
}
