//! Sandboxes in files: what a request costs, and what a crash leaves.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::api::perform;
use super::super::wire::Request;
use super::super::{Options, Sandbox, World, WorldFile};
use super::files::{Scratch, hand_clock, register};
use super::{BEGIN, client};

fn open(path: &Path, now: &super::Now) -> Sandbox {
    Sandbox::open(path, &Options::default(), Arc::clone(now)).unwrap()
}

fn journal(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".log");
    PathBuf::from(name)
}

/// Adds so many services of `tasks` tasks each.
fn populate(world: &mut World, services: usize, tasks: i64, image: &str) {
    let registration = json!({
        "family": "many", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512",
        "containerDefinitions": [{"name": "api", "image": image}],
    });
    perform(world, "ecs", "RegisterTaskDefinition", &registration).unwrap();
    for number in 0..services {
        let creation = json!({
            "cluster": "main", "serviceName": format!("api-{number}"), "taskDefinition": "many",
            "desiredCount": tasks, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
        });
        perform(world, "ecs", "CreateService", &creation).unwrap();
    }
}

#[tokio::test]
async fn a_request_writes_itself_and_not_the_world() {
    let scratch = Scratch::new("touched");
    let (hand, now) = hand_clock();
    let sandbox = open(&scratch.state(), &now);
    sandbox
        .with_world(|world| populate(world, 300, 1, "api:v1"))
        .unwrap();
    hand.store(60_000, Ordering::SeqCst);
    let ecs = client!(aws_sdk_ecs, sandbox);
    let before = std::fs::read(scratch.state()).unwrap();
    for number in 0..20 {
        let asked = ecs.describe_services().cluster("main");
        let asked = asked.services(format!("api-{number}")).send().await;
        assert_eq!(asked.unwrap().services.unwrap()[0].running_count, 1);
    }
    assert!(before == std::fs::read(scratch.state()).unwrap());
    let written = std::fs::metadata(journal(&scratch.state())).unwrap().len();
    assert!(before.len() > 300_000 && written < 20 * 600, "{written}");
}

#[tokio::test]
async fn a_half_written_request_was_never_made_and_the_others_were() {
    let scratch = Scratch::new("half");
    let (_, now) = hand_clock();
    let first = open(&scratch.state(), &now);
    assert_eq!(register(&first).await, 1);
    assert_eq!(register(&first).await, 2);
    let path = journal(&scratch.state());
    let whole = std::fs::read(&path).unwrap();
    // Killed in the middle of the second: the process neither answered nor tidied up.
    std::mem::forget(first);
    let lines = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let second_entry = lines.map(|(at, _)| at).nth(1).unwrap();
    for cut in [second_entry + 1, second_entry + 9, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let next = open(&scratch.state(), &now);
        assert_eq!(register(&next).await, 2, "cut at {cut}");
        std::mem::forget(next);
    }
}

#[tokio::test]
async fn a_crash_between_a_snapshot_and_its_journal_repeats_nothing() {
    let scratch = Scratch::new("between");
    let (_, now) = hand_clock();
    let first = open(&scratch.state(), &now);
    assert_eq!(register(&first).await, 1);
    let former = std::fs::read(journal(&scratch.state())).unwrap();
    first.with_world(|_| ()).unwrap();
    std::fs::write(journal(&scratch.state()), former).unwrap();
    let second = open(&scratch.state(), &now);
    assert_eq!(register(&second).await, 2);
    assert_eq!(register(&first).await, 3);
}

#[tokio::test]
async fn a_process_that_ends_leaves_the_whole_world_in_the_state_file() {
    let scratch = Scratch::new("ends");
    let (_, now) = hand_clock();
    let watching = open(&scratch.state(), &now);
    let ending = open(&scratch.state(), &now);
    assert_eq!(register(&ending).await, 1);
    assert_eq!(register(&watching).await, 2);
    assert_eq!(register(&ending).await, 3);
    drop(ending);
    std::fs::remove_file(journal(&scratch.state())).unwrap();
    assert_eq!(register(&open(&scratch.state(), &now)).await, 4);
    assert_eq!(register(&watching).await, 5);
}

