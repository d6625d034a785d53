//! StripAccents: removes combining marks (of all three kinds). Nothing is decomposed.

use super::char_map::{Action, Block, CharMap, any, apply};
use super::slow;
use crate::error::Result;
use crate::text::NormalizedText;
use crate::unicode::{FLAGS, flags};

pub fn normalize(text: &mut NormalizedText<'_>) -> Result<()> {
    if text.is_regular() { apply(text, &MarkMap) } else { slow::strip_accents(text) }
}

struct MarkMap;

impl CharMap for MarkMap {
    #[inline(always)]
    fn action(&self, scalar: u32) -> Action {
        if FLAGS.get(scalar) & flags::COMBINING_MARK == 0 { Action::KEEP } else { Action::REMOVE }
    }

    #[inline(always)]
    fn ascii(&self, source: &Block, mapped: &mut Block) -> bool {
        *mapped = *source;
        !any(source, |byte| byte & 0x80)
    }
}
