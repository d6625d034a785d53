//! Patterns that need no backtracking engine: compiled to a deterministic automaton.
//!
//! Most patterns of tokenizers are alternatives of runs of character classes, perhaps with a look
//! at the next character. [`parse`] accepts exactly such ones (everything else stays with
//! Oniguruma), [`sets`] sorts all characters into the few classes that a pattern tells apart, and
//! [`table`] builds the automaton by subset construction over *ordered* sets of positions: the
//! order is that in which a backtracking matcher would try them, and a position that matches
//! cuts off all after it, so the longest path through the automaton ends with the match that the
//! matcher would have found (leftmost, first alternative; Thompson's and Pike's construction).
//! A transition is made when the next character is known, so looking at one costs nothing.
//!
//! A search is linear in the text unless a match looks far past its end: an attempt that fails
//! after a long run leaves a note of the run, by which later attempts inside it stop.

mod parse;
mod sets;
mod table;
#[cfg(test)]
mod tests;

use memchr::{memchr, memchr2, memchr3};

use super::scanners::decode;
use sets::Classes;

/// A compiled pattern. It never matches the empty string.
#[derive(Debug)]
pub struct Automaton {
    classes: Classes,
    /// Rows of one entry a class; row 0 is the end of all attempts. An entry is the offset of the
    /// next row, doubled, plus one if a match ends before the character.
    table: Vec<u32>,
    /// Where an attempt starts.
    start: usize,
    starters: Starters,
}

/// The bytes that a match, or a character that may begin one, can begin with.
#[derive(Debug)]
enum Starters {
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
    Set(Box<[bool; 256]>),
}

/// A stretch in which an attempt stood in one row until it failed.
#[derive(Debug, Clone, Copy)]
struct Failed {
    row: usize,
    from: usize,
    to: usize,
}

/// An attempt that fails after so many bytes leaves a note.
const LONG: usize = 64;

impl Automaton {
    /// `None` for patterns that are not of the simple kind.
    pub fn new(pattern: &str) -> Option<Self> {
        let parsed = parse::parse(pattern)?;
        let classes = Classes::new(&parsed.sets);
        let (table, start) = table::build(&parsed, &classes)?;
        let starters = Starters::new(&classes, |class| table[start + usize::from(class)] != 0);
        Some(Self { classes, table, start, starters })
    }

    /// Calls `each` with the byte range of every match in `text`, in order.
    pub fn each_match(&self, text: &str, mut each: impl FnMut(usize, usize)) {
        let bytes = text.as_bytes();
        let (mut at, mut failed) = (0, None);
        while let Some(skipped) = self.starters.find(&bytes[at..]) {
            at += skipped;
            let (end, read) = match &mut failed {
                Some(run) => self.attempt_beside(bytes, at, run),
                None => self.attempt(bytes, at),
            };
            if let Some(end) = end {
                each(at, end);
                at = end;
                continue;
            }
            if failed.is_none() && read > at + LONG {
                failed = Some(self.note(bytes, at));
            }
            at += 1;
            // Between characters nothing starts.
            while bytes.get(at).is_some_and(|byte| (0x80..0xC0).contains(byte)) {
                at += 1;
            }
        }
    }

    /// The class of the character at byte `at`, and its length in bytes.
    #[inline(always)]
    fn class_at(&self, bytes: &[u8], at: usize) -> (usize, usize) {
        match bytes.get(at) {
            None => (usize::from(self.classes.end()), 0),
            Some(&byte) if byte < 0x80 => (usize::from(self.classes.ascii(byte)), 1),
            Some(_) => {
                let (scalar, len) = decode(bytes, at);
                (usize::from(self.classes.wide(scalar)), len)
            }
        }
    }

    /// The end of the match that starts at `at`, if one does, and how far the text was read.
    #[inline]
    fn attempt(&self, bytes: &[u8], mut at: usize) -> (Option<usize>, usize) {
        let (mut row, mut end) = (self.start, None);
        loop {
            let (class, len) = self.class_at(bytes, at);
            let entry = self.table[row + class];
            if entry & 1 != 0 {
                end = Some(at);
            }
            row = (entry >> 1) as usize;
            if row == 0 {
                return (end, at);
            }
            at += len;
        }
    }

    /// Where the failing attempt from `at` last changed its row.
    fn note(&self, bytes: &[u8], mut at: usize) -> Failed {
        let mut failed = Failed { row: self.start, from: at, to: at };
        loop {
            let (class, len) = self.class_at(bytes, at);
            let row = (self.table[failed.row + class] >> 1) as usize;
            if row == 0 {
                return Failed { to: at, ..failed };
            }
            at += len;
            if row != failed.row {
                failed = Failed { row, from: at, to: at };
            }
        }
    }

    /// As `attempt`, but one that comes to stand where another failed, in the same row and
    /// without a match, fails as that one did. The note is replaced by that of a later failure.
    #[cold]
    fn attempt_beside(&self, bytes: &[u8], start: usize, failed: &mut Failed) -> (Option<usize>, usize) {
        let (mut row, mut end, mut at) = (self.start, None, start);
        loop {
            if row == failed.row && (failed.from..=failed.to).contains(&at) && end.is_none() {
                return (None, at);
            }
            let (class, len) = self.class_at(bytes, at);
            let entry = self.table[row + class];
            if entry & 1 != 0 {
                end = Some(at);
            }
            row = (entry >> 1) as usize;
            if row == 0 {
                if end.is_none() && at > start + LONG {
                    *failed = self.note(bytes, start);
                }
                return (end, at);
            }
            at += len;
        }
    }
}

impl Starters {
    fn new(classes: &Classes, starts: impl Fn(u8) -> bool) -> Self {
        let mut set = Box::new([false; 256]);
        for byte in 0..0x80 {
            set[usize::from(byte)] = starts(classes.ascii(byte));
        }
        for scalar in 0x80..0x800u32 {
            set[(0xC0 | scalar >> 6) as usize] |= starts(classes.wide(scalar));
        }
        // From here on a block's scalars have one first byte.
        for block in 0x800 / 128..0x11_0000 / 128 {
            let lead = if block < 0x1_0000 / 128 { 0xE0 | block >> 5 } else { 0xF0 | block >> 11 };
            set[lead] = set[lead] || classes.any_of_block(block, &starts);
        }
        let bytes: Vec<u8> = (0..=255).filter(|&byte| set[usize::from(byte)]).collect();
        match bytes[..] {
            [one] => Self::One(one),
            [one, two] => Self::Two(one, two),
            [one, two, three] => Self::Three(one, two, three),
            _ => Self::Set(set),
        }
    }

    #[inline(always)]
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::One(one) => memchr(*one, bytes),
            Self::Two(one, two) => memchr2(*one, *two, bytes),
            Self::Three(one, two, three) => memchr3(*one, *two, *three, bytes),
            Self::Set(set) => bytes.iter().position(|&byte| set[usize::from(byte)]),
        }
    }
}
