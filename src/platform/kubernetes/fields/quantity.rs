//! Quantities: `0.5` and `500m`, `1Gi` and `1024Mi` are the same (Kubernetes API reference,
//! `Quantity`). Pure.

use super::{Path, Step};

/// Fields whose value is a quantity.
const QUANTITIES: [&str; 3] = ["averageValue", "sizeLimit", "divisor"];

/// Maps whose values are quantities.
const OF_QUANTITIES: [&str; 2] = ["requests", "limits"];

/// A part of 10^9 is the smallest that a quantity can tell: so many of them are one.
pub(crate) const ONE: i128 = 1_000_000_000;

/// So many are a thousandth.
pub(crate) const THOUSANDTH: i128 = 1_000_000;

/// Whether the value there is a quantity.
pub(crate) fn is_at(path: &Path) -> bool {
    match path.steps() {
        [.., Step::Field(map), Step::Field(_)] if OF_QUANTITIES.contains(&map.as_str()) => true,
        [.., Step::Field(last)] => QUANTITIES.contains(&last.as_str()),
        _ => false,
    }
}

/// The shortest spelling of its kind: whole numbers with a binary or no suffix, else in thousandths
/// or less; `None`: it is no quantity.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let nanos = nanos(text.trim())?;
    for (suffix, factor) in [("", ONE), ("m", THOUSANDTH), ("u", 1_000), ("n", 1)] {
        if nanos % factor == 0 {
            return Some(binary(nanos / factor, suffix));
        }
    }
    None
}

fn binary(whole: i128, suffix: &str) -> String {
    if suffix.is_empty() && whole != 0 {
        for (power, binary) in [
            (6, "Ei"),
            (5, "Pi"),
            (4, "Ti"),
            (3, "Gi"),
            (2, "Mi"),
            (1, "Ki"),
        ] {
            let unit = 1024_i128.pow(power);
            if whole % unit == 0 {
                return format!("{}{binary}", whole / unit);
            }
        }
    }
    format!("{whole}{suffix}")
}

/// How many units of so many parts a text says, where they are whole and there are some.
pub(crate) fn whole(text: &str, unit: i128) -> Option<u64> {
    let nanos = nanos(text)?;
    let whole = (nanos > 0 && nanos % unit == 0).then_some(nanos / unit)?;
    u64::try_from(whole).ok()
}

/// In parts of 10^9, rounded up as the API server does.
fn nanos(text: &str) -> Option<i128> {
    let end = text
        .find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (number, negative) = match number.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (number.strip_prefix('+').unwrap_or(number), false),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let places = u32::try_from(fraction.len()).ok()?;
    let (up, down) = factor(suffix)?;
    let above = digits.checked_mul(ONE)?.checked_mul(up)?;
    let below = 10_i128.checked_pow(places)?.checked_mul(down)?;
    let nanos = (above + below - 1) / below;
    Some(if negative { -nanos } else { nanos })
}

/// What a suffix multiplies and divides by.
fn factor(suffix: &str) -> Option<(i128, i128)> {
    let decimal = |power: i32| {
        let factor = 10_i128.checked_pow(power.unsigned_abs())?;
        Some(if power < 0 { (1, factor) } else { (factor, 1) })
    };
    match suffix {
        "" => Some((1, 1)),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => Some((1 << 10, 1)),
        "Mi" => Some((1 << 20, 1)),
        "Gi" => Some((1 << 30, 1)),
        "Ti" => Some((1 << 40, 1)),
        "Pi" => Some((1 << 50, 1)),
        "Ei" => Some((1 << 60, 1)),
        _ => decimal(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_spellings_of_one_quantity_are_one() {
        for (one, other) in [
            ("0.5", "500m"),
            ("0.25", "250m"),
            ("1Gi", "1024Mi"),
            ("0.25Gi", "256Mi"),
            ("1", "1000m"),
            ("2k", "2000"),
            ("1e3", "1k"),
            ("1E3", "1k"),
            ("1.5", "1500m"),
            ("-0.5", "-500m"),
            ("128974848", "123Mi"),
            ("0", "0Mi"),
        ] {
            assert_eq!(canonical(one), canonical(other), "{one} {other}");
            assert!(canonical(one).is_some(), "{one}");
        }
    }

    #[test]
    fn different_quantities_stay_different() {
        for (one, other) in [("1M", "1Mi"), ("1m", "1"), ("1G", "1Gi"), ("100m", "10m")] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_none() {
        for text in ["", "Gi", "1Xi", "one", "1 Gi", ".", "1e"] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }

    #[test]
    fn people_recognise_the_spelling() {
        for (text, shown) in [
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("512Mi", "512Mi"),
            ("2", "2"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(shown));
        }
    }

    proptest! {
        #[test]
        fn the_canonical_spelling_is_its_own(number in 0_u64..1_000_000_000, suffix in "(|m|u|k|Ki|Mi|Gi)") {
            let once = canonical(&format!("{number}{suffix}")).unwrap();
            prop_assert_eq!(canonical(&once), Some(once.clone()));
        }
    }
}
