//! Sequence: one step after the other, each on the pieces of the one before.

use super::alphabet_digits::AlphabetDigits;
use super::pattern;
use super::scanners::Scanner;
use super::{AtSpaces, PreTokenizer};
use crate::config::{Pattern, PreTokenizerConfig, SplitBehavior};
use crate::error::{Error, Result};
use crate::pieces::Pieces;
use crate::simd::Level;
use crate::text::NormalizedText;

#[derive(Debug)]
pub struct Sequence {
    steps: Vec<PreTokenizer>,
}

impl Sequence {
    /// Compiles a chain; steps that one scanner does together become one.
    pub fn compile(configs: &[PreTokenizerConfig], raw_bytes: bool) -> Result<Self> {
        let mut flat = Vec::new();
        flatten(configs, &mut flat);
        let last_byte_level =
            flat.iter().rposition(|step| matches!(step, PreTokenizerConfig::ByteLevel { .. }));
        if raw_bytes && last_byte_level.is_some_and(|at| !PreTokenizer::reads_bytes(&flat[at + 1..])) {
            return Err(Error::unsupported("pre_tokenizer", "steps after ByteLevel, on raw bytes"));
        }
        let mut steps = Vec::new();
        let mut left = &flat[..];
        while let Some((&first, rest)) = left.split_first() {
            let behind = last_byte_level.is_some_and(|at| at + left.len() < flat.len());
            if raw_bytes
                && behind
                && let Some(step) = AlphabetDigits::compile(left)
            {
                steps.push(PreTokenizer::AlphabetDigits(step));
                break;
            }
            if let Some((scanner, taken)) = fused(left, raw_bytes) {
                steps.push(PreTokenizer::Scanner(scanner, Level::detect()));
                left = &left[taken..];
                continue;
            }
            // Only the last ByteLevel may leave the text as it is.
            let last = last_byte_level.is_some_and(|at| at + left.len() == flat.len());
            let step = PreTokenizer::compile(first, raw_bytes && last)?;
            if !step.is_nothing() {
                steps.push(step);
            }
            left = rest;
        }
        Ok(Self { steps })
    }

    pub fn name(&self) -> &'static str {
        let regex = self.steps.iter().any(|step| step.name() == "regex");
        match &self.steps[..] {
            [] => "none",
            _ if regex => "regex",
            [step] => step.name(),
            _ => "sequence",
        }
    }

    /// One step that cuts is enough where all the others are local.
    pub fn at_spaces(&self) -> AtSpaces {
        self.steps.iter().map(PreTokenizer::at_spaces).fold(AtSpaces::Local, |all, step| match (all, step) {
            (AtSpaces::Unknown, _) | (_, AtSpaces::Unknown) => AtSpaces::Unknown,
            (AtSpaces::Local, AtSpaces::Local) => AtSpaces::Local,
            _ => AtSpaces::Cuts,
        })
    }

    pub fn pre_tokenize(&self, text: &mut NormalizedText<'_>, pieces: &mut Pieces) -> Result<()> {
        self.steps.iter().try_for_each(|step| step.pre_tokenize(text, pieces))
    }
}

fn flatten<'a>(configs: &'a [PreTokenizerConfig], flat: &mut Vec<&'a PreTokenizerConfig>) {
    for config in configs {
        match config {
            PreTokenizerConfig::Sequence(inner) => flatten(inner, flat),
            _ => flat.push(config),
        }
    }
}

/// The scanner that does the first steps of a chain together, and how many they are.
fn fused(steps: &[&PreTokenizerConfig], raw_bytes: bool) -> Option<(Scanner, usize)> {
    use PreTokenizerConfig as C;
    match steps {
        [
            C::Digits { individual_digits: true },
            C::ByteLevel { add_prefix_space: false, use_regex: true, .. },
        ] if raw_bytes => Some((Scanner::DigitsGpt2, 2)),
        [first, second, ..]
            if isolates(first, pattern::DIGITS_1_3) && isolates(second, pattern::CL100K_DIGIT_RUNS) =>
        {
            Some((Scanner::DigitsCl100k, 2))
        }
        [first, second, third, ..]
            if isolates(first, pattern::DIGITS_1_3)
                && isolates(second, pattern::DEEPSEEK_CJK)
                && isolates(third, pattern::DEEPSEEK_WORDS) =>
        {
            Some((Scanner::DeepSeek, 3))
        }
        _ => None,
    }
}

/// Whether a step is `Split(text, Isolated)`.
fn isolates(step: &PreTokenizerConfig, text: &str) -> bool {
    matches!(
        step,
        PreTokenizerConfig::Split { pattern: Pattern::Regex(regex), behavior: SplitBehavior::Isolated, .. }
            if regex == text
    )
}
