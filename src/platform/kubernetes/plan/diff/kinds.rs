//! What runs the pods is of another kind than is asked for. Pure.

use super::Wish;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::plan::observe::Observed;

/// Refuses to have pods of two kinds under one name: neither becomes the other, and each would count the
/// other's pods as its own.
pub(super) fn refuse(wish: &Wish<'_>, observed: &Observed) -> Result<(), Failed> {
    let Some(wanted) = wish.desired.workload() else {
        return Ok(());
    };
    let other = observed.objects.iter().find(|(id, live)| {
        let same = id.kind.runs_pods() && id.name == wanted.id.name && **id != wanted.id;
        same && wish.owner.has(live) && !is_leaving(live)
    });
    let Some((there, _)) = other else {
        return Ok(());
    };
    Err(Failed::new(
        format!("change service {}", wish.name),
        FailureKind::Refused,
        format!(
            "{there} runs its pods, and becomes no {}: give it another `name` in [service.NAME.kubernetes], and \
             {there} goes once {} is healthy; or take it away with `destroy` first",
            wanted.id.kind, wanted.id.kind
        ),
    ))
}
