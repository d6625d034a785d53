//! The o200k family, 64 bytes at a time; see [`words`](super::words) for the idea and
//! [`scanners::cased`](crate::pre_tokenizers::scanners::cased) for the rules.
//!
//! In a run of letters and marks a word takes upper case first, then lower case; characters that
//! are both (Lm, Lo, marks) go with what is being taken. So a word starts
//! - at an upper case letter after a lower case one, or after boths that follow one;
//! - at the last upper case letters of a run, if boths stand before them that are taken as upper
//!   case: the pattern wants something lower at the end and gives them back.
//!
//! Contractions are taken out of the classes: they are part of the word before, and what follows
//! them starts afresh. A mark after another character can belong to either: such a block is left
//! to the scalar twin; so is one with Han that is no letter, where Han is set apart.

use super::emit::Tiles;
use super::white_space::{Blanks, Groups, WhiteSpace, first_boundary};
use super::{Lanes, decode_wide, padded};
use crate::pieces::Span;
use crate::pre_tokenizers::scanners::cased::{
    BLANK, Cases, END, HAN, LETTER, LOWER, MARK, NEWLINE, NUMBER, OTHER, UPPER, base_at, base_of, narrow,
    piece_end,
};
use crate::pre_tokenizers::scanners::words::{Contraction, Digits, contraction_of};

/// What the block before says: bit 0 of each is about its last byte.
#[derive(Default)]
struct Before {
    upper: u64,
    lower: u64,
    both: u64,
    han: u64,
    number: u64,
    other: u64,
    blank: u64,
    space: u64,
    /// Lower case is being taken.
    lowers: u64,
    /// A newline or slash that the run of other characters before it has taken.
    taken: u64,
    /// The first character of a run of other characters without a space before it.
    first: u64,
    /// The rest of a contraction, in this block.
    suffix: u64,
    groups: Groups,
    white_space: WhiteSpace,
}

/// Appends the pieces of `text`; `shift` is added to each position.
#[inline(always)]
pub fn scan<K: Lanes, R: Cases>(lanes: K, text: &str, shift: u32, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return;
    }
    let mut before = Before::default();
    let mut tiles = Tiles::new(shift, out);
    let mut at = 0;
    // The first piece's start is known.
    let mut wanted = !1;
    while at < bytes.len() {
        let starts = match bytes[at..].first_chunk::<64>() {
            Some(block) => before.block::<K, R>(lanes, block, text, at, u64::MAX),
            None => {
                let (block, valid) = padded(&bytes[at..]);
                before.block::<K, R>(lanes, &block, text, at, valid).map(|starts| starts & valid)
            }
        };
        if let Some(starts) = starts {
            tiles.block(lanes, starts & wanted, shift + at as u32);
            wanted = u64::MAX;
            at += 64;
        } else {
            at = tiles.walk(shift, at + 64, bytes.len(), |start| piece_end::<R>(bytes, start));
            before = Before::default();
            wanted = !1;
        }
    }
    tiles.finish(shift + bytes.len() as u32);
}

/// The classes of a block's characters.
struct Classes {
    upper: u64,
    lower: u64,
    both: u64,
    /// Letters of Han that are set apart.
    han: u64,
    mark: u64,
    odd: bool,
    number: u64,
    other: u64,
    blank: u64,
    /// Bytes that continue a character.
    cont: u64,
    /// First bytes of white space characters outside ASCII that text follows.
    wide_last: u64,
}

