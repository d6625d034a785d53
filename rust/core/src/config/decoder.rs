//! Decoders as written.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::DecoderConfig;
use super::fields::{Fields, FromValue, Parsed};
use super::pre_tokenizer::{byte_level, metaspace, write_byte_level, write_metaspace};

impl DecoderConfig {
    /// Parses one decoder from its own JSON.
    pub fn from_json(json: &[u8]) -> crate::Result<Self> {
        super::document::part_from_json(json)
    }
}

impl FromValue for DecoderConfig {
    /// A known `type` decides; without one the fields do, in stock's order of trial.
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        match fields.kind() {
            Some("BPEDecoder") => bpe(fields),
            Some("ByteLevel") => {
                let (add_prefix_space, trim_offsets, use_regex) = byte_level(fields)?;
                Ok(Self::ByteLevel { add_prefix_space, trim_offsets, use_regex })
            }
            Some("WordPiece") => word_piece(fields),
            Some("Metaspace") => {
                let (replacement, prepend_scheme, split) = metaspace(fields)?;
                Ok(Self::Metaspace { replacement, prepend_scheme, split })
            }
            Some("CTC") => ctc(fields),
            Some("Sequence") => fields.required("decoders").map(Self::Sequence),
            Some("Replace") => replace(fields),
            Some("Fuse") => Ok(Self::Fuse),
            Some("Strip") => strip(fields),
            Some("ByteFallback") => Ok(Self::ByteFallback),
            _ => [bpe, word_piece, ctc, replace, strip]
                .iter()
                .find_map(|parse| parse(fields).ok())
                .ok_or_else(|| "no decoder has these fields".to_owned()),
        }
    }
}

fn bpe(fields: Fields<'_>) -> Parsed<DecoderConfig> {
    Ok(DecoderConfig::BpeDecoder { suffix: fields.required("suffix")? })
}

fn word_piece(fields: Fields<'_>) -> Parsed<DecoderConfig> {
    Ok(DecoderConfig::WordPiece { prefix: fields.required("prefix")?, cleanup: fields.required("cleanup")? })
}

fn ctc(fields: Fields<'_>) -> Parsed<DecoderConfig> {
    Ok(DecoderConfig::Ctc {
        pad_token: fields.required("pad_token")?,
        word_delimiter_token: fields.required("word_delimiter_token")?,
        cleanup: fields.required("cleanup")?,
    })
}

fn replace(fields: Fields<'_>) -> Parsed<DecoderConfig> {
    Ok(DecoderConfig::Replace { pattern: fields.required("pattern")?, content: fields.required("content")? })
}

fn strip(fields: Fields<'_>) -> Parsed<DecoderConfig> {
    Ok(DecoderConfig::Strip {
        content: fields.required("content")?,
        start: fields.required("start")?,
        stop: fields.required("stop")?,
    })
}

impl Serialize for DecoderConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::BpeDecoder { suffix } => {
                map.serialize_entry("type", "BPEDecoder")?;
                map.serialize_entry("suffix", suffix)?;
            }
            &Self::ByteLevel { add_prefix_space, trim_offsets, use_regex } => {
                write_byte_level(&mut map, add_prefix_space, trim_offsets, use_regex)?;
            }
            Self::WordPiece { prefix, cleanup } => {
                map.serialize_entry("type", "WordPiece")?;
                map.serialize_entry("prefix", prefix)?;
                map.serialize_entry("cleanup", cleanup)?;
            }
            &Self::Metaspace { replacement, prepend_scheme, split } => {
                write_metaspace(&mut map, replacement, prepend_scheme, split)?;
            }
            Self::Ctc { pad_token, word_delimiter_token, cleanup } => {
                map.serialize_entry("type", "CTC")?;
                map.serialize_entry("pad_token", pad_token)?;
                map.serialize_entry("word_delimiter_token", word_delimiter_token)?;
                map.serialize_entry("cleanup", cleanup)?;
            }
            Self::Sequence(decoders) => {
                map.serialize_entry("type", "Sequence")?;
                map.serialize_entry("decoders", decoders)?;
            }
            Self::Replace { pattern, content } => {
                map.serialize_entry("type", "Replace")?;
                map.serialize_entry("pattern", pattern)?;
                map.serialize_entry("content", content)?;
            }
            Self::Fuse => map.serialize_entry("type", "Fuse")?,
            Self::Strip { content, start, stop } => {
                map.serialize_entry("type", "Strip")?;
                map.serialize_entry("content", content)?;
                map.serialize_entry("start", start)?;
                map.serialize_entry("stop", stop)?;
            }
            Self::ByteFallback => map.serialize_entry("type", "ByteFallback")?,
        }
        map.end()
    }
}
