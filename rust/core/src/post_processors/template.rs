//! `TemplateProcessing`: special tokens and sequences in a written order.

use std::fmt;

use crate::config::{TemplatePiece, TemplateSpecialToken};
use crate::encoding::{Encoding, Specials};
use crate::error::{Error, Result};

/// A template that stock takes but cannot follow: it panics.
#[derive(Debug)]
pub(super) enum Impossible {
    UnknownSpecialToken(String),
    NoSuchSequence,
    TooManySequences(usize),
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSpecialToken(id) => {
                write!(f, "the template's special token {id:?} is not among its special tokens")
            }
            Self::NoSuchSequence => f.write_str("the template asks for a second sequence and there is none"),
            Self::TooManySequences(count) => {
                write!(f, "a template takes one or two sequences, not {count}")
            }
        }
    }
}

#[derive(Debug)]
enum Piece {
    Specials(Specials),
    Unknown(String),
    Sequence { index: usize, type_id: u32, last_use: bool },
}

#[derive(Debug)]
struct Template {
    /// As written.
    pieces: Vec<Piece>,
    /// Neighbouring special tokens in one piece.
    fused: Vec<Piece>,
    added: usize,
}

#[derive(Debug)]
pub struct TemplateProcessing {
    single: Template,
    pair: Template,
}

impl Template {
    fn compile(written: &[TemplatePiece], special_tokens: &[TemplateSpecialToken]) -> Self {
        let mut template = Self { pieces: Vec::new(), fused: Vec::new(), added: 0 };
        for (i, piece) in written.iter().enumerate() {
            match piece {
                TemplatePiece::Sequence { second, type_id } => {
                    let again = |later: &TemplatePiece| matches!(later, TemplatePiece::Sequence { second: other, .. } if other == second);
                    let last_use = !written[i + 1..].iter().any(again);
                    for pieces in [&mut template.pieces, &mut template.fused] {
                        pieces.push(Piece::Sequence {
                            index: usize::from(*second),
                            type_id: *type_id,
                            last_use,
                        });
                    }
                }
                TemplatePiece::SpecialToken { id, type_id } => {
                    let Some(special) = special_tokens.iter().find(|special| special.id == *id) else {
                        template.pieces.push(Piece::Unknown(id.clone()));
                        template.fused.push(Piece::Unknown(id.clone()));
                        continue;
                    };
                    let mut specials = Specials::default();
                    for (id, token) in special.ids.iter().zip(&special.tokens) {
                        specials.push(token, *id, *type_id);
                    }
                    template.added += specials.len();
                    match template.fused.last_mut() {
                        Some(Piece::Specials(before)) => before.extend(&specials),
                        _ => template.fused.push(Piece::Specials(specials.clone())),
                    }
                    template.pieces.push(Piece::Specials(specials));
                }
            }
        }
        template
    }
}

/// A sequence as a template's piece asks for it.
fn take(
    encodings: &mut [Encoding],
    index: usize,
    type_id: u32,
    last_use: bool,
) -> std::result::Result<Encoding, Impossible> {
    let encoding = encodings.get_mut(index).ok_or(Impossible::NoSuchSequence)?;
    encoding.set_type_ids(type_id);
    encoding.set_sequence_id(index);
    Ok(if last_use { std::mem::take(encoding) } else { encoding.clone() })
}

impl TemplateProcessing {
    pub(super) fn compile(
        single: &[TemplatePiece],
        pair: &[TemplatePiece],
        special_tokens: &[TemplateSpecialToken],
    ) -> Result<Self> {
        if special_tokens.iter().any(|special| special.ids.len() != special.tokens.len()) {
            // Stock does not look, and makes encodings with columns of different lengths.
            return Err(Error::unsupported(
                "post_processor",
                "TemplateProcessing with unequal ids and tokens",
            ));
        }
        Ok(Self {
            single: Template::compile(single, special_tokens),
            pair: Template::compile(pair, special_tokens),
        })
    }

