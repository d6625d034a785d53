//! `BertProcessing`: `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.

use super::enclose::enclose;
use crate::encoding::{Encoding, Specials};

#[derive(Debug)]
pub struct BertProcessing {
    cls: Specials,
    /// Type id 0, behind the first sequence.
    sep: Specials,
    /// Type id 1, behind the second.
    second_sep: Specials,
}

impl BertProcessing {
    pub(super) fn new(sep: &(String, u32), cls: &(String, u32)) -> Self {
        Self {
            cls: Specials::of(&cls.0, cls.1, 0),
            sep: Specials::of(&sep.0, sep.1, 0),
            second_sep: Specials::of(&sep.0, sep.1, 1),
        }
    }

    pub(super) fn added_tokens(is_pair: bool) -> usize {
        if is_pair { 3 } else { 2 }
    }

    pub(super) fn apply(&self, encodings: &mut [Encoding], add_special_tokens: bool) {
        if !add_special_tokens {
            return;
        }
        for (i, encoding) in encodings.iter_mut().enumerate() {
            match i {
                0 => enclose(encoding, Some(&self.cls), &self.sep, 0),
                _ => enclose(encoding, None, &self.second_sep, 1),
            }
        }
    }
}
