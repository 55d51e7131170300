//! The `credential_process` of a profile: a program that prints AWS credentials (AWS SDKs and Tools
//! Reference Guide, process credential provider).
//!
//! It is run here and not by the SDK, which tells of a failure by showing the program's stderr, waits
//! for it without end, and leaves it behind. Where the profile assumes a role with its credentials,
//! the SDK does that from profiles in which the credentials stand in the program's place.

use std::fmt::Write as _;

use aws_config::Region;
use aws_config::environment::credentials::EnvironmentVariableCredentialsProvider;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, Result};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::process::Command;

use super::limited;
use crate::platform::program::{self, Fault, Run};

/// Names that a profile has its own keys under.
const OWN: [&str; 3] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];

/// What decides before a program does, in a profile that assumes no role.
const BEFORE: [&str; 5] = [
    "credential_source",
    "web_identity_token_file",
    "sso_session",
    "sso_account_id",
    "login_session",
];

/// What a profile says about the role that it assumes.
const ROLE: [&str; 5] = [
    "role_arn",
    "source_profile",
    "role_session_name",
    "external_id",
    "region",
];

/// Why the program of a profile gave no credentials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// It failed.
    #[error("the `credential_process` of AWS profile {0}: {1}")]
    Fault(String, #[source] Fault),
    /// It printed something else. That is not shown, for it may hold the keys.
    #[error("what the `credential_process` of AWS profile {0} printed is no credentials: {1}")]
    Garbled(String, &'static str),
}

/// The credentials of the program that the chosen profile leads to; `None`: it leads to none, or the
/// environment has credentials, which come first.
pub(super) async fn credentials(region: &Region) -> Option<Result> {
    let profiles = profiles().await?;
    let (chain, command) = program_of(&profiles)?;
    Some(given(&profiles, &chain, command, region).await)
}

/// Whether a program would be run for credentials.
pub(crate) async fn is_chosen() -> bool {
    let profiles = profiles().await;
    profiles.is_some_and(|profiles| program_of(&profiles).is_some())
}

/// The profiles that decide; `None`: the environment does.
async fn profiles() -> Option<ProfileSet> {
    let environment = EnvironmentVariableCredentialsProvider::new();
    match environment.provide_credentials().await {
        Err(CredentialsError::CredentialsNotLoaded(_)) => {}
        _ => return None,
    }
    let files = EnvConfigFiles::default();
    let (fs, env) = (Fs::real(), Env::real());
    // What is wrong with the files, the default chain tells.
    aws_config::profile::load(&fs, &env, &files, None)
        .await
        .ok()
}

/// The profiles from the chosen one to the one with a program, and the program; as the SDK goes.
fn program_of(profiles: &ProfileSet) -> Option<(Vec<&str>, &str)> {
    let mut chain: Vec<&str> = Vec::new();
    let mut name = profiles.selected_profile();
    loop {
        let profile = profiles.get_profile(name)?;
        let itself = chain.last() == Some(&name);
        if chain.contains(&name) && !itself {
            return None;
        }
        if !chain.is_empty() && OWN.iter().any(|key| profile.get(key).is_some()) {
            return None;
        }
        if !itself {
            chain.push(name);
        }
        if profile.get("role_arn").is_some() && !itself {
            name = profile.get("source_profile")?;
            continue;
        }
        if BEFORE.iter().any(|key| profile.get(key).is_some()) {
            return None;
        }
        return Some((chain, profile.get("credential_process")?));
    }
}

/// Runs the program, and assumes the roles between its profile and the chosen one.
async fn given(profiles: &ProfileSet, chain: &[&str], command: &str, region: &Region) -> Result {
    let base = chain.last().copied().unwrap_or_default();
    let profile = profiles.get_profile(base);
    let account = profile.and_then(|profile| profile.get("aws_account_id"));
    let found = ran(base, command, account)
        .await
        .map_err(CredentialsError::provider_error)?;
    let assumes = profiles
        .get_profile(profiles.selected_profile())
        .is_some_and(|profile| profile.get("role_arn").is_some());
    if !assumes {
        return Ok(found);
    }
    let text = with_keys(profiles, chain, &found);
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, text)
        .build();
    let config = limited::providers(Some(region.clone()));
    ProfileFileCredentialsProvider::builder()
        .configure(&config)
        .profile_files(files)
        .profile_name(profiles.selected_profile())
        .build()
        .provide_credentials()
        .await
}

/// The profiles of a chain, the last with keys in the place of its program.
fn with_keys(profiles: &ProfileSet, chain: &[&str], found: &Credentials) -> String {
    let mut text = String::new();
    for (number, name) in chain.iter().enumerate() {
        let Some(profile) = profiles.get_profile(name) else {
            continue;
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "[profile {name}]");
        lines(&mut text, profile, &ROLE);
        if number + 1 == chain.len() {
            let [id, secret, token] = OWN;
            let _ = writeln!(text, "{id} = {}", found.access_key_id());
            let _ = writeln!(text, "{secret} = {}", found.secret_access_key());
            if let Some(session) = found.session_token() {
                let _ = writeln!(text, "{token} = {session}");
            }
        }
    }
    text
}

