//! Lowercase: each character by itself (no final sigma), as the compiler's Unicode has it.

use super::char_map::{Action, Block, CharMap, any, apply};
use crate::error::Result;
use crate::text::{Editor, NormalizedText};
use crate::unicode::{RECORD_OF, RECORDS, Record};
use std::sync::OnceLock;

pub fn normalize(text: &mut NormalizedText<'_>) -> Result<()> {
    if text.is_regular() { apply(text, LowerMap::get()) } else { text.lowercase() }
}

/// Actions by record.
pub struct LowerMap(Vec<Action>);

impl LowerMap {
    fn get() -> &'static Self {
        static MAP: OnceLock<LowerMap> = OnceLock::new();
        MAP.get_or_init(|| {
            Self(
                RECORDS
                    .iter()
                    .map(|record| match Record::mapped(record.lower) {
                        None => Action::KEEP,
                        Some(lower) => Action::replace(lower).unwrap_or(Action::SPECIAL),
                    })
                    .collect(),
            )
        })
    }
}

/// A block in lower case, as far as it is ASCII.
#[inline(always)]
pub fn lower_ascii(source: &Block, mapped: &mut Block) {
    for (new, &old) in mapped.iter_mut().zip(source) {
        *new = old | (u8::from(old.wrapping_sub(b'A') < 26) << 5);
    }
}

impl CharMap for LowerMap {
    #[inline(always)]
    fn action(&self, scalar: u32) -> Action {
        self.0[usize::from(RECORD_OF.get(scalar))]
    }

    #[inline(always)]
    fn ascii(&self, source: &Block, mapped: &mut Block) -> bool {
        lower_ascii(source, mapped);
        !any(source, |byte| byte & 0x80)
    }

    /// A lower case too long to be packed.
    fn special<const TRACK: bool>(&self, source: &str, at: usize, editor: &mut Editor<'_, TRACK>) -> usize {
        let Some(c) = source[at..].chars().next() else { return source.len() };
        editor.put(&c.to_lowercase().collect::<String>(), at, c.len_utf8());
        at + c.len_utf8()
    }
}
