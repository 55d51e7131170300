//! Sandboxes in files, world files, and the loopback port.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::super::{Now, Options, Sandbox, SandboxError};
use super::{BEGIN, client, container};

/// A directory of its own that is removed at the end.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sandbox-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn state(&self) -> PathBuf {
        self.0.join("deep").join("sandbox.json")
    }

    fn world_file(&self, text: &str) -> Options {
        let path = self.0.join("world.toml");
        std::fs::write(&path, text).unwrap();
        Options {
            world_file: Some(path),
            ..Options::default()
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A clock that is set by hand, in milliseconds after `BEGIN`.
pub(super) fn hand_clock() -> (Arc<AtomicI64>, Now) {
    let hand = Arc::new(AtomicI64::new(0));
    let begin: Timestamp = BEGIN.parse().unwrap();
    let shared = Arc::clone(&hand);
    let now = move || {
        begin
            .checked_add(SignedDuration::from_millis(shared.load(Ordering::SeqCst)))
            .unwrap()
    };
    (hand, Arc::new(now))
}

pub(super) async fn register(sandbox: &Sandbox) -> i32 {
    let ecs = client!(aws_sdk_ecs, sandbox);
    let call = ecs
        .register_task_definition()
        .family("api")
        .container_definitions(container("api:v1"));
    call.send().await.unwrap().task_definition.unwrap().revision
}

#[tokio::test]
async fn a_world_goes_on_between_two_openings() {
    let scratch = Scratch::new("reopen");
    let (hand, now) = hand_clock();
    let options = Options {
        speed: Some(10.0),
        ..Options::default()
    };
    let first = Sandbox::open(&scratch.state(), &options, Arc::clone(&now)).unwrap();
    assert_eq!(register(&first).await, 1);
    let before = first.with_world(|world| world.now()).unwrap();
    hand.store(2_000, Ordering::SeqCst);
    let second = Sandbox::open(&scratch.state(), &Options::default(), now).unwrap();
    assert_eq!(register(&second).await, 2);
    assert_eq!(register(&first).await, 3, "both handles share the file");
    let after = second.with_world(|world| world.now()).unwrap();
    assert_eq!(
        after.duration_since(before).as_millis(),
        20_000,
        "ten times as fast"
    );
    assert!(Sandbox::reset(&scratch.state()).unwrap());
    assert!(!Sandbox::reset(&scratch.state()).unwrap());
    assert_eq!(register(&second).await, 1);
}

#[test]
fn a_file_that_is_no_world_is_refused_with_a_reason() {
    let scratch = Scratch::new("corrupt");
    let state = scratch.0.join("sandbox.json");
    for (text, format) in [
        ("", false),
        ("{\"format\":1,\"world\":[]}", false),
        ("{\"format\":99}", true),
    ] {
        std::fs::write(&state, text).unwrap();
        let (_, now) = hand_clock();
        let error = Sandbox::open(&state, &Options::default(), now).unwrap_err();
        let right = match error {
            SandboxError::Format { found, .. } => format && found == 99,
            SandboxError::Corrupt { .. } => !format,
            _ => false,
        };
        assert!(right, "{text}");
    }
    let (_, now) = hand_clock();
    let options = Options {
        speed: Some(0.0),
        ..Options::default()
    };
    let error = Sandbox::open(&scratch.state(), &options, now).unwrap_err();
    assert!(matches!(error, SandboxError::Speed(_)));
}

const WORLD: &str = r#"
speed = 5.0
timings = "fast"
alarms = ["errors"]
switches = { breaker_without_rollback = "in_progress" }

[[image]]
match = "*:boom"
behaviour = { kind = "crash", exit_code = 7 }

[[fault]]
operation = "ListClusters"
times = 1
effect = { kind = "throttle" }

[[planned]]
when = { at_ms = 1000 }
action = { alarm = { name = "errors", firing = false } }

[[before]]
service = "ecs"
operation = "RegisterTaskDefinition"
input = { family = "api", containerDefinitions = [{ name = "api", image = "api:boom" }] }
"#;

#[tokio::test]
async fn a_world_file_says_how_a_world_begins() {
    let scratch = Scratch::new("world-file");
    let (_, now) = hand_clock();
    let options = scratch.world_file(WORLD);
    let sandbox = Sandbox::open(&scratch.state(), &options, Arc::clone(&now)).unwrap();
    let ecs = client!(aws_sdk_ecs, sandbox);
    assert!(
        ecs.list_clusters().send().await.is_err(),
        "the fault strikes once"
    );
    assert!(ecs.list_clusters().send().await.is_ok());
    assert_eq!(register(&sandbox).await, 2, "a revision was there before");
    for (text, toml) in [
        ("sped = 1", true),
        (
            "[[before]]\nservice='ecs'\noperation='Nonsense'\ninput={}",
            false,
        ),
    ] {
        let other = Scratch::new("bad-world-file");
        let error =
            Sandbox::open(&other.state(), &other.world_file(text), Arc::clone(&now)).unwrap_err();
        let right = match error {
            SandboxError::WorldFileToml { .. } => toml,
            SandboxError::WorldFileRequest { operation, .. } => !toml && operation == "Nonsense",
            _ => false,
        };
        assert!(right, "{text}");
    }
}

#[tokio::test]
async fn a_loopback_port_serves_the_same_world_until_it_is_told_to_stop() {
    let scratch = Scratch::new("serve");
    let (_, now) = hand_clock();
    let sandbox = Sandbox::open(&scratch.state(), &Options::default(), now).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(sandbox.clone().serve(listener, async {
        let _ = stopped.await;
    }));
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(super::BehaviorVersion::latest())
        .region(super::Region::new("eu-west-1"))
        .credentials_provider(super::Credentials::for_tests())
        .endpoint_url(format!("http://{address}"))
        .build();
    let ecs = aws_sdk_ecs::Client::from_conf(config);
    let arns = ecs
        .list_clusters()
        .send()
        .await
        .unwrap()
        .cluster_arns
        .unwrap();
    assert_eq!(arns, ["arn:aws:ecs:eu-west-1:123456789012:cluster/main"]);
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    assert_eq!(sandbox.log().len(), 1);
}

#[tokio::test]
async fn other_machines_are_not_served() {
    let (_, now) = hand_clock();
    let sandbox = Sandbox::in_memory(super::world(), now);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = sandbox
        .serve(listener, std::future::pending())
        .await
        .unwrap_err();
    assert!(matches!(error, SandboxError::NotLoopback(_)));
}