impl Before {
    /// Where pieces start in a block whose first byte is byte `at` of the text; `None` if the
    /// masks cannot tell.
    #[inline(always)]
    fn block<K: Lanes, R: Cases>(
        &mut self,
        lanes: K,
        bytes: &[u8; 64],
        text: &str,
        at: usize,
        valid: u64,
    ) -> Option<u64> {
        let block = lanes.load(bytes);
        let high = lanes.high(block);
        let space = lanes.equal(block, b' ');
        let newline = lanes.equal(block, b'\n') | lanes.equal(block, b'\r');
        let control = lanes.range(block, b'\t', 5);
        let upper = lanes.range(block, b'A', 26);
        let lower = lanes.range(block, b'a', 26);
        let number = lanes.range(block, b'0', 10);
        let mut classes = Classes {
            upper,
            lower,
            both: 0,
            han: 0,
            mark: 0,
            odd: false,
            number,
            other: !(upper | lower | number | space | control | high) & valid,
            blank: (space | control) & !newline,
            cont: 0,
            wide_last: 0,
        };
        if high != 0 {
            self.add_wide::<K, R>(lanes, block, text, at, high, &mut classes);
        }
        let Classes { mut upper, mut lower, mut both, han, mark, number, mut other, .. } = classes;
        let Classes { odd, blank, cont, wide_last, .. } = classes;
        let atoms = !cont;
        if mark & atoms & (other << 1 | self.other) != 0 || odd {
            return None;
        }
        both |= mark;
        let whole = text.as_bytes();
        // The class of the character after the block. If a character goes on into the next block
        // this may be anything: only ASCII characters ask for their neighbour.
        let next = match whole.get(at + 64) {
            None => END,
            Some(byte) if !(0x80..0xC0).contains(byte) => base_at::<R>(whole, at + 64).0,
            Some(_) => OTHER,
        };

        if R::SUFFIX {
            let mut suffix = std::mem::take(&mut self.suffix);
            let letter = upper | lower | both;
            let after_letter = letter << 1 | self.upper | self.lower | self.both;
            let before_letter = letter >> 1 | u64::from(next & (UPPER | LOWER | LETTER) != 0) << 63;
            let mut found = lanes.equal(block, b'\'') & after_letter & before_letter;
            while found != 0 {
                let bit = found.trailing_zeros() as usize;
                found &= found - 1;
                let len = contraction_of(Contraction::AnyCase, whole, at + bit);
                // A word has one contraction: what follows it is another word.
                if len > 0 && suffix << 1 >> bit & 1 == 0 {
                    let bits = (1 << len) - 1;
                    suffix |= bits << bit;
                    if bit + len > 64 {
                        self.suffix = bits >> (64 - bit);
                    }
                }
            }
            upper &= !suffix;
            lower &= !suffix;
            both &= !suffix;
            other &= !suffix;
        }
        let letter = upper | lower | both;

        let slash = if R::SLASHES { lanes.equal(block, b'/') } else { 0 };
        let tail = newline | slash;
        let mut taken = newline & (other << 1 | self.other) | tail & self.taken;
        if taken != 0 {
            if slash & (newline << 1 | self.taken) == 0 {
                taken = newline & !newline.wrapping_add(taken);
            } else {
                // Spread upwards through the tail: a run may be entered at several places.
                let mut through = tail;
                for step in [1, 2, 4, 8, 16, 32] {
                    taken |= through & taken << step;
                    through &= through << step;
                }
            }
            other &= !taken;
        }

        let first = other & atoms & !(other << 1 | self.other) & !(space << 1 | self.space);
        let mut starts = first;
        let mut spread = first;
        if cont != 0 {
            for _ in 0..3 {
                spread |= (spread << 1 | self.first) & cont;
            }
        }
        let prefixed = (blank << 1 | self.blank) | (spread << 1 | self.first);
        let after_letter = letter << 1 | self.upper | self.lower | self.both;
        starts |= letter & atoms & !after_letter & !prefixed;
        // Boths that follow lower case are taken as lower case.
        let lowered = both & !both.wrapping_add(both & (lower << 1 | self.lowers));
        let lowers = lower | lowered;
        starts |= upper & atoms & (lowers << 1 | self.lowers);
        let after_uppered = (both & !lowered) << 1 | self.both & !self.lowers;
        let mut given_back = upper & atoms & after_uppered;
        while given_back != 0 {
            let bit = given_back.trailing_zeros();
            given_back &= given_back - 1;
            let after = !upper & u64::MAX << bit;
            let ends = if after != 0 {
                (lower | both) & after & after.wrapping_neg() == 0
            } else {
                let mut ahead = first_boundary(whole, at + 64);
                loop {
                    let (base, len) = base_at::<R>(whole, ahead);
                    if base != UPPER {
                        break base & (LOWER | LETTER | MARK) == 0;
                    }
                    ahead += len;
                }
            };
            starts |= u64::from(ends) << bit;
        }

        if R::HAN {
            starts |= han & atoms & !(han << 1 | self.han);
            self.han = han >> 63;
        }
        starts |= match R::DIGITS {
            Digits::One => number & atoms,
            _ => self.groups.starts(number, cont),
        };

        let text_bits = !(blank | newline) & valid;
        let before_text = text_bits >> 1 | u64::from(is_text(next)) << 63;
        let blanks = Blanks { blank, newline, taken: taken & newline, before_text, wide_last, high, cont };
        starts |=
            self.white_space.starts::<true>(blanks, whole, at + 64, |at| narrow(base_at::<R>(whole, at)));

        self.upper = upper >> 63;
        self.lower = lower >> 63;
        self.both = both >> 63;
        self.lowers = lowers >> 63;
        self.number = number >> 63;
        self.other = other >> 63;
        self.blank = blank >> 63;
        self.space = space >> 63;
        self.taken = taken >> 63;
        self.first = spread >> 63;
        Some(starts)
    }

