//! `WordPiece`: a space before each token but the first, unless it continues a word.

use super::clean_up::cleaned_token;

#[derive(Debug)]
pub struct WordPiece {
    pub(super) prefix: String,
    pub(super) cleanup: bool,
}

impl WordPiece {
    pub(super) fn map(&self, mut token: String, first: bool) -> String {
        if !first {
            match token.strip_prefix(&self.prefix) {
                Some(rest) => token = rest.to_string(),
                None => token.insert(0, ' '),
            }
        }
        if self.cleanup { cleaned_token(token) } else { token }
    }
}
