//! Manifests that are carried along as they are: the documents of a file, each with its place. Pure.
//!
//! What stands in them is the Kubernetes API's own spelling, and `${NAME}` in it is nothing of ours:
//! scripts, rules and templates in manifests are full of dollars.

use std::ops::Range;

use k8s_openapi::ByteString;
use serde_json::Value as Json;

use super::secrets;

/// One object that is carried along.
#[derive(Clone, PartialEq)]
pub(crate) struct Manifest {
    /// As it is written.
    pub(crate) object: Json,
    /// The file and the line that it begins at: `k8s/jobs.yaml:12`.
    pub(crate) place: String,
}

/// Never shows what it holds.
impl std::fmt::Debug for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Manifest({})", self.place)
    }
}

impl Manifest {
    /// What tells it from every other object: the group, the kind and the name.
    pub(crate) fn identity(&self) -> (&str, &str, &str) {
        (
            group_and_version(&self.object).0,
            text(&self.object, "/kind"),
            text(&self.object, "/metadata/name"),
        )
    }
}

/// A text at a pointer; an empty one, where there is none.
pub(crate) fn text<'v>(object: &'v Json, pointer: &str) -> &'v str {
    let found = object.pointer(pointer).and_then(Json::as_str);
    found.unwrap_or_default()
}

/// The group of an object, which is empty for the core's, and its version.
pub(crate) fn group_and_version(object: &Json) -> (&str, &str) {
    let written = text(object, "/apiVersion");
    written.split_once('/').unwrap_or(("", written))
}

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub(crate) object: Json,
    /// Where it begins, in bytes.
    pub(crate) start: usize,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unreadable {
    pub(crate) why: String,
    /// Where, in bytes.
    pub(crate) at: usize,
}

/// All objects of a file, YAML or JSON; those of a list one by one, each with the place of the list.
pub(crate) fn documents(text: &str) -> Result<Vec<Document>, Unreadable> {
    let mut all = Vec::new();
    for part in parts(text) {
        let read = if text[part.clone()].starts_with('{') {
            json(&text[part.clone()]).or_else(|_| yaml(text, &part))
        } else {
            yaml(text, &part)
        };
        for object in flattened(read?) {
            let start = part.start;
            all.push(Document { object, start });
        }
    }
    Ok(all)
}

fn json(text: &str) -> Result<Json, serde_json::Error> {
    serde_json::from_str(text)
}

fn yaml(text: &str, part: &Range<usize>) -> Result<Json, Unreadable> {
    // Modes of files are written as octal numbers, which YAML 1.1 has and Kubernetes reads.
    let options = serde_saphyr::options! { legacy_octal_numbers: true, with_snippet: false };
    let read = serde_saphyr::from_str_with_options(&text[part.clone()], options);
    read.map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let within = text[part.clone()].split_inclusive('\n');
        let lines = usize::try_from(line).unwrap_or(1).saturating_sub(1);
        let before: usize = within.take(lines).map(str::len).sum();
        Unreadable {
            why: if text.contains("{{") {
                "it is a template: render it first, such as with `helm template`".to_owned()
            } else {
                plain(&error.without_snippet().to_string())
            },
            at: (part.start + before).min(part.end.saturating_sub(1)),
        }
    })
}

/// What the reader says is wrong, in plain words and without the line, which counts from the document.
fn plain(why: &str) -> String {
    let why = why.split(" at line ").next().unwrap_or(why);
    let twice = why.strip_prefix("duplicate mapping key: ");
    let key = twice.and_then(|rest| rest.split(", set ").next());
    key.map_or_else(|| why.to_owned(), |key| format!("`{key}` stands twice"))
}

/// The items of a list, and of the lists in it.
fn flattened(object: Json) -> Vec<Json> {
    let is_list = text(&object, "/kind").ends_with("List");
    match object {
        Json::Object(mut members)
            if is_list && members.get("items").is_some_and(Json::is_array) =>
        {
            let items = members.remove("items").map(|items| match items {
                Json::Array(items) => items,
                other => vec![other],
            });
            let items = items.into_iter().flatten();
            items.flat_map(flattened).collect()
        }
        Json::Null => Vec::new(),
        object => vec![object],
    }
}

