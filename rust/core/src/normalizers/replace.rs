//! Replace: every match of a string or a regex becomes a fixed text, which takes the range of the
//! last character matched.

use crate::config::Pattern;
use crate::error::{Error, Result};
use crate::text::{Editor, NormalizedText, Operation};
use memchr::memmem;
use onig::{MatchParam, Regex, Region, SearchOptions};

#[derive(Debug)]
pub struct Replace {
    matcher: Matcher,
    content: String,
}

#[derive(Debug)]
enum Matcher {
    /// An ASCII character that becomes one to four bytes: what becomes of each byte.
    Expand(u8, Box<[(u32, u8); 256]>),
    Byte(u8),
    String(Box<memmem::Finder<'static>>),
    /// At least so many spaces, or white space characters, as many as there are.
    Run {
        least: usize,
        any_white: bool,
    },
    /// The start of the text, where nothing is replaced.
    Start,
    Regex(Regex),
}

impl Replace {
    pub fn new(pattern: &Pattern, content: &str) -> Result<Self> {
        let matcher = match pattern {
            Pattern::String(text) => Self::literal(text),
            // The same words as a string and as a regex.
            Pattern::Regex(text) if text.chars().all(|c| c == ' ' || c.is_alphanumeric()) => {
                Self::literal(text)
            }
            Pattern::Regex(text) => Self::run(text),
        };
        let matcher = match (matcher, pattern) {
            (Some(matcher), _) => matcher,
            (None, Pattern::String(_)) => Self::regex("")?,
            (None, Pattern::Regex(text)) => Self::regex(text)?,
        };
        let matcher = match matcher {
            Matcher::Byte(byte) if (1..=4).contains(&content.len()) => {
                let mut table = Box::new([(0, 1); 256]);
                (0..=255).for_each(|i: u8| table[usize::from(i)].0 = u32::from(i));
                let mut new = [0; 4];
                new[..content.len()].copy_from_slice(content.as_bytes());
                table[usize::from(byte)] = (u32::from_le_bytes(new), content.len() as u8);
                Matcher::Expand(byte, table)
            }
            other => other,
        };
        Ok(Self { matcher, content: content.to_owned() })
    }

    /// `None` for the empty string, which matches between any two characters, as a regex does.
    fn literal(text: &str) -> Option<Matcher> {
        match text.as_bytes() {
            [] => None,
            &[byte] => Some(Matcher::Byte(byte)),
            bytes => Some(Matcher::String(Box::new(memmem::Finder::new(bytes).into_owned()))),
        }
    }

    /// The runs of spaces that real tokenizers squeeze, and their start of a text.
    fn run(regex: &str) -> Option<Matcher> {
        let (least, any_white) = match regex {
            " +" => (1, false),
            " {2,}" => (2, false),
            "\\s+" => (1, true),
            "\\s{2,}" => (2, true),
            // A line begins at the start and behind every newline, which the rest excludes.
            "(?<!\\n)^" => return Some(Matcher::Start),
            _ => return None,
        };
        Some(Matcher::Run { least, any_white })
    }

    fn regex(text: &str) -> Result<Matcher> {
        Regex::new(text).map(Matcher::Regex).map_err(|error| Error::config(error.description()))
    }

    pub fn normalize(&self, text: &mut NormalizedText<'_>) -> Result<()> {
        if let Matcher::Expand(byte, table) = &self.matcher {
            return match memchr::memchr(*byte, text.get().as_bytes()) {
                Some(_) => text.edit(&mut Expanding { table }),
                None => Ok(()),
            };
        }
        let mut matches = Vec::new();
        self.find(text.get(), &mut matches)?;
        if matches.is_empty() {
            return Ok(());
        }
        text.edit(&mut Replacing { matches: &matches, content: &self.content })
    }

