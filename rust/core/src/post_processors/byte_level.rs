//! `ByteLevel` as a post-processor: offsets without the white space at a token's ends.

use std::sync::{Arc, OnceLock};

use crate::encoding::{Detail, Encoding, TokenText};
use crate::vocabulary::Vocabulary;

#[derive(Debug)]
pub struct ByteLevel {
    trim: Option<TrimOffsets>,
}

impl ByteLevel {
    pub(super) fn new(trim_offsets: bool, add_prefix_space: bool) -> Self {
        Self { trim: trim_offsets.then(|| TrimOffsets::new(add_prefix_space)) }
    }

    pub(super) fn apply(&self, encodings: &mut [Encoding]) {
        for (id, encoding) in encodings.iter_mut().enumerate() {
            if let Some(trim) = &self.trim {
                trim.apply(encoding);
            }
            encoding.set_sequence_id(id);
        }
    }
}

/// White space as stock counts it here: Unicode's, and the byte-level alphabet's space.
fn is_space(c: char) -> bool {
    c == 'Ġ' || c.is_whitespace()
}

/// Characters of white space at the start and at the end of a token (a token of nothing else
/// counts for both).
fn spaces(token: &str) -> (usize, usize) {
    let (Some(&first), Some(&last)) = (token.as_bytes().first(), token.as_bytes().last()) else {
        return (0, 0);
    };
    if first.is_ascii_graphic() && last.is_ascii_graphic() {
        return (0, 0);
    }
    (
        token.chars().take_while(|&c| is_space(c)).count(),
        token.chars().rev().take_while(|&c| is_space(c)).count(),
    )
}

/// From this many tokens on the table pays.
const TABLE_FROM: usize = 256;
/// In the table: too many to write down.
const MANY: u8 = u8::MAX;

/// Trims offsets by what the tokens' strings begin and end with.
///
/// Idea: the answer depends on the token alone, so it is kept for each id of the vocabulary, one
/// byte an id, made on the first long text. Complexity: O(1) a token, then.
#[derive(Debug)]
pub(super) struct TrimOffsets {
    add_prefix_space: bool,
    /// By id: leading spaces in the low four bits, trailing ones in the high four, or `MANY`.
    table: OnceLock<(Arc<Vocabulary>, Box<[u8]>)>,
}

impl TrimOffsets {
    pub(super) fn new(add_prefix_space: bool) -> Self {
        Self { add_prefix_space, table: OnceLock::new() }
    }

    /// Trims the encoding's offsets and those of its overflowing parts (not of theirs).
    pub(super) fn apply(&self, encoding: &mut Encoding) {
        self.apply_one(encoding);
        for part in &mut encoding.overflowing {
            self.apply_one(part);
        }
    }

    fn table(&self, detail: &Detail) -> Option<&[u8]> {
        let vocabulary = detail.vocabulary.as_ref()?;
        let made = match self.table.get() {
            Some(made) => made,
            None if detail.tokens.len() < TABLE_FROM => return None,
            None => {
                let mut table = vec![MANY; vocabulary.id_bound()];
                for (id, token) in vocabulary.iter() {
                    let (leading, trailing) = spaces(token);
                    if leading < 15 && trailing < 15 {
                        table[id as usize] = (leading | trailing << 4) as u8;
                    }
                }
                // Built before, not inside: a child forked meanwhile would wait for ever.
                let made = (Arc::clone(vocabulary), table.into_boxed_slice());
                self.table.get_or_init(|| made)
            }
        };
        Arc::ptr_eq(vocabulary, &made.0).then_some(&made.1)
    }

    fn apply_one(&self, encoding: &mut Encoding) {
        let Some(detail) = &mut encoding.detail else { return };
        let table = self.table(detail).unwrap_or_default();
        let mut offsets = std::mem::take(&mut detail.offsets);
        for (i, (token, offsets)) in detail.tokens.iter().zip(&mut offsets).enumerate() {
            let known = match token {
                TokenText::Vocabulary(id) => table.get(*id as usize).copied().unwrap_or(MANY),
                TokenText::Text(_) => MANY,
            };
            let (leading, trailing) = match known {
                0 => continue,
                MANY => spaces(detail.text(token)),
                _ => (usize::from(known & 15), usize::from(known >> 4)),
            };
            self.trim(i, leading, trailing, offsets);
        }
        detail.offsets = offsets;
    }

    fn trim(&self, i: usize, leading: usize, trailing: usize, offsets: &mut (usize, usize)) {
        if leading > 0 {
            // A single space in front of the first word may be the one that was added; words cut
            // by the caller may start at 0 anywhere.
            let added = leading == 1 && self.add_prefix_space && (i == 0 || offsets.0 == 0);
            offsets.0 = offsets.0.saturating_add(if added { 0 } else { leading }).min(offsets.1);
        }
        if trailing > 0 && offsets.1 >= trailing {
            offsets.1 = (offsets.1 - trailing).max(offsets.0);
        }
    }
}
