//! A task definition and its service, as plain JSON, to files and back. Pure.

mod compare;
mod containers;
mod hatch;
mod prepare;
mod rename;
mod size;
mod source;
mod words;

use aws_sdk_ecs::operation::create_service::CreateServiceInput;
use serde_json::{Value, json};

use self::source::Read;
use super::hatch::{Entry, Round};
use super::{Draft, Imported, Loss, NotTaken};
use crate::names::TargetName;
use crate::platform::ecs::settings::Desired;
use crate::platform::ecs::settings::patched::{self, whole};
use crate::platform::ecs::settings::render::{Setting, render};
use crate::platform::ecs::settings::unmanaged::merge;
use crate::platform::origin::Origin;
use crate::platform::owner::Tenant;
use crate::spec::patch::Named;
use crate::spec::{Workload, aws_json};

/// Makes the files, and compares what they render with what they were made of.
pub(super) fn import(
    task: &Value,
    service: Option<&Value>,
    target: &TargetName,
) -> Result<Imported, NotTaken> {
    let read = Read::of(task, service, None)?;
    let draft = words::draft(&read);
    super::hatch::import(&Once { read, target }, &draft)
}

/// One source on its way.
struct Once<'t> {
    read: Read,
    target: &'t TargetName,
}

impl Round for Once<'_> {
    type Rendered = Read;
    const NAMED: Named = patched::NAMED;

    fn attempt(&self, draft: &Draft) -> Result<(Imported, Read), NotTaken> {
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
        let rendered = services.first().map(|service| render(service, &setting));
        let rendered = rendered.ok_or_else(|| NotTaken("no service came of it".into()))?;
        let asked = self.asked(&rendered)?;
        imported.losses = compare::losses(&self.read, &asked, &rendered);
        Ok((imported, asked))
    }

    fn entry(&self, loss: &Loss, rendered: &Read) -> Option<Entry> {
        hatch::entry(&self.read, loss, rendered)
    }
}

impl Once<'_> {
    /// The requests that the files come to, read as the source is read.
    fn asked(&self, rendered: &Desired) -> Result<Read, NotTaken> {
        let refused = |failed: crate::platform::Failed| NotTaken(failed.to_string());
        let task = merge(&rendered.task_definition, None).map_err(refused)?;
        let task = aws_json::write(&task).unwrap_or_default();
        let mut service = json!(rendered.service);
        if let Some(service) = service.as_object_mut() {
            service.remove("patch");
        }
        let patch = &rendered.service.patch;
        let members = patched::made(&rendered.service);
        let sent = aws_json::read(&members.into(), CreateServiceInput::deserialize);
        whole("service", sent).map_err(refused)?;
        patch.lay_over(&mut service, patched::NAMED);
        let service = self.read.service.is_some().then_some(&service);
        Read::of(&task, service, self.read.account.as_deref())
    }
}
