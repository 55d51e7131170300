//! From our own types to the SDK's: the requests that are sent. Pure.

pub(crate) mod policy;

use aws_sdk_ecs::types as ecs;

use super::Tag;

/// Tags; `None` when there are none, since an empty list is refused.
pub(crate) fn tags(tags: &[Tag]) -> Option<Vec<ecs::Tag>> {
    (!tags.is_empty()).then(|| {
        tags.iter()
            .map(|tag| ecs::Tag::builder().key(&tag.key).value(&tag.value).build())
            .collect()
    })
}
