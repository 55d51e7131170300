//! What is written once a run is over: what CI systems take, a plan's comment, and the last record.

use std::path::Path;

use super::options::{Options, Output};
use super::terminal::Terminal;
use super::{Cli, Screen, Verb};
use crate::error::ExitCode;
use crate::event::EventKind;
use crate::report::{Format, Heading, Progress, Report};

/// How a run has ended, but for what is still to be written of it.
#[derive(Debug)]
pub(super) struct End<'a> {
    /// The exit code that tells how it ended.
    pub(super) code: ExitCode,
    /// Of what; `None`: the command line could not be read.
    cli: Option<&'a Cli>,
    /// The one document that was asked for is on stdout, and nothing may follow it.
    is_document: bool,
}

impl<'a> End<'a> {
    /// The end of a command.
    pub(super) fn of(code: ExitCode, cli: &'a Cli) -> Self {
        Self {
            code,
            cli: Some(cli),
            is_document: cli.verb.is_document() && code == ExitCode::Fine,
        }
    }

    /// The end where there is no command and something was told.
    pub(super) fn told(code: ExitCode) -> Self {
        Self {
            code,
            cli: None,
            is_document: false,
        }
    }

    /// The end where there is no command, and a document was told.
    pub(super) fn document(code: ExitCode) -> Self {
        Self {
            is_document: true,
            ..Self::told(code)
        }
    }

    /// Writes it all; `code` is how the run ends so far. Returns how it ends.
    pub(super) fn write(
        &self,
        mut code: ExitCode,
        terminal: &Terminal,
        screen: &mut Screen,
    ) -> ExitCode {
        let heading = self.heading();
        if let Some(cli) = self.cli {
            code = asked(&cli.options, code, screen);
        }
        if !self.is_document {
            for_actions(code, heading.as_ref(), terminal, screen);
        }
        let output = self.cli.map(|cli| cli.options.output);
        if let Some(heading) = heading.filter(|_| output == Some(Output::Markdown)) {
            screen.comment(&heading);
        }
        if !self.is_document
            && let Format::Human(mut telling) = terminal.format(Output::Human, false, false)
        {
            telling.progress = Progress::Lines;
            screen.summary(code, telling);
        }
        code
    }

    /// The heading of a plan.
    fn heading(&self) -> Option<Heading> {
        let cli = self.cli.filter(|cli| matches!(cli.verb, Verb::Plan(_)))?;
        let services = cli.options.services.iter();
        Some(Heading {
            file: cli.options.file.display().to_string(),
            services: services.map(ToString::to_string).collect(),
        })
    }
}

/// Writes the reports that the command line asks for. It is no success without them.
fn asked(options: &Options, mut code: ExitCode, screen: &mut Screen) -> ExitCode {
    let file: &Path = &options.file;
    let quality = options.code_quality.as_deref();
    let reports = [
        quality.map(|path| Report::CodeQuality(path, file)),
        options.dotenv.as_deref().map(Report::Dotenv),
    ];
    for report in reports.into_iter().flatten() {
        if let Err(error) = report.write(screen.ledger(), code) {
            screen.error("report", &Unwritten(report.words(), error));
            code = with_losses(code, true);
        }
    }
    code
}

/// An end that is no success keeps its own code: it says more.
pub(super) fn with_losses(code: ExitCode, lost: bool) -> ExitCode {
    match code {
        ExitCode::Fine | ExitCode::Changes if lost => ExitCode::Failed,
        other => other,
    }
}

/// Writes what GitHub Actions takes, where it runs us; a failure is said, and stops nothing.
fn for_actions(
    code: ExitCode,
    heading: Option<&Heading>,
    terminal: &Terminal,
    screen: &mut Screen,
) {
    let Some(actions) = &terminal.actions else {
        return;
    };
    let summary = actions.summary.as_deref();
    let reports = [
        summary.map(|path| Report::Summary(path, heading)),
        actions.output.as_deref().map(Report::Output),
    ];
    for report in reports.into_iter().flatten() {
        if let Err(error) = report.write(screen.ledger(), code) {
            let unwritten = Unwritten(report.words(), error);
            let warning = EventKind::Warning {
                code: "report".into(),
                text: unwritten.whole(),
            };
            screen.tell(None, warning, |screen, _| {
                screen.complaint(&format!("warning: {}\n", unwritten.whole()));
            });
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} could not be written")]
struct Unwritten(&'static str, #[source] std::io::Error);

impl Unwritten {
    fn whole(&self) -> String {
        format!("{self}: {}", self.1)
    }
}
