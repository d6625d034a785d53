//! A model as a constructor gets it: its long lists in arenas of their own, the rest as JSON.
//!
//! Taking the lists apart is cheap; the tables are built later, elsewhere.

use super::Merges;
use crate::vocabulary::VocabularyBuilder;

#[derive(Debug, Clone)]
pub struct ModelParts {
    /// The model's JSON object without `vocab` and `merges`.
    pub fields: String,
    pub vocab: VocabParts,
    pub merges: Option<Merges>,
}

#[derive(Debug, Clone)]
pub enum VocabParts {
    /// Tokens with ids.
    Ids(VocabularyBuilder),
    /// Pieces with scores.
    Scores(Pieces),
}

/// Pieces and scores in the order of their ids.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    arena: String,
    /// Each piece's end in the arena, and its score.
    entries: Vec<(u32, f64)>,
}

impl Pieces {
    /// Where the next piece's text is appended.
    pub fn arena(&mut self) -> &mut String {
        &mut self.arena
    }

    /// Makes what was appended since the last call a piece with this score.
    pub fn finish_piece(&mut self, score: f64) {
        self.entries.push((self.arena.len() as u32, score));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        let starts = std::iter::once(0).chain(self.entries.iter().map(|&(end, _)| end));
        self.entries
            .iter()
            .zip(starts)
            .map(|(&(end, score), start)| (&self.arena[start as usize..end as usize], score))
    }
}
