//! Which variables of the environment `${NAME}` reaches. A repository writes the files, and where CI
//! plans every pull request, anybody does: so a secret of the machine does not get into a plan, an
//! image's name or a task only because a file asks for it.

use super::secrets;

/// Every variable that begins so is meant for the files.
const PREFIX: &str = "DEPLOY_";

/// What CI systems say about a build, and what people call the version that they deploy: no secrets.
pub(super) const PUBLIC: [&str; 47] = [
    "TAG",
    "IMAGE_TAG",
    "VERSION",
    "GITHUB_ACTOR",
    "GITHUB_BASE_REF",
    "GITHUB_HEAD_REF",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_REF_TYPE",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "GITHUB_SHA",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_REF_NAME",
    "CI_COMMIT_REF_SLUG",
    "CI_COMMIT_SHA",
    "CI_COMMIT_SHORT_SHA",
    "CI_COMMIT_TAG",
    "CI_ENVIRONMENT_NAME",
    "CI_ENVIRONMENT_SLUG",
    "CI_PIPELINE_ID",
    "CI_PIPELINE_IID",
    "CI_PROJECT_NAME",
    "CI_PROJECT_PATH",
    "CI_REGISTRY",
    "CI_REGISTRY_IMAGE",
    "BITBUCKET_BRANCH",
    "BITBUCKET_BUILD_NUMBER",
    "BITBUCKET_COMMIT",
    "BITBUCKET_TAG",
    "BUILDKITE_BRANCH",
    "BUILDKITE_BUILD_NUMBER",
    "BUILDKITE_COMMIT",
    "BUILDKITE_TAG",
    "BUILD_NUMBER",
    "BUILD_SOURCEBRANCHNAME",
    "BUILD_SOURCEVERSION",
    "CIRCLE_BRANCH",
    "CIRCLE_BUILD_NUM",
    "CIRCLE_SHA1",
    "CIRCLE_TAG",
    "GIT_BRANCH",
    "GIT_COMMIT",
    "CODEBUILD_BUILD_NUMBER",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
];

/// Whether a file may have a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The file gets it, and nothing is said of it.
    Given,
    /// The file gets it, and that is told, for nobody has allowed it by name.
    Told,
    /// The file does not get it.
    Kept,
}

/// Whether a file may have the variable `name`. `allowed`: names, or beginnings of names with `*` at
/// their end. Once anything is allowed by name, nothing else is only told.
pub(super) fn word(name: &str, allowed: &[String]) -> Word {
    let is_allowed = allowed
        .iter()
        .any(|allowed| match allowed.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == allowed,
        });
    if is_allowed || name.starts_with(PREFIX) || PUBLIC.contains(&name) {
        Word::Given
    } else if !allowed.is_empty() || secrets::promises(name) {
        Word::Kept
    } else {
        Word::Told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_what_is_meant_for_it() {
        let some = ["DB_PASSWORD".to_owned(), "APP_*".to_owned()];
        let table = [
            ("DEPLOY_KEY", Word::Given, Word::Given),
            ("GITHUB_SHA", Word::Given, Word::Given),
            ("TAG", Word::Given, Word::Given),
            ("COLOR", Word::Told, Word::Kept),
            ("GITHUB_TOKEN", Word::Kept, Word::Kept),
            ("AWS_SECRET_ACCESS_KEY", Word::Kept, Word::Kept),
            ("AWS_SESSION_TOKEN", Word::Kept, Word::Kept),
            ("DB_PASSWORD", Word::Kept, Word::Given),
            ("APP_SECRET", Word::Kept, Word::Given),
        ];
        for (name, without, with) in table {
            assert_eq!(word(name, &[]), without, "{name}");
            assert_eq!(word(name, &some), with, "{name}");
        }
    }

    #[test]
    fn nothing_that_is_public_promises_a_secret() {
        for name in PUBLIC {
            assert!(!secrets::promises(name), "{name}");
        }
    }
}
