//! Pieces that change: pre-tokenizers such as Metaspace and ByteLevel rewrite each piece as a
//! text of its own.

use super::editor::width_of;
use super::{Editor, NormalizedText, Operation};
use crate::error::{Error, Result};
use crate::pieces::{Pieces, Span};

/// Writes the new form of one piece, from its start to its end.
///
/// The writer stands at a byte of the old piece (at first 0) and each method says what becomes of
/// the next bytes. Ranges are stock's: what `replace_until` writes has the range of the last
/// character it replaces, `prepend` and `map_char` give all they write the range of one
/// character. Old text not spoken of when the closure returns is kept.
pub struct PieceWriter<'w> {
    editor: &'w mut dyn PieceEditor,
    source: &'w str,
    piece: Span,
    /// Bytes of the piece done with.
    done: usize,
    /// Bytes of the piece, from its start, that come from an empty range.
    lead: usize,
    /// Where the original of the piece starts and whether it is empty.
    base: u32,
    hollow: bool,
}

/// What a writer needs of an editor, of either kind.
trait PieceEditor {
    fn copy(&mut self, start: usize, end: usize);
    fn put(&mut self, text: &str, at: usize, width: usize);
    fn insert(&mut self, text: &str, at: usize);
    /// Writes text that comes from the empty range at `base` of the original.
    fn insert_at_base(&mut self, text: &str, base: u32);
}

impl<const TRACK: bool> PieceEditor for Editor<'_, TRACK> {
    fn copy(&mut self, start: usize, end: usize) {
        Editor::copy(self, start, end);
    }

    fn put(&mut self, text: &str, at: usize, width: usize) {
        Editor::put(self, text, at, width);
    }

    fn insert(&mut self, text: &str, at: usize) {
        Editor::insert(self, text, Some(at));
    }

    fn insert_at_base(&mut self, text: &str, base: u32) {
        Editor::insert_at_base(self, text, base);
    }
}

impl PieceWriter<'_> {
    fn text(&self) -> &str {
        &self.source[self.piece.range()]
    }

    /// Where the writer stands, in bytes from the piece's start.
    pub fn position(&self) -> usize {
        self.done
    }

    /// Keeps the piece's bytes up to `at` (bytes from its start) as they are.
    #[inline]
    pub fn copy_until(&mut self, at: usize) {
        let (start, end) = (self.piece.start as usize + self.done, self.piece.start as usize + at);
        self.editor.copy(start, end);
        self.done = at;
    }

    /// Replaces the piece's bytes up to `at` (at least one character) by `text`, as stock's
    /// `replace` does with a match.
    #[inline]
    pub fn replace_until(&mut self, at: usize, text: &str) {
        self.editor.insert(text, (self.piece.start as usize + at).saturating_sub(1));
        self.done = at;
    }

    /// Stock's `prepend`: `text` (not empty) gets the range of the piece's first character. To be
    /// called before anything else is written.
    pub fn prepend(&mut self, text: &str) {
        let at = self.piece.start as usize;
        self.editor.insert(text, at);
    }

    /// Replaces the next character by `text`, as a `transform` of the whole piece does in which
    /// the first new character stands for the old one and the others are inserted. Every
    /// character of the piece has to be mapped.
    #[inline]
    pub fn map_char(&mut self, text: &str) -> Result<()> {
        if self.lead > 0 {
            return Err(Error::would_panic("a piece begins with text that no input stands for"));
        }
        let at = self.piece.start as usize + self.done;
        let width = width_of(self.source.as_bytes()[at]);
        self.editor.put(text, at, width);
        self.done += width;
        Ok(())
    }

    /// Whether the piece begins with text inserted by a normalizer that no part of the input
    /// stands for. `map_char` refuses such pieces; [`transform`](Self::transform) does with them
    /// what stock does.
    pub fn is_irregular(&self) -> bool {
        self.lead > 0
    }

    /// Stock's `transform` on the whole piece: to be called alone.
    pub fn transform(
        &mut self,
        dest: impl IntoIterator<Item = (char, isize)>,
        initial_offset: usize,
    ) -> Result<()> {
        let start = self.piece.start as usize;
        let len = self.piece.range().len();
        // What stock replaces: not the lead, and nothing at all of a piece without original.
        let range = if self.hollow { 0..0 } else { self.lead..len };
        self.done = 0;
        self.copy_until(range.start);
        let text = &self.source[self.piece.range()][range.clone()];
        let mut replaced = text.chars();
        let mut take = |count: usize| -> usize { replaced.by_ref().take(count).map(char::len_utf8).sum() };
        let mut offset = range.start + take(initial_offset);
        for (c, change) in dest {
            let aligned = if change > 0 { offset.checked_sub(1) } else { Some(offset) };
            if aligned.is_some_and(|at| at >= len) {
                return Err(Error::would_panic("a pre-tokenizer refers to a character past the piece's end"));
            }
            if change <= 0 {
                offset += take(1 + change.unsigned_abs());
            }
            let mut buffer = [0; 4];
            let new = c.encode_utf8(&mut buffer);
            match aligned {
                Some(at) => self.editor.insert(new, start + at),
                None => self.editor.insert_at_base(new, self.base),
            }
        }
        self.done = range.end;
        Ok(())
    }

    fn finish(&mut self) {
        let end = self.text().len();
        if self.done < end {
            self.copy_until(end);
        }
    }
}

