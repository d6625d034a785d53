//! `▁` written as a space.
//!
//! SentencePiece's vocabularies spell the space `▁`, and their tokenizer.json has every space of
//! the text replaced by it, at the end of the normalizer or by Metaspace. So the model never sees
//! a space, and reading `▁` as one, in the text and in the vocabulary, changes no result. Then the
//! text stays as it is but for a rare `▁` of its own, which becomes a space; words are shorter,
//! and the marks between them are single bytes.
//!
//! [`Route::find`] says for which parts that holds; the plan compiles the parts it gives instead.

use std::sync::Arc;

use memchr::memmem;

use super::metaspace::{begin_at, may_prepend};
use crate::config::{NormalizerConfig, Pattern, PreTokenizerConfig, PrependScheme};
use crate::error::Result;
use crate::pieces::Pieces;
use crate::text::NormalizedText;

/// What stands for a space in the vocabulary.
pub const MARK: &str = "▁";
pub const MARK_CHAR: char = '▁';

/// The parts to compile, if the model reads spaces.
#[derive(Debug)]
pub struct Route {
    pub normalizer: Option<NormalizerConfig>,
    pub pre_tokenizer: Option<PreTokenizerConfig>,
    pub spaces: Spaces,
}

/// What is done to the pieces behind the pre-tokenizer.
#[derive(Debug)]
pub struct Spaces {
    metaspace: Option<Metaspace>,
    /// Whether the normalized text has spaces already, as its added tokens then have.
    pub normalized: bool,
}

/// Metaspace, with the space for its replacement.
#[derive(Debug)]
struct Metaspace {
    scheme: PrependScheme,
    split: bool,
    /// Whether pieces are words between white space.
    words: bool,
    marks: Box<memmem::Finder<'static>>,
}

impl Route {
    /// `None` where the text that reaches the model could hold a space of its own, or something
    /// looks at the marks that would not take spaces in the same way.
    pub fn find(
        normalizer: Option<&NormalizerConfig>,
        pre_tokenizer: Option<&PreTokenizerConfig>,
    ) -> Option<Self> {
        let mut steps = Vec::new();
        if let Some(config) = pre_tokenizer {
            flatten(config, &mut steps);
        }
        let metaspace = match steps.last() {
            Some(&&PreTokenizerConfig::Metaspace { replacement: MARK_CHAR, prepend_scheme, split }) => {
                steps.pop();
                let words = matches!(steps.last(), Some(PreTokenizerConfig::WhitespaceSplit));
                let marks = Box::new(memmem::Finder::new(MARK));
                Some(Metaspace { scheme: prepend_scheme, split, words, marks })
            }
            _ => None,
        };
        let changed = normalizer.and_then(spaced);
        if metaspace.is_none() || steps.is_empty() && changed.is_some() {
            // All spaces are gone with the normalizer. What would cut at them cuts nothing.
            let normalizer = Some(changed?);
            let mut kept = Vec::new();
            for step in steps {
                match step {
                    PreTokenizerConfig::Split { pattern: Pattern::String(text), invert: false, .. }
                        if !text.is_empty() && !text.contains(MARK) =>
                    {
                        if !text.contains(' ') {
                            kept.push(step.clone());
                        }
                    }
                    _ => return None,
                }
            }
            let spaces = Spaces { metaspace, normalized: true };
            return Some(Self { normalizer, pre_tokenizer: sequence(kept), spaces });
        }
        let spaces = Spaces { metaspace, normalized: false };
        let steps = steps.into_iter().cloned().collect();
        Some(Self { normalizer: normalizer.cloned(), pre_tokenizer: sequence(steps), spaces })
    }
}

