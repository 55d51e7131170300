//! The smallest files that work, from a handful of answers. Pure.

use std::path::Path;

use super::write::{Word, say};
use super::{Draft, Imported, NotTaken, ServiceDraft};
use crate::names::TargetName;

/// What the smallest files say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answers {
    pub(crate) name: String,
    pub(crate) image: String,
    /// Where it listens; `None`: nowhere.
    pub(crate) port: Option<u16>,
    /// vCPU.
    pub(crate) cpu: String,
    pub(crate) memory: String,
    /// `ecs`, `kubernetes` or `sandbox`.
    pub(crate) platform: String,
}

/// The files, which are loaded once to see that they are right.
pub(crate) fn files(answers: &Answers, target: &TargetName) -> Result<Imported, NotTaken> {
    let mut draft = Draft {
        project: answers.name.clone(),
        ..Draft::default()
    };
    let mut words = vec![("image".to_owned(), Word::text(&answers.image))];
    say(&mut words, "port", answers.port.map(Word::plain));
    let number = answers.cpu.parse::<f64>().is_ok();
    let cpu = if number {
        Word::plain(&answers.cpu)
    } else {
        Word::text(&answers.cpu)
    };
    say(&mut words, "cpu", Some(cpu));
    say(&mut words, "memory", Some(Word::text(&answers.memory)));
    let platform = answers.platform.as_str();
    let mut place = vec![("platform".to_owned(), Word::text(platform))];
    match platform {
        "ecs" => {
            say(&mut place, "region", Some(Word::text("us-east-1")));
            say(&mut place, "cluster", Some(Word::text("default")));
            let subnets = Word::List(vec![Word::text("subnet-0a")]);
            let network = Word::Table(vec![("subnets".to_owned(), subnets)]);
            say(&mut place, "network", Some(network));
            draft
                .notes
                .push("put your Region, cluster and subnets into the target's file".to_owned());
        }
        "kubernetes" => say(&mut place, "namespace", Some(Word::text("default"))),
        _ => {}
    }
    draft.target = place;
    draft.services.push(ServiceDraft {
        name: answers.name.clone(),
        words,
        own_table: if platform == "kubernetes" {
            "kubernetes"
        } else {
            "ecs"
        },
        ..ServiceDraft::default()
    });
    let (imported, _) = draft.tried(target)?;
    Ok(imported)
}

/// What the service is called where nobody says it: as the folder is.
pub(crate) fn name_of(folder: &Path) -> Option<String> {
    let whole = std::path::absolute(folder).ok()?;
    let name = whole.file_name()?.to_str()?.to_ascii_lowercase();
    let clean = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(clean).take(40).collect();
    let name = name.trim_matches('-').to_owned();
    (!name.is_empty()).then_some(name)
}
