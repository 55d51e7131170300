//! What an association says, as an object of the cluster would: its tags are labels and annotations. Pure.

use std::collections::BTreeMap;

use aws_sdk_eks::types::PodIdentityAssociation;
use serde_json::{Value, json};

use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::{MANAGER, key};
use crate::platform::origin::{key as tag, tag_value};

/// What an association is to be.
pub(super) struct Wanted<'a> {
    pub(super) role: &'a str,
    pub(super) target_role: Option<&'a str>,
    pub(super) disable_session_tags: bool,
    pub(super) tags: BTreeMap<String, String>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(object: &'a Object) -> Self {
        let spec = &object.manifest["spec"];
        Self {
            role: spec["roleArn"].as_str().unwrap_or_default(),
            target_role: spec["targetRoleArn"].as_str(),
            disable_session_tags: spec["disableSessionTags"] == true,
            tags: tags(&object.manifest["metadata"]),
        }
    }

    pub(super) fn is_said_by(&self, there: &PodIdentityAssociation) -> bool {
        there.role_arn() == Some(self.role)
            && there.target_role_arn() == self.target_role
            && there.disable_session_tags().unwrap_or_default() == self.disable_session_tags
    }
}

/// The tag of each mark.
const MARKS: [(&str, &str, &str); 4] = [
    ("labels", key::PROJECT, tag::PROJECT),
    ("labels", key::SERVICE, tag::SERVICE),
    ("annotations", key::PROJECT, tag::EXACT_PROJECT),
    ("annotations", key::TARGET, tag::TARGET),
];

/// The tags of an object's labels and annotations.
fn tags(metadata: &Value) -> BTreeMap<String, String> {
    let said = ["labels", "annotations"].into_iter().flat_map(|part| {
        let all = metadata[part].as_object().into_iter().flatten();
        all.filter_map(move |(name, value)| Some((part, name.as_str(), value.as_str()?)))
    });
    let tagged = said.map(|(part, name, value)| {
        let mark = MARKS
            .iter()
            .find(|(of, own, _)| (*of, *own) == (part, name));
        match mark {
            Some((_, _, tag)) => ((*tag).to_owned(), held(value)),
            None => (name.to_owned(), value.to_owned()),
        }
    });
    tagged.collect()
}

/// An association as an object, as if we had applied all of it but the tags of others.
pub(super) fn value(account: &str, there: &PodIdentityAssociation) -> Value {
    let mut spec = json!({ "roleArn": there.role_arn() });
    if let Some(target) = there.target_role_arn() {
        spec["targetRoleArn"] = json!(target);
    }
    if there.disable_session_tags() == Some(true) {
        spec["disableSessionTags"] = json!(true);
    }
    let mut metadata = json!({ "name": account, "uid": there.association_id() });
    for (name, value) in there.tags().into_iter().flatten() {
        let mark = MARKS.iter().find(|(_, _, tag)| tag == name);
        match mark {
            Some((part, own, _)) => metadata[*part][*own] = json!(told(value)),
            None if name == key::MANAGED_BY => metadata["labels"][name] = json!(value),
            None => metadata["annotations"][name] = json!(value),
        }
    }
    metadata["managedFields"] = json!([{
        "manager": MANAGER,
        "operation": "Apply",
        "fieldsV1": { "f:spec": {} },
    }]);
    let kind = Kind::PodIdentityAssociation;
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.as_str(),
        "metadata": metadata,
        "spec": spec,
    })
}

/// A text as a tag's value holds it, and nothing else comes to the same: what cannot stand there is `=` and
/// two hexadecimal digits for each of its bytes.
fn held(text: &str) -> String {
    let mut held = String::new();
    for c in text.chars() {
        let one = c.to_string();
        if c == ' ' || (c != '=' && tag_value(&one) == one) {
            held.push(c);
        } else {
            let bytes = one.bytes().map(|byte| format!("={byte:02X}"));
            held.extend(bytes);
        }
    }
    held
}

/// The text that a tag holds so.
fn told(value: &str) -> String {
    let mut parts = value.split('=');
    let mut bytes: Vec<u8> = parts.next().unwrap_or_default().into();
    for part in parts {
        let byte = part.get(..2).map(|digits| u8::from_str_radix(digits, 16));
        if let Some(Ok(byte)) = byte {
            bytes.push(byte);
            bytes.extend(part.bytes().skip(2));
        } else {
            bytes.push(b'=');
            bytes.extend(part.bytes());
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

/// Whether this may be a tag (Amazon EKS API reference, `TagResource`).
pub(crate) fn fits_a_tag(name: &str, value: &str) -> bool {
    let fits = |text: &str, longest: usize| tag_value(text) == text && text.len() <= longest;
    fits(name, 128) && fits(value, 256) && !name.to_ascii_lowercase().starts_with("aws:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::kinds::Id;

    #[test]
    fn a_mark_is_told_as_it_was_whatever_is_in_it() {
        for text in ["the shop", "a=41", "größe & 7", "=", "x==2F"] {
            let tag = held(text);
            assert_eq!(told(&tag), text);
            assert_eq!(tag_value(&tag), tag, "{text}");
        }
        // What somebody else has tagged so.
        assert_eq!(told("a=zz"), "a=zz");
    }

    #[test]
    fn what_is_read_says_what_was_applied() {
        let manifest = json!({
            "metadata": {
                "name": "api",
                "labels": {
                    key::PROJECT: "the_shop", key::SERVICE: "api", key::MANAGED_BY: MANAGER,
                },
                "annotations": { key::PROJECT: "the shop", key::TARGET: "prod", "team": "a" },
            },
            "spec": { "roleArn": "arn:aws:iam::1:role/a", "disableSessionTags": true },
        });
        let object = Object {
            id: Id {
                kind: Kind::PodIdentityAssociation,
                name: "api".into(),
            },
            manifest,
            place: None,
        };
        let wanted = Wanted::of(&object);
        let there = PodIdentityAssociation::builder()
            .role_arn(wanted.role)
            .disable_session_tags(true)
            .association_id("a-1")
            .set_tags(Some(wanted.tags.clone().into_iter().collect()))
            .build();
        assert!(wanted.is_said_by(&there));
        let live = value("api", &there);
        for part in ["labels", "annotations"] {
            assert_eq!(live["metadata"][part], object.manifest["metadata"][part]);
        }
        assert_eq!(live["spec"], object.manifest["spec"]);
    }
}
