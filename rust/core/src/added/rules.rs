//! What a found content covers: whole words only, white space to its sides, special or not.

use regex_syntax::is_word_character;

use super::matcher::{Matcher, Search};
use super::{Part, ambiguous};
use crate::error::{Error, Result};

/// How one token may match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub id: u32,
    pub single_word: bool,
    pub lstrip: bool,
    pub rstrip: bool,
    /// `None` if it is not known.
    pub special: Option<bool>,
}

/// The tokens of one phase.
#[derive(Debug)]
pub(super) struct Phase {
    matcher: Matcher,
    /// By pattern.
    rules: Vec<Rule>,
}

impl Phase {
    /// `None` if there are no tokens. `Unsupported` where stock's result is not defined (two
    /// tokens with one pattern) or a pattern is empty, which it finds everywhere.
    pub fn compile(mut tokens: Vec<(&str, Rule)>) -> Result<Option<Self>> {
        if tokens.is_empty() {
            return Ok(None);
        }
        tokens.sort_by_key(|&(pattern, _)| pattern);
        if tokens[0].0.is_empty() {
            return Err(Error::unsupported("added_tokens", "a token whose normalized form is empty"));
        }
        if let Some(pair) = tokens.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(ambiguous(pair[0].0));
        }
        let patterns: Vec<&[u8]> = tokens.iter().map(|(pattern, _)| pattern.as_bytes()).collect();
        Ok(Some(Self {
            matcher: Matcher::new(&patterns),
            rules: tokens.iter().map(|&(_, rule)| rule).collect(),
        }))
    }

    /// Appends the parts of a text that is not empty.
    ///
    /// The next search starts where the found content ended, not where its white space did. So a
    /// token can lie in white space that the one before it took: then parts overlap, as in stock,
    /// or it would start after its end, where stock panics.
    pub fn split(&self, text: &str, encode_special_tokens: bool, parts: &mut Vec<Part>) -> Result<()> {
        let bytes = text.as_bytes();
        let mut search = Search::default();
        // Up to where the text has been given out.
        let mut given = 0;
        // The end of the last white space that was measured, and where the measuring began.
        let mut run = (0, 0);
        while let Some(found) = self.matcher.next(bytes, &mut search) {
            let rule = self.rules[found.pattern as usize];
            let (mut start, mut end) = (found.start, found.end);
            if encode_special_tokens {
                match rule.special {
                    Some(true) => continue,
                    Some(false) => {}
                    None => {
                        return Err(Error::unsupported("added_tokens", "a token that was perhaps special"));
                    }
                }
            }
            if rule.single_word && (ends_with_word(&text[..start]) || starts_with_word(&text[end..])) {
                continue;
            }
            if rule.lstrip {
                let low = given.min(start);
                start = given.max(low + text[low..start].trim_end().len());
            }
            if rule.rstrip {
                if !(run.0..run.1).contains(&end) {
                    let rest = &text[end..];
                    run = (end, text.len() - rest.trim_start().len());
                }
                end = end.max(run.1);
            }
            if start > end {
                return Err(Error::would_panic("an added token lies in white space that another has taken"));
            }
            if given < start {
                parts.push(part(None, given, start));
            }
            parts.push(part(Some(rule.id), start, end));
            given = end;
        }
        if given != text.len() {
            parts.push(part(None, given, text.len()));
        }
        Ok(())
    }
}

fn part(id: Option<u32>, start: usize, end: usize) -> Part {
    Part { id, start: start as u32, end: end as u32 }
}

fn ends_with_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(is_word_character)
}

fn starts_with_word(text: &str) -> bool {
    text.chars().next().is_some_and(is_word_character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_characters_and_white_space_are_those_of_the_regex_crate() {
        let all = || (0..=u32::from(char::MAX)).filter_map(char::from_u32);
        assert_eq!(all().filter(|&c| is_word_character(c)).count(), 144_667);
        assert_eq!(all().filter(|c| c.is_whitespace()).count(), 25);
    }
}
