//! Taking a service away: a plan like any other. Pure.

use serde_json::Value;

use super::adopt::{self, Owner};
use super::change::Change;
use super::diff::{Draft, carried, delete};
use super::observe::Observed;
use crate::platform::TakesOver;
use crate::platform::failure::Failed;
use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::fields::shown::removed;
use crate::platform::kubernetes::kinds::Id;

/// What takes the service away: exactly what is ours. A Deployment that is not is refused, unless it
/// is to be adopted; the namespace stays.
pub(crate) fn removal(
    observed: &Observed,
    name: &str,
    owner: Owner<'_>,
    adopt: bool,
) -> Result<Draft, Failed> {
    let mut diff = Draft::default();
    let main = observed.kind.named(name);
    if let Some(live) = observed
        .live(&main)
        .filter(|live| !owner.has(live) && !adopt)
    {
        return Err(adopt::refuse_foreign(
            &[(&main, live)],
            owner,
            &[],
            TakesOver::Itself,
        ));
    }
    let goes = |(id, live): &(&Id, &Value)| {
        let ours = owner.has(live) || (adopt && **id == main);
        id.kind.is_namespaced() && ours && !is_leaving(live)
    };
    for (id, live) in observed.objects.iter().filter(goes) {
        diff.views.push(removed(id));
        diff.changes.push(delete(id, live, false));
    }
    if !diff.changes.is_empty() {
        diff.notes.extend(carried::stays(owner, &[], observed));
    }
    let formers: Vec<&str> = observed
        .formers
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if !diff.changes.is_empty() || !observed.records.is_empty() || !formers.is_empty() {
        let all = std::iter::once(name).chain(formers);
        diff.changes.extend(all.map(|name| Change::Forget {
            deployment: name.to_owned(),
        }));
    }
    Ok(diff)
}
