//! Reading takes as much work as there is to read, whatever is wrong with it. What is counted is the
//! time that this thread has on a processor, so that nothing else on the machine counts.

#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::time::Duration;

use super::{Arguments, ECS, load_with, with};
use crate::spec::{known_secrets, veil};

/// What four times as much may cost: four times, and a little for sorting and for chance. Work that
/// grows with the square costs sixteen times.
const GROWTH: u32 = 9;

/// Below this there is nothing to compare.
const NOTHING: Duration = Duration::from_millis(40);

/// Time of this thread on a processor (proc(5), schedstat).
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn cost(work: &dyn Fn()) -> Duration {
    let once = || {
        let begun = spent();
        work();
        spent().saturating_sub(begun)
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

/// Compares the work for `n` and for four times as many.
fn assert_linear(what: &str, n: usize, work: impl Fn(usize)) {
    let (one, four) = (cost(&|| work(n)), cost(&|| work(4 * n)));
    assert!(
        four < NOTHING || four < one.max(Duration::from_millis(4)) * GROWTH,
        "{what}: {one:?} for {n}, {four:?} for {}",
        4 * n
    );
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{}", line(number));
        text
    })
}

/// Reads files, whatever comes of it, and shows what is wrong.
fn read(deploy: &str, target: &str) {
    let loaded = load_with(deploy, target, &Arguments::default());
    if let Err(problems) = loaded {
        assert!(problems.list().iter().all(|one| one.message.len() < 4_096));
    }
}

#[test]
fn unknown_keys_are_read_in_one_pass() {
    assert_linear("unknown keys", 1_000, |n| {
        read(&with(&lines(n, |at| format!("nothing_{at} = 1"))), ECS);
    });
}

#[test]
fn variables_without_a_value_are_found_in_one_pass() {
    assert_linear("variables in one string", 2_000, |n| {
        let text = with(&format!("env = {{ A = \"{}\" }}\n", "${A}".repeat(n)));
        read(&text, ECS);
    });
    assert_linear("variables in many lines", 2_000, |n| {
        let env = lines(n, |at| format!("V{at} = \"${{A}}\""));
        read(&with(&format!("[service.api.env]\n{env}")), ECS);
    });
}

#[test]
fn overlays_are_laid_in_one_pass() {
    let env = |n| lines(n, |at| format!("V{at} = \"x\""));
    assert_linear("variables laid over others", 2_000, |n| {
        let deploy = with(&format!("[service.api.env]\n{}", env(n)));
        let target = format!("{ECS}\n[service.api.env]\n{}", env(n));
        read(&deploy, &target);
    });
    assert_linear("services laid over others", 300, |n| {
        let service =
            |at| format!("[service.s{at}]\nimage = \"a:1\"\ncpu = 0.25\nmemory = \"512MiB\"");
        let deploy = format!("project = \"shop\"\n{}", lines(n, service));
        let target = lines(n, |at| format!("[service.s{at}]\nreplicas = 2"));
        read(&deploy, &format!("{ECS}\n{target}"));
        let target = lines(n, |at| format!("[service.unknown-{at}]\nreplicas = 2"));
        read(&deploy, &format!("{ECS}\n{target}"));
    });
}

#[test]
fn names_in_two_places_are_found_in_one_pass() {
    assert_linear("names in env and secrets", 2_000, |n| {
        let env = lines(n, |at| format!("V{at} = \"x\""));
        let secrets = lines(n, |at| format!("V{at} = \"ssm:/v{at}\""));
        let text = format!("[service.api.env]\n{env}[service.api.secrets]\n{secrets}");
        read(&with(&text), ECS);
    });
    assert_linear("services that come to one name", 300, |n| {
        let service = |at| {
            format!(
                "[service.s{at}]\nimage = \"a:1\"\ncpu = 0.25\nmemory = \"512MiB\"\n\
                 ecs.service = \"n{}\"",
                at / 2
            )
        };
        read(&format!("project = \"shop\"\n{}", lines(n, service)), ECS);
    });
    assert_linear("chained sidecars", 150, |n| {
        let sidecar = |at| {
            format!(
                "[service.api.sidecar.s{at}]\nimage = \"a:1\"\n\
                 depends_on = {{ s{} = \"start\" }}",
                at + 1
            )
        };
        read(&with(&lines(n, sidecar)), ECS);
    });
}

#[test]
fn secrets_are_looked_for_in_one_pass() {
    for part in [
        "a://b:c",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-eyJ",
        "-eyJabcdefghijk.",
        "sk-",
        "AKIA",
        "${A",
        "\"#'",
    ] {
        assert_linear(part, 8_000, |n| {
            let text = part.repeat(n);
            known_secrets(&text);
            veil::veil(&text, None);
        });
    }
}
