//! The o200k family of patterns, one character at a time: words are also cut where lower case
//! turns into upper case, and a contraction is a suffix of the word before it. The readable twin
//! of [`simd::cased`](crate::simd::cased).
//!
//! Digits, white space and other characters are as in [`words`](super::words).

use super::decode;
use super::words::{self, Contraction, Digits, contraction_of, white_space_end};
use crate::pieces::Span;
use crate::unicode::classes::{self, CATEGORY, LL, LT, LU, is_letter, is_mark, is_number, is_space};

pub const END: u16 = words::END as u16;
pub const NUMBER: u16 = words::NUMBER as u16;
pub const OTHER: u16 = words::OTHER as u16;
pub const BLANK: u16 = words::BLANK as u16;
pub const NEWLINE: u16 = words::NEWLINE as u16;
/// Letters that are upper case only (Lu, Lt); lower case only (Ll); both (Lm, Lo).
pub const UPPER: u16 = 32;
pub const LOWER: u16 = 64;
pub const LETTER: u16 = words::LETTER as u16;
/// A mark: both as a letter, and one of the other characters.
pub const MARK: u16 = 128;
/// Han, where it is set apart: letters are this alone; with `NUMBER` and `OTHER` these too.
pub const HAN: u16 = 256;

/// The parameters of one pattern of the family.
pub trait Cases: Copy + Send + Sync + 'static {
    /// Words may end with a contraction (in any case).
    const SUFFIX: bool;
    const DIGITS: Digits;
    /// A run of other characters takes slashes after it, as it takes newlines.
    const SLASHES: bool = true;
    /// Runs of Han come first, and are no letters of words.
    const HAN: bool = false;
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

/// Kimi K2.
#[derive(Debug, Clone, Copy)]
pub struct Kimi;
impl Cases for Kimi {
    const SUFFIX: bool = true;
    const DIGITS: Digits = Digits::UpToThree;
    const SLASHES: bool = false;
    const HAN: bool = true;
}

/// The base class of each class byte; the second table sets Han apart.
static BASE: [[u16; 256]; 2] = [base_classes(false), base_classes(true)];

const fn base_classes(han: bool) -> [u16; 256] {
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
        if han && byte & classes::HAN != 0 {
            base[class] = match base[class] {
                NUMBER => HAN | NUMBER,
                OTHER | MARK => HAN | OTHER,
                _ => HAN,
            };
        }
        class += 1;
    }
    base
}

/// The base class of a scalar; newlines are blanks here.
#[inline(always)]
pub fn base_of<R: Cases>(scalar: u32) -> u16 {
    BASE[usize::from(R::HAN)][classes::class(scalar) as usize]
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`.
const UPPERS: u16 = UPPER | LETTER | MARK;
const LOWERS: u16 = LOWER | LETTER | MARK;
const LETTERS: u16 = UPPER | LOWER | LETTER;

/// The base class of the character at byte `at`, and its length in bytes; `(END, 0)` at the end.
#[inline(always)]
pub fn base_at<R: Cases>(text: &[u8], at: usize) -> (u16, usize) {
    match text.get(at) {
        None => (END, 0),
        Some(b'\r' | b'\n') => (NEWLINE, 1),
        Some(&byte) if byte < 0x80 => (base_of::<R>(u32::from(byte)), 1),
        Some(_) => {
            let (scalar, len) = decode(text, at);
            (base_of::<R>(scalar), len)
        }
    }
}

/// As what looks at white space has it: letters of Han are nothing it knows.
#[inline(always)]
pub fn narrow((base, len): (u16, usize)) -> (u8, usize) {
    (base as u8, len)
}

/// The end of the run of characters of the classes `wanted` from `at`.
fn run<R: Cases>(text: &[u8], mut at: usize, wanted: u16) -> usize {
    loop {
        let (base, len) = base_at::<R>(text, at);
        if base & wanted == 0 {
            return at;
        }
        at += len;
    }
}

/// `[uppers]*[lowers]+` from `at`: uppers are given back until a lower one can be last.
fn ends_lower<R: Cases>(text: &[u8], at: usize) -> Option<usize> {
    let uppers = run::<R>(text, at, UPPERS);
    let lowers = run::<R>(text, uppers, LOWERS);
    if lowers > uppers {
        return Some(lowers);
    }
    let (mut at, mut last) = (at, None);
    while at < uppers {
        let (base, len) = base_at::<R>(text, at);
        at += len;
        if base & LOWERS != 0 {
            last = Some(at);
        }
    }
    last
}

/// `[uppers]+[lowers]*` from `at`.
fn begins_upper<R: Cases>(text: &[u8], at: usize) -> Option<usize> {
    let uppers = run::<R>(text, at, UPPERS);
    (uppers > at).then(|| run::<R>(text, uppers, LOWERS))
}

/// The end of the piece that starts at `start` (`start < text.len()`).
pub fn piece_end<R: Cases>(text: &[u8], start: usize) -> usize {
    let (first, len) = base_at::<R>(text, start);
    let next = start + len;
    if first & HAN != 0 {
        return run::<R>(text, next, HAN);
    }
    let prefix = first & (OTHER | MARK | BLANK) != 0;
    // Both ways to start are tried for the first form of a word before the second form is.
    let word = (prefix.then(|| ends_lower::<R>(text, next)).flatten())
        .or_else(|| ends_lower::<R>(text, start))
        .or_else(|| prefix.then(|| begins_upper::<R>(text, next)).flatten())
        .or_else(|| begins_upper::<R>(text, start));
    if let Some(end) = word {
        let suffix = R::SUFFIX && text.get(end) == Some(&b'\'');
        return if suffix { end + contraction_of(Contraction::AnyCase, text, end) } else { end };
    }
    if first == NUMBER {
        let more = if R::DIGITS == Digits::One { 0 } else { 2 };
        let mut end = next;
        for _ in 0..more {
            let (base, len) = base_at::<R>(text, end);
            end += if base & NUMBER != 0 { len } else { break };
        }
        return end;
    }
    let (second, _) = base_at::<R>(text, next);
    if first == OTHER || text[start] == b' ' && second & (OTHER | MARK) != 0 {
        let end = run::<R>(text, next, OTHER | MARK);
        let taken = |byte: &u8| matches!(byte, b'\r' | b'\n') || R::SLASHES && *byte == b'/';
        return end + text[end..].iter().take_while(|byte| taken(byte)).count();
    }
    debug_assert!(first & (BLANK | NEWLINE) != 0 && first & LETTERS == 0);
    white_space_end(text, start, true, |at| narrow(base_at::<R>(text, at)), |_| false)
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
