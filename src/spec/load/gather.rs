//! What is said of each service, wherever it stands: laid over one another, and only of those that are
//! asked for.

use std::collections::HashMap;

use super::Loading;
use crate::names::ImageRef;
use crate::spec::files::{self, Files};
use crate::spec::inherit::{self, unknown};
use crate::spec::problem::Problem;
use crate::spec::said;
use crate::spec::tree::{Node, Value};
use crate::spec::words::target;

impl Loading<'_> {
    /// Gives each service all that is said of it, and keeps those that were asked for.
    pub(super) fn gather(
        &mut self,
        deploy: &mut Node,
        overlays: target::Overlays,
        files: &dyn Files,
    ) {
        inherit::inherit(deploy, &mut self.findings);
        self.lay_over(deploy, overlays);
        let known = || files::targets(files, self.request.file);
        let target = (self.request.target, &known as &dyn Fn() -> _);
        let mut elsewhere = inherit::at_target(deploy, target, &mut self.findings);
        elsewhere.extend(inherit::strike(deploy));
        self.choose(deploy, &elsewhere);
        self.images(deploy);
        self.said = said::said(deploy);
    }

    /// Lays the target's services over those of the deploy file.
    fn lay_over(&mut self, deploy: &mut Node, overlays: target::Overlays) {
        let mut services = deploy.get_mut("service");
        let known = names(services.as_deref());
        let numbers = known.iter().enumerate();
        let numbers: HashMap<&str, usize> = numbers
            .map(|(number, name)| (name.as_str(), number))
            .collect();
        for (name, at) in overlays {
            let entries = services.as_deref_mut().map(|services| &mut services.value);
            let service = match (entries, numbers.get(name.as_str())) {
                (Some(Value::Table(entries)), Some(number)) => entries.get_mut(*number),
                _ => None,
            };
            for key in inherit::ITS_OWN {
                if let Some(node) = at.value.0.get(key) {
                    let message = format!("`{key}` is said in the deploy file");
                    let problem = Problem::new("misplaced-key", message);
                    self.findings.problem(problem.at(node.head()));
                }
            }
            match service {
                Some((_, service)) => service.overlay(at.value.0),
                None => self.findings.problem(unknown(&name, &known).at(at.head)),
            }
        }
    }

    /// Keeps the services that were asked for.
    fn choose(&mut self, deploy: &mut Node, elsewhere: &[String]) {
        let chosen = self.request.services;
        let Some(services) = deploy.get_mut("service") else {
            return;
        };
        let known = names(Some(services));
        let target = self.request.target;
        if known.is_empty() && !elsewhere.is_empty() {
            let message = format!("no service of the deploy file runs at target `{target}`");
            self.findings
                .problem(Problem::new("not-here", message).at(services.head()));
            return;
        }
        for name in chosen
            .iter()
            .filter(|name| !known.iter().any(|k| k == name.as_str()))
        {
            let problem = if elsewhere.iter().any(|other| other == name.as_str()) {
                let message = format!("service `{name}` does not run at target `{target}`");
                Problem::new("not-here", message)
            } else {
                unknown(name.as_str(), &known)
            };
            self.findings.problem(problem);
        }
        if let Value::Table(entries) = &mut services.value
            && !chosen.is_empty()
        {
            entries.retain(|(key, _)| chosen.iter().any(|name| name.as_str() == key));
        }
    }

    /// Puts `--image` in the place of the main container's image, variables and all.
    fn images(&mut self, deploy: &mut Node) {
        for (name, reference) in self.request.images {
            if let Err(error) = reference.parse::<ImageRef>() {
                let message = format!("--image {name}: {error}");
                self.findings.problem(Problem::new("bad-value", message));
                continue;
            }
            let services = deploy.get_mut("service");
            let known = names(services.as_deref());
            let Some(service) = services.and_then(|services| services.get_mut(name.as_str()))
            else {
                let problem = unknown(name.as_str(), &known);
                self.findings.problem(Problem {
                    message: format!("--image: {}", problem.message),
                    ..problem
                });
                continue;
            };
            let head = service.head();
            let image = Node::new(Value::Text(reference.replace('$', "$$")), head);
            let before = put(service, "image", image.clone());
            let Some(services) = deploy.get_mut("service") else {
                continue;
            };
            for heir in inherit::heirs(services, name.as_str()) {
                let service = services.get_mut(&heir);
                let same = |node: &Node| before.as_ref().is_some_and(|old| old.spot == node.spot);
                if let Some(service) =
                    service.filter(|service| service.get("image").is_some_and(same))
                {
                    put(service, "image", image.clone());
                }
            }
        }
    }
}

fn names(services: Option<&Node>) -> Vec<String> {
    let entries = services.map(Node::entries).unwrap_or_default();
    entries.iter().map(|(name, _)| name.clone()).collect()
}

/// Puts a value in the place of the one that was there, which is returned.
fn put(table: &mut Node, key: &str, value: Node) -> Option<Node> {
    let before = table.take(&[key]);
    if let Value::Table(entries) = &mut table.value {
        entries.push((key.to_owned(), value));
    }
    before
}
