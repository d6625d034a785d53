//! Engines known in this process, by the content they were made from, held weakly.
//!
//! The key of a source is its length and 128-bit hash. A model is also known by itself, by its
//! JSON text without the white space between tokens, so that a file and a pickle of the same
//! tokenizer, or two tokenizers with the same vocabulary, share one. Linear in the text.
//!
//! The lock is only ever tried: a forked child may find it held by a thread it does not have, and
//! then shares nothing, which costs memory and no more.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use twox_hash::XxHash3_128;

use crate::compile::{Compiled, Job, Version};

/// The content of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    hash: u128,
    length: usize,
    version: Version,
}

impl Key {
    pub fn of(bytes: &[u8], version: Version) -> Self {
        Self { hash: XxHash3_128::oneshot(bytes), length: bytes.len(), version }
    }

    pub fn of_model(model: &ModelText<'_>, version: Version) -> Self {
        let text = model.compact();
        Self::of(&text, version)
    }
}

#[derive(Default)]
struct Known {
    wholes: HashMap<Key, Weak<Compiled>>,
    models: HashMap<Key, Weak<Compiled>>,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

fn known() -> Option<MutexGuard<'static, Option<Known>>> {
    for _ in 0..64 {
        if let Ok(known) = KNOWN.try_lock() {
            return Some(known);
        }
        std::thread::yield_now();
    }
    None
}

/// The engine of the last tokenizer that went away before its first call, kept for the one that is
/// being made in its place: transformers loads a file, drops the tokenizer and builds another from
/// the same vocabulary.
static ORPHAN: Mutex<Option<Arc<Job>>> = Mutex::new(None);

/// Keeps the engine of a tokenizer that was never called.
pub fn keep_orphan(job: Arc<Job>) {
    replace_orphan(Some(job));
}

/// Lets go of what was kept.
pub fn drop_orphan() {
    replace_orphan(None);
}

fn replace_orphan(job: Option<Arc<Job>>) {
    let old = match ORPHAN.try_lock() {
        Ok(mut orphan) => std::mem::replace(&mut *orphan, job),
        Err(_) => job,
    };
    drop(old);
}

/// The engine made from this whole source.
pub fn whole(key: &Key) -> Option<Arc<Compiled>> {
    known()?.as_ref()?.wholes.get(key)?.upgrade()
}

/// An engine with this model.
pub fn model(key: &Key) -> Option<Arc<Compiled>> {
    known()?.as_ref()?.models.get(key)?.upgrade()
}

/// Makes an engine known, and forgets those that are gone.
pub fn remember(key: Key, model: Option<Key>, made: &Arc<Compiled>) {
    let Some(mut known) = known() else { return };
    let Known { wholes, models } = known.get_or_insert_with(Known::default);
    for map in [&mut *wholes, &mut *models] {
        map.retain(|_, compiled| compiled.strong_count() > 0);
    }
    wholes.insert(key, Arc::downgrade(made));
    if let Some(model) = model {
        models.entry(model).or_insert_with(|| Arc::downgrade(made));
    }
}

/// A tokenizer.json, and where its model stands.
pub struct ModelText<'a> {
    json: &'a [u8],
    range: Range<usize>,
}

impl<'a> ModelText<'a> {
    /// `None` unless the text has exactly one `"model"` at its top level, written without escapes.
    pub fn find(json: &'a [u8]) -> Option<Self> {
        let (mut depth, mut at, mut found) = (0usize, 0, None);
        let mut key = None;
        while at < json.len() {
            match json[at] {
                b'"' => {
                    let end = string_end(json, at)?;
                    if depth == 1 && key.is_none() {
                        let name = &json[at + 1..end - 1];
                        if name.contains(&b'\\') {
                            return None;
                        }
                        key = Some(name);
                    }
                    at = end;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                b':' if depth == 1 && key == Some(b"model") => {
                    if found.is_some() {
                        return None;
                    }
                    let end = value_end(json, at + 1)?;
                    found = Some(at + 1..end);
                    at = end;
                    continue;
                }
                b',' if depth == 1 => key = None,
                _ => {}
            }
            at += 1;
        }
        found.map(|range| Self { json, range })
    }

    /// The whole text with `null` for the model.
    pub fn without(&self) -> Vec<u8> {
        [&self.json[..self.range.start], b"null", &self.json[self.range.end..]].concat()
    }

    /// The model's text without white space outside strings.
    fn compact(&self) -> Vec<u8> {
        let text = &self.json[self.range.clone()];
        let mut compact = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            match text[at] {
                b'"' => {
                    let end = string_end(text, at).unwrap_or(text.len());
                    compact.extend_from_slice(&text[at..end]);
                    at = end;
                }
                b' ' | b'\n' | b'\r' | b'\t' => at += 1,
                byte => {
                    compact.push(byte);
                    at += 1;
                }
            }
        }
        compact
    }
}

/// Where the string that starts at `start` ends (after its closing quote).
fn string_end(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while at < json.len() {
        match json[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// Where the value that starts at or after `start` ends.
fn value_end(json: &[u8], start: usize) -> Option<usize> {
    let (mut depth, mut at) = (0usize, start);
    while at < json.len() {
        match json[at] {
            b'"' => {
                at = string_end(json, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(json: &str) -> Option<Key> {
        ModelText::find(json.as_bytes()).map(|model| Key::of_model(&model, (0, 23, 3)))
    }

    #[test]
    fn a_model_is_known_however_it_is_laid_out() {
        let compact = r#"{"version":"1.0","model":{"type":"BPE","vocab":{"a b":0,"\"}":1}},"x":[1]}"#;
        let pretty = "{ \"model\" :\n{\"type\": \"BPE\",\n\t\"vocab\": {\"a b\": 0, \"\\\"}\": 1} } }";
        assert!(key(compact).is_some());
        assert_eq!(key(compact), key(pretty));
        assert_ne!(key(compact), key(&compact.replace("a b", "ab")));
        let without = ModelText::find(compact.as_bytes()).map(|model| model.without());
        assert_eq!(without.as_deref(), Some(&br#"{"version":"1.0","model":null,"x":[1]}"#[..]));
    }

    #[test]
    fn what_is_odd_is_not_shared() {
        for odd in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"x":{"model":1}}"#,
            r#"{"model":1,"model":2}"#,
            r#"{"model":"unclosed}"#,
            r#"{"x":"model"}"#,
            r#"{"model":1,"mod\u0065l":2}"#,
            "}}",
        ] {
            assert_eq!(key(odd), None, "{odd}");
        }
        assert!(key(r#"{"model":null}"#).is_some());
    }
}
