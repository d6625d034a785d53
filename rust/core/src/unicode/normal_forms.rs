//! The four normal forms, and Hangul's arithmetic.

use super::flags;

/// A Unicode normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Nfc,
    Nfkc,
    Nfd,
    Nfkd,
}

impl Form {
    /// The flag of the characters that this form may change.
    pub fn flag(self) -> u16 {
        match self {
            Form::Nfc => flags::NFC,
            Form::Nfkc => flags::NFKC,
            Form::Nfd => flags::NFD,
            Form::Nfkd => flags::NFKD,
        }
    }

    pub fn composes(self) -> bool {
        matches!(self, Form::Nfc | Form::Nfkc)
    }
}

const SYLLABLES: u32 = 0xAC00;

/// The jamo of a Hangul syllable in UTF-8, three bytes each, as little-endian numbers: the first
/// two, and the last if there is one.
#[inline]
pub fn encode_hangul(syllable: u32) -> (u64, Option<u64>) {
    let (lead, vowel, tail) = expand_hangul(syllable);
    let encode = |jamo: u32| u64::from(0xE1 | (0x80 | jamo >> 6 & 0x3F) << 8 | (0x80 | jamo & 0x3F) << 16);
    (encode(lead) | encode(vowel) << 24, tail.map(encode))
}

/// The jamo of a Hangul syllable (U+AC00 to U+D7A3): two, or three with a final consonant.
#[inline]
pub fn expand_hangul(syllable: u32) -> (u32, u32, Option<u32>) {
    let index = syllable - SYLLABLES;
    let (lead, vowel, tail) = (index / 588, index % 588 / 28, index % 28);
    (0x1100 + lead, 0x1161 + vowel, (tail > 0).then_some(0x11A7 + tail))
}
