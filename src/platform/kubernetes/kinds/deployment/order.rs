//! In which order containers start, and what becomes of `depends_on`.
//!
//! Containers of a pod start side by side, but for init containers: one after the other, each to its
//! end, or, with `restartPolicy: Always`, until it has started (Kubernetes documentation, sidecar
//! containers). So sidecars that others wait for become init containers.

use std::collections::BTreeSet;

use crate::plan::Note;
use crate::spec::{Container, Dependency};

/// Why a container starts before the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Early {
    /// It runs to its end first.
    Task,
    /// It has started first, and runs beside the others.
    Beside {
        /// Whether it must be healthy first.
        healthy: bool,
    },
}

/// Containers in the order in which they start.
pub(super) struct Order<'a> {
    /// Init containers.
    pub(super) early: Vec<(&'a Container, Early)>,
    /// The main container, and the sidecars that nothing waits for.
    pub(super) together: Vec<&'a Container>,
    /// What cannot be had on Kubernetes.
    pub(super) notes: Vec<Note>,
}

impl<'a> Order<'a> {
    /// Orders the containers of a service, the main one first among them.
    pub(super) fn of(containers: &'a [Container]) -> Self {
        let mut order = Self {
            early: Vec::new(),
            together: Vec::new(),
            notes: Vec::new(),
        };
        let Some(main) = containers.first() else {
            return order;
        };
        let late = after(main, containers);
        order.together.push(main);
        for container in sorted(containers) {
            let waits = waiting_for(container, containers);
            let name = container.name.as_str();
            if name == main.name.as_str() {
                continue;
            }
            if waits.is_empty() || late.contains(name) {
                order.together.push(container);
            } else {
                order.early.push((container, early(&waits)));
            }
        }
        order.tell(containers);
        order
    }

    fn tell(&mut self, containers: &[Container]) {
        let is_early = |name: &str| {
            let mut early = self.early.iter();
            early.find(|(container, _)| container.name.as_str() == name)
        };
        let mut notes = Vec::new();
        let mut note = |text: String| notes.push(Note::warning("not_honoured", text));
        for container in containers {
            let name = &container.name;
            for (other, how) in &container.depends_on {
                match (is_early(other.as_str()), how) {
                    (None, Dependency::Start) => {}
                    (None, _) => note(format!(
                        "{name} starts beside {other} and does not wait for it: on Kubernetes only what does not itself wait for the main container can be waited for."
                    )),
                    (Some(_), Dependency::Complete) => note(format!(
                        "{name} starts once {other} has ended with exit code 0; on Kubernetes any other end is tried again."
                    )),
                    (Some(_), _) => {}
                }
            }
        }
        for container in containers.iter().skip(1) {
            let name = &container.name;
            let ends = matches!(is_early(name.as_str()), Some((_, Early::Task)));
            if ends && container.health.is_some() {
                note(format!(
                    "The health check of {name} is left out: others wait for its end."
                ));
            }
            if !ends && !container.essential {
                note(format!(
                    "{name} is started again whenever it ends, although it is not essential."
                ));
            }
        }
        self.notes = notes;
    }
}

/// How others wait for a container.
fn waiting_for(container: &Container, containers: &[Container]) -> Vec<Dependency> {
    let others = containers.iter();
    let how = others.filter_map(|other| other.depends_on.get(&container.name).copied());
    how.collect()
}

fn early(waits: &[Dependency]) -> Early {
    let ends = |how: &Dependency| matches!(how, Dependency::Complete | Dependency::Success);
    if waits.iter().any(ends) {
        Early::Task
    } else {
        let healthy = waits.contains(&Dependency::Healthy);
        Early::Beside { healthy }
    }
}

/// The containers that wait for the main one, or for one that does.
fn after<'a>(main: &'a Container, containers: &'a [Container]) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::from([main.name.as_str()]);
    loop {
        let before = found.len();
        for container in containers {
            let mut others = container.depends_on.keys();
            if others.any(|other| found.contains(other.as_str())) {
                found.insert(container.name.as_str());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Each container after those that it waits for; the reader of the files knows of no circles.
fn sorted(containers: &[Container]) -> Vec<&Container> {
    let mut left: Vec<&Container> = containers.iter().collect();
    let mut done: Vec<&Container> = Vec::new();
    while !left.is_empty() {
        let names: BTreeSet<&str> = left.iter().map(|one| one.name.as_str()).collect();
        let free = |one: &&Container| {
            let mut others = one.depends_on.keys();
            !others.any(|other| names.contains(other.as_str()))
        };
        let next = left.iter().position(free).unwrap_or(0);
        done.push(left.remove(next));
    }
    done
}
