//! What every verb understands.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::terminal::{Color, Progress};
use crate::names::{ServiceName, TargetName};

/// What every verb understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Options {
    /// The deploy file; targets are in `config/` beside it
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        default_value = "deploy.toml"
    )]
    pub(crate) file: PathBuf,
    /// Where to: the name of a file in `config/`, or `sandbox`; may be repeated. Default: `DEPLOYER_TARGET`,
    /// else the only one there is
    #[arg(long = "target", global = true, value_name = "NAME")]
    pub(crate) targets: Vec<TargetName>,
    /// Only this service; may be repeated
    #[arg(long = "service", global = true, value_name = "NAME")]
    pub(crate) services: Vec<ServiceName>,
    /// Fills in `${NAME}` in the files; may be repeated
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Lets `${NAME}` in the files reach this variable of the environment, or with a `*` at its end
    /// all that begin so; may be repeated
    #[arg(long = "allow-env", global = true, value_name = "NAME")]
    pub(crate) allow_env: Vec<String>,
    /// Lets a kubeconfig of the repository run its login plugin or read a token file; so does
    /// `DEPLOYER_ALLOW_EXEC=1`
    #[arg(long, global = true)]
    pub(crate) allow_exec: bool,
    /// Another image for this service; may be repeated
    #[arg(long = "image", global = true, value_name = "SERVICE=REF", value_parser = service_and_image)]
    pub(crate) images: Vec<(ServiceName, String)>,
    /// Does not ask before it changes anything
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// For people; one JSON object a line for scripts, the last of them a `summary` (but `render`,
    /// `schema` and `completions` print the one document that they are); or, of a plan, Markdown
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) output: Output,
    /// Colours: where a terminal shows them, or as `CLICOLOR_FORCE` and `NO_COLOR` say
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// How a rollout is followed on the screen; `live` on a terminal, else `plain`
    #[arg(long, global = true, value_enum, value_name = "HOW", default_value_t)]
    pub(crate) progress: Progress,
    /// Writes verdict, exit code and revisions as a dotenv report, for GitLab
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) dotenv: Option<PathBuf>,
    /// Writes what is wrong with the files as a code quality report, for GitLab
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) code_quality: Option<PathBuf>,
    /// How long this process may take for all it does, such as `20m`; what it watches goes on
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Shows each request on stderr; twice: with what is sent and answered, without secrets
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Where the sandbox keeps its world; otherwise in `.deployer/` beside the deploy file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) sandbox_state: Option<PathBuf>,
    /// How many times faster than time the sandbox's clock goes
    #[arg(long, global = true, value_name = "N", value_parser = speed)]
    pub(crate) speed: Option<f64>,
}

/// For whom output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    Human,
    /// For scripts
    Json,
    /// For a comment on a pull request; `plan` only
    Markdown,
}

impl Output {
    /// What is chosen by a command line that cannot be read as a whole.
    pub(crate) fn of(args: &[OsString]) -> Self {
        let mut words = args.iter().map(|arg| arg.to_string_lossy());
        let mut chosen = Self::default();
        while let Some(word) = words.next().filter(|word| word != "--") {
            let value = match word.split_once('=') {
                Some(("--output", value)) => Some(value.to_owned()),
                _ if word == "--output" => words.next().map(Into::into),
                _ => None,
            };
            chosen = value
                .and_then(|value| Self::from_str(&value, false).ok())
                .unwrap_or(chosen);
        }
        chosen
    }
}

impl Options {
    /// `--set`; of two with the same name the later one counts.
    pub(crate) fn set(&self) -> BTreeMap<String, String> {
        self.set.iter().cloned().collect()
    }

    /// A service for which `--image` was given twice.
    pub(crate) fn image_twice(&self) -> Option<&ServiceName> {
        let mut seen = BTreeSet::new();
        let mut names = self.images.iter().map(|(name, _)| name);
        names.find(|name| !seen.insert(*name))
    }

    /// `--image`, by service.
    pub(crate) fn images(&self) -> BTreeMap<ServiceName, String> {
        self.images.iter().cloned().collect()
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it should look like NAME=VALUE".to_owned()),
    }
}

fn service_and_image(text: &str) -> Result<(ServiceName, String), String> {
    let (service, image) = text
        .split_once('=')
        .ok_or("it should look like SERVICE=REF, such as api=registry/api:v2")?;
    let service = service
        .parse()
        .map_err(|error: crate::names::BadName| error.to_string())?;
    Ok((service, image.to_owned()))
}

/// A positive duration such as `90s`, `20m` or `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = crate::spec::duration(text).filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "it should look like 90s, 20m or 1h30m".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("it should be a number above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parsed(words: &str) -> Result<Options, String> {
        let words = std::iter::once("deployer").chain(words.split(' '));
        Line::try_parse_from(words)
            .map(|line| line.options)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn of_two_values_for_a_name_the_later_counts_but_not_of_two_images() {
        let options = parsed("--set A=1 --set B=x=y --set A= --image api=a:1 --image api=b:2");
        let options = options.unwrap();
        let set = [("A", ""), ("B", "x=y")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(options.set(), set.into());
        assert_eq!(
            options.images(),
            [("api".parse().unwrap(), "b:2".to_owned())].into()
        );
        assert_eq!(options.image_twice(), Some(&"api".parse().unwrap()));
        let two = parsed("--image api=a:1 --image web=a:1").unwrap();
        assert_eq!(two.image_twice(), None);
    }

    #[test]
    fn the_output_is_known_where_the_rest_is_wrong() {
        let cases = [
            ("plan --output json --nope", Output::Json),
            ("plan --output=json", Output::Json),
            ("--output json --output human", Output::Human),
            ("--output jsn", Output::Human),
            ("plan -- --output json", Output::Human),
            ("--output", Output::Human),
        ];
        for (line, output) in cases {
            let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
            assert_eq!(Output::of(&args), output, "{line}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_are_positive() {
        let timeout = |text: &str| parsed(&format!("--timeout {text}")).map(|o| o.timeout);
        assert_eq!(timeout("90s"), Ok(Some(Duration::from_secs(90))));
        assert_eq!(timeout("1h30m"), Ok(Some(Duration::from_mins(90))));
        assert_eq!(timeout("1d"), Ok(Some(Duration::from_hours(24))));
        for wrong in ["90", "0s", "-5m", "1.5h", "30m1h", "soon"] {
            let error = parsed(&format!("--timeout={wrong}")).unwrap_err();
            assert!(error.contains("it should look like 90s"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_argument_is_said() {
        let cases = [
            ("--set A", "NAME=VALUE"),
            ("--image Api=a", "only lower-case letters"),
            ("--image api", "SERVICE=REF"),
            ("--target a/b", "is not a target name"),
            ("--speed 0", "above 0"),
        ];
        for (words, part) in cases {
            let error = parsed(words).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
