//! SentencePiece-style tokenizers against stock: every way in which spaces become `▁`, which the
//! engine reads as spaces.

mod oracle;

use oracle::Pair;
use proptest::prelude::*;
use serde_json::{Value, json};

const WORDS: &[&str] = &[
    "▁hello",
    "▁he",
    "llo",
    "▁▁",
    "▁▁▁▁",
    "▁world",
    "▁中",
    "▁1",
    "12",
    "▁<",
    "ing",
    "▁a",
    "ab",
    "▁é",
    "..",
    "▁.",
];

fn bpe(byte_fallback: bool) -> Value {
    let mut vocab: Vec<String> = ["<unk>", "<s>", "</s>", " ", "x y", "a b"].map(String::from).to_vec();
    if byte_fallback {
        vocab.extend((0..=255).map(|byte| format!("<0x{byte:02X}>")));
    }
    let mut merges: Vec<[String; 2]> = vec![["a".into(), " ".into()]];
    vocab.push("a ".into());
    for word in WORDS {
        for character in word.chars().chain("bcdefgijkmnopqrstuvwxz .,".chars()) {
            if !vocab.contains(&character.to_string()) {
                vocab.push(character.to_string());
            }
        }
        let mut left = String::new();
        for character in word.chars() {
            let merged = format!("{left}{character}");
            if !left.is_empty() && !vocab.contains(&merged) {
                merges.push([left, character.into()]);
                vocab.push(merged.clone());
            }
            left = merged;
        }
    }
    let vocab: serde_json::Map<String, Value> =
        vocab.into_iter().enumerate().map(|(id, token)| (token, json!(id))).collect();
    json!({"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": byte_fallback,
        "ignore_merges": false, "vocab": vocab, "merges": merges})
}

fn unigram(byte_fallback: bool) -> Value {
    let mut vocab: Vec<(String, f64)> =
        [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), (" ", -3.0), ("x y", -1.0), ("▁", -4.0)]
            .map(|(piece, score)| (piece.to_owned(), score))
            .to_vec();
    for (number, word) in WORDS.iter().enumerate() {
        vocab.push(((*word).to_owned(), -5.0 - number as f64 / 3.0));
    }
    for (number, character) in "abcdehlorw1.é中".chars().enumerate() {
        vocab.push((character.into(), -7.0 - number as f64 / 7.0));
    }
    if byte_fallback {
        vocab.extend((0..=255).map(|byte| (format!("<0x{byte:02X}>"), -9.0)));
    }
    json!({"type": "Unigram", "unk_id": 0, "byte_fallback": byte_fallback, "vocab": vocab})
}

fn replace(from: Value, to: &str) -> Value {
    json!({"type": "Replace", "pattern": from, "content": to})
}

fn sequence(steps: &[Value]) -> Value {
    json!({"type": "Sequence", "normalizers": steps})
}

/// (normalizer, pre-tokenizer), as they are found in real files, and close to them.
fn chains() -> Vec<(Value, Value)> {
    let spaces = replace(json!({"String": " "}), "▁");
    let prepend = json!({"type": "Prepend", "prepend": "▁"});
    let metaspace = |scheme: &str, split: bool| json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split});
    let split = |text: &str, behavior: &str| json!({"type": "Split", "pattern": {"String": text}, "behavior": behavior, "invert": false});
    let words =
        |last: Value| json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, last]});
    let nfkc = json!({"type": "NFKC"});
    let dummy = replace(json!({"String": "<!dummy!>"}), "▁");
    let mut chains = vec![
        (sequence(&[prepend.clone(), spaces.clone()]), Value::Null),
        (sequence(std::slice::from_ref(&spaces)), Value::Null),
        (spaces.clone(), split(" ", "MergedWithPrevious")),
        (spaces.clone(), split("l", "Isolated")),
        (sequence(&[dummy, spaces.clone()]), split("<!dummy!>", "MergedWithNext")),
        (sequence(&[prepend.clone(), nfkc.clone(), spaces.clone()]), Value::Null),
        (
            sequence(&[replace(json!({"Regex": "(?<!\\n)^"}), "▁"), replace(json!({"Regex": " "}), "▁")]),
            Value::Null,
        ),
        (sequence(&[prepend, json!({"type": "Lowercase"}), spaces.clone()]), Value::Null),
        (spaces.clone(), metaspace("first", true)),
        (spaces, words(metaspace("always", true))),
        (nfkc.clone(), words(metaspace("always", true))),
        (nfkc, metaspace("always", true)),
        (Value::Null, words(metaspace("first", false))),
        (Value::Null, words(metaspace("never", true))),
        (
            Value::Null,
            json!({"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Isolated"}, metaspace("always", true)]}),
        ),
    ];
    for scheme in ["always", "first", "never"] {
        chains.extend([true, false].map(|split| (Value::Null, metaspace(scheme, split))));
    }
    chains
}

