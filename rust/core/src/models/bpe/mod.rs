//! Byte pair encoding.
//!
//! `compile` makes the tables. Encoding, from the outside in: `encode` (cache, chunks), `cuts`
//! (long pieces), `short` (merging up to 32 symbols), `atoms` and `queue` (everything else, and
//! the definition that the fast paths are tested against).

mod alphabet;
mod atoms;
mod batch;
mod compile;
mod cuts;
mod encode;
mod items;
mod merges;
#[cfg(test)]
mod naive;
mod pairs;
mod premerge;
mod queue;
mod short;
mod spans;
mod sweep;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use crate::error::Result;
use crate::models::word_cache::WordCache;
use crate::models::{Alphabet, ModelToken};
use crate::pieces::Span;
use crate::unchecked::Level;
use crate::vocabulary::Vocabulary;

use atoms::{Atoms, Missing, Word};
use cuts::Cuts;
use encode::{Buffers, Whole};
use merges::Merges;
use premerge::Premerge;
use queue::Queue;
use sweep::Sweep;
use words::{Texts, Words};

/// A compiled BPE model.
#[derive(Debug)]
pub struct Bpe {
    vocabulary: Arc<Vocabulary>,
    alphabet: Alphabet,
    atoms: Atoms,
    missing: Missing,
    merges: Merges,
    /// For plain models over bytes.
    premerge: Option<Premerge>,
    texts: Texts,
    words: Words,
    cuts: Option<Cuts>,
    /// By id: the bytes of text a token covers; 0 where that is not always the same.
    widths: Vec<u32>,
    ignore_merges: bool,
    level: Level,
}

/// A thread's buffers and word cache.
#[derive(Debug, Default)]
pub struct BpeScratch {
    cache: WordCache,
    word: Word,
    queue: Queue,
    sweep: Sweep,
    /// For pieces, and for parts of them.
    buffers: [Option<Box<Buffers>>; 2],
    /// The parts of a long piece.
    parts: Vec<Span>,
    ids: Vec<u32>,
}

impl BpeScratch {
    /// Bytes held by the word cache.
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }
}

/// Whether most tokens of one character are of the byte-level alphabet, as in its models.
pub fn has_byte_alphabet(vocabulary: &Vocabulary) -> bool {
    let known = |character: char| vocabulary.id(character.encode_utf8(&mut [0; 4])).is_some();
    let bytes = alphabet::CHARACTERS.iter().filter(|&&character| known(character)).count();
    let characters = vocabulary.iter().filter(|(_, token)| token.chars().nth(1).is_none()).count();
    known(alphabet::CHARACTERS[usize::from(b' ')]) && 2 * bytes > characters
}

impl Bpe {
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    pub fn scratch(&self) -> BpeScratch {
        BpeScratch::default()
    }

    /// The first place at or after `from` where cutting a long piece in two gives the same ids.
    pub fn cut(&self, piece: &[u8], from: usize) -> Option<usize> {
        // A whole word may have an id of its own then.
        if self.ignore_merges { None } else { self.cuts.as_ref()?.next(piece, from) }
    }

    /// Appends the ids of every piece.
    pub fn ids(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        self.encode(text.as_bytes(), pieces, Whole::Word, scratch, ids)
    }

    /// Appends the tokens of every piece, with the bytes they cover. Where characters vanish or
    /// become unknown, these are stock's offsets, which count the symbols' lengths and slip.
    pub fn tokens(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut BpeScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        self.span_tokens(text.as_bytes(), pieces, scratch, tokens)
    }

    /// Fills the scratch's word with what merging a word of any kind gives.
    fn merge_any(&self, word: &[u8], scratch: &mut BpeScratch) -> Result<()> {
        self.atoms.split(word, &self.missing, &mut scratch.word)?;
        if self.merges.plain && scratch.word.symbols.len() >= sweep::LONG {
            scratch.sweep.merge(&self.merges, &mut scratch.word);
        } else {
            scratch.queue.merge(&self.merges, &mut scratch.word);
        }
        Ok(())
    }
}
