//! The measure: how much of what teams really run comes in, by kind of loss.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Sets of files as teams have them: structure real, strings neutral.
fn corpus(platform: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("integration-tests/corpus")
        .join(platform);
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all
}

/// How many sets are taken exactly, with losses, and not.
fn measure(platform: &str) -> [usize; 3] {
    let target: TargetName = "production".parse().unwrap();
    let mut counts = [0; 3];
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for set in corpus(platform) {
        let imported = files::folder(&set).and_then(|source| import(&source, &target));
        let name = set.file_name().unwrap().to_string_lossy().into_owned();
        match imported {
            Err(why) => {
                counts[2] += 1;
                println!("{platform}/{name}  not taken: {why}");
            }
            Ok(imported) if imported.losses.is_empty() => {
                counts[0] += 1;
                println!("{platform}/{name}  exact");
            }
            Ok(imported) => {
                counts[1] += 1;
                println!("{platform}/{name}  {} losses", imported.losses.len());
                for loss in imported.losses {
                    println!("    {} {}: {}", loss.of, loss.path, loss.why);
                    let kind = loss.path.rsplit('.').next().unwrap_or_default();
                    *kinds.entry(kind.to_owned()).or_default() += 1;
                }
            }
        }
    }
    println!(
        "{platform}: exact {}, with named losses {}, not taken {}",
        counts[0], counts[1], counts[2]
    );
    let mut kinds: Vec<(String, usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("{kinds:?}");
    counts
}

#[test]
fn the_corpus_of_ecs_comes_in() {
    // The five that are not taken are manifests of Copilot.
    let [exact, lossy, _] = measure("ecs");
    assert!(exact >= 15 && exact + lossy >= 20);
}

#[test]
fn the_corpus_of_kubernetes_comes_in() {
    let [exact, lossy, _] = measure("kubernetes");
    assert!(exact + lossy >= 13);
}
