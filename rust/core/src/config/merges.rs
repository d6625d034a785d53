//! A BPE model's merges: two shapes are read, one is kept.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};

/// Merges in the order of their rank: each pair's two strings, stored once.
#[derive(Debug, Clone, Default)]
pub struct Merges {
    arena: String,
    /// Start, middle and end of each pair in the arena.
    pairs: Vec<[u32; 3]>,
}

impl Merges {
    pub fn push(&mut self, left: &str, right: &str) {
        let start = self.arena.len() as u32;
        self.arena.push_str(left);
        let middle = self.arena.len() as u32;
        self.arena.push_str(right);
        self.pairs.push([start, middle, self.arena.len() as u32]);
    }

    /// Bytes of all strings.
    pub fn text_len(&self) -> usize {
        self.arena.len()
    }

    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|&[start, middle, end]| {
            (&self.arena[start as usize..middle as usize], &self.arena[middle as usize..end as usize])
        })
    }
}

/// Reads either shape straight into the arena: `["a", "b"]` pairs, or the older `"a b"` lines
/// (cut at their only space; lines starting with `#version` are skipped). The shapes do not mix.
pub(super) struct MergesSeed;

impl<'de> DeserializeSeed<'de> for MergesSeed {
    type Value = Merges;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Merges, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MergesSeed {
    type Value = Merges;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of merges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Merges, A::Error> {
        let mut merges = Merges::default();
        let mut first = None;
        while let Some(shape) = seq.next_element_seed(OneMerge(&mut merges))? {
            if *first.get_or_insert(shape) != shape {
                return Err(de::Error::custom("merges are pairs and strings at once"));
            }
        }
        Ok(merges)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Pair,
    Line,
}

struct OneMerge<'m>(&'m mut Merges);

impl<'de> DeserializeSeed<'de> for OneMerge<'_> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneMerge<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a merge: two strings, or one with a space")
    }

    fn visit_str<E: de::Error>(self, line: &str) -> Result<Shape, E> {
        if !line.starts_with("#version") {
            match line.split_once(' ') {
                Some((left, right)) if !right.contains(' ') => self.0.push(left, right),
                _ => {
                    let line = self.0.len() + 1;
                    return Err(E::custom(format_args!("merges: line {line} is not two tokens")));
                }
            }
        }
        Ok(Shape::Line)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let merges = self.0;
        let start = merges.arena.len() as u32;
        let mut ends = [start; 2];
        for (i, end) in ends.iter_mut().enumerate() {
            if seq.next_element_seed(AppendString(&mut merges.arena))?.is_none() {
                return Err(de::Error::invalid_length(i, &"two strings"));
            }
            *end = merges.arena.len() as u32;
        }
        if seq.next_element::<de::IgnoredAny>()?.is_some() {
            return Err(de::Error::invalid_length(3, &"two strings"));
        }
        merges.pairs.push([start, ends[0], ends[1]]);
        Ok(Shape::Pair)
    }
}

/// Appends a JSON string to an arena, without a `String` of its own.
pub(super) struct AppendString<'a>(pub &'a mut String);

impl<'de> DeserializeSeed<'de> for AppendString<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for AppendString<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}
