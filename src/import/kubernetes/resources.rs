//! The words of the files for what containers reserve, and what they may use at most.

use serde_json::{Map, Value};

use super::family::{CONTAINERS, Family, items};
use crate::import::write::{Word, Words, mebibytes, say};
use crate::platform::kubernetes::fields::quantity;

/// Where nothing is said, a pod has so much: thousandths of a CPU, and MiB.
const CPU: u64 = 250;
const MEMORY: u64 = 512;

/// The bytes of a MiB.
pub(super) const MIB: u64 = 1 << 20;

/// A quantity, which may be written as a number.
fn spelled(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Thousandths of a CPU.
fn millis(value: &Value) -> Option<u64> {
    quantity::whole(&spelled(value), quantity::THOUSANDTH)
}

pub(super) fn bytes(value: &Value) -> Option<u64> {
    quantity::whole(&spelled(value), quantity::ONE)
}

fn bytes_word(size: u64) -> Word {
    if size.is_multiple_of(MIB) {
        return mebibytes(size / MIB);
    }
    for (unit, name) in [(1_000_000, "M"), (1 << 10, "Ki"), (1000, "k")] {
        if size.is_multiple_of(unit) {
            return Word::text(format!("{}{name}", size / unit));
        }
    }
    Word::text(size.to_string())
}

pub(super) fn cpu_word(thousandths: u64) -> Word {
    Word::text(format!("{thousandths}m"))
}

/// What a container has of one kind: reserved, or at most.
#[derive(Default)]
struct Amounts {
    cpu: Option<u64>,
    memory: Option<u64>,
    /// What else there is, in words.
    more: Words,
}

impl Amounts {
    fn of(container: &Value, part: &str) -> Self {
        let all = container.pointer(&format!("/resources/{part}"));
        let none = Map::new();
        let all = all.and_then(Value::as_object).unwrap_or(&none);
        let mut more = Words::new();
        let disk = all.get("ephemeral-storage").and_then(bytes);
        say(&mut more, "ephemeral_storage", disk.map(bytes_word));
        let gpu = all.get("nvidia.com/gpu").and_then(count);
        say(&mut more, "gpu", gpu.map(Word::plain));
        let known = ["cpu", "memory", "ephemeral-storage", "nvidia.com/gpu"];
        let others = all
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()));
        let others: Words = others
            .filter_map(|(name, value)| Some((name.clone(), Word::plain(count(value)?))))
            .collect();
        let others = (!others.is_empty()).then_some(Word::Table(others));
        say(&mut more, "extended", others);
        Self {
            cpu: all.get("cpu").and_then(millis),
            memory: all.get("memory").and_then(bytes),
            more,
        }
    }
}

fn count(value: &Value) -> Option<u64> {
    spelled(value).parse().ok()
}

/// What is said of an amount: what is there, unless it follows; that there is none, where one would follow.
fn said(is: Option<u64>, usual: Option<u64>, word: fn(u64) -> Word) -> Option<Word> {
    match (is, usual) {
        (is, usual) if is == usual => None,
        (Some(is), _) => Some(word(is)),
        (None, _) => Some(Word::plain(false)),
    }
}

/// `requests` and `limits` of a container that has so much where nothing is said.
fn tables(container: &Value, cpu: Option<u64>, memory: Option<u64>, words: &mut Words) {
    let (requests, limits) = (
        Amounts::of(container, "requests"),
        Amounts::of(container, "limits"),
    );
    let below = |usual: Option<u64>, limit: Option<u64>| match (usual, limit) {
        (Some(usual), Some(limit)) => Some(usual.min(limit)),
        (usual, limit) => usual.or(limit),
    };
    // A limit that follows is not written, and nothing follows from it.
    let top = memory.max(requests.memory);
    let written = limits.memory.filter(|limit| Some(*limit) != top);
    let mut reserved = Words::new();
    let follows = below(cpu, limits.cpu);
    say(&mut reserved, "cpu", said(requests.cpu, follows, cpu_word));
    let follows = below(memory, written);
    say(
        &mut reserved,
        "memory",
        said(requests.memory, follows, bytes_word),
    );
    let mut most = Words::new();
    say(&mut most, "cpu", limits.cpu.map(cpu_word));
    say(&mut most, "memory", said(limits.memory, top, bytes_word));
    reserved.extend(requests.more);
    most.extend(limits.more);
    for (key, table) in [("requests", reserved), ("limits", most)] {
        let off = |name: &str| table.contains(&(name.to_owned(), Word::plain(false)));
        let none = match key {
            "requests" => off("cpu") && off("memory") && table.len() == 2,
            _ => off("memory") && table.len() == 1,
        };
        let word = if none {
            Word::plain(false)
        } else {
            Word::Table(table.clone())
        };
        say(words, key, (!table.is_empty()).then_some(word));
    }
}

/// What a pod has in all: thousandths of a CPU, and MiB.
pub(super) fn size(family: &Family) -> (u64, u64) {
    let main = family.main();
    let (requests, limits) = (Amounts::of(main, "requests"), Amounts::of(main, "limits"));
    let cpu = requests.cpu.or(limits.cpu).unwrap_or(CPU);
    let memory = limits.memory.or(requests.memory);
    let memory = memory.map_or(MEMORY, |size| size.div_ceil(MIB));
    let sidecars = sidecars(family).filter_map(plain);
    let (cpus, sizes): (Vec<u64>, Vec<u64>) = sidecars
        .map(|(cpu, memory)| (cpu.unwrap_or(0), memory.unwrap_or(0)))
        .unzip();
    (
        cpu + cpus.iter().sum::<u64>(),
        memory + sizes.iter().sum::<u64>(),
    )
}

fn sidecars(family: &Family) -> impl Iterator<Item = &Value> {
    items(&family.deployment, CONTAINERS).filter(|one| !family.is_main(one))
}

/// What differs from what follows from the size of the pod.
pub(super) fn main(family: &Family, words: &mut Words) {
    let (cpu, memory) = size(family);
    let left = |all: u64, taken: u64| Some(all.saturating_sub(taken)).filter(|left| *left > 0);
    let taken = sidecars(family).filter_map(plain);
    let taken = taken.fold((0, 0), |(cpu, memory), (one, other)| {
        (cpu + one.unwrap_or(0), memory + other.unwrap_or(0))
    });
    let (cpu, memory) = (left(cpu, taken.0), left(memory, taken.1));
    tables(family.main(), cpu, memory.map(|size| size * MIB), words);
}

/// What `cpu` and `memory` of a sidecar say whole: the CPU that is reserved, and one size in MiB for both.
fn plain(sidecar: &Value) -> Option<(Option<u64>, Option<u64>)> {
    let (requests, limits) = (
        Amounts::of(sidecar, "requests"),
        Amounts::of(sidecar, "limits"),
    );
    let more = !requests.more.is_empty() || !limits.more.is_empty() || limits.cpu.is_some();
    let whole = requests.memory.is_none_or(|size| size.is_multiple_of(MIB));
    let same = requests.memory == limits.memory;
    (!more && whole && same).then(|| (requests.cpu, requests.memory.map(|size| size / MIB)))
}

/// `cpu` and `memory` of a sidecar; or `requests` and `limits` in its own table.
pub(super) fn sidecar(sidecar: &Value, words: &mut Words, own: &mut Words) {
    match plain(sidecar) {
        Some((cpu, memory)) => {
            say(words, "cpu", cpu.map(cpu_word));
            say(words, "memory", memory.map(mebibytes));
        }
        None => tables(sidecar, None, None, own),
    }
}
