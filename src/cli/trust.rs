//! Whose word a kubeconfig is: one of the repository is written by whoever opens a pull request.

use std::path::{Path, PathBuf};

use super::options::Options;
use super::terminal::variable;
use crate::platform::kubernetes::Trust;
use crate::spec::{Reach, Spec};

/// What the kubeconfig that a target names may do. Where the target names none, the environment or
/// the home directory has it, and no file of the repository.
pub(super) fn of(options: &Options, spec: &Spec) -> Trust {
    let Some(Reach::Kubeconfig {
        path: Some(path), ..
    }) = spec.kubernetes().map(|(place, _)| &place.reach)
    else {
        return Trust::Full;
    };
    let allowed = options.allow_exec
        || variable("DEPLOYER_ALLOW_EXEC").is_some_and(|value| !matches!(&*value, "" | "0"));
    if allowed || !is_of_repository(&options.file, path) {
        Trust::Full
    } else {
        Trust::NoPrograms
    }
}

/// Whether `path`, wherever links lead from it, lies in the repository of the deploy file. What cannot
/// be read cannot do anything either.
fn is_of_repository(deploy_file: &Path, path: &Path) -> bool {
    match (repository(deploy_file), path.canonicalize()) {
        (Some(repository), Ok(path)) => path.starts_with(repository),
        _ => false,
    }
}

/// The nearest directory above the deploy file that has a `.git`; where none has one, its own.
fn repository(deploy_file: &Path) -> Option<PathBuf> {
    let file = deploy_file.canonicalize().ok()?;
    let own = file.parent()?;
    let root = own.ancestors().find(|above| above.join(".git").exists());
    Some(root.unwrap_or(own).to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_repository_wherever_its_path_seems_to_lead() {
        let top = std::env::temp_dir().join(format!("deployer-trust-{}", std::process::id()));
        let (project, outside) = (top.join("repository/shop"), top.join("outside"));
        for directory in [&project, &outside, &top.join("repository/.git")] {
            std::fs::create_dir_all(directory).unwrap();
        }
        for file in [
            "repository/shop/deploy.toml",
            "repository/own",
            "outside/theirs",
        ] {
            std::fs::write(top.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink(outside.join("theirs"), project.join("link")).unwrap();
        std::os::unix::fs::symlink(top.join("repository/own"), outside.join("link")).unwrap();
        let deploy = project.join("deploy.toml");
        let table = [
            (top.join("repository/own"), true),
            (project.join("../own"), true),
            (outside.join("../repository/own"), true),
            (outside.join("link"), true),
            (outside.join("theirs"), false),
            (project.join("link"), false),
            (project.join("absent"), false),
        ];
        for (path, inside) in table {
            assert_eq!(
                is_of_repository(&deploy, &path),
                inside,
                "{}",
                path.display()
            );
        }
        std::fs::remove_dir_all(top).unwrap();
    }
}
