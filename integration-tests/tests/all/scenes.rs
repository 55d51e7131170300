//! Scenes: what happened to somebody who deployed, told in a text file that anybody can write, and played against the
//! binary. `integration-tests/scenes/README.md` teaches the language; each file there is a test of its own name.

use std::path::{Path, PathBuf};

use integration_tests::program::repository;
use integration_tests::trial::{self, Outcome, Stop, Trial, fail};

mod answers;
mod claim;
mod edit;
mod itself;
mod script;
mod stage;

/// Where the scenes are: `KIND/NAME.txt`, and in `KIND/project/` what each of that kind begins with.
fn home() -> PathBuf {
    repository().join("integration-tests/scenes")
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = itself::trials();
    match scenes() {
        Ok(scenes) => trials.extend(scenes.into_iter().map(|scene| {
            let name = name(&scene);
            trial::test("scenes", &name, move || play(&scene))
        })),
        Err(stop) => trials.push(trial::test("scenes", "can_be_listed", move || Err(stop))),
    }
    trials
}

/// `ecs::two-for-one-name` of `…/ecs/two-for-one-name.txt`.
fn name(scene: &Path) -> String {
    let path = scene.strip_prefix(home()).unwrap_or(scene);
    path.with_extension("").to_string_lossy().replace('/', "::")
}

fn scenes() -> Outcome<Vec<PathBuf>> {
    let mut scenes = Vec::new();
    for kind in std::fs::read_dir(home())? {
        let kind = kind?.path();
        if !kind.is_dir() {
            continue;
        }
        for scene in std::fs::read_dir(kind)? {
            let scene = scene?.path();
            if scene.extension().is_some_and(|kind| kind == "txt") {
                scenes.push(scene);
            }
        }
    }
    scenes.sort();
    Ok(scenes)
}

fn play(scene: &Path) -> Outcome {
    let text = std::fs::read_to_string(scene)?;
    let skeleton = scene.with_file_name("project");
    let played = script::read(&text).and_then(|script| stage::play(&script, &skeleton));
    played.map_err(|stop| match stop {
        Stop::Fail(why) => fail(format_args!("{}, {why}", scene.display())),
        skip @ Stop::Skip(_) => skip,
    })
}
