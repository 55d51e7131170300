//! What a plan says of objects that are carried along, beside what is done with them. Pure.

use crate::plan::Note;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::adopt::Owner;
use crate::platform::kubernetes::plan::change::Change;
use crate::platform::kubernetes::plan::observe::Observed;

/// Kinds whose objects may fail by themselves, and are not looked at (see [`super::super::beside`]).
const UNJUDGED: [&str; 3] = ["Pod", "ReplicaSet", "ReplicationController"];

/// Of what is applied, that which may fail by itself without being looked at.
pub(crate) fn unjudged(changes: &[Change]) -> Option<Note> {
    let runs = changes.iter().filter_map(|change| match change {
        Change::Apply { object, .. } => {
            let kind = object.id.kind;
            let runs = kind.is_carried() && UNJUDGED.contains(&kind.as_str());
            runs.then(|| object.id.to_string())
        }
        _ => None,
    });
    let names: Vec<String> = runs.collect();
    let are = be(&names)?;
    Some(Note::info(
        "not_judged",
        format!(
            "{} {are} applied and not judged: the verdict is about the service's own pods.",
            names.join(", ")
        ),
    ))
}

/// What was carried along and is not asked for any more, and stays all the same, since it lies outside
/// of namespaces: others may rest on it.
pub(crate) fn stays(owner: Owner<'_>, asked: &[Object], observed: &Observed) -> Option<Note> {
    let left = observed.objects.iter().filter(|(id, live)| {
        let wanted = asked.iter().any(|object| object.id.is_same(id));
        id.kind.is_carried() && !id.kind.is_namespaced() && !wanted && owner.holds(id, live)
    });
    let names: Vec<String> = left.map(|(id, _)| id.to_string()).collect();
    let are = be(&names)?;
    Some(Note::info(
        "stays_outside",
        format!(
            "{} {are} left as {}: what lies outside of namespaces may be others' too, and is only taken \
             away by hand.",
            names.join(", "),
            if names.len() == 1 {
                "it is"
            } else {
                "they are"
            },
        ),
    ))
}

fn be(names: &[String]) -> Option<&'static str> {
    match names {
        [] => None,
        [_] => Some("is"),
        _ => Some("are"),
    }
}