/// Where the documents are that say something. A line that begins with `---` or `...` ends one
/// wherever it stands: within a text it would be indented (YAML 1.2.2, 9.1.2).
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut begun: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marks = line.starts_with("---") || line.starts_with("...");
        let rest = line.get(3..).filter(|_| marks);
        let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if let Some(rest) = rest {
            all.extend(begun.take().map(|start| start..at));
            if says(rest) {
                begun = Some(at + 3 + (rest.len() - rest.trim_start().len()));
            }
        } else if begun.is_none() && says(line) && !line.starts_with('%') {
            begun = Some(at);
        }
        at += line.len();
    }
    all.extend(begun.map(|start| start..text.len()));
    all
}

/// Whether a line is more than a comment.
fn says(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    !line.is_empty() && !line.starts_with('#')
}

/// What is wrong with an object, whatever kind it is of.
pub(crate) fn flaw(object: &Json) -> Option<String> {
    let (group, version) = group_and_version(object);
    let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
    let said = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        !text.is_empty() && text.len() <= LONGEST && text.chars().all(fits)
    };
    if kind == "Kustomization" {
        return Some("this is for kustomize: carry what `kustomize build` prints".to_owned());
    }
    if !said(kind, "") || !said(version, "") || !(group.is_empty() || said(group, ".-")) {
        let why = "a manifest says its `apiVersion`, its `kind` and its `metadata.name`";
        return Some(why.to_owned());
    }
    if name.is_empty() && object.pointer("/metadata/generateName").is_some() {
        let why = "it has `generateName` and no name: every deployment would make another one";
        return Some(why.to_owned());
    }
    // It is a part of the path of a request.
    if !said(name, "-._:") || name.starts_with('.') {
        return Some(format!("{kind} needs a `metadata.name` that the API takes"));
    }
    None
}

/// The longest name (Kubernetes documentation, object names and IDs: DNS subdomain names).
const LONGEST: usize = 253;

/// Text in an object that is surely a secret: where it stands, and what it is. `vouched`: names that
/// are not asked about.
pub(crate) fn secret(object: &Json, vouched: &[&str]) -> Option<(String, &'static str)> {
    let mut found = None;
    each_text(object, "", &mut |key, text| {
        if found.is_none() && !vouched.contains(&key) {
            found = secrets::surely(key, text).map(|what| (key.to_owned(), what));
        }
    });
    found
}

/// The keys under which a Secret says its values.
pub(crate) const DATA: [&str; 2] = ["data", "stringData"];

/// The same, with what a Secret says in base64 as it is.
pub(crate) fn decoded(object: &Json) -> Json {
    let mut object = object.clone();
    let values = match text(&object, "/kind") {
        "Secret" => object.get_mut("data").and_then(Json::as_object_mut),
        _ => None,
    };
    for (_, value) in values.into_iter().flatten() {
        let bytes = serde_json::from_value::<ByteString>(value.clone());
        if let Ok(text) = bytes.map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned()) {
            *value = text.into();
        }
    }
    object
}

/// The keys of the values that a Secret says.
pub(crate) fn secret_keys(object: &Json) -> Vec<&str> {
    let maps = DATA.iter().filter_map(|map| object.get(map)?.as_object());
    maps.flatten().map(|(key, _)| key.as_str()).collect()
}

/// Every text, with the name that it goes by: its key; of a pair of name and value, the name.
pub(crate) fn each_text(value: &Json, key: &str, told: &mut impl FnMut(&str, &str)) {
    match value {
        Json::String(text) => told(key, text),
        Json::Array(items) => items.iter().for_each(|item| each_text(item, key, told)),
        Json::Object(members) => {
            let named = members.get("name").and_then(Json::as_str);
            for (own, member) in members {
                let key = named.filter(|_| own == "value").unwrap_or(own);
                each_text(member, key, told);
            }
        }
        _ => {}
    }
}

