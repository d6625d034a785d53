//! Any regular expression, through Oniguruma itself.

use onig::{MatchParam, Region, SearchOptions};

use crate::error::{Error, Result};

/// A compiled pattern.
pub struct Regex {
    text: String,
    compiled: onig::Regex,
}

impl std::fmt::Debug for Regex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Regex").field(&self.text).finish()
    }
}

impl Regex {
    /// Compiles a pattern in Oniguruma's default (Ruby's) syntax.
    pub fn new(text: &str) -> Result<Self> {
        match onig::Regex::new(text) {
            Ok(compiled) => Ok(Self { text: text.to_owned(), compiled }),
            Err(error) => Err(Error::config(format!("the pattern {text:?} does not compile: {error}"))),
        }
    }

    /// Calls `each` with the byte range of every match in `text`, in order. An empty match right
    /// after a match is passed over. Where Oniguruma gives up (its retry limit), stock panics.
    pub fn each_match(&self, text: &str, mut each: impl FnMut(usize, usize)) -> Result<()> {
        let mut region = Region::new();
        let (mut from, mut last_end) = (0, None);
        while from <= text.len() {
            region.clear();
            let found = self
                .compiled
                .search_with_param(
                    text,
                    from,
                    text.len(),
                    SearchOptions::SEARCH_OPTION_NONE,
                    Some(&mut region),
                    MatchParam::default(),
                )
                .map_err(|error| Error::would_panic(format!("Onig: Regex search error: {error}")))?;
            let Some((start, end)) = found.and_then(|_| region.pos(0)) else {
                break;
            };
            if start == end && last_end == Some(end) {
                from += text[from..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            each(start, end);
            from = end;
            last_end = Some(end);
        }
        Ok(())
    }
}
