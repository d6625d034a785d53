//! Precompiled: SentencePiece's normalization rules, a trie of byte strings with their
//! replacements.
//!
//! Per extended grapheme cluster: one shorter than 6 bytes of which any prefix is a key is
//! replaced as a whole by the shortest such key's text; otherwise character by character.

use super::char_map::decode;
use crate::error::{Error, Result};
use crate::text::{Editor, NormalizedText, Operation};
use crate::unicode::{FLAGS, flags};
use base64::Engine as _;
use unicode_segmentation::UnicodeSegmentation;

#[derive(Debug)]
pub struct Precompiled {
    /// Darts' double array.
    trie: Vec<u32>,
    /// The replacements, each closed by a NUL.
    replacements: String,
    /// For each scalar below U+0800, where its replacement starts, or `NONE`.
    low: Vec<u32>,
    /// For each 64 scalars below U+10000, the node their two first bytes lead to, or `NONE`, or
    /// `ASK`.
    nodes: Vec<u32>,
    /// Whether each ASCII character stays. Never true for CR, whose cluster may go on.
    stays: [bool; 128],
    /// Whether all of U+0020 to U+007E stay.
    printable_stays: bool,
}

const NONE: u32 = u32::MAX;
/// The trie has to be walked from its root.
const ASK: u32 = u32::MAX - 1;

fn broken() -> Error {
    Error::would_panic("the precompiled charsmap is broken")
}

