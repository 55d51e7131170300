//! The audit log of the API server: what users asked, and how it ended.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::trial::{Outcome, fail};

/// One request, as the API server wrote it down. A watch is there from its beginning.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who, as Kubernetes names users.
    pub user: String,
    /// The program, as it calls itself.
    pub agent: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`…
    pub verb: String,
    /// `deployments`, `deployments/status`; empty for a path that is no resource.
    pub resource: String,
    /// The object, if it was about one.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// The status of the answer.
    pub code: u64,
    /// The body; nothing for reads, and for Secrets, whose bodies are not written down.
    pub body: Value,
}

impl Asked {
    /// Whether it could have changed something. A dry run cannot.
    pub fn is_write(&self) -> bool {
        matches!(
            self.verb.as_str(),
            "create" | "update" | "patch" | "delete" | "deletecollection"
        ) && !self.uri.contains("dryRun=All")
            && !self.resource.starts_with("selfsubject")
    }
}

/// Reads the whole log. A request that has more than one entry (a watch) counts once.
pub(super) fn read(path: &Path) -> Outcome<Vec<Asked>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| fail(format_args!("{}: {error}", path.display())))?;
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    // The last line may still be in the writing.
    for line in text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        let entry: Value = serde_json::from_str(line)?;
        if seen.insert(entry["auditID"].to_string()) {
            all.push(asked(&entry));
        }
    }
    Ok(all)
}

fn asked(entry: &Value) -> Asked {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &entry["objectRef"];
    let resource = match object["subresource"].as_str() {
        Some(part) => format!("{}/{part}", word(&object["resource"])),
        None => word(&object["resource"]),
    };
    Asked {
        user: word(&entry["user"]["username"]),
        agent: word(&entry["userAgent"]),
        verb: word(&entry["verb"]),
        resource,
        name: word(&object["name"]),
        uri: word(&entry["requestURI"]),
        code: entry["responseStatus"]["code"].as_u64().unwrap_or_default(),
        body: entry["requestObject"].clone(),
    }
}
