//! Post-processors as written.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::fields::{Fields, FromValue, Parsed};
use super::pre_tokenizer::{byte_level, write_byte_level};
use super::{PostProcessorConfig, TemplatePiece, TemplateSpecialToken};

impl PostProcessorConfig {
    /// Parses one post-processor from its own JSON.
    pub fn from_json(json: &[u8]) -> crate::Result<Self> {
        super::document::part_from_json(json)
    }
}

impl FromValue for PostProcessorConfig {
    /// Stock goes by the fields, in this order; only ByteLevel and Sequence look at their type.
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        [roberta, bert, byte_level_offsets, template, sequence]
            .iter()
            .find_map(|parse| parse(fields).ok())
            .ok_or_else(|| "no post-processor has these fields".to_owned())
    }
}

fn roberta(fields: Fields<'_>) -> Parsed<PostProcessorConfig> {
    Ok(PostProcessorConfig::Roberta {
        sep: fields.required("sep")?,
        cls: fields.required("cls")?,
        trim_offsets: fields.required("trim_offsets")?,
        add_prefix_space: fields.required("add_prefix_space")?,
    })
}

fn bert(fields: Fields<'_>) -> Parsed<PostProcessorConfig> {
    Ok(PostProcessorConfig::Bert { sep: fields.required("sep")?, cls: fields.required("cls")? })
}

fn byte_level_offsets(fields: Fields<'_>) -> Parsed<PostProcessorConfig> {
    if fields.kind() != Some("ByteLevel") {
        return Err("not ByteLevel".to_owned());
    }
    let (add_prefix_space, trim_offsets, use_regex) = byte_level(fields)?;
    Ok(PostProcessorConfig::ByteLevel { add_prefix_space, trim_offsets, use_regex })
}

fn template(fields: Fields<'_>) -> Parsed<PostProcessorConfig> {
    let single = fields.required("single")?;
    let pair = fields.required("pair")?;
    let special = fields.get("special_tokens").and_then(Value::as_object);
    let mut special_tokens = Vec::new();
    for (key, value) in special.ok_or("missing field `special_tokens`")? {
        let token = TemplateSpecialToken::from_value(value)?;
        // Stock would look it up by the key and write both back.
        if token.id != *key {
            return Err(format!("special token {key:?} calls itself {:?}", token.id));
        }
        special_tokens.push(token);
    }
    special_tokens.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(PostProcessorConfig::Template { single, pair, special_tokens })
}

fn sequence(fields: Fields<'_>) -> Parsed<PostProcessorConfig> {
    if fields.kind() != Some("Sequence") {
        return Err("not Sequence".to_owned());
    }
    fields.required("processors").map(PostProcessorConfig::Sequence)
}

impl FromValue for TemplatePiece {
    fn from_value(value: &Value) -> Parsed<Self> {
        let outer = Fields::of(value)?;
        if value.as_object().is_none_or(|map| map.len() != 1) {
            return Err(format!("unknown template piece {value}"));
        }
        if let Some(inner) = outer.get("Sequence") {
            let fields = Fields::of(inner)?;
            let second = match fields.get("id").and_then(Value::as_str) {
                Some("A") => false,
                Some("B") => true,
                _ => return Err(format!("unknown sequence in {value}")),
            };
            return Ok(Self::Sequence { second, type_id: fields.required("type_id")? });
        }
        let fields = Fields::of(outer.get("SpecialToken").unwrap_or(&Value::Null))?;
        Ok(Self::SpecialToken { id: fields.required("id")?, type_id: fields.required("type_id")? })
    }
}

impl FromValue for TemplateSpecialToken {
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        Ok(Self {
            id: fields.required("id")?,
            ids: fields.required("ids")?,
            tokens: fields.required("tokens")?,
        })
    }
}

/// `{"name": {"id": ..., "type_id": ...}}`
struct Piece<'a>(&'a TemplatePiece);

impl Serialize for TemplatePiece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        let name = match self {
            Self::Sequence { .. } => "Sequence",
            Self::SpecialToken { .. } => "SpecialToken",
        };
        map.serialize_entry(name, &Piece(self))?;
        map.end()
    }
}

impl Serialize for Piece<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, type_id) = match self.0 {
            TemplatePiece::Sequence { second, type_id } => (if *second { "B" } else { "A" }, type_id),
            TemplatePiece::SpecialToken { id, type_id } => (id.as_str(), type_id),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("id", id)?;
        map.serialize_entry("type_id", type_id)?;
        map.end()
    }
}

impl Serialize for TemplateSpecialToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("ids", &self.ids)?;
        map.serialize_entry("tokens", &self.tokens)?;
        map.end()
    }
}

/// The special tokens by name.
struct SpecialTokens<'a>(&'a [TemplateSpecialToken]);

impl Serialize for SpecialTokens<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tokens: Vec<_> = self.0.iter().collect();
        tokens.sort_by(|a, b| a.id.cmp(&b.id));
        serializer.collect_map(tokens.into_iter().map(|token| (&token.id, token)))
    }
}

impl Serialize for PostProcessorConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Roberta { sep, cls, trim_offsets, add_prefix_space } => {
                map.serialize_entry("type", "RobertaProcessing")?;
                map.serialize_entry("sep", sep)?;
                map.serialize_entry("cls", cls)?;
                map.serialize_entry("trim_offsets", trim_offsets)?;
                map.serialize_entry("add_prefix_space", add_prefix_space)?;
            }
            Self::Bert { sep, cls } => {
                map.serialize_entry("type", "BertProcessing")?;
                map.serialize_entry("sep", sep)?;
                map.serialize_entry("cls", cls)?;
            }
            &Self::ByteLevel { add_prefix_space, trim_offsets, use_regex } => {
                write_byte_level(&mut map, add_prefix_space, trim_offsets, use_regex)?;
            }
            Self::Template { single, pair, special_tokens } => {
                map.serialize_entry("type", "TemplateProcessing")?;
                map.serialize_entry("single", single)?;
                map.serialize_entry("pair", pair)?;
                map.serialize_entry("special_tokens", &SpecialTokens(special_tokens))?;
            }
            Self::Sequence(processors) => {
                map.serialize_entry("type", "Sequence")?;
                map.serialize_entry("processors", processors)?;
            }
        }
        map.end()
    }
}
