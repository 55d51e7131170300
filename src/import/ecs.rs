//! A task definition and its service, as plain JSON, to files and back. Pure.

mod compare;
mod containers;
mod docker;
mod launch;
mod members;
mod prepare;
mod size;
mod source;
mod unfilled;
mod words;

use serde_json::Value;

use self::source::Read;
use super::{Imported, NotTaken};
use crate::names::TargetName;
use crate::platform::ecs::settings::render::{Setting, render};
use crate::platform::origin::Origin;
use crate::platform::owner::Tenant;
use crate::spec::Workload;

/// Makes the files, and compares what they render with what they were made of.
pub(super) fn import(
    task: &Value,
    service: Option<&Value>,
    target: &TargetName,
) -> Result<Imported, NotTaken> {
    let read = Read::of(task, service)?;
    let draft = words::draft(&read);
    let (mut imported, loaded) = draft.tried(target)?;
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
    let rendered = services.first().map(|service| render(service, &setting));
    let rendered = rendered.ok_or_else(|| NotTaken("no service came of it".into()))?;
    imported.losses = compare::losses(&read, &rendered);
    Ok(imported)
}
