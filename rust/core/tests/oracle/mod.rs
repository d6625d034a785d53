//! Stock beside the engine: the same tokenizer.json in both, every column compared.

use budtiktok::options::{EncodeOptions, Input, Level, Semantics, Sequence};
use budtiktok::{Encoding, Tokenizer};

/// One tokenizer.json, loaded twice.
pub struct Pair {
    pub stock: tokenizers::Tokenizer,
    pub ours: Tokenizer,
}

/// Options at their plainest.
pub fn options(add_special_tokens: bool, level: Level) -> EncodeOptions {
    EncodeOptions {
        add_special_tokens,
        encode_special_tokens: false,
        truncation: None,
        padding: None,
        level,
        fast: false,
    }
}

impl Pair {
    pub fn load(json: &[u8]) -> budtiktok::Result<Self> {
        let ours = Tokenizer::from_json(json, Semantics::default())?;
        let mut stock = tokenizers::Tokenizer::from_bytes(json).expect("stock loads it");
        stock.with_truncation(None).expect("no truncation");
        stock.with_padding(None);
        Ok(Self { stock, ours })
    }

    /// Panics at the first column in which the two differ on this text, at both levels.
    pub fn check(&self, text: &str, add_special_tokens: bool) {
        let stock = self.stock.encode_char_offsets(text, add_special_tokens).expect("stock encodes");
        let mut scratch = self.ours.scratch();
        let input = Input { first: Sequence::Raw(text), second: None };
        for level in [Level::Ids, Level::Full] {
            let ours = self
                .ours
                .encode(&input, &options(add_special_tokens, level), &mut scratch)
                .expect("the engine encodes");
            if let Err(difference) = compare(&stock, &ours) {
                panic!("{difference}\nlevel {level:?}, text {:?}", self.shrink(text, add_special_tokens));
            }
        }
    }

    fn differs(&self, text: &str, add_special_tokens: bool) -> bool {
        let stock = self.stock.encode_char_offsets(text, add_special_tokens).expect("stock encodes");
        let mut scratch = self.ours.scratch();
        let input = Input { first: Sequence::Raw(text), second: None };
        [Level::Ids, Level::Full].into_iter().any(|level| {
            let ours = self.ours.encode(&input, &options(add_special_tokens, level), &mut scratch);
            ours.map_or(true, |ours| compare(&stock, &ours).is_err())
        })
    }

    /// A small text on which the two still differ: characters are cut away by halves.
    fn shrink(&self, text: &str, add_special_tokens: bool) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        let mut step = characters.len().div_ceil(2);
        while step > 0 {
            let mut at = 0;
            while at < characters.len() {
                let mut shorter = characters.clone();
                shorter.drain(at..(at + step).min(characters.len()));
                if self.differs(&shorter.iter().collect::<String>(), add_special_tokens) {
                    characters = shorter;
                } else {
                    at += step;
                }
            }
            step = if step == 1 { 0 } else { step.div_ceil(2) };
        }
        characters.into_iter().collect()
    }
}

fn column<T: PartialEq + std::fmt::Debug>(name: &str, stock: &[T], ours: &[T]) -> Result<(), String> {
    if stock == ours {
        return Ok(());
    }
    let at = stock.iter().zip(ours).take_while(|(a, b)| a == b).count();
    let window = |values: &[T]| format!("{:?}", &values[at.min(values.len())..(at + 4).min(values.len())]);
    Err(format!("{name} differ at {at}: stock {} ours {}", window(stock), window(ours)))
}

/// The first difference between stock's encoding and ours.
pub fn compare(stock: &tokenizers::Encoding, ours: &Encoding) -> Result<(), String> {
    column("ids", stock.get_ids(), &ours.ids)?;
    column("type_ids", stock.get_type_ids(), &ours.type_ids.to_vec())?;
    column("special_tokens_mask", stock.get_special_tokens_mask(), &ours.special_tokens_mask.to_vec())?;
    column("attention_mask", stock.get_attention_mask(), &ours.attention_mask.to_vec())?;
    column("sequence_ids", &stock.get_sequence_ids(), &ours.sequence_ids())?;
    if let Some(detail) = &ours.detail {
        let tokens: Vec<&str> = ours.tokens().expect("detail is there").collect();
        column("tokens", &stock.get_tokens().iter().map(String::as_str).collect::<Vec<_>>(), &tokens)?;
        column("word_ids", stock.get_word_ids(), &detail.words)?;
        column("offsets", stock.get_offsets(), &detail.offsets)?;
    }
    Ok(())
}
