//! What holds for every text that somebody else chose: a log line, an exit reason, a name.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::{stories, telling, told};
use crate::harmless::is_unsafe;
use crate::report::{Format, Style, ci};

/// Pieces of text that a hostile log line would be made of.
fn hostile_text() -> impl Strategy<Value = String> {
    let pieces = [
        "\u{1b}[2J",
        "\u{1b}]0;title\u{7}",
        "\u{9b}31m",
        "\u{1b}",
        "\r\n",
        "\n::error::",
        "\t",
        "\u{7f}",
        "\u{202e}",
        "word",
        "日本",
        " ",
        "\u{0}",
        "\u{1b}P",
        "\u{2028}",
    ];
    let piece = prop_oneof![
        prop::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_controls_the_terminal(text in hostile_text(), width in prop::option::of(20_usize..100)) {
        let events = stories::hostile(&text);
        let style = Style { color: false, width };
        for format in [Format::Human(telling()), Format::Json] {
            let (out, err) = told(format, style, &events);
            let unsafe_char = (out + &err).chars().find(|c| is_unsafe(*c) && *c != '\n');
            prop_assert_eq!(unsafe_char, None);
        }
    }

    #[test]
    fn color_adds_nothing_but_color(text in hostile_text()) {
        let events = stories::hostile(&text);
        let style = |color| Style { color, width: Some(60) };
        let colored = told(Format::Human(telling()), style(true), &events).1;
        let plain = told(Format::Human(telling()), style(false), &events).1;
        prop_assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
    }

    #[test]
    fn no_row_is_wider_than_the_screen(text in hostile_text(), width in 30_usize..100) {
        let events = stories::hostile(&text);
        let style = Style { color: false, width: Some(width) };
        let told = told(Format::Human(telling()), style, &events).1;
        for row in told.lines() {
            prop_assert!(row.width() <= width, "{row:?}");
        }
    }

    #[test]
    fn github_takes_no_command_from_a_text(text in hostile_text()) {
        for event in stories::hostile(&text) {
            if let Some(annotation) = ci::annotation(&event) {
                let begins = ["::error title=", "::error file="];
                prop_assert!(begins.iter().any(|begin| annotation.starts_with(begin)));
                prop_assert_eq!(annotation.lines().count(), 1);
            }
        }
    }
}
