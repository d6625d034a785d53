//! An encoding's pickled state: JSON as stock's, in both directions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};

use super::{Detail, Encoding, Runs, TokenText};
use crate::error::{Error, Result};

impl Serialize for Runs {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.values())
    }
}

struct Ranges<'a>(&'a [(usize, Range<usize>)]);

impl Serialize for Ranges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (id, range) in self.0 {
            map.serialize_entry(id, range)?;
        }
        map.end()
    }
}

struct Texts<'a>(&'a Detail);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.texts())
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let none = Detail::default();
        let detail = self.detail.as_ref().unwrap_or(&none);
        let mut state = serializer.serialize_struct("Encoding", 9)?;
        state.serialize_field("ids", &self.ids)?;
        state.serialize_field("type_ids", &self.type_ids)?;
        state.serialize_field("tokens", &Texts(detail))?;
        state.serialize_field("words", &detail.words)?;
        state.serialize_field("offsets", &detail.offsets)?;
        state.serialize_field("special_tokens_mask", &self.special_tokens_mask)?;
        state.serialize_field("attention_mask", &self.attention_mask)?;
        state.serialize_field("overflowing", &self.overflowing)?;
        state.serialize_field("sequence_ranges", &Ranges(&self.sequence_ranges))?;
        state.end()
    }
}

#[derive(Deserialize)]
struct State {
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    tokens: Vec<String>,
    words: Vec<Option<u32>>,
    offsets: Vec<(usize, usize)>,
    special_tokens_mask: Vec<u32>,
    attention_mask: Vec<u32>,
    overflowing: Vec<State>,
    sequence_ranges: BTreeMap<usize, Range<usize>>,
}

impl State {
    fn into_encoding(self) -> Result<Encoding> {
        let len = self.ids.len();
        let columns = [
            self.type_ids.len(),
            self.tokens.len(),
            self.words.len(),
            self.offsets.len(),
            self.special_tokens_mask.len(),
            self.attention_mask.len(),
        ];
        let ranges_fit =
            self.sequence_ranges.values().all(|range| range.start <= range.end && range.end <= len);
        if columns != [len; 6] || !ranges_fit {
            // Stock takes such a state and panics at some later call.
            return Err(Error::unsupported("encoding", "state with columns that do not fit together"));
        }
        Ok(Encoding {
            ids: self.ids,
            type_ids: self.type_ids.into_iter().collect(),
            special_tokens_mask: self.special_tokens_mask.into_iter().collect(),
            attention_mask: self.attention_mask.into_iter().collect(),
            detail: Some(Detail {
                tokens: self.tokens.into_iter().map(|token| TokenText::Text(Arc::from(token))).collect(),
                words: self.words,
                offsets: self.offsets,
                vocabulary: None,
            }),
            overflowing: self.overflowing.into_iter().map(Self::into_encoding).collect::<Result<_>>()?,
            sequence_ranges: self.sequence_ranges.into_iter().collect(),
        })
    }
}

impl Encoding {
    /// Stock's pickled state. Needs the heavy columns: `Unsupported` without them.
    pub fn to_json(&self) -> Result<String> {
        if !self.is_whole() {
            return Err(Error::unsupported("encoding", "state without tokens and offsets"));
        }
        serde_json::to_string(self).map_err(|error| Error::stock(error.to_string()))
    }

    /// Reads stock's pickled state. A state whose columns do not fit together is `Unsupported`.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let state: State = serde_json::from_slice(json).map_err(|error| Error::stock(error.to_string()))?;
        state.into_encoding()
    }

    /// Whether the heavy columns are there, in the overflowing parts too.
    pub fn is_whole(&self) -> bool {
        (self.detail.is_some() || self.is_empty()) && self.overflowing.iter().all(Self::is_whole)
    }
}
