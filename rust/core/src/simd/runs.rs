//! Pre-tokenizers that look at one character at a time, 64 bytes at a time: masks of what falls
//! away and of what stands alone give where pieces start and where they end; see
//! [`words`](super::words) for the idea.

use super::emit::Islands;
use super::{Lanes, decode_wide, letter_leads, padded};
use crate::pieces::Span;
use crate::pre_tokenizers::scanners::runs::{Kind, Kinds, Set};
use crate::unicode::classes;

/// What the block before says of its last byte, as bit 0.
#[derive(Default)]
struct Before {
    run: u64,
    single: u64,
    other: u64,
}

/// Appends the pieces of `text`; `shift` is added to each position.
#[inline(always)]
pub fn scan<K: Lanes, R: Kinds>(lanes: K, text: &str, shift: u32, out: &mut Vec<Span>) {
    let (blocks, tail) = text.as_bytes().as_chunks::<64>();
    let mut before = Before::default();
    let mut islands = Islands::new(out);
    let mut at = 0;
    for block in blocks {
        let (starts, ends) = before.block::<K, R>(lanes, block, text, at, u64::MAX);
        islands.block(lanes, starts, ends, shift + at as u32);
        at += 64;
    }
    if !tail.is_empty() {
        let (block, valid) = padded(tail);
        let (starts, ends) = before.block::<K, R>(lanes, &block, text, at, valid);
        islands.block(lanes, starts & valid, ends & valid, shift + at as u32);
    }
    islands.finish(shift + text.len() as u32);
}

/// The set is a constant where this is inlined, so only what it needs is computed. (Closures would
/// not be inlined: they do not have the wrapper's features.)
#[inline(always)]
fn members<K: Lanes>(lanes: K, block: K::Block, set: Set) -> u64 {
    let space = lanes.equal(block, b' ') | lanes.range(block, b'\t', 5);
    let digits = lanes.range(block, b'0', 10);
    let words = lanes.letters(block) | digits;
    match set {
        Set::None => 0,
        Set::Space => space,
        Set::Digits => digits,
        Set::Punctuation => lanes.range(block, b'!', b'~' - b'!' + 1) & !words,
        Set::Symbols => !(words | lanes.equal(block, b'_') | space | lanes.high(block)),
    }
}

impl Before {
    /// Where pieces start and where they have ended.
    #[inline(always)]
    fn block<K: Lanes, R: Kinds>(
        &mut self,
        lanes: K,
        bytes: &[u8; 64],
        text: &str,
        at: usize,
        valid: u64,
    ) -> (u64, u64) {
        let block = lanes.load(bytes);
        let high = lanes.high(block);
        let sets = R::KINDS;
        let mut gap = members(lanes, block, sets.gap);
        let mut single = members(lanes, block, sets.single);
        let mut other = members(lanes, block, sets.other) & valid;
        let mut cont = 0;
        if high != 0 {
            cont = lanes.continuation(block);
            // The rest of a character of the block before has its kind.
            let carried = cont & !cont.wrapping_add(cont & 1);
            single |= carried & self.single.wrapping_neg();
            other |= carried & self.other.wrapping_neg();
            gap |= carried & !(self.single | self.other | self.run).wrapping_neg();
            let mut leads = high & !cont & !letter_leads(lanes, block);
            while leads != 0 {
                let bit = leads.trailing_zeros() as usize;
                leads &= leads - 1;
                // SAFETY: the byte is in the text (the padding is zeros), and a first byte.
                let (scalar, len) = unsafe { decode_wide(text, at + bit) };
                let bits = ((1 << len) - 1) << bit;
                match R::kind(classes::class(scalar)) {
                    Kind::Run => {}
                    Kind::Gap => gap |= bits,
                    Kind::Single => single |= bits,
                    Kind::Other => other |= bits,
                }
            }
        }
        let run = !(gap | single | other) & valid;
        let after_run = run << 1 | self.run;
        let after_single = single << 1 | self.single;
        let after_other = other << 1 | self.other;
        let starts = run & !after_run | single & !cont | other & !after_other;
        let ends = after_run & !run | after_single & !cont | after_other & !other;
        self.run = run >> 63;
        self.single = single >> 63;
        self.other = other >> 63;
        (starts, ends)
    }
}
