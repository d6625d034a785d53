//! Split: a text is cut where a pattern matches. What becomes of the matches is the behaviour.

use memchr::memmem;

use super::automaton::Automaton;
use super::digit_groups;
use super::pattern;
use super::regex::Regex;
use super::scanners::Scanner;
use crate::config::{Pattern, SplitBehavior};
use crate::error::Result;
use crate::pieces::Span;
use crate::simd::Level;

/// How the matches are found.
#[derive(Debug)]
enum Matcher {
    /// A known pattern that tiles the text, with a behaviour that keeps every match as a piece.
    Scanner(Scanner, Level),
    String(Box<memmem::Finder<'static>>),
    Automaton(Box<Automaton>),
    DigitGroups,
    Regex(Regex),
}

#[derive(Debug)]
pub struct Split {
    matcher: Matcher,
    behavior: SplitBehavior,
    invert: bool,
}

impl Split {
    pub fn compile(pattern: &Pattern, behavior: SplitBehavior, invert: bool) -> Result<Self> {
        let matcher = match pattern {
            Pattern::Regex(text) => match pattern::known(text, behavior, invert) {
                Some(scanner) => Matcher::Scanner(scanner, Level::detect()),
                None if text == digit_groups::PATTERN => Matcher::DigitGroups,
                None => match Automaton::new(text) {
                    Some(automaton) => Matcher::Automaton(Box::new(automaton)),
                    None => Matcher::Regex(Regex::new(text)?),
                },
            },
            // An empty string is an empty regular expression, which matches everywhere.
            Pattern::String(text) if text.is_empty() => Matcher::Regex(Regex::new("")?),
            Pattern::String(text) => Matcher::String(Box::new(memmem::Finder::new(text).into_owned())),
        };
        Ok(Self { matcher, behavior, invert })
    }

    /// How the matches are found: a scanner's name, or `"string"`, `"automaton"`, `"regex"`.
    pub fn name(&self) -> &'static str {
        match &self.matcher {
            Matcher::Scanner(scanner, _) => scanner.name(),
            Matcher::String(_) => "string",
            Matcher::Automaton(_) => "automaton",
            Matcher::DigitGroups => "digit-groups",
            Matcher::Regex(_) => "regex",
        }
    }

    pub fn scanner(&self) -> Option<Scanner> {
        match self.matcher {
            Matcher::Scanner(scanner, _) => Some(scanner),
            _ => None,
        }
    }

    /// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text.
    pub fn cut(&self, text: &str, shift: usize, out: &mut Vec<Span>) -> Result<()> {
        let mut segments = Segments::new(self.behavior, shift, out);
        let mut end = 0;
        let mut segment = |from: usize, to: usize| {
            if end != from {
                segments.add(end, from, self.invert);
            }
            segments.add(from, to, !self.invert);
            end = to;
        };
        match &self.matcher {
            Matcher::Scanner(scanner, level) => {
                scanner.scan(*level, text, shift, out);
                return Ok(());
            }
            Matcher::String(finder) => {
                let len = finder.needle().len();
                finder.find_iter(text.as_bytes()).for_each(|from| segment(from, from + len));
            }
            Matcher::Automaton(automaton) => automaton.each_match(text, segment),
            Matcher::DigitGroups => digit_groups::each_match(text, segment),
            Matcher::Regex(regex) => regex.each_match(text, segment)?,
        }
        if end != text.len() {
            segments.add(end, text.len(), self.invert);
        }
        segments.finish();
        Ok(())
    }
}

/// Turns the segments of one input (matches and what lies between them, in order, together the
/// whole input) into pieces.
pub struct Segments<'a> {
    out: &'a mut Vec<Span>,
    behavior: SplitBehavior,
    shift: usize,
    /// Where this input's pieces start in `out`.
    first: usize,
    /// Whether the segment before was a match.
    after_match: bool,
    /// MergedWithNext: the match that waits for what comes after it.
    waiting: Option<Span>,
}

impl<'a> Segments<'a> {
    pub fn new(behavior: SplitBehavior, shift: usize, out: &'a mut Vec<Span>) -> Self {
        let first = out.len();
        Self { out, behavior, shift, first, after_match: false, waiting: None }
    }

    pub fn add(&mut self, from: usize, to: usize, is_match: bool) {
        let span = Span::new(self.shift + from, self.shift + to);
        // Empty pieces are dropped at the end: until then a merge sees them.
        let merges = match self.behavior {
            SplitBehavior::Isolated => false,
            SplitBehavior::Removed => {
                if is_match {
                    return;
                }
                false
            }
            SplitBehavior::MergedWithPrevious => is_match && !self.after_match,
            SplitBehavior::Contiguous => is_match == self.after_match,
            SplitBehavior::MergedWithNext => {
                let start = match self.waiting.take() {
                    Some(waiting) if is_match => {
                        self.out.push(waiting);
                        span.start
                    }
                    Some(waiting) => waiting.start,
                    None => span.start,
                };
                let span = Span { start, ..span };
                if is_match {
                    self.waiting = Some(span);
                } else {
                    self.out.push(span);
                }
                return;
            }
        };
        self.after_match = is_match;
        match self.out[self.first..].last_mut() {
            Some(last) if merges => last.end = span.end,
            _ => self.out.push(span),
        }
    }

    pub fn finish(self) {
        self.out.extend(self.waiting);
        let mut kept = self.first;
        for i in self.first..self.out.len() {
            let span = self.out[i];
            if !span.is_empty() {
                self.out[kept] = span;
                kept += 1;
            }
        }
        self.out.truncate(kept);
    }
}
