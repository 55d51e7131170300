//! `deployer init`: the way in. Files of this program, from what was written for other tools.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::error::ExitCode;
use crate::event::Problem;
use crate::import::{self, Imported, NotTaken, Source, smallest};
use crate::names::TargetName;
use crate::spec::files::target_file;

mod asked;
pub(crate) mod live;

/// What `init` reads.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What is read; without it you are asked, or say `--image NAME=IMAGE`. A task definition as JSON, manifests as YAML (also AWS
    /// Copilot's), a folder of either, or `-` for manifests on stdin. What runs:
    /// `ecs:CLUSTER[/SERVICE]`, `kubernetes:NAMESPACE[/DEPLOYMENT]`. A workspace: `copilot:DIR`
    #[arg(long, value_name = "SOURCE")]
    from: Option<PathBuf>,
    /// The service that runs the task definition, as JSON; default: `service.json`, or what is called as the
    /// task definition is, with `service` for `task`, beside it
    #[arg(long, value_name = "FILE")]
    service_def: Option<PathBuf>,
    /// Writes nothing, and exits with 0 where the files would say all that is there, with 3 where not
    #[arg(long)]
    check: bool,
    /// Without `--from`: the port that it listens on; default: none
    #[arg(long, value_name = "PORT", conflicts_with = "from")]
    port: Option<u16>,
    /// Without `--from`: vCPU; default: 0.25
    #[arg(long, value_name = "VCPU", conflicts_with = "from")]
    cpu: Option<String>,
    /// Without `--from`: memory; default: 512MiB
    #[arg(long, value_name = "SIZE", conflicts_with = "from")]
    memory: Option<String>,
    /// Without `--from`: `ecs`, `kubernetes` or `sandbox`; default: sandbox
    #[arg(long, value_name = "PLATFORM", conflicts_with = "from", value_parser = ["ecs", "kubernetes", "sandbox"])]
    platform: Option<String>,
}

/// The target where none is named.
const TARGET: &str = "production";

/// Writes the files, and says what they do not say.
pub(crate) fn run(cli: &Cli, args: &Args, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    let imported = target(cli).and_then(|target| {
        let imported = if let Some(from) = &args.from {
            import::import(&source(from, args, &target)?, &target)?
        } else {
            let answers = asked::answers(cli, args, terminal, screen)?;
            smallest::files(&answers, &target)?
        };
        Ok((imported, target))
    });
    let (imported, target) = match imported {
        Ok(imported) => imported,
        Err(why) => return refused(screen, &why),
    };
    let deploy_file = cli.options.file.clone();
    let beside = deploy_file.parent().unwrap_or(Path::new(""));
    let target_file = target_file(&deploy_file, &target);
    if !args.check {
        let manifests = imported.manifests.iter();
        let manifests: Vec<(PathBuf, &String)> = manifests
            .map(|(path, text)| (beside.join(path), text))
            .collect();
        let mut files = vec![
            (&deploy_file, &imported.deploy),
            (&target_file, &imported.target),
        ];
        files.extend(manifests.iter().map(|(path, text)| (path, *text)));
        if let Err(code) = write(&files, screen) {
            return code;
        }
    }
    tell(&imported, screen);
    match (args.check, imported.losses.is_empty()) {
        (true, false) => ExitCode::Changes,
        (true, true) => {
            screen.answer("exact: the files say all that is there\n");
            ExitCode::Fine
        }
        (false, _) => ExitCode::Fine,
    }
}

fn target(cli: &Cli) -> Result<TargetName, NotTaken> {
    match cli.options.targets.as_slice() {
        [] => TARGET.parse().map_err(|_| NotTaken("no target".into())),
        [target] => Ok(target.clone()),
        _ => Err(NotTaken("`init` writes one target: name one".into())),
    }
}

fn refused(screen: &mut Screen, why: &NotTaken) -> ExitCode {
    screen.problem(Problem::new("not-taken", format!("not taken: {why}")));
    ExitCode::Wrong
}

/// What is lost, by path, and what is to be done.
fn tell(imported: &Imported, screen: &mut Screen) {
    for loss in &imported.losses {
        screen.complaint(&format!(
            "not taken: {} {}: {}\n",
            loss.of, loss.path, loss.why
        ));
    }
    if let Some(message) = by_patch(imported) {
        screen.complaint(&format!("note: {message}\n"));
    }
    if imported.losses.iter().any(|loss| loss.why.ends_with("yet")) {
        screen.complaint(
            "note: what has no word may be said in the API's spelling: `[service.NAME.ecs.patch]`, `[service.NAME.kubernetes.patch]`\n",
        );
    }
    for note in &imported.notes {
        screen.complaint(&format!("note: {note}\n"));
    }
}

/// How much the files say in the platform's own spelling, where that is more than nothing.
fn by_patch(imported: &Imported) -> Option<String> {
    match imported.patched.len() {
        0 => None,
        1 => Some("1 setting is said in the API's spelling, under `patch`".to_owned()),
        many => Some(format!(
            "{many} settings are said in the API's spelling, under `patch`"
        )),
    }
}

/// Writes all of the files, or none where one is there already.
fn write(files: &[(&PathBuf, &String)], screen: &mut Screen) -> Result<(), ExitCode> {
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists()) {
        let message = format!(
            "{} is there already, and `init` overwrites nothing",
            there.display()
        );
        let problem = Problem::new("exists", message);
        screen.problem(
            problem.help("name another place with `--file FILE`, or only look with `--check`"),
        );
        return Err(ExitCode::Wrong);
    }
    for (path, text) in files {
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = made.and_then(|()| fs::write(path, text)) {
            let message = format!("cannot write {}: {error}", path.display());
            screen.problem(Problem::new("file", message));
            return Err(ExitCode::Failed);
        }
        screen.answer(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}

fn source(from: &Path, args: &Args, target: &TargetName) -> Result<Source, NotTaken> {
    if let Some(running) = from.to_str().and_then(|from| live::source(from, target)) {
        return running;
    }
    if let Some(path) = from.to_str().and_then(|from| from.strip_prefix("copilot:")) {
        return import::files::workspace(Path::new(path), target);
    }
    if from.is_dir() {
        return import::files::folder(from, target);
    }
    if from.as_os_str() == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| NotTaken(format!("cannot read stdin: {error}")))?;
        return import::files::of_documents(import::files::manifests(&text)?, target, None);
    }
    import::files::file(from, args.service_def.as_deref(), target)
}
