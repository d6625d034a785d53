//! Every id's piece of text in one arena.
//!
//! Space: 8 bytes an id and the pieces once. Made when a decoder has worked enough to repay it.

use super::Decoder;
use super::plan::{Piece, Plan};
use super::tokens::DecodeTokens;

/// Where a piece lies, or what it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    start: u32,
    /// The length, or a code from `CODES` on.
    len: u32,
}

const CODES: u32 = u32::MAX - 0x1FF;
/// From here on: a byte of a run.
const BYTE: u32 = CODES;
/// No token has this id.
const MISSING: u32 = u32::MAX;
/// The piece cannot be made ahead (a decoder that fails for it), or is left out at times (a special
/// token's): ask the plan each time.
const ASK: u32 = u32::MAX - 1;

#[derive(Debug)]
pub(super) struct Arena {
    /// The pieces, then `PADDING` bytes, so that a copy may read past a piece's end.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// Pieces up to this length are copied as blocks of this size.
pub(super) const PADDING: usize = 16;

/// Ids are looked up block by block, so that a block's places stay in L1 between two passes.
const BLOCK: usize = 64;

/// What the arena knows of an id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known<'a> {
    Text(&'a [u8]),
    Byte(u8),
    Missing,
    Ask,
}

impl Arena {
    pub(super) fn new(plan: &Plan, stages: &[Decoder], tokens: &DecodeTokens) -> Self {
        let mut bytes = Vec::new();
        let mut entries = Vec::with_capacity(tokens.id_bound());
        for id in 0..tokens.id_bound() as u32 {
            let start = bytes.len();
            let len = match tokens.token(id).map(|token| plan.piece(stages, token, false, &mut bytes)) {
                None => MISSING,
                Some(_) if tokens.is_special(id) => ASK,
                Some(Ok(Piece::Byte(byte))) => BYTE + u32::from(byte),
                Some(Err(_)) => ASK,
                Some(Ok(Piece::Text)) => {
                    let len = bytes.len() - start;
                    if len < CODES as usize && bytes.len() <= u32::MAX as usize { len as u32 } else { ASK }
                }
            };
            if len >= CODES {
                bytes.truncate(start);
            }
            entries.push(Entry { start: start as u32, len });
        }
        bytes.resize(bytes.len() + PADDING, 0);
        Self { bytes, entries }
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    /// The place of an id's piece, if it is text.
    #[inline]
    pub(super) fn text(&self, id: u32) -> Option<Entry> {
        self.entries.get(id as usize).copied().filter(|entry| entry.len < CODES)
    }

    #[inline]
    pub(super) fn get(&self, id: u32) -> Known<'_> {
        let Some(entry) = self.entries.get(id as usize) else { return Known::Missing };
        match entry.len {
            len if len < CODES => Known::Text(&self.bytes[entry.start as usize..][..len as usize]),
            MISSING => Known::Missing,
            ASK => Known::Ask,
            code => Known::Byte((code - BYTE) as u8),
        }
    }

    /// Appends the pieces of ids as long as they are all text, at most `BLOCK`; how many these were.
    pub(super) fn append(&self, ids: &[u32], out: &mut Vec<u8>) -> usize {
        let mut places = [Entry { start: 0, len: 0 }; BLOCK];
        let (mut count, mut total) = (0, 0);
        for (place, &id) in places.iter_mut().zip(ids) {
            let Some(entry) = self.text(id) else { break };
            *place = entry;
            total += entry.len as usize;
            count += 1;
        }
        let mut at = out.len();
        out.resize(at + total + PADDING, 0);
        for entry in &places[..count] {
            let (start, len) = (entry.start as usize, entry.len as usize);
            if len <= PADDING {
                // A block of fixed size is two moves; what it writes too much is overwritten next.
                let block = &self.bytes[start..start + PADDING];
                out[at..at + PADDING].copy_from_slice(block);
            } else {
                out[at..at + len].copy_from_slice(&self.bytes[start..start + len]);
            }
            at += len;
        }
        out.truncate(at);
        count
    }
}
