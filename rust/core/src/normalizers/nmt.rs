//! Nmt: the cleaning of Google's translation models. Some controls are removed, others and a few
//! invisible characters become spaces.

use super::char_map::{Action, Block, CharMap, any, apply};
use super::slow;
use crate::error::Result;
use crate::text::NormalizedText;

pub fn normalize(text: &mut NormalizedText<'_>) -> Result<()> {
    if text.is_regular() { apply(text, &NmtMap) } else { slow::nmt(text) }
}

pub fn is_removed(scalar: u32) -> bool {
    matches!(scalar, 0x01..=0x08 | 0x0B | 0x0E..=0x1F | 0x7F | 0x8F | 0x9F)
}

pub fn is_space(scalar: u32) -> bool {
    matches!(
        scalar,
        0x09 | 0x0A | 0x0C | 0x0D | 0x1680 | 0x200B..=0x200F | 0x2028 | 0x2029 | 0x2581 | 0xFEFF | 0xFFFD
    )
}

struct NmtMap;

impl CharMap for NmtMap {
    #[inline(always)]
    fn action(&self, scalar: u32) -> Action {
        // Most letters lie in the two gaps.
        if (0xA0..0x1680).contains(&scalar) || (0x2582..0xFEFF).contains(&scalar) || scalar > 0xFFFD {
            Action::KEEP
        } else if is_removed(scalar) {
            Action::REMOVE
        } else if is_space(scalar) {
            Action::SPACE
        } else {
            Action::KEEP
        }
    }

    #[inline(always)]
    fn ascii(&self, source: &Block, mapped: &mut Block) -> bool {
        let space = |b: u8| u8::from(b == 9) | u8::from(b == 10) | u8::from(b == 12) | u8::from(b == 13);
        for (new, &old) in mapped.iter_mut().zip(source) {
            *new = if space(old) != 0 { b' ' } else { old };
        }
        !any(source, |b| {
            let control = u8::from(b.wrapping_sub(1) < 0x1F) | u8::from(b == 0x7F);
            b & 0x80 | control & (space(b) ^ 1)
        })
    }
}
