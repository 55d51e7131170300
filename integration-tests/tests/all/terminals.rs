//! The program on a real terminal: what it draws, what it leaves behind, and that it tells a reason once.

use std::time::Duration;

use integration_tests::project::{PATIENCE, Project};
use integration_tests::terminal::{CTRL_C, Left, Terminal};
use integration_tests::trial::Outcome;
use integration_tests::trials;

trials! { "terminals":
    nothing_of_the_block_is_left_after_ctrl_c,
    a_second_ctrl_c_leaves_nothing_either,
    the_block_follows_the_window,
    without_colours_the_block_moves_all_the_same,
    the_command_line_says_how_progress_and_colours_are_shown,
    failures_stand_first_and_what_finds_no_room_is_counted,
    a_question_is_answered_in_sight,
    a_reason_is_told_once,
    the_last_rollouts_tell_how_long_it_takes,
}

/// Longer than the block needs to appear on a machine that is busy.
const SOON: Duration = Duration::from_mins(1);

/// A rollout that goes on long enough to be looked at.
const SLOW: &str = "apply --target sandbox --image api=shop/api:slow --speed 0.2";

fn on_a_terminal(
    project: &Project,
    words: &str,
    (columns, rows): (u16, u16),
    environment: &[(&str, &str)],
) -> Outcome<Terminal> {
    let mut command = project.command()?;
    command
        .args(words.split_whitespace())
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied());
    Terminal::start(&command, columns, rows)
}

/// The rows of the block of `service`: its head, and those that belong to it. The last one counts: what
/// was on its way to the window in the moment that it became narrower wraps there, and its first rows stay.
fn block(screen: &str, service: &str) -> Option<Vec<String>> {
    let head = format!("{service}  ");
    let rows: Vec<&str> = screen.lines().collect();
    let first = rows.iter().rposition(|row| row.starts_with(&head))?;
    let more = rows[first + 1..]
        .iter()
        .take_while(|row| row.starts_with("  "));
    let block = std::iter::once(&rows[first]).chain(more);
    Some(block.map(|row| (*row).to_owned()).collect())
}

fn has_block(screen: &str) -> Option<()> {
    (block(screen, "api")?.len() == 3).then_some(())
}

fn assert_clean(left: &Left) {
    assert_eq!(block(&left.screen, "api"), None, "{left:#?}");
    assert!(!left.screen.contains("^C"), "{left:#?}");
    assert!(left.at_a_free_row && left.echoes, "{left:#?}");
}

fn nothing_of_the_block_is_left_after_ctrl_c() -> Outcome {
    let project = Project::example()?;
    let mut terminal = on_a_terminal(&project, SLOW, (90, 50), &[])?;
    terminal.until(SOON, has_block)?;
    terminal.keys("hello\n\n\nworld")?;
    // Drawn anew since.
    let drawn = terminal.screen();
    terminal.until(SOON, |screen| (screen != drawn).then_some(()))?;
    let screen = terminal.screen();
    let heads = screen.lines().filter(|row| row.starts_with("api  "));
    assert_eq!(heads.count(), 1, "{screen}");
    terminal.keys(CTRL_C)?;
    let left = terminal.wait(PATIENCE)?;
    assert_eq!(left.exit, 130, "{left:#?}");
    assert_clean(&left);
    assert!(
        left.screen.contains("Interrupted: api at sandbox"),
        "{left:#?}"
    );
    for typed in ["hello", "world"] {
        assert!(!left.screen.contains(typed), "{left:#?}");
    }
    Ok(())
}

fn a_second_ctrl_c_leaves_nothing_either() -> Outcome {
    let project = Project::example()?;
    let mut terminal = on_a_terminal(&project, SLOW, (90, 50), &[])?;
    terminal.until(SOON, has_block)?;
    // In one stroke: the first may end the program, and what is typed after that is the shell's to show.
    terminal.keys(&CTRL_C.repeat(2))?;
    let left = terminal.wait(PATIENCE)?;
    assert_eq!(left.exit, 130, "{left:#?}");
    assert_clean(&left);
    Ok(())
}