struct Rewriting<'p, F> {
    pieces: &'p mut Pieces,
    each: F,
    /// For each piece: lead, base, whether it is hollow. Empty if there is nothing of the kind.
    odd: Vec<(u32, u32, bool)>,
}

impl<F> Operation for Rewriting<'_, F>
where
    F: FnMut(&str, &mut PieceWriter<'_>) -> Result<()>,
{
    fn run<const TRACK: bool>(&mut self, source: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        let Pieces { spans, spare, .. } = &mut *self.pieces;
        spare.clear();
        let mut at = 0;
        for (i, &piece) in spans.iter().enumerate() {
            // The gap in front is kept so that a text in which nothing changes stays as it is.
            editor.copy(at, piece.start as usize);
            at = piece.end as usize;
            let start = editor.len();
            let (lead, base, hollow) = self.odd.get(i).copied().unwrap_or((0, 0, false));
            let mut writer =
                PieceWriter { editor, source, piece, done: 0, lead: lead as usize, base, hollow };
            (self.each)(&source[piece.range()], &mut writer)?;
            writer.finish();
            if editor.len() > start {
                spare.push(Span::new(start, editor.len()));
            }
        }
        editor.copy(at, source.len());
        std::mem::swap(spans, spare);
        Ok(())
    }
}

impl NormalizedText<'_> {
    /// Rewrites each piece: `each` is given the piece's text and a writer for it. The pieces
    /// become ranges of the new text; those that have become empty are dropped. Each piece is
    /// changed as a slice of its own, as in stock: what is inserted at its start never takes the
    /// range of the piece before.
    ///
    /// To be called only when some piece does change: the text is copied.
    pub fn rewrite_pieces(
        &mut self,
        pieces: &mut Pieces,
        each: impl FnMut(&str, &mut PieceWriter<'_>) -> Result<()>,
    ) -> Result<()> {
        let lead = self.lead();
        let mut odd = Vec::new();
        if lead > 0 || !self.is_identity() && self.is_tracked() {
            // Only the first pieces can lie in the lead; bases are needed of all.
            odd.extend(pieces.spans.iter().map(|&piece| {
                let inside = lead.clamp(piece.start as usize, piece.end as usize) - piece.start as usize;
                let base = (self.original_start(piece) - self.shift()) as u32;
                (inside as u32, base, inside == piece.range().len())
            }));
        } else if self.is_identity() {
            odd.extend(pieces.spans.iter().map(|piece| (0, piece.start, false)));
        }
        self.edit(&mut Rewriting { pieces, each, odd })
    }
}
