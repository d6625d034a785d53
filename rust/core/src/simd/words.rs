//! The GPT-2 / cl100k family, 64 bytes at a time.
//!
//! A block becomes one bit mask per class of character; where pieces start is then computed with
//! shifts, ands and one addition, for all 64 bytes at once. The idea is simdjson's; the rules are
//! those of [`scanners::words`](crate::pre_tokenizers::scanners::words), restated as conditions on
//! neighbours:
//!
//! - letters: the first of a run starts a piece unless what stands before it is its prefix;
//! - other characters: the first of a run, unless a space stands before it;
//! - white space: the first of a run, the last of a run that text follows, and what follows the
//!   last newline of a run;
//! - what is not local (contractions, groups of three digits, white space across newlines) is a
//!   loop over the few bits concerned.
//!
//! Characters of several bytes get the class of their scalar in all their bytes, so rules about
//! runs need no other treatment; rules about one character use `cont`, the continuation bytes.
//! Linear in the text; the only look-ahead past the block is one character, or a run of white
//! space after a newline (each run is looked through once).
//!
//! A block with a character that no mask tells about is left to the scalar twin, from the piece
//! that is open to the first piece that ends after the block; there the blocks start afresh.

use super::emit::Tiles;
use super::white_space::{Blanks, Groups, WhiteSpace};
use super::{Lanes, decode_wide, letter_leads, padded};
use crate::pieces::Span;
use crate::pre_tokenizers::scanners::words::{
    BLANK, CJK_LETTER, CJK_OTHER, Contraction, Digits, END, LETTER, NEWLINE, NUMBER, ODD, OTHER, Prefix,
    Rules, base_at, base_of, contraction_of,
};

/// What the block before says: bit 0 of each is about its last byte.
#[derive(Default)]
struct Before {
    letter: u64,
    number: u64,
    other: u64,
    blank: u64,
    space: u64,
    cjk_letter: u64,
    cjk_other: u64,
    /// A newline that the run of other characters before it has taken.
    taken: u64,
    /// The first character of a run of other characters without a space before it.
    first: u64,
    /// An apostrophe that starts a contraction.
    apostrophe: u64,
    /// An ASCII letter after an ASCII sign that takes ASCII letters only.
    signed: u64,
    /// Starts that contractions of the block before have set in this one.
    cuts: u64,
    groups: Groups,
    white_space: WhiteSpace,
}

/// Appends the pieces of `text`; `shift` is added to each position.
#[inline(always)]
pub fn scan<K: Lanes, R: Rules>(lanes: K, text: &str, shift: u32, out: &mut Vec<Span>) {
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
            at = tiles.walk(shift, at + 64, bytes.len(), |start| R::piece_end(bytes, start));
            before = Before::default();
            wanted = !1;
        }
    }
    tiles.finish(shift + bytes.len() as u32);
}

/// The classes of a block's characters.
struct Classes {
    letter: u64,
    number: u64,
    other: u64,
    blank: u64,
    cjk_letter: u64,
    cjk_other: u64,
    odd: u64,
    /// Bytes that continue a character.
    cont: u64,
    /// First bytes of white space characters outside ASCII that text follows.
    wide_last: u64,
}

/// Whether a character of this class can have the last white space before it.
#[inline(always)]
fn is_text<R: Rules>(base: u8) -> bool {
    let mut cuts = BLANK | NEWLINE;
    if R::DIGITS_CUT {
        cuts |= NUMBER;
    }
    if R::CJK_CUT {
        cuts |= CJK_LETTER | CJK_OTHER;
    }
    base != END && base & cuts == 0
}

