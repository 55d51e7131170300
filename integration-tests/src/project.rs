//! A directory of its own for each test: `deploy.toml`, its targets, and the program run in it.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::host;
use crate::program::{self, Finished, Running};
use crate::servers::{ACCOUNT, REGION};
use crate::trial::{Outcome, fail};

/// Longer than any deploy of a test: reached, the test fails and shows what the program said until then.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A project directory. Dropped, it is removed.
#[derive(Debug)]
pub struct Project {
    dir: TempDir,
}

impl Project {
    /// A directory without any file.
    pub fn empty() -> Outcome<Self> {
        Ok(Self {
            dir: tempfile::Builder::new()
                .prefix("deployer-test-")
                .tempdir()?,
        })
    }

    /// A directory with this `deploy.toml`.
    pub fn new(deploy: &str) -> Outcome<Self> {
        let project = Self::empty()?;
        project.write("deploy.toml", deploy)?;
        Ok(project)
    }

    /// A copy of the shipped example and its targets.
    pub fn example() -> Outcome<Self> {
        let project = Self::empty()?;
        let top = program::repository();
        project.write("deploy.toml", &read(&top.join("deploy.example.toml"))?)?;
        for entry in std::fs::read_dir(top.join("config"))? {
            let path = entry?.path();
            let Some(name) = path.file_name() else {
                continue;
            };
            if path.extension().is_some_and(|kind| kind == "toml") {
                let name = format!("config/{}", name.display());
                project.write(&name, &read(&path)?)?;
            }
        }
        Ok(project)
    }

    /// Writes a file at a path inside the project.
    pub fn write(&self, path: &str, text: &str) -> Outcome {
        let path = self.dir.path().join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        Ok(std::fs::write(path, text)?)
    }

    /// Writes `config/<name>.toml`: an ECS cluster behind `endpoint`.
    pub fn ecs_target(&self, name: &str, endpoint: &str, cluster: &str) -> Outcome {
        let text = format!(
            "platform = \"ecs\"\naccount = \"{ACCOUNT}\"\nregion = \"{REGION}\"\ncluster = \"{cluster}\"\n\
             endpoint = \"{endpoint}\"\n\
             network = {{ subnets = [\"subnet-0a\", \"subnet-0b\"], security_groups = [\"sg-0api\"], public_ip = false }}\n"
        );
        self.write(&format!("config/{name}.toml"), &text)
    }

    /// Writes `config/<name>.toml`: a namespace of the cluster of a kubeconfig.
    pub fn kubernetes_target(&self, name: &str, kubeconfig: &Path, namespace: &str) -> Outcome {
        let kubeconfig = kubeconfig.display();
        let text = format!(
            "platform = \"kubernetes\"\naccount = \"{ACCOUNT}\"\nregion = \"{REGION}\"\n\
             kubeconfig = \"{kubeconfig}\"\nnamespace = \"{namespace}\"\n"
        );
        self.write(&format!("config/{name}.toml"), &text)
    }

    /// Writes `config/<name>.toml`: a namespace of an EKS cluster, found behind `endpoint`.
    pub fn eks_target(
        &self,
        name: &str,
        endpoint: &str,
        cluster: &str,
        namespace: &str,
    ) -> Outcome {
        let text = format!(
            "platform = \"eks\"\naccount = \"{ACCOUNT}\"\nregion = \"{REGION}\"\n\
             endpoint = \"{endpoint}\"\ncluster = \"{cluster}\"\nnamespace = \"{namespace}\"\n"
        );
        self.write(&format!("config/{name}.toml"), &text)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The directory, for who only needs it to live on.
    pub(crate) fn into_dir(self) -> TempDir {
        self.dir
    }

    /// The program in this directory, with an environment that holds nothing of the machine's own AWS set-up.
    pub fn command(&self) -> Outcome<Command> {
        let mut command = Command::new(program::binary()?);
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", host::search_path())
            .env("HOME", self.dir.path())
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        Ok(command)
    }

    /// Starts the program with these words, split at spaces.
    pub fn start(&self, words: &str) -> Outcome<Running> {
        let mut command = self.command()?;
        command.args(words.split_whitespace());
        Running::start(command)
    }

    /// Runs the program with these words to its end.
    pub fn run(&self, words: &str) -> Outcome<Finished> {
        self.start(words)?.wait(PATIENCE)
    }
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| fail(format_args!("{}: {error}", path.display())))
}

/// A name that no other test of this run has, for clusters and families on a shared server.
pub fn unique(stem: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{stem}-{}-{count}", std::process::id())
}