fn the_block_follows_the_window() -> Outcome {
    let project = Project::example()?;
    let mut terminal = on_a_terminal(&project, SLOW, (60, 50), &[])?;
    // What the platform says about the tasks that it starts is longer than any of these windows.
    let cut_at = |columns: usize| {
        move |screen: &str| {
            let rows = block(screen, "api")?;
            let longest = rows.iter().map(|row| row.chars().count()).max()?;
            (longest == columns - 1 && rows.iter().any(|row| row.ends_with('…'))).then_some(())
        }
    };
    terminal.until(SOON, cut_at(60))?;
    terminal.resize(40, 50)?;
    terminal.until(SOON, cut_at(40))?;
    terminal.resize(50, 40)?;
    terminal.until(SOON, cut_at(50))?;
    // A window too low for three rows keeps the head.
    terminal.resize(50, 3)?;
    terminal.until(SOON, |screen| {
        (block(screen, "api")?.len() == 1).then_some(())
    })?;
    terminal.keys(CTRL_C)?;
    let left = terminal.wait(PATIENCE)?;
    assert_eq!(left.exit, 130, "{left:#?}");
    Ok(())
}

fn without_colours_the_block_moves_all_the_same() -> Outcome {
    let project = Project::example()?;
    let words = "apply --target sandbox --image api=shop/api:v1";
    let terminal = on_a_terminal(&project, words, (90, 50), &[("NO_COLOR", "1")])?;
    terminal.until(SOON, has_block)?;
    let left = terminal.wait(PATIENCE)?;
    assert_eq!(left.exit, 0, "{left:#?}");
    assert_clean(&left);
    assert!(!is_coloured(&left.written), "{left:#?}");
    assert!(left.screen.contains("Healthy: api at sandbox"), "{left:#?}");
    Ok(())
}

/// Whether any sequence colours words; those that move the cursor end in other letters.
fn is_coloured(written: &str) -> bool {
    written.split("\u{1b}[").skip(1).any(|rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
            .starts_with('m')
    })
}

fn the_command_line_says_how_progress_and_colours_are_shown() -> Outcome {
    let project = Project::example()?;
    let run = |image: &str, more: &str, environment: &[(&str, &str)]| {
        let words = format!("apply --target sandbox --image api=shop/api:{image} {more}");
        on_a_terminal(&project, &words, (90, 50), environment)?.wait(PATIENCE)
    };
    let moves = |left: &Left| left.written.contains("\u{1b}[J");
    let plain = run("v1", "--progress plain", &[])?;
    assert!(!moves(&plain) && is_coloured(&plain.written), "{plain:#?}");
    assert!(plain.screen.contains("2/2 running"), "{plain:#?}");
    let off = run("v2", "--progress off --color never", &[])?;
    assert!(!moves(&off) && !is_coloured(&off.written), "{off:#?}");
    assert!(!off.screen.contains("rolls out"), "{off:#?}");
    assert!(off.screen.contains("Healthy: api at sandbox"), "{off:#?}");
    let always = run("v3", "--color always", &[("NO_COLOR", "1")])?;
    assert!(
        moves(&always) && is_coloured(&always.written),
        "{always:#?}"
    );
    let dumb = run("v4", "", &[("TERM", "dumb")])?;
    assert!(!moves(&dumb) && !is_coloured(&dumb.written), "{dumb:#?}");
    let forced = run(
        "v5",
        "--progress live",
        &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")],
    )?;
    assert!(
        moves(&forced) && is_coloured(&forced.written),
        "{forced:#?}"
    );
    for left in [plain, off, always, dumb, forced] {
        assert_eq!(left.exit, 0, "{left:#?}");
    }
    let piped = project.run("status --target sandbox --color always")?;
    assert!(is_coloured(&piped.stdout), "{piped}");
    Ok(())
}

