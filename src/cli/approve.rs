//! Asking a person before anything is written.

use std::fmt;
use std::io::{self, BufRead as _};

use tokio::sync::{mpsc, oneshot};

use crate::cancel::Cancel;
use crate::names::{ServiceName, TargetName};
use crate::report::Prompt;

/// What is about to be done, where.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    /// The deed, up to the names: `Apply these changes to`.
    pub(crate) deed: &'a str,
    /// The services that it is done to.
    pub(crate) services: &'a [ServiceName],
    /// The target where it is done.
    pub(crate) target: &'a TargetName,
    /// The place that the target stands for, in words.
    pub(crate) place: String,
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.services.iter().map(ServiceName::as_str).collect();
        let names = names.join(", ");
        let (deed, target, place) = (self.deed, self.target, &self.place);
        write!(f, "{deed} {names} at {target} ({place})? [y/N]")
    }
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The person has said yes.
    Yes,
    /// Anything but yes, and the end of the input.
    No,
    /// A signal came first.
    Interrupted,
    /// The time that `--timeout` gives was over first.
    Late,
}

/// Asks and waits for the answer, or for the wish to stop.
pub(crate) async fn ask(
    question: &Question<'_>,
    prompts: &mpsc::UnboundedSender<Prompt>,
    cancel: &Cancel,
) -> Answer {
    ask_with(question, prompts, cancel, || {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    })
    .await
}

async fn ask_with(
    question: &Question<'_>,
    prompts: &mpsc::UnboundedSender<Prompt>,
    cancel: &Cancel,
    read: impl FnOnce() -> io::Result<String> + Send + 'static,
) -> Answer {
    let (shown, was_shown) = oneshot::channel();
    let text = question.to_string();
    if prompts.send(Prompt { text, shown }).is_err() || was_shown.await.is_err() {
        return Answer::No;
    }
    let (answer, answered) = oneshot::channel();
    // A thread of its own: nothing can end a read of the terminal, and the process must not wait
    // for it when a signal comes first.
    std::thread::spawn(move || {
        let _ = answer.send(read());
    });
    tokio::select! {
        biased;
        () = cancel.cancelled() => Answer::Interrupted,
        answer = answered => match answer {
            Ok(Ok(line)) if is_yes(&line) => Answer::Yes,
            _ => Answer::No,
        },
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks a person who types `line`.
    async fn asked(line: &'static str, cancel: &Cancel) -> (Answer, String) {
        let (ask, mut prompts) = mpsc::unbounded_channel::<Prompt>();
        let services = ["api", "web"].map(|name| name.parse().unwrap());
        let question = Question {
            deed: "Apply these changes to",
            services: &services,
            target: &"ecs".parse().unwrap(),
            place: "account 123456789012, us-east-1".to_owned(),
        };
        let terminal = async {
            let prompt = prompts.recv().await.unwrap();
            prompt.shown.send(()).unwrap();
            prompt.text
        };
        tokio::join!(
            ask_with(&question, &ask, cancel, || Ok(line.to_owned())),
            terminal
        )
    }

    #[tokio::test]
    async fn only_yes_is_yes() {
        let cancel = Cancel::new();
        for line in ["y\n", "Yes\r\n", " y "] {
            assert_eq!(asked(line, &cancel).await.0, Answer::Yes, "{line:?}");
        }
        for line in ["", "\n", "n\n", "yep\n", "no"] {
            assert_eq!(asked(line, &cancel).await.0, Answer::No, "{line:?}");
        }
    }

    #[tokio::test]
    async fn the_question_says_what_and_where() {
        let (_, text) = asked("n\n", &Cancel::new()).await;
        assert_eq!(
            text,
            "Apply these changes to api, web at ecs (account 123456789012, us-east-1)? [y/N]"
        );
    }

    #[tokio::test]
    async fn a_signal_ends_the_question() {
        let cancel = Cancel::new();
        cancel.cancel();
        assert_eq!(asked("y\n", &cancel).await.0, Answer::Interrupted);
    }
}
