//! Whoever reads what the program writes: readers that stall, leave or have no room. The program never waits for them, and
//! never calls a success what nobody could read.

use std::fs::OpenOptions;
use std::io::{PipeReader, PipeWriter, Write};
use std::process::Stdio;
use std::time::Duration;

use integration_tests::program::{Finished, Running, Signal};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::assert_verdict;

trials! { "readers":
    a_stalled_reader_stops_no_rollout,
    a_stalled_reader_stops_no_signal,
    a_stalled_reader_of_the_story_stops_no_rollout,
    a_full_disk_is_said_and_is_no_success,
    an_answer_that_is_cut_short_is_no_success,
    a_slow_reader_gets_all_of_it,
}

const APPLY: &str = "apply --target sandbox --output json";

/// A pipe that is full already: whoever reads it reads nothing.
fn stalled() -> Outcome<(PipeReader, PipeWriter)> {
    let (reader, mut writer) = std::io::pipe()?;
    // As much as a pipe of Linux takes (pipe(7)).
    writer.write_all(".".repeat(64 * 1024).as_bytes())?;
    Ok((reader, writer))
}

fn onto(
    project: &Project,
    words: &str,
    stdout: impl Into<Stdio>,
    stderr: impl Into<Stdio>,
) -> Outcome<Running> {
    let mut command = project.command()?;
    command.args(words.split_whitespace());
    Running::start_onto(command, stdout, stderr)
}

fn serves(project: &Project, tag: &str) -> Outcome<Finished> {
    let again = project.run(&format!("{APPLY} --image api=shop/api:{tag}"))?;
    assert_verdict(&again, "unchanged", None, 0)?;
    Ok(again)
}

fn a_stalled_reader_stops_no_rollout() -> Outcome {
    let project = Project::example()?;
    let (_reader, full) = stalled()?;
    let words = format!("{APPLY} --image api=shop/api:v1 --timeout 20s");
    let done = onto(&project, &words, full, Stdio::piped())?.wait(PATIENCE)?;
    assert_eq!(done.exit, 1, "{done}");
    assert!(done.says("its reader takes nothing"), "{done}");
    assert!(done.took < Duration::from_secs(26), "{done}");
    serves(&project, "v1")?;
    Ok(())
}

fn a_stalled_reader_stops_no_signal() -> Outcome {
    let project = Project::example()?;
    let (_reader, full) = stalled()?;
    let words = format!("{APPLY} -v --image api=shop/api:v1");
    let running = onto(&project, &words, full, Stdio::piped())?;
    // It has begun to write once the world of the sandbox is there.
    let world = project.path().join(".deployer/sandbox.json");
    integration_tests::host::poll(PATIENCE, || world.exists().then_some(()));
    running.signal(Signal::TERM)?;
    let done = running.wait(Duration::from_secs(10))?;
    assert!([130, 143].contains(&done.exit), "{done}");
    Ok(())
}

fn a_stalled_reader_of_the_story_stops_no_rollout() -> Outcome {
    let project = Project::example()?;
    let (_reader, full) = stalled()?;
    let words = "apply --target sandbox --image api=shop/api:v1 --timeout 20s";
    let done = onto(&project, words, Stdio::piped(), full)?.wait(PATIENCE)?;
    assert_eq!(done.exit, 1, "{done}");
    assert!(done.took < Duration::from_secs(28), "{done}");
    serves(&project, "v1")?;
    Ok(())
}

fn a_full_disk_is_said_and_is_no_success() -> Outcome {
    let project = Project::example()?;
    for words in [
        "render --target sandbox",
        "validate --target sandbox",
        "plan --target sandbox",
        "plan --target sandbox --exit-code --output json",
        "schema events",
        "--help",
        &format!("{APPLY} --image api=shop/api:v1"),
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full")?;
        let done = onto(&project, words, full, Stdio::piped())?.wait(PATIENCE)?;
        assert_eq!(done.exit, 1, "{words}: {done}");
        assert!(done.says("No space left on device"), "{words}: {done}");
    }
    // What was done is done, whoever read of it.
    serves(&project, "v1")?;
    let full = OpenOptions::new().write(true).open("/dev/full")?;
    let done = onto(
        &project,
        "plan --target sandbox --image api=shop/api:v2",
        full,
        Stdio::piped(),
    )?;
    assert_eq!(done.wait(PATIENCE)?.exit, 1);
    Ok(())
}

fn an_answer_that_is_cut_short_is_no_success() -> Outcome {
    let project = Project::example()?;
    for words in [
        "render --target sandbox",
        "plan --target sandbox",
        "plan --target sandbox --output json",
    ] {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let done = onto(&project, words, writer, Stdio::piped())?.wait(PATIENCE)?;
        assert_eq!(done.exit, 1, "{words}: {done}");
        assert!(!done.says("error"), "{words}: {done}");
    }
    // Whoever follows a deployment may leave: it has a verdict of its own.
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let words = format!("{APPLY} --image api=shop/api:v1");
    let done = onto(&project, &words, writer, Stdio::piped())?.wait(PATIENCE)?;
    assert_eq!(done.exit, 0, "{done}");
    Ok(())
}

fn a_slow_reader_gets_all_of_it() -> Outcome {
    let project = Project::example()?;
    let whole = project.run("schema events")?;
    let (reader, writer) = stalled()?;
    let running = onto(&project, "schema events", writer, Stdio::piped())?;
    let mut text = String::new();
    std::thread::spawn(move || {
        let mut reader = reader;
        std::io::Read::read_to_string(&mut reader, &mut text).map(|_| text)
    })
    .join()
    .map_err(|_| integration_tests::trial::fail("the reader ended"))?
    .map(|text| assert!(text.ends_with(whole.stdout.as_str()), "{}", text.len()))?;
    let done = running.wait(PATIENCE)?;
    assert_eq!(done.exit, 0, "{done}");
    Ok(())
}
