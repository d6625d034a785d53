//! Pre-tokenizers that look at one character at a time: BertPreTokenizer, Whitespace,
//! WhitespaceSplit, Punctuation, Digits. A character falls away, stands alone, or belongs to one
//! of two kinds of runs; nothing else matters. The readable twin of
//! [`simd::runs`](crate::simd::runs).

use super::decode;
use crate::pieces::Span;
use crate::unicode::classes::{self, BERT_PUNCTUATION, WORD, is_numeric, is_space};

/// What becomes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is part of no piece.
    Gap,
    /// It is a piece of its own.
    Single,
    /// It is part of a run, a piece.
    Run,
    /// It is part of the other kind of run.
    Other,
}

/// Which characters are what.
pub trait Kinds: Copy + Send + Sync + 'static {
    /// The kind of a character with this class byte. Letters are always `Run`.
    fn kind(class: u8) -> Kind;

    const KINDS: Sets;
}

/// The same for ASCII, as sets; all that is not named belongs to a run.
#[derive(Debug, Clone, Copy)]
pub struct Sets {
    pub gap: Set,
    pub single: Set,
    pub other: Set,
}

/// Sets of ASCII characters that a block can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    None,
    Space,
    Punctuation,
    Digits,
    /// Neither white space nor letters, digits, `_`.
    Symbols,
}

#[derive(Debug, Clone, Copy)]
pub struct Bert;
#[derive(Debug, Clone, Copy)]
pub struct Whitespace;
#[derive(Debug, Clone, Copy)]
pub struct WhitespaceSplit;
/// Punctuation, each by itself or in runs.
#[derive(Debug, Clone, Copy)]
pub struct Punctuation<const RUNS: bool>;
/// Digits, each by itself or in runs.
#[derive(Debug, Clone, Copy)]
pub struct Digits<const RUNS: bool>;

impl Kinds for Bert {
    // White space goes first, as the steps of stock do (no character is both).
    fn kind(class: u8) -> Kind {
        if is_space(class) {
            Kind::Gap
        } else if class & BERT_PUNCTUATION != 0 {
            Kind::Single
        } else {
            Kind::Run
        }
    }

    const KINDS: Sets = Sets { gap: Set::Space, single: Set::Punctuation, other: Set::None };
}

impl Kinds for Whitespace {
    fn kind(class: u8) -> Kind {
        if is_space(class) {
            Kind::Gap
        } else if class & WORD != 0 {
            Kind::Run
        } else {
            Kind::Other
        }
    }

    const KINDS: Sets = Sets { gap: Set::Space, single: Set::None, other: Set::Symbols };
}

impl Kinds for WhitespaceSplit {
    fn kind(class: u8) -> Kind {
        if is_space(class) { Kind::Gap } else { Kind::Run }
    }

    const KINDS: Sets = Sets { gap: Set::Space, single: Set::None, other: Set::None };
}

impl<const RUNS: bool> Kinds for Punctuation<RUNS> {
    fn kind(class: u8) -> Kind {
        match class & BERT_PUNCTUATION != 0 {
            true if RUNS => Kind::Other,
            true => Kind::Single,
            false => Kind::Run,
        }
    }

    const KINDS: Sets = set_apart(Set::Punctuation, RUNS);
}

impl<const RUNS: bool> Kinds for Digits<RUNS> {
    fn kind(class: u8) -> Kind {
        match is_numeric(class) {
            true if RUNS => Kind::Other,
            true => Kind::Single,
            false => Kind::Run,
        }
    }

    const KINDS: Sets = set_apart(Set::Digits, RUNS);
}

const fn set_apart(set: Set, runs: bool) -> Sets {
    if runs {
        Sets { gap: Set::None, single: Set::None, other: set }
    } else {
        Sets { gap: Set::None, single: set, other: Set::None }
    }
}

/// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text.
pub fn scan<R: Kinds>(text: &[u8], shift: u32, out: &mut Vec<Span>) {
    let mut before = Kind::Gap;
    let (mut start, mut at) = (0, 0);
    let mut push = |start: usize, end: usize| {
        out.push(Span { start: shift + start as u32, end: shift + end as u32 });
    };
    while at < text.len() {
        let (scalar, len) = decode(text, at);
        let kind = R::kind(classes::class(scalar));
        if kind != before || kind == Kind::Single {
            if before != Kind::Gap {
                push(start, at);
            }
            start = at;
            before = kind;
        }
        at += len;
    }
    if before != Kind::Gap {
        push(start, at);
    }
}
