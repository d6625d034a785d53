//! Models as written. The two long lists, vocabulary and merges, are read straight into their
//! arenas while the JSON goes by; which model it is may only be known after them.

use std::collections::HashMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::fields::{Fields, Parsed};
use super::merges::{AppendString, MergesSeed};
use super::parts::{ModelParts, VocabParts};
use super::{BpeConfig, Merges, ModelConfig, Scores, UnigramConfig, WordLevelConfig, WordPieceConfig};
use crate::vocabulary::{Vocabulary, VocabularyBuilder};

impl ModelConfig {
    /// Parses one model from its own JSON.
    pub fn from_json(json: &[u8]) -> crate::Result<Self> {
        super::document::from_json_seed(json, ModelSeed { scores: Scores::AsStockReads })
    }

    /// Puts a model together whose long lists are there already.
    pub fn from_parts(parts: &ModelParts) -> crate::Result<Self> {
        let rest =
            serde_json::from_str(&parts.fields).map_err(|error| crate::Error::config(error.to_string()))?;
        let vocab = match &parts.vocab {
            VocabParts::Ids(builder) => Vocab::Map(builder.clone().build()),
            VocabParts::Scores(pieces) => {
                Vocab::List(pieces.iter().map(|(piece, score)| (piece.to_owned(), score)).collect())
            }
        };
        Read { vocab: Some(vocab), merges: parts.merges.clone(), rest }.model().map_err(crate::Error::config)
    }
}

pub(super) struct ModelSeed {
    pub scores: Scores,
}

impl<'de> DeserializeSeed<'de> for ModelSeed {
    type Value = ModelConfig;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ModelConfig, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ModelSeed {
    type Value = ModelConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ModelConfig, A::Error> {
        let mut read = Read::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "vocab" => read.vocab = Some(map.next_value_seed(VocabSeed { scores: self.scores })?),
                "merges" => read.merges = Some(map.next_value_seed(MergesSeed)?),
                // Said twice it is not taken as a type by stock, and then no model fits.
                "type" if read.rest.contains_key("type") => {
                    return Err(de::Error::duplicate_field("type"));
                }
                _ => {
                    let value = map.next_value()?;
                    read.rest.insert(key, value);
                }
            }
        }
        read.model().map_err(de::Error::custom)
    }
}

/// A vocabulary in one of its two shapes.
enum Vocab {
    /// `{token: id}`
    Map(Vocabulary),
    /// `[[piece, score]]`
    List(Vec<(String, f64)>),
}

struct VocabSeed {
    scores: Scores,
}

