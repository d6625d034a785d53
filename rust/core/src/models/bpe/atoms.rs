//! From a piece's text to the symbols its merges start from.
//!
//! Stock walks the characters of a piece. One that is a token (with its prefix and suffix, if
//! the model has them) gives its symbol; else, with `byte_fallback`, the tokens `<0xHH>` of its
//! bytes if all of them exist; else it joins the unknown that is pending, or starts one; without
//! an unknown token it vanishes. An unknown is put down when the next symbol of the first kind
//! comes, or another unknown that does not fuse: byte tokens pass it by.

use crate::error::{Error, Result};

use super::alphabet;

/// No symbol.
pub const NO_SYMBOL: u32 = u32::MAX;

/// The symbols of a word and the bytes of text each stands for, as stock counts them.
#[derive(Debug, Default)]
pub struct Word {
    pub symbols: Vec<u32>,
    pub lens: Vec<u32>,
}

impl Word {
    pub fn clear(&mut self) {
        self.symbols.clear();
        self.lens.clear();
    }

    fn push(&mut self, symbol: u32, len: u32) {
        self.symbols.push(symbol);
        self.lens.push(len);
    }
}

/// What becomes of characters without a token of their own.
#[derive(Debug)]
pub struct Missing {
    /// By byte: the symbol of `<0xHH>`; all `NO_SYMBOL` without `byte_fallback`.
    pub byte_symbols: Box<[u32; 256]>,
    pub unknown: Unknown,
    pub fuse_unknown: bool,
}

#[derive(Debug)]
pub enum Unknown {
    /// No unknown token: such characters vanish.
    None,
    Symbol(u32),
    /// The unknown token named is no token: stock fails when it needs it.
    NotAToken(String),
}

/// The kinds of starting symbols.
#[derive(Debug)]
pub enum Atoms {
    /// By byte: its symbol, or `NO_SYMBOL`.
    Bytes(Box<[u32; 256]>),
    /// By character: pages of 256.
    Characters(Pages),
    /// Bytes of which the last of a piece has a suffix: its symbol elsewhere, and there.
    Suffixed(Box<[[u32; 256]; 2]>),
    /// Characters with a prefix (all but the first of a piece) and a suffix (the last).
    Affixed(Box<Affixed>),
}

/// Character -> symbol.
#[derive(Debug)]
pub struct Pages {
    /// By `character >> 8`: which page; page 0 is empty.
    index: Vec<u16>,
    pages: Vec<[u32; 256]>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { index: vec![0; 0x1100], pages: vec![[NO_SYMBOL; 256]] }
    }
}

impl Pages {
    pub fn insert(&mut self, character: char, symbol: u32) {
        let high = character as usize >> 8;
        if self.index[high] == 0 {
            self.index[high] = self.pages.len() as u16;
            self.pages.push([NO_SYMBOL; 256]);
        }
        self.pages[self.index[high] as usize][character as usize & 0xFF] = symbol;
    }

    #[inline]
    pub fn get(&self, character: char) -> u32 {
        self.pages[self.index[character as usize >> 8] as usize][character as usize & 0xFF]
    }
}

/// The four forms of a character, by where it stands.
#[derive(Debug, Default)]
pub struct Affixed {
    pub prefix: String,
    pub suffix: String,
    /// The first of several, the only one, one in the middle, the last.
    pub first: Pages,
    pub only: Pages,
    pub middle: Pages,
    pub last: Pages,
}

impl Affixed {
    pub fn pages(&self, is_first: bool, is_last: bool) -> &Pages {
        match (is_first, is_last) {
            (true, false) => &self.first,
            (true, true) => &self.only,
            (false, false) => &self.middle,
            (false, true) => &self.last,
        }
    }
}

/// The walk's state: stock's pending unknown, as (symbol, bytes).
struct Walk<'a> {
    missing: &'a Missing,
    pending: Option<(u32, u32)>,
    word: &'a mut Word,
}

