//! Starting symbols of more than one byte, where that is proven to change nothing.
//!
//! Take a window of bytes (two ASCII bytes, or one longer character) that merges, alone, to one
//! token. In a word it may start as that token unless a merge across its edge could come first.
//!
//! Let the window alone apply merges of priorities up to R. While it does, its left end is a chain
//! of symbols; each stands there until some internal merge replaces it, and its bound is the
//! highest priority that the window applies up to and with that one. As long as the window is
//! not whole, an internal merge of at most that bound is waiting. So a merge of a symbol x before
//! the window with the left end P can come first only if its priority is below P's bound: the
//! last bytes of all such x are the window's *risk* before it; the same on the right with first
//! bytes. Once whole, the token t merges with neighbours when their turn comes; had it been whole
//! from the start, such a merge might come too early if its priority is below R: those are risks
//! too. If the bytes beside the window are no risks, the merges inside it and all others go their
//! ways independently, each in its own order, until the window is whole, and the same ones are
//! waiting then as if it had been whole at first. This looks at neighbouring bytes only, not at
//! the symbols they are in, so it holds for many windows of a word at once.
//!
//! (The idea of certified first merges is known from the toks tokenizer; proof and tables here
//! are our own wording.) Bytes are folded into 64 classes a side; folding only adds risk.

use super::atoms::{NO_SYMBOL, Pages};
use super::merges::{Merges, NO_PRIORITY};
use super::words::Texts;

#[derive(Debug, Clone, Copy)]
struct Window {
    /// Classes of risky bytes.
    before: u64,
    after: u64,
    symbol: u32,
}

/// The windows.
#[derive(Debug)]
pub struct Premerge {
    /// `first << 7 | second` of two ASCII bytes: index into `windows`; 0 is none.
    ascii: Box<[u16; 1 << 14]>,
    /// Other characters: the same.
    characters: Pages,
    windows: Vec<Window>,
}

/// A merge from one side: the other symbol's nearest byte, and the priority.
type Edge = (u8, u32);

/// For each symbol, the merges in which it stands on one side, by priority.
struct Edges {
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

impl Edges {
    /// `merges`: (symbol, other's byte, priority), by priority.
    fn new(merges: impl Iterator<Item = (u32, u8, u32)> + Clone, symbols: usize) -> Self {
        let mut starts = vec![0_u32; symbols + 2];
        for (symbol, _, _) in merges.clone() {
            starts[symbol as usize + 2] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut edges = vec![(0, 0); starts.last().map_or(0, |&count| count as usize)];
        for (symbol, byte, priority) in merges {
            let at = &mut starts[symbol as usize + 1];
            edges[*at as usize] = (byte, priority);
            *at += 1;
        }
        Self { starts, edges }
    }

    /// The bytes of merges with `symbol` of at most this priority.
    fn up_to(&self, symbol: u32, bound: u32) -> impl Iterator<Item = u8> {
        let range = self.starts[symbol as usize] as usize..self.starts[symbol as usize + 1] as usize;
        self.edges[range].iter().take_while(move |&&(_, priority)| priority <= bound).map(|&(byte, _)| byte)
    }
}

/// What a window does alone.
#[derive(Default)]
struct Course {
    /// Ends before the last, with their bounds.
    left: Vec<(u32, u32)>,
    right: Vec<(u32, u32)>,
    /// R.
    highest: u32,
}

impl Premerge {
    /// `bytes`: each byte's symbol; `pairs`: all merges by rising priority.
    pub fn new(merges: &Merges, pairs: &[(u32, u32, u32)], bytes: &[u32; 256], texts: &Texts) -> Self {
        let symbols = merges.ids.len();
        let text = |symbol: u32| texts.get(merges.ids[symbol as usize]);
        // A symbol without a text does not occur in words of bytes.
        let before = Edges::new(
            pairs.iter().filter_map(|&(l, r, p)| text(l).last().map(|&byte| (r, byte, p))),
            symbols,
        );
        let after = Edges::new(
            pairs.iter().filter_map(|&(l, r, p)| text(r).first().map(|&byte| (l, byte, p))),
            symbols,
        );
        let mut premerge = Self {
            ascii: Box::new([0; 1 << 14]),
            characters: Pages::default(),
            windows: vec![Window { before: u64::MAX, after: u64::MAX, symbol: NO_SYMBOL }],
        };
        for symbol in 0..symbols as u32 {
            let text = text(symbol);
            let character = match *text {
                [0..0x80, 0..0x80] => None,
                [0xC2..=0xF4, ..] if text.len() <= 4 => {
                    let Ok(text) = std::str::from_utf8(text) else { continue };
                    let mut characters = text.chars();
                    let first = characters.next();
                    if !characters.as_str().is_empty() {
                        continue;
                    }
                    first
                }
                _ => continue,
            };
            if premerge.windows.len() > usize::from(u16::MAX) {
                break;
            }
            let Some(course) = course(merges, bytes, text, symbol) else { continue };
            let mut window = Window { before: 0, after: 0, symbol };
            for &(end, bound) in course.left.iter().chain(&[(symbol, course.highest)]) {
                for byte in before.up_to(end, bound) {
                    window.before |= 1 << BEFORE[byte as usize];
                }
            }
            for &(end, bound) in course.right.iter().chain(&[(symbol, course.highest)]) {
                for byte in after.up_to(end, bound) {
                    window.after |= 1 << AFTER[byte as usize];
                }
            }
            let index = premerge.windows.len() as u16;
            premerge.windows.push(window);
            match character {
                None => premerge.ascii[usize::from(text[0]) << 7 | usize::from(text[1])] = index,
                Some(character) => premerge.characters.insert(character, u32::from(index)),
            }
        }
        premerge
    }

