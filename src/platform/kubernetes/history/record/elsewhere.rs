//! Whether a service has a history under another name than it has now.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::ListParams;

use crate::platform::failure::Failed;
use crate::platform::kubernetes::api::failures;
use crate::platform::kubernetes::{Kubernetes, key};
use crate::platform::owner::{Marks, Owner};

/// The other names under which a service has a history, and whether the newest revision under each
/// names its owner in full.
pub(crate) type Elsewhere = BTreeMap<String, bool>;

impl Kubernetes {
    /// Where else than under `name` its owner has a history; one small request, which finds nothing
    /// in the usual case.
    pub(in crate::platform::kubernetes) async fn elsewhere(
        &self,
        name: &str,
        owner: Owner<'_>,
    ) -> Result<Elsewhere, Failed> {
        let secrets: Api<Secret> = self.api().await?;
        let (project, service) = (owner.project, owner.service);
        let wanted = ListParams::default().labels(&format!(
            "{}={project},{}={service},{}!={name}",
            key::PROJECT,
            key::SERVICE,
            key::RECORD
        ));
        let listed = secrets.list_metadata(&wanted).await.map_err(|error| {
            let operation = format!("look for other names of {name}");
            failures::failed(operation, &error)
        })?;
        let metadata = listed.items.iter().map(|item| &item.metadata);
        Ok(newest_by_name(metadata, name, owner))
    }
}

fn newest_by_name<'a>(
    listed: impl Iterator<Item = &'a ObjectMeta>,
    name: &str,
    owner: Owner<'_>,
) -> Elsewhere {
    let mut newest: BTreeMap<String, (u32, bool)> = BTreeMap::new();
    for metadata in listed {
        let label = |key: &str| Some(metadata.labels.as_ref()?.get(key)?.as_str());
        let note = |key: &str| Some(metadata.annotations.as_ref()?.get(key)?.as_str());
        let number = label(key::REVISION).and_then(|number| number.parse().ok());
        let (Some(other), Some(number)) = (label(key::RECORD), number) else {
            continue;
        };
        let marks = Marks {
            project: label(key::PROJECT),
            exact: note(key::PROJECT),
            target: note(key::TARGET),
            service: label(key::SERVICE),
        };
        let told = (number, owner.is_named_in_full_by(&marks));
        if other != name && newest.get(other).is_none_or(|known| known.0 < number) {
            newest.insert(other.to_owned(), told);
        }
    }
    let surely = |(name, (_, surely)): (String, (u32, bool))| (name, surely);
    newest.into_iter().map(surely).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::plan::tests::samples::OWNER;

    fn record(name: &str, number: u32, target: Option<&str>) -> ObjectMeta {
        let number = number.to_string();
        let labels = [
            (key::RECORD, name),
            (key::REVISION, &number),
            (key::PROJECT, OWNER.project),
            (key::SERVICE, OWNER.service),
        ];
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        ObjectMeta {
            labels: Some(labels.into_iter().map(owned).collect()),
            annotations: Some(
                target
                    .map(|target| owned((key::TARGET, target)))
                    .into_iter()
                    .collect(),
            ),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn a_name_is_the_owners_whose_marks_its_newest_revision_has() {
        let records = [
            record("front", 1, Some("here")),
            record("api", 3, Some("here")),
            record("api", 2, None),
            record("web", 2, Some("here")),
            record("web", 3, Some("stage")),
            record("old", 1, None),
        ];
        let found = newest_by_name(records.iter(), "front", OWNER);
        let expected = [("api", true), ("old", false), ("web", false)];
        let owned = |(name, surely): (&str, bool)| (name.to_owned(), surely);
        assert_eq!(found, expected.into_iter().map(owned).collect());
    }
}
