//! Truncation, padding, added tokens.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::fields::{Fields, FromValue, Parsed};
use super::{
    AddedToken, Direction, PaddingParams, PaddingStrategy, Pattern, SplitBehavior, TruncationParams,
    TruncationStrategy,
};

/// Enums that are written as their variant's name.
macro_rules! named {
    ($kind:ty { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl FromValue for $kind {
            fn from_value(value: &Value) -> Parsed<Self> {
                match value.as_str() {
                    $(Some($name) => Ok(Self::$variant),)+
                    _ => Err(format!("unknown {} {value}", stringify!($kind))),
                }
            }
        }

        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(match self {
                    $(Self::$variant => $name,)+
                })
            }
        }
    };
}
pub(super) use named;

named!(Direction { Left = "Left", Right = "Right" });
named!(TruncationStrategy {
    LongestFirst = "LongestFirst",
    OnlyFirst = "OnlyFirst",
    OnlySecond = "OnlySecond",
});
named!(SplitBehavior {
    Removed = "Removed",
    Isolated = "Isolated",
    MergedWithPrevious = "MergedWithPrevious",
    MergedWithNext = "MergedWithNext",
    Contiguous = "Contiguous",
});

impl FromValue for TruncationParams {
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        Ok(Self {
            direction: fields.or("direction", Direction::Right)?,
            max_length: fields.required("max_length")?,
            strategy: fields.required("strategy")?,
            stride: fields.required("stride")?,
        })
    }
}

impl Serialize for TruncationParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("direction", &self.direction)?;
        map.serialize_entry("max_length", &self.max_length)?;
        map.serialize_entry("strategy", &self.strategy)?;
        map.serialize_entry("stride", &self.stride)?;
        map.end()
    }
}

impl FromValue for PaddingStrategy {
    fn from_value(value: &Value) -> Parsed<Self> {
        if value.as_str() == Some("BatchLongest") {
            return Ok(Self::BatchLongest);
        }
        match value.as_object() {
            Some(map) if map.len() == 1 => Fields::of(value)?.required("Fixed").map(Self::Fixed),
            _ => Err(format!("unknown padding strategy {value}")),
        }
    }
}

impl Serialize for PaddingStrategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::BatchLongest => serializer.serialize_str("BatchLongest"),
            Self::Fixed(length) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("Fixed", length)?;
                map.end()
            }
        }
    }
}

impl FromValue for PaddingParams {
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        Ok(Self {
            strategy: fields.required("strategy")?,
            direction: fields.required("direction")?,
            pad_to_multiple_of: fields.optional("pad_to_multiple_of")?,
            pad_id: fields.required("pad_id")?,
            pad_type_id: fields.required("pad_type_id")?,
            pad_token: fields.required("pad_token")?,
        })
    }
}

impl Serialize for PaddingParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("strategy", &self.strategy)?;
        map.serialize_entry("direction", &self.direction)?;
        map.serialize_entry("pad_to_multiple_of", &self.pad_to_multiple_of)?;
        map.serialize_entry("pad_id", &self.pad_id)?;
        map.serialize_entry("pad_type_id", &self.pad_type_id)?;
        map.serialize_entry("pad_token", &self.pad_token)?;
        map.end()
    }
}

impl FromValue for AddedToken {
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        Ok(Self {
            id: fields.required("id")?,
            content: fields.required("content")?,
            single_word: fields.required("single_word")?,
            lstrip: fields.required("lstrip")?,
            rstrip: fields.required("rstrip")?,
            normalized: fields.required("normalized")?,
            special: fields.required("special")?,
        })
    }
}

impl Serialize for AddedToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("content", &self.content)?;
        map.serialize_entry("single_word", &self.single_word)?;
        map.serialize_entry("lstrip", &self.lstrip)?;
        map.serialize_entry("rstrip", &self.rstrip)?;
        map.serialize_entry("normalized", &self.normalized)?;
        map.serialize_entry("special", &self.special)?;
        map.end()
    }
}

impl FromValue for Pattern {
    fn from_value(value: &Value) -> Parsed<Self> {
        let fields = Fields::of(value)?;
        match value.as_object().map_or(0, serde_json::Map::len) {
            1 if fields.has("String") => fields.required("String").map(Self::String),
            1 if fields.has("Regex") => fields.required("Regex").map(Self::Regex),
            _ => Err(format!("unknown pattern {value}")),
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::String(text) => map.serialize_entry("String", text)?,
            Self::Regex(text) => map.serialize_entry("Regex", text)?,
        }
        map.end()
    }
}
