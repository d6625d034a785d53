//! Random encodings, as states that both sides read.

use budtiktok::encoding::Encoding;
use proptest::prelude::*;
use serde_json::{Value, json};

mod cases;

pub use cases::cases;

pub type Stock = tokenizers::Encoding;

/// A state as stock pickles it, of up to nine tokens, with nested overflow.
pub fn state(depth: u32) -> BoxedStrategy<Value> {
    let token = (
        0u32..50,
        0u32..3,
        prop::sample::select(vec![
            "a",
            "Ġb",
            "##c",
            "é",
            "[SEP]",
            "",
            " ",
            "Ġ",
            "ĠĠ",
            "Ġ Ġx",
            "b ",
            "c\u{85}Ġ",
            "\u{a0}d",
            "\u{200b}e",
        ]),
        prop::option::of(0u32..5),
        (0usize..9, 0usize..9),
        0u32..2,
        0u32..2,
    );
    let ranges = prop::collection::btree_map(0usize..3, (0usize..10, 0usize..10), 0..3);
    let overflow = if depth == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(state(depth - 1), 0..3)].boxed()
    };
    (prop::collection::vec(token, 0..9), ranges, overflow)
        .prop_map(|(tokens, ranges, overflowing)| {
            let len = tokens.len();
            let ranges: serde_json::Map<String, Value> = ranges
                .into_iter()
                .map(|(id, (a, b))| {
                    let (a, b) = (a.min(len), b.min(len));
                    (id.to_string(), json!({"start": a.min(b), "end": a.max(b)}))
                })
                .collect();
            json!({
                "ids": tokens.iter().map(|t| t.0).collect::<Vec<_>>(),
                "type_ids": tokens.iter().map(|t| t.1).collect::<Vec<_>>(),
                "tokens": tokens.iter().map(|t| t.2).collect::<Vec<_>>(),
                "words": tokens.iter().map(|t| t.3).collect::<Vec<_>>(),
                "offsets": tokens.iter().map(|t| t.4).collect::<Vec<_>>(),
                "special_tokens_mask": tokens.iter().map(|t| t.5).collect::<Vec<_>>(),
                "attention_mask": tokens.iter().map(|t| t.6).collect::<Vec<_>>(),
                "overflowing": overflowing,
                "sequence_ranges": ranges,
            })
        })
        .boxed()
}

pub fn ours(state: &Value) -> Encoding {
    Encoding::from_json(state.to_string().as_bytes()).unwrap()
}

pub fn stock(state: &Value) -> Stock {
    serde_json::from_value(state.clone()).unwrap()
}

/// The same encoding at `Level::Ids`.
pub fn strip(mut encoding: Encoding) -> Encoding {
    encoding.detail = None;
    encoding.overflowing = encoding.overflowing.into_iter().map(strip).collect();
    encoding
}

/// What both levels have in common.
pub fn light(state: &Value) -> Value {
    let mut stripped = state.clone();
    for column in ["tokens", "words", "offsets"] {
        stripped[column] = json!([]);
    }
    stripped["overflowing"] = state["overflowing"].as_array().unwrap().iter().map(light).collect();
    stripped
}

pub fn value(encoding: &Encoding) -> Value {
    serde_json::to_value(encoding).unwrap()
}
