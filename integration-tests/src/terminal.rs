//! A terminal of our own that the program draws on, and what it shows. Keys can be typed and the window resized.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::host;
use crate::trial::{Outcome, Stop, fail};

/// The key that interrupts.
pub const CTRL_C: &str = "\u{3}";

/// Gives the program the terminal as its own, so that keys become signals (util-linux).
const SETSID: &str = "setsid";

/// The program on a terminal. Dropped, it is killed.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    controller: File,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
}

/// What a program left on its terminal.
#[derive(Debug)]
pub struct Left {
    /// The exit code; `128 + n` where signal `n` ended it.
    pub exit: i32,
    /// What the screen shows.
    pub screen: String,
    /// Everything that was written, with what a terminal obeys.
    pub written: String,
    /// Whether the cursor is to be seen, at the start of a row with nothing in it.
    pub at_a_free_row: bool,
    /// Whether the terminal shows what is typed.
    pub echoes: bool,
}

struct Shown {
    parser: vt100::Parser,
    written: Vec<u8>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.parser.screen().contents())
    }
}

impl Terminal {
    /// Starts a command on a terminal of so many columns and rows.
    pub fn start(command: &Command, columns: u16, rows: u16) -> Outcome<Self> {
        if !host::has_program(SETSID) {
            return Err(Stop::Skip(format!(
                "no {SETSID} on this machine (util-linux)"
            )));
        }
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        tcsetwinsize(&controller, window(columns, rows))?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let device = open(ptsname(&controller, Vec::new())?, flags, Mode::empty())?;
        let child = on(command, &device)?.spawn()?;
        drop(device);
        let controller = File::from(controller);
        let shown = Arc::new(Mutex::new(Shown {
            parser: vt100::Parser::new(rows, columns, 0),
            written: Vec::new(),
        }));
        let reader = Some(read(controller.try_clone()?, Arc::clone(&shown)));
        Ok(Self {
            child,
            controller,
            shown,
            reader,
        })
    }

    /// What the screen shows now.
    pub fn screen(&self) -> String {
        lock(&self.shown).parser.screen().contents()
    }

    /// Waits until the screen is one that `find` makes something of.
    pub fn until<T>(&self, within: Duration, find: impl Fn(&str) -> Option<T>) -> Outcome<T> {
        host::poll(within, || find(&self.screen())).ok_or_else(|| {
            fail(format_args!(
                "never seen on the screen, which shows\n{}",
                self.screen()
            ))
        })
    }

    /// Types these keys.
    pub fn keys(&mut self, keys: &str) -> Outcome {
        Ok(self.controller.write_all(keys.as_bytes())?)
    }

    /// Makes the window another size.
    pub fn resize(&self, columns: u16, rows: u16) -> Outcome {
        let mut shown = lock(&self.shown);
        shown.parser.screen_mut().set_size(rows, columns);
        Ok(tcsetwinsize(&self.controller, window(columns, rows))?)
    }

    /// Waits for the end.
    pub fn wait(mut self, within: Duration) -> Outcome<Left> {
        let status = host::poll(within, || self.child.try_wait().transpose());
        let Some(status) = status.transpose()? else {
            return Err(fail(format_args!(
                "still running after {within:?}\n{}",
                self.screen()
            )));
        };
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
        let signalled = status.signal().map(|number| 128 + number);
        let modes = tcgetattr(&self.controller)?.local_modes;
        let shown = lock(&self.shown);
        let screen = shown.parser.screen();
        let (row, column) = screen.cursor_position();
        let (_, columns) = screen.size();
        let here = screen.contents_between(row, 0, row, columns);
        Ok(Left {
            exit: status.code().or(signalled).unwrap_or(-1),
            screen: screen.contents(),
            written: String::from_utf8_lossy(&shown.written).into_owned(),
            at_a_free_row: !screen.hide_cursor() && column == 0 && here.trim().is_empty(),
            echoes: modes.contains(LocalModes::ECHO),
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Already gone is what we want.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn window(columns: u16, rows: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// The command as the first process of a session that has the terminal.
fn on(command: &Command, device: &OwnedFd) -> Outcome<Command> {
    let mut started = Command::new(SETSID);
    started
        .arg("--ctty")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::from(device.try_clone()?))
        .stdout(Stdio::from(device.try_clone()?))
        .stderr(Stdio::from(device.try_clone()?));
    if let Some(dir) = command.get_current_dir() {
        started.current_dir(dir);
    }
    Ok(started)
}

/// Reads until the last process has closed the terminal.
fn read(mut controller: File, shown: Arc<Mutex<Shown>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = controller.read(&mut piece) {
            let mut shown = lock(&shown);
            shown.parser.process(&piece[..length]);
            shown.written.extend_from_slice(&piece[..length]);
        }
    })
}

fn lock(shown: &Mutex<Shown>) -> std::sync::MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