impl<'de> DeserializeSeed<'de> for VocabSeed {
    type Value = Vocab;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vocab, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for VocabSeed {
    type Value = Vocab;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a vocabulary: tokens with ids, or pieces with scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocab, A::Error> {
        let mut builder = VocabularyBuilder::default();
        while map.next_key_seed(AppendString(builder.arena()))?.is_some() {
            builder.finish_token(map.next_value()?);
        }
        Ok(Vocab::Map(builder.build()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vocab, A::Error> {
        let mut pieces = Vec::new();
        match self.scores {
            Scores::AsStockReads => {
                while let Some(piece) = seq.next_element::<(String, f64)>()? {
                    pieces.push(piece);
                }
            }
            Scores::Exact => {
                while let Some((piece, score)) = seq.next_element::<(String, &RawValue)>()? {
                    pieces.push((piece, score.get().parse().map_err(de::Error::custom)?));
                }
            }
        }
        Ok(Vocab::List(pieces))
    }
}

/// What was read of a model before its kind is decided.
#[derive(Default)]
struct Read {
    vocab: Option<Vocab>,
    merges: Option<Merges>,
    rest: Map<String, Value>,
}

impl Read {
    /// The type decides; without one the first kind that fits, in stock's order of trial.
    fn model(mut self) -> Parsed<ModelConfig> {
        let kind = self.rest.get("type").map(|kind| kind.as_str().unwrap_or_default().to_owned());
        match kind.as_deref() {
            Some("BPE") => self.bpe(),
            Some("WordPiece") => self.word_piece(),
            Some("WordLevel") => self.word_level(),
            Some("Unigram") => self.unigram(),
            Some(other) => Err(format!("unknown model type {other:?}")),
            None => {
                // With no `unk_token` no other kind could fit, and this is a typed one's case.
                let tried = !self.rest.contains_key("unk_token") || self.merges_are_in_vocab()?;
                if tried && let Ok(model) = self.bpe() {
                    return Ok(model);
                }
                self.word_piece()
                    .or_else(|_| self.word_level())
                    .or_else(|_| self.unigram())
                    .map_err(|_| "no model has these fields".to_owned())
            }
        }
    }

    /// Each attempt looks at its fields first and takes the vocabulary last, so that the next
    /// attempt still finds it.
    fn take_map(&mut self) -> Parsed<Vocabulary> {
        match self.vocab.take() {
            Some(Vocab::Map(vocab)) => Ok(vocab),
            other => {
                self.vocab = other;
                Err("missing field `vocab` (tokens with ids)".to_owned())
            }
        }
    }

    fn bpe(&mut self) -> Parsed<ModelConfig> {
        let rest = std::mem::take(&mut self.rest);
        let config = self.bpe_with(Fields::new(&rest));
        self.rest = rest;
        config.map(ModelConfig::Bpe)
    }

    fn bpe_with(&mut self, fields: Fields<'_>) -> Parsed<BpeConfig> {
        let dropout = fields.optional::<f32>("dropout")?;
        if dropout.is_some_and(|dropout| !(0.0..=1.0).contains(&dropout)) {
            return Err("dropout must lie between 0 and 1".to_owned());
        }
        if self.merges.is_none() {
            return Err("missing field `merges`".to_owned());
        }
        Ok(BpeConfig {
            dropout,
            unk_token: fields.optional("unk_token")?,
            continuing_subword_prefix: fields.optional("continuing_subword_prefix")?,
            end_of_word_suffix: fields.optional("end_of_word_suffix")?,
            fuse_unk: fields.optional("fuse_unk")?.unwrap_or(false),
            byte_fallback: fields.optional("byte_fallback")?.unwrap_or(false),
            ignore_merges: fields.optional("ignore_merges")?.unwrap_or(false),
            vocab: self.take_map()?,
            merges: self.merges.take().unwrap_or_default(),
        })
    }

    /// Whether every merge's parts and result are tokens: an untyped model in which one is not
    /// is no BPE for stock, and the next kind is tried. (A typed one fails when it is compiled.)
    /// An error where stock panics, for a result longer than every token.
    fn merges_are_in_vocab(&self) -> Parsed<bool> {
        let (Some(Vocab::Map(vocab)), Some(merges)) = (&self.vocab, &self.merges) else { return Ok(false) };
        let prefix = self.rest.get("continuing_subword_prefix").and_then(Value::as_str).unwrap_or_default();
        let longest = vocab.iter().map(|(_, token)| token.len()).max().unwrap_or(0);
        let mut merged = String::new();
        for (left, right) in merges.iter() {
            if vocab.id(left).is_none() || vocab.id(right).is_none() {
                return Ok(false);
            }
            let rest = right.get(prefix.len()..).ok_or("a merge's right side is shorter than the prefix")?;
            merged.clear();
            merged.push_str(left);
            merged.push_str(rest);
            if merged.len() > longest {
                return Err("a merge gives more than the longest token".to_owned());
            }
            if vocab.id(&merged).is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn word_piece(&mut self) -> Parsed<ModelConfig> {
        let fields = Fields::new(&self.rest);
        let unk_token = fields.required("unk_token")?;
        let continuing_subword_prefix = fields.required("continuing_subword_prefix")?;
        let max_input_chars_per_word = fields.required("max_input_chars_per_word")?;
        let vocab = self.take_map()?;
        Ok(ModelConfig::WordPiece(WordPieceConfig {
            vocab,
            unk_token,
            continuing_subword_prefix,
            max_input_chars_per_word,
        }))
    }

    fn word_level(&mut self) -> Parsed<ModelConfig> {
        let unk_token = Fields::new(&self.rest).required("unk_token")?;
        Ok(ModelConfig::WordLevel(WordLevelConfig { vocab: self.take_map()?, unk_token }))
    }

    fn unigram(&mut self) -> Parsed<ModelConfig> {
        let fields = Fields::new(&self.rest);
        let unk_id = fields.optional::<usize>("unk_id")?;
        let byte_fallback = fields.or("byte_fallback", false)?;
        match self.vocab.take() {
            Some(Vocab::List(pieces)) if unk_id.is_none_or(|unk| unk < pieces.len()) => {
                Ok(ModelConfig::Unigram(UnigramConfig { pieces, unk_id, byte_fallback }))
            }
            Some(Vocab::List(_)) => Err("unk_id is larger than the vocabulary".to_owned()),
            // An empty object is no list of pieces, nor is a map.
            _ => Err("missing field `vocab` (pieces with scores)".to_owned()),
        }
    }
}

/// Merges as stock writes them: pairs by rank, one listed twice at its last rank only.
struct WrittenMerges<'a>(&'a Merges);

impl Serialize for WrittenMerges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last: HashMap<(&str, &str), usize> =
            self.0.iter().enumerate().map(|(rank, pair)| (pair, rank)).collect();
        let all = last.len() == self.0.len();
        serializer.collect_seq(
            self.0.iter().enumerate().filter(|(rank, pair)| all || last[pair] == *rank).map(|(_, pair)| pair),
        )
    }
}

/// `{token: id}`, by id.
struct WrittenVocabulary<'a>(&'a Vocabulary);

impl Serialize for WrittenVocabulary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, token)| (token, id)))
    }
}

