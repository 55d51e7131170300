//! What a scene's file says, line by line: the language that `integration-tests/scenes/README.md` teaches.

use std::iter::Peekable;

use integration_tests::trial::{Outcome, fail};
use serde_json::Value;

use super::claim::{Field, Pattern};
use super::edit::Edit;

/// A whole scene.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// The world file of the sandbox.
    pub(super) world: String,
    /// What answers in place of the sandbox, where something does.
    pub(super) answers: Option<Answers>,
    /// What happens.
    pub(super) steps: Vec<Step>,
}

/// What a server says to whatever it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answers {
    /// An HTTP answer of this status with this body.
    Http(u16, String),
    /// These bytes, and the line is closed.
    Raw(String),
    /// Nothing, for as long as somebody waits.
    Never,
    /// A body without an end.
    Endless,
}

/// One thing that happens, and the line it is on.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) act: Act,
}

/// What happens in a step, with what is expected of it.
#[derive(Debug)]
pub(super) enum Act {
    /// A file of the project gets this text.
    Write { path: String, text: String },
    /// A file of the project is changed.
    Edit { path: String, edit: Edit },
    /// The program runs to its end.
    Run { command: Command, end: End },
    /// The program begins to run.
    Start(Command),
    /// What was begun runs to its end.
    Wait(End),
    /// What was begun dies.
    Kill,
    /// What was begun says something.
    UntilSays(Pattern),
    /// Somebody else calls the platform.
    Ask { request: Request, reply: Reply },
    /// Somebody else looks until it is so.
    Until {
        request: Request,
        fields: Vec<Field>,
    },
}

/// A command line of the program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) variables: Vec<(String, String)>,
    pub(super) words: Vec<String>,
}

/// What a finished program must have done.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) exit: i32,
    pub(super) said: Vec<Said>,
}

/// What must be, or must not be, in what the program printed.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) pattern: Pattern,
    /// How often; nothing stands for at least once.
    pub(super) times: Option<usize>,
}

/// A call of an operation of AWS.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) service: Api,
    pub(super) operation: String,
    pub(super) input: Value,
}

/// The services that a scene can call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Ecs,
    AutoScaling,
}

/// What must come of a call.
#[derive(Debug)]
pub(super) enum Reply {
    /// It is answered, with these fields.
    Answered(Vec<Field>),
    /// It is refused, in these words.
    Refused(Pattern),
}

type Lines<'a> = Peekable<std::vec::IntoIter<(usize, &'a str)>>;

/// Reads a scene. What cannot be read is a failure that names the line.
pub(super) fn read(text: &str) -> Outcome<Script> {
    let lines: Vec<_> = (1..).zip(text.lines()).collect();
    let mut lines = lines.into_iter().peekable();
    let mut script = Script::default();
    while let Some((line, text)) = lines.next() {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let read = match text.split_once(' ').unwrap_or((text, "")) {
            ("world", "") => {
                script.world = block(&mut lines);
                continue;
            }
            ("answers", what) => answers(what).map(|answers| {
                script.answers = Some(answers);
                None
            }),
            (verb, rest) => act(verb, rest.trim(), &mut lines).map(Some),
        };
        let read = read.map_err(|why| fail(format_args!("line {line}: `{text}`: {why}")))?;
        script.steps.extend(read.map(|act| Step {
            line,
            text: text.to_owned(),
            act,
        }));
    }
    Ok(script)
}

fn answers(what: &str) -> Result<Answers, String> {
    let (kind, rest) = what.split_once(' ').unwrap_or((what, ""));
    match (kind, rest) {
        ("never", "") => Ok(Answers::Never),
        ("endless", "") => Ok(Answers::Endless),
        ("raw", text) => Ok(Answers::Raw(text.to_owned())),
        (status, body) => match status.parse() {
            Ok(status) => Ok(Answers::Http(status, body.to_owned())),
            Err(_) => Err("a status and a body, `raw` and a text, `never` or `endless`".into()),
        },
    }
}

