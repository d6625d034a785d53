//! Real WordPiece and WordLevel models against stock, on the words of real texts: ids and bytes.
//!
//! Needs `BUDTIKTOK_FIXTURES` (a folder with `tokenizers/` and `corpora/`); without it a small
//! model stands in.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use budtiktok::config::{ModelConfig, TokenizerConfig};
use budtiktok::models::{Alphabet, Model};
use budtiktok::pieces::Span;
use tokenizers::Model as _;

const SMALL: &str = r###"{"version":"1.0","model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"the":1,"t":2,"##h":3,"##e":4,"##he":5,"quick":6,"##ck":7,"q":8,"##ui":9}}}"###;

/// Bytes of each corpus that are read.
const LIMIT: usize = 300_000;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// Every different word: runs of letters and digits, as they are and in lower case, and what lies
/// between them.
fn words(texts: &[String]) -> Vec<String> {
    let mut words = HashSet::new();
    for text in texts {
        let mut start = 0;
        let mut kind = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            let next = (c.is_alphanumeric(), c.is_whitespace());
            if kind.is_some_and(|kind| kind != next) {
                words.insert(text[start..at].to_lowercase());
                words.insert(text[start..at].to_owned());
                start = at;
            }
            kind = Some(next);
        }
    }
    words.retain(|word| !word.is_empty());
    let mut words: Vec<_> = words.into_iter().collect();
    words.sort();
    words
}

fn compare(name: &str, json: &[u8], words: &[String]) {
    let config = TokenizerConfig::from_json(json).unwrap();
    match &config.model {
        ModelConfig::WordPiece(_) => {}
        ModelConfig::WordLevel(model) if !model.vocab.shares_ids() => {}
        _ => return,
    }
    let model = Model::compile(&config.model, Alphabet::Characters).unwrap();
    let stock = tokenizers::Tokenizer::from_bytes(json).unwrap();
    let text = words.concat();
    let mut start = 0;
    let spans: Vec<_> = words
        .iter()
        .map(|word| {
            start += word.len();
            Span::new(start - word.len(), start)
        })
        .collect();
    let mut scratch = model.scratch();
    for _ in 0..2 {
        let (mut ids, mut tokens) = (Vec::new(), Vec::new());
        model.ids(&text, &spans, &mut scratch, &mut ids).unwrap();
        model.tokens(&text, &spans, &mut scratch, &mut tokens).unwrap();
        assert_eq!(ids, tokens.iter().map(|token| token.id).collect::<Vec<_>>(), "{name}");
        let mut tokens = tokens.iter().peekable();
        for (index, (word, span)) in words.iter().zip(&spans).enumerate() {
            let mut ours = Vec::new();
            while let Some(token) = tokens.next_if(|token| token.piece == index as u32) {
                ours.push((token.id, (token.start - span.start) as usize, (token.end - span.start) as usize));
            }
            let theirs = stock.get_model().tokenize(word).unwrap();
            let theirs: Vec<_> =
                theirs.iter().map(|token| (token.id, token.offsets.0, token.offsets.1)).collect();
            assert_eq!(ours, theirs, "{name}: {word:?}");
        }
    }
}

#[test]
fn models_equal_stock() {
    let small = ["the quick thequick thck queue", "Quick! ñandú"].map(str::to_owned);
    compare("small", SMALL.as_bytes(), &words(&small));
    let Some(folder) = env::var_os("BUDTIKTOK_FIXTURES").map(PathBuf::from) else { return };
    let mut paths = Vec::new();
    files(&folder.join("corpora"), &mut paths);
    let texts: Vec<_> = paths
        .iter()
        .filter_map(|path| {
            let mut text = fs::read_to_string(path).ok()?;
            text.truncate((0..=LIMIT.min(text.len())).rev().find(|&end| text.is_char_boundary(end))?);
            Some(text)
        })
        .collect();
    let words = words(&texts);
    for entry in fs::read_dir(folder.join("tokenizers")).unwrap() {
        let path = entry.unwrap().path();
        if let Ok(json) = fs::read(path.join("tokenizer.json")) {
            compare(&path.to_string_lossy(), &json, &words);
        }
    }
}
