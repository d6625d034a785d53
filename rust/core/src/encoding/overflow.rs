//! Truncation of one encoding, with what was cut off kept as overflowing parts.

use std::ops::Range;

use super::{Detail, Encoding};
use crate::config::Direction;
use crate::error::{Error, Result};

/// The windows of `max_len` tokens, each sharing `stride` tokens with the one before; the first
/// one is what stays. Counted from the left end, or (`Left`) from the right end.
fn windows(len: usize, max_len: usize, stride: usize, direction: Direction) -> Vec<Range<usize>> {
    let step = max_len - stride;
    let mut windows = Vec::with_capacity(len / step + 1);
    let mut at = 0;
    while at < len {
        let window = match direction {
            Direction::Right => at..(at + max_len).min(len),
            Direction::Left => (len - at).saturating_sub(max_len)..len - at,
        };
        let last = match direction {
            Direction::Right => window.end == len,
            Direction::Left => window.start == 0,
        };
        windows.push(window);
        if last {
            break;
        }
        at += step;
    }
    windows
}

impl Encoding {
    /// Cuts down to `max_len` tokens; what is cut off becomes the overflowing parts, and overflow
    /// from before is lost, as are the sequence ranges (stock's rules). With `max_len` 0 the whole
    /// encoding becomes the only overflowing part of an empty one.
    ///
    /// `WouldPanic` if `stride` does not leave room for a new token; nothing is changed then.
    pub fn truncate(&mut self, max_len: usize, stride: usize, direction: Direction) -> Result<()> {
        let len = self.len();
        if max_len >= len {
            return Ok(());
        }
        if max_len == 0 {
            let empty = Self {
                detail: self
                    .detail
                    .as_ref()
                    .map(|detail| Detail { vocabulary: detail.vocabulary.clone(), ..Detail::default() }),
                ..Self::default()
            };
            let whole = std::mem::replace(self, empty);
            self.overflowing.push(whole);
            return Ok(());
        }
        if stride >= max_len {
            return Err(Error::would_panic(format!(
                "`stride` ({stride}) must be less than the length left for the sequence ({max_len}, special \
                 tokens subtracted)"
            )));
        }
        let windows = windows(len, max_len, stride, direction);
        let parts = windows[1..].iter().map(|window| self.slice(window.clone())).collect();
        self.keep(windows[0].clone());
        self.overflowing = parts;
        self.sequence_ranges.clear();
        Ok(())
    }
}
