//! Task definitions and their services, as plain JSON, to files and back. Pure.

mod compare;
mod containers;
mod docker;
mod hatch;
mod launch;
mod members;
mod place;
mod prepare;
mod scaling;
mod shift;
mod size;
mod source;
mod unfilled;
mod volumes;
mod words;

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::create_service::CreateServiceInput;
use serde_json::{Value, json};

use self::source::{Read, service_name};
use super::hatch::{Entry, Round};
use super::{Draft, Imported, Loss, NotTaken};
use crate::names::TargetName;
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::Desired;
use crate::platform::ecs::settings::patched::{self, whole};
use crate::platform::ecs::settings::render::{Setting, render};
use crate::platform::ecs::settings::unmanaged::merge;
use crate::platform::origin::Origin;
use crate::platform::owner::Tenant;
use crate::spec::patch::Named;
use crate::spec::{Workload, aws_json};

/// One service of ECS, as it was written or described.
#[derive(Debug, Clone, Default)]
pub(crate) struct EcsSource {
    /// A task definition.
    pub(crate) task: Value,
    /// The service that runs it.
    pub(crate) service: Option<Value>,
    /// What scales it.
    pub(crate) scaling: Option<LiveScaling>,
    /// What of a manifest asks for nothing that ECS knows.
    pub(crate) losses: Vec<Loss>,
    /// What is to be put in the place of what a manifest leaves to its tool.
    pub(crate) notes: Vec<String>,
    /// What the project is called, where that is known.
    pub(crate) project: Option<String>,
}

/// Makes the files, and compares what they render with what they were made of.
pub(super) fn import(sources: &[EcsSource], target: &TargetName) -> Result<Imported, NotTaken> {
    let mut taken = BTreeSet::new();
    let mut reads = Vec::new();
    for source in sources {
        let mut read = Read::of(source, None)?;
        // Two services of a file cannot have one name: the second is called as it is on ECS.
        if taken.contains(&read.name) {
            let own = read.service.as_ref().map(|service| &service.service_name);
            let mut name = service_name(own.unwrap_or(&read.task.family));
            while taken.contains(&name) {
                name.push_str("-2");
            }
            read.name = name;
        }
        taken.insert(read.name.clone());
        reads.push(read);
    }
    let Some(draft) = words::draft(&reads) else {
        return Err(NotTaken("there is no service".into()));
    };
    let draft = super::refused::settled(draft, target)?;
    super::hatch::import(&Once { reads, target }, &draft)
}

/// Sources on their way.
struct Once<'t> {
    reads: Vec<Read>,
    target: &'t TargetName,
}

impl Round for Once<'_> {
    /// Of each service, in their order.
    type Rendered = Vec<Read>;
    const NAMED: Named = patched::NAMED;

    fn attempt(&self, draft: &Draft) -> Result<(Imported, Vec<Read>), NotTaken> {
        let (mut imported, loaded) = draft.tried(self.target)?;
        let Workload::Ecs {
            place, services, ..
        } = &loaded.spec.workload
        else {
            return Err(NotTaken("the target is no ECS".into()));
        };
        let setting = Setting {
            tenant: &Tenant::of(&loaded.spec),
            place,
            origin: &Origin::default(),
        };
        let mut all = Vec::new();
        for read in &self.reads {
            let mut named = services.iter();
            let service = named.find(|service| service.name.as_str() == read.name);
            let service = service.ok_or_else(|| NotTaken("no service came of it".into()))?;
            let rendered = render(service, &setting);
            let asked = asked(read, &rendered)?;
            let mut losses = compare::losses(read, &asked, service, &rendered);
            if self.reads.len() > 1 {
                for loss in &mut losses {
                    loss.of = format!("{} {}", read.name, loss.of);
                }
            }
            imported.losses.extend(losses);
            all.push(asked);
        }
        Ok((imported, all))
    }

    fn entry(&self, loss: &Loss, rendered: &Vec<Read>) -> Option<Entry> {
        let (name, of) = loss.of.rsplit_once(' ').unwrap_or(("", &loss.of));
        let mut reads = self.reads.iter();
        let index = reads.position(|read| name.is_empty() || read.name == name)?;
        let entry = hatch::entry(self.reads.get(index)?, loss, of, rendered.get(index)?)?;
        Some(Entry {
            service: index,
            ..entry
        })
    }
}

/// The requests that the files come to, read as the source is read.
fn asked(read: &Read, rendered: &Desired) -> Result<Read, NotTaken> {
    let refused = |failed: crate::platform::Failed| NotTaken(failed.to_string());
    let task = merge(&rendered.task_definition, None).map_err(refused)?;
    let mut service = json!(rendered.service);
    if let Some(service) = service.as_object_mut() {
        service.remove("patch");
    }
    let members = patched::made(&rendered.service);
    let sent = aws_json::read(&members.into(), CreateServiceInput::deserialize);
    whole("service", sent).map_err(refused)?;
    rendered
        .service
        .patch
        .lay_over(&mut service, patched::NAMED);
    let source = EcsSource {
        task: aws_json::write(&task).unwrap_or_default(),
        service: read.service.is_some().then_some(service),
        scaling: Some(LiveScaling {
            target: rendered.scalable_target.clone(),
            policies: rendered.scaling_policies.clone(),
            schedules: rendered.scheduled_actions.clone(),
            ..LiveScaling::default()
        }),
        ..EcsSource::default()
    };
    Read::of(&source, read.account.as_deref())
}
