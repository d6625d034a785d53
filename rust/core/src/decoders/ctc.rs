//! `CTC`: repeated tokens once, padding away, word delimiters as spaces.

use super::clean_up::cleaned_token;

#[derive(Debug)]
pub struct Ctc {
    pub(super) pad_token: String,
    pub(super) word_delimiter_token: String,
    pub(super) cleanup: bool,
}

impl Ctc {
    pub(super) fn decode_chain(&self, tokens: &[String]) -> Vec<String> {
        let mut texts = Vec::with_capacity(tokens.len());
        for (i, token) in tokens.iter().enumerate() {
            if i > 0 && tokens[i - 1] == *token {
                continue;
            }
            let text = self.map(token);
            if !text.is_empty() {
                texts.push(text);
            }
        }
        texts
    }

    pub(super) fn map(&self, token: &str) -> String {
        let text = token.replace(&self.pad_token, "");
        if self.cleanup { cleaned_token(text).replace(&self.word_delimiter_token, " ") } else { text }
    }
}
