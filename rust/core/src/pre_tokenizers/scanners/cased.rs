//! The o200k family of patterns, one character at a time: words are also cut where lower case
//! turns into upper case, and a contraction is a suffix of the word before it. The readable twin
//! of [`simd::cased`](crate::simd::cased).
//!
//! Digits, white space and other characters are as in [`words`](super::words).

use super::decode;
use super::words::{
    BLANK, Contraction, Digits, END, LETTER, NEWLINE, NUMBER, OTHER, contraction_of, white_space_end,
};
use crate::pieces::Span;
use crate::unicode::classes::{self, CATEGORY, LL, LT, LU, is_letter, is_mark, is_number, is_space};

/// Letters that are upper case only (Lu, Lt); lower case only (Ll); `LETTER` is both (Lm, Lo).
pub const UPPER: u8 = 32;
pub const LOWER: u8 = 64;
/// A mark: both as a letter, and one of the other characters.
pub const MARK: u8 = 128;

/// The parameters of one pattern of the family.
pub trait Cases: Copy + Send + Sync + 'static {
    /// Words may end with a contraction (in any case).
    const SUFFIX: bool;
    const DIGITS: Digits;
}

/// GPT-4o, gpt-oss, Llama 4, MiniMax.
#[derive(Debug, Clone, Copy)]
pub struct O200k;
impl Cases for O200k {
    const SUFFIX: bool = true;
    const DIGITS: Digits = Digits::UpToThree;
}

/// Mistral Nemo (tekken), Nemotron.
#[derive(Debug, Clone, Copy)]
pub struct Nemo;
impl Cases for Nemo {
    const SUFFIX: bool = false;
    const DIGITS: Digits = Digits::One;
}

/// The base class of each class byte, in this family.
pub static BASE: [u8; 256] = {
    let mut base = [OTHER; 256];
    let mut class = 0;
    while class < 256 {
        let byte = class as u8;
        let category = byte & CATEGORY;
        base[class] = if category == LU || category == LT {
            UPPER
        } else if category == LL {
            LOWER
        } else if is_letter(byte) {
            LETTER
        } else if is_mark(byte) {
            MARK
        } else if is_number(byte) {
            NUMBER
        } else if is_space(byte) {
            BLANK
        } else {
            OTHER
        };
        class += 1;
    }
    base
};

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`.
const UPPERS: u8 = UPPER | LETTER | MARK;
const LOWERS: u8 = LOWER | LETTER | MARK;
const LETTERS: u8 = UPPER | LOWER | LETTER;

/// The base class of the character at byte `at`, and its length in bytes; `(END, 0)` at the end.
#[inline(always)]
pub fn base_at(text: &[u8], at: usize) -> (u8, usize) {
    match text.get(at) {
        None => (END, 0),
        Some(b'\r' | b'\n') => (NEWLINE, 1),
        Some(&byte) if byte < 0x80 => (BASE[classes::class(u32::from(byte)) as usize], 1),
        Some(_) => {
            let (scalar, len) = decode(text, at);
            (BASE[classes::class(scalar) as usize], len)
        }
    }
}

/// The end of the run of characters of the classes `wanted` from `at`.
fn run(text: &[u8], mut at: usize, wanted: u8) -> usize {
    loop {
        let (base, len) = base_at(text, at);
        if base & wanted == 0 {
            return at;
        }
        at += len;
    }
}

/// `[uppers]*[lowers]+` from `at`: uppers are given back until a lower one can be last.
fn ends_lower(text: &[u8], at: usize) -> Option<usize> {
    let uppers = run(text, at, UPPERS);
    let lowers = run(text, uppers, LOWERS);
    if lowers > uppers {
        return Some(lowers);
    }
    let (mut at, mut last) = (at, None);
    while at < uppers {
        let (base, len) = base_at(text, at);
        at += len;
        if base & LOWERS != 0 {
            last = Some(at);
        }
    }
    last
}

/// `[uppers]+[lowers]*` from `at`.
fn begins_upper(text: &[u8], at: usize) -> Option<usize> {
    let uppers = run(text, at, UPPERS);
    (uppers > at).then(|| run(text, uppers, LOWERS))
}

/// The end of the piece that starts at `start` (`start < text.len()`).
pub fn piece_end<R: Cases>(text: &[u8], start: usize) -> usize {
    let (first, len) = base_at(text, start);
    let next = start + len;
    let prefix = first & (OTHER | MARK | BLANK) != 0;
    // Both ways to start are tried for the first form of a word before the second form is.
    let word = (prefix.then(|| ends_lower(text, next)).flatten())
        .or_else(|| ends_lower(text, start))
        .or_else(|| prefix.then(|| begins_upper(text, next)).flatten())
        .or_else(|| begins_upper(text, start));
    if let Some(end) = word {
        let suffix = R::SUFFIX && text.get(end) == Some(&b'\'');
        return if suffix { end + contraction_of(Contraction::AnyCase, text, end) } else { end };
    }
    if first == NUMBER {
        let more = if R::DIGITS == Digits::One { 0 } else { 2 };
        let mut end = next;
        for _ in 0..more {
            let (base, len) = base_at(text, end);
            end += if base == NUMBER { len } else { break };
        }
        return end;
    }
    let (second, _) = base_at(text, next);
    if first == OTHER || text[start] == b' ' && second & (OTHER | MARK) != 0 {
        let mut end = run(text, next, OTHER | MARK);
        while matches!(text.get(end), Some(b'\r' | b'\n' | b'/')) {
            end += 1;
        }
        return end;
    }
    debug_assert!(first & (BLANK | NEWLINE) != 0 && first & LETTERS == 0);
    white_space_end(text, start, true, |at| base_at(text, at), |_| false)
}

/// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text.
pub fn scan<R: Cases>(text: &[u8], shift: u32, out: &mut Vec<Span>) {
    let mut start = 0;
    while start < text.len() {
        let end = piece_end::<R>(text, start);
        out.push(Span { start: shift + start as u32, end: shift + end as u32 });
        start = end;
    }
}
