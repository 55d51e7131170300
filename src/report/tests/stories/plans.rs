//! Stories that are a plan and nothing more.

use crate::event::{Event, EventKind};
use crate::plan::{ChangeView, Effect, Note};

use super::api;

fn view(
    object: &str,
    path: &str,
    from: Option<&str>,
    to: Option<&str>,
    effect: Effect,
) -> ChangeView {
    ChangeView {
        object: object.into(),
        path: path.into(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        effect,
    }
}

fn update_views() -> Vec<ChangeView> {
    let image = |tag: &str| format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/api:{tag}");
    vec![
        view(
            "task definition",
            "containers.api.image",
            Some(&image("v1")),
            Some(&image("v2")),
            Effect::Restarts,
        ),
        view(
            "task definition",
            "containers.api.environment.LOG_LEVEL",
            None,
            Some("info"),
            Effect::Restarts,
        ),
        view(
            "task definition",
            "containers.api.environment.DEBUG",
            Some("(masked)"),
            None,
            Effect::Restarts,
        ),
        view("autoscaling", "max", Some("10"), Some("20"), Effect::Scales),
        view(
            "service",
            "tags.team",
            Some("a"),
            Some("b"),
            Effect::Invisible,
        ),
    ]
}

fn create_views() -> Vec<ChangeView> {
    let made =
        |object: &str, path: &str, to: &str| view(object, path, None, Some(to), Effect::Replaces);
    vec![
        made("task definition", "", "api-service"),
        made("task definition", "networkMode", "awsvpc"),
        made("task definition", "cpu", "512"),
        made("task definition", "memory", "1024"),
        made(
            "task definition",
            "executionRole",
            "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        ),
        made("task definition", "containers.api.image", "api:v1"),
        made("task definition", "containers.api.ports", "8080/tcp"),
        made(
            "task definition",
            "containers.api.environment.ENVIRONMENT",
            "production",
        ),
        made(
            "task definition",
            "containers.api.environment.LOG_LEVEL",
            "info",
        ),
        made("service", "", "api-service"),
        made("service", "desiredCount", "2"),
        made("service", "network.subnets", "subnet-0a, subnet-0b"),
    ]
}

/// A plan that changes an existing service.
pub(in crate::report) fn plan_update() -> Vec<Event> {
    vec![api(
        0,
        EventKind::Plan {
            changes: update_views(),
            notes: vec![
                Note::warning(
                    "deadline_too_short",
                    "The deadline of 1m is shorter than the shortest rollout, so this one would trip although nothing is wrong.",
                ),
                Note::info(
                    "movable_tag",
                    "The tag `latest` can move: what is rolled out is what it names then.",
                ),
            ],
            effect: Some(Effect::Restarts),
            shortest_seconds: Some(130),
        },
    )]
}

/// A plan that makes a service, and one that deletes an object.
pub(in crate::report) fn plan_create() -> Vec<Event> {
    let mut changes = create_views();
    let gone = |path, from| view("scaling policy", path, Some(from), None, Effect::Replaces);
    changes.extend([gone("", "api-memory-scaling"), gone("target", "70")]);
    vec![api(
        0,
        EventKind::Plan {
            changes,
            notes: Vec::new(),
            effect: Some(Effect::Replaces),
            shortest_seconds: None,
        },
    )]
}

/// A plan with nothing to do.
pub(in crate::report) fn plan_empty() -> Vec<Event> {
    vec![api(
        0,
        EventKind::Plan {
            changes: Vec::new(),
            notes: Vec::new(),
            effect: None,
            shortest_seconds: None,
        },
    )]
}

/// A plan that changes many variables, and containers as a whole.
pub(in crate::report) fn plan_containers() -> Vec<Event> {
    fn definition(path: &str, from: Option<&str>, to: Option<&str>) -> ChangeView {
        view("task definition", path, from, to, Effect::Restarts)
    }
    let mut changes: Vec<ChangeView> = (0..49)
        .map(|n| {
            let value = format!("https://service-{n}.internal.example.com/v2");
            let path = format!("containers.api.environment.UPSTREAM_{n}");
            definition(&path, Some("https://old.example.com"), Some(&value))
        })
        .collect();
    changes.extend([
        definition("cpu", Some("256"), Some("512")),
        definition("containers.proxy.environment.A", None, Some("1")),
        definition("containers.proxy.image", None, Some("nginx:1.29")),
        definition("containers.old.image", Some("envoy:v1"), None),
        definition("containers.old.essential", Some("false"), None),
    ]);
    vec![api(
        0,
        EventKind::Plan {
            changes,
            notes: Vec::new(),
            effect: Some(Effect::Restarts),
            shortest_seconds: None,
        },
    )]
}
