//! A plan in the making: what must be done, for machines and for people, and how a difference is
//! shown. Pure.

use super::change::{Change, ServiceUpdate};
use crate::plan::{self, ChangeView, Effect};
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::{Difference, Fields};
use crate::platform::ecs::settings::sdk::last_part;

/// What must be done on ECS.
pub(crate) type Draft = plan::Draft<Change>;

impl Draft {
    /// Adds the one call that changes the service, unless that changes nothing.
    pub(crate) fn update(&mut self, update: ServiceUpdate) {
        if !update.is_empty() {
            let update = Box::new(update);
            self.changes.push(Change::UpdateService { update });
        }
    }
}

/// Differences as they are shown; a value is masked on both sides if it may be secret on one.
pub(crate) fn views(object: &str, differences: &[Difference]) -> Vec<ChangeView> {
    differences
        .iter()
        .map(|difference| {
            let sides = [&difference.from, &difference.to];
            let masked = sides.into_iter().flatten().any(fields::Field::is_sensitive);
            let show =
                |field: &Option<fields::Field>| field.as_ref().map(|field| field.shown(masked));
            let (from, to) = (show(&difference.from), show(&difference.to));
            let hidden = masked && from.is_some() && to.is_some();
            ChangeView {
                object: object.to_owned(),
                path: difference.path.clone(),
                from,
                to: to.map(|to| {
                    if hidden {
                        format!("{to}, another value")
                    } else {
                        to
                    }
                }),
                effect: difference.effect(),
            }
        })
        .collect()
}

/// The view of an object that is made.
pub(crate) fn made(object: &str, name: &str) -> ChangeView {
    ChangeView {
        object: object.to_owned(),
        path: String::new(),
        from: None,
        to: Some(name.to_owned()),
        effect: Effect::Replaces,
    }
}

/// The fields of an object that is made, without those that are left at their default.
pub(crate) fn shown_as_new(object: &str, fields: &Fields) -> Vec<ChangeView> {
    fields
        .iter()
        .filter(|(_, field)| !field.default)
        .map(|(path, field)| ChangeView {
            object: object.to_owned(),
            path: path.to_owned(),
            from: None,
            to: Some(field.shown(false)),
            effect: Effect::Replaces,
        })
        .collect()
}

/// A view of one tag.
pub(crate) fn tag_view(key: &str, from: Option<&str>, to: Option<&str>) -> ChangeView {
    ChangeView {
        object: "service".to_owned(),
        path: format!("tags.{key}"),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        effect: Effect::Invisible,
    }
}

/// The view of an object that is taken away.
pub(crate) fn removed(object: &str, name: &str) -> ChangeView {
    ChangeView {
        object: object.to_owned(),
        path: String::new(),
        from: Some(name.to_owned()),
        to: None,
        effect: Effect::Replaces,
    }
}

/// The view of another revision, both by their ARNs.
pub(crate) fn other_revision(from: &str, to: &str) -> ChangeView {
    ChangeView {
        object: "service".into(),
        path: "taskDefinition".into(),
        from: Some(last_part(from).to_owned()),
        to: Some(last_part(to).to_owned()),
        effect: Effect::Restarts,
    }
}
