//! `BPEDecoder`: the end-of-word suffix becomes a space, except at the end.

#[derive(Debug)]
pub struct BpeDecoder {
    pub(super) suffix: String,
}

impl BpeDecoder {
    pub(super) fn decode_chain(&self, tokens: &[String]) -> Vec<String> {
        let count = tokens.len();
        let map =
            |(i, token): (usize, &String)| token.replace(&self.suffix, if i + 1 == count { "" } else { " " });
        tokens.iter().enumerate().map(map).collect()
    }
}
