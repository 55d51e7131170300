//! How large a task definition may become.

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::words::Placed;
use crate::spec::words::container::Container;

/// The longest task definition, as JSON (Amazon ECS service quotas).
const LONGEST: usize = 64 * 1024;

/// Refuses what ECS surely refuses: more text than a task definition may hold, counted without any
/// of what ECS adds to it.
pub(in crate::spec) fn definition(head: Spot, containers: &[Placed], findings: &mut Findings) {
    let containers = containers
        .iter()
        .filter_map(|placed| placed.container.as_ref());
    let size: usize = containers.map(text).sum();
    if size > LONGEST {
        let message = format!(
            "the task definition would have {} KiB; ECS takes 64 KiB at most",
            size.div_ceil(1024)
        );
        let help = "keep large values in a file of the image, in S3 or in a parameter";
        findings.problem(Problem::new("too-large", message).at(head).help(help));
    }
}

/// The bytes of a container as JSON has them, at the very least.
fn text(container: &Container) -> usize {
    let pair = |key: &str, name: &str, value: usize| {
        r#"{"name":"","":""},"#.len() + key.len() + name.len() + value
    };
    let env = container.env.iter();
    let env: usize = env
        .map(|(name, value)| pair("value", name, value.expose().len()))
        .sum();
    let secrets = container.secrets.iter();
    let secrets: usize = secrets
        .map(|(name, secret)| pair("valueFrom", name, secret.value_from().len()))
        .sum();
    let words = container.command.iter().chain(&container.entrypoint);
    let words: usize = words.map(|word| word.len() + r#""","#.len()).sum();
    let check = container
        .health
        .as_ref()
        .map_or(0, |health| health.command.len());
    env + secrets + words + check
}
