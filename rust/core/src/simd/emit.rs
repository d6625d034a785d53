//! Bit masks to pieces.

use super::Lanes;
use crate::pieces::Span;

/// Appends pieces that tile the text, given where each starts.
pub struct Tiles<'a> {
    out: &'a mut Vec<Span>,
    /// Where the piece starts that has no end yet.
    open: u32,
}

impl<'a> Tiles<'a> {
    pub fn new(start: u32, out: &'a mut Vec<Span>) -> Self {
        Self { out, open: start }
    }

    /// A piece starts at `at + i` for each set bit `i` of `starts`.
    #[inline(always)]
    pub fn block<K: Lanes>(&mut self, lanes: K, starts: u64, at: u32) {
        if starts == 0 {
            return;
        }
        let count = starts.count_ones() as usize;
        self.out.reserve(64);
        let len = self.out.len();
        // SAFETY: there is room for 64 more pieces, which is what a block's bits, rounded up to
        // 16, can be; a `Span` is two `u32`, its start and its end (`repr(C)`). The first `count`
        // of them have been written when the length says so.
        unsafe {
            lanes.write_pairs(starts, at, self.open, self.out.as_mut_ptr().add(len).cast());
            self.out.set_len(len + count);
        }
        self.open = at + 63 - starts.leading_zeros();
    }

    /// Cuts pieces one by one from the open one on, until one ends at or after `until` or at the
    /// end of the text (`len`). Gives where that is. Positions are relative to `shift`.
    pub fn walk(
        &mut self,
        shift: u32,
        until: usize,
        len: usize,
        piece_end: impl Fn(usize) -> usize,
    ) -> usize {
        loop {
            let end = piece_end((self.open - shift) as usize);
            if end >= len {
                return len;
            }
            let open = shift + end as u32;
            self.out.push(Span { start: self.open, end: open });
            self.open = open;
            if end >= until {
                return end;
            }
        }
    }

    /// The last piece ends at `end`.
    pub fn finish(self, end: u32) {
        self.out.push(Span { start: self.open, end });
    }
}

/// Appends pieces with gaps between them, given where each starts and where it ends.
pub struct Islands<'a> {
    out: &'a mut Vec<Span>,
    /// The start of the piece that has no end yet, if there is one.
    open: u32,
    is_open: bool,
}

impl<'a> Islands<'a> {
    pub fn new(out: &'a mut Vec<Span>) -> Self {
        Self { out, open: 0, is_open: false }
    }

    /// Pieces start and end at `at + i` for each set bit `i` of the two masks (an end is the
    /// position after a piece). At any point there is at most one more start than ends.
    #[inline(always)]
    pub fn block<K: Lanes>(&mut self, lanes: K, starts: u64, ends: u64, at: u32) {
        self.out.reserve(64 + 1);
        let len = self.out.len();
        let count = ends.count_ones() as usize;
        // SAFETY: there is room for 65 pieces. A `Span` is two `u32`, its start and its end
        // (`repr(C)`). The starts are written after the open one, the ends from the first piece
        // on, so the first `count` pieces have both.
        unsafe {
            let spans: *mut u32 = self.out.as_mut_ptr().add(len).cast();
            spans.write(self.open);
            lanes.write_every_second(starts, at, spans.add(2 * usize::from(self.is_open)));
            lanes.write_every_second(ends, at, spans.add(1));
            self.out.set_len(len + count);
        }
        self.is_open = usize::from(self.is_open) + starts.count_ones() as usize > count;
        if starts != 0 {
            self.open = at + 63 - starts.leading_zeros();
        }
    }

    /// The text ends at `end`, and with it a piece that is still open.
    pub fn finish(self, end: u32) {
        if self.is_open {
            self.out.push(Span { start: self.open, end });
        }
    }
}
