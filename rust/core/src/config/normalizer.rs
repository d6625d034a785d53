//! Normalizers as written.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::NormalizerConfig;
use super::fields::{Fields, FromValue, Parsed};

impl NormalizerConfig {
    /// Parses one normalizer from its own JSON.
    pub fn from_json(json: &[u8]) -> crate::Result<Self> {
        super::document::part_from_json(json)
    }
}

impl FromValue for NormalizerConfig {
    /// A known `type` decides; without one the fields do, in stock's order of trial.
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        match fields.kind() {
            Some("Bert") => bert(fields),
            Some("Strip") => strip(fields),
            Some("StripAccents") => Ok(Self::StripAccents),
            Some("NFC") => Ok(Self::Nfc),
            Some("NFD") => Ok(Self::Nfd),
            Some("NFKC") => Ok(Self::Nfkc),
            Some("NFKD") => Ok(Self::Nfkd),
            Some("Sequence") => sequence(fields),
            Some("Lowercase") => Ok(Self::Lowercase),
            Some("Nmt") => Ok(Self::Nmt),
            Some("Precompiled") => Ok(Self::Precompiled {
                precompiled_charsmap: canonical_base64(fields.required("precompiled_charsmap")?)?,
            }),
            Some("Replace") => replace(fields),
            Some("Prepend") => prepend(fields),
            Some("ByteLevel") => Ok(Self::ByteLevel),
            // "BertNormalizer", what stock writes, is among these: its fields give it away.
            _ => [bert, strip, sequence, replace, prepend]
                .iter()
                .find_map(|parse| parse(fields).ok())
                .ok_or_else(|| "no normalizer has these fields".to_owned()),
        }
    }
}

fn bert(fields: Fields<'_>) -> Parsed<NormalizerConfig> {
    Ok(NormalizerConfig::BertNormalizer {
        clean_text: fields.required("clean_text")?,
        handle_chinese_chars: fields.required("handle_chinese_chars")?,
        strip_accents: fields.optional("strip_accents")?,
        lowercase: fields.required("lowercase")?,
    })
}

fn strip(fields: Fields<'_>) -> Parsed<NormalizerConfig> {
    Ok(NormalizerConfig::Strip {
        strip_left: fields.required("strip_left")?,
        strip_right: fields.required("strip_right")?,
    })
}

fn sequence(fields: Fields<'_>) -> Parsed<NormalizerConfig> {
    fields.required("normalizers").map(NormalizerConfig::Sequence)
}

fn replace(fields: Fields<'_>) -> Parsed<NormalizerConfig> {
    Ok(NormalizerConfig::Replace {
        pattern: fields.required("pattern")?,
        content: fields.required("content")?,
    })
}

fn prepend(fields: Fields<'_>) -> Parsed<NormalizerConfig> {
    Ok(NormalizerConfig::Prepend { prepend: fields.required("prepend")? })
}

/// The text stock writes for these bytes: padded to a multiple of four. Stock reads it without
/// padding too, but never with bits that belong to no byte.
fn canonical_base64(mut text: String) -> Parsed<String> {
    let digits = text.trim_end_matches('=').len();
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let padding = text.len() - digits;
    let bytes = &text.as_bytes()[..digits];
    let valid = bytes.iter().all(|&byte| value(byte).is_some());
    let last = bytes.last().and_then(|&byte| value(byte)).unwrap_or(0);
    let (needed, spare_bits) = match digits % 4 {
        0 => (0, 0),
        2 => (2, 0b1111),
        3 => (1, 0b11),
        _ => return Err("precompiled_charsmap is not base64".to_owned()),
    };
    if !valid || last & spare_bits != 0 || (padding != 0 && padding != needed) {
        return Err("precompiled_charsmap is not base64".to_owned());
    }
    text.truncate(digits);
    text.extend(std::iter::repeat_n('=', needed));
    Ok(text)
}

impl Serialize for NormalizerConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::BertNormalizer { clean_text, handle_chinese_chars, strip_accents, lowercase } => {
                map.serialize_entry("type", "BertNormalizer")?;
                map.serialize_entry("clean_text", clean_text)?;
                map.serialize_entry("handle_chinese_chars", handle_chinese_chars)?;
                map.serialize_entry("strip_accents", strip_accents)?;
                map.serialize_entry("lowercase", lowercase)?;
            }
            Self::Strip { strip_left, strip_right } => {
                map.serialize_entry("type", "Strip")?;
                map.serialize_entry("strip_left", strip_left)?;
                map.serialize_entry("strip_right", strip_right)?;
            }
            Self::StripAccents => map.serialize_entry("type", "StripAccents")?,
            Self::Nfc => map.serialize_entry("type", "NFC")?,
            Self::Nfd => map.serialize_entry("type", "NFD")?,
            Self::Nfkc => map.serialize_entry("type", "NFKC")?,
            Self::Nfkd => map.serialize_entry("type", "NFKD")?,
            Self::Sequence(normalizers) => {
                map.serialize_entry("type", "Sequence")?;
                map.serialize_entry("normalizers", normalizers)?;
            }
            Self::Lowercase => map.serialize_entry("type", "Lowercase")?,
            Self::Nmt => map.serialize_entry("type", "Nmt")?,
            Self::Precompiled { precompiled_charsmap } => {
                map.serialize_entry("type", "Precompiled")?;
                map.serialize_entry("precompiled_charsmap", precompiled_charsmap)?;
            }
            Self::Replace { pattern, content } => {
                map.serialize_entry("type", "Replace")?;
                map.serialize_entry("pattern", pattern)?;
                map.serialize_entry("content", content)?;
            }
            Self::Prepend { prepend } => {
                map.serialize_entry("type", "Prepend")?;
                map.serialize_entry("prepend", prepend)?;
            }
            Self::ByteLevel => map.serialize_entry("type", "ByteLevel")?,
        }
        map.end()
    }
}
