//! The command line as it explains itself: short by default, with examples; all of it on `--help`.

use clap::{Arg, Command, CommandFactory as _};

use super::Cli;

/// The heading of what every verb understands; it follows the verb's own.
const EVERYWHERE: &str = "Everywhere";

/// Of those, what `-h` shows: the rest is folded away until `--help`.
const SHORT: [&str; 5] = ["targets", "services", "set", "images", "yes"];

/// Examples by verb; of the program itself under "".
const EXAMPLES: [(&str, &[&str]); 20] = [
    (
        "",
        &[
            "deployer plan --target production",
            "deployer apply --target production --image api=registry/api:v2",
            "deployer status",
            "deployer rollback --service api",
        ],
    ),
    (
        "init",
        &[
            "deployer init --from taskdef.json --service-def service.json",
            "deployer init --from k8s/ --target production --check",
        ],
    ),
    ("validate", &["deployer validate --target production"]),
    ("advise", &["deployer advise --target production"]),
    (
        "render",
        &["deployer render --target production --service api --set TAG=v2"],
    ),
    (
        "plan",
        &[
            "deployer plan --target production --image api=registry/api:v2",
            "deployer plan --target production --out v2.plan",
            "deployer plan --exit-code --output json",
        ],
    ),
    (
        "apply",
        &[
            "deployer apply --target production --image api=registry/api:v2 -m \"faster search\"",
            "deployer apply --target production --plan v2.plan --yes",
            "deployer apply --if-busy wait --timeout 30m",
        ],
    ),
    (
        "status",
        &[
            "deployer status --service api",
            "deployer status --target production --output json",
        ],
    ),
    (
        "watch",
        &[
            "deployer watch --service api",
            "deployer watch --service api --rollout ecs-svc/123",
        ],
    ),
    (
        "cancel",
        &[
            "deployer cancel --service api",
            "deployer cancel --service api --rollback",
        ],
    ),
    (
        "continue",
        &["deployer continue api", "deployer continue api --rollback"],
    ),
    ("history", &["deployer history --service api -n 5"]),
    (
        "rollback",
        &[
            "deployer rollback --service api",
            "deployer rollback --service api --to 12 -m \"v13 loses orders\"",
        ],
    ),
    (
        "restart",
        &["deployer restart --service api -m \"leaks memory\""],
    ),
    ("scale", &["deployer scale api=5 --target production"]),
    (
        "logs",
        &[
            "deployer logs --service api --follow",
            "deployer logs --service api --container proxy --since 1h --tail 100",
        ],
    ),
    (
        "destroy",
        &["deployer destroy --target staging --service api"],
    ),
    (
        "sandbox",
        &[
            "deployer sandbox",
            "aws ecs list-clusters --endpoint-url http://127.0.0.1:4510",
        ],
    ),
    ("schema", &["deployer schema deploy"]),
    (
        "completions",
        &[
            "deployer completions bash >> ~/.bashrc",
            "deployer completions zsh >> ~/.zshrc",
            "deployer completions fish >> ~/.config/fish/config.fish",
        ],
    ),
];

/// The command line with its examples, and with what is seldom needed folded away.
pub(super) fn command() -> Command {
    let top = Cli::command().mut_args(|arg| {
        let folded = arg.get_help_heading() == Some(EVERYWHERE) && !is_short(&arg);
        arg.hide_short_help(folded)
    });
    EXAMPLES.iter().fold(top, |top, (verb, examples)| {
        let text = format!("Examples:\n    {}\n", examples.join("\n    "));
        if verb.is_empty() {
            let short = format!(
                "{text}\n`deployer VERB -h` has examples of each, and `--help` has all options and exit codes."
            );
            let long = format!("{text}\n{}", super::EXIT_CODES);
            return top.after_help(short).after_long_help(long);
        }
        top.mut_subcommand(verb, |command| {
            let short = format!("{text}\n`deployer {verb} --help` has all options.");
            command.after_help(short).after_long_help(text)
        })
    })
}

fn is_short(arg: &Arg) -> bool {
    SHORT.contains(&arg.get_id().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(command: &mut Command, verb: &str, long: bool) -> String {
        let command = if verb.is_empty() {
            command
        } else {
            command.find_subcommand_mut(verb).unwrap()
        };
        let text = if long {
            command.render_long_help()
        } else {
            command.render_help()
        };
        text.to_string()
    }

    #[test]
    fn every_verb_has_examples_that_parse() {
        let mut command = command();
        command.build();
        let verbs: Vec<String> = command
            .get_subcommands()
            .map(|verb| verb.get_name().to_owned())
            .filter(|verb| verb != "help")
            .collect();
        for verb in &verbs {
            let (_, examples) = EXAMPLES.iter().find(|(name, _)| name == verb).unwrap();
            for example in examples.iter().filter(|line| line.starts_with("deployer ")) {
                let line = example.split(" >> ").next().unwrap_or(example);
                // Words in quotes are one; none here holds another quote.
                let mut words: Vec<&str> = Vec::new();
                for (number, part) in line.split('"').enumerate() {
                    if number % 2 == 1 {
                        words.push(part);
                    } else {
                        words.extend(part.split_whitespace());
                    }
                }
                let parsed = command.clone().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
            }
            assert!(
                help(&mut command, verb, false).contains("Examples:"),
                "{verb}"
            );
        }
        assert_eq!(verbs.len() + 1, EXAMPLES.len());
    }

    #[test]
    fn the_short_help_folds_what_the_long_one_shows() {
        let mut command = command();
        command.build();
        for verb in ["", "apply", "logs"] {
            let short = help(&mut command, verb, false);
            let long = help(&mut command, verb, true);
            assert!(short.contains("--target"), "{short}");
            assert!(!short.contains("--sandbox-state"), "{short}");
            assert!(long.contains("--sandbox-state"), "{long}");
            assert!(short.lines().count() < 48, "{short}");
        }
        let short = help(&mut command, "apply", false);
        let (own, everywhere) = (short.find("--adopt"), short.find("Everywhere:"));
        assert!(own < everywhere, "{short}");
    }
}
