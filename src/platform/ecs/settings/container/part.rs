//! What each part of a container says of itself, and what it says it with. Pure.

use aws_sdk_ecs::types as ecs;

use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::unmanaged::left::Left;
use crate::spec::{Container, EcsService};

/// Whatever differs in a task definition, every task is made anew.
pub(crate) const EFFECT: Effect = Effect::Restarts;

/// One part of a container: how it is asked for, read, compared and registered.
pub(crate) trait ContainerPart: Sized {
    /// What the file asks for.
    fn rendered(container: &Container, service: &EcsService) -> Self;

    /// What a registered container has.
    fn received(read: &ecs::ContainerDefinition) -> Self;

    /// Adds its compared values to `fields`, under the container's path.
    fn put(&self, fields: &mut Fields, at: &At<'_>);

    /// Sets it on `merged`, which holds all that the container has already; what of that the file
    /// format has no word for stays.
    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed>;

    /// Adds what a registered container has beyond the words of the file format.
    fn left_over(_: &ecs::ContainerDefinition, _: &mut Left) {}
}

/// Where a container stands among the compared values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a>(pub(crate) &'a str);

impl At<'_> {
    /// The path of one of its values: `containers.api.image`.
    pub(crate) fn path(self, what: &str) -> String {
        format!("containers.{}.{what}", self.0)
    }
}

/// A list, absent where it is empty: ECS takes an empty one for an override.
pub(crate) fn some_list(words: &[String]) -> Option<Vec<String>> {
    (!words.is_empty()).then(|| words.to_vec())
}

/// Adds words as one value, in their order.
pub(crate) fn put_words(fields: &mut Fields, path: String, words: &[String]) {
    if !words.is_empty() {
        let text = serde_json::to_string(words).unwrap_or_default();
        fields.put(path, text, EFFECT);
    }
}

/// Adds a value that has no default and may be empty where it is absent.
pub(crate) fn put_some(fields: &mut Fields, path: impl Into<String>, value: Option<&String>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        fields.put(path, value, EFFECT);
    }
}