/// Deploys and looks, at times that the hand sets; gives the world.
async fn story(handles: &[Sandbox], hand: &std::sync::atomic::AtomicI64) -> World {
    for (turn, at) in (0_i64..).step_by(700).take(30).enumerate() {
        hand.store(at, Ordering::SeqCst);
        let sandbox = &handles[turn % handles.len()];
        let ecs = client!(aws_sdk_ecs, sandbox);
        match turn % 3 {
            0 => {
                register(sandbox).await;
            }
            1 => {
                let update = ecs.update_service().cluster("main").service("api-0");
                let update = update.desired_count(i32::try_from(turn).unwrap());
                update.send().await.unwrap();
            }
            _ => {
                let asked = ecs.list_tasks().cluster("main").service_name("api-0");
                asked.send().await.unwrap();
            }
        }
    }
    let newest = handles.last().unwrap();
    newest.with_world(|world| world.clone()).unwrap()
}

#[tokio::test]
async fn processes_that_take_turns_have_the_world_that_one_would_have() {
    let scratch = Scratch::new("turns");
    let (hand, now) = hand_clock();
    let alone = || {
        let mut world = WorldFile::default()
            .into_world(7, BEGIN.parse().unwrap())
            .unwrap();
        populate(&mut world, 2, 3, "api:crash");
        world
    };
    let one = story(&[Sandbox::in_memory(alone(), Arc::clone(&now))], &hand).await;
    hand.store(0, Ordering::SeqCst);
    let handles: Vec<Sandbox> = (0..3).map(|_| open(&scratch.state(), &now)).collect();
    handles[0].with_world(|world| *world = alone()).unwrap();
    let several = story(&handles, &hand).await;
    assert!(one == several);
}

#[tokio::test]
async fn a_state_file_of_the_first_format_goes_on() {
    let scratch = Scratch::new("first-format");
    let (hand, now) = hand_clock();
    let sandbox = open(&scratch.state(), &now);
    sandbox
        .with_world(|world| populate(world, 1, 2, "api:crash"))
        .unwrap();
    hand.store(20_000, Ordering::SeqCst);
    sandbox.with_world(|_| ()).unwrap();
    let mut state: Value =
        serde_json::from_slice(&std::fs::read(scratch.state()).unwrap()).unwrap();
    drop(sandbox);
    state["format"] = json!(1);
    for name in ["epoch", "former"] {
        state.as_object_mut().unwrap().remove(name);
    }
    let world = state["world"].as_object_mut().unwrap();
    for name in ["scheduled", "claimed"] {
        world.remove(name).unwrap();
    }
    let entries = world["agenda"]["entries"].as_array_mut().unwrap();
    entries.retain(|entry| !entry["due"].to_string().contains("forget"));
    std::fs::write(scratch.state(), state.to_string()).unwrap();
    let sandbox = open(&scratch.state(), &now);
    assert_eq!(register(&sandbox).await, 1);
    let stopped = |world: &mut World| {
        let tasks = world.tasks.values();
        tasks.filter(|task| task.stopped_at.is_some()).count()
    };
    assert!(sandbox.with_world(stopped).unwrap() > 1);
    sandbox
        .with_world(|world| world.set_image("*", super::super::Behaviour::Healthy))
        .unwrap();
    hand.store(4_000_000, Ordering::SeqCst);
    assert_eq!(
        sandbox.with_world(stopped).unwrap(),
        0,
        "what stopped under the first format is forgotten in its time"
    );
}

#[tokio::test]
async fn a_long_way_to_the_present_is_taken_in_pieces() {
    let (hand, now) = hand_clock();
    let mut world = World::new(1, BEGIN.parse::<Timestamp>().unwrap());
    populate(&mut world, 3, 10, "api:crash");
    let sandbox = Sandbox::in_memory(world, now);
    hand.store(1_800_000, Ordering::SeqCst);
    let target = "AmazonEC2ContainerServiceV20141113.ListClusters";
    let request = Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: vec![("x-amz-target".to_owned(), target.to_owned())],
        body: Vec::new().into(),
    };
    let mut answer = pin!(sandbox.handle(&request));
    let mut turns = 0;
    let answer = std::future::poll_fn(|context| {
        turns += 1;
        answer.as_mut().poll(context)
    });
    answer.await.unwrap();
    assert!(turns > 10, "others had {turns} turns");
}
