//! `Strip`: a character taken off each token's ends, a limited number of times.

use crate::error::{Error, Result};

#[derive(Debug)]
pub struct Strip {
    pub(super) content: char,
    pub(super) start: usize,
    pub(super) stop: usize,
}

impl Strip {
    /// How many bytes go at the start.
    pub(super) fn leading(&self, token: &str) -> usize {
        token.chars().take(self.start).take_while(|&c| c == self.content).count() * self.content.len_utf8()
    }

    /// `WouldPanic` for a token that is too short: one made of nothing else, shorter than `stop`,
    /// or one of which both ends together want more than there is.
    pub(super) fn map(&self, mut token: String) -> Result<String> {
        let start = self.leading(&token);
        if self.stop > 0 {
            let width = self.content.len_utf8();
            let trailing = token.chars().rev().take(self.stop).take_while(|&c| c == self.content).count();
            let end = token.len() - trailing * width;
            // Stock asks for one more character than there is.
            let runs_out = end == 0 && trailing < self.stop;
            if runs_out || start > end {
                return Err(Error::would_panic(format!(
                    "a token of {} bytes is too short for a Strip decoder",
                    token.len()
                )));
            }
            token.truncate(end);
        }
        token.drain(..start);
        Ok(token)
    }
}
