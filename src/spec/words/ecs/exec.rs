//! Whether people may run programs in the containers.

use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::Table;
use crate::spec::words::ecs::{EcsTable, Scene};

/// Amazon ECS developer guide, ECS Exec: a task role is needed, and a root that can be written.
pub(in crate::spec) fn check(raw: &EcsTable, scene: &Scene<'_>, findings: &mut Findings) {
    if !raw.exec.as_ref().is_some_and(|at| at.value) {
        return;
    }
    if let Some(exec) = raw.exec.as_ref().filter(|_| !raw.has(&["task_role"])) {
        findings.problem(
            Problem::new("missing-key", "`exec` needs `ecs.task_role`")
                .at(exec.head)
                .label("ECS refuses it without one")
                .help("give it a role that allows ssmmessages: task_role = \"arn:aws:iam::ACCOUNT:role/NAME\""),
        );
    }
    let mut containers = scene
        .containers
        .iter()
        .filter_map(|placed| placed.container.as_ref());
    if let Some(container) = containers.find(|container| container.read_only_root) {
        let message = format!(
            "`exec` does not work in `{}`, whose root is read-only",
            container.name
        );
        findings.note("exec", message);
    }
}
