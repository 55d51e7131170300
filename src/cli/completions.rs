//! `deployer completions`: the line for a shell's rc, and what the shell then asks at each TAB.
//!
//! The shell asks this program itself, so that it offers what the files name that stand there: targets,
//! services, containers, variables. That is quiet and reads files only. Revisions and rollouts are no
//! matter of files: they are looked up for a second at most, and without running any program that
//! would hand out credentials, since it may ask a person.

use std::ffi::OsString;
use std::path::Path;

use clap::ValueEnum;
use clap_complete::env::{EnvCompleter, Shells};

use super::Screen;
use super::terminal::variable;
use crate::error::ExitCode;

mod candidates;
mod revisions;

/// The variable by which a shell asks, with the shell's name in it; users know it from other programs.
const ASKS: &str = "COMPLETE";

/// For which shell.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// Bash
    Bash,
    /// Elvish
    Elvish,
    /// Fish
    Fish,
    /// `PowerShell`
    Powershell,
    /// Z shell
    Zsh,
}

impl Shell {
    /// What to put into which file.
    fn line(self) -> (&'static str, &'static str) {
        match self {
            Self::Bash => ("~/.bashrc", "source <(COMPLETE=bash deployer)"),
            Self::Elvish => (
                "~/.config/elvish/rc.elv",
                "eval (E:COMPLETE=elvish deployer | slurp)",
            ),
            Self::Fish => (
                "~/.config/fish/config.fish",
                "COMPLETE=fish deployer | source",
            ),
            Self::Powershell => (
                "$PROFILE",
                "$env:COMPLETE = \"powershell\"; deployer | Out-String | Invoke-Expression; Remove-Item Env:\\COMPLETE",
            ),
            Self::Zsh => (
                "~/.zshrc, after compinit",
                "source <(COMPLETE=zsh deployer)",
            ),
        }
    }
}

/// Prints what to put into the shell's rc.
pub(crate) fn run(args: &Args, screen: &mut Screen) -> ExitCode {
    let (file, line) = args.shell.line();
    screen.script(&format!("# Completions of deployer, in {file}:\n{line}\n"));
    ExitCode::Fine
}

/// The answer to a shell that asks; `None`: nobody asks, or it is no shell that is known.
///
/// A variable that is there by chance changes nothing: a command line of any verb is none that a shell
/// asks with.
pub(super) fn answer(args: &[OsString]) -> Option<String> {
    let name = variable(ASKS)?;
    let shells = Shells::builtins();
    let shell = shells.completer(Path::new(&name).file_stem()?.to_str()?)?;
    let mut text = Vec::new();
    match args {
        [_] => shell.write_registration(ASKS, "deployer", "deployer", "deployer", &mut text),
        [_, dashes, words @ ..] if dashes == "--" && !words.is_empty() => {
            complete(shell, words, &mut text)
        }
        _ => return None,
    }
    .ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn complete(
    shell: &dyn EnvCompleter,
    words: &[OsString],
    text: &mut Vec<u8>,
) -> std::io::Result<()> {
    let mut command = candidates::offered(super::help::command(), words);
    // Paths are relative to where the shell stands.
    shell.write_complete(&mut command, words.to_vec(), Some(Path::new(".")), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_its_line() {
        for shell in Shell::value_variants() {
            let name = shell.to_possible_value().unwrap().get_name().to_owned();
            let (_, line) = shell.line();
            assert!(line.contains(&format!("COMPLETE={name}")) || line.contains(&name));
            assert!(Shells::builtins().completer(&name).is_some(), "{name}");
        }
    }
}
