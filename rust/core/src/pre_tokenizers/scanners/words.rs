//! The GPT-2 / cl100k family of patterns, one character at a time.
//!
//! All its patterns say the same with different parameters: a contraction, a run of letters with
//! something before it, digits, a run of other characters, white space. Every character is
//! matched by some alternative, so the pieces tile the text, and each piece is found by one walk
//! from its start: linear, without backtracking. This is the readable twin of
//! [`simd::words`](crate::simd::words), and itself tested against Oniguruma.

use super::{decode, deepseek};
use crate::pieces::Span;
use crate::unicode::classes::{
    self, is_letter, is_mark, is_number, is_numeric, is_punctuation, is_space, is_symbol,
};

/// Base class of a character in this family.
pub const LETTER: u8 = 1;
pub const NUMBER: u8 = 2;
pub const OTHER: u8 = 4;
/// White space other than `\r` and `\n`.
pub const BLANK: u8 = 8;
pub const NEWLINE: u8 = 16;
/// CJK letters and other CJK characters, where they are cut out.
pub const CJK_LETTER: u8 = 32;
pub const CJK_OTHER: u8 = 64;
/// A character that no mask tells about: the block is done one character at a time.
pub const ODD: u8 = 128;
/// No character: the end of the input.
pub const END: u8 = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contraction {
    None,
    /// `'s|'t|'re|'ve|'m|'ll|'d`
    Exact,
    /// The same under `(?i:...)`, by which U+017F is an `s` too.
    AnyCase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// `\p{N}`
    One,
    /// `\p{N}{1,3}`
    UpToThree,
    /// ` ?\p{N}+`
    SpaceRun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// ` ?`
    Space,
    /// White space but newlines.
    Blank,
    /// `[^\r\n\p{L}\p{N}]?`
    BlankOrOther,
}

/// The parameters of one pattern of the family.
pub trait Rules: Copy + Send + Sync + 'static {
    const CONTRACTION: Contraction;
    /// What one character before a run of letters goes with it.
    const PREFIX: Prefix;
    const DIGITS: Digits;
    /// A run of other characters takes the newlines after it.
    const OTHER_NEWLINES: bool;
    /// `\s*[\r\n]+` stands before the other alternatives for white space.
    const NEWLINE_RUNS: bool;
    /// Marks are letters.
    const MARKS: bool = false;
    /// Digits have been cut out of the text by a step before: the text between two of them is an
    /// input of its own.
    const DIGITS_CUT: bool = false;
    /// Numbers are `char::is_numeric`, not `\p{N}`.
    const NUMERIC: bool = false;
    /// DeepSeek: CJK is cut out too, and an ASCII sign takes ASCII letters only.
    const CJK_CUT: bool = false;
    /// The base class of each class byte.
    const BASE: [u8; 256] = base_classes(Self::MARKS, Self::NUMERIC);

    /// The end of the piece that starts at `start` (`start < text.len()`).
    fn piece_end(text: &[u8], start: usize) -> usize {
        piece_end::<Self>(text, start)
    }
}

const fn base_classes(marks: bool, numeric: bool) -> [u8; 256] {
    let mut base = [OTHER; 256];
    let mut class = 0;
    while class < 256 {
        let byte = class as u8;
        base[class] = if is_letter(byte) || marks && is_mark(byte) {
            LETTER
        } else if is_number(byte) || numeric && is_numeric(byte) {
            NUMBER
        } else if is_space(byte) {
            BLANK
        } else {
            OTHER
        };
        class += 1;
    }
    base
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident { $($const:ident = $value:expr),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Rules for $name {
            $(const $const: rules!(@ty $const) = $value;)*
        }
    )*};
    (@ty CONTRACTION) => { Contraction };
    (@ty DIGITS) => { Digits };
    (@ty PREFIX) => { Prefix };
    (@ty $other:ident) => { bool };
}