impl Before {
    /// Where pieces start in a block whose first byte is byte `at` of the text; `None` if the
    /// masks cannot tell.
    #[inline(always)]
    fn block<K: Lanes, R: Rules>(
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
        let ascii_letter = lanes.letters(block);
        let number = lanes.range(block, b'0', 10);
        let other = !(ascii_letter | number | space | control | high) & valid;
        let mut classes = Classes {
            letter: ascii_letter,
            number,
            other,
            blank: (space | control) & !newline,
            cjk_letter: 0,
            cjk_other: 0,
            odd: 0,
            cont: 0,
            wide_last: 0,
        };
        if R::CJK_CUT {
            classes.other &= lanes.range(block, b'!', b'~' - b'!' + 1);
            classes.odd = other & !classes.other;
        }
        if high != 0 {
            self.add_wide::<K, R>(lanes, block, text, at, high, &mut classes);
        }
        let Classes { letter, number, other, blank, cjk_letter, cjk_other, odd, cont, wide_last } = classes;
        let atoms = !cont;
        // The class of the character after the block. If a character goes on into the next block
        // this may be anything: only ASCII characters ask for their neighbour.
        let next = match text.as_bytes().get(at + 64) {
            None => END,
            Some(byte) if !(0x80..0xC0).contains(byte) => base_at::<R>(text.as_bytes(), at + 64).0,
            Some(_) => OTHER,
        };
        if R::CJK_CUT && (odd != 0 || next == ODD) {
            return None;
        }

        let after_other = other << 1 | self.other;
        let after_space = space << 1 | self.space;
        let first = other & atoms & !after_other & !after_space;
        let mut starts = first | std::mem::take(&mut self.cuts);

        let mut apostrophe = 0;
        if R::CONTRACTION != Contraction::None {
            let before_letter = letter >> 1 | u64::from(next == LETTER) << 63;
            let mut found = lanes.equal(block, b'\'') & first & before_letter;
            while found != 0 {
                let bit = found.trailing_zeros() as usize;
                found &= found - 1;
                let len = contraction_of(R::CONTRACTION, text.as_bytes(), at + bit);
                if len > 0 {
                    apostrophe |= 1 << bit;
                    if bit + len < 64 {
                        starts |= 1 << (bit + len);
                    } else {
                        self.cuts |= 1 << (bit + len - 64);
                    }
                }
            }
        }

        let mut prefixed = match R::PREFIX {
            Prefix::Space => after_space,
            Prefix::Blank => blank << 1 | self.blank,
            Prefix::BlankOrOther => {
                // Spread over all bytes of the character.
                let mut first = first;
                if cont != 0 {
                    for _ in 0..3 {
                        first |= (first << 1 | self.first) & cont;
                    }
                }
                let prefixed = (blank << 1 | self.blank) | (first << 1 | self.first);
                self.first = first >> 63;
                prefixed
            }
        };
        prefixed |= apostrophe << 1 | self.apostrophe;
        if R::CJK_CUT {
            // Behind an ASCII sign: its letters, and the first letter that is not ASCII.
            let after_sign = ascii_letter & ((first & !high) << 1 | self.first);
            let signed = ascii_letter & !ascii_letter.wrapping_add(after_sign | ascii_letter & self.signed);
            prefixed |= after_sign;
            starts |= letter & high & atoms & (signed << 1 | self.signed);
            self.first = (first & !high) >> 63;
            self.signed = signed >> 63;
            starts |= cjk_letter & atoms & !(cjk_letter << 1 | self.cjk_letter);
            starts |= cjk_other & atoms & !(cjk_other << 1 | self.cjk_other);
            self.cjk_letter = cjk_letter >> 63;
            self.cjk_other = cjk_other >> 63;
        }
        starts |= letter & atoms & !(letter << 1 | self.letter) & !prefixed;

        starts |= match R::DIGITS {
            Digits::One => number & atoms,
            Digits::SpaceRun => number & atoms & !(number << 1 | self.number) & !after_space,
            Digits::UpToThree => self.groups.starts(number, cont),
        };

        let taken = if R::OTHER_NEWLINES {
            // Adding a run's lowest bit clears the run.
            let run = newline & (after_other | self.taken);
            newline & !newline.wrapping_add(run)
        } else {
            0
        };
        let mut text_bits = !(blank | newline) & valid;
        if R::DIGITS_CUT {
            text_bits &= !number;
        }
        if R::CJK_CUT {
            text_bits &= !(cjk_letter | cjk_other);
        }
        let before_text = text_bits >> 1 | u64::from(is_text::<R>(next)) << 63;
        let blanks = Blanks { blank, newline, taken, before_text, wide_last, high, cont };
        let whole = text.as_bytes();
        starts |= if R::NEWLINE_RUNS {
            self.white_space.starts::<true>(blanks, whole, at + 64, |at| base_at::<R>(whole, at))
        } else {
            self.white_space.starts::<false>(blanks, whole, at + 64, |at| base_at::<R>(whole, at))
        };

        self.letter = letter >> 63;
        self.number = number >> 63;
        self.other = other >> 63;
        self.blank = blank >> 63;
        self.space = space >> 63;
        self.taken = taken >> 63;
        self.apostrophe = apostrophe >> 63;
        Some(starts)
    }

    /// Puts the characters outside ASCII into their classes.
    #[inline(always)]
    fn add_wide<K: Lanes, R: Rules>(
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
        // Most are letters.
        classes.letter |= high;
        // The rest of a character of the block before has its class.
        let carried = cont & !cont.wrapping_add(cont & 1);
        if carried != 0 && self.letter == 0 {
            classes.letter &= !carried;
            classes.number |= carried & self.number.wrapping_neg();
            classes.other |= carried & self.other.wrapping_neg();
            classes.blank |= carried & self.blank.wrapping_neg();
            classes.cjk_letter |= carried & self.cjk_letter.wrapping_neg();
            classes.cjk_other |= carried & self.cjk_other.wrapping_neg();
        }
        let mut leads = high & !cont;
        if R::CJK_CUT {
            // U+5000..U+8FFF are all ideographs, and in the ranges that are cut out.
            let ideographs = lanes.range(block, 0xE5, 4);
            let bits = ideographs | ideographs << 1 | ideographs << 2;
            classes.letter &= !bits;
            classes.cjk_letter |= bits;
            leads &= !(ideographs | letter_leads(lanes, block) & !lanes.range(block, 0xE9, 1));
        } else {
            leads &= !letter_leads(lanes, block);
        }
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
            classes.letter &= !bits;
            match base {
                NUMBER => classes.number |= bits,
                OTHER => classes.other |= bits,
                CJK_LETTER if R::CJK_CUT => classes.cjk_letter |= bits,
                CJK_OTHER if R::CJK_CUT => classes.cjk_other |= bits,
                ODD if R::CJK_CUT => classes.odd |= bits,
                _ => {
                    classes.blank |= bits;
                    let next = base_at::<R>(text.as_bytes(), at + bit + len).0;
                    if is_text::<R>(next) {
                        classes.wide_last |= 1 << bit;
                    }
                    if R::CJK_CUT && next == ODD {
                        classes.odd |= bits;
                    }
                }
            }
        }
    }
}
