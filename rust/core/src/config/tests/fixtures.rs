//! Real tokenizers, when `BUDTIKTOK_FIXTURES` names a folder that has them in `tokenizers/`.

use std::path::PathBuf;
use std::{env, fs};

use super::{MODEL, check_loads, document};
use crate::config::{ModelConfig, TokenizerConfig};

/// Every real tokenizer.json; small ones made here when there are none.
fn real() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = env::var_os("BUDTIKTOK_FIXTURES") else {
        return vec![("small".to_owned(), document("").into_bytes())];
    };
    let entries = fs::read_dir(PathBuf::from(folder).join("tokenizers")).unwrap();
    let files = entries.filter_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name()?.to_string_lossy().into_owned();
        Some((name, fs::read(path.join("tokenizer.json")).ok()?))
    });
    files.collect()
}

#[test]
fn real_files_are_written_as_stock_writes_them() {
    for (name, json) in real() {
        let ours = TokenizerConfig::from_json(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let shares_ids = match &ours.model {
            ModelConfig::Bpe(model) => model.vocab.shares_ids(),
            ModelConfig::WordPiece(model) => model.vocab.shares_ids(),
            ModelConfig::WordLevel(model) => model.vocab.shares_ids(),
            ModelConfig::Unigram(_) => false,
        };
        // Stock writes one of the strings, never the same.
        if shares_ids {
            continue;
        }
        let stock = tokenizers::Tokenizer::from_bytes(&json).unwrap().to_string(false).unwrap();
        assert!(ours.to_json(false) == stock, "{name} is written otherwise");
        let again = TokenizerConfig::from_json(stock.as_bytes()).unwrap();
        assert!(again.to_json(false) == stock, "{name} read from what stock wrote is written otherwise");
    }
}

#[test]
fn small_documents_load() {
    check_loads(&format!(r#"{{"model":{MODEL}}}"#));
}
