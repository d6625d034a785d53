//! `Replace`: a pattern's matches replaced in each token.

use onig::{MatchParam, Regex, Region, SearchOptions};

use crate::config::Pattern;
use crate::error::{Error, Result};

#[derive(Debug)]
pub struct Replace {
    matcher: Matcher,
    content: String,
}

#[derive(Debug)]
enum Matcher {
    Literal(String),
    Regex(Regex),
}

impl Replace {
    pub(super) fn compile(pattern: &Pattern, content: &str) -> Result<Self> {
        let matcher = match pattern {
            Pattern::String(text) if !text.is_empty() => Matcher::Literal(text.clone()),
            // The empty string matches between all characters, by the regex engine's rules.
            Pattern::String(text) | Pattern::Regex(text) => {
                Matcher::Regex(Regex::new(text).map_err(|error| Error::config(error.to_string()))?)
            }
        };
        Ok(Self { matcher, content: content.to_string() })
    }

    pub(super) fn is_literal(&self) -> bool {
        matches!(self.matcher, Matcher::Literal(_))
    }

    pub(super) fn map(&self, token: String) -> Result<String> {
        match &self.matcher {
            Matcher::Literal(text) if !token.contains(text.as_str()) => Ok(token),
            Matcher::Literal(text) => Ok(token.replace(text.as_str(), &self.content)),
            Matcher::Regex(regex) => self.replace_matches(regex, &token),
        }
    }

    /// Matches are looked for from the end of the one before; an empty match there does not count
    /// and moves the search on by one character.
    fn replace_matches(&self, regex: &Regex, token: &str) -> Result<String> {
        let mut replaced = String::with_capacity(token.len());
        let mut region = Region::new();
        let (mut from, mut copied, mut last_end) = (0, 0, None);
        // Stock does not look into empty tokens.
        while from <= token.len() && !token.is_empty() {
            region.clear();
            let found = regex.search_with_param(
                token,
                from,
                token.len(),
                SearchOptions::SEARCH_OPTION_NONE,
                Some(&mut region),
                MatchParam::default(),
            );
            match found {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return Err(Error::would_panic(error.to_string())),
            }
            let Some((start, end)) = region.pos(0) else { break };
            if start == end && last_end == Some(end) {
                from += token[from..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            if copied < start {
                replaced.push_str(&token[copied..start]);
            }
            replaced.push_str(&self.content);
            copied = end;
            from = end;
            last_end = Some(end);
        }
        replaced.push_str(&token[copied..]);
        Ok(replaced)
    }
}
