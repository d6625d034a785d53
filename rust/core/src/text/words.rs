//! Words that each get a space in front.

use std::borrow::Cow;

use super::{Alignment, Front, NormalizedText, unchecked};
use crate::pieces::Pieces;

impl NormalizedText<'_> {
    /// Puts a space in front of every piece, where the white space before it stands: the text
    /// keeps its length, but for one space before all. `false`, and nothing has changed, where
    /// that is not possible: a piece is not the first thing behind white space, or somebody will
    /// ask what came from where.
    pub(crate) fn lead_with_spaces(&mut self, pieces: &mut Pieces) -> bool {
        let Front { lead, origin } = match self.alignment {
            Alignment::Identity if !self.track => self.current_front(),
            Alignment::Untracked => self.front,
            _ => return false,
        };
        if lead > 0 {
            return false;
        }
        let old = self.get();
        let mut new = Vec::with_capacity(old.len() + 1);
        new.push(b' ');
        new.extend_from_slice(old.as_bytes());
        let mut end = 0;
        for piece in &pieces.spans {
            let start = piece.start as usize;
            if start == end && start > 0 {
                return false;
            }
            // All has moved by one: this is the byte before the piece.
            if new[start] != b' ' {
                let Some(white) = old[end..start].chars().next_back().filter(|c| c.is_whitespace()) else {
                    return false;
                };
                new[start + 1 - white.len_utf8()..=start].fill(b' ');
            }
            end = piece.end as usize;
        }
        let Ok(new) = unchecked::into_string(new) else { return false };
        // A piece now starts at its space, which is where it started before.
        for piece in &mut pieces.spans {
            piece.end += 1;
        }
        self.normalized = Cow::Owned(new);
        self.front = Front { lead: 0, origin: origin + u32::from(origin > 0) };
        self.alignment = Alignment::Untracked;
        true
    }
}
