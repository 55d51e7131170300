//! Laws of the world, for any course of events.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::json;

use super::super::api::perform;
use super::super::{Behaviour, Switches, World};
use super::BEGIN;

/// A request that changes something.
#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Deploy(&'static str),
    Scale(i64),
    Percent(i64, i64),
    Alarm(bool),
    Force,
}

fn step() -> impl Strategy<Value = Step> {
    let images = [
        "api:v1",
        "api:crash",
        "api:missing",
        "api:unhealthy",
        "api:slow",
        "api:flaky",
    ];
    prop_oneof![
        3 => (0..9_000_i64).prop_map(Step::Wait),
        3 => (0..images.len()).prop_map(move |n| Step::Deploy(images[n])),
        1 => (0..7_i64).prop_map(Step::Scale),
        1 => (0..=100_i64, 101..=250_i64).prop_map(|(least, most)| Step::Percent(least, most)),
        1 => any::<bool>().prop_map(Step::Alarm),
        1 => Just(Step::Force),
    ]
}

fn definition(world: &mut World, image: &str) -> String {
    let input = json!({
        "family": "api", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "executionRoleArn": "role",
        "containerDefinitions": [{
            "name": "api", "image": image, "healthCheck": {"command": ["CMD", "true"]},
        }],
    });
    let output = perform(world, "ecs", "RegisterTaskDefinition", &input).unwrap();
    output
        .pointer("/taskDefinition/taskDefinitionArn")
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

fn begin(seed: u64) -> World {
    let switches = Switches {
        rollback_adopts_tasks: seed.is_multiple_of(2),
        ..Switches::default()
    };
    let mut world = World::new(seed, BEGIN.parse().unwrap()).with_switches(switches);
    world.set_image("*:flaky", Behaviour::Flaky { percent: 60 });
    let definition = definition(&mut world, "api:v1");
    let breaker = json!({"enable": true, "rollback": true});
    let alarms = json!({"alarmNames": ["errors"], "enable": true, "rollback": true});
    let input = json!({
        "cluster": "main", "serviceName": "api", "taskDefinition": definition, "desiredCount": 3,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": breaker, "alarms": alarms},
    });
    perform(&mut world, "ecs", "CreateService", &input).unwrap();
    world
}

fn update(world: &mut World, mut input: serde_json::Value) {
    input["cluster"] = json!("main");
    input["service"] = json!("api");
    perform(world, "ecs", "UpdateService", &input).unwrap();
}

/// Takes a step; `pieces` is into how many ticks a wait is cut.
fn take(world: &mut World, step: &Step, pieces: i64) {
    match step {
        Step::Wait(ms) => {
            let from = world.now();
            for piece in 1..=pieces {
                let passed = SignedDuration::from_millis(ms * piece / pieces);
                let now: Timestamp = from.checked_add(passed).unwrap();
                world.tick(now);
            }
        }
        Step::Deploy(image) => {
            let definition = definition(world, image);
            update(world, json!({"taskDefinition": definition}));
        }
        Step::Scale(desired) => update(world, json!({"desiredCount": desired})),
        Step::Percent(least, most) => update(
            world,
            json!({"deploymentConfiguration": {
                "minimumHealthyPercent": least, "maximumPercent": most,
            }}),
        ),
        Step::Alarm(firing) => world.set_alarm("errors", *firing),
        Step::Force => update(world, json!({"forceNewDeployment": true})),
    }
}

/// What must be true of a service at any time.
fn check(world: &World) {
    let service = &world.services["main/api"];
    let running = |deployment: &str| {
        world
            .tasks
            .values()
            .filter(|t| t.deployment == deployment && t.is_active())
            .count()
    };
    for task in world.tasks.values() {
        assert_eq!(
            task.stopped_at.is_some(),
            task.phase == super::super::world::task::Phase::Stopped
        );
        assert!(
            !task.ending || task.stop_code.is_some(),
            "whoever ends says why"
        );
    }
    let ids: Vec<&str> = service.deployments.iter().map(|d| d.id.as_str()).collect();
    let listed: usize = ids.iter().map(|id| running(id)).sum();
    let all = world.tasks.values().filter(|task| task.is_active()).count();
    assert_eq!(listed, all, "every task belongs to a listed deployment");
    let open = world
        .deployments
        .values()
        .filter(|record| !record.status.is_final())
        .count();
    assert!(open <= 1, "one service deployment at a time");
    assert!(service.events.len() <= 100);
}

proptest! {
    #[test]
    fn one_long_tick_and_many_short_ones_give_the_same_world(
        seed in 0..1_000_u64,
        steps in proptest::collection::vec(step(), 1..14),
        pieces in 2..9_i64,
    ) {
        let mut once = begin(seed);
        let mut often = begin(seed);
        for step in &steps {
            take(&mut once, step, 1);
            take(&mut often, step, pieces);
            check(&once);
        }
        assert!(once == often);
        let text = serde_json::to_string(&once).unwrap();
        let again: World = serde_json::from_str(&text).unwrap();
        assert!(again == once, "a world survives being saved");
    }

    #[test]
    fn left_alone_every_rollout_comes_to_rest(
        seed in 0..1_000_u64,
        steps in proptest::collection::vec(step(), 1..10),
    ) {
        let mut world = begin(seed);
        for step in &steps {
            take(&mut world, step, 1);
        }
        take(&mut world, &Step::Percent(50, 200), 1);
        take(&mut world, &Step::Alarm(false), 1);
        take(&mut world, &Step::Deploy("api:v9"), 1);
        take(&mut world, &Step::Wait(3_600_000), 1);
        let service = &world.services["main/api"];
        assert_eq!(service.deployments.len(), 1);
        let healthy = world.tasks.values().filter(|task| task.is_healthy()).count();
        assert_eq!(i64::try_from(healthy).unwrap(), service.desired);
    }
}