rules! {
    /// ByteLevel's own pattern.
    Gpt2 {
        CONTRACTION = Contraction::Exact, PREFIX = Prefix::Space, DIGITS = Digits::SpaceRun,
        OTHER_NEWLINES = false, NEWLINE_RUNS = false,
    }
    /// Digits (each its own piece), then ByteLevel's pattern.
    DigitsGpt2 {
        CONTRACTION = Contraction::Exact, PREFIX = Prefix::Space, DIGITS = Digits::One,
        OTHER_NEWLINES = false, NEWLINE_RUNS = false, DIGITS_CUT = true, NUMERIC = true,
    }
    /// Llama 3, GPT-4, GLM, OLMo, Phi-4.
    Cl100k {
        CONTRACTION = Contraction::AnyCase, PREFIX = Prefix::BlankOrOther, DIGITS = Digits::UpToThree,
        OTHER_NEWLINES = true, NEWLINE_RUNS = true,
    }
    /// Split on `\p{N}{1,3}`, then cl100k (MiniCPM 5).
    DigitsCl100k {
        CONTRACTION = Contraction::AnyCase, PREFIX = Prefix::BlankOrOther, DIGITS = Digits::UpToThree,
        OTHER_NEWLINES = true, NEWLINE_RUNS = true, DIGITS_CUT = true,
    }
    /// Qwen 2, 2.5, 3; LLaDA writes the same with possessive quantifiers.
    Qwen2 {
        CONTRACTION = Contraction::AnyCase, PREFIX = Prefix::BlankOrOther, DIGITS = Digits::One,
        OTHER_NEWLINES = true, NEWLINE_RUNS = true,
    }
    /// Qwen 3.5: marks belong to words.
    Qwen35 {
        CONTRACTION = Contraction::AnyCase, PREFIX = Prefix::BlankOrOther, DIGITS = Digits::One,
        OTHER_NEWLINES = true, NEWLINE_RUNS = true, MARKS = true,
    }
    /// Zeta: Qwen 2 without the newlines after other characters.
    Zeta {
        CONTRACTION = Contraction::AnyCase, PREFIX = Prefix::BlankOrOther, DIGITS = Digits::One,
        OTHER_NEWLINES = false, NEWLINE_RUNS = true,
    }
}

/// The base class of the character at byte `at`, and its length in bytes; `(END, 0)` at the end.
#[inline(always)]
pub fn base_at<R: Rules>(text: &[u8], at: usize) -> (u8, usize) {
    match text.get(at) {
        None => (END, 0),
        Some(b'\r' | b'\n') => (NEWLINE, 1),
        Some(&byte) if byte < 0x80 => (R::BASE[classes::class(u32::from(byte)) as usize], 1),
        Some(_) => {
            let (scalar, len) = decode(text, at);
            (base_of::<R>(scalar), len)
        }
    }
}

/// The base class of a scalar outside ASCII.
#[inline(always)]
pub fn base_of<R: Rules>(scalar: u32) -> u8 {
    let base = R::BASE[classes::class(scalar) as usize];
    if R::CJK_CUT && deepseek::is_cjk(scalar) {
        match base {
            LETTER => CJK_LETTER,
            OTHER => CJK_OTHER,
            _ => ODD,
        }
    } else {
        base
    }
}

/// How many bytes a contraction at `at` (an apostrophe) takes; 0 if it is none.
#[inline]
pub fn contraction_of(kind: Contraction, text: &[u8], at: usize) -> usize {
    let fold = if kind == Contraction::AnyCase { 0x20 } else { 0 };
    // Setting the bit 0x20 turns no byte into one of these letters but their capitals.
    let letter = |offset: usize| text.get(at + offset).map_or(0, |byte| byte | fold);
    match letter(1) {
        b's' | b't' | b'm' | b'd' => 2,
        b'r' | b'v' if letter(2) == b'e' => 3,
        b'l' if letter(2) == b'l' => 3,
        // U+017F is C5 BF.
        _ if fold != 0 && text.get(at + 1..at + 3) == Some(&[0xC5, 0xBF]) => 3,
        _ => 0,
    }
}

/// The end of the run of characters of the classes `wanted` from `at`.
fn run<R: Rules>(text: &[u8], mut at: usize, wanted: u8) -> usize {
    loop {
        let (base, len) = base_at::<R>(text, at);
        if base & wanted == 0 {
            return at;
        }
        at += len;
    }
}