    /// Puts the characters outside ASCII into their classes.
    #[inline(always)]
    fn add_wide<K: Lanes, R: Cases>(
        &self,
        lanes: K,
        block: K::Block,
        text: &str,
        at: usize,
        high: u64,
        classes: &mut Classes,
    ) {
        let cont = lanes.continuation(block);
        classes.cont = cont;
        classes.both |= high;
        // The rest of a character of the block before has its class.
        let carried = cont & !cont.wrapping_add(cont & 1);
        if carried != 0 && self.both == 0 {
            classes.both &= !carried;
            classes.upper |= carried & self.upper.wrapping_neg();
            classes.lower |= carried & self.lower.wrapping_neg();
            classes.number |= carried & self.number.wrapping_neg();
            classes.other |= carried & self.other.wrapping_neg();
            classes.blank |= carried & self.blank.wrapping_neg();
            classes.han |= carried & self.han.wrapping_neg();
        }
        // First bytes of letters without case: CJK from U+5000, most of Hangul.
        let ideographs = lanes.range(block, 0xE5, 5);
        let caseless = ideographs | lanes.range(block, 0xEB, 2);
        if R::HAN {
            let bits = ideographs | ideographs << 1 | ideographs << 2;
            classes.both &= !bits;
            classes.han |= bits;
        }
        let mut leads = high & !cont & !caseless;
        while leads != 0 {
            let bit = leads.trailing_zeros() as usize;
            leads &= leads - 1;
            // SAFETY: the byte is in the text (the padding is zeros), and a first byte.
            let (scalar, len) = unsafe { decode_wide(text, at + bit) };
            let base = base_of::<R>(scalar);
            if base == LETTER {
                continue;
            }
            let bits = ((1 << len) - 1) << bit;
            classes.both &= !bits;
            match base {
                UPPER => classes.upper |= bits,
                LOWER => classes.lower |= bits,
                MARK => classes.mark |= bits,
                NUMBER => classes.number |= bits,
                OTHER => classes.other |= bits,
                HAN => classes.han |= bits,
                // Numbers and others of Han.
                _ if base & HAN != 0 => classes.odd = true,
                _ => {
                    classes.blank |= bits;
                    if is_text(base_at::<R>(text.as_bytes(), at + bit + len).0) {
                        classes.wide_last |= 1 << bit;
                    }
                }
            }
        }
    }
}

/// Whether a character of this class can have the last white space before it.
#[inline(always)]
fn is_text(base: u16) -> bool {
    base != END && base & (BLANK | NEWLINE) == 0
}
