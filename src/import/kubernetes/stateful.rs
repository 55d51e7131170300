//! The words of the files for what only the pods of a `StatefulSet` have.

use serde_json::Value;

use super::family::{self, Family, items, text};
use super::labels::{annotations, labels_at};
use super::resources::{MIB, bytes};
use crate::import::write::{Word, Words, mebibytes, say};
use crate::names::{KubeLabel, KubeName};

/// Where the volumes are that each pod has of its own.
const CLAIMS: &str = "/spec/volumeClaimTemplates";

/// What is said of it, beside its pods.
pub(super) fn words(family: &Family, words: &mut Words) {
    let set = &family.deployment;
    if family::kind(set) != "StatefulSet" {
        return;
    }
    let own: Words = items(set, CLAIMS).filter_map(claim).collect();
    say(
        words,
        "claims",
        (!own.is_empty()).then_some(Word::Table(own)),
    );
    let mut retention = Words::new();
    for (key, field) in [("deleted", "whenDeleted"), ("scaled", "whenScaled")] {
        let policy = format!("/spec/persistentVolumeClaimRetentionPolicy/{field}");
        let deletes = text(set, &policy) == "Delete";
        say(&mut retention, key, deletes.then(|| Word::text("Delete")));
    }
    let retention = (!retention.is_empty()).then_some(Word::Table(retention));
    say(words, "claim_retention", retention);
    let named = text(set, "/spec/serviceName");
    let service = family.service.as_ref().map(family::name);
    let other = !named.is_empty() && service != Some(named);
    say(words, "service_name", other.then(|| Word::text(named)));
    let parallel = text(set, "/spec/podManagementPolicy") == "Parallel";
    let parallel = parallel.then(|| Word::text("parallel"));
    say(words, "pod_management", parallel);
    let partition = set.pointer("/spec/updateStrategy/rollingUpdate/partition");
    let partition = partition.and_then(Value::as_u64).filter(|from| *from > 0);
    say(words, "partition", partition.map(Word::plain));
}

/// Whether each pod has a volume of this name of its own, for which there is a word.
pub(super) fn is_claim(family: &Family, name: &str) -> bool {
    let mut all = items(&family.deployment, CLAIMS).filter_map(claim);
    all.any(|(own, _)| own == name)
}

fn claim(template: &Value) -> Option<(String, Word)> {
    let name = text(template, "/metadata/name");
    name.parse::<KubeLabel>().ok()?;
    let size = bytes(template.pointer("/spec/resources/requests/storage")?)?;
    let size = size.is_multiple_of(MIB).then_some(size / MIB)?;
    let mut words = vec![("size".to_owned(), mebibytes(size))];
    let class = text(template, "/spec/storageClassName");
    let class = class.parse::<KubeName>().ok().map(|_| Word::text(class));
    say(&mut words, "storage_class", class);
    let modes: Vec<&str> = items(template, "/spec/accessModes")
        .filter_map(Value::as_str)
        .collect();
    let other = modes != ["ReadWriteOnce"];
    let modes = modes.into_iter().map(Word::text).collect();
    say(&mut words, "access", other.then_some(Word::List(modes)));
    say(&mut words, "labels", labels_at(template));
    say(&mut words, "annotations", annotations(template, &[]));
    Some((name.to_owned(), Word::Table(words)))
}