impl Precompiled {
    /// From base64.
    pub fn new(charsmap: &str) -> Result<Self> {
        let broken = || Error::config("Cannot parse precompiled_charsmap");
        let blob = base64::engine::general_purpose::STANDARD.decode(charsmap).map_err(|_| broken())?;
        let (size, rest) = blob.split_first_chunk::<4>().ok_or_else(broken)?;
        let units = u32::from_le_bytes(*size) as usize / 4;
        let trie = rest.get(..units * 4).ok_or_else(broken)?;
        let replacements = String::from_utf8(rest[units * 4..].to_vec()).map_err(|_| broken())?;
        let trie = trie
            .chunks_exact(4)
            .map(|unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]))
            .collect();
        let mut new = Self {
            trie,
            replacements,
            low: Vec::new(),
            nodes: Vec::new(),
            stays: [false; 128],
            printable_stays: false,
        };
        new.low = (0..0x800)
            .map(|scalar| {
                let text = char::from_u32(scalar).map(String::from).unwrap_or_default();
                match new.find(text.as_bytes()) {
                    Ok(start) => start.unwrap_or(NONE),
                    Err(_) => ASK,
                }
            })
            .collect();
        new.nodes = (0..0x400)
            .map(|high: u32| new.walk(&[0xE0 | (high >> 6) as u8, 0x80 | (high & 0x3F) as u8]).unwrap_or(ASK))
            .collect();
        for byte in (0..128).filter(|&byte| byte != b'\r') {
            let text = char::from(byte).to_string();
            let stays = new.lookup(&text).is_ok_and(|to| to.is_none_or(|to| to == text));
            new.stays[usize::from(byte)] = stays;
        }
        new.printable_stays = new.stays[0x20..0x7F].iter().all(|&stays| stays);
        Ok(new)
    }

    fn unit(&self, node: u32) -> Result<u32> {
        self.trie.get(node as usize).copied().ok_or_else(broken)
    }

    /// One step down: the child's own place and whether it holds a value.
    #[inline]
    fn child(&self, node: u32, byte: u8) -> Result<Option<(u32, bool)>> {
        let place = node ^ u32::from(byte);
        let unit = self.unit(place)?;
        if unit & (1 << 31 | 0xFF) != u32::from(byte) {
            return Ok(None);
        }
        Ok(Some((place ^ offset(unit), unit >> 8 & 1 == 1)))
    }

    /// Where the replacement for the shortest prefix of `key` starts. A NUL ends a key.
    fn find(&self, key: &[u8]) -> Result<Option<u32>> {
        let mut node = offset(self.unit(0)?);
        for &byte in key.iter().take_while(|&&byte| byte != 0) {
            match self.child(node, byte)? {
                None => return Ok(None),
                Some((next, true)) => return Ok(Some(self.unit(next)? & !(1 << 31))),
                Some((next, false)) => node = next,
            }
        }
        Ok(None)
    }

    /// The node that `prefix` leads to, `NONE`, or `ASK` if a key ends on the way.
    fn walk(&self, prefix: &[u8]) -> Result<u32> {
        let mut node = offset(self.unit(0)?);
        for &byte in prefix {
            match self.child(node, byte)? {
                None => return Ok(NONE),
                Some((_, true)) => return Ok(ASK),
                Some((next, false)) => node = next,
            }
        }
        Ok(node)
    }

    fn replacement(&self, start: u32) -> Result<&str> {
        let rest = self.replacements.get(start as usize..).ok_or_else(broken)?;
        Ok(&rest[..memchr::memchr(0, rest.as_bytes()).unwrap_or(rest.len())])
    }

    /// The replacement for the shortest prefix of `text` that is a key.
    fn lookup(&self, text: &str) -> Result<Option<&str>> {
        self.find(text.as_bytes())?.map(|start| self.replacement(start)).transpose()
    }

    /// [`lookup`](Self::lookup) of one character.
    #[inline]
    fn lookup_char(&self, text: &str, scalar: u32) -> Result<Option<&str>> {
        if let Some(&start) = self.low.get(scalar as usize) {
            return match start {
                NONE => Ok(None),
                ASK => self.lookup(text),
                start => self.replacement(start).map(Some),
            };
        }
        match self.nodes.get((scalar >> 6) as usize) {
            Some(&NONE) => Ok(None),
            None | Some(&ASK) => self.lookup(text),
            Some(&node) => match self.child(node, 0x80 | (scalar & 0x3F) as u8)? {
                Some((next, true)) => self.replacement(self.unit(next)? & !(1 << 31)).map(Some),
                _ => Ok(None),
            },
        }
    }

    pub fn normalize(&self, text: &mut NormalizedText<'_>) -> Result<()> {
        let Some(from) = self.first_change(text.get())? else { return Ok(()) };
        if text.is_regular() && !(from == 0 && self.removes_first(text.get())?) {
            text.edit(&mut Mapping { map: self, from, kept: 0, inserted: None })
        } else {
            self.normalize_slowly(text)
        }
    }

    /// Whether the text begins with something that is removed. Stock loses count of it then, and
    /// all that follows is aligned too far to the left.
    fn removes_first(&self, text: &str) -> Result<bool> {
        let Some(cluster) = text.graphemes(true).next() else { return Ok(false) };
        if cluster.len() < 6
            && let Some(to) = self.lookup(cluster)?
        {
            return Ok(to.is_empty());
        }
        let first = &cluster[..cluster.chars().next().map_or(0, char::len_utf8)];
        Ok(self.lookup(first)?.is_some_and(str::is_empty))
    }

    /// Stock's way: a list of characters, then one transformation.
    pub fn normalize_slowly(&self, text: &mut NormalizedText<'_>) -> Result<()> {
        let mut dest: Vec<(char, isize)> = Vec::new();
        let mut modified = false;
        self.each_part(text.get(), |old, new| {
            let Some(new) = new else {
                dest.extend(old.chars().map(|c| (c, 0)));
                return;
            };
            modified = true;
            let old_count = old.chars().count();
            let kept = dest.len();
            dest.extend(new.chars().map(|c| (c, 0)));
            let new_count = dest.len() - kept;
            if new_count > old_count {
                dest[kept + old_count..].iter_mut().for_each(|(_, change)| *change = 1);
            } else if let Some((_, change)) = dest.last_mut() {
                *change -= (old_count - new_count) as isize;
            }
        })?;
        if modified { text.transform(dest, 0) } else { Ok(()) }
    }

    /// Calls `each` with every part that is looked up and its replacement.
    fn each_part<'t>(&self, text: &'t str, mut each: impl FnMut(&'t str, Option<&str>)) -> Result<()> {
        for cluster in text.graphemes(true) {
            if cluster.len() < 6
                && let Some(new) = self.lookup(cluster)?
            {
                each(cluster, Some(new));
                continue;
            }
            for (at, c) in cluster.char_indices() {
                let part = &cluster[at..at + c.len_utf8()];
                each(part, self.lookup(part)?);
            }
        }
        Ok(())
    }

    /// Bytes of ASCII from `at` on that stay, each a cluster of its own. The last is left out if
    /// what follows might join it.
    #[inline]
    fn run(&self, bytes: &[u8], at: usize) -> usize {
        let mut end = at;
        loop {
            if self.printable_stays
                && let Some(block) = bytes.get(end..end + 16)
                && block.iter().fold(true, |all, byte| all & (byte.wrapping_sub(0x20) < 0x5F))
            {
                end += 16;
                continue;
            }
            let until = (end + 16).min(bytes.len());
            while end < until && bytes[end] < 0x80 && self.stays[usize::from(bytes[end])] {
                end += 1;
            }
            if end < until || end == bytes.len() {
                break;
            }
        }
        if end > at && end < bytes.len() && flags_at(bytes, end) & flags::JOINS != 0 { end - 1 } else { end }
    }

    /// Where the first part begins that has a replacement.
    fn first_change(&self, text: &str) -> Result<Option<usize>> {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            at = self.run(bytes, at);
            if at == bytes.len() {
                break;
            }
            let (end, unit) = unit_at(bytes, at);
            let mut changed = false;
            self.each_part_of(&text[at..end], unit, |_, new| changed |= new.is_some())?;
            if changed {
                return Ok(Some(at));
            }
            at = end;
        }
        Ok(None)
    }

    /// [`each_part`](Self::each_part) of a text that [`unit_at`] found.
    #[inline(always)]
    fn each_part_of<'t>(
        &self,
        text: &'t str,
        unit: Unit,
        mut each: impl FnMut(&'t str, Option<&str>),
    ) -> Result<()> {
        match unit {
            Unit::Char(scalar) => each(text, self.lookup_char(text, scalar)?),
            Unit::Cluster => {
                if text.len() < 6
                    && let Some(new) = self.lookup(text)?
                {
                    each(text, Some(new));
                    return Ok(());
                }
                for (at, c) in text.char_indices() {
                    let part = &text[at..at + c.len_utf8()];
                    each(part, self.lookup_char(part, c as u32)?);
                }
            }
            Unit::Unknown => self.each_part(text, each)?,
        }
        Ok(())
    }
}

