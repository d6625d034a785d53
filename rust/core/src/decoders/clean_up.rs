//! Spaces before punctuation and some contractions taken out, as WordPiece's decoder does it to each
//! token and transformers' `clean_up_tokenization` to a whole text.

use std::borrow::Cow;

/// What is replaced, in this order.
const REPLACEMENTS: [(&str, &str); 11] = [
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (ONLY_WORD_PIECE, " don't"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
];

/// What transformers leaves as it is.
const ONLY_WORD_PIECE: &str = " do not";

/// Whose rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    WordPiece,
    Transformers,
}

/// The cleaned text. O(bytes); most texts hold none of the patterns and are only looked at.
pub fn cleaned(text: &str, rules: Rules) -> Cow<'_, str> {
    let of_rules = || {
        let all = REPLACEMENTS.iter();
        all.filter(|(pattern, _)| rules == Rules::WordPiece || *pattern != ONLY_WORD_PIECE)
    };
    // Without a pattern in the text none can arise.
    let found = may_hold_a_pattern(text.as_bytes())
        && memchr::memchr_iter(b' ', text.as_bytes())
            .any(|at| of_rules().any(|(pattern, _)| text[at..].starts_with(pattern)));
    if !found {
        return Cow::Borrowed(text);
    }
    of_rules().fold(Cow::Borrowed(text), |text, (pattern, with)| {
        if text.contains(pattern) { Cow::Owned(text.replace(pattern, with)) } else { text }
    })
}

/// A token cleaned by WordPiece's rules.
pub(super) fn cleaned_token(token: String) -> String {
    match cleaned(&token, Rules::WordPiece) {
        Cow::Owned(cleaned) => cleaned,
        Cow::Borrowed(_) => token,
    }
}

/// Each pattern begins with a space and one of a few characters.
fn may_hold_a_pattern(text: &[u8]) -> bool {
    // No early end: the compiler makes vectors of this.
    let pairs = text.iter().zip(text.get(1..).unwrap_or_default());
    pairs.fold(false, |found, (&first, &second)| {
        found | ((first == b' ') & matches!(second, b'.' | b'?' | b'!' | b',' | b'\'' | b'n' | b'd'))
    })
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
            assert_eq!(cleaned(text, Rules::Transformers), expected, "{text:?}");
            assert_eq!(cleaned(text, Rules::WordPiece), expected, "{text:?}");
        }
        assert_eq!(cleaned("I do not", Rules::Transformers), "I do not");
        assert_eq!(cleaned("I do not", Rules::WordPiece), "I don't");
    }
}
