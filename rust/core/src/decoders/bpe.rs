//! `BPEDecoder`: the end-of-word suffix becomes a space, except at the end.

#[derive(Debug)]
pub struct BpeDecoder {
    pub(super) suffix: String,
}

impl BpeDecoder {
    pub(super) fn decode_chain(&self, tokens: &[String]) -> Vec<String> {
        let count = tokens.len();
        tokens.iter().enumerate().map(|(i, token)| self.map(token, i + 1 == count)).collect()
    }

    pub(super) fn map(&self, token: &str, last: bool) -> String {
        token.replace(&self.suffix, if last { "" } else { " " })
    }
}
