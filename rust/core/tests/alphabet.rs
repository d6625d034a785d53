//! Models that read raw bytes in place of the byte-level alphabet, against stock: with a suffix
//! on words, and behind steps that cut what ByteLevel has written.

mod oracle;

use budtiktok::models::Alphabet;
use oracle::Pair;
use proptest::prelude::*;
use serde_json::{Value, json};

const WORDS: &[&str] = &[
    "hello", "he", "low", "123", "12", "Ġhe", "ĠĠ", "</w", "</w>", "Â²", "²", "Ã©", "1²", "ing", "Ð¶Ð¶", "aa",
];

fn bpe(suffix: &str) -> Value {
    let mut vocab: Vec<String> = vec!["<unk>".into()];
    let alphabet = tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet();
    let mut alphabet: Vec<String> = alphabet.into_iter().map(String::from).collect();
    alphabet.sort();
    // A byte without a token is unknown.
    alphabet.retain(|character| character != "Q");
    let mut add = |token: String| {
        let new = !vocab.contains(&token);
        if new {
            vocab.push(token);
        }
        new
    };
    for character in &alphabet {
        add(character.clone());
        add(format!("{character}{suffix}"));
    }
    let mut merges: Vec<[String; 2]> = Vec::new();
    for word in WORDS {
        for end in ["", suffix] {
            let characters: Vec<char> = word.chars().collect();
            let mut left = String::new();
            for (at, character) in characters.iter().enumerate() {
                let last = if at + 1 == characters.len() { end } else { "" };
                let right = format!("{character}{last}");
                let merged = format!("{left}{right}");
                if !left.is_empty() && add(merged.clone()) {
                    merges.push([left, right]);
                }
                left = merged;
            }
        }
    }
    let vocab: serde_json::Map<String, Value> =
        vocab.into_iter().enumerate().map(|(id, token)| (token, json!(id))).collect();
    json!({"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": "",
        "end_of_word_suffix": suffix, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
        "vocab": vocab, "merges": merges})
}

fn pairs() -> Vec<Pair> {
    let byte_level = |regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": regex});
    let digits = |single: bool| json!({"type": "Digits", "individual_digits": single});
    let threes = json!({"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated", "invert": false});
    let contiguous = json!({"type": "Punctuation", "behavior": "Contiguous"});
    let chains = [
        vec![byte_level(true)],
        vec![byte_level(false)],
        vec![contiguous.clone(), byte_level(true), digits(false), threes.clone()],
        vec![byte_level(false), digits(false)],
        vec![byte_level(true), digits(true), threes.clone()],
        vec![byte_level(false), threes],
    ];
    let mut pairs = Vec::new();
    for steps in chains {
        for suffix in ["", "</w>"] {
            let json = json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
                "normalizer": null, "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
                "post_processor": null, "decoder": null, "model": bpe(suffix)});
            let pair = Pair::load(json.to_string().as_bytes()).expect("the engine runs it");
            assert_eq!(pair.ours.plan().model.alphabet, Alphabet::RawBytes);
            pairs.push(pair);
        }
    }
    pairs
}

#[test]
fn raw_bytes_equal_stock() {
    let pairs = pairs();
    let long = format!("{} {}", "hello".repeat(20), "жж".repeat(40));
    let texts = [
        "",
        " ",
        "hello low hello</w> </w> aa</w",
        "1234567 12 123 1²34567² ½12 ³",
        "é жж ж 中文 👩‍👩‍👧",
        "Q Qhello QQ 1Q23",
        "he...llo!! 12.345 (1)",
        &long,
    ];
    for pair in &pairs {
        texts.iter().for_each(|text| pair.check(text, true));
        pair.check(&texts.concat(), false);
    }
}

#[test]
fn random_texts_equal_stock() {
    let pairs = pairs();
    let parts = prop::sample::select(vec![
        "hello", "he", "low", " ", "</w>", "1", "23", "456", "²", "½", "é", "ж", "中", "Q", ".", "a", "\n",
        "٣",
    ]);
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(parts in prop::collection::vec(parts, 0..14))| {
        let text = parts.concat();
        pairs.iter().for_each(|pair| pair.check(&text, true));
    });
}
