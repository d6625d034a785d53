//! `WordPiece`: a space before each token but the first, unless it continues a word.

#[derive(Debug)]
pub struct WordPiece {
    pub(super) prefix: String,
    pub(super) cleanup: bool,
}

/// What clean-up replaces, in this order.
const REPLACEMENTS: [(&str, &str); 11] = [
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" do not", " don't"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
];

/// Spaces before punctuation and some contractions taken out.
pub(super) fn cleanup(text: String) -> String {
    // All patterns start with a space and none can arise before one of them is there.
    let mut spaces = memchr::memchr_iter(b' ', text.as_bytes());
    if !spaces.any(|at| REPLACEMENTS.iter().any(|(pattern, _)| text[at..].starts_with(pattern))) {
        return text;
    }
    REPLACEMENTS.iter().fold(text, |text, (pattern, with)| text.replace(pattern, with))
}

impl WordPiece {
    pub(super) fn map(&self, mut token: String, first: bool) -> String {
        if !first {
            match token.strip_prefix(&self.prefix) {
                Some(rest) => token = rest.to_string(),
                None => token.insert(0, ' '),
            }
        }
        if self.cleanup { cleanup(token) } else { token }
    }
}
