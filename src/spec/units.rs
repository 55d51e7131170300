//! Times, sizes and CPU as people write them: `1h30m`, `512MiB`, `500m`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde_json::{Value as Json, json};

use super::findings::Findings;
use super::problem::Problem;
use super::shape::Shape;
use super::tree::{Node, Value};
use crate::names::Pattern;

/// A time of `MIN` to `MAX` seconds, written `30s`, `10m` or `1h30m`.
#[derive(Clone, Copy)]
pub(super) struct Time<const MIN: u64, const MAX: u64>(pub(super) Duration);

impl<const MIN: u64, const MAX: u64> Shape for Time<MIN, MAX> {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Some(text) = node.word() else {
            let help = match node.value {
                Value::Whole(number) if number >= 0 => format!("say of what: \"{number}s\""),
                _ => "for example \"30s\"".to_owned(),
            };
            findings.wrong_type(
                node,
                "a time such as \"30s\", \"10m\" or \"1h30m\"",
                Some(&help),
            );
            return None;
        };
        if !TIME.holds(text) {
            let message = "this is not a time: write \"30s\", \"10m\" or \"1h30m\"";
            findings.bad_value(node.spot, message);
            return None;
        }
        match duration(text) {
            Some(time) if (MIN..=MAX).contains(&time.as_secs()) => Some(Self(time)),
            _ => {
                let (min, max) = (written(MIN), written(MAX));
                findings.bad_value(node.spot, format!("must be from {min} to {max}"));
                None
            }
        }
    }

    fn schema() -> Json {
        let mut schema = TIME.schema();
        schema["examples"] = json!([written(MIN), written(MAX)]);
        schema
    }
}

/// Numbers with d, h, m and s, from the largest to the smallest.
pub(super) static TIME: Pattern = Pattern::new(concat!(
    "[0-9]+d(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?|[0-9]+h(?:[0-9]+m)?(?:[0-9]+s)?",
    "|[0-9]+m(?:[0-9]+s)?|[0-9]+s",
));

/// Reads a time as the files and the command line have it, such as `90s` or `1h30m`. `None`: it is
/// written otherwise, or longer than any clock counts.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let span: Span = Some(text).filter(|text| TIME.holds(text))?.parse().ok()?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    time.try_into().ok()
}

/// Writes seconds as a person would.
pub(super) fn written(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 && s > 300 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// An amount of memory or disk in MiB, written `512MiB` or `1GiB`.
#[derive(Clone, Copy)]
pub(super) struct Mebibytes(pub(super) u32);

impl Shape for Mebibytes {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Some(text) = node.word() else {
            let help = match node.value {
                Value::Whole(number) if number > 0 => format!("say of what: \"{number}MiB\""),
                _ => "for example \"512MiB\"".to_owned(),
            };
            findings.wrong_type(node, "a size such as \"512MiB\" or \"1GiB\"", Some(&help));
            return None;
        };
        if !SIZE.holds(text) {
            let message = "this is not a size: write \"512MiB\" or \"1GiB\", in whole MiB";
            findings.bad_value(node.spot, message);
            return None;
        }
        let found = mebibytes(text);
        if found.is_none() {
            findings.bad_value(node.spot, "must be a number of whole MiB, and at least 1");
        }
        found.map(Self)
    }

    fn schema() -> Json {
        let mut schema = SIZE.schema();
        schema["examples"] = json!(["512MiB", "1GiB"]);
        schema
    }
}

/// A decimal number of MiB or GiB.
pub(super) static SIZE: Pattern = Pattern::new("[0-9]+(?:\\.[0-9]+)? ?[MG]iB?");

/// The MiB that a size comes to, where they are whole.
fn mebibytes(text: &str) -> Option<u32> {
    let (number, unit) = text.split_at(text.find(['M', 'G'])?);
    let unit = if unit.starts_with('M') { 1 } else { 1024 };
    small(scaled(number.trim(), unit)?)
}

/// A number of MiB or of thousandths that is not absurd.
fn small(number: u64) -> Option<u32> {
    let number = u32::try_from(number).ok()?;
    (number <= i32::MAX.unsigned_abs()).then_some(number)
}

/// A decimal number times a unit, where that is whole, positive and not absurd.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let product = digits.checked_mul(unit)?;
    let found = product / scale;
    (product % scale == 0 && (1..=i64::MAX.unsigned_abs()).contains(&found)).then_some(found)
}

/// An amount of memory or disk to the byte, as Kubernetes counts it: in decimal units as well.
#[derive(Clone, Copy)]
pub(super) struct Bytes(pub(super) u64);

impl Shape for Bytes {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Some(text) = node.word() else {
            let expected = "a size such as \"512MiB\", \"1Gi\" or \"500M\"";
            let help = match node.value {
                Value::Whole(number) if number > 0 => format!("say of what: \"{number}MiB\""),
                _ => "for example \"512MiB\"".to_owned(),
            };
            findings.wrong_type(node, expected, Some(&help));
            return None;
        };
        let found = Some(text).filter(|text| BYTES.holds(text)).and_then(bytes);
        if found.is_none() {
            let message =
                "this is not a size: write \"512MiB\", \"1Gi\" or \"500M\", in whole bytes";
            findings.bad_value(node.spot, message);
        }
        found.map(Self)
    }

    fn schema() -> Json {
        let mut schema = BYTES.schema();
        schema["examples"] = json!(["512MiB", "1GiB", "500M"]);
        schema
    }
}

/// A decimal number of bytes, or of a unit of them.
pub(super) static BYTES: Pattern = Pattern::new("[0-9]+(?:\\.[0-9]+)? ?(?:[KMGT]iB?|[kMGT])?");