    /// The symbols a word starts from, and how many they are; `None` if they are more than
    /// `symbols` holds or a byte has none. The word is a piece of UTF-8 text, cut anywhere.
    #[inline(always)]
    pub fn start<const N: usize>(
        &self,
        bytes: &[u32; 256],
        word: &[u8],
        symbols: &mut [u32; N],
    ) -> Option<usize> {
        let (mut at, mut count) = (0, 0);
        // The class of the byte before, as a mask; none at the start.
        let mut before = 0_u64;
        while at < word.len() {
            let first = word[at];
            let (index, width) = if first < 0x80 {
                match word.get(at + 1) {
                    Some(&second) if second < 0x80 => {
                        (self.ascii[usize::from(first & 0x7F) << 7 | usize::from(second & 0x7F)], 2)
                    }
                    _ => (0, 2),
                }
            } else {
                self.character(&word[at..])
            };
            let window = &self.windows[usize::from(index)];
            let after = word.get(at + width).map_or(0, |&byte| 1_u64 << AFTER[byte as usize]);
            let safe = (window.before & before) | (window.after & after) == 0 && index != 0;
            let (symbol, width) = if safe { (window.symbol, width) } else { (bytes[first as usize], 1) };
            if symbol == NO_SYMBOL || count == N {
                return None;
            }
            symbols[count] = symbol;
            count += 1;
            at += width;
            before = 1 << BEFORE[word[at - 1] as usize];
        }
        Some(count)
    }

    /// The window of a character of several bytes, and their number.
    #[inline(always)]
    fn character(&self, bytes: &[u8]) -> (u16, usize) {
        let low = |index: usize| u32::from(bytes[index] & 0x3F);
        let first = u32::from(bytes[0]);
        let (scalar, width) = match bytes[0] {
            0xC2..0xE0 if bytes.len() >= 2 => ((first & 0x1F) << 6 | low(1), 2),
            0xE0..0xF0 if bytes.len() >= 3 => ((first & 0xF) << 12 | low(1) << 6 | low(2), 3),
            0xF0.. if bytes.len() >= 4 => ((first & 7) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4),
            _ => return (0, 1),
        };
        match char::from_u32(scalar).map(|character| self.characters.get(character)) {
            Some(index) if index != NO_SYMBOL => (index as u16, width),
            _ => (0, width),
        }
    }
}

/// Merges a window alone; `None` if it does not become `symbol`.
fn course(merges: &Merges, bytes: &[u32; 256], text: &[u8], symbol: u32) -> Option<Course> {
    let mut word: Vec<u32> = text.iter().map(|&byte| bytes[byte as usize]).collect();
    if word.contains(&NO_SYMBOL) || word.len() < 2 {
        return None;
    }
    let mut course = Course::default();
    let (mut left_bound, mut right_bound) = (0, 0);
    while word.len() > 1 {
        let (priority, at) =
            word.windows(2).enumerate().map(|(at, pair)| (merges.pairs.any(pair[0], pair[1]), at)).min()?;
        if priority == NO_PRIORITY {
            return None;
        }
        left_bound = priority.max(left_bound);
        right_bound = priority.max(right_bound);
        course.highest = priority.max(course.highest);
        if at == 0 {
            course.left.push((word[0], left_bound));
            left_bound = 0;
        }
        if at + 2 == word.len() {
            course.right.push((word[at + 1], right_bound));
            right_bound = 0;
        }
        word[at] = merges.result(priority);
        word.remove(at + 1);
    }
    (word[0] == symbol).then_some(course)
}

/// Classes of bytes before a window: letters (without case), space, digits, other ASCII; bytes
/// that end characters, by their lower five bits; first bytes of characters that were cut.
const BEFORE: [u8; 256] = classes(true);
/// Classes of bytes after a window: as above for ASCII; first bytes of characters of three bytes
/// one by one, of two in pairs, of four together; others.
const AFTER: [u8; 256] = classes(false);

const fn classes(before: bool) -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        classes[byte] = match value {
            b'a'..=b'z' => value - b'a',
            b'A'..=b'Z' => value - b'A',
            b' ' => 26,
            b'0'..=b'9' => 27,
            0..0x80 => 28,
            0x80..0xC0 if before => 29 + (value & 31),
            0x80..0xC0 => 29,
            _ if before => 61,
            0xE0..0xF0 => 30 + (value - 0xE0),
            0xC0..0xE0 => 46 + (value - 0xC0) / 2,
            _ => 62,
        };
        byte += 1;
    }
    classes
}
