//! Words that the files do not take: they are left out, one after the other, until the files load. What
//! they said is then a loss, which a patch may say. Pure.

use std::path::Path;

use super::write::{Word, Words};
use super::{DEPLOY, Draft, Imported, NotTaken};
use crate::names::TargetName;
use crate::spec::files::target_file;
use crate::spec::{self, Problems};

/// More words than these are no mishap: the source is for something else.
const MOST: usize = 40;

/// So many problems are told.
const TOLD: usize = 5;

/// The files in the making without what they do not take.
pub(super) fn settled(mut draft: Draft, target: &TargetName) -> Result<Draft, NotTaken> {
    let mut first = None;
    for _ in 0..MOST {
        let (imported, loaded) = draft.attempted(target);
        let Err(problems) = loaded else {
            return Ok(draft);
        };
        let mut ways = ways(&problems, &imported, target);
        first.get_or_insert_with(|| told(&problems, &imported, target));
        // Later items first, so that the numbers of the earlier ones hold.
        ways.sort();
        ways.dedup();
        let mut any = false;
        for way in ways.iter().rev() {
            any |= draft.strike(way);
        }
        if !any {
            break;
        }
    }
    Err(NotTaken(first.unwrap_or_default()))
}

/// What is wrong, each with where it would stand in the files.
pub(super) fn told(problems: &Problems, imported: &Imported, target: &TargetName) -> String {
    let mut all: Vec<String> = Vec::new();
    for problem in problems.list() {
        let way = way(problems, problem, imported, target).join(".");
        let message = if way.is_empty() {
            problem.message.clone()
        } else {
            format!("{way}: {}", problem.message)
        };
        if !all.contains(&message) {
            all.push(message);
        }
    }
    let more = all.len().saturating_sub(TOLD);
    all.truncate(TOLD);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    all.join("; ")
}

fn ways(problems: &Problems, imported: &Imported, target: &TargetName) -> Vec<Vec<String>> {
    let each = problems.list().iter();
    let ways = each.map(|problem| way(problems, problem, imported, target));
    ways.filter(|way| !way.is_empty()).collect()
}

/// Where a problem stands; empty: nowhere, or in another file.
fn way(
    problems: &Problems,
    problem: &spec::Problem,
    imported: &Imported,
    target: &TargetName,
) -> Vec<String> {
    let file = problems.file(problem);
    let of_target = target_file(Path::new(DEPLOY), target);
    let text = match file {
        Some(file) if file == of_target => &imported.target,
        Some(file) if file == Path::new(DEPLOY) => &imported.deploy,
        _ => return Vec::new(),
    };
    let at = problem.spot.map(|spot| spot.start);
    at.map(|at| spec::way_to(text, at)).unwrap_or_default()
}

/// What nothing can be said without, or what nobody would notice to be another.
const NEEDED: [&str; 3] = ["image", "namespace", "platform"];

impl Draft {
    /// Leaves a word out. A service, and what it cannot be without, stays.
    fn strike(&mut self, way: &[String]) -> bool {
        let [head, name, rest @ ..] = way else {
            return strike(&mut self.target, way);
        };
        let service = self.services.iter_mut().find(|one| one.name == *name);
        let Some(service) = service.filter(|_| head == "service") else {
            return strike(&mut self.target, way);
        };
        match rest {
            [] => false,
            [table, rest @ ..] if table == service.own_table => {
                strike(&mut service.own, rest) || strike(&mut service.here, rest)
            }
            [table, name, rest @ ..] if table == "sidecar" => {
                let mut sidecars = service.sidecars.iter_mut();
                let sidecar = sidecars.find(|(own, _)| own == name);
                sidecar.is_some_and(|(_, words)| strike(words, rest))
            }
            rest => strike(&mut service.words, rest),
        }
    }
}

/// Takes out what a way leads to; where only its beginning is there, the last of that.
fn strike(words: &mut Words, way: &[String]) -> bool {
    let Some((key, rest)) = way.split_first() else {
        return false;
    };
    let Some(at) = words.iter().position(|(name, _)| name == key) else {
        return false;
    };
    if NEEDED.contains(&key.as_str()) {
        return false;
    }
    if !within(&mut words[at].1, rest) {
        words.remove(at);
    }
    true
}

fn within(word: &mut Word, way: &[String]) -> bool {
    match (word, way) {
        (Word::Table(words), way) => strike(words, way),
        (Word::List(items), [index, rest @ ..]) => {
            let Some(at) = index.parse().ok().filter(|at: &usize| *at < items.len()) else {
                return false;
            };
            if !within(&mut items[at], rest) {
                items.remove(at);
            }
            true
        }
        _ => false,
    }
}