fn added(content: &str, normalized: bool, strips: bool) -> Value {
    json!({"id": 0, "content": content, "single_word": false, "lstrip": strips, "rstrip": false,
        "normalized": normalized, "special": true})
}

fn pairs() -> Vec<Pair> {
    let kinds = [
        vec![],
        vec![added("<s>", true, false), added("he wo", true, false), added("▁ab", true, false)],
        vec![added("<s>", false, true), added("</s>", true, true)],
    ];
    let mut pairs = Vec::new();
    for (number, (normalizer, pre_tokenizer)) in chains().into_iter().enumerate() {
        for model in [bpe(false), bpe(true), unigram(false), unigram(true)] {
            let json = json!({"version": "1.0", "truncation": null, "padding": null,
                "added_tokens": kinds[number % 3], "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
                "post_processor": null, "decoder": null, "model": model});
            pairs.push(Pair::load(json.to_string().as_bytes()).expect("the engine runs it"));
        }
    }
    pairs
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "  ",
    "▁",
    "▁ ▁",
    "hello world",
    " hello  world ",
    "hello▁world ▁hello▁▁he a▁b x y a b",
    "<s>hello</s> <s> he </s>  he wo <s>",
    "hello\nworld\n\nhello\t he\u{a0}llo\u{3000}wor\u{2003} \u{85}ld",
    "\nhello",
    "\u{3000}hello ▁",
    "e\u{301}hello ﬁ½ \u{301}a ▁\u{301} 中文 中",
    "<!dummy!>hello <!dummy!> he<!dummy!>",
    "hello👩‍👩‍👧 ab..12 .1ing \u{0} \u{200b}",
];

#[test]
fn every_chain_equals_stock() {
    for pair in pairs() {
        for text in TEXTS {
            pair.check(text, true);
        }
        pair.check(&TEXTS.join(" "), true);
        pair.check(&TEXTS.join("\n"), false);
    }
}

#[test]
fn random_texts_equal_stock() {
    let pairs = pairs();
    let parts = prop::sample::select(vec![
        " ", "  ", "▁", "\n", "\t", "\u{a0}", "\u{3000}", "\u{301}", "hello", "he", "world", "a", "b", "ab",
        "<s>", "</s>", "é", "中", "1", ".", "x y", "<unk>", "𝛼", "\u{2028}",
    ]);
    let texts = prop::collection::vec(parts, 0..12);
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(parts in texts)| {
        let text = parts.concat();
        pairs.iter().for_each(|pair| pair.check(&text, true));
    });
}

#[test]
fn spaces_are_read_wherever_they_can_be() {
    use budtiktok::models::Alphabet;
    let alphabets: Vec<Alphabet> = pairs().iter().map(|pair| pair.ours.plan().model.alphabet).collect();
    let mut characters = Vec::new();
    for (number, alphabets) in alphabets.chunks(4).enumerate() {
        // Not by BPE that leaves some characters without tokens.
        if !alphabets.contains(&Alphabet::Spaces) {
            characters.push(number);
        }
    }
    // Those whose normalizer replaces the spaces, with an added token that takes white space.
    assert_eq!(characters, [2, 5, 8]);
}

/// A model that Python code builds is compiled before its other parts are known.
#[test]
fn a_model_alone_is_compiled_as_its_parts_will_want_it() {
    use budtiktok::Tokenizer;
    use budtiktok::config::{LightConfig, TokenizerConfig};
    use budtiktok::options::Semantics;
    use budtiktok::plan::likely_pre_tokenizer;
    let semantics = Semantics { version: (0, 23, 3) };
    for model in [bpe(true), unigram(false), unigram(true)] {
        for (normalizer, pre_tokenizer) in chains() {
            let json = json!({"version": "1.0", "added_tokens": [], "normalizer": normalizer,
                "pre_tokenizer": pre_tokenizer, "post_processor": null, "decoder": null, "model": model});
            let config = TokenizerConfig::from_json(json.to_string().as_bytes()).unwrap();
            let pre_tokenizer = likely_pre_tokenizer(&config.model);
            let light = LightConfig::default().with_model(config.model.clone());
            let alone = Tokenizer::compile(&TokenizerConfig { pre_tokenizer, ..light }, semantics).unwrap();
            assert!(alone.with_parts_of(&config, semantics).is_ok(), "{json}");
        }
    }
}
