//! What is typed while blocks are drawn is not shown: it would stand in the midst of them, and
//! Enter would move them. It is not lost: whoever reads the terminal next gets it.

use std::io;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// The terminal's echo, while it is off.
#[derive(Debug, Default)]
pub(super) struct Echo {
    before: Option<Termios>,
}

impl Echo {
    /// Turns it off; also again, where a shell turned it on while we were stopped.
    pub(super) fn hush(&mut self) {
        let Some(found) = modes() else { return };
        if !found.local_modes.contains(LocalModes::ECHO) {
            return;
        }
        let mut silent = found.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        if set(&silent) {
            self.before.get_or_insert(found);
        }
    }

    /// Turns it on again, if it was.
    pub(super) fn restore(&mut self) {
        // From the background nothing may be set, and the shell has its own modes back already.
        if let (Some(before), Some(_)) = (self.before.take(), modes()) {
            set(&before);
        }
    }
}

/// How the terminal is set; `None`: it is none, or another process is in its foreground, and we
/// would be stopped for touching it.
fn modes() -> Option<Termios> {
    let terminal = io::stderr();
    (tcgetpgrp(&terminal) == Ok(getpgrp())).then_some(())?;
    tcgetattr(&terminal).ok()
}

/// At once: waiting until all is shown could last as long as somebody stops the terminal.
fn set(modes: &Termios) -> bool {
    tcsetattr(io::stderr(), OptionalActions::Now, modes).is_ok()
}
