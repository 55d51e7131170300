//! Programs of other people that hand out credentials: a login plugin of a kubeconfig, the
//! `credential_process` of an AWS profile.
//!
//! What such a program prints *is* the credentials, so nothing of it is ever shown. Of its stderr the
//! end is told when it fails, with everything veiled that we know or guess to be a secret. It has a
//! deadline, and it is ended when we end.

use std::fmt::Write as _;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::spec::may_be_secret;

/// How long a program may take where nobody is asked anything.
const ALONE: Duration = Duration::from_mins(1);

/// How long it may take where a person may be asked to log in.
const WITH_A_PERSON: Duration = Duration::from_mins(2);

/// No credentials are longer than this.
const MOST: usize = 1 << 20;

/// So much of its stderr is looked at, from the beginning.
const MOST_WORDS: usize = 64 << 10;

/// So many lines of its stderr are told, from the end.
const LINES: usize = 5;

/// The longest line that is told.
const LINE: usize = 300;

/// What stands in the place of a secret.
const VEIL: &str = "•••";

/// How a program is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'a> {
    /// Whether it may ask the person at the terminal: then it has our stdin and stderr.
    pub(crate) asks: bool,
    /// Texts that must not be told, such as what it was given as arguments.
    pub(crate) hide: &'a [String],
}

/// Why a program gave nothing. No word of its stdout is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// It is not there.
    #[error("there is no such program here")]
    Absent,
    /// It could not be started.
    #[error("it could not be started: {0}")]
    Unstarted(String),
    /// It failed.
    #[error("it failed ({status}){}", told(says))]
    Failed {
        /// How it ended.
        status: String,
        /// The end of what it said on stderr, veiled.
        says: String,
    },
    /// It did not end.
    #[error("it did not end within {seconds} s and was stopped{}", told(says))]
    Late {
        /// How long it was waited for.
        seconds: u64,
        /// The end of what it said on stderr, veiled.
        says: String,
    },
    /// It printed more than credentials can be.
    #[error("it printed more than 1 MiB, which is no credentials")]
    TooMuch,
}

fn told(says: &str) -> String {
    if says.is_empty() {
        String::new()
    } else {
        format!(": {says}")
    }
}

/// Runs a program to its end and gives what it printed. Dropping the future ends the program.
pub(crate) async fn run(mut command: Command, how: Run<'_>) -> Result<Vec<u8>, Fault> {
    command.kill_on_drop(true).stdout(Stdio::piped());
    if how.asks {
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    } else {
        command.stdin(Stdio::null()).stderr(Stdio::piped());
    }
    let limit = if how.asks { WITH_A_PERSON } else { ALONE };
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Fault::Absent,
        _ => Fault::Unstarted(error.to_string()),
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut printed, mut said) = (Vec::new(), Vec::new());
    let work = async {
        futures::join!(
            collect(stdout, &mut printed, MOST),
            collect(stderr, &mut said, MOST_WORDS)
        );
        child.wait().await
    };
    let ended = tokio::time::timeout(limit, work).await;
    let says = || words(&said, &printed, how.hide);
    match ended {
        Err(_) => {
            // It is killed when it is dropped; here it is waited for, too.
            let _ = child.kill().await;
            let seconds = limit.as_secs();
            Err(Fault::Late {
                seconds,
                says: says(),
            })
        }
        Ok(Err(error)) => Err(Fault::Unstarted(error.to_string())),
        Ok(Ok(status)) if !status.success() => Err(Fault::Failed {
            status: status.to_string(),
            says: says(),
        }),
        Ok(Ok(_)) if printed.len() > MOST => Err(Fault::TooMuch),
        Ok(Ok(_)) => Ok(printed),
    }
}

/// Reads to the end and keeps the beginning: whoever does not read on stops who writes.
async fn collect(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>, most: usize) {
    let Some(mut from) = from else { return };
    let mut part = vec![0; 8 << 10];
    while let Ok(count @ 1..) = from.read(&mut part).await {
        if into.len() <= most {
            into.extend_from_slice(&part[..count]);
        }
    }
}