#[inline(always)]
fn offset(unit: u32) -> u32 {
    (unit >> 10) << ((unit & 1 << 9) >> 6)
}

fn flags_at(bytes: &[u8], at: usize) -> u16 {
    FLAGS.get(decode(bytes, at).0)
}

/// What a part of a text is whose start and end are certainly ends of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Char(u32),
    Cluster,
    /// One cluster or more.
    Unknown,
}

/// The shortest part from `at` on after which a cluster certainly ends.
#[inline]
fn unit_at(bytes: &[u8], mut at: usize) -> (usize, Unit) {
    let (mut scalar, width, _) = decode(bytes, at);
    let mut own = FLAGS.get(scalar);
    let mut unit = Unit::Char(scalar);
    at += width;
    while at < bytes.len() {
        let (next, width, _) = decode(bytes, at);
        let next_own = FLAGS.get(next);
        let plain = own & (flags::HOLDS | flags::CONTROL) == 0;
        if plain && next_own & flags::JOINS != 0 {
            if unit != Unit::Unknown {
                unit = Unit::Cluster;
            }
        } else if own & flags::HOLDS != 0
            || next_own & flags::JOINS_SOMETIMES != 0 && joins(scalar, own, next)
        {
            unit = Unit::Unknown;
        } else {
            break;
        }
        (scalar, own) = (next, next_own);
        at += width;
    }
    (at, unit)
}

/// Whether a character that sometimes joins may do so here.
fn joins(before: u32, flags_before: u16, scalar: u32) -> bool {
    match scalar {
        0x0A => before == 0x0D,
        0xAC00..=0xD7A3 => matches!(before, 0x1100..=0x115F | 0xA960..=0xA97C),
        0x1100..=0x11FF | 0xA960..=0xA97F | 0xD7B0..=0xD7FF => true,
        // Kirat Rai vowels, which join as jamo do.
        0x16D63..=0x16D6A => true,
        0x1F1E6..=0x1F1FF => matches!(before, 0x1F1E6..=0x1F1FF),
        // Consonants after a virama, pictures after a joiner.
        _ => flags_before & flags::JOINS != 0,
    }
}

