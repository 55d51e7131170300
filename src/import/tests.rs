//! The measure: how much of what teams really run comes in, by kind of loss.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

mod copilot;
mod patched;

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
type Counts = [usize; 3];

/// The measure of one platform, twice: by typed words alone, and with the hatch.
fn measure(platform: &str) -> [Counts; 2] {
    let target: TargetName = "production".parse().unwrap();
    let mut counts = [[0; 3]; 2];
    let mut kinds = [BTreeMap::<String, usize>::new(), BTreeMap::new()];
    for set in corpus(platform) {
        let imported = files::folder(&set, &target).and_then(|source| import(&source, &target));
        let name = set.file_name().unwrap().to_string_lossy().into_owned();
        let imported = match imported {
            Err(why) => {
                for counts in &mut counts {
                    counts[2] += 1;
                }
                println!("{platform}/{name}  not taken: {why}");
                continue;
            }
            Ok(imported) => imported,
        };
        let (lost, patched) = (&imported.losses, &imported.patched);
        counts[0][usize::from(!lost.is_empty() || !patched.is_empty())] += 1;
        counts[1][usize::from(!lost.is_empty())] += 1;
        println!(
            "{platform}/{name}  {} losses, {} by patch",
            lost.len(),
            patched.len()
        );
        for (index, mark, losses) in [(0, "patch", patched), (1, "LOST ", lost)] {
            for loss in losses {
                println!("    {mark} {} {}: {}", loss.of, loss.path, loss.why);
                let kind = loss.path.rsplit('.').next().unwrap_or_default();
                *kinds[index].entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
    for (what, kinds) in ["by patch", "lost"].iter().zip(kinds) {
        let mut kinds: Vec<(String, usize)> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        println!("{platform}, {what}: {kinds:?}");
    }
    println!("{platform:<22} exact  lossy  not taken");
    for (what, [exact, lossy, refused]) in
        ["typed words alone", "with the hatch"].iter().zip(counts)
    {
        println!("{what:<22} {exact:>5}  {lossy:>5}  {refused:>9}");
    }
    counts
}

#[test]
fn the_corpus_of_ecs_comes_in() {
    let [[typed, ..], [exact, lossy, _]] = measure("ecs");
    assert!(typed >= 5 && exact >= 19 && exact + lossy >= 25);
}

#[test]
fn the_corpus_of_kubernetes_comes_in() {
    let [[_, _, _], [exact, lossy, _]] = measure("kubernetes");
    assert!(exact >= 2 && exact + lossy >= 13);
}
