//! Decoders: tokens back to text.
//!
//! [`Decoder`] is stock's chain over token strings, in its own order and as slow: it answers
//! `decoder.decode(tokens)` and is what [`IdDecoder`], the fast way from ids, is tested against.

use crate::config::DecoderConfig;
use crate::error::Result;

mod arena;
mod bpe;
mod byte_fallback;
mod byte_level;
pub mod clean_up;
mod ctc;
mod ids;
mod metaspace;
mod plan;
mod replace;
mod stream;
mod strip;
mod tokens;
mod wordpiece;

pub use bpe::BpeDecoder;
pub use ctc::Ctc;
pub use ids::IdDecoder;
pub use metaspace::Metaspace;
pub use replace::Replace;
pub use stream::DecodeStream;
pub use strip::Strip;
pub use tokens::DecodeTokens;
pub use wordpiece::WordPiece;

/// A compiled decoder.
#[derive(Debug)]
pub enum Decoder {
    Bpe(BpeDecoder),
    ByteLevel,
    WordPiece(WordPiece),
    Metaspace(Metaspace),
    Ctc(Ctc),
    /// One after the other; none of them is a sequence itself.
    Sequence(Vec<Decoder>),
    Replace(Replace),
    Fuse,
    Strip(Strip),
    ByteFallback,
}

impl Decoder {
    pub fn compile(config: &DecoderConfig) -> Result<Self> {
        Ok(match config {
            DecoderConfig::BpeDecoder { suffix } => Self::Bpe(BpeDecoder { suffix: suffix.clone() }),
            DecoderConfig::ByteLevel { .. } => Self::ByteLevel,
            DecoderConfig::WordPiece { prefix, cleanup } => {
                Self::WordPiece(WordPiece { prefix: prefix.clone(), cleanup: *cleanup })
            }
            DecoderConfig::Metaspace { replacement, prepend_scheme, .. } => {
                Self::Metaspace(Metaspace::new(*replacement, *prepend_scheme))
            }
            DecoderConfig::Ctc { pad_token, word_delimiter_token, cleanup } => Self::Ctc(Ctc {
                pad_token: pad_token.clone(),
                word_delimiter_token: word_delimiter_token.clone(),
                cleanup: *cleanup,
            }),
            DecoderConfig::Sequence(parts) => {
                let mut stages = Vec::with_capacity(parts.len());
                for part in parts {
                    match Self::compile(part)? {
                        Self::Sequence(inner) => stages.extend(inner),
                        stage => stages.push(stage),
                    }
                }
                Self::Sequence(stages)
            }
            DecoderConfig::Replace { pattern, content } => Self::Replace(Replace::compile(pattern, content)?),
            DecoderConfig::Fuse => Self::Fuse,
            DecoderConfig::Strip { content, start, stop } => {
                Self::Strip(Strip { content: *content, start: *start, stop: *stop })
            }
            DecoderConfig::ByteFallback => Self::ByteFallback,
        })
    }

    fn stages(&self) -> &[Self] {
        match self {
            Self::Sequence(stages) => stages,
            _ => std::slice::from_ref(self),
        }
    }

    /// Stock's `decode_chain`: the tokens that this decoder makes of these.
    pub fn decode_chain(&self, tokens: Vec<String>) -> Result<Vec<String>> {
        Ok(match self {
            Self::Bpe(bpe) => bpe.decode_chain(&tokens),
            Self::ByteLevel => vec![byte_level::decode_chain(&tokens)],
            Self::Ctc(ctc) => ctc.decode_chain(&tokens),
            Self::Sequence(stages) => {
                return stages.iter().try_fold(tokens, |tokens, stage| stage.decode_chain(tokens));
            }
            Self::Fuse => vec![tokens.concat()],
            Self::ByteFallback => byte_fallback::decode_chain(tokens),
            Self::WordPiece(_) | Self::Metaspace(_) | Self::Replace(_) | Self::Strip(_) => {
                let mut first = true;
                return tokens.into_iter().map(|token| self.map(token, std::mem::take(&mut first))).collect();
            }
        })
    }

    /// Stock's `decode`: the text of these tokens.
    pub fn decode(&self, tokens: Vec<String>) -> Result<String> {
        Ok(self.decode_chain(tokens)?.concat())
    }

    /// For the kinds that turn each token into one token: `Some` of whether the first token of all
    /// is treated in its own way.
    fn maps(&self) -> Option<bool> {
        match self {
            Self::WordPiece(_) => Some(true),
            Self::Metaspace(metaspace) => Some(metaspace.drops_first()),
            Self::Replace(_) | Self::Strip(_) => Some(false),
            _ => None,
        }
    }

    /// Whether a token can make it fail, as stock would panic.
    fn may_fail(&self) -> bool {
        match self {
            Self::Strip(strip) => strip.stop > 0,
            Self::Replace(replace) => !replace.is_literal(),
            _ => false,
        }
    }

    /// What such a kind makes of a token. BPEDecoder and CTC: of one that is not the last, and not
    /// equal to the one before.
    fn map(&self, token: String, first: bool) -> Result<String> {
        Ok(match self {
            Self::WordPiece(wordpiece) => wordpiece.map(token, first),
            Self::Metaspace(metaspace) => metaspace.map(token, first),
            Self::Replace(replace) => return replace.map(token),
            Self::Strip(strip) => return strip.map(token),
            Self::Bpe(bpe) => bpe.map(&token, false),
            Self::Ctc(ctc) => ctc.map(&token),
            _ => token,
        })
    }
}
