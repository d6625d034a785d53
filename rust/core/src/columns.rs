//! The columns of one sequence while it is encoded.

use std::sync::Arc;

use crate::encoding::{Detail, Encoding, Runs, TokenText};
use crate::models::ModelToken;
use crate::options::{EncodeOptions, Level};
use crate::pieces::Span;
use crate::pre_tokenizers::spaces::Spaces;
use crate::text::NormalizedText;
use crate::vocabulary::Vocabulary;

/// Ids, and at level Full strings, words and offsets.
#[derive(Debug, Default)]
pub struct Columns {
    /// Whether more than ids is kept.
    pub full: bool,
    pub ids: Vec<u32>,
    tokens: Vec<TokenText>,
    words: Vec<Option<u32>>,
    /// Bytes of the text, until the text is done.
    pub offsets: Vec<(usize, usize)>,
}

impl Columns {
    pub fn new(full: bool) -> Self {
        Self { full, ..Self::default() }
    }

    fn token(&mut self, id: u32, string: TokenText, offsets: (usize, usize), word: u32) {
        self.ids.push(id);
        self.tokens.push(string);
        self.words.push(Some(word));
        self.offsets.push(offsets);
    }

    /// A model's tokens; `spaced` says that the text has spaces where stock's has `▁`.
    pub fn model_tokens(
        &mut self,
        gap: &NormalizedText<'_>,
        pieces: &[Span],
        tokens: &[ModelToken],
        word: Option<u32>,
        piece_count: u32,
        spaced: bool,
    ) {
        self.ids.extend(tokens.iter().map(|token| token.id));
        match word {
            Some(_) => self.words.resize(self.words.len() + tokens.len(), word),
            None => self.words.extend(tokens.iter().map(|token| Some(piece_count + token.piece))),
        }
        self.tokens.extend(tokens.iter().map(|token| {
            if token.surface {
                TokenText::Text(as_stock(&gap.get()[token.start as usize..token.end as usize], spaced))
            } else {
                TokenText::Vocabulary(token.id)
            }
        }));
        let shift = gap.shift();
        // Every byte is a character that stands where it stood.
        let bytes = gap.is_identity() && gap.get().is_ascii();
        self.offsets.extend(tokens.iter().map(|token| {
            let piece = pieces[token.piece as usize];
            if bytes && piece.start <= token.start && token.start < token.end && token.end <= piece.end {
                return (shift + token.start as usize, shift + token.end as usize);
            }
            let relative = |at: u32| (at as usize).wrapping_sub(piece.start as usize);
            gap.token_range(piece, relative(token.start), relative(token.end))
        }));
    }

    /// What a part of the text gave that was encoded apart, with words counted from 0.
    pub fn append(&mut self, mut part: Self, word: Option<u32>, piece_count: u32) {
        self.ids.append(&mut part.ids);
        self.tokens.append(&mut part.tokens);
        self.offsets.append(&mut part.offsets);
        match word {
            Some(_) => self.words.append(&mut part.words),
            None => {
                self.words.extend(part.words.iter().map(|word| word.map(|word| piece_count + word)));
            }
        }
    }

    /// An added token found in the text: its string is what it covers, stripped spaces included.
    pub fn added_token(&mut self, id: u32, text: &NormalizedText<'_>, word: u32, spaced: bool) {
        if self.full {
            let offsets = text.original_range(0, text.get().len());
            self.token(id, TokenText::Text(as_stock(text.get(), spaced)), offsets, word);
        } else {
            self.ids.push(id);
        }
    }

    pub fn into_encoding(
        self,
        type_id: u32,
        options: &EncodeOptions,
        vocabulary: &Arc<Vocabulary>,
    ) -> Encoding {
        let len = self.ids.len();
        let detail = match options.level {
            Level::Ids => None,
            Level::Full if options.fast => Some(Detail {
                tokens: vec![TokenText::Text("".into()); len],
                words: vec![None; len],
                offsets: vec![(0, 0); len],
                vocabulary: None,
            }),
            Level::Full => Some(Detail {
                tokens: self.tokens,
                words: self.words,
                offsets: self.offsets,
                vocabulary: Some(Arc::clone(vocabulary)),
            }),
        };
        Encoding {
            ids: self.ids,
            type_ids: Runs::of(type_id, len),
            special_tokens_mask: Runs::of(0, len),
            attention_mask: Runs::of(1, len),
            detail,
            overflowing: Vec::new(),
            sequence_ranges: Vec::new(),
        }
    }
}

/// A part of the text as stock has it.
fn as_stock(text: &str, spaced: bool) -> Arc<str> {
    if spaced { Spaces::restore(text) } else { text.into() }
}
