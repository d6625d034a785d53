//! Special tokens put around an encoding in place, without building encodings for them.

use std::sync::Arc;

use super::{Detail, Encoding, Runs, TokenText};

/// Consecutive special tokens, made once.
#[derive(Debug, Clone, Default)]
pub struct Specials {
    ids: Vec<u32>,
    type_ids: Runs,
    tokens: Vec<TokenText>,
}

impl Specials {
    /// One special token.
    pub fn of(token: &str, id: u32, type_id: u32) -> Self {
        let mut specials = Self::default();
        specials.push(token, id, type_id);
        specials
    }

    pub fn push(&mut self, token: &str, id: u32, type_id: u32) {
        self.ids.push(id);
        self.type_ids.push(type_id, 1);
        self.tokens.push(TokenText::Text(Arc::from(token)));
    }

    pub fn extend(&mut self, other: &Self) {
        self.ids.extend_from_slice(&other.ids);
        self.type_ids.extend(&other.type_ids);
        self.tokens.extend_from_slice(&other.tokens);
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

fn columns(specials: Option<&Specials>) -> (&[u32], &[TokenText]) {
    specials.map_or((&[], &[]), |specials| (&specials.ids, &specials.tokens))
}

impl Encoding {
    /// An encoding of special tokens alone.
    pub fn from_specials(specials: &Specials, with_detail: bool) -> Self {
        let mut encoding = Self { detail: with_detail.then(Detail::default), ..Self::default() };
        encoding.wrap(None, Some(specials));
        encoding
    }

    /// Puts special tokens in front and behind, of every overflowing part too: what merging with
    /// encodings of these tokens gives, as those have no overflow of their own.
    ///
    /// Moves each column at most once.
    pub fn wrap(&mut self, front: Option<&Specials>, back: Option<&Specials>) {
        for part in &mut self.overflowing {
            part.wrap(front, back);
        }
        self.wrap_this(front, back);
    }

    /// The same, for this encoding alone.
    pub(crate) fn wrap_this(&mut self, front: Option<&Specials>, back: Option<&Specials>) {
        let (front_len, back_len) = (front.map_or(0, Specials::len), back.map_or(0, Specials::len));
        let ((front_ids, front_tokens), (back_ids, back_tokens)) = (columns(front), columns(back));
        enclose(&mut self.ids, front_ids, back_ids);
        if let Some(detail) = &mut self.detail {
            enclose_tokens(&mut detail.tokens, front_tokens, back_tokens);
            surround(&mut detail.words, front_len, back_len, None);
            surround(&mut detail.offsets, front_len, back_len, (0, 0));
        }
        if let Some(front) = front {
            self.type_ids.prepend(&front.type_ids);
            self.special_tokens_mask.push_front(1, front_len);
            self.attention_mask.push_front(1, front_len);
            for (_, range) in &mut self.sequence_ranges {
                *range = range.start + front_len..range.end + front_len;
            }
        }
        if let Some(back) = back {
            self.type_ids.extend(&back.type_ids);
            self.special_tokens_mask.push(1, back_len);
            self.attention_mask.push(1, back_len);
        }
    }
}

/// Puts slices in front of a column and behind it: one growth, one move.
fn enclose<T: Copy + Default>(column: &mut Vec<T>, front: &[T], back: &[T]) {
    let len = column.len();
    column.resize(front.len() + len + back.len(), T::default());
    column.copy_within(..len, front.len());
    column[..front.len()].copy_from_slice(front);
    column[front.len() + len..].copy_from_slice(back);
}

fn enclose_tokens(column: &mut Vec<TokenText>, front: &[TokenText], back: &[TokenText]) {
    column.reserve(front.len() + back.len());
    column.splice(0..0, front.iter().cloned());
    column.extend_from_slice(back);
}

/// Puts copies of a value in front of a column and behind it.
fn surround<T: Copy>(column: &mut Vec<T>, front: usize, back: usize, value: T) {
    let len = column.len();
    column.resize(front + len + back, value);
    column.copy_within(..len, front);
    column[..front].fill(value);
    column[front + len..].fill(value);
}
