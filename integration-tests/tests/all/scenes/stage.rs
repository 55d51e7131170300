//! Plays a scene: the program in a project of its own, somebody else at the same platform, and what must come of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use integration_tests::aws::Aws;
use integration_tests::host;
use integration_tests::program::{Finished, Running, Signal};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::sandbox::{self, Sandbox};
use integration_tests::trial::{Outcome, Stop, fail};
use serde_json::Value;

use super::answers;
use super::claim::{Field, Pattern};
use super::script::{Act, Api, Command, End, Reply, Request, Script};

/// How long something is waited for that comes by itself.
const SOON: Duration = Duration::from_mins(1);

/// Who plays, and where.
struct Stage {
    project: Project,
    /// The place that `${DEPLOY_ENDPOINT}` names.
    endpoint: String,
    begun: Option<Running>,
    _sandbox: Option<Sandbox>,
}

/// Plays the scene in a copy of the project at `skeleton`. What goes another way is a failure that tells the line, what
/// was expected, and all that was printed.
pub(super) fn play(script: &Script, skeleton: &Path) -> Outcome {
    let mut stage = Stage::set(script, skeleton)?;
    for step in &script.steps {
        let played = stage.step(&step.act);
        played.map_err(|stop| match stop {
            Stop::Fail(why) => fail(format_args!("line {}: `{}`\n{why}", step.line, step.text)),
            skip @ Stop::Skip(_) => skip,
        })?;
    }
    match stage.begun {
        Some(_) => Err(fail("what was begun is never waited for")),
        None => Ok(()),
    }
}

impl Stage {
    fn set(script: &Script, skeleton: &Path) -> Outcome<Self> {
        let (endpoint, sandbox) = if let Some(answers) = &script.answers {
            (answers::serve(answers.clone())?, None)
        } else {
            let sandbox = sandbox::serve_world(&hastened(&script.world))?;
            (sandbox.url.clone(), Some(sandbox))
        };
        let project = Project::empty()?;
        for path in files(skeleton)? {
            let name = path.strip_prefix(skeleton).unwrap_or(&path);
            project.write(&name.to_string_lossy(), &std::fs::read_to_string(&path)?)?;
        }
        Ok(Self {
            project,
            endpoint,
            begun: None,
            _sandbox: sandbox,
        })
    }

    fn step(&mut self, act: &Act) -> Outcome {
        match act {
            Act::Write { path, text } => self.project.write(path, text),
            Act::Edit { path, edit } => {
                let text = std::fs::read_to_string(self.project.path().join(path))?;
                let changed = edit.apply(&text).map_err(fail)?;
                self.project.write(path, &changed)
            }
            Act::Run { command, end } => check(&self.start(command)?.wait(PATIENCE)?, end),
            Act::Start(command) => match self.begun.replace(self.start(command)?) {
                Some(_) => Err(fail("another command runs already")),
                None => Ok(()),
            },
            Act::Wait(end) => check(&self.begun()?.wait(PATIENCE)?, end),
            Act::Kill => {
                let begun = self.begun()?;
                begun.signal(Signal::KILL)?;
                begun.wait(PATIENCE).map(drop)
            }
            Act::UntilSays(words) => self.until_says(words),
            Act::Ask { request, reply } => self.ask(request, reply),
            Act::Until { request, fields } => self.until(request, fields),
        }
    }

    fn start(&self, command: &Command) -> Outcome<Running> {
        let mut process = self.project.command()?;
        process
            .env("DEPLOY_ENDPOINT", &self.endpoint)
            .envs(command.variables.iter().map(|(name, value)| (name, value)))
            .args(&command.words);
        Running::start(process)
    }

    /// What was begun, which somebody ends now.
    fn begun(&mut self) -> Outcome<Running> {
        let begun = self.begun.take();
        begun.ok_or_else(|| fail("nothing was begun with `&`"))
    }

    fn until_says(&self, words: &Pattern) -> Outcome {
        let begun = self.begun.as_ref();
        let begun = begun.ok_or_else(|| fail("nothing was begun with `&`"))?;
        let said = host::poll(SOON, || (words.count(&begun.so_far()) > 0).then_some(()));
        said.ok_or_else(|| fail(format_args!("it was never said\n{}", begun.so_far())))
    }

    fn call(&self, request: &Request) -> Outcome<Value> {
        let aws = Aws::at(&self.endpoint);
        match request.service {
            Api::Ecs => aws.ecs(&request.operation, &request.input),
            Api::AutoScaling => aws.autoscaling(&request.operation, &request.input),
        }
    }

    fn ask(&self, request: &Request, reply: &Reply) -> Outcome {
        match (self.call(request), reply) {
            (Ok(answer), Reply::Answered(fields)) => match unlike(fields, &answer) {
                Some(why) => Err(fail(why)),
                None => Ok(()),
            },
            (Ok(answer), Reply::Refused(_)) => {
                Err(fail(format_args!("it was not refused: {answer}")))
            }
            (Err(Stop::Fail(words)), Reply::Refused(wanted)) => match wanted.count(&words) {
                0 => Err(fail(format_args!("it was refused otherwise: {words}"))),
                _ => Ok(()),
            },
            (Err(stop), _) => Err(stop),
        }
    }

    fn until(&self, request: &Request, fields: &[Field]) -> Outcome {
        let mut last = String::new();
        let came = host::poll(SOON, || {
            let answer = match self.call(request) {
                Ok(answer) => answer,
                Err(stop) => return Some(Err(stop)),
            };
            match unlike(fields, &answer) {
                Some(why) => {
                    last = why;
                    None
                }
                None => Some(Ok(())),
            }
        });
        came.unwrap_or_else(|| Err(fail(format_args!("it never came to that: {last}"))))
    }
}

/// A world in which time goes five times as fast, unless it says how fast.
fn hastened(world: &str) -> String {
    if world.contains("speed") {
        world.to_owned()
    } else {
        format!("speed = 5.0\n{world}")
    }
}

/// The files of a directory, those of its directories included.
fn files(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            let list = if path.is_dir() { &mut dirs } else { &mut files };
            list.push(path);
        }
    }
    Ok(files)
}

/// What is not as claimed, all of it.
fn unlike(fields: &[Field], answer: &Value) -> Option<String> {
    let mut wrong = String::new();
    for field in fields {
        if let Some(found) = field.unlike(answer) {
            // Writing to a string cannot fail.
            let _ = writeln!(
                wrong,
                "line {}: `{}`: it is {found}",
                field.line, field.text
            );
        }
    }
    (!wrong.is_empty()).then(|| format!("{wrong}in {answer:#}"))
}

fn check(finished: &Finished, end: &End) -> Outcome {
    let mut wrong = String::new();
    if finished.exit != end.exit {
        let _ = writeln!(wrong, "it ended with {}, not {}", finished.exit, end.exit);
    }
    let text = finished.text();
    for said in &end.said {
        let count = said.pattern.count(&text);
        if said.times.map_or(count == 0, |times| count != times) {
            let _ = writeln!(
                wrong,
                "line {}: `{}`: it is there {count} times",
                said.line, said.text
            );
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(fail(format_args!("{wrong}{finished}")))
    }
}
