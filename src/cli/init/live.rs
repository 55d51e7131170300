//! What runs, read from where it runs: `ecs:CLUSTER/SERVICE`, `kubernetes:NAMESPACE/DEPLOYMENT`,
//! `kubernetes:NAMESPACE/statefulset/NAME`.

use aws_config::default_provider::region::DefaultRegionChain;
use serde_json::Value;

use crate::clock::Clock;
use crate::import::{EcsSource, NotTaken, Source};
use crate::names::TargetName;
use crate::platform::Failed;
use crate::platform::aws::connect_to;
use crate::platform::ecs::Ecs;
use crate::platform::kubernetes::described::described;
use crate::platform::origin::Origin;
use crate::platform::owner::Tenant;
use crate::spec::{EcsPlace, KubePlace, WorkloadKind};

/// Where something runs: a cluster or a namespace, and its name there, unless all of it is meant.
struct Place<'a> {
    within: &'a str,
    name: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(text: &'a str, form: &str) -> Result<Self, NotTaken> {
        let (within, name) = text
            .split_once('/')
            .map_or((text, None), |(within, name)| (within, Some(name)));
        if within.is_empty() || name.is_some_and(|name| name.is_empty() || name.contains('/')) {
            return Err(NotTaken(format!(
                "`{text}` names no place: it should be {form}"
            )));
        }
        Ok(Self { within, name })
    }
}

/// What a running source is read as; `None`: the text names no such source.
pub(super) fn source(from: &str, target: &TargetName) -> Option<Result<Source, NotTaken>> {
    if let Some(place) = from.strip_prefix("ecs:") {
        return Some(here(of_ecs(place, target)));
    }
    let place = from.strip_prefix("kubernetes:")?;
    Some(here(of_kubernetes(place)))
}

/// Waits for the answers.
fn here(work: impl Future<Output = Result<Source, NotTaken>>) -> Result<Source, NotTaken> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| NotTaken(format!("nothing can be asked for: {error}")))?;
    runtime.block_on(work)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands where a failure is mapped"
)]
fn not_read(failed: Failed) -> NotTaken {
    NotTaken(failed.to_string())
}

async fn of_ecs(place: &str, target: &TargetName) -> Result<Source, NotTaken> {
    let form = "ecs:CLUSTER/SERVICE, or ecs:CLUSTER for all services of one";
    let Place { within, name } = Place::of(place, form)?;
    let chain = DefaultRegionChain::builder().build();
    let region = chain.region().await.ok_or_else(|| {
        NotTaken("no Region is set: give it as AWS_REGION, or by a profile".into())
    })?;
    let wrong = |what: &str| NotTaken(format!("`{place}` names no {what}: it should be {form}"));
    let clock = Clock::system();
    let place = EcsPlace {
        account: None,
        region: region.as_ref().parse().map_err(|_| wrong("Region"))?,
        cluster: within.parse().map_err(|_| wrong("cluster"))?,
        endpoint: None,
        network: None,
    };
    let tenant = Tenant {
        project: String::new(),
        target: target.clone(),
    };
    let connection = connect_to(region.as_ref(), None, None, clock).await;
    let ecs = Ecs::new(&connection, &place, &tenant, Origin::default(), clock);
    services(&ecs, name).await
}

/// The services of a cluster, or the one of that name.
pub(crate) async fn services(ecs: &Ecs, name: Option<&str>) -> Result<Source, NotTaken> {
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => ecs.service_names().await.map_err(not_read)?,
    };
    let cluster = ecs.cluster();
    if names.is_empty() {
        return Err(NotTaken(format!("cluster {cluster} has no service")));
    }
    let mut sources = Vec::new();
    for name in names {
        let found = ecs.described(&name).await.map_err(not_read)?;
        let found =
            found.ok_or_else(|| NotTaken(format!("cluster {cluster} has no service {name}")))?;
        sources.push(EcsSource {
            notes: Vec::new(),
            losses: Vec::new(),
            project: tag(&found.service, "deployer:exact-project")
                .or_else(|| tag(&found.service, "deployer:project")),
            task: found.task,
            service: Some(found.service),
            scaling: Some(found.scaling),
        });
    }
    Ok(Source::Ecs(sources))
}

/// The value of a tag.
fn tag(service: &Value, key: &str) -> Option<String> {
    let mut tags = service.get("tags")?.as_array()?.iter();
    let tag = tags.find(|tag| tag.get("key").is_some_and(|own| *own == key))?;
    Some(tag.get("value")?.as_str()?.to_owned())
}

/// A place without the kind that stands in it, and that kind: `shop/statefulset/db`.
fn of_kind(place: &str) -> (String, Option<WorkloadKind>) {
    let mut parts = place.splitn(3, '/');
    if let (Some(space), Some(word), Some(name)) = (parts.next(), parts.next(), parts.next()) {
        let is_it = |kind: &WorkloadKind| kind.as_str().eq_ignore_ascii_case(word);
        let kind = WorkloadKind::ALL.into_iter().find(is_it);
        if kind.is_some() {
            return (format!("{space}/{name}"), kind);
        }
    }
    (place.to_owned(), None)
}

async fn of_kubernetes(place: &str) -> Result<Source, NotTaken> {
    let form = "kubernetes:NAMESPACE/DEPLOYMENT, kubernetes:NAMESPACE/statefulset/NAME, \
                kubernetes:NAMESPACE/daemonset/NAME, or kubernetes:NAMESPACE for all of one";
    let (place, kind) = of_kind(place);
    let Place { within, name } = Place::of(&place, form)?;
    let namespace = within.parse();
    let namespace = namespace.map_err(|_| NotTaken(format!("`{within}` is no namespace")))?;
    let place = KubePlace::of_context(namespace);
    let mut all = described(&place, Clock::system()).await.map_err(not_read)?;
    let runs_pods = |object: &Value| {
        object["kind"]
            .as_str()
            .and_then(WorkloadKind::called)
            .is_some()
    };
    if let Some(name) = name {
        let of_kind = |object: &Value| kind.is_none_or(|kind| object["kind"] == kind.as_str());
        let is_it = |object: &Value| object["metadata"]["name"] == name && of_kind(object);
        all.objects
            .retain(|object| !runs_pods(object) || is_it(object));
    }
    if !all.objects.iter().any(runs_pods) {
        let kind = kind.unwrap_or_default().as_str();
        let what = name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"));
        return Err(NotTaken(format!("namespace {within} has no {what}")));
    }
    Ok(Source::Running(all))
}