/// Eight services, of which the last by name fails.
fn eight() -> Outcome<Project> {
    let services = ["a", "b", "c", "d", "e", "f", "g", "z"].map(|name| {
        let tag = if name == "z" { "crash" } else { "slow" };
        format!("\n[service.{name}]\nimage = \"shop/{name}:{tag}\"\nreplicas = 1\ncpu = 0.25\nmemory = \"512MiB\"\n")
    });
    Project::new(&format!("project = \"shop\"\n{}", services.concat()))
}

fn failures_stand_first_and_what_finds_no_room_is_counted() -> Outcome {
    let project = eight()?;
    let words = "apply --target sandbox --speed 0.5";
    let mut terminal = on_a_terminal(&project, words, (100, 8), &[])?;
    terminal.until(SOON, |screen| {
        let failing = screen.lines().position(|row| row.starts_with("z  "))?;
        let first = screen.lines().position(|row| row.starts_with("a  "))?;
        let more = screen
            .lines()
            .position(|row| row.starts_with('+') && row.contains(" more"))?;
        (failing < first && first < more).then_some(())
    })?;
    terminal.keys(CTRL_C)?;
    let left = terminal.wait(PATIENCE)?;
    assert!(left.at_a_free_row && left.echoes, "{left:#?}");
    assert!(!left.screen.contains(" more: "), "{left:#?}");
    Ok(())
}

fn a_question_is_answered_in_sight() -> Outcome {
    let project = Project::example()?;
    project.write(
        "config/asked.toml",
        "platform = \"sandbox\"\napprove = \"ask\"\n",
    )?;
    let words = "apply --target asked --image api=shop/api:v1";
    let mut terminal = on_a_terminal(&project, words, (90, 50), &[])?;
    terminal.until(SOON, |screen| screen.contains("[y/N]").then_some(()))?;
    terminal.keys("y\n")?;
    let left = terminal.wait(PATIENCE)?;
    assert_eq!(left.exit, 0, "{left:#?}");
    assert!(left.screen.contains("[y/N] y"), "{left:#?}");
    assert_clean(&left);
    Ok(())
}

fn a_reason_is_told_once() -> Outcome {
    let project = Project::example()?;
    let run = |tag: &str| {
        project.run(&format!(
            "apply --target sandbox --image api=shop/api:{tag}"
        ))
    };
    assert_eq!(run("v1")?.exit, 0);
    let done = run("crash")?;
    assert_eq!(done.exit, 10, "{done}");
    for reason in [
        "Essential container in task exited",
        "the circuit breaker threshold was exceeded",
    ] {
        assert_eq!(done.stderr.matches(reason).count(), 1, "{reason}\n{done}");
    }
    let last = "Rolled back: api at sandbox: the container exits\n";
    assert!(done.stderr.contains(last), "{done}");
    // Whoever reads events gets all of it with each.
    let again = project.run("apply --target sandbox --image api=shop/api:crash --output json")?;
    let reason = again.event("outcome", "api")?["reason"].to_string();
    assert!(
        reason.contains("the circuit breaker threshold was exceeded"),
        "{again}"
    );
    Ok(())
}

fn the_last_rollouts_tell_how_long_it_takes() -> Outcome {
    let project = Project::example()?;
    let run = |tag: &str| {
        project.run(&format!(
            "apply --target sandbox --image api=shop/api:{tag}"
        ))
    };
    let first = run("v1")?;
    assert!(!first.says("usually"), "{first}");
    let second = run("v2")?;
    assert!(second.stderr.contains("usually takes "), "{second}");
    let third = project.run("apply --target sandbox --image api=shop/api:v3 --output json")?;
    let seconds = third.event("expected", "api")?["expected_seconds"].as_u64();
    assert!(seconds.is_some_and(|seconds| seconds > 0), "{third}");
    let mut terminal = on_a_terminal(&project, SLOW, (100, 50), &[])?;
    terminal.until(SOON, |screen| {
        let head = block(screen, "api")?.swap_remove(0);
        (head.contains("s, usually ") && head.contains(" · deadline 30m")).then_some(())
    })?;
    terminal.keys(CTRL_C)?;
    assert_eq!(terminal.wait(PATIENCE)?.exit, 130);
    Ok(())
}