fn act(verb: &str, rest: &str, lines: &mut Lines<'_>) -> Result<Act, String> {
    match verb {
        "file" => Ok(Act::Write {
            path: named(rest)?,
            text: block(lines),
        }),
        "edit" => Ok(Act::Edit {
            path: named(rest)?,
            edit: Edit::read(&block(lines))?,
        }),
        "$" => match rest.strip_suffix('&') {
            Some(begun) => Ok(Act::Start(command(begun)?)),
            None => Ok(Act::Run {
                command: command(rest)?,
                end: end(lines)?,
            }),
        },
        "wait" if rest.is_empty() => Ok(Act::Wait(end(lines)?)),
        "kill" if rest.is_empty() => Ok(Act::Kill),
        "until" => match rest.strip_prefix("says ") {
            Some(words) => Ok(Act::UntilSays(Pattern::new(words))),
            None => Ok(Act::Until {
                request: request(rest, lines)?,
                fields: fields(lines)?,
            }),
        },
        "!" => {
            let request = request(rest, lines)?;
            let refused = expectation(lines, |_, text| {
                text.strip_prefix("refused ").map(Pattern::new)
            });
            let reply = match refused {
                Some(words) => Reply::Refused(words),
                None => Reply::Answered(fields(lines)?),
            };
            Ok(Act::Ask { request, reply })
        }
        _ => Err("a line begins with `$`, `!`, `file`, `edit`, `until`, `wait`, `kill`, `world`, `answers` or `#`".into()),
    }
}

fn named(path: &str) -> Result<String, String> {
    let inside = !path.is_empty() && !path.starts_with('/') && !path.contains("..");
    inside
        .then(|| path.to_owned())
        .ok_or_else(|| "a path inside the project".into())
}

/// The lines that are indented by four, without that; empty ones belong to it where more follow.
fn block(lines: &mut Lines<'_>) -> String {
    let mut text = String::new();
    let mut empty = 0;
    while let Some((_, line)) =
        lines.next_if(|(_, line)| line.starts_with("    ") || line.is_empty())
    {
        match line.strip_prefix("    ") {
            None => empty += 1,
            Some(line) => {
                text.push_str(&"\n".repeat(std::mem::take(&mut empty)));
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// The next line, where it is an expectation that `read` makes something of.
fn expectation<T>(lines: &mut Lines<'_>, read: impl Fn(usize, &str) -> Option<T>) -> Option<T> {
    let (line, text) = lines.peek()?;
    let found = read(*line, text.strip_prefix("  ")?.trim())?;
    lines.next();
    Some(found)
}

fn end(lines: &mut Lines<'_>) -> Result<End, String> {
    let mut end = End::default();
    while let Some(read) = expectation(lines, |line, text| {
        (!text.is_empty()).then(|| claim(line, text))
    }) {
        match read? {
            Claim::Exit(exit) => end.exit = exit,
            Claim::Said(said) => end.said.push(said),
        }
    }
    Ok(end)
}

enum Claim {
    Exit(i32),
    Said(Said),
}

fn claim(line: usize, text: &str) -> Result<Claim, String> {
    let wrong = || format!("line {line}: `{text}`: `exit N`, `says …`, `never …` or `times N …`");
    let (kind, rest) = text.split_once(' ').ok_or_else(wrong)?;
    let (times, words) = match kind {
        "exit" => return rest.parse().map(Claim::Exit).map_err(|_| wrong()),
        "says" => (None, rest),
        "never" => (Some(0), rest),
        "times" => {
            let (times, words) = rest.split_once(' ').ok_or_else(wrong)?;
            (Some(times.parse().map_err(|_| wrong())?), words)
        }
        _ => return Err(wrong()),
    };
    Ok(Claim::Said(Said {
        line,
        text: text.to_owned(),
        pattern: Pattern::new(words),
        times,
    }))
}

fn fields(lines: &mut Lines<'_>) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    while let Some(field) = expectation(lines, |line, text| {
        text.starts_with('/').then(|| Field::read(line, text))
    }) {
        fields.push(field?);
    }
    Ok(fields)
}

/// `ecs Operation {…}`; the JSON goes on over the next lines until it is whole.
fn request(text: &str, lines: &mut Lines<'_>) -> Result<Request, String> {
    let mut parts = text.splitn(3, ' ');
    let service = match parts.next() {
        Some("ecs") => Api::Ecs,
        Some("autoscaling") => Api::AutoScaling,
        _ => return Err("`ecs` or `autoscaling`, an operation and its input".into()),
    };
    let operation = parts.next().unwrap_or_default().to_owned();
    let mut json = parts.next().unwrap_or("{}").to_owned();
    loop {
        match serde_json::from_str(&json) {
            Ok(input) => {
                return Ok(Request {
                    service,
                    operation,
                    input,
                });
            }
            Err(error) if error.is_eof() => {
                let (_, more) = lines.next().ok_or("its JSON has no end")?;
                json.push('\n');
                json.push_str(more);
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Words as a shell splits them: at spaces that are not quoted. Assignments before the first other word are variables.
fn command(text: &str) -> Result<Command, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in text.trim().chars() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    if quote.is_some() {
        return Err("a quote has no end".into());
    }
    let variables: Vec<_> = words
        .iter()
        .map_while(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(Command {
        words: words.split_off(variables.len()),
        variables,
    })
}
