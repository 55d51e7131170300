//! The front page against the tree that it describes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FRONT_PAGE: &str = include_str!("lib.rs");

/// The modules of a directory, by their files, without those that only tests have.
fn modules(directory: &str) -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| name != "tests")
        .collect()
}

/// The words of the picture between these columns, without its heading.
fn pictured(columns: std::ops::Range<usize>) -> BTreeSet<String> {
    let picture = FRONT_PAGE.split("//! src/platform/").nth(1).unwrap();
    let picture = picture.split("//! ```").next().unwrap();
    let lines = picture.lines().skip(1);
    let words = lines.flat_map(|line| {
        let line = line.get(columns.start..).unwrap_or_default();
        let line = line.get(..columns.len()).unwrap_or(line);
        line.split_whitespace().collect::<Vec<_>>()
    });
    words
        .filter(|word| *word != "-" && !word.starts_with('('))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_picture_of_the_rooms_is_the_tree() {
    let (kubernetes, ecs) = (pictured(26..50), pictured(50..90));
    assert_eq!(kubernetes, modules("src/platform/kubernetes"));
    assert_eq!(ecs, modules("src/platform/ecs"));
}

#[test]
fn every_module_of_the_crate_stands_on_the_front_page() {
    for module in modules("src") {
        let name = format!("`{module}`");
        let is_root = ["lib", "main"].contains(&module.as_str());
        assert!(is_root || FRONT_PAGE.contains(&name), "{module}");
    }
}

/// The files of a directory and of those in it.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn what_only_tests_have_is_under_tests() {
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let module = line.trim() == "#[cfg(test)]";
            let module = module.then(|| lines.next().unwrap_or_default().trim());
            let module = module.and_then(|line| line.strip_suffix(';')?.split("mod ").nth(1));
            let is_tests = module.is_none_or(|name| name == "tests");
            assert!(is_tests, "{}: {module:?}", file.display());
        }
    }
}
