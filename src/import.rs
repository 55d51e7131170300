//! From what was written for other tools, as JSON or as manifests, to the files of this program. Pure.
//!
//! ```text
//! source ──words──▶ Draft ──write──▶ deploy.toml, config/NAME.toml
//!   │               ▲                         │ spec::load, render
//!   └───────────── compare ◀──────────────────┘
//!                   │ │
//!             patch ┘ losses: paths in the platform's own spelling, with their values
//! ```
//!
//! What is lost is not what the reader knows that it left out, but what the comparison of the source
//! with that which the written files render finds: nothing can be lost in silence.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::names::{ImageRef, TargetName};
use crate::platform::kubernetes::described::Described;
use crate::spec::files::target_file;
use crate::spec::{self, Files, Loaded, Request};

pub(crate) mod copilot;
mod ecs;
pub(crate) mod files;
mod hatch;
mod kubernetes;
mod refused;
pub(crate) mod smallest;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use self::ecs::EcsSource;
use self::write::Words;

/// What is to be read.
pub(crate) enum Source {
    /// Services of ECS, each with its task definition.
    Ecs(Vec<EcsSource>),
    /// Manifests.
    Kubernetes(Vec<Value>),
    /// All objects of a namespace, of which only those count that belong to its Deployments; and what of it could
    /// not be seen.
    Running(Described),
}

/// The files that were made of a source, and what they do not say of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Imported {
    /// The text of deploy.toml.
    pub(crate) deploy: String,
    /// The text of `config/NAME.toml`.
    pub(crate) target: String,
    /// Files of manifests beside deploy.toml, and their texts.
    pub(crate) manifests: Vec<(String, String)>,
    /// What the files ask for otherwise than the source.
    pub(crate) losses: Vec<Loss>,
    /// What they say of it in the platform's own spelling alone, under `patch`.
    pub(crate) patched: Vec<Loss>,
    /// What whoever reads the files should do.
    pub(crate) notes: Vec<String>,
}

/// The file that says what runs.
const DEPLOY: &str = "deploy.toml";

/// One thing of the source that the files do not say as it is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loss {
    /// Of what: `task`, `service`, or a kind and a name.
    pub(crate) of: String,
    /// Where, in the platform's own spelling.
    pub(crate) path: String,
    /// What stands there; `None`: nothing, and the files would add something.
    pub(crate) value: Option<Value>,
    /// Why.
    pub(crate) why: String,
}

impl Loss {
    fn unsaid(of: impl Into<String>, path: impl Into<String>, value: Value) -> Self {
        Self {
            of: of.into(),
            path: path.into(),
            value: Some(value),
            why: "no word for it yet".to_owned(),
        }
    }
}

/// Why nothing was made of a source.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotTaken(pub(crate) String);

/// The files in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    project: String,
    services: Vec<ServiceDraft>,
    /// What stands at the top of the target's file.
    target: Words,
    /// Files of manifests, and their texts.
    manifests: Vec<(String, String)>,
    notes: Vec<String>,
    /// Values that stand in no file: what `${NAME}` stands for while the files are tried.
    variables: BTreeMap<String, String>,
}

/// One service in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServiceDraft {
    name: String,
    words: Words,
    sidecars: Vec<(String, Words)>,
    /// The name of the platform's own table: `ecs`, `kubernetes`.
    own_table: &'static str,
    own: Words,
    /// What is true of it only at this target.
    here: Words,
}

impl ServiceDraft {
    /// Says that the objects of this file are carried along.
    fn carry(&mut self, path: &str) {
        let files = write::Word::List(vec![write::Word::text(path)]);
        self.own.push(("manifests".to_owned(), files));
    }

    /// Says that others decide how many there are.
    fn leave_count(&mut self) {
        self.words.retain(|(key, _)| key != "replicas");
        let word = write::Word::text("external");
        self.words.push(("replicas".to_owned(), word));
    }
}

