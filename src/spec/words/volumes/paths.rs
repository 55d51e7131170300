//! Paths in containers and in volumes, and the modes of files.

use serde_json::Value as Json;

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::shape::{Key, Shape};
use crate::spec::tree::Node;

/// An absolute path.
pub(in crate::spec) struct MountPath(pub(super) String);

/// A path that begins at the root.
pub(in crate::spec) static ABSOLUTE: Pattern = Pattern::new("/[^:\\u0000]*");

impl Shape for MountPath {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = String::read(node, findings)?;
        if !ABSOLUTE.holds(&text) {
            findings.bad_value(node.spot, "a path begins with `/`, and has no `:`");
            return None;
        }
        Some(Self(text))
    }

    fn schema() -> Json {
        ABSOLUTE.schema()
    }
}

impl Key for MountPath {
    fn refusal(word: &str) -> Option<String> {
        let why = "a container has a volume at a path, which begins with `/` and has no `:`";
        (!ABSOLUTE.holds(word)).then(|| why.to_owned())
    }

    fn schema() -> Option<Json> {
        Some(ABSOLUTE.key_schema())
    }
}

/// A path within something else.
pub(in crate::spec) struct MountPathWithin(pub(super) String);

/// A path that begins nowhere.
pub(in crate::spec) static RELATIVE: Pattern = Pattern::new("[^/\\u0000][^\\u0000]*");

impl Shape for MountPathWithin {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = String::read(node, findings)?;
        if !RELATIVE.holds(&text) {
            findings.bad_value(
                node.spot,
                "this is a path within the volume: it has no `/` first",
            );
            return None;
        }
        Some(Self(text))
    }

    fn schema() -> Json {
        RELATIVE.schema()
    }
}

/// The mode of a file.
pub(in crate::spec) struct FileMode(pub(super) u32);

/// Three or four octal digits.
pub(in crate::spec) static MODE: Pattern = Pattern::new("0?[0-7]{3}");

impl Shape for FileMode {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mode = node.word().filter(|text| MODE.holds(text));
        let mode = mode.and_then(|text| u32::from_str_radix(text, 8).ok());
        if mode.is_none() {
            findings.wrong_type(node, "a mode in octal, such as \"0440\"", None);
        }
        mode.map(Self)
    }

    fn schema() -> Json {
        MODE.schema()
    }
}
