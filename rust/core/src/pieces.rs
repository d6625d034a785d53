//! Pieces: byte ranges of one text, never strings.

/// A byte range of a section's normalized text (a section is under 4 GiB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    #[inline]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// The pieces a pre-tokenizer has cut a text into: in order, never overlapping, never empty
/// (stock drops empty pieces before they are counted). They need not tile the text.
#[derive(Debug, Default)]
pub struct Pieces {
    pub spans: Vec<Span>,
    /// The other buffer, for pre-tokenizers that cut the pieces of the one before.
    pub spare: Vec<Span>,
}

impl Pieces {
    /// Starts over with the whole text as the only piece (none if the text is empty).
    pub fn reset(&mut self, len: usize) {
        self.spans.clear();
        if len > 0 {
            self.spans.push(Span::new(0, len));
        }
    }
}
