//! What must be done when the service is not there. Pure.

use super::change::{Change, Revision};
use super::draft::{Draft, made, shown_as_new};
use super::observe::Observed;
use crate::plan::Note;
use crate::platform::ecs::settings::Desired;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::patched::of_service;
use crate::platform::ecs::settings::patched::made as members;
use crate::platform::ecs::settings::sdk::last_part;

/// Adds the making of the service.
pub(crate) fn create(
    draft: &mut Draft,
    desired: &Desired,
    observed: &Observed,
    revision: Option<Revision>,
) {
    // Without a service nothing runs, so that a revision has been chosen.
    let revision = revision.unwrap_or(Revision::Registered);
    if let Revision::Known(arn) = &revision {
        draft.notes.push(Note::info(
            "revision_there",
            format!("{} says just this already and is used.", last_part(arn)),
        ));
    }
    let service = &desired.service;
    draft.views.push(made("service", &service.service_name));
    let members = of_service(&members(service).into(), &service.patch);
    let fresh = fields::service::fields(service).with(members);
    draft.views.extend(shown_as_new("service", &fresh));
    draft.changes.push(Change::CreateService {
        service: service.clone(),
        revision,
        after: observed.deleted,
    });
}
