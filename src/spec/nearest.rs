//! "Did you mean": the nearest right spelling of a word.

/// A word is looked for among so many: whoever has more of them knows their own.
const MOST: usize = 500;

/// How many letters a slip of the fingers may get wrong. With more, a word that looks alike is more
/// often another than the one that was meant.
fn slip(word: &str) -> usize {
    match word.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    }
}

/// The known word nearest to this one, unless none is near.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let (length, allowed) = (lower.chars().count(), slip(&lower));
    // Begun and left in the midst of a word; a whole word may be the beginning of several.
    let begins = |candidate: &str| {
        let rest = candidate.strip_prefix(lower.as_str());
        lower.len() > 3 && rest.is_some_and(|rest| !rest.starts_with(['_', '-']))
    };
    known
        .take(MOST)
        .filter_map(|candidate| {
            // The distance is at least the difference of the lengths: no need to measure it.
            let near = length.abs_diff(candidate.chars().count()) <= allowed;
            let measure = || strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            let distance = near.then(measure).filter(|distance| *distance <= allowed);
            let distance = distance.or_else(|| begins(candidate).then_some(allowed + 1));
            Some((distance?, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The question that a problem ends with.
pub(super) fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|word| format!("did you mean `{word}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_slip_of_the_fingers_explains_is_asked_about() {
        let known = [
            "replicas",
            "port",
            "service_port",
            "service_account",
            "startup",
            "env",
        ];
        let cases = [
            ("replcias", Some("replicas")),
            ("Replica", Some("replicas")),
            ("repl", Some("replicas")),
            ("prot", Some("port")),
            ("service_prot", Some("service_port")),
            ("enf", Some("env")),
            ("service_type", None),
            ("service", None),
            ("start_period", None),
            ("part_of", None),
            ("en", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, known.into_iter()), expected, "{word}");
        }
    }
}
