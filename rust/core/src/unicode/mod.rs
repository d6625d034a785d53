//! Generated Unicode tables. They hold what stock does, not what one version of Unicode says: see
//! `generate.rs`, which writes `characters.rs`.

#[rustfmt::skip]
mod characters;
pub mod classes;
mod classes_table;
mod normal_forms;
pub mod scripts;
mod scripts_table;

pub use characters::{FLAGS, POOL, RECORD_OF, RECORDS};
pub use normal_forms::{Form, encode_hangul, expand_hangul};

/// A map from scalars: which block of 128, then which entry.
#[derive(Debug)]
pub struct TwoStage<T: 'static, const N: usize> {
    pub(crate) first: &'static [u16; 8704],
    pub(crate) blocks: &'static [[T; 128]; N],
}

impl<T: Copy + Default, const N: usize> TwoStage<T, N> {
    /// The entry of a scalar value; the default beyond U+10FFFF.
    #[inline(always)]
    pub fn get(&self, scalar: u32) -> T {
        match self.first.get((scalar >> 7) as usize) {
            Some(&block) if usize::from(block) < N => {
                self.blocks[usize::from(block)][(scalar & 127) as usize]
            }
            _ => T::default(),
        }
    }
}

/// The bits of [`FLAGS`].
pub mod flags {
    /// May change, or change its neighbours, in NFC: not quick-check Yes, or a nonstarter.
    pub const NFC: u16 = 1;
    pub const NFKC: u16 = 2;
    /// Decomposes canonically, or is a nonstarter.
    pub const NFD: u16 = 4;
    pub const NFKD: u16 = 8;
    /// Removed by StripAccents.
    pub const COMBINING_MARK: u16 = 16;
    /// Belongs to the grapheme cluster of whatever stands before it (controls apart).
    pub const JOINS: u16 = 32;
    /// Keeps whatever follows it in its cluster (controls apart): prepended marks.
    pub const HOLDS: u16 = 64;
    /// Joins what stands before it if that is of the right kind: a jamo, a consonant after a
    /// virama, a picture after a joiner, the second of two flag letters, LF.
    pub const JOINS_SOMETIMES: u16 = 128;
    /// A cluster of its own whatever follows it.
    pub const CONTROL: u16 = 256;
}

/// What BertNormalizer and Lowercase do to a character; strings are (offset, length) in [`POOL`],
/// length 255 meaning the character itself.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    pub bits: u8,
    /// Decomposed (NFD), nonspacing marks removed.
    pub stripped: (u16, u8),
    pub lower: (u16, u8),
    /// Stripped, then each character in lower case.
    pub both: (u16, u8),
}

impl Record {
    /// Removed by `clean_text`.
    pub const REMOVED: u8 = 1;
    /// A space after `clean_text`.
    pub const SPACE: u8 = 2;
    /// Gets spaces around it.
    pub const CHINESE: u8 = 4;
    /// Decomposes into something that is reordered and yet no nonspacing mark: what surrounds it
    /// decides.
    pub const REORDERED: u8 = 8;
    /// Its decomposition begins with a nonstarter.
    pub const NONSTARTER: u8 = 16;
    /// A Hangul syllable: decomposes by arithmetic.
    pub const HANGUL: u8 = 32;

    pub fn is(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    /// The mapped string, unless the character stays.
    pub fn mapped(slot: (u16, u8)) -> Option<&'static str> {
        (slot.1 != 255).then(|| &POOL[usize::from(slot.0)..usize::from(slot.0) + usize::from(slot.1)])
    }
}
