//! What the files name, for whoever completes a command line: as far as they can be read, and
//! without a word about what is wrong with them.

use std::path::Path;

use super::files::{Files, target_file};
use super::tree::{self, Node};
use super::unused::asked_for;
use crate::names::{ContainerName, ServiceName, TargetName};

/// Names that stand in the files, each once and in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// The services that the deploy file names.
    pub(crate) services: Vec<String>,
    /// The containers, with their services.
    pub(crate) containers: Vec<(String, String)>,
    /// What `${NAME}` asks for.
    pub(crate) variables: Vec<String>,
}

/// What the deploy file and the files of these targets name.
pub(crate) fn named(files: &dyn Files, deploy_file: &Path, targets: &[TargetName]) -> Named {
    let paths = targets
        .iter()
        .map(|target| target_file(deploy_file, target));
    let paths = std::iter::once(deploy_file.to_owned()).chain(paths);
    let mut named = Named::default();
    for (number, path) in paths.enumerate() {
        let Ok(text) = files.read(&path) else {
            continue;
        };
        let (tree, _) = tree::parse(number, &text);
        // What a target says of a service that there is not is wrong.
        for (name, service) in tree.get("service").map(Node::entries).unwrap_or_default() {
            if name.parse::<ServiceName>().is_ok() {
                named.service(name, service, number == 0);
            }
        }
        let variables = asked_for(&text).filter(|name| name.chars().any(char::is_uppercase));
        named.variables.extend(variables.map(str::to_owned));
    }
    for list in [&mut named.services, &mut named.variables] {
        list.sort();
        list.dedup();
    }
    named.containers.sort();
    named.containers.dedup();
    named
}

impl Named {
    fn service(&mut self, name: &str, service: &Node, is_new: bool) {
        if is_new {
            self.services.push(name.to_owned());
            let called = service.get("container").and_then(Node::text);
            let called = called.unwrap_or(name).to_owned();
            self.containers.push((name.to_owned(), called));
        }
        let sidecars = service.get("sidecar").map(Node::entries);
        for (sidecar, _) in sidecars.unwrap_or_default() {
            if sidecar.parse::<ContainerName>().is_ok() {
                self.containers.push((name.to_owned(), sidecar.clone()));
            }
        }
    }
}
