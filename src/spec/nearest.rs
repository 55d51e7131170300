//! "Did you mean": the nearest right spelling of a word.

/// A word is looked for among so many: whoever has more of them knows their own.
const MOST: usize = 500;

/// The known word nearest to this one, unless none is near.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    known
        .take(MOST)
        .filter(|candidate| {
            // The distance is at least the difference of the lengths: no need to measure it.
            let allowed = candidate.chars().count().max(3) / 3;
            length.abs_diff(candidate.chars().count()) <= allowed
                || (lower.len() > 3 && candidate.starts_with(lower.as_str()))
        })
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            let allowed = candidate.chars().count().max(3) / 3;
            *distance <= allowed || (lower.len() > 3 && candidate.starts_with(lower.as_str()))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The question that a problem ends with.
pub(super) fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|word| format!("did you mean `{word}`?"))
}
