//! `ByteLevel`: the byte-level alphabet back to bytes.

/// In the table: not in the alphabet.
const NONE: u16 = 256;
/// One past the highest character of the alphabet.
const BOUND: usize = 256 + 68;

/// The byte of each character below `BOUND`.
const BYTES: [u16; BOUND] = {
    let mut bytes = [NONE; BOUND];
    let mut moved = 256;
    let mut byte = 0;
    while byte < 256 {
        let itself = matches!(byte, 33..=126 | 161..=172 | 174..=255);
        if itself {
            bytes[byte] = byte as u16;
        } else {
            bytes[moved] = byte as u16;
            moved += 1;
        }
        byte += 1;
    }
    bytes
};

/// Appends the bytes a token stands for: its own if it has a character outside of the alphabet.
pub(super) fn push_bytes(token: &str, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    for c in token.chars() {
        match BYTES.get(c as usize) {
            Some(&byte) if byte != NONE => bytes.push(byte as u8),
            _ => {
                bytes.truncate(start);
                bytes.extend_from_slice(token.as_bytes());
                return;
            }
        }
    }
}

/// Text of bytes, with U+FFFD for what is no UTF-8.
pub(super) fn lossy(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

pub(super) fn decode_chain(tokens: &[String]) -> String {
    let mut bytes = Vec::new();
    for token in tokens {
        push_bytes(token, &mut bytes);
    }
    lossy(bytes)
}
