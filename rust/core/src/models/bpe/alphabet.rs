//! GPT-2's byte alphabet: every byte is written as one printable character.
//!
//! Bytes that are printable Latin-1 stand for themselves; the 68 others take U+0100.. in order.

/// The character each byte is written as.
pub const CHARACTERS: [char; 256] = characters();

const fn printable(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF)
}

const fn characters() -> [char; 256] {
    let mut table = ['\0'; 256];
    let (mut byte, mut next) = (0, 0x100_u32);
    while byte < 256 {
        table[byte] = if printable(byte as u8) {
            byte as u8 as char
        } else {
            next += 1;
            // Below U+0144: always a scalar value.
            match char::from_u32(next - 1) {
                Some(character) => character,
                None => '\0',
            }
        };
        byte += 1;
    }
    table
}

/// By character (all are below U+0144): its byte plus one, 0 for none.
const BYTES: [u16; 0x144] = bytes();

const fn bytes() -> [u16; 0x144] {
    let mut table = [0; 0x144];
    let mut byte = 0;
    while byte < 256 {
        table[CHARACTERS[byte] as usize] = byte as u16 + 1;
        byte += 1;
    }
    table
}

/// The byte a character of the alphabet stands for.
#[inline]
pub fn byte(character: char) -> Option<u8> {
    BYTES.get(character as usize).and_then(|&byte| byte.checked_sub(1)).map(|byte| byte as u8)
}

/// Appends the bytes a string of the alphabet stands for; on a character outside of it returns
/// `false`, with `bytes` as before.
pub fn decode(string: &str, bytes: &mut Vec<u8>) -> bool {
    let start = bytes.len();
    for character in string.chars() {
        match byte(character) {
            Some(byte) => bytes.push(byte),
            None => {
                bytes.truncate(start);
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bytes() {
        assert_eq!(CHARACTERS[b' ' as usize], 'Ġ');
        assert_eq!(CHARACTERS[b'\n' as usize], 'Ċ');
        assert_eq!(CHARACTERS[0xAD], '\u{143}');
        assert_eq!(CHARACTERS[0xFF], 'ÿ');
        for byte in 0..=255 {
            assert_eq!(super::byte(CHARACTERS[byte as usize]), Some(byte));
        }
        assert_eq!(super::byte(' '), None);
        assert_eq!(super::byte('\u{AD}'), None);
        assert_eq!(super::byte('中'), None);
    }
}
