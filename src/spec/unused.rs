//! Values that were given on the command line and that no file asks for.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::{Files, target_file};
use super::nearest;
use super::problem::{Problem, Problems};
use crate::names::TargetName;

/// A problem for each of these names that neither the deploy file nor a target's file asks for.
/// Whether this service or this target uses it does not matter: one job may serve them all.
pub(crate) fn unused<'a>(
    files: &dyn Files,
    deploy_file: &Path,
    targets: &[TargetName],
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Problems> {
    let paths = targets
        .iter()
        .map(|target| target_file(deploy_file, target));
    let paths = std::iter::once(deploy_file.to_owned()).chain(paths);
    let texts: Vec<String> = paths.filter_map(|path| files.read(&path).ok()).collect();
    let known: BTreeSet<&str> = texts.iter().flat_map(|text| asked_for(text)).collect();
    let problems: Vec<Problem> = names
        .filter(|name| !known.contains(name))
        .map(|name| {
            let help = nearest::hint(name, known.iter().copied())
                .unwrap_or_else(|| "leave it out, or write it where it belongs".to_owned());
            Problem::new(
                "unused-variable",
                format!("--set {name}: no file asks for `${{{name}}}`"),
            )
            .help(help)
        })
        .collect();
    if problems.is_empty() || texts.is_empty() {
        return Ok(());
    }
    Err(Problems::new(Vec::new(), &[], problems))
}

/// Every `${NAME}` and `${NAME:…}`, and every key, since a target's `vars` may be overridden.
pub(super) fn asked_for(text: &str) -> impl Iterator<Item = &str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let word = move |rest: &'_ str| rest.find(|c| !plain(c)).unwrap_or(rest.len());
    let used = text.match_indices("${").map(move |(at, _)| {
        let rest = &text[at + 2..];
        &rest[..word(rest)]
    });
    let keys = text.lines().filter_map(move |line| {
        let line = line.trim_start();
        let length = word(line);
        let is_key = line[length..].trim_start().starts_with('=');
        is_key.then_some(&line[..length])
    });
    used.chain(keys).filter(|name| !name.is_empty())
}
