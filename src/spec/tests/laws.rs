//! What holds for any input: no panic, an answer either way, and spans that lie in the file.

use proptest::prelude::*;

use super::super::{Loaded, Problems};
use super::{Arguments, ECS, ecs, load_with};

const EXAMPLE: &str = include_str!("../../../deploy.example.toml");
const TARGET: &str = include_str!("../../../config/ecs.toml");
const EKS: &str = include_str!("../../../config/eks.toml");

/// Checks what must hold of any answer.
fn lawful(deploy: &str, target: &str) -> Result<Loaded, Problems> {
    let result = load_with(deploy, target, &Arguments::default());
    if let Err(problems) = &result {
        assert!(!problems.list().is_empty(), "refused without a reason");
        for problem in problems.list() {
            for spot in problem
                .spot
                .iter()
                .chain(problem.also.as_ref().map(|(spot, _)| spot))
            {
                let text = [deploy, target][spot.file];
                assert!(text.get(spot.start..spot.end).is_some(), "{problem:?}");
            }
            assert!(!problem.message.is_empty());
        }
        assert!(!problems.render(false).is_empty());
        assert!(!problems.render(true).is_empty());
    }
    result
}

/// The example in pieces: words, numbers, strings and signs.
fn tokens(text: &str) -> Vec<&str> {
    text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect()
}

/// Every comment that shows a key, as if the user had taken the comment sign away.
fn uncommented() -> String {
    let line = |line: &str| {
        let shown = line
            .strip_prefix("# ")
            .filter(|rest| rest.contains(" = ") || rest.starts_with('['));
        shown.unwrap_or(line).to_owned() + "\n"
    };
    EXAMPLE.lines().map(line).collect()
}

#[derive(Debug, Clone)]
enum Mutation {
    Delete(usize),
    Duplicate(usize),
    Swap(usize, usize),
    Replace(usize, String),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let piece = prop_oneof![
        Just("[".to_owned()),
        Just("]]".to_owned()),
        Just("{".to_owned()),
        Just("\"".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("=".to_owned()),
        Just("${".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("\u{e9}\u{1f600}".to_owned()),
        Just("\r\n\t".to_owned()),
        Just("service".to_owned()),
        Just("false".to_owned()),
        "\\PC{0,6}",
    ];
    prop_oneof![
        any::<usize>().prop_map(Mutation::Delete),
        any::<usize>().prop_map(Mutation::Duplicate),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        (any::<usize>(), piece).prop_map(|(at, piece)| Mutation::Replace(at, piece)),
    ]
}

fn mutated(text: &str, mutations: &[Mutation]) -> String {
    let mut pieces: Vec<String> = tokens(text).into_iter().map(str::to_owned).collect();
    for mutation in mutations {
        let length = pieces.len();
        match mutation {
            Mutation::Delete(at) => drop(pieces.remove(at % length)),
            Mutation::Duplicate(at) => pieces.insert(at % length, pieces[at % length].clone()),
            Mutation::Swap(a, b) => pieces.swap(a % length, b % length),
            Mutation::Replace(at, piece) => pieces[at % length].clone_from(piece),
        }
    }
    pieces.concat()
}

proptest! {
    #[test]
    fn any_text_has_an_answer(deploy in any::<String>(), target in any::<String>()) {
        let _ = lawful(&deploy, &target);
        let _ = lawful(&deploy, ECS);
    }

    #[test]
    fn any_mutation_of_the_example_has_an_answer(mutations in prop::collection::vec(mutation(), 1..6)) {
        let _ = lawful(&mutated(EXAMPLE, &mutations), TARGET);
        let _ = lawful(&mutated(&uncommented(), &mutations), TARGET);
        let _ = lawful(EXAMPLE, &mutated(TARGET, &mutations));
        let _ = lawful(&mutated(EXAMPLE, &mutations), EKS);
        let _ = lawful(&mutated(&uncommented(), &mutations), EKS);
        let _ = lawful(EXAMPLE, &mutated(EKS, &mutations));
    }

    /// A value that enters through a variable cannot change anything but the strings it is in.
    #[test]
    fn a_variable_adds_no_keys(value in any::<String>()) {
        let deploy = "project = \"shop\"\n[service.api]\nimage = \"api:v1\"\ncpu = 0.25\nmemory = \"512MiB\"\nenv = { VALUE = \"${VALUE}\" }\nallow_plain = [\"VALUE\"]\n";
        let value: &'static str = Box::leak(value.into_boxed_str());
        let arguments = Arguments { environment: vec![("VALUE", value)], ..Arguments::default() };
        let loaded = load_with(deploy, ECS, &arguments).unwrap();
        let main = ecs(&loaded).main();
        prop_assert_eq!(main.env.len(), 1);
        prop_assert_eq!(main.env["VALUE"].expose(), value);
    }
}

/// Each line of the manual that is commented out, below the header that it belongs to.
fn shown_in_comments() -> Vec<String> {
    let mut header = "";
    let mut shown = Vec::new();
    for line in EXAMPLE.lines() {
        let (line, comment) = match line.strip_prefix("# ") {
            Some(line) => (line, true),
            None => (line, false),
        };
        let key = line.split('=').next().unwrap_or("").trim();
        let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
        if line.starts_with("[service") || line.starts_with("[defaults") {
            header = line;
        } else if comment && line.contains('=') && key.chars().all(plain) {
            shown.push(format!("{header}\n{line}\n"));
        }
    }
    shown
}

#[test]
fn what_the_manual_shows_in_comments_is_understood() {
    let shown = shown_in_comments();
    assert!(shown.len() > 50, "only {} lines", shown.len());
    for text in shown {
        let problems = lawful(&text, TARGET).expect_err("a service needs more than one key");
        let codes = problems.list().iter().map(|problem| problem.code);
        let misunderstood = ["syntax", "unknown-key", "wrong-type"];
        let found = codes.filter(|code| misunderstood.contains(code)).count();
        assert_eq!(found, 0, "{text}\n{problems}");
    }
}

/// Depth must not become recursion without an end: a stack that overflows kills the process.
#[test]
fn deep_nesting_is_refused() {
    let (open, close) = ("[".repeat(20_000), "]".repeat(20_000));
    let tables = "{ a = ".repeat(20_000);
    let dots = "a.".repeat(20_000);
    let variables = "${A:-".repeat(20_000);
    for line in [
        format!("x = {open}{close}\n"),
        format!("x = {open}\n"),
        format!("x = {tables}\n"),
        format!("{dots}a = 1\n"),
        format!("[{dots}a]\n"),
        format!("user = \"{variables}{}\"\n", "}".repeat(20_000)),
    ] {
        assert!(lawful(&super::with(&line), TARGET).is_err());
    }
}
