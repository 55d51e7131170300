//! What is offered for each value, from the files that stand there.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};

use super::revisions;
use crate::cli::options::Options;
use crate::cli::parsed;
use crate::spec::{self, Disk, Named};

/// The command line with candidates for what the files name.
pub(super) fn offered(command: Command, words: &[OsString]) -> Command {
    let Some(options) = options(words).map(Arc::new) else {
        return command;
    };
    let offers = |of: fn(&Options) -> Vec<String>| {
        let options = Arc::clone(&options);
        move |arg: Arg| {
            let options = Arc::clone(&options);
            arg.add(ArgValueCandidates::new(move || {
                of(&options)
                    .into_iter()
                    .map(CompletionCandidate::new)
                    .collect()
            }))
        }
    };
    // `NAME=` of a pair whose value is for the user to give.
    let begins = |of: fn(&Options) -> Vec<String>| {
        let options = Arc::clone(&options);
        move |arg: Arg| {
            let options = Arc::clone(&options);
            arg.add(ArgValueCompleter::new(move |current: &OsStr| {
                let begun = current.to_string_lossy().into_owned();
                let names = of(&options).into_iter().map(|name| name + "=");
                let fitting = names.filter(|name| name.starts_with(&begun));
                fitting.map(CompletionCandidate::new).collect()
            }))
        }
    };
    command
        .mut_arg("targets", offers(targets))
        .mut_arg("services", offers(|options| named(options).services))
        .mut_arg("images", begins(|options| named(options).services))
        .mut_arg("set", begins(|options| named(options).variables))
        .mut_subcommand("logs", |logs| logs.mut_arg("container", offers(containers)))
        .mut_subcommand("scale", |scale| {
            scale.mut_arg("counts", begins(|options| named(options).services))
        })
        .mut_subcommand("rollback", |rollback| {
            rollback.mut_arg("to", offers(revisions::revisions))
        })
        .mut_subcommand("watch", |watch| {
            watch.mut_arg("rollout", offers(revisions::rollouts))
        })
}

/// What was typed so far says which files are meant; what is wrong with it is for later.
fn options(words: &[OsString]) -> Option<Options> {
    const TAKES: [&str; 7] = [
        "--file",
        "-f",
        "--target",
        "--service",
        "--set",
        "--allow-env",
        "--sandbox-state",
    ];
    let mut line: Vec<OsString> = vec!["deployer".into(), "status".into()];
    let parses = |line: &[OsString]| parsed(line.to_vec()).ok();
    for (number, word) in words.iter().enumerate() {
        let name = word.to_string_lossy();
        let mut longer = line.clone();
        if TAKES.contains(&&*name) {
            longer.push(word.clone());
            longer.extend(words.get(number + 1).cloned());
        } else if TAKES
            .iter()
            .any(|takes| name.starts_with(&format!("{takes}=")))
        {
            longer.push(word.clone());
        }
        // The word that is being typed is seldom whole.
        if parses(&longer).is_some() {
            line = longer;
        }
    }
    parses(&line).map(|cli| cli.options)
}

fn targets(options: &Options) -> Vec<String> {
    let targets = spec::targets(&Disk, &options.file);
    targets.iter().map(ToString::to_string).collect()
}

fn named(options: &Options) -> Named {
    spec::named(&Disk, &options.file, &options.targets)
}

/// Of the services that were chosen, else of all.
fn containers(options: &Options) -> Vec<String> {
    let chosen = |service: &str| {
        let mut services = options.services.iter();
        options.services.is_empty() || services.any(|name| name.as_str() == service)
    };
    let all = named(options).containers;
    let mut names: Vec<String> = all
        .into_iter()
        .filter(|(service, _)| chosen(service))
        .map(|(_, container)| container)
        .collect();
    names.sort();
    names.dedup();
    names
}
