//! One long text on several threads, in either of two ways, both exact by construction.
//!
//! Whole sections: where normalizer and pre-tokenizer allow it, a text is cut in front of a space
//! between two ASCII letters. A piece begins there whatever stands around (`Plan::cuts_at_spaces`
//! says for which tokenizers), so each part is encoded as a text of its own: about twice as fast
//! with two threads.
//!
//! Pieces: else only the model's work is shared. A model takes each piece by itself, so the pieces
//! are given out in runs of about equal bytes; a piece as long as the text (SentencePiece's) is
//! cut where the model's vocabulary proves that nothing changes (`models/bpe/cuts.rs`).

use rayon::ThreadPool;

use crate::columns::Columns;
use crate::error::Result;
use crate::models::{Model, ModelToken};
use crate::options::EncodeOptions;
use crate::pieces::Span;
use crate::scratch::Scratch;
use crate::threads;
use crate::tokenizer::Tokenizer;

/// Texts with fewer bytes than this stay on one thread: two threads each fill a word cache of
/// their own, and waking one costs 14–24 µs.
pub const WORTH_SHARING: usize = 64 << 10;
/// Bytes of a part, at least.
const PART: usize = 16 << 10;
/// Parts a thread, to even out.
const PARTS_PER_THREAD: usize = 4;

/// What lies between two added tokens of a text.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    pub text: &'a str,
    /// Where it starts, in bytes of the text.
    pub shift: usize,
    /// Of words cut by the caller: which it is.
    pub word: Option<u32>,
    /// Pieces of the text before it.
    pub piece_count: u32,
}

impl Tokenizer {
    /// The threads for this section, if it can be cut and is worth it.
    pub(crate) fn worth_sharing<'a>(
        &self,
        section: &Section<'_>,
        pool: Option<&'a ThreadPool>,
    ) -> Option<&'a ThreadPool> {
        pool.filter(|_| section.text.len() >= WORTH_SHARING && self.plan().cuts_at_spaces)
    }

    /// `encode_section`, its parts on several threads.
    pub(crate) fn encode_section_shared(
        &self,
        section: &Section<'_>,
        options: &EncodeOptions,
        pool: &ThreadPool,
        columns: &mut Columns,
    ) -> Result<u32> {
        let parts = section.divide(pool);
        let full = columns.full;
        let encode = |scratch: &mut Scratch, part: usize| -> Result<(u32, Columns)> {
            let mut columns = Columns::new(full);
            // A text without such a place is one part: its pieces are shared.
            let pool = Some(pool).filter(|_| parts.len() == 1);
            let count = self.encode_section(&parts[part], options, scratch, pool, &mut columns)?;
            Ok((count, columns))
        };
        let mut piece_count = section.piece_count;
        for part in threads::run(pool, parts.len(), || self.scratch(), encode) {
            let (count, part) = part?;
            columns.append(part, section.word, piece_count);
            piece_count += count;
        }
        Ok(piece_count - section.piece_count)
    }
}

impl<'a> Section<'a> {
    /// Parts of about equal bytes, cut in front of a space between ASCII letters.
    fn divide(&self, pool: &ThreadPool) -> Vec<Self> {
        let part = part_bytes(self.text.len(), pool);
        let (mut parts, mut start) = (Vec::new(), 0);
        while self.text.len() - start > 2 * part {
            let Some(end) = space_between_letters(self.text.as_bytes(), start + part) else { break };
            parts.push(self.part(start, end));
            start = end;
        }
        parts.push(self.part(start, self.text.len()));
        parts
    }

    fn part(&self, start: usize, end: usize) -> Self {
        Self { text: &self.text[start..end], shift: self.shift + start, word: self.word, piece_count: 0 }
    }
}

/// The first space at or after `from` that stands between two ASCII letters.
fn space_between_letters(text: &[u8], from: usize) -> Option<usize> {
    let letter = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphabetic);
    memchr::memchr_iter(b' ', &text[from..]).map(|at| from + at).find(|&at| letter(at - 1) && letter(at + 1))
}

/// Bytes of a part of a text.
fn part_bytes(len: usize, pool: &ThreadPool) -> usize {
    (len / ((pool.current_num_threads() + 1) * PARTS_PER_THREAD)).max(PART)
}

/// The pieces of a text, made ready to be given out.
struct Parts {
    /// The pieces; long ones cut.
    spans: Vec<Span>,
    /// The end of each part, in `spans`.
    ends: Vec<usize>,
}

/// Appends the ids of every piece, as `Model::ids`. `scratch` gives a thread its buffers.
pub fn ids(
    model: &Model,
    text: &str,
    pieces: &[Span],
    pool: &ThreadPool,
    scratch: impl Fn() -> Scratch + Sync,
    ids: &mut Vec<u32>,
) -> Result<()> {
    let cut = |piece: &[u8], from| model.cut(piece, from);
    let parts = Parts::divide(text, pieces, pool, cut);
    let done = threads::run(pool, parts.ends.len(), scratch, |scratch, part| {
        let mut ids = Vec::new();
        model.ids(text, parts.spans(part), &mut scratch.model, &mut ids).map(|()| ids)
    });
    for part in done {
        ids.append(&mut part?);
    }
    Ok(())
}

/// Appends the tokens of every piece, as `Model::tokens`. No piece is cut: what a piece's tokens
/// cover is counted from its start.
pub fn tokens(
    model: &Model,
    text: &str,
    pieces: &[Span],
    pool: &ThreadPool,
    scratch: impl Fn() -> Scratch + Sync,
    tokens: &mut Vec<ModelToken>,
) -> Result<()> {
    let parts = Parts::divide(text, pieces, pool, |_, _| None);
    let done = threads::run(pool, parts.ends.len(), scratch, |scratch, part| -> Result<_> {
        let mut tokens = Vec::new();
        model.tokens(text, parts.spans(part), &mut scratch.model, &mut tokens)?;
        for token in &mut tokens {
            token.piece += parts.start(part) as u32;
        }
        Ok(tokens)
    });
    for part in done {
        tokens.append(&mut part?);
    }
    Ok(())
}

impl Parts {
    fn divide(
        text: &str,
        pieces: &[Span],
        pool: &ThreadPool,
        cut: impl Fn(&[u8], usize) -> Option<usize>,
    ) -> Self {
        let part = part_bytes(text.len(), pool);
        let mut parts = Self { spans: Vec::with_capacity(pieces.len()), ends: Vec::new() };
        for &piece in pieces {
            let mut rest = piece;
            while rest.range().len() > 2 * part {
                let Some(at) = cut(&text.as_bytes()[rest.range()], part) else { break };
                let at = rest.start + at as u32;
                parts.spans.push(Span { start: rest.start, end: at });
                rest.start = at;
            }
            parts.spans.push(rest);
        }
        let mut bytes = 0;
        for (index, span) in parts.spans.iter().enumerate() {
            bytes += span.range().len();
            if bytes >= part {
                parts.ends.push(index + 1);
                bytes = 0;
            }
        }
        if parts.ends.last().copied().unwrap_or(0) < parts.spans.len() {
            parts.ends.push(parts.spans.len());
        }
        parts
    }

    fn start(&self, part: usize) -> usize {
        if part == 0 { 0 } else { self.ends[part - 1] }
    }

    fn spans(&self, part: usize) -> &[Span] {
        &self.spans[self.start(part)..self.ends[part]]
    }
}
