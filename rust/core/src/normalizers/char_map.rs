//! One pass over a text for normalizers that look at one character at a time.
//!
//! ASCII goes a block at a time through a loop the compiler turns into SIMD; everything else goes
//! through one [`Action`] a character.

use crate::error::Result;
use crate::text::{Editor, NormalizedText, Operation, width_of};

/// What becomes of a character, packed: the low byte holds flags and the length of the new text,
/// the seven others the new text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action(pub u64);

impl Action {
    const LENGTH: u64 = 0x07;
    /// The new text is one character.
    const SINGLE: u64 = 0x08;
    const KEEP_FLAG: u64 = 0x10;
    /// Spaces are put around the result.
    const PADDED: u64 = 0x20;
    const SPECIAL_FLAG: u64 = 0x40;

    /// The character stays.
    pub const KEEP: Self = Self(Self::KEEP_FLAG | Self::SINGLE);
    pub const REMOVE: Self = Self(0);
    pub const SPACE: Self = Self((b' ' as u64) << 8 | Self::SINGLE | 1);
    /// [`CharMap::special`] decides.
    pub const SPECIAL: Self = Self(Self::SPECIAL_FLAG);

    /// The character becomes `text`; `None` if that is too long to be packed.
    pub fn replace(text: &str) -> Option<Self> {
        if text.len() > 7 {
            return None;
        }
        let mut bytes = [0; 8];
        bytes[1..=text.len()].copy_from_slice(text.as_bytes());
        let single = if text.chars().count() == 1 { Self::SINGLE } else { 0 };
        Some(Self(u64::from_le_bytes(bytes) | single | text.len() as u64))
    }

    /// With spaces around; `None` if that is too long.
    pub fn padded(self) -> Option<Self> {
        (self.0 & Self::LENGTH <= 5).then_some(Self(self.0 & !Self::SINGLE | Self::PADDED))
    }
}

const BLOCK: usize = 32;

/// What is mapped at a time while it is ASCII.
pub type Block = [u8; BLOCK];

/// Folds a byte-wise test over a block: 0 if it never holds. Written without branches, for SIMD.
#[inline(always)]
pub fn any(block: &Block, mut test: impl FnMut(u8) -> u8) -> bool {
    block.iter().fold(0, |any, &byte| any | test(byte)) != 0
}

/// A map of characters.
pub trait CharMap {
    /// What becomes of a scalar (of any script, ASCII too).
    fn action(&self, scalar: u32) -> Action;

    /// Maps a block; false if one of its bytes is not ASCII or does not become exactly one byte.
    fn ascii(&self, source: &Block, mapped: &mut Block) -> bool;

    /// Handles the character at `at`, whose action is [`Action::SPECIAL`]: writes what becomes of
    /// it (and, if need be, of what follows) and gives where to go on.
    fn special<const TRACK: bool>(&self, source: &str, at: usize, editor: &mut Editor<'_, TRACK>) -> usize {
        let _ = (source, editor);
        at + 1
    }
}

/// Applies `map` to a text that is [regular](NormalizedText::is_regular).
pub fn apply(text: &mut NormalizedText<'_>, map: &impl CharMap) -> Result<()> {
    match first_change(text.get(), map) {
        Some(from) => text.edit(&mut Mapping { map, from }),
        None => Ok(()),
    }
}

#[inline(always)]
fn block(bytes: &[u8], at: usize) -> Option<&Block> {
    bytes.get(at..at + BLOCK)?.try_into().ok()
}

/// Whether the next 16 bytes are ASCII: a cheap look before a whole block is tried.
#[inline(always)]
fn ascii_ahead(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at..at + 16).and_then(|ahead| ahead.try_into().ok()) {
        Some(ahead) => u128::from_ne_bytes(ahead) & 0x8080_8080_8080_8080_8080_8080_8080_8080 == 0,
        None => false,
    }
}

/// The scalar at `at` of valid UTF-8, its width, and its bytes as a little-endian number.
#[inline(always)]
pub fn decode(bytes: &[u8], at: usize) -> (u32, usize, u64) {
    let first = u32::from(bytes[at]);
    if first < 0x80 {
        return (first, 1, u64::from(first));
    }
    let width = width_of(bytes[at]);
    // Text is valid UTF-8: what the first byte promises is there.
    let byte = |i: usize| bytes.get(at + i).map_or(0, |&b| u32::from(b));
    let (second, third) = (byte(1), byte(2));
    match width {
        2 => ((first & 0x1F) << 6 | second & 0x3F, 2, u64::from(first | second << 8)),
        3 => (
            (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F,
            3,
            u64::from(first | second << 8 | third << 16),
        ),
        _ => {
            let fourth = byte(3);
            (
                (first & 0x07) << 18 | (second & 0x3F) << 12 | (third & 0x3F) << 6 | fourth & 0x3F,
                4,
                u64::from(first | second << 8 | third << 16) | u64::from(fourth) << 24,
            )
        }
    }
}

/// Where the first character stands that does not stay.
fn first_change(text: &str, map: &impl CharMap) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] < 0x80
            && let Some(block) = block(bytes, at)
        {
            let mut mapped = [0; BLOCK];
            if map.ascii(block, &mut mapped) && mapped == *block {
                at += BLOCK;
                continue;
            }
        }
        // The characters of one block, so that blocks are not tried at each of them.
        let until = (at + BLOCK).min(bytes.len());
        while at < until {
            let (scalar, width, _) = decode(bytes, at);
            if map.action(scalar) != Action::KEEP {
                return Some(at);
            }
            at += width;
        }
    }
    None
}

struct Mapping<'m, M> {
    map: &'m M,
    /// Everything before stays.
    from: usize,
}

impl<M: CharMap> Operation for Mapping<'_, M> {
    fn run<const TRACK: bool>(&mut self, source: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        let bytes = source.as_bytes();
        editor.copy(0, self.from);
        let mut at = self.from;
        while at < bytes.len() {
            if bytes[at] < 0x80
                && let Some(block) = block(bytes, at)
            {
                let mut mapped = [0; BLOCK];
                if self.map.ascii(block, &mut mapped) {
                    editor.put_same_length(at, &mapped);
                    at += BLOCK;
                    continue;
                }
            }
            // Characters one by one, until after something that is no ASCII there is ASCII again.
            let mut until = (at + BLOCK).min(bytes.len());
            while at < until {
                let (scalar, width, raw) = decode(bytes, at);
                let Action(action) = self.map.action(scalar);
                if action & Action::SPECIAL_FLAG != 0 {
                    at = self.map.special(source, at, editor).max(at + 1);
                    if ascii_ahead(bytes, at) {
                        until = at;
                    }
                    continue;
                }
                let keep = action & Action::KEEP_FLAG != 0;
                let mut new = if keep { raw } else { action >> 8 };
                let mut count = if keep { width } else { (action & Action::LENGTH) as usize };
                if action & Action::PADDED != 0 {
                    new = u64::from(b' ') | new << 8 | u64::from(b' ') << (8 * (count + 1));
                    count += 2;
                }
                if count > 0 {
                    editor.put_small(new, count, at, width, action & Action::SINGLE != 0);
                }
                at += width;
                if width > 1 && ascii_ahead(bytes, at) {
                    until = at;
                }
            }
        }
        Ok(())
    }
}