/// The normalizer that gives spaces where this one, which ends by replacing them all, gives `▁`.
///
/// Its last step becomes the opposite one. The steps before write a space at once where nothing
/// between them and the end can tell: neither character takes part in any normal form.
fn spaced(config: &NormalizerConfig) -> Option<NormalizerConfig> {
    use NormalizerConfig as N;
    let mut steps = Vec::new();
    flatten_normalizer(config, &mut steps);
    let is_space =
        |pattern: &Pattern| matches!(pattern, Pattern::String(text) | Pattern::Regex(text) if text == " ");
    match steps.pop()? {
        N::Replace { pattern, content } if is_space(pattern) && content == MARK => {}
        _ => return None,
    }
    let mut steps: Vec<N> = steps.into_iter().cloned().collect();
    for step in steps.iter_mut().rev() {
        match step {
            N::Prepend { prepend: text } if text == MARK => " ".clone_into(text),
            N::Nfc | N::Nfd | N::Nfkc | N::Nfkd => {}
            N::Replace { content, .. } => {
                if content == MARK {
                    " ".clone_into(content);
                }
                break;
            }
            _ => break,
        }
    }
    steps.push(N::Replace { pattern: Pattern::String(MARK.to_owned()), content: " ".to_owned() });
    Some(N::Sequence(steps))
}

fn sequence(mut steps: Vec<PreTokenizerConfig>) -> Option<PreTokenizerConfig> {
    match steps.len() {
        0 => None,
        1 => steps.pop(),
        _ => Some(PreTokenizerConfig::Sequence(steps)),
    }
}

fn flatten<'a>(config: &'a PreTokenizerConfig, steps: &mut Vec<&'a PreTokenizerConfig>) {
    match config {
        PreTokenizerConfig::Sequence(parts) => parts.iter().for_each(|part| flatten(part, steps)),
        step => steps.push(step),
    }
}

fn flatten_normalizer<'a>(config: &'a NormalizerConfig, steps: &mut Vec<&'a NormalizerConfig>) {
    match config {
        NormalizerConfig::Sequence(parts) => {
            parts.iter().for_each(|part| flatten_normalizer(part, steps));
        }
        step => steps.push(step),
    }
}

impl Spaces {
    /// The step's name, if there is one.
    pub fn name(&self) -> Option<&'static str> {
        self.metaspace.as_ref().map(|_| "metaspace")
    }

    /// Does to the pieces what is left to do behind the pre-tokenizer.
    pub fn pre_tokenize(&self, text: &mut NormalizedText<'_>, pieces: &mut Pieces) -> Result<()> {
        match &self.metaspace {
            Some(metaspace) => metaspace.pre_tokenize(text, pieces),
            None => Ok(()),
        }
    }

    /// The text as stock has it, with `▁`.
    pub fn restore(text: &str) -> Arc<str> {
        text.replace(' ', MARK).into()
    }
}

impl Metaspace {
    fn pre_tokenize(&self, text: &mut NormalizedText<'_>, pieces: &mut Pieces) -> Result<()> {
        let marked = self.marks.find(text.get().as_bytes()).is_some();
        if self.words && !marked && self.scheme == PrependScheme::Always && text.lead_with_spaces(pieces) {
            return Ok(());
        }
        let may_prepend = may_prepend(self.scheme, text, pieces);
        let prepends =
            |i: usize, piece: &str| i < may_prepend && !piece.starts_with(' ') && !piece.starts_with(MARK);
        let changes = pieces.spans.iter().take(may_prepend).enumerate();
        if marked || changes.into_iter().any(|(i, span)| prepends(i, &text.get()[span.range()])) {
            let mut number = 0;
            text.rewrite_pieces(pieces, |piece, writer| {
                if prepends(number, piece) {
                    writer.prepend(" ");
                }
                number += 1;
                if marked {
                    for at in self.marks.find_iter(piece.as_bytes()) {
                        writer.copy_until(at);
                        writer.replace_until(at + MARK.len(), " ");
                    }
                }
                Ok(())
            })?;
        }
        if self.split && (marked || !self.words) {
            // Every space begins a piece.
            begin_at(text.get().as_bytes(), pieces, |piece| memchr::memchr_iter(b' ', piece));
        }
        Ok(())
    }
}
