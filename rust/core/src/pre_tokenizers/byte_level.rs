//! ByteLevel: a space in front, GPT-2's pattern, and bytes written as letters.

use super::scanners::Scanner;
use crate::error::Result;
use crate::normalizers::char_of;
use crate::pieces::{Pieces, Span};
use crate::simd::Level;
use crate::text::NormalizedText;

#[derive(Debug, Clone, Copy)]
pub struct ByteLevel {
    add_prefix_space: bool,
    use_regex: bool,
    /// Whether the text is to be written in the alphabet.
    writes: bool,
    level: Level,
}

impl ByteLevel {
    /// With `raw_bytes` the alphabet is not written, and the model works on the text's bytes.
    pub fn new(add_prefix_space: bool, use_regex: bool, raw_bytes: bool) -> Self {
        Self { add_prefix_space, use_regex, writes: !raw_bytes, level: Level::detect() }
    }

    pub fn scanner(&self) -> Option<Scanner> {
        self.use_regex.then_some(Scanner::Gpt2)
    }

    /// Whether the text can change.
    pub fn changes_text(&self) -> bool {
        self.writes || self.add_prefix_space
    }

    /// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text.
    pub fn cut(&self, text: &str, shift: usize, out: &mut Vec<Span>) {
        if self.use_regex {
            Scanner::Gpt2.scan(self.level, text, shift, out);
        } else if !text.is_empty() {
            out.push(Span::new(shift, shift + text.len()));
        }
    }

    pub fn pre_tokenize(&self, text: &mut NormalizedText<'_>, pieces: &mut Pieces) -> Result<()> {
        let bare = |piece: &str| !piece.starts_with(' ');
        if self.add_prefix_space && pieces.spans.iter().any(|span| bare(&text.get()[span.range()])) {
            text.rewrite_pieces(pieces, |piece, writer| {
                if bare(piece) {
                    writer.prepend(" ");
                }
                Ok(())
            })?;
        }
        if self.use_regex {
            let whole = text.get();
            pieces.spare.clear();
            for &span in &pieces.spans {
                self.cut(&whole[span.range()], span.start as usize, &mut pieces.spare);
            }
            std::mem::swap(&mut pieces.spans, &mut pieces.spare);
        }
        let graphic = |span: &Span| text.get()[span.range()].bytes().all(|byte| byte.is_ascii_graphic());
        if self.writes && !(text.is_regular() && pieces.spans.iter().all(graphic)) {
            text.rewrite_pieces(pieces, |piece, writer| {
                let letters = |c: char| {
                    let mut bytes = [0; 4];
                    let len = c.encode_utf8(&mut bytes).len();
                    bytes.into_iter().take(len).map(char_of)
                };
                if writer.is_irregular() {
                    let all = piece
                        .chars()
                        .flat_map(|c| letters(c).enumerate().map(|(i, letter)| (letter, isize::from(i > 0))));
                    return writer.transform(all, 0);
                }
                let mut written = String::with_capacity(8);
                piece.chars().try_for_each(|c| {
                    written.clear();
                    written.extend(letters(c));
                    writer.map_char(&written)
                })
            })?;
        }
        Ok(())
    }
}