    pub(super) fn added_tokens(&self, is_pair: bool) -> usize {
        if is_pair { self.pair.added } else { self.single.added }
    }

    fn template(&self, sequences: usize) -> std::result::Result<&Template, Impossible> {
        match sequences {
            1 => Ok(&self.single),
            2 => Ok(&self.pair),
            other => Err(Impossible::TooManySequences(other)),
        }
    }

    /// The same as `join` for a single sequence, in place, if the template is special tokens around
    /// it and nothing else; `false` if it is not, and nothing is done.
    pub(super) fn wrap(&self, encoding: &mut Encoding, add_special_tokens: bool) -> bool {
        let (front, type_id, back) = match &self.single.fused[..] {
            [Piece::Sequence { index: 0, type_id, .. }] => (None, type_id, None),
            [Piece::Specials(front), Piece::Sequence { index: 0, type_id, .. }] => {
                (Some(front), type_id, None)
            }
            [Piece::Sequence { index: 0, type_id, .. }, Piece::Specials(back)] => (None, type_id, Some(back)),
            [Piece::Specials(front), Piece::Sequence { index: 0, type_id, .. }, Piece::Specials(back)] => {
                (Some(front), type_id, Some(back))
            }
            _ => return false,
        };
        encoding.set_type_ids(*type_id);
        encoding.set_sequence_id(0);
        if add_special_tokens && (front.is_some() || back.is_some()) {
            encoding.wrap(front, back);
        }
        true
    }

    /// One encoding for each piece of the template.
    pub(super) fn parts(
        &self,
        encodings: &mut [Encoding],
        add_special_tokens: bool,
    ) -> Result<Vec<Encoding>> {
        let with_detail = encodings.iter().all(|encoding| encoding.detail.is_some());
        let template = self.template(encodings.len())?;
        let mut parts = Vec::with_capacity(template.pieces.len());
        for piece in &template.pieces {
            match piece {
                Piece::Sequence { index, type_id, last_use } => {
                    parts.push(take(encodings, *index, *type_id, *last_use)?);
                }
                Piece::Specials(_) | Piece::Unknown(_) if !add_special_tokens => {}
                Piece::Specials(specials) => parts.push(Encoding::from_specials(specials, with_detail)),
                Piece::Unknown(id) => return Err(Impossible::UnknownSpecialToken(id.clone()).into()),
            }
        }
        Ok(parts)
    }

    /// The merge of all the parts, made around the first sequence without encodings for special
    /// tokens: each column moves once.
    pub(super) fn join(&self, encodings: &mut [Encoding], add_special_tokens: bool) -> Result<Encoding> {
        let with_detail = encodings.iter().all(|encoding| encoding.detail.is_some());
        let mut front = None;
        let mut joined: Option<Encoding> = None;
        let mut pieces = self.template(encodings.len())?.fused.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Sequence { index, type_id, last_use } => {
                    let sequence = take(encodings, *index, *type_id, *last_use)?;
                    let back = match pieces.peek() {
                        Some(Piece::Specials(specials)) if add_special_tokens => {
                            pieces.next();
                            Some(specials)
                        }
                        _ => None,
                    };
                    match &mut joined {
                        None => joined.insert(sequence).wrap(front.take(), back),
                        Some(joined) => {
                            joined.merge_with(sequence, false);
                            joined.wrap(None, back);
                        }
                    }
                }
                Piece::Specials(_) | Piece::Unknown(_) if !add_special_tokens => {}
                // Those behind a sequence were put there with it.
                Piece::Specials(specials) => front = Some(specials),
                Piece::Unknown(id) => return Err(Impossible::UnknownSpecialToken(id.clone()).into()),
            }
        }
        Ok(match (joined, front) {
            (Some(joined), _) => joined,
            (None, Some(specials)) => Encoding::from_specials(specials, with_detail),
            (None, None) => Encoding::from_specials(&Specials::default(), with_detail),
        })
    }
}
