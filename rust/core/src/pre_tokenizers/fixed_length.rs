//! FixedLength: pieces of so many characters.

use crate::error::{Error, Result};
use crate::pieces::Span;

/// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text. `length` is
/// in characters; stock panics if it is 0.
pub fn cut(length: usize, text: &str, shift: usize, out: &mut Vec<Span>) -> Result<()> {
    if length == 0 {
        return Err(Error::would_panic("FixedLength with a length of 0"));
    }
    let mut start = 0;
    for (at, _) in text.char_indices().step_by(length).skip(1) {
        out.push(Span::new(shift + start, shift + at));
        start = at;
    }
    if start < text.len() {
        out.push(Span::new(shift + start, shift + text.len()));
    }
    Ok(())
}
