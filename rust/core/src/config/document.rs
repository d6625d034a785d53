//! The whole document: nine fields, the model streamed, the others small.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::fields::{FromValue, Parsed};
use super::model::ModelSeed;
use super::{
    AddedToken, DecoderConfig, ModelConfig, NormalizerConfig, PaddingParams, PostProcessorConfig,
    PreTokenizerConfig, Scores, TokenizerConfig, TruncationParams,
};
use crate::added::assign;
use crate::error::{Error, Result};

const VERSION: &str = "1.0";

/// A tokenizer.json without its model.
#[derive(Debug, Clone, PartialEq)]
pub struct LightConfig {
    pub version: String,
    pub truncation: Option<TruncationParams>,
    pub padding: Option<PaddingParams>,
    pub added_tokens: Vec<AddedToken>,
    pub normalizer: Option<NormalizerConfig>,
    pub pre_tokenizer: Option<PreTokenizerConfig>,
    pub post_processor: Option<PostProcessorConfig>,
    pub decoder: Option<DecoderConfig>,
}

impl Default for LightConfig {
    fn default() -> Self {
        Self {
            version: VERSION.to_owned(),
            truncation: None,
            padding: None,
            added_tokens: Vec::new(),
            normalizer: None,
            pre_tokenizer: None,
            post_processor: None,
            decoder: None,
        }
    }
}

impl LightConfig {
    /// The whole, with a model that was parsed or kept elsewhere.
    pub fn with_model(self, model: ModelConfig) -> TokenizerConfig {
        TokenizerConfig {
            version: self.version,
            truncation: self.truncation,
            padding: self.padding,
            added_tokens: self.added_tokens,
            normalizer: self.normalizer,
            pre_tokenizer: self.pre_tokenizer,
            post_processor: self.post_processor,
            decoder: self.decoder,
            model,
        }
    }
}

impl TokenizerConfig {
    /// Parses a whole tokenizer.json as stock's `from_str` does (legacy shapes too).
    pub fn from_json(json: &[u8]) -> Result<Self> {
        Self::from_json_with(json, Scores::AsStockReads)
    }

    /// As `from_json`, with scores as told.
    pub fn from_json_with(json: &[u8], scores: Scores) -> Result<Self> {
        let (light, model) = from_json_seed(json, DocumentSeed { model: Some(scores) })?;
        let model = model.ok_or_else(|| Error::config("Model missing."))?;
        Ok(light.with_model(model))
    }

    /// Parses every part but the model, which may be `null` or absent and is skipped if it is
    /// there.
    pub fn light_from_json(json: &[u8]) -> Result<LightConfig> {
        from_json_seed(json, DocumentSeed { model: None }).map(|(light, _)| light)
    }

    /// What stock's `to_str(pretty)` gives for this configuration.
    pub fn to_json(&self, pretty: bool) -> String {
        // Writing to a string fails only for keys that are no strings; there are none.
        if pretty { serde_json::to_string_pretty(self) } else { serde_json::to_string(self) }
            .unwrap_or_default()
    }
}

impl Serialize for TokenizerConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", VERSION)?;
        map.serialize_entry("truncation", &self.truncation)?;
        map.serialize_entry("padding", &self.padding)?;
        map.serialize_entry("added_tokens", &assign::written(&self.added_tokens, &self.model))?;
        map.serialize_entry("normalizer", &self.normalizer)?;
        map.serialize_entry("pre_tokenizer", &self.pre_tokenizer)?;
        map.serialize_entry("post_processor", &self.post_processor)?;
        map.serialize_entry("decoder", &self.decoder)?;
        map.serialize_entry("model", &self.model)?;
        map.end()
    }
}

/// Parses one small part from its own JSON.
pub(super) fn part_from_json<T: FromValue>(json: &[u8]) -> Result<T> {
    let value: Value = serde_json::from_slice(json).map_err(|error| Error::config(error.to_string()))?;
    T::from_value(&value).map_err(Error::config)
}

/// Parses a whole JSON text with a seed. The text is proven UTF-8 once, so that strings need no
/// check of their own.
pub(super) fn from_json_seed<T, S>(json: &[u8], seed: S) -> Result<T>
where
    S: for<'de> DeserializeSeed<'de, Value = T>,
{
    // Arenas are addressed by 32 bits.
    if json.len() > u32::MAX as usize {
        return Err(Error::config("the file is larger than 4 GiB"));
    }
    let text = std::str::from_utf8(json).map_err(|error| Error::config(error.to_string()))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    seed.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Error::config(error.to_string()))
}

struct DocumentSeed {
    /// How the model is read, if it is.
    model: Option<Scores>,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed {
    type Value = (LightConfig, Option<ModelConfig>);

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed {
    type Value = (LightConfig, Option<ModelConfig>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tokenizer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut light = LightConfig::default();
        let mut model = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => {
                    light.version = map.next_value()?;
                    if light.version != VERSION {
                        return Err(de::Error::custom(format_args!(
                            "Unknown tokenizer version '{}'",
                            light.version
                        )));
                    }
                }
                "truncation" => light.truncation = part(&mut map, &key)?,
                "padding" => light.padding = part(&mut map, &key)?,
                "added_tokens" => {
                    // No default here: stock wants a list if the field is there.
                    light.added_tokens =
                        part(&mut map, &key)?.ok_or_else(|| de::Error::custom("added_tokens: null"))?;
                }
                "normalizer" => light.normalizer = part(&mut map, &key)?,
                "pre_tokenizer" => light.pre_tokenizer = part(&mut map, &key)?,
                "post_processor" => light.post_processor = part(&mut map, &key)?,
                "decoder" => light.decoder = part(&mut map, &key)?,
                "model" => match self.model {
                    Some(scores) => model = Some(map.next_value_seed(ModelSeed { scores })?),
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                },
                // Stock stumbles over the value of a key it does not know.
                _ => return Err(de::Error::custom(format_args!("unknown field `{key}`"))),
            }
        }
        Ok((light, model))
    }
}

/// A part that may be `null`.
fn part<'de, A: MapAccess<'de>, T: FromValue>(
    map: &mut A,
    key: &str,
) -> std::result::Result<Option<T>, A::Error> {
    let parsed: Parsed<Option<T>> = match map.next_value()? {
        Value::Null => Ok(None),
        value => T::from_value(&value).map(Some),
    };
    parsed.map_err(|error| de::Error::custom(format_args!("{key}: {error}")))
}