/// The bytes that a size comes to, where they are whole and there are some.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit: u64 = match unit.trim().trim_end_matches('B') {
        "" => 1,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    scaled(number, unit)
}

/// An amount of CPU in units of 1/1024 vCPU, written `0.5` or `"500m"`.
#[derive(Clone, Copy)]
pub(super) struct CpuUnits(pub(super) u32);

impl Shape for CpuUnits {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let units = match &node.value {
            Value::Text(_) => node.word().and_then(units),
            Value::Whole(number) => units(&number.to_string()),
            Value::Real(number) => units(&number.to_string()),
            _ => {
                let expected = "a number of vCPU such as 0.5, or \"500m\"";
                findings.wrong_type(node, expected, None);
                return None;
            }
        };
        match units {
            Some(units) if units >= 1024 * TOO_MANY => {
                findings.problem(no_units(units / 1024).at(node.spot));
                None
            }
            Some(units) if units > 0 => Some(Self(units)),
            _ => {
                findings.bad_value(node.spot, NO_CPU);
                None
            }
        }
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": TOO_MANY },
                CPU.schema(),
            ],
            "examples": [0.25, 0.5, 1, 2, 4],
        })
    }
}

/// A decimal number of vCPU, or with an `m` of thousandths.
pub(super) static CPU: Pattern = Pattern::new("[0-9]+(?:\\.[0-9]+)?m?");

const NO_CPU: &str = "this is not an amount of CPU: write 0.5 or \"500m\" for half a vCPU";

/// Thousandths of a CPU as both forms say them.
fn thousandths(node: &Node, findings: &mut Findings) -> Option<u32> {
    let found = match &node.value {
        Value::Text(_) => node.word().and_then(vcpu),
        Value::Whole(number) => vcpu(&number.to_string()),
        Value::Real(number) => vcpu(&number.to_string()),
        _ => {
            let expected = "a number of vCPU such as 0.5, or \"500m\"";
            findings.wrong_type(node, expected, None);
            return None;
        }
    };
    match found {
        None => findings.bad_value(node.spot, NO_CPU),
        Some(found) if found >= 1000 * TOO_MANY => {
            findings.problem(no_units(found / 1000).at(node.spot));
            return None;
        }
        Some(_) => {}
    }
    found
}

/// The thousandths of a vCPU that a text of this form says, where they are whole.
fn vcpu(text: &str) -> Option<u32> {
    let text = Some(text).filter(|text| CPU.holds(text))?;
    let thousandths = match text.strip_suffix('m') {
        Some(number) => scaled(number, 1),
        None => scaled(text, 1000),
    };
    small(thousandths?)
}

/// The units that a text of this form says, rounded to the nearest: 0.1 vCPU is 102.4 of them.
fn units(text: &str) -> Option<u32> {
    let text = Some(text).filter(|text| CPU.holds(text))?;
    let (number, of) = match text.strip_suffix('m') {
        Some(number) => (number, 1000),
        None => (text, 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // More digits than so say less than a unit.
    let fraction = fraction.get(..fraction.len().min(9))?;
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)? * of;
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let units = (digits.checked_mul(1024)?.checked_add(scale / 2)?) / scale;
    u32::try_from(units).ok()
}

/// No machine has so many vCPU for one task, and the units that ECS counts in begin here: 256 of them
/// are a quarter of a vCPU.
const TOO_MANY: u32 = 256;

fn no_units(number: u32) -> Problem {
    let vcpu = f64::from(number) / 1024.0;
    Problem::new(
        "bad-value",
        format!("{number} vCPU are more than a machine has"),
    )
    .label("this counts vCPU, not units of 1/1024")
    .help(format!(
        "{number} units are {vcpu}; {number} thousandths are \"{number}m\""
    ))
}

/// An amount of CPU in thousandths, as Kubernetes counts it, written `0.5` or `"500m"`.
#[derive(Clone, Copy)]
pub(super) struct Millis(pub(super) u32);

impl Shape for Millis {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let millis = thousandths(node, findings)?;
        if millis == 0 {
            findings.bad_value(node.spot, NO_CPU);
        }
        (millis > 0).then_some(Self(millis))
    }

    fn schema() -> Json {
        CpuUnits::schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sums_of_units_from_large_to_small() {
        let seconds = |text| duration(text).map(|time| time.as_secs());
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(seconds("1d1h1m1s"), Some(90_061));
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("0s"), Some(0));
        for bad in [
            "",
            "30",
            "30m1h",
            "1m1m",
            "1.5h",
            "-3s",
            "3 s",
            "99999999999999999999s",
            "ä",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        assert_eq!(
            (written(5400), written(300), written(86_400)),
            ("90m".into(), "300s".into(), "1d".into())
        );
    }

    #[test]
    fn sizes_are_whole_bytes() {
        let size = |text| BYTES.holds(text).then(|| bytes(text)).flatten();
        assert_eq!(size("1GiB"), Some(1 << 30));
        assert_eq!(size("0.5Ki"), Some(512));
        assert_eq!(size("100M"), Some(100_000_000));
        assert_eq!(size("1024"), Some(1024));
        for bad in ["0.3", "0Mi", "1MB", "99999999999999Ti", "", "Mi"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_whole_mebibytes() {
        let size = |text| SIZE.holds(text).then(|| mebibytes(text)).flatten();
        assert_eq!(size("1GiB"), Some(1024));
        assert_eq!(size("0.5Gi"), Some(512));
        assert_eq!(size("512 MiB"), Some(512));
        for bad in [
            "1GB",
            "512M",
            "512",
            "0MiB",
            "0.3MiB",
            "-1GiB",
            "1..5GiB",
            "99999999GiB",
            "GiB",
        ] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }
}
