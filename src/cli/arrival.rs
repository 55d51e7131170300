//! Whether what was written has arrived, which decides about the exit code as well.

use std::time::Duration;

use super::Screen;
use super::closing::{End, with_losses};
use super::story::PATIENCE;
use super::terminal::Terminal;
use crate::error::ExitCode;
use crate::report::Loss;

/// The last word about a loss may take so long.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Waits for the readers, writes what is written at the end, and says what the readers lack.
/// `answers`: what went to standard output was all that was asked for, so that it is no success
/// without it.
pub(super) fn conclude(
    end: &End<'_>,
    answers: bool,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    terminal.stdout.settle(PATIENCE);
    // The last record is of the run as it ends, a loss so far included.
    let code = with_losses(end.code, is_lost(&losses(terminal), answers));
    let code = end.write(code, terminal, screen);
    terminal.stdout.settle(PATIENCE);
    let losses = losses(terminal);
    for (stream, loss) in ["standard output", "standard error"].iter().zip(&losses) {
        if let Some(words) = loss.as_ref().and_then(|loss| words(stream, loss)) {
            screen.complaint(&words);
        }
    }
    terminal.stdout.settle(LAST_WORD);
    with_losses(code, is_lost(&losses, answers))
}

/// What standard output and standard error have lost.
fn losses(terminal: &Terminal) -> [Option<Loss>; 2] {
    [terminal.stdout.loss(), terminal.stderr.loss()]
}

fn is_lost([out, err]: &[Option<Loss>; 2], answers: bool) -> bool {
    let lost = |loss: &Option<Loss>, counts: bool| match loss {
        None => false,
        Some(Loss::Gone) => counts,
        Some(Loss::Failed(_) | Loss::Stalled(_)) => true,
    };
    lost(out, answers) || lost(err, false)
}

/// What is said of a loss. A reader who leaves, as `head` does, knows.
fn words(stream: &str, loss: &Loss) -> Option<String> {
    match loss {
        Loss::Gone => None,
        Loss::Failed(why) => Some(format!(
            "error: {stream} could not be written: {why}\n  What it was to show is incomplete.\n"
        )),
        Loss::Stalled(bytes) => Some(format!(
            "error: {stream} could not be written: its reader takes nothing\n  \
             The last {bytes} bytes were left out.\n"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_that_nobody_could_read_is_none_and_a_verdict_stays() {
        assert_eq!(with_losses(ExitCode::Fine, true), ExitCode::Failed);
        assert_eq!(with_losses(ExitCode::Changes, true), ExitCode::Failed);
        assert_eq!(with_losses(ExitCode::Fine, false), ExitCode::Fine);
        for code in [ExitCode::RolledBack, ExitCode::Interrupted, ExitCode::Wrong] {
            assert_eq!(with_losses(code, true), code);
        }
    }

    #[test]
    fn a_reader_who_leaves_is_told_nothing() {
        assert_eq!(words("standard output", &Loss::Gone), None);
        let full = Loss::Failed("No space left on device (os error 28)".to_owned());
        let full = words("standard output", &full).unwrap();
        assert!(full.contains("No space left"), "{full}");
    }
}
