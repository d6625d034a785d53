//! `RobertaProcessing`: `<s> A </s>` and `<s> A </s></s> B </s>`, one type id for all.

use super::byte_level::TrimOffsets;
use super::enclose::enclose;
use crate::encoding::{Encoding, Specials};

#[derive(Debug)]
pub struct RobertaProcessing {
    cls: Specials,
    sep: Specials,
    trim: Option<TrimOffsets>,
}

impl RobertaProcessing {
    pub(super) fn new(
        sep: &(String, u32),
        cls: &(String, u32),
        trim_offsets: bool,
        add_prefix_space: bool,
    ) -> Self {
        Self {
            cls: Specials::of(&cls.0, cls.1, 0),
            sep: Specials::of(&sep.0, sep.1, 0),
            trim: trim_offsets.then(|| TrimOffsets::new(add_prefix_space)),
        }
    }

    pub(super) fn added_tokens(is_pair: bool) -> usize {
        if is_pair { 4 } else { 2 }
    }

    pub(super) fn apply(&self, encodings: &mut [Encoding], add_special_tokens: bool) {
        for (i, encoding) in encodings.iter_mut().enumerate() {
            if let Some(trim) = &self.trim {
                trim.apply(encoding);
            }
            encoding.set_type_ids(0);
            if add_special_tokens {
                let front = if i == 0 { &self.cls } else { &self.sep };
                enclose(encoding, Some(front), &self.sep, usize::from(i > 0));
                for part in &mut encoding.overflowing {
                    part.set_type_ids(0);
                }
            }
        }
    }
}
