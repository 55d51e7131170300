//! The contents of a record: two sets of objects, compressed, since a Secret holds at most 1 MiB
//! (Kubernetes documentation, Secrets).

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::head::RecordHead;
use super::{TYPE, record_name};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::{MANAGER, key};

/// The key of what was asked for.
const ASKED: &str = "asked";

/// The key of what was there before.
const CAPTURED: &str = "captured";

/// The most that a Secret holds (Kubernetes documentation, Secrets).
const MOST: usize = 1 << 20;

/// The most that a set may be once it is unpacked: whoever may write Secrets here could put a
/// small one that unpacks to anything.
const LARGEST: u64 = 16 << 20;

/// What a record holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sets {
    /// What was asked for.
    pub(crate) asked: Vec<Object>,
    /// What was there before.
    pub(crate) captured: Vec<Object>,
}

impl Sets {
    /// From the contents of a Secret.
    pub(super) fn of(mut data: BTreeMap<String, ByteString>) -> Result<Self, std::io::Error> {
        let mut set = |key: &str| match data.remove(key) {
            Some(packed) => unpack(&packed.0),
            None => Err(std::io::Error::other(format!("it has no `{key}`"))),
        };
        Ok(Self {
            asked: set(ASKED)?,
            captured: set(CAPTURED)?,
        })
    }
}

impl RecordHead {
    /// The record of a revision of the Deployment `name`.
    pub(super) fn secret(
        &self,
        name: &str,
        asked: &[Object],
        captured: &[Object],
    ) -> Result<Secret, std::io::Error> {
        let data = [(ASKED, pack(asked)?), (CAPTURED, pack(captured)?)];
        let size: usize = data.iter().map(|(_, packed)| packed.len()).sum();
        if size > MOST {
            return Err(std::io::Error::other(format!(
                "what is asked for and what is there take {} KiB together, packed, and a Secret holds {} \
                 KiB; take large values out of `env`, into a file of the image or a volume",
                size.div_ceil(1 << 10),
                MOST >> 10
            )));
        }
        let own = [
            (key::RECORD.to_owned(), name.to_owned()),
            (key::REVISION.to_owned(), self.number.to_string()),
            (key::MANAGED_BY.to_owned(), MANAGER.to_owned()),
        ];
        let mut labels = shared(asked, "labels", &[key::PROJECT, key::SERVICE]);
        labels.extend(own);
        let mut annotations = shared(asked, "annotations", &[key::PROJECT, key::TARGET]);
        annotations.extend(self.annotations());
        Ok(Secret {
            metadata: ObjectMeta {
                name: Some(record_name(name, self.number)),
                labels: Some(labels),
                annotations: Some(annotations),
                ..ObjectMeta::default()
            },
            type_: Some(TYPE.to_owned()),
            // Only its contents: what becomes of it is marked in annotations.
            immutable: Some(true),
            data: Some(
                data.map(|(key, packed)| (key.to_owned(), ByteString(packed)))
                    .into(),
            ),
            ..Secret::default()
        })
    }
}

/// Whose the objects are, in these labels or annotations.
fn shared(asked: &[Object], within: &str, keys: &[&str]) -> BTreeMap<String, String> {
    let first = asked
        .iter()
        .find(|object| object.id.kind.is_namespaced())
        .map(|object| &object.manifest["metadata"][within]);
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), first?[*key].as_str()?.to_owned())))
        .collect()
}

fn pack(objects: &[Object]) -> Result<Vec<u8>, std::io::Error> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&serde_json::to_vec(objects)?)?;
    packed.finish()
}

fn unpack(packed: &[u8]) -> Result<Vec<Object>, std::io::Error> {
    let mut text = Vec::new();
    GzDecoder::new(packed)
        .take(LARGEST)
        .read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}
