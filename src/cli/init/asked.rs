//! What a person is asked where `init` reads nothing: name, image, port, CPU, memory, and where.

use std::io::BufRead as _;
use std::path::Path;

use super::Args;
use crate::cli::terminal::Terminal;
use crate::cli::{Cli, Screen};
use crate::import::NotTaken;
use crate::import::smallest::{Answers, name_of};

/// What a service has where nobody says more.
const CPU: &str = "0.25";
const MEMORY: &str = "512MiB";
const PLATFORM: &str = "sandbox";

/// The answers: by flags, and else by whoever sits at the terminal.
pub(super) fn answers(
    cli: &Cli,
    args: &Args,
    terminal: &Terminal,
    screen: &mut Screen,
) -> Result<Answers, NotTaken> {
    let asks = terminal.can_ask;
    let said = cli.options.images.first();
    let name = said.map(|(name, _)| name.to_string());
    let image = said.map(|(_, image)| image.clone());
    if !asks && said.is_none() {
        return Err(NotTaken(
            "nobody is here to answer: name a source with `--from`, or give `--image NAME=IMAGE`, and where \
             it is another one `--port`, `--cpu`, `--memory`, `--platform`"
                .into(),
        ));
    }
    let mut line = |said: Option<&String>, question: &str, usual: Option<&str>| match said {
        Some(said) => Ok(said.clone()),
        None if asks => ask(screen, question, usual),
        None => Ok(usual.unwrap_or_default().to_owned()),
    };
    let folder = name_of(Path::new("."));
    let name = line(
        name.as_ref(),
        "what is the service called",
        folder.as_deref(),
    )?;
    let image = line(image.as_ref(), "which image does it run", None)?;
    let port = args.port.map(|port| port.to_string());
    let port = line(
        port.as_ref(),
        "at which port does it listen (none: `-`)",
        Some("-"),
    )?;
    let port = match port.as_str() {
        "" | "-" => None,
        port => Some(
            port.parse()
                .map_err(|_| NotTaken(format!("`{port}` is no port")))?,
        ),
    };
    Ok(Answers {
        name,
        image,
        port,
        cpu: line(args.cpu.as_ref(), "how many vCPU", Some(CPU))?,
        memory: line(args.memory.as_ref(), "how much memory", Some(MEMORY))?,
        platform: line(
            args.platform.as_ref(),
            "where does it run (ecs, kubernetes, sandbox)",
            Some(PLATFORM),
        )?,
    })
}

/// One question; an empty line is what is usual.
fn ask(screen: &mut Screen, question: &str, usual: Option<&str>) -> Result<String, NotTaken> {
    let shown = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
    screen.complaint(&format!("{question}{shown}?\n"));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    let count = read.map_err(|error| NotTaken(format!("cannot read the answer: {error}")))?;
    let answer = line.trim();
    match (answer, usual) {
        ("", Some(usual)) if count > 0 => Ok(usual.to_owned()),
        ("", _) => Err(NotTaken(format!("no answer to: {question}?"))),
        (answer, _) => Ok(answer.to_owned()),
    }
}