/// The end of what was said, in one line, without secrets.
fn words(said: &[u8], printed: &[u8], hide: &[String]) -> String {
    let said = String::from_utf8_lossy(said);
    let printed = String::from_utf8_lossy(printed);
    let lines: Vec<String> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| veiled(line, &printed, hide))
        .collect();
    let from = lines.len().saturating_sub(LINES);
    lines[from..].join(" / ")
}

/// A line without what was given to the program, what it printed as credentials, and what looks
/// like a secret.
fn veiled(line: &str, printed: &str, hide: &[String]) -> String {
    let mut line: String = line.chars().take(LINE).collect();
    for text in hide.iter().filter(|text| text.len() >= SHORTEST) {
        line = line.replace(text.as_str(), VEIL);
    }
    let mut out = String::new();
    for (number, word) in line.split_whitespace().enumerate() {
        if number > 0 {
            out.push(' ');
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{}", veiled_word(word, printed));
    }
    out
}

/// A shorter word is in everything, and no secret.
const SHORTEST: usize = 6;

/// A word of prose is told as it is: what is printed as credentials may hold such a word too.
fn veiled_word<'a>(word: &'a str, printed: &str) -> &'a str {
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let prose = bare.chars().all(|c| c.is_ascii_alphabetic());
    let shown = bare.len() >= SHORTEST && !prose && printed.contains(bare);
    let (name, value) = word.split_once('=').unwrap_or(("", word));
    let value = value.trim_matches(|c: char| "\"',;".contains(c));
    if shown || (!value.is_empty() && may_be_secret(name, value)) {
        VEIL
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    async fn ran(script: &str) -> Result<Vec<u8>, Fault> {
        let hide = ["given-as-argument".to_owned()];
        let how = Run {
            asks: false,
            hide: &hide,
        };
        run(shell(script), how).await
    }

    #[tokio::test]
    async fn what_a_program_prints_is_what_it_gives() {
        assert_eq!(ran("echo '{}'; echo note >&2").await.unwrap(), b"{}\n");
    }

    #[tokio::test]
    async fn why_it_failed_is_told_without_a_word_of_what_it_printed() {
        let failed = ran(
            "echo '{\"token\":\"t0ken-very-secret\"}'; echo 'The session expired for t0ken-very-secret, given-as-argument' >&2; echo 'password=hunter2 run: login' >&2; exit 3",
        )
        .await
        .unwrap_err();
        let text = failed.to_string();
        for part in ["exit status: 3", "The session expired for", "run: login"] {
            assert!(text.contains(part), "{text}");
        }
        for secret in ["t0ken", "given-as", "hunter2"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_told_from_one_that_fails() {
        let how = Run {
            asks: false,
            hide: &[],
        };
        let absent = run(Command::new("/nowhere/plugin"), how).await;
        assert_eq!(absent.unwrap_err(), Fault::Absent);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_is_stopped_and_says_why() {
        let clock = Clock::driven_from("2026-01-02T03:04:05Z".parse().unwrap());
        let begun = clock.now();
        let late = ran("echo 'open https://login.example.com' >&2; exec sleep 1000").await;
        let late = late.unwrap_err();
        assert!(matches!(late, Fault::Late { seconds: 60, .. }), "{late:?}");
        assert!(clock.since(begun) >= ALONE);
    }

    #[tokio::test]
    async fn it_ends_with_whoever_waits_for_it() {
        let file = std::env::temp_dir().join(format!("deployer-program-{}", std::process::id()));
        let script = format!("echo $$ > {}; exec sleep 1000", file.display());
        let waiting = tokio::spawn(async move { ran(&script).await });
        let id = loop {
            match std::fs::read_to_string(&file) {
                Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
                _ => tokio::task::yield_now().await,
            }
        };
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        };
        while !gone() {
            tokio::task::yield_now().await;
        }
        let _ = std::fs::remove_file(file);
    }

    #[tokio::test]
    async fn more_than_credentials_can_be_is_no_answer() {
        let much = ran("yes | head -c 3000000").await;
        assert_eq!(much.unwrap_err(), Fault::TooMuch);
    }
}
