//! The stories, as data.

use super::judge::{Rest, rest};
use super::stage::{Play, Ran, example, fresh, later};
use crate::spec::Spec;
use sandbox::{Switches, World};

/// The example's line about scaling.
pub(super) const SCALING: &str = "scaling  = { min = 2, max = 20, cpu = 70, scale_in_cooldown = \"300s\", scale_out_cooldown = \"60s\" }";

const OTHER_SCALING: &str = "scaling  = { min = 2, max = 12, cpu = 60, memory = 80 }";

/// The example's line about its task role, behind which keys of ECS can be added.
pub(super) const TASK_ROLE: &str = "task_role      =";

/// What is there when a story begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// The example with the tag `v1`.
    Runs,
    /// The same, without scaling.
    RunsUnscaled,
    /// The same, made by another project.
    RunsForeign,
}

/// One story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) before: Before,
    /// What the file says otherwise than the example.
    pub(super) edits: &'static [(&'static str, &'static str)],
    pub(super) tag: &'static str,
    /// How it must end.
    pub(super) exit: u8,
    /// The tag that serves in the end.
    pub(super) serves: Option<&'static str>,
}

const fn story(name: &'static str, before: Before, tag: &'static str) -> Story {
    Story {
        name,
        before,
        edits: &[],
        tag,
        exit: 0,
        serves: Some(tag),
    }
}

/// All of them.
pub(super) const STORIES: [Story; 13] = [
    story("create", Before::Nothing, "v1"),
    story("no-op", Before::Runs, "v1"),
    story("update", Before::Runs, "v2"),
    Story {
        edits: &[(SCALING, OTHER_SCALING)],
        ..story("update and scaling", Before::Runs, "v2")
    },
    Story {
        edits: &[(SCALING, OTHER_SCALING)],
        ..story("scaling alone", Before::Runs, "v1")
    },
    Story {
        edits: &[(SCALING, ""), ("replicas = 2 ", "replicas = 3 ")],
        ..story("scaling removed", Before::Runs, "v1")
    },
    Story {
        edits: &[
            (SCALING, "tags = { team = \"checkout\" }"),
            ("replicas = 2 ", "replicas = 3 "),
        ],
        ..story("update, scaling removed, tagged", Before::Runs, "v2")
    },
    Story {
        edits: &[(SCALING, ""), ("replicas = 2 ", "replicas = 4 ")],
        ..story("more replicas", Before::RunsUnscaled, "v1")
    },
    story("adopt", Before::RunsForeign, "v2"),
    Story {
        exit: 10,
        serves: Some("v1"),
        ..story("update to a crash", Before::Runs, "crash")
    },
    Story {
        exit: 10,
        serves: Some("v1"),
        edits: &[(SCALING, OTHER_SCALING)],
        ..story("update to a crash with scaling", Before::Runs, "crash")
    },
    Story {
        exit: 11,
        serves: None,
        ..story("first crash", Before::Nothing, "crash")
    },
    Story {
        exit: 10,
        serves: Some("v1"),
        ..story("update to a missing image", Before::Runs, "missing")
    },
];

/// A story, ready to be played, with what its undisturbed course comes to.
pub(super) struct Staged {
    pub(super) story: Story,
    pub(super) world: World,
    pub(super) spec: Spec,
    /// At rest before it begins.
    pub(super) before: Rest,
    /// At rest after its undisturbed end.
    pub(super) after: Rest,
    /// The undisturbed run.
    pub(super) calm: Ran,
}

/// The world in which a story begins.
pub(super) async fn prepared(before: Before, switches: &Switches) -> World {
    let world = fresh().with_switches(switches.clone());
    let edits: &[(&str, &str)] = match before {
        Before::Nothing => return world,
        Before::Runs => &[],
        Before::RunsUnscaled => &[(SCALING, "")],
        Before::RunsForeign => &[("project = \"shop\"", "project = \"former\"")],
    };
    let ran = Play::new(world, example(edits, "v1")).run().await;
    assert_eq!(ran.exit(), Some(0), "{:?}", ran.outcome);
    later(ran.world, 120)
}

impl Story {
    /// What the file says.
    pub(super) fn spec(&self) -> Spec {
        example(self.edits, self.tag)
    }

    /// Plays it once undisturbed.
    pub(super) async fn staged(self, switches: &Switches) -> Staged {
        let world = prepared(self.before, switches).await;
        self.staged_in(world, self.spec()).await
    }

    /// The same, in a world that is ready for it.
    pub(super) async fn staged_in(self, world: World, spec: Spec) -> Staged {
        let calm = self.play(&world, &spec).run().await;
        Staged {
            story: self,
            before: rest(&world),
            after: rest(&calm.world),
            world,
            spec,
            calm,
        }
    }

    fn play(&self, world: &World, spec: &Spec) -> Play {
        let mut play = Play::new(world.clone(), spec.clone());
        play.conduct.intent.adopt = self.before == Before::RunsForeign;
        play
    }
}

impl Staged {
    /// A run of it.
    pub(super) fn play(&self) -> Play {
        self.story.play(&self.world, &self.spec)
    }

    /// The same program again, on the world that another run left behind.
    pub(super) fn again(&self, world: &World) -> Play {
        self.story.play(world, &self.spec)
    }
}

/// All stories in this cloud, each played undisturbed.
pub(super) async fn stage(switches: &Switches) -> Vec<Staged> {
    let mut staged = Vec::new();
    for story in STORIES {
        staged.push(story.staged(switches).await);
    }
    staged
}