impl Walk<'_> {
    fn symbol(&mut self, symbol: u32, len: u32) {
        if let Some((unknown, len)) = self.pending.take() {
            self.word.push(unknown, len);
        }
        self.word.push(symbol, len);
    }

    /// A character that is no token: `bytes` are those of the string that was looked up, `len`
    /// those of the character alone.
    fn missing(&mut self, bytes: impl Iterator<Item = u8> + Clone, len: u32) -> Result<()> {
        let symbols = &self.missing.byte_symbols;
        if bytes.clone().all(|byte| symbols[byte as usize] != NO_SYMBOL) {
            for byte in bytes {
                self.word.push(symbols[byte as usize], 1);
            }
            return Ok(());
        }
        let unknown = match &self.missing.unknown {
            Unknown::None => return Ok(()),
            Unknown::Symbol(symbol) => *symbol,
            Unknown::NotAToken(token) => {
                return Err(Error::stock(format!("Unk token `{token}` not found in the vocabulary")));
            }
        };
        self.pending = Some(match self.pending {
            Some((pending, pending_len)) if self.missing.fuse_unknown => (pending, pending_len + len),
            Some((pending, pending_len)) => {
                self.word.push(pending, pending_len);
                (unknown, len)
            }
            None => (unknown, len),
        });
        Ok(())
    }

    /// Bytes in place of their alphabet's characters.
    fn bytes(&mut self, piece: &[u8], symbols: &[u32; 256]) -> Result<()> {
        for &byte in piece {
            let character = alphabet::CHARACTERS[byte as usize];
            let len = character.len_utf8() as u32;
            match symbols[byte as usize] {
                NO_SYMBOL => {
                    let mut buffer = [0; 4];
                    let string = character.encode_utf8(&mut buffer);
                    self.missing(string.bytes(), len)?;
                }
                symbol => self.symbol(symbol, len),
            }
        }
        Ok(())
    }

    fn finish(self) {
        if let Some((unknown, len)) = self.pending {
            self.word.push(unknown, len);
        }
    }
}

impl Atoms {
    /// Fills `word` with the starting symbols of a piece. Over bytes, the lengths are those of
    /// the alphabet's characters in UTF-8 (one or two), as stock counts them.
    pub fn split(&self, piece: &[u8], missing: &Missing, word: &mut Word) -> Result<()> {
        word.clear();
        let mut walk = Walk { missing, pending: None, word };
        match self {
            Atoms::Bytes(symbols) => walk.bytes(piece, symbols)?,
            Atoms::Suffixed(tables) => {
                if let Some((last, piece)) = piece.split_last() {
                    walk.bytes(piece, &tables[0])?;
                    walk.bytes(std::slice::from_ref(last), &tables[1])?;
                }
            }
            Atoms::Characters(pages) => {
                for character in text(piece)?.chars() {
                    let len = character.len_utf8() as u32;
                    match pages.get(character) {
                        NO_SYMBOL => {
                            let mut buffer = [0; 4];
                            let string = character.encode_utf8(&mut buffer);
                            walk.missing(string.bytes(), len)?;
                        }
                        symbol => walk.symbol(symbol, len),
                    }
                }
            }
            Atoms::Affixed(affixed) => {
                let piece = text(piece)?;
                for (start, character) in piece.char_indices() {
                    let len = character.len_utf8();
                    let (is_first, is_last) = (start == 0, start + len == piece.len());
                    match affixed.pages(is_first, is_last).get(character) {
                        NO_SYMBOL => {
                            let prefix = if is_first { "" } else { &affixed.prefix };
                            let suffix = if is_last { &affixed.suffix } else { "" };
                            let own = &piece[start..start + len];
                            let bytes = prefix.bytes().chain(own.bytes()).chain(suffix.bytes());
                            walk.missing(bytes, len as u32)?;
                        }
                        symbol => walk.symbol(symbol, len as u32),
                    }
                }
            }
        }
        walk.finish();
        Ok(())
    }
}

/// A piece of a text in characters is cut between characters.
fn text(piece: &[u8]) -> Result<&str> {
    std::str::from_utf8(piece).map_err(|_| Error::would_panic("a piece was cut inside of a character"))
}
