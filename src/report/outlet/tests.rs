//! Readers that stall, leave, are slow, and disks that are full.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

const SOON: Duration = Duration::from_millis(500);

/// A reader that takes a text each time it is allowed to, and keeps what it took.
struct Reader {
    may: Receiver<()>,
    took: Arc<Mutex<Vec<u8>>>,
}

fn reader() -> (Reader, Sender<()>, Arc<Mutex<Vec<u8>>>) {
    let (allow, may) = channel();
    let took = Arc::new(Mutex::new(Vec::new()));
    let reader = Reader {
        may,
        took: Arc::clone(&took),
    };
    (reader, allow, took)
}

impl Write for Reader {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.may.recv().is_err() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.took.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(28))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what comes, and in which order it came among both streams.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl Write for Tape {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_stalls_holds_up_neither_us_nor_the_other_stream() {
    let (stalls, allow, _) = reader();
    let tape = Tape::default();
    let (mut out, mut err) = Outlet::pair(stalls, tape.clone());
    for _ in 0..100_000 {
        out.write_all(b"a line that nobody reads\n").unwrap();
    }
    err.write_all(b"and the story goes on\n").unwrap();
    out.settle(SOON);
    assert_eq!(*tape.0.lock().unwrap(), b"and the story goes on\n");
    assert!(out.is_behind() && !err.is_behind());
    assert_eq!(out.loss(), Some(Loss::Stalled(2_500_000)));
    assert_eq!(err.loss(), None);
    drop(allow);
}

#[test]
fn what_a_reader_is_behind_by_is_bounded_and_what_is_cut_is_counted() {
    let (stalls, _allow, _) = reader();
    let (mut out, _) = Outlet::pair(stalls, Tape::default());
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..80 {
        out.write_all(&piece).unwrap();
    }
    assert!(out.shared.state().lanes[0].waiting <= MOST);
    out.settle(Duration::from_millis(1));
    assert_eq!(out.loss(), Some(Loss::Stalled(80 * 1024 * 1024)));
}

#[test]
fn a_slow_reader_gets_all_of_it() {
    let (slow, allow, took) = reader();
    let (mut out, _) = Outlet::pair(slow, Tape::default());
    out.write_all(&vec![b'x'; 5 * PIECE]).unwrap();
    let reads = std::thread::spawn(move || {
        for _ in 0..5 {
            std::thread::park_timeout(SOON / 3);
            allow.send(()).unwrap();
        }
        allow
    });
    out.settle(SOON);
    assert_eq!(out.loss(), None);
    assert_eq!(took.lock().unwrap().len(), 5 * PIECE);
    reads.join().unwrap();
}

#[test]
fn a_reader_that_leaves_and_a_full_disk_are_told_apart() {
    let (leaves, allow, _) = reader();
    drop(allow);
    let (mut out, mut err) = Outlet::pair(leaves, Full);
    out.write_all(b"text").unwrap();
    err.write_all(b"text").unwrap();
    out.settle(SOON);
    assert_eq!(out.loss(), Some(Loss::Gone));
    let Some(Loss::Failed(why)) = err.loss() else {
        panic!("{:?}", err.loss());
    };
    assert!(why.contains("No space left"), "{why}");
    assert!(out.write_all(b"more").is_err() && err.write_all(b"more").is_err());
}

#[test]
fn both_streams_keep_the_order_in_which_they_were_written_to() {
    let tape = Tape::default();
    let (mut out, mut err) = Outlet::pair(tape.clone(), tape.clone());
    let mut expected = Vec::new();
    for number in 0..500 {
        let text = format!("{number}\n");
        let stream = if number % 3 == 0 { &mut err } else { &mut out };
        stream.write_all(text.as_bytes()).unwrap();
        expected.extend(text.into_bytes());
    }
    out.settle(SOON);
    assert_eq!(*tape.0.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_a_reader_that_stalls_only_so_long() {
    let (stalls, _allow, _) = reader();
    let (mut out, _) = Outlet::pair(stalls, Tape::default());
    out.write_all(b"text").unwrap();
    let clock = Clock::system();
    let began = clock.now();
    out.drain(clock, Duration::from_secs(30)).await;
    assert_eq!(clock.since(began).as_secs(), 30);
    assert_eq!(out.loss(), Some(Loss::Stalled(4)));
    // Nobody waits for it again.
    out.settle(Duration::from_hours(1));
}
