//! The seven questions an encoding answers about tokens, words and characters.
//!
//! All but `token_to_sequence` read the heavy columns: without `detail` they answer `None` to
//! everything, so ask for `Level::Full` first.

use std::ops::Range;

use super::Encoding;

impl Encoding {
    /// The tokens of a sequence; all of them if the id was never set.
    pub(super) fn sequence_range(&self, sequence_id: usize) -> Range<usize> {
        self.sequence_ranges
            .iter()
            .find(|entry| entry.0 == sequence_id)
            .map_or(0..self.len(), |entry| entry.1.clone())
    }

    /// Which sequence a token belongs to. One past the last token counts as a token of the only
    /// sequence if no sequence id was ever set (as in stock).
    pub fn token_to_sequence(&self, token: usize) -> Option<usize> {
        if token > self.len() {
            None
        } else if self.sequence_ranges.is_empty() {
            Some(0)
        } else {
            self.sequence_ranges.iter().find(|(_, range)| range.contains(&token)).map(|entry| entry.0)
        }
    }

    /// First token of a word and one past its last.
    ///
    /// Word ids ascend in a sequence, so the search stops at the first greater one; what follows
    /// it is not looked at even where they do not ascend (as in stock).
    pub fn word_to_tokens(&self, word: u32, sequence_id: usize) -> Option<(usize, usize)> {
        let range = self.sequence_range(sequence_id);
        let words = self.detail.as_ref()?.words.get(range.clone())?;
        let until = words.iter().position(|&at| at > Some(word)).unwrap_or(words.len());
        let first = words[..until].iter().position(|&at| at == Some(word))?;
        let last = words[..until].iter().rposition(|&at| at == Some(word))?;
        Some((range.start + first, range.start + last + 1))
    }

    /// First character of a word and one past its last.
    pub fn word_to_chars(&self, word: u32, sequence_id: usize) -> Option<(usize, usize)> {
        let (start, end) = self.word_to_tokens(word, sequence_id)?;
        let offsets = &self.detail.as_ref()?.offsets;
        Some((offsets.get(start)?.0, offsets.get(end.checked_sub(1)?)?.1))
    }

    /// A token's sequence and its characters.
    pub fn token_to_chars(&self, token: usize) -> Option<(usize, (usize, usize))> {
        Some((self.token_to_sequence(token)?, *self.detail.as_ref()?.offsets.get(token)?))
    }

    /// A token's sequence and its word.
    pub fn token_to_word(&self, token: usize) -> Option<(usize, u32)> {
        Some((self.token_to_sequence(token)?, (*self.detail.as_ref()?.words.get(token)?)?))
    }

    /// The first token that covers a character of the sequence.
    pub fn char_to_token(&self, position: usize, sequence_id: usize) -> Option<usize> {
        let range = self.sequence_range(sequence_id);
        let offsets = self.detail.as_ref()?.offsets.get(range.clone())?;
        let found = offsets.iter().position(|&(start, end)| start <= position && position < end)?;
        Some(range.start + found)
    }

    /// The word of the first token that covers a character of the sequence.
    pub fn char_to_word(&self, position: usize, sequence_id: usize) -> Option<u32> {
        let token = self.char_to_token(position, sequence_id)?;
        Some(self.token_to_word(token)?.1)
    }
}
