//! Truncation of a sequence or a pair to a maximal number of tokens.

use crate::config::{TruncationParams, TruncationStrategy};
use crate::encoding::Encoding;
use crate::error::{Error, Result};

/// Lengths of the two sequences after `LongestFirst`, which needs at most `max_length` of both:
/// the shorter one stays whole if it fits into half, else both get half (the longer one gets the
/// odd token; of two equal ones, the second).
fn longest_first(first: usize, second: usize, max_length: usize) -> (usize, usize) {
    let (short, long) = (first.min(second), first.max(second));
    let long_left = if short > max_length { short } else { short.max(max_length - short) };
    let (short, long) = if short + long_left > max_length {
        (max_length / 2, max_length / 2 + max_length % 2)
    } else {
        (short, long_left.min(long))
    };
    if first > second { (long, short) } else { (short, long) }
}

/// Truncates in place; what is cut off becomes overflowing parts of its encoding.
///
/// Fails with stock's texts if the strategy's sequence is missing or too short, with `WouldPanic`
/// if the stride is not below the length that is left. After an error the encodings are unusable.
pub fn truncate_encodings(
    first: &mut Encoding,
    mut second: Option<&mut Encoding>,
    params: &TruncationParams,
) -> Result<()> {
    let TruncationParams { direction, max_length, strategy, stride } = *params;
    if max_length == 0 {
        first.truncate(0, stride, direction)?;
        return second.map_or(Ok(()), |second| second.truncate(0, stride, direction));
    }
    let total = first.len() + second.as_ref().map_or(0, |second| second.len());
    if total <= max_length {
        return Ok(());
    }
    let target = match strategy {
        TruncationStrategy::LongestFirst => {
            let Some(second) = second else { return first.truncate(max_length, stride, direction) };
            let lengths = longest_first(first.len(), second.len(), max_length);
            first.truncate(lengths.0, stride, direction)?;
            return second.truncate(lengths.1, stride, direction);
        }
        TruncationStrategy::OnlyFirst => first,
        TruncationStrategy::OnlySecond => {
            second.take().ok_or_else(|| Error::stock("Truncation error: Second sequence not provided"))?
        }
    };
    match target.len().checked_sub(total - max_length) {
        None | Some(0) => Err(Error::stock(
            "Truncation error: Sequence to truncate too short to respect the provided max_length",
        )),
        Some(len) => target.truncate(len, stride, direction),
    }
}

/// What stock checks when truncation is set on a tokenizer whose post-processor adds
/// `added_tokens` to a single sequence.
pub fn check_stride(params: &TruncationParams, added_tokens: usize) -> Result<()> {
    let effective = params.max_length.wrapping_sub(added_tokens);
    if effective < params.stride {
        return Err(Error::stock(format!(
            "tokenizer stride set to {}, which is greater than or equal to its effective max length of \
             {effective} (= {} original max length - {added_tokens} added special tokens), ",
            params.stride, params.max_length
        )));
    }
    Ok(())
}