fn lines(text: &mut String, profile: &Profile, keys: &[&str]) {
    for key in keys {
        if let Some(value) = profile.get(key) {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
}

/// What the program prints, as credentials.
async fn ran(
    profile: &str,
    command: &str,
    account: Option<&str>,
) -> std::result::Result<Credentials, Trouble> {
    let hide: Vec<String> = command.split_whitespace().skip(1).map(bare).collect();
    // A person is asked at the terminal itself: stdin and stderr are not theirs.
    let how = Run {
        asks: false,
        hide: &hide,
    };
    let printed = program::run(shell(command), how)
        .await
        .map_err(|fault| Trouble::Fault(profile.to_owned(), fault))?;
    read(&printed, account).map_err(|why| Trouble::Garbled(profile.to_owned(), why))
}

/// The value of an argument, which the program may repeat.
fn bare(argument: &str) -> String {
    let value = argument
        .split_once('=')
        .map_or(argument, |(_, value)| value);
    value.trim_matches(['"', '\'']).to_owned()
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    // The outer quotes are what `cmd.exe` takes off, so that those of the command stay.
    shell.arg("/C").raw_arg(format!("\"{command}\""));
    shell
}

/// Version 1 of the format; its keys are read in any case of letters, as the SDK does.
fn read(printed: &[u8], account: Option<&str>) -> std::result::Result<Credentials, &'static str> {
    let answer: Map<String, Value> =
        serde_json::from_slice(printed).map_err(|_| "it is not one JSON object")?;
    let answer: Map<String, Value> = answer
        .into_iter()
        .map(|(key, value)| (key.to_ascii_lowercase(), value))
        .collect();
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    if answer.get("version").and_then(Value::as_u64) != Some(1) {
        return Err("its `Version` is not 1");
    }
    let id = text("accesskeyid").ok_or("`AccessKeyId` is missing")?;
    let secret = text("secretaccesskey").ok_or("`SecretAccessKey` is missing")?;
    let until = match text("expiration").map(str::parse::<Timestamp>) {
        Some(Err(_)) => return Err("its `Expiration` is no time"),
        Some(Ok(until)) => Some(until.into()),
        None => None,
    };
    let mut credentials = Credentials::builder()
        .access_key_id(id)
        .secret_access_key(secret)
        .provider_name("credential_process");
    credentials.set_session_token(text("sessiontoken").map(str::to_owned));
    credentials.set_expiry(until);
    credentials.set_account_id(text("accountid").or(account).map(Into::into));
    Ok(credentials.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn profiles(text: &str) -> ProfileSet {
        let files = EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, text)
            .build();
        let (fs, env) = (Fs::real(), Env::from_slice(&[("AWS_PROFILE", "chosen")]));
        aws_config::profile::load(&fs, &env, &files, None)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_program_of_the_chosen_profile_is_found_through_its_roles() {
        let table = [
            ("[profile chosen]\ncredential_process = a b", Some("a b")),
            (
                "[profile chosen]\nrole_arn = r\nsource_profile = base\n[profile base]\ncredential_process = c",
                Some("c"),
            ),
            (
                "[profile chosen]\nrole_arn = r\nsource_profile = chosen\ncredential_process = d",
                Some("d"),
            ),
            // What comes first in the SDK comes first here.
            (
                "[profile chosen]\nsso_session = s\ncredential_process = a",
                None,
            ),
            (
                "[profile chosen]\nrole_arn = r\nsource_profile = base\n[profile base]\naws_access_key_id = i\ncredential_process = c",
                None,
            ),
            (
                "[profile chosen]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = chosen",
                None,
            ),
            ("[profile chosen]\naws_access_key_id = i", None),
            ("[profile other]\ncredential_process = a", None),
        ];
        for (text, wanted) in table {
            let profiles = profiles(text).await;
            let found = program_of(&profiles).map(|(_, command)| command.to_owned());
            assert_eq!(found.as_deref(), wanted, "{text}");
        }
    }

    #[tokio::test]
    async fn a_role_is_assumed_with_what_the_program_gave() {
        let profiles = profiles(
            "[profile chosen]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nregion = eu-west-1\n[profile base]\ncredential_process = c",
        )
        .await;
        let (chain, _) = program_of(&profiles).unwrap();
        let found = Credentials::new("ID", "KEY", Some("SESSION".into()), None, "test");
        let text = with_keys(&profiles, &chain, &found);
        assert_eq!(
            text,
            "[profile chosen]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nregion = eu-west-1\n\
             [profile base]\naws_access_key_id = ID\naws_secret_access_key = KEY\naws_session_token = SESSION\n"
        );
    }

    #[tokio::test]
    async fn what_it_prints_are_credentials_with_their_end() {
        let command = r#"printf '{"version":1,"AccessKeyId":"ID","SecretAccessKey":"KEY","SessionToken":"S","Expiration":"2030-01-02T03:04:05Z"}'"#;
        let found = ran("p", command, Some("123456789012")).await.unwrap();
        assert_eq!(found.access_key_id(), "ID");
        assert_eq!(found.session_token(), Some("S"));
        let until: Timestamp = "2030-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(found.expiry(), Some(until.into()));
    }

    #[tokio::test]
    async fn a_program_that_fails_is_told_without_its_secrets() {
        let keys = r#"{"Version":1,"AccessKeyId":"IDIDID1","SecretAccessKey":"k3y-very-secret"}"#;
        let table = [
            (
                format!("echo '{keys}'; echo 'k3y-very-secret is old' >&2; exit 7"),
                "exit status: 7",
            ),
            (format!("echo '{}'", &keys[..50]), "not one JSON object"),
            (
                format!("echo '{}'", keys.replace(":1", ":2")),
                "`Version` is not 1",
            ),
            (
                format!("echo '{}'", keys.replace("SecretAccess", "Access")),
                "`SecretAccessKey` is missing",
            ),
            (
                "no-such-program-here --password=k3y-very-secret".to_owned(),
                "exit status: 127",
            ),
        ];
        for (command, part) in table {
            let trouble = ran("dev", &command, None).await.unwrap_err();
            let text = trouble.to_string();
            assert!(
                text.contains("AWS profile dev") && text.contains(part),
                "{text}"
            );
            assert!(!format!("{trouble:?}").contains("k3y"), "{trouble:?}");
        }
    }
}