struct Mapping<'m> {
    map: &'m Precompiled,
    /// Everything before stays.
    from: usize,
    /// What stays from here on is not written yet.
    kept: usize,
    /// The last character written, if it was inserted: should the next part be removed, stock
    /// makes it stand for that.
    inserted: Option<char>,
}

impl Operation for Mapping<'_> {
    fn run<const TRACK: bool>(&mut self, source: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        let map = self.map;
        let bytes = source.as_bytes();
        let mut at = self.from;
        while at < bytes.len() {
            let end = map.run(bytes, at);
            if end > at {
                at = end;
                continue;
            }
            let (end, unit) = unit_at(bytes, at);
            let text = &source[at..end];
            map.each_part_of(text, unit, |old, new| {
                if let Some(new) = new {
                    let start = at + (old.as_ptr() as usize - text.as_ptr() as usize);
                    self.write(start, old, new, editor);
                }
            })?;
            at = end;
        }
        editor.copy(self.kept, bytes.len());
        Ok(())
    }
}

impl Mapping<'_> {
    fn write<const TRACK: bool>(
        &mut self,
        start: usize,
        old: &str,
        new: &str,
        editor: &mut Editor<'_, TRACK>,
    ) {
        if start > self.kept {
            editor.copy(self.kept, start);
            self.inserted = None;
        }
        self.kept = start + old.len();
        let mut olds = old.char_indices();
        if new.is_empty() {
            if let (Some(c), Some((_, first))) = (self.inserted.take(), olds.next()) {
                editor.take_back(c.len_utf8());
                editor.put_char(c, start, first.len_utf8());
            }
            return;
        }
        let mut place = (start, 0);
        self.inserted = None;
        for c in new.chars() {
            match olds.next() {
                Some((at, replaced)) => place = (start + at, replaced.len_utf8()),
                None => self.inserted = Some(c),
            }
            editor.put_char(c, place.0, place.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Unit, unit_at};
    use unicode_segmentation::UnicodeSegmentation;

    fn check(text: &str) {
        let mut at = 0;
        while at < text.len() {
            let (end, unit) = unit_at(text.as_bytes(), at);
            let clusters = text[at..end].graphemes(true).count();
            let boundary = text.grapheme_indices(true).any(|(start, _)| start == end) || end == text.len();
            assert!(boundary, "no cluster of {text:?} ends at {end}");
            assert!(unit == Unit::Unknown || clusters == 1, "{text:?} from {at} to {end} is no cluster");
            assert!(end > at);
            at = end;
        }
    }

    #[test]
    fn units_end_where_clusters_do() {
        let characters: Vec<char> = "a\r\n\u{1}\u{301}\u{903}\u{200d}\u{200c}\u{600}\u{1100}\u{1160}\u{11a8}\u{ac00}\u{ac01}\
            \u{915}\u{94d}\u{93c}\u{b15}\u{b4d}\u{1F1E6}☝\u{1f469}\u{1f3fd}\u{fe0f}\u{e0020}\u{ad}\u{2028}\u{110bd}中\u{a9c0}\u{a989}"
            .chars()
            .collect();
        for &a in &characters {
            for &b in &characters {
                for &c in &characters {
                    check(&String::from_iter([a, b, c]));
                    check(&String::from_iter(['\u{915}', a, b, c, a]));
                }
            }
        }
    }

    #[test]
    fn units_of_every_scalar() {
        let long = std::env::var("BUDTIKTOK_LONG").is_ok_and(|value| value == "1");
        for c in (0..0x11_0000).filter_map(char::from_u32).step_by(if long { 1 } else { 53 }) {
            check(&format!("a{c}\u{301}{c}\u{200d}{c}{c}\u{94d}{c}\u{600}{c}\u{1160}{c}\r{c}\u{ac00}{c}a"));
        }
    }
}
