//! Pre-tokenizers as written.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::fields::{Fields, FromValue, Parsed};
use super::params::named;
use super::{PreTokenizerConfig, PrependScheme, SplitBehavior};

named!(PrependScheme { First = "first", Never = "never", Always = "always" });

impl PreTokenizerConfig {
    /// Parses one pre-tokenizer from its own JSON.
    pub fn from_json(json: &[u8]) -> crate::Result<Self> {
        super::document::part_from_json(json)
    }
}

impl FromValue for PreTokenizerConfig {
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        Ok(match fields.kind() {
            Some("BertPreTokenizer") => Self::BertPreTokenizer,
            Some("ByteLevel") => {
                let (add_prefix_space, trim_offsets, use_regex) = byte_level(fields)?;
                Self::ByteLevel { add_prefix_space, trim_offsets, use_regex }
            }
            Some("CharDelimiterSplit") => {
                Self::CharDelimiterSplit { delimiter: fields.required("delimiter")? }
            }
            Some("Metaspace") => {
                let (replacement, prepend_scheme, split) = metaspace(fields)?;
                Self::Metaspace { replacement, prepend_scheme, split }
            }
            Some("Whitespace") => Self::Whitespace,
            Some("Sequence") => Self::Sequence(fields.required("pretokenizers")?),
            Some("Split") => Self::Split {
                pattern: fields.required("pattern")?,
                behavior: fields.required("behavior")?,
                invert: fields.required("invert")?,
            },
            Some("Punctuation") => {
                Self::Punctuation { behavior: fields.or("behavior", SplitBehavior::Isolated)? }
            }
            Some("WhitespaceSplit") => Self::WhitespaceSplit,
            Some("Digits") => Self::Digits { individual_digits: fields.required("individual_digits")? },
            Some("UnicodeScripts") => Self::UnicodeScripts,
            Some("FixedLength") => Self::FixedLength { length: fields.or("length", 5)? },
            // Every kind wants its type, so fields alone say nothing.
            kind => return Err(format!("unknown pre-tokenizer type {kind:?}")),
        })
    }
}

/// ByteLevel's fields, shared with its post-processor and decoder.
pub(super) fn byte_level(fields: Fields<'_>) -> Parsed<(bool, bool, bool)> {
    Ok((
        fields.required("add_prefix_space")?,
        fields.required("trim_offsets")?,
        fields.or("use_regex", true)?,
    ))
}

/// Metaspace's fields, shared with its decoder. Older files say `add_prefix_space`, which must
/// not contradict the scheme; `str_rep` is read and forgotten.
pub(super) fn metaspace(fields: Fields<'_>) -> Parsed<(char, PrependScheme, bool)> {
    let replacement = fields.required("replacement")?;
    let scheme = fields.or("prepend_scheme", PrependScheme::Always)?;
    fields.optional::<String>("str_rep")?;
    if fields.optional("add_prefix_space")? == Some(false) && scheme != PrependScheme::Never {
        return Err("add_prefix_space does not match declared prepend_scheme".to_owned());
    }
    Ok((replacement, scheme, fields.optional("split")?.unwrap_or(true)))
}

pub(super) fn write_byte_level<M: SerializeMap>(
    map: &mut M,
    add_prefix_space: bool,
    trim_offsets: bool,
    use_regex: bool,
) -> Result<(), M::Error> {
    map.serialize_entry("type", "ByteLevel")?;
    map.serialize_entry("add_prefix_space", &add_prefix_space)?;
    map.serialize_entry("trim_offsets", &trim_offsets)?;
    map.serialize_entry("use_regex", &use_regex)
}

pub(super) fn write_metaspace<M: SerializeMap>(
    map: &mut M,
    replacement: char,
    prepend_scheme: PrependScheme,
    split: bool,
) -> Result<(), M::Error> {
    map.serialize_entry("type", "Metaspace")?;
    map.serialize_entry("replacement", &replacement)?;
    map.serialize_entry("prepend_scheme", &prepend_scheme)?;
    map.serialize_entry("split", &split)
}

impl Serialize for PreTokenizerConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::BertPreTokenizer => map.serialize_entry("type", "BertPreTokenizer")?,
            &Self::ByteLevel { add_prefix_space, trim_offsets, use_regex } => {
                write_byte_level(&mut map, add_prefix_space, trim_offsets, use_regex)?;
            }
            Self::CharDelimiterSplit { delimiter } => {
                map.serialize_entry("type", "CharDelimiterSplit")?;
                map.serialize_entry("delimiter", delimiter)?;
            }
            &Self::Metaspace { replacement, prepend_scheme, split } => {
                write_metaspace(&mut map, replacement, prepend_scheme, split)?;
            }
            Self::Whitespace => map.serialize_entry("type", "Whitespace")?,
            Self::Sequence(pre_tokenizers) => {
                map.serialize_entry("type", "Sequence")?;
                map.serialize_entry("pretokenizers", pre_tokenizers)?;
            }
            Self::Split { pattern, behavior, invert } => {
                map.serialize_entry("type", "Split")?;
                map.serialize_entry("pattern", pattern)?;
                map.serialize_entry("behavior", behavior)?;
                map.serialize_entry("invert", invert)?;
            }
            Self::Punctuation { behavior } => {
                map.serialize_entry("type", "Punctuation")?;
                map.serialize_entry("behavior", behavior)?;
            }
            Self::WhitespaceSplit => map.serialize_entry("type", "WhitespaceSplit")?,
            Self::Digits { individual_digits } => {
                map.serialize_entry("type", "Digits")?;
                map.serialize_entry("individual_digits", individual_digits)?;
            }
            Self::UnicodeScripts => map.serialize_entry("type", "UnicodeScripts")?,
            Self::FixedLength { length } => {
                map.serialize_entry("type", "FixedLength")?;
                map.serialize_entry("length", length)?;
            }
        }
        map.end()
    }
}
