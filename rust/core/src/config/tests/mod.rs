//! The oracle is stock: what it loads we load, what it writes we write, byte for byte.

mod documents;
mod fixtures;
mod parts;

use std::panic;
use std::str::FromStr;

use super::TokenizerConfig;

/// What stock writes for this document (compact, pretty), or `None` if it does not load it.
fn stock(json: &str) -> Option<(String, String)> {
    // Some malformed files make stock panic.
    let load = || tokenizers::Tokenizer::from_str(json).ok();
    let tokenizer = panic::catch_unwind(load).ok().flatten()?;
    Some((tokenizer.to_string(false).ok()?, tokenizer.to_string(true).ok()?))
}

/// Holds our reading of a document against stock's.
fn check(json: &str) {
    let ours = TokenizerConfig::from_json(json.as_bytes());
    match (stock(json), ours) {
        (Some((compact, pretty)), Ok(ours)) => {
            assert_eq!(ours.to_json(false), compact, "{json}");
            assert_eq!(ours.to_json(true), pretty, "{json}");
        }
        (None, Err(error)) => assert_eq!(*error.kind(), crate::ErrorKind::Config),
        (Some(_), Err(error)) => panic!("stock loads this, we say {error}: {json}"),
        (None, Ok(_)) => panic!("stock does not load this, we do: {json}"),
    }
}

/// Like `check`, and stock must load it.
fn check_loads(json: &str) {
    assert!(stock(json).is_some(), "stock does not load this: {json}");
    check(json);
}

const MODEL: &str = r#"{"type":"WordLevel","vocab":{"a":0,"<unk>":1},"unk_token":"<unk>"}"#;

/// A document with these fields before a small model.
fn document(fields: &str) -> String {
    format!(r#"{{"version":"1.0",{fields}"model":{MODEL}}}"#)
}