/// The end of the piece that starts at `start` (`start < text.len()`).
pub fn piece_end<R: Rules>(text: &[u8], start: usize) -> usize {
    let (first, len) = base_at::<R>(text, start);
    let next = start + len;
    let space = text[start] == b' ';
    if R::CONTRACTION != Contraction::None && text[start] == b'\'' {
        let len = contraction_of(R::CONTRACTION, text, start);
        if len > 0 {
            return start + len;
        }
    }
    if first == LETTER {
        return run::<R>(text, next, LETTER);
    }
    let (second, _) = base_at::<R>(text, next);
    let prefix = match R::PREFIX {
        Prefix::Space => space,
        Prefix::Blank => first == BLANK,
        Prefix::BlankOrOther => first & (OTHER | BLANK) != 0,
    };
    if prefix && second == LETTER {
        return run::<R>(text, next, LETTER);
    }
    match R::DIGITS {
        Digits::One if first == NUMBER => return next,
        Digits::UpToThree if first == NUMBER => {
            let mut end = next;
            for _ in 0..2 {
                let (base, len) = base_at::<R>(text, end);
                end += if base == NUMBER { len } else { break };
            }
            return end;
        }
        Digits::SpaceRun if first == NUMBER || space && second == NUMBER => {
            return run::<R>(text, next, NUMBER);
        }
        _ => {}
    }
    if first == OTHER || space && second == OTHER {
        let end = run::<R>(text, next, OTHER);
        return if R::OTHER_NEWLINES { run::<R>(text, end, NEWLINE) } else { end };
    }
    let cut = |base| R::DIGITS_CUT && base == NUMBER;
    white_space_end(text, start, R::NEWLINE_RUNS, |at| base_at::<R>(text, at), cut)
}

/// The end of a piece of white space: the run up to its last newline (with `newline_runs`), else
/// all of it but its last character, which goes with what follows, unless nothing does: the text
/// ends there, or is `cut` before a character of that class.
pub fn white_space_end(
    text: &[u8],
    start: usize,
    newline_runs: bool,
    base_at: impl Fn(usize) -> (u8, usize),
    cut: impl Fn(u8) -> bool,
) -> usize {
    let (mut end, mut after_newline, mut last) = (start, start, start);
    let next = loop {
        let (base, len) = base_at(end);
        if base & (BLANK | NEWLINE) == 0 {
            break base;
        }
        last = end;
        end += len;
        if base == NEWLINE {
            after_newline = end;
        }
    };
    if newline_runs && after_newline > start {
        return after_newline;
    }
    if end == text.len() || cut(next) || last == start { end } else { last }
}

/// DeepSeek V3: digits and CJK are cut out before. See [`deepseek`](super::deepseek).
#[derive(Debug, Clone, Copy)]
pub struct DeepSeek;
impl Rules for DeepSeek {
    const CONTRACTION: Contraction = Contraction::None;
    const PREFIX: Prefix = Prefix::Blank;
    const DIGITS: Digits = Digits::UpToThree;
    const OTHER_NEWLINES: bool = true;
    const NEWLINE_RUNS: bool = true;
    const MARKS: bool = true;
    const DIGITS_CUT: bool = true;
    const CJK_CUT: bool = true;
    /// Without CJK, which takes the scalar.
    const BASE: [u8; 256] = {
        let mut base = base_classes(true, false);
        let mut class = 0;
        while class < 256 {
            let byte = class as u8;
            if base[class] == OTHER && !is_punctuation(byte) && !is_symbol(byte) {
                base[class] = ODD;
            }
            class += 1;
        }
        base
    };

    fn piece_end(text: &[u8], start: usize) -> usize {
        deepseek::piece_end(text, start)
    }
}

/// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text.
pub fn scan<R: Rules>(text: &[u8], shift: u32, out: &mut Vec<Span>) {
    let mut start = 0;
    while start < text.len() {
        let end = R::piece_end(text, start);
        out.push(Span { start: shift + start as u32, end: shift + end as u32 });
        start = end;
    }
}