impl Serialize for ModelConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Bpe(bpe) => {
                map.serialize_entry("type", "BPE")?;
                map.serialize_entry("dropout", &bpe.dropout)?;
                map.serialize_entry("unk_token", &bpe.unk_token)?;
                map.serialize_entry("continuing_subword_prefix", &bpe.continuing_subword_prefix)?;
                map.serialize_entry("end_of_word_suffix", &bpe.end_of_word_suffix)?;
                map.serialize_entry("fuse_unk", &bpe.fuse_unk)?;
                map.serialize_entry("byte_fallback", &bpe.byte_fallback)?;
                map.serialize_entry("ignore_merges", &bpe.ignore_merges)?;
                map.serialize_entry("vocab", &WrittenVocabulary(&bpe.vocab))?;
                map.serialize_entry("merges", &WrittenMerges(&bpe.merges))?;
            }
            Self::WordPiece(word_piece) => {
                map.serialize_entry("type", "WordPiece")?;
                map.serialize_entry("unk_token", &word_piece.unk_token)?;
                map.serialize_entry("continuing_subword_prefix", &word_piece.continuing_subword_prefix)?;
                map.serialize_entry("max_input_chars_per_word", &word_piece.max_input_chars_per_word)?;
                map.serialize_entry("vocab", &WrittenVocabulary(&word_piece.vocab))?;
            }
            Self::WordLevel(word_level) => {
                map.serialize_entry("type", "WordLevel")?;
                map.serialize_entry("vocab", &WrittenVocabulary(&word_level.vocab))?;
                map.serialize_entry("unk_token", &word_level.unk_token)?;
            }
            Self::Unigram(unigram) => {
                map.serialize_entry("type", "Unigram")?;
                map.serialize_entry("unk_id", &unigram.unk_id)?;
                map.serialize_entry("vocab", &unigram.pieces)?;
                map.serialize_entry("byte_fallback", &unigram.byte_fallback)?;
            }
        }
        map.end()
    }
}
