//! What a command asks of a service beyond what the file says, and how it may take over what is not ours.

/// What to do when another rollout of the service is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum IfBusy {
    /// Change nothing, exit 4.
    #[default]
    Refuse,
    /// Wait for its end first.
    Wait,
    /// Start ours; the other one ends as superseded.
    Supersede,
    /// Go ahead beside it and whoever is at work on it: what is done is no rollout.
    #[value(skip)]
    Beside,
}

/// Which revision a rollback goes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BackTo {
    /// The last one known good.
    LastGood,
    /// The one of this name or number.
    Revision(String),
}

impl BackTo {
    /// The revision that was named, if one was.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::LastGood => None,
            Self::Revision(name) => Some(name),
        }
    }
}

/// What a command asks of a service, beyond what the file says.
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of the command line, each of them independent of the others"
)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Intent {
    /// Take over a service that exists and is not ours.
    pub(crate) adopt: bool,
    /// Roll the same specification again.
    pub(crate) restart: bool,
    /// Go back to an earlier revision, in place of what the file says.
    pub(crate) back_to: Option<BackTo>,
    /// This many tasks, in place of the file's.
    pub(crate) count: Option<u32>,
    /// Take the service away.
    pub(crate) destroy: bool,
    /// Take fields over that others manage.
    pub(crate) force_conflicts: bool,
    /// When another rollout is under way.
    pub(crate) if_busy: IfBusy,
    /// It is to be performed, and not only shown or watched.
    pub(crate) writes: bool,
    /// Somebody reads the plan before it is performed.
    pub(crate) is_read: bool,
    /// It goes by the file, and yet the command has no `--adopt`.
    pub(crate) never_adopts: bool,
}

impl Intent {
    /// Whether it takes the place of whoever is at work on the service.
    pub(crate) fn supersedes(&self) -> bool {
        self.if_busy == IfBusy::Supersede
    }

    /// Whether what is not there would be made.
    pub(crate) fn makes_it(&self) -> bool {
        !self.destroy && !self.restart && self.count.is_none()
    }

    /// Whether all that is asked for is what the file says.
    pub(crate) fn follows_the_file(&self) -> bool {
        let adopting = Self {
            adopt: self.adopt,
            force_conflicts: self.force_conflicts,
            if_busy: self.if_busy,
            writes: self.writes,
            is_read: self.is_read,
            never_adopts: self.never_adopts,
            ..Self::default()
        };
        *self == adopting
    }
}

/// How whoever gave a command may take over what is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TakesOver {
    /// By the same command, with `--adopt`.
    Itself,
    /// By `apply --adopt` first: this command has no such option.
    ByApply,
}

impl TakesOver {
    /// Of a command that asks for this.
    pub(crate) fn of(intent: &Intent) -> Self {
        if !intent.never_adopts && (intent.destroy || intent.follows_the_file()) {
            Self::Itself
        } else {
            Self::ByApply
        }
    }
}
