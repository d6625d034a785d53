//! ByteLevel: each byte becomes a printable character, GPT-2's alphabet.

use super::slow;
use crate::error::Result;
use crate::text::{Editor, NormalizedText, Operation};

pub fn normalize(text: &mut NormalizedText<'_>) -> Result<()> {
    if text.is_empty() || text.is_regular() && text.get().bytes().all(|b| (b'!'..=b'~').contains(&b)) {
        Ok(())
    } else if text.is_regular() {
        text.edit(&mut Alphabet)
    } else {
        slow::byte_level(text)
    }
}

/// The alphabet: printable Latin-1 stands for itself, the other bytes, in order, for U+0100 on.
const ALPHABET: [char; 256] = {
    let mut alphabet = ['\0'; 256];
    let mut next = 0x100;
    let mut byte = 0;
    while byte < 256 {
        let printable = matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
        let scalar = if printable { byte as u32 } else { next };
        if !printable {
            next += 1;
        }
        alphabet[byte] = match char::from_u32(scalar) {
            Some(c) => c,
            None => '\0',
        };
        byte += 1;
    }
    alphabet
};

pub fn char_of(byte: u8) -> char {
    ALPHABET[usize::from(byte)]
}

/// The alphabet in UTF-8: bytes as a little-endian number, their count.
const ENCODED: [(u32, u8); 256] = {
    let mut encoded = [(0, 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let scalar = ALPHABET[byte] as u32;
        encoded[byte] =
            if scalar < 0x80 { (scalar, 1) } else { ((0xC0 | scalar >> 6) | (0x80 | scalar & 0x3F) << 8, 2) };
        byte += 1;
    }
    encoded
};

struct Alphabet;

impl Operation for Alphabet {
    fn run<const TRACK: bool>(&mut self, _: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        editor.expand_bytes(&ENCODED);
        Ok(())
    }
}
