//! DeepSeek V3's chain of three Splits, one character at a time. The readable twin of
//! [`simd::words`](crate::simd::words) under [`DeepSeek`](super::words::DeepSeek).
//!
//! The first Split cuts digits out in groups of three, the second cuts runs of CJK (ideographs and
//! kana, by literal ranges); the third sees only what lies between: a *region*, a run of
//! characters without digits that are all CJK or all not. Its pattern leaves some characters
//! unmatched (format characters, controls, unassigned ones): they stay as pieces of their own.

use super::decode;
use super::words::{BLANK, END, LETTER, NEWLINE, NUMBER, OTHER, white_space_end};
use crate::unicode::classes::{self, is_letter, is_mark, is_number, is_punctuation, is_space, is_symbol};

/// None of the classes of the third pattern.
const UNMATCHED: u8 = 32;
/// In the ranges of the second pattern; a bit beside the base class.
const CJK: u8 = 128;

/// The class of the character at byte `at`, and its length in bytes; `(END, 0)` at the end.
fn base_at(text: &[u8], at: usize) -> (u8, usize) {
    match text.get(at) {
        None => return (END, 0),
        Some(b'\r' | b'\n') => return (NEWLINE, 1),
        Some(_) => {}
    }
    let (scalar, len) = decode(text, at);
    let class = classes::class(scalar);
    let base = if is_letter(class) || is_mark(class) {
        LETTER
    } else if is_number(class) {
        NUMBER
    } else if is_space(class) {
        BLANK
    } else if is_punctuation(class) || is_symbol(class) {
        OTHER
    } else {
        UNMATCHED
    };
    (if is_cjk(scalar) { base | CJK } else { base }, len)
}

/// The ranges of the second pattern: hiragana, katakana, ideographs.
pub const fn is_cjk(scalar: u32) -> bool {
    matches!(scalar, 0x3040..=0x30FF | 0x4E00..=0x9FA5)
}

/// The end of the run from `at` of characters whose class is exactly `wanted`.
fn run(text: &[u8], mut at: usize, wanted: u8) -> usize {
    loop {
        let (base, len) = base_at(text, at);
        if base != wanted {
            return at;
        }
        at += len;
    }
}

/// The end of the piece that starts at `start` (`start < text.len()`).
pub fn piece_end(text: &[u8], start: usize) -> usize {
    let (first, len) = base_at(text, start);
    let next = start + len;
    let (second, second_len) = base_at(text, next);
    let region = first & CJK;
    if first == NUMBER {
        if second != NUMBER {
            return next;
        }
        let (third, len) = base_at(text, next + second_len);
        return if third == NUMBER { next + second_len + len } else { next + second_len };
    }
    // `[!-/...][A-Za-z]+`: ASCII alone.
    if text[start].is_ascii_punctuation() && text.get(next).is_some_and(u8::is_ascii_alphabetic) {
        return next + text[next..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    }
    if first & LETTER != 0 {
        return run(text, next, LETTER | region);
    }
    if first & (BLANK | UNMATCHED) != 0 && second == LETTER | region {
        return run(text, next, LETTER | region);
    }
    if first & OTHER != 0 || text[start] == b' ' && second == OTHER {
        let end = run(text, next, OTHER | region);
        return if region == 0 { run(text, end, NEWLINE) } else { end };
    }
    if first & UNMATCHED != 0 {
        // Up to where the pattern matches again: there a last one may be a letter's prefix.
        let (mut last, mut end) = (start, next);
        loop {
            let (base, len) = base_at(text, end);
            if base == LETTER | region {
                return last;
            }
            if base != UNMATCHED | region {
                return end;
            }
            last = end;
            end += len;
        }
    }
    white_space_end(text, start, true, |at| base_at(text, at), |base| base == NUMBER || base & CJK != 0)
}
