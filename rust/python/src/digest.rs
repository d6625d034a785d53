//! A model's content as 128 bits, whatever file or object it came from: its fields, its tokens by
//! id, its merges by rank. Linear in the model.

use budtiktok::config::ModelConfig;
use budtiktok::vocabulary::Vocabulary;
use twox_hash::XxHash3_128;

/// `None` for a vocabulary in which two strings share an id: not all of it is seen by id.
pub fn of_model(model: &ModelConfig) -> Option<u128> {
    let mut digest = Digest::default();
    match model {
        ModelConfig::Bpe(bpe) => {
            digest.fields(&(
                "BPE",
                bpe.dropout,
                &bpe.unk_token,
                &bpe.continuing_subword_prefix,
                &bpe.end_of_word_suffix,
                (bpe.fuse_unk, bpe.byte_fallback, bpe.ignore_merges),
            ));
            digest.vocabulary(&bpe.vocab)?;
            for (left, right) in bpe.merges.iter() {
                digest.text(left);
                digest.text(right);
            }
        }
        ModelConfig::WordPiece(model) => {
            let (prefix, longest) = (&model.continuing_subword_prefix, model.max_input_chars_per_word);
            digest.fields(&("WordPiece", &model.unk_token, prefix, longest));
            digest.vocabulary(&model.vocab)?;
        }
        ModelConfig::WordLevel(model) => {
            digest.fields(&("WordLevel", &model.unk_token));
            digest.vocabulary(&model.vocab)?;
        }
        ModelConfig::Unigram(model) => {
            digest.fields(&("Unigram", model.unk_id, model.byte_fallback));
            for (piece, score) in &model.pieces {
                digest.text(piece);
                digest.bytes(&score.to_bits().to_le_bytes());
            }
        }
    }
    Some(digest.finish())
}

/// Collects small writes, which the hash would be slow with.
#[derive(Default)]
struct Digest {
    hasher: XxHash3_128,
    waiting: Vec<u8>,
}

const ENOUGH: usize = 1 << 15;

impl Digest {
    fn bytes(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= ENOUGH {
            self.hasher.write(&self.waiting);
            self.waiting.clear();
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(&(text.len() as u32).to_le_bytes());
        self.bytes(text.as_bytes());
    }

    fn fields(&mut self, fields: &dyn std::fmt::Debug) {
        self.text(&format!("{fields:?}"));
    }

    fn vocabulary(&mut self, vocabulary: &Vocabulary) -> Option<()> {
        if vocabulary.shares_ids() {
            return None;
        }
        self.bytes(&(vocabulary.len() as u64).to_le_bytes());
        for (id, token) in vocabulary.iter() {
            self.bytes(&id.to_le_bytes());
            self.text(token);
        }
        Some(())
    }

    fn finish(mut self) -> u128 {
        self.hasher.write(&self.waiting);
        self.hasher.finish_128()
    }
}

#[cfg(test)]
mod tests {
    use budtiktok::config::TokenizerConfig;

    use super::*;

    fn digest(json: &str) -> Option<u128> {
        of_model(&TokenizerConfig::from_json(json.as_bytes()).unwrap().model)
    }

    #[test]
    fn a_model_is_known_however_it_is_written() {
        let model = r#""vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]"#;
        let one = digest(&format!(r#"{{"model":{{"type":"BPE",{model}}}}}"#));
        assert!(one.is_some());
        let other = r#"{ "version": "1.0", "model": {"merges": [["a", "b"]], "unk_token": null,
            "vocab": {"ab": 2, "\u0061": 0, "b": 1}, "type": "BPE"}, "truncation": null }"#;
        assert_eq!(digest(other), one);
        for (from, to) in [("ab\":2", "ab\":3"), ("\"b\":1", "\"c\":1"), ("[\"a b\"]", "[]")] {
            let changed = format!(r#"{{"model":{{"type":"BPE",{}}}}}"#, model.replace(from, to));
            assert_ne!(digest(&changed), one, "{changed}");
        }
        let flag = format!(r#"{{"model":{{"type":"BPE","fuse_unk":true,{model}}}}}"#);
        assert_ne!(digest(&flag), one);
        let word_level = r#"{"model":{"type":"WordLevel","unk_token":"a","vocab":{"a":0}}}"#;
        let word_piece = r#"{"model":{"type":"WordPiece","unk_token":"a","vocab":{"a":0},
            "continuing_subword_prefix":"","max_input_chars_per_word":1}}"#;
        assert_ne!(digest(word_level), digest(word_piece));
    }

    #[test]
    fn scores_count_to_their_last_bit() {
        let unigram = |score: &str| {
            digest(&format!(r#"{{"model":{{"type":"Unigram","unk_id":0,"vocab":[["a",{score}]]}}}}"#))
        };
        assert_eq!(unigram("-1.0"), unigram("-1"));
        assert_ne!(unigram("-1.5"), unigram("-1.5000000000000002"));
    }

    #[test]
    fn shared_ids_have_no_digest() {
        let shared = r#"{"model":{"type":"WordLevel","unk_token":"a","vocab":{"a":0,"b":0}}}"#;
        assert_eq!(digest(shared), None);
    }
}
