//! Special tokens around one encoding, with everything else labelled anew: what BERT's and
//! RoBERTa's processors share.

use crate::encoding::{Encoding, Specials};

/// Encloses the encoding and each of its overflowing parts, whose own overflow is dropped. The
/// masks are made new, and the range of `sequence_id`, without the special tokens, is the only one.
pub(super) fn enclose(
    encoding: &mut Encoding,
    front: Option<&Specials>,
    back: &Specials,
    sequence_id: usize,
) {
    enclose_one(encoding, front, back, sequence_id);
    for part in &mut encoding.overflowing {
        part.overflowing = Vec::new();
        enclose_one(part, front, back, sequence_id);
    }
}

fn enclose_one(encoding: &mut Encoding, front: Option<&Specials>, back: &Specials, sequence_id: usize) {
    let start = front.map_or(0, Specials::len);
    let end = start + encoding.len();
    encoding.wrap_this(front, Some(back));
    encoding.special_tokens_mask.reset(1, start);
    encoding.special_tokens_mask.push(0, end - start);
    encoding.special_tokens_mask.push(1, back.len());
    encoding.attention_mask.reset(1, end + back.len());
    encoding.sequence_ranges.clear();
    encoding.sequence_ranges.push((sequence_id, start..end));
}
