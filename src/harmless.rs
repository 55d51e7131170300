//! What a terminal would obey, shown as text: the one list of characters that nothing printed may
//! hold as they are.

use std::fmt::Write as _;

/// Control characters, the marks that turn the direction of writing, and characters that nobody
/// sees and machines read.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Adds `c` as it may be shown: `\u{9b}` where it is unsafe.
pub(crate) fn push(shown: &mut String, c: char) {
    if is_unsafe(c) {
        // Writing to a string does not fail.
        let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
    } else {
        shown.push(c);
    }
}

/// `text` on one line: what is unsafe is shown as `\u{…}`, line ends and tabs as spaces.
pub(crate) fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        match c {
            '\t' => shown.push_str("    "),
            '\n' | '\r' => shown.push(' '),
            c => push(&mut shown, c),
        }
    }
    shown
}