/// The text of a file with stars for all but what says which object is which.
pub(super) fn veil(text: &str) -> String {
    const SHOWN: [&str; 5] = ["apiVersion:", "kind:", "metadata:", "name:", "namespace:"];
    let shown = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start();
        let is_shown = SHOWN.iter().any(|key| line.starts_with(key));
        is_shown && secrets::find(line).is_empty()
    };
    let veiled = |line: &str| -> String {
        let star = |c: char| match c {
            '\n' | '\r' => c.to_string(),
            c => "*".repeat(c.len_utf8()),
        };
        line.chars().map(star).collect()
    };
    let lines = text.split_inclusive('\n');
    lines
        .map(|line| {
            if shown(line) {
                line.to_owned()
            } else {
                veiled(line)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn objects(text: &str) -> Vec<(Json, usize)> {
        let read = documents(text).unwrap().into_iter();
        read.map(|one| (one.object, text[..one.start].matches('\n').count() + 1))
            .collect()
    }

    #[test]
    fn each_document_has_its_line() {
        let text = "# of ours\n\n---\n# the first\na: 1\nb: |\n  ---\n  x\n---   \n\n--- # no more\na: 2\n...\n# the end\n";
        let expected = vec![(json!({"a": 1, "b": "---\nx\n"}), 5), (json!({"a": 2}), 12)];
        assert_eq!(objects(text), expected);
        assert_eq!(
            objects("%YAML 1.1\n---\na: 1\n"),
            vec![(json!({"a": 1}), 3)]
        );
        assert_eq!(objects("---\n---\n# nothing\n"), vec![]);
    }

    #[test]
    fn lists_are_their_items_and_json_is_taken() {
        let list = "kind: List\napiVersion: v1\nitems:\n- kind: ConfigMapList\n  items: [{a: 1}]\n- {a: 2}\n";
        assert_eq!(
            objects(list),
            vec![(json!({"a": 1}), 1), (json!({"a": 2}), 1)]
        );
        assert_eq!(objects("{\"a\":\t[1]}\n"), vec![(json!({"a": [1]}), 1)]);
    }

    #[test]
    fn scalars_are_as_kubernetes_reads_them() {
        let text = "mode: 0755\nword: \"0755\"\nday: 2024-01-01\nbig: 4294967296\nnone: ~\n";
        let read = json!({
            "mode": 493, "word": "0755", "day": "2024-01-01", "big": 4_294_967_296_u64, "none": null,
        });
        assert_eq!(objects(text)[0].0, read);
    }

    #[test]
    fn what_cannot_be_read_has_its_place() {
        let text = "a: 1\n---\nb: 2\nc: [1\nd: 3\n";
        let error = documents(text).unwrap_err();
        assert!(text[..error.at].matches('\n').count() >= 2, "{error:?}");
        let template = documents("a: {{ .Values.a }}\n").unwrap_err();
        assert!(template.why.contains("helm template"), "{template:?}");
    }

    #[test]
    fn an_object_that_is_none_is_told() {
        let good = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a:b"}});
        assert_eq!(flaw(&good), None);
        let mut table = Vec::new();
        for (pointer, value) in [
            ("/apiVersion", json!("a/b/c")),
            ("/kind", json!("")),
            ("/metadata", json!({"generateName": "a-"})),
            ("/metadata/name", json!("../b")),
            ("/metadata/name", json!(null)),
            ("/kind", json!("Kustomization")),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            table.push(flaw(&bad).unwrap());
        }
        assert!(table[2].contains("generateName"), "{table:?}");
        assert!(table[5].contains("kustomize build"), "{table:?}");
    }

    #[test]
    fn secrets_are_found_and_veiled() {
        let token = format!("ghp_{}", "a".repeat(36));
        let object = json!({"data": {"a": "b", "T": token}});
        assert_eq!(
            secret(&object, &[]),
            Some(("T".to_owned(), "a GitHub token"))
        );
        assert_eq!(secret(&object, &["T"]), None);
        let env = json!({"env": [{"name": "T", "value": token}]});
        assert_eq!(secret(&env, &[]).unwrap().0, "T");
        assert_eq!(
            veil("kind: Secret\ndata:\n  a: é\n- name: b\n"),
            "kind: Secret\n*****\n*******\n- name: b\n"
        );
    }
}
