//! Padding of a batch to one length.

use std::sync::Arc;

use crate::config::{PaddingParams, PaddingStrategy};
use crate::encoding::{Encoding, TokenText};
use crate::error::Result;

/// The length that these encodings are padded to.
pub fn padded_len(encodings: &[Encoding], params: &PaddingParams) -> usize {
    let len = match params.strategy {
        PaddingStrategy::Fixed(len) => len,
        PaddingStrategy::BatchLongest => encodings.iter().map(Encoding::len).max().unwrap_or(0),
    };
    match params.pad_to_multiple_of {
        // Wrapping as a release build of stock does.
        Some(multiple) if multiple > 0 && len % multiple > 0 => len.wrapping_add(multiple - len % multiple),
        _ => len,
    }
}

/// Pads every encoding, overflowing parts too (these do not count for the longest).
pub fn pad_encodings(encodings: &mut [Encoding], params: &PaddingParams) -> Result<()> {
    let len = padded_len(encodings, params);
    let token = TokenText::Text(Arc::from(params.pad_token.as_str()));
    for encoding in encodings {
        encoding.pad_with(len, params.pad_id, params.pad_type_id, &token, params.direction)?;
    }
    Ok(())
}
