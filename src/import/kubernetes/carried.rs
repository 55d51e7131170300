//! Objects that no word says: they are written as manifests beside the files, and carried along.

use serde_json::Value;

use super::Made;
use super::family::{Family, kind, title};
use crate::import::{Draft, Loss, NotTaken};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::manifests::{self, Manifest};

/// What becomes of the objects that belong to no word.
#[derive(Default)]
pub(super) struct Others<'v> {
    /// What is written as it is.
    pub(super) carried: Vec<&'v Value>,
    pub(super) losses: Vec<Loss>,
    /// What must be there, and is written to no file.
    pub(super) notes: Vec<String>,
}

/// Which of these objects can be carried along beside what the words make in this namespace.
pub(super) fn others<'v>(
    left: impl Iterator<Item = &'v Value>,
    made: &[Made],
    namespace: &str,
) -> Others<'v> {
    let mut others = Others::default();
    for object in left {
        if is_kept_elsewhere(object, namespace) {
            others.notes.push(format!(
                "{} stays where it is: what it holds is written to no file, so keep it in a secret \
                 store or in the cluster",
                title(object)
            ));
            continue;
        }
        match refusal(object, &others.carried, made, namespace) {
            None => others.carried.push(object),
            Some(why) => {
                // What a Secret holds is nobody's to repeat.
                let value = match kind(object) {
                    "Secret" => Value::Null,
                    _ => object.clone(),
                };
                let mut loss = Loss::unsaid(title(object), "", value);
                loss.why = why;
                others.losses.push(loss);
            }
        }
    }
    others
}

/// A Secret that holds something: no file of ours is its place, whoever reads it finds it by its name.
fn is_kept_elsewhere(object: &Value, namespace: &str) -> bool {
    let own = manifests::text(object, "/metadata/namespace");
    kind(object) == "Secret"
        && (own.is_empty() || own == namespace)
        && !manifests::secret_keys(object).is_empty()
}

/// Why an object is not carried along; `None`: it is.
fn refusal(object: &Value, carried: &[&Value], made: &[Made], namespace: &str) -> Option<String> {
    if let Some(why) = manifests::flaw(object) {
        return Some(why);
    }
    let own = manifests::text(object, "/metadata/namespace");
    if !own.is_empty() && own != namespace {
        return Some(format!(
            "it is of namespace {own}, and the target's is {namespace}"
        ));
    }
    if let Some((key, what)) = manifests::secret(object, &[]) {
        return Some(format!(
            "its `{key}` holds {what}, which is written to no file"
        ));
    }
    let same = identity(object);
    if find(&same, made).is_some() {
        return Some("the words of the files make another one of that name".to_owned());
    }
    let mut carried = carried.iter();
    carried
        .any(|other| identity(other) == same)
        .then(|| "it stands in the source twice".to_owned())
}

/// The group, the kind and the name.
type Identity = (String, String, String);

fn identity(object: &Value) -> Identity {
    let manifest = Manifest {
        object: object.clone(),
        place: String::new(),
    };
    let (group, kind, name) = manifest.identity();
    (group.to_owned(), kind.to_owned(), name.to_owned())
}

/// The rendered object that stands for one of the source.
pub(super) fn rendered<'d>(object: &Value, made: &'d [Made]) -> Option<&'d Value> {
    let same = identity(object);
    find(&same, made).map(|object| &object.manifest)
}

fn find<'d>((group, kind, name): &Identity, made: &'d [Made]) -> Option<&'d Object> {
    let mut objects = made.iter().flat_map(|made| &made.desired.objects);
    objects.find(|object| object.id.identity() == (group.as_str(), kind.as_str(), name.as_str()))
}

/// Writes these objects into one file, which the first service names.
pub(super) fn write(draft: &mut Draft, carried: &[&Value]) -> Result<(), NotTaken> {
    let Some(service) = draft.services.first_mut().filter(|_| !carried.is_empty()) else {
        return Ok(());
    };
    let path = format!("k8s/{}.yaml", service.name);
    let mut text = String::new();
    for object in carried {
        let written = serde_saphyr::to_string(&plain(object));
        let written = written.map_err(|error| NotTaken(format!("{}: {error}", title(object))))?;
        text += "---\n";
        text += &written;
    }
    service.carry(&path);
    draft.manifests.push((path, text));
    Ok(())
}

/// The objects of a family of whose kind the words make none.
pub(super) fn unsaid<'f>(family: &'f Family, made: &[Made]) -> Vec<&'f Value> {
    let own = made.iter().find(|one| one.service == family.name);
    let makes = |object: &Value| {
        let mut objects = own.into_iter().flat_map(|one| &one.desired.objects);
        objects.any(|made| made.id.kind.as_str() == kind(object))
    };
    // An account that is made or not is said by a word.
    let sources = family.sources().filter(|one| kind(one) != "ServiceAccount");
    sources.filter(|object| !makes(object)).collect()
}

/// Where an autoscaler is carried along, it decides how many pods there are.
pub(super) fn leave_count(draft: &mut Draft, family: &Family, carried: &[&Value]) {
    let is_carried = carried.iter().any(|one| {
        let own = kind(one) == "HorizontalPodAutoscaler" && family.holds(one);
        own || family.is_scaled_by(one)
    });
    let mut services = draft.services.iter_mut();
    let service = services.find(|service| service.name == family.name);
    if let Some(service) = service.filter(|_| is_carried) {
        service.leave_count();
    }
}

/// Without what only a cluster says of an object, and where it lies.
fn plain(object: &Value) -> Value {
    const OF_CLUSTER: [&str; 7] = [
        "creationTimestamp",
        "generation",
        "managedFields",
        "namespace",
        "resourceVersion",
        "selfLink",
        "uid",
    ];
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !OF_CLUSTER.contains(&key.as_str()));
    }
    object
}
