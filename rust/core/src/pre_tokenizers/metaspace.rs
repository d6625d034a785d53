//! Metaspace: spaces are written as `▁` (or another character), one may be put in front, and
//! pieces may start at each.

use memchr::memmem;

use crate::config::PrependScheme;
use crate::error::Result;
use crate::pieces::{Pieces, Span};
use crate::text::NormalizedText;

#[derive(Debug)]
pub struct Metaspace {
    replacement: String,
    scheme: PrependScheme,
    /// Where the replacement is, if the text is cut there.
    finder: Option<Box<memmem::Finder<'static>>>,
}

impl Metaspace {
    pub fn new(replacement: char, scheme: PrependScheme, split: bool) -> Self {
        let replacement = replacement.to_string();
        let finder = split.then(|| Box::new(memmem::Finder::new(&replacement).into_owned()));
        Self { replacement, scheme, finder }
    }

    /// Whether pieces begin at each replacement.
    pub fn cuts(&self) -> bool {
        self.finder.is_some()
    }

    pub fn pre_tokenize(&self, text: &mut NormalizedText<'_>, pieces: &mut Pieces) -> Result<()> {
        let may_prepend = may_prepend(self.scheme, text, pieces);
        // A space in front becomes the replacement before anybody looks.
        let prepends = |i: usize, piece: &str| {
            i < may_prepend && !piece.starts_with(' ') && !piece.starts_with(&self.replacement)
        };
        let changes = pieces.spans.iter().enumerate().any(|(i, span)| {
            let piece = &text.get()[span.range()];
            prepends(i, piece) || memchr::memchr(b' ', piece.as_bytes()).is_some()
        });
        if changes {
            let mut number = 0;
            text.rewrite_pieces(pieces, |piece, writer| {
                if prepends(number, piece) {
                    writer.prepend(&self.replacement);
                }
                number += 1;
                for at in memchr::memchr_iter(b' ', piece.as_bytes()) {
                    writer.copy_until(at);
                    writer.replace_until(at + 1, &self.replacement);
                }
                Ok(())
            })?;
        }
        if let Some(finder) = &self.finder {
            begin_at(text.get().as_bytes(), pieces, |piece| finder.find_iter(piece));
        }
        Ok(())
    }
}

/// How many of the first pieces may get the replacement in front.
pub(super) fn may_prepend(scheme: PrependScheme, text: &NormalizedText<'_>, pieces: &Pieces) -> usize {
    match scheme {
        PrependScheme::Always => usize::MAX,
        // Pieces lie in the order of what they come from: those from the very start are first.
        PrependScheme::First => {
            pieces.spans.iter().take_while(|&&span| text.original_start(span) == 0).count()
        }
        PrependScheme::Never => 0,
    }
}

/// Cuts the pieces so that one begins at each of the `places` found in them (MergedWithNext).
pub(super) fn begin_at<'t, I: Iterator<Item = usize>>(
    text: &'t [u8],
    pieces: &mut Pieces,
    places: impl Fn(&'t [u8]) -> I,
) {
    let Pieces { spans, spare, .. } = pieces;
    spare.clear();
    for span in &*spans {
        let mut open = span.start;
        for at in places(&text[span.range()]) {
            let at = span.start + at as u32;
            if at > open {
                spare.push(Span { start: open, end: at });
                open = at;
            }
        }
        spare.push(Span { start: open, end: span.end });
    }
    std::mem::swap(spans, spare);
}
