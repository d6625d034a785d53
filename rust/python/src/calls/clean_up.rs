//! transformers' `clean_up_tokenization`.

use std::borrow::Cow;

/// What it replaces, in this order.
const REPLACEMENTS: [(&str, &str); 10] = [
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
];

/// A text with the spaces before punctuation and contractions taken out.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if may_hold_a_pattern(text.as_bytes()) {
        for (pattern, with) in REPLACEMENTS {
            if text.contains(pattern) {
                text = Cow::Owned(text.replace(pattern, with));
            }
        }
    }
    text
}

/// Each pattern begins with a space and one of a few characters: most texts have neither. Without a
/// pattern in the text none can arise.
fn may_hold_a_pattern(text: &[u8]) -> bool {
    // No early end: the compiler makes vectors of this.
    let pairs = text.iter().zip(text.get(1..).unwrap_or_default());
    let found = pairs.fold(false, |found, (&first, &second)| {
        found | ((first == b' ') & matches!(second, b'.' | b'?' | b'!' | b',' | b'\'' | b'n'))
    });
    // Many words begin with an n.
    found
        && text
            .windows(3)
            .any(|three| three[0] == b' ' && (b".?!,'".contains(&three[1]) || &three[1..] == b"n'"))
        || text.ends_with(b" .")
        || text.ends_with(b" ?")
        || text.ends_with(b" !")
        || text.ends_with(b" ,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_one_after_the_other() {
        for (text, expected) in [
            ("", ""),
            ("as it is", "as it is"),
            ("now what", "now what"),
            ("so , what ? That 's it . Is n't it !", "so, what? That's it. Isn't it!"),
            ("I 'm , they 're , we 've", "I'm, they're, we've"),
            ("a ' b", "a'b"),
            // An earlier replacement makes a later pattern, or takes it away.
            ("x  . 's", "x .'s"),
            (" '  's", "''s"),
            ("a '  ' b", "a''b"),
            ("do not", "do not"),
            (" .é ,", ".é,"),
            (" ,", ","),
            ("no news ?", "no news?"),
            ("x 'm", "x'm"),
        ] {
            assert_eq!(cleaned(text), expected, "{text:?}");
        }
    }
}