    /// Every match, in order.
    fn find(&self, text: &str, matches: &mut Vec<(usize, usize)>) -> Result<()> {
        match &self.matcher {
            // An empty text has no match in stock, not even an empty one.
            _ if text.is_empty() => Ok(()),
            Matcher::Byte(byte) | Matcher::Expand(byte, _) => {
                matches.extend(memchr::memchr_iter(*byte, text.as_bytes()).map(|at| (at, at + 1)));
                Ok(())
            }
            Matcher::String(finder) => {
                let len = finder.needle().len();
                matches.extend(finder.find_iter(text.as_bytes()).map(|at| (at, at + len)));
                Ok(())
            }
            &Matcher::Run { least, any_white } => {
                // A lone character that becomes itself keeps its range too.
                let itself = |start: usize, end: usize| {
                    text[start..end] == self.content && self.content.chars().count() == 1
                };
                find_runs(text, least, any_white, |start, end| {
                    if !itself(start, end) {
                        matches.push((start, end));
                    }
                });
                Ok(())
            }
            Matcher::Start => {
                matches.push((0, 0));
                Ok(())
            }
            Matcher::Regex(regex) => find_regex(regex, text, matches),
        }
    }
}

/// Calls `found` with every run of spaces (white space) of at least `least` characters.
fn find_runs(text: &str, least: usize, any_white: bool, mut found: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    if !any_white {
        // Two spaces side by side are rare.
        let pair = memmem::Finder::new("  ");
        let mut at = 0;
        while let Some(next) =
            if least > 1 { pair.find(&bytes[at..]) } else { memchr::memchr(b' ', &bytes[at..]) }
        {
            let start = at + next;
            at = start + bytes[start..].iter().take_while(|&&byte| byte == b' ').count();
            if at - start >= least {
                found(start, at);
            }
        }
        return;
    }
    // Width of the white space character at a byte, 0 for any other.
    let white = |at: usize| -> usize {
        match bytes[at] {
            b' ' | 9..=13 => 1,
            // The first bytes of U+0085, U+00A0, U+1680, U+2000 to U+205F, U+3000.
            0xC2 | 0xE1 | 0xE2 | 0xE3 => {
                text[at..].chars().next().filter(|c| c.is_whitespace()).map_or(0, char::len_utf8)
            }
            _ => 0,
        }
    };
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let mut count = 0;
        while at < bytes.len() {
            let width = white(at);
            if width == 0 {
                break;
            }
            at += width;
            count += 1;
        }
        if count >= least && count > 0 {
            found(start, at);
        }
        at += 1;
    }
}

/// The matches of a regex, none of them empty and right behind another.
fn find_regex(regex: &Regex, text: &str, matches: &mut Vec<(usize, usize)>) -> Result<()> {
    let mut region = Region::new();
    let mut from = 0;
    let mut last_end = None;
    while from <= text.len() {
        region.clear();
        let found = regex
            .search_with_param(
                text,
                from,
                text.len(),
                SearchOptions::SEARCH_OPTION_NONE,
                Some(&mut region),
                MatchParam::default(),
            )
            .map_err(|error| {
                Error::would_panic(format!("Onig: Regex search error: {}", error.description()))
            })?;
        let Some((start, end)) = found.and_then(|_| region.pos(0)) else { break };
        if start == end && last_end == Some(end) {
            from += text[from..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        matches.push((start, end));
        from = end;
        last_end = Some(end);
    }
    Ok(())
}

struct Expanding<'r> {
    table: &'r [(u32, u8); 256],
}

impl Operation for Expanding<'_> {
    fn run<const TRACK: bool>(&mut self, _: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        editor.expand_bytes(self.table);
        Ok(())
    }
}

struct Replacing<'r> {
    matches: &'r [(usize, usize)],
    content: &'r str,
}

impl Operation for Replacing<'_> {
    fn run<const TRACK: bool>(&mut self, source: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        let mut at = 0;
        for &(start, end) in self.matches {
            editor.copy(at, start);
            editor.insert(self.content, end.checked_sub(1));
            at = end;
        }
        editor.copy(at, source.len());
        Ok(())
    }
}