/// Makes the files of a source, tries them, and compares.
pub(crate) fn import(source: &Source, target: &TargetName) -> Result<Imported, NotTaken> {
    match source {
        Source::Ecs(sources) => ecs::import(sources, target),
        Source::Kubernetes(manifests) => kubernetes::import(manifests, target),
        Source::Running(there) => {
            let mut imported = kubernetes::import(&kubernetes::belonging(&there.objects), target)?;
            if !there.unseen.is_empty() {
                let kinds = there.unseen.join(", ");
                imported.notes.push(format!(
                    "you may not list these kinds here, so the files say nothing of any: {kinds}"
                ));
            }
            Ok(imported)
        }
    }
}

/// Whether a source says an image: files in which a pipeline fills it in do not.
fn says_image(image: Option<&str>) -> bool {
    image.is_some_and(|image| image.parse::<ImageRef>().is_ok())
}

/// A name for `${NAME}`.
fn variable(name: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(clean).collect()
}

/// Files that are written nowhere yet.
struct Texts(BTreeMap<PathBuf, String>);

impl Files for Texts {
    fn read(&self, path: &Path) -> io::Result<String> {
        let text = self.0.get(path).cloned();
        text.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

impl Draft {
    /// Writes the files and reads them again.
    fn tried(&self, target: &TargetName) -> Result<(Imported, Loaded), NotTaken> {
        let (imported, loaded) = self.attempted(target);
        let why = |problems| NotTaken(refused::told(&problems, &imported, target));
        let loaded = loaded.map_err(why)?;
        Ok((imported, loaded))
    }

    fn attempted(&self, target: &TargetName) -> (Imported, Result<Loaded, spec::Problems>) {
        let imported = Imported {
            deploy: write::deploy(self),
            target: write::target(self),
            manifests: self.manifests.clone(),
            losses: Vec::new(),
            patched: Vec::new(),
            notes: self.notes.clone(),
        };
        let deploy_file = Path::new(DEPLOY);
        let target_file = target_file(deploy_file, target);
        let files = [
            (deploy_file.to_owned(), imported.deploy.clone()),
            (target_file, imported.target.clone()),
        ];
        let beside = self.manifests.iter();
        let beside = beside.map(|(path, text)| (PathBuf::from(path), text.clone()));
        let texts: BTreeMap<PathBuf, String> = files.into_iter().chain(beside).collect();
        let request = Request {
            set: &self.variables,
            ..Request::new(deploy_file, target)
        };
        let loaded = spec::load(&Texts(texts), &request);
        (imported, loaded)
    }

    /// The image of a container; a variable where the source leaves it to a pipeline.
    fn image(&mut self, container: &str, image: &str) -> write::Word {
        if says_image(Some(image)) {
            return write::Word::text(image);
        }
        let variable = format!("{}_IMAGE", variable(container).to_ascii_uppercase());
        let found = match image {
            "" => format!("the source names no image for {container}"),
            image => format!("`{image}` is no image yet"),
        };
        self.notes
            .push(format!("{found}: give it with `--set {variable}=…`"));
        self.variables
            .insert(variable.clone(), "image:v1".to_owned());
        write::Word::Variable(variable)
    }

    /// A literal of an environment: what is surely a secret is written as a variable.
    fn literal(&mut self, name: &str, value: &str) -> (write::Word, bool) {
        let Some(what) = spec::surely_a_secret(name, value) else {
            return (write::Word::text(value), false);
        };
        let mut variable = variable(name);
        let is_taken = |name: &String| self.variables.get(name).is_some_and(|other| other != value);
        while is_taken(&variable) {
            variable.push('_');
        }
        self.notes.push(format!(
            "the value of {name} holds {what} and is not written: move it to a secret store and refer \
             to it under `secrets`, or give it with `--set {variable}=…`"
        ));
        self.variables.insert(variable.clone(), value.to_owned());
        (write::Word::Variable(variable), true)
    }
}
