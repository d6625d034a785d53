//! Models, added tokens, and the document around them.

use proptest::prelude::*;

use super::{check, check_loads, document, stock};
use crate::config::{Merges, ModelConfig, ModelParts, Pieces, Scores, TokenizerConfig, VocabParts};
use crate::vocabulary::VocabularyBuilder;

const MODELS: &[&str] = &[
    r#"{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}"#,
    r#"{"type":"BPE","dropout":0.1,"unk_token":"a","continuing_subword_prefix":"","end_of_word_suffix":"</w>","fuse_unk":true,"byte_fallback":true,"ignore_merges":true,"vocab":{"b":1,"a":0,"ab":2},"merges":["a b"]}"#,
    // The oldest shape: untyped, merges as lines, a version line among them, no options.
    r##"{"vocab":{"a":0,"b":1,"ab":2},"merges":["#version: 0.2","a b"]}"##,
    r#"{"type":"BPE","vocab":{},"merges":[]}"#,
    r#"{"type":"BPE","merges":[],"vocab":{"b":5,"a":2}}"#,
    r#"{"type":"BPE","dropout":1,"vocab":{"a":0},"merges":[],"other":{"x":[1]}}"#,
    // A pair listed twice counts at its last rank.
    r#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"ba":3},"merges":["a b","b a","a b"]}"#,
    r###"{"type":"BPE","continuing_subword_prefix":"##","vocab":{"a":0,"##b":1,"ab":2},"merges":["a ##b"]}"###,
    // A merge of spaces can only be written as a pair.
    r#"{"type":"BPE","vocab":{" ":0,"  ":1},"merges":[[" "," "]]}"#,
    r#"{"type":"BPE","vocab":{"":0,"a":1},"merges":["a "," a"]}"#,
    r#"{"type":"BPE","vocab":{"\u00e9\ud83d\ude00":0,"\n\"\\\/":1,"\u0000\u001f\u007f":2},"merges":[]}"#,
    r###"{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"##a":2,"b":1}}"###,
    r#"{"unk_token":"[UNK]","continuing_subword_prefix":"","max_input_chars_per_word":100,"vocab":{}}"#,
    r#"{"type":"WordLevel","vocab":{"b":1,"a":0},"unk_token":"a"}"#,
    r#"{"vocab":{"b":1,"a":0},"unk_token":"a"}"#,
    r#"{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["a",-1.5],["b",-12.345678901234567]],"byte_fallback":true}"#,
    r#"{"type":"Unigram","unk_id":null,"vocab":[["a",-1e-7],["b",1E+30],["c",-3]]}"#,
    r#"{"type":"Unigram","vocab":[]}"#,
    r#"{"vocab":[["a",1]],"unk_id":0}"#,
    r#"{"type":"Unigram","vocab":[["a",-0.0],["a",-0],["b",123456789012345678901234567890],["c",18446744073709551615]]}"#,
    // Fields of two kinds: the first that fits.
    r###"{"vocab":{"a":0},"merges":[],"unk_token":"a","continuing_subword_prefix":"##","max_input_chars_per_word":9}"###,
    r###"{"vocab":{"a":0,"##":1},"merges":["a b"],"unk_token":"a","continuing_subword_prefix":"##","max_input_chars_per_word":9}"###,
    r###"{"vocab":{"a":0,"abc":1},"merges":["a a"],"unk_token":"a"}"###,
    r#"{"vocab":{"a":0},"merges":[],"dropout":2.0,"unk_token":"a"}"#,
    r#"{"type":"WordLevel","vocab":{"a":0,"a":3,"b":1,"c":2},"unk_token":"a"}"#,
    r#"{"type":"WordLevel","vocab":{"a":7},"vocab":{"b":1},"unk_token":"a"}"#,
];

const OTHER_MODELS: &[&str] = &[
    r###"{"vocab":{"a":0},"merges":["a a"],"unk_token":"a","continuing_subword_prefix":"##","max_input_chars_per_word":9}"###,
    r###"{"vocab":{"a":0},"merges":["a a"],"unk_token":"a","continuing_subword_prefix":"","max_input_chars_per_word":9}"###,
    "null",
    "{}",
    "[]",
    r#""BPE""#,
    r#"{"type":"BPE","vocab":{}}"#,
    r#"{"type":"BPE","merges":[]}"#,
    r#"{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":2.0}"#,
    r#"{"type":"BPE","vocab":{"a":0},"merges":null}"#,
    r#"{"type":"BPE","vocab":null,"merges":[]}"#,
    r#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"abb":3},"merges":["a b",["ab","b"]]}"#,
    r#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["ab"]}"#,
    r#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b c"]}"#,
    r#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a"]]}"#,
    r#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b","c"]]}"#,
    r#"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[[0,1]]}"#,
    r#"{"type":"BPE","vocab":{"a":-1},"merges":[]}"#,
    r#"{"type":"BPE","vocab":{"a":0.0},"merges":[]}"#,
    r#"{"type":"BPE","vocab":{"a":4294967296},"merges":[]}"#,
    r#"{"type":"BPE","vocab":[["a",0.0]],"merges":[]}"#,
    r#"{"type":"BPE","fuse_unk":1,"vocab":{"a":0},"merges":[]}"#,
    r#"{"type":"WordPiece","unk_token":"[UNK]","max_input_chars_per_word":100,"vocab":{}}"#,
    r#"{"type":"WordPiece","unk_token":null,"continuing_subword_prefix":"","max_input_chars_per_word":100,"vocab":{}}"#,
    r#"{"type":"WordLevel","vocab":{"a":0}}"#,
    r#"{"type":"Unigram","unk_id":1,"vocab":[["a",0.0]]}"#,
    r#"{"type":"Unigram","unk_id":0,"vocab":[]}"#,
    r#"{"type":"Unigram","vocab":{"a":0}}"#,
    r#"{"type":"Unigram","vocab":[["a"]]}"#,
    r#"{"type":"Unigram","vocab":[["a",0.0,1]]}"#,
    r#"{"type":"Unigram","byte_fallback":null,"vocab":[]}"#,
    r#"{"type":"Other","vocab":{"a":0},"merges":[]}"#,
    r#"{"type":null,"vocab":{"a":0},"merges":[]}"#,
    r#"{"type":"BPE","type":"BPE","vocab":{"a":0},"merges":[]}"#,
    r#"{"type":"bpe","vocab":{"a":0},"merges":[]}"#,
];

fn with_model(model: &str) -> String {
    format!(r#"{{"version":"1.0","model":{model}}}"#)
}

#[test]
fn models() {
    for model in MODELS {
        check_loads(&with_model(model));
        let alone = ModelConfig::from_json(model.as_bytes()).unwrap();
        assert_eq!(std::mem::discriminant(&alone), std::mem::discriminant(&load(&with_model(model)).model));
    }
    for model in OTHER_MODELS {
        check(&with_model(model));
    }
}

fn load(json: &str) -> TokenizerConfig {
    TokenizerConfig::from_json(json.as_bytes()).unwrap()
}

#[test]
fn a_model_whose_merges_miss_a_token_is_left_to_the_compiler() {
    for model in
        [r#"{"type":"BPE","vocab":{"a":0},"merges":["a a"]}"#, r#"{"vocab":{"a":0},"merges":["a a"]}"#]
    {
        assert!(stock(&with_model(model)).is_none());
        assert!(TokenizerConfig::from_json(with_model(model).as_bytes()).is_ok());
    }
}

#[test]
fn strings_that_share_an_id_still_parse() {
    let json = with_model(r#"{"type":"WordLevel","vocab":{"a":0,"b":0},"unk_token":"a"}"#);
    let ModelConfig::WordLevel(model) = load(&json).model else { panic!() };
    assert!(model.vocab.shares_ids());
    assert_eq!((model.vocab.id("a"), model.vocab.id("b")), (Some(0), Some(0)));
}

#[test]
fn scores_are_read_as_stock_reads_them() {
    // Correct rounding would give -9.5367431640625e-7 other last bits than these texts do.
    let texts = [
        "-12.927176475524902",
        "-5.87399435043335",
        "-10.37567138671875",
        "1.7976931348623157e308",
        "4.9e-324",
    ];
    let pieces = texts.map(|text| format!(r#"["{text}",{text}]"#)).join(",");
    check_loads(&with_model(&format!(r#"{{"type":"Unigram","vocab":[{pieces}]}}"#)));
}

#[test]
fn the_document_around() {
    check_loads(&document(""));
    check_loads(&format!(r#" {{"model":{} , "version":"1.0"}}  "#, super::MODEL));
    check_loads(&format!(r#"{{"model":{}}}"#, super::MODEL));
    check_loads(&format!(r#"{{"normalizer":{{"type":"NFC"}},"normalizer":null,"model":{}}}"#, super::MODEL));
    for json in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"version":"1.0"}"#,
        r#"{"version":"2.0","model":null}"#,
        "{\"version\":\"1.0\",\"model\":",
    ] {
        check(json);
    }
    check(&document(r#""unknown":1,"#));
    check(&document(r#""version":1,"#));
    check(&document(r#""added_tokens":null,"#));
    check(&format!("{} x", document("")));
    check(&format!("\u{feff}{}", document("")));
    assert!(TokenizerConfig::from_json(b"{\"version\":\"\xff\"}").is_err());
}

#[test]
fn a_document_without_its_model() {
    let json = br#"{"version":"1.0","truncation":null,"normalizer":{"type":"NFC"},"model":null}"#;
    let light = TokenizerConfig::light_from_json(json).unwrap();
    assert_eq!(light.normalizer, Some(crate::config::NormalizerConfig::Nfc));
    let whole = document(r#""normalizer":{"type":"NFC"},"#);
    assert_eq!(TokenizerConfig::light_from_json(whole.as_bytes()).unwrap(), light);
    assert!(TokenizerConfig::from_json(json).is_err());
}

fn added(id: u32, content: &str, flags: u8) -> String {
    let flag = |bit: u8| flags & (1 << bit) != 0;
    format!(
        r#"{{"id":{id},"content":{},"single_word":{},"lstrip":{},"rstrip":{},"normalized":{},"special":{}}}"#,
        serde_json::to_string(content).unwrap(),
        flag(0),
        flag(1),
        flag(2),
        flag(3),
        flag(4)
    )
}

fn with_added(vocab: &str, tokens: &[String]) -> String {
    format!(
        r#"{{"version":"1.0","added_tokens":[{}],"model":{{"type":"WordLevel","vocab":{vocab},"unk_token":"a"}}}}"#,
        tokens.join(",")
    )
}

#[test]
fn added_tokens_are_written_with_the_ids_stock_gives() {
    let vocab = r#"{"a":0,"b":1,"c":5}"#;
    // Known to the model, new, repeated with other options, empty, and a new one whose number is
    // taken by the model's later token.
    let tokens = [("b", 0), ("x", 1), ("x", 17), ("", 0), ("y", 2), ("z", 3), ("c", 0), ("c", 0)]
        .map(|(c, f)| added(9, c, f));
    check_loads(&with_added(vocab, &tokens));
    check_loads(&with_added("{}", &tokens));
    check(&with_added(vocab, &[r#"{"id":0,"content":"x"}"#.to_owned()]));
    check_loads(&with_added(vocab, &[added(0, "x", 0).replace("{\"id\":0,", "{\"id\":0,\"more\":1,")]));
}

proptest! {
    #[test]
    fn added_tokens_match_stock(
        tokens in prop::collection::vec((prop::sample::select(vec!["", "a", "b", "c", "d", "e"]), 0..4u8), 0..10),
        ids in prop::collection::hash_set(0..8u32, 4),
    ) {
        let ids: Vec<_> = ids.into_iter().collect();
        let vocab = format!(r#"{{"a":{},"b":{},"c":{},"f":{}}}"#, ids[0], ids[1], ids[2], ids[3]);
        let tokens: Vec<_> = tokens.iter().map(|&(content, flags)| added(0, content, flags << 3)).collect();
        check_loads(&with_added(&vocab, &tokens));
    }

    #[test]
    fn never_panics(text in r#"[\{\}\[\],:"a0 -]{0,40}"#) {
        let _ = TokenizerConfig::from_json(text.as_bytes());
        let _ = TokenizerConfig::from_json(with_model(&text).as_bytes());
    }
}

#[test]
fn scores_are_read_as_stock_does_or_exactly() {
    let scores: Vec<f64> = (1..3000_u64)
        .map(|n| -f64::from_bits(0x3FF0_0000_0000_0000 | n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 12) * 8.0)
        .collect();
    let pieces: Vec<String> =
        scores.iter().enumerate().map(|(id, score)| format!("[\"{id}\",{score}]")).collect();
    let json = format!(r#"{{"model":{{"type":"Unigram","unk_id":0,"vocab":[{}]}}}}"#, pieces.join(","));
    let read = |scores| match TokenizerConfig::from_json_with(json.as_bytes(), scores).unwrap().model {
        ModelConfig::Unigram(unigram) => unigram.pieces.into_iter().map(|(_, score)| score).collect(),
        _ => Vec::new(),
    };
    let (exact, stock): (Vec<f64>, Vec<f64>) = (read(Scores::Exact), read(Scores::AsStockReads));
    assert_eq!(exact, scores);
    let parsed: Vec<f64> =
        scores.iter().map(|score| serde_json::from_str(&score.to_string()).unwrap()).collect();
    assert_eq!(stock, parsed);
    assert_ne!(stock, exact, "stock's parser rounds correctly now: the difference is gone");
    for wrong in ["null", "[1]", "\"1\"", "true"] {
        let json = format!(r#"{{"model":{{"type":"Unigram","vocab":[["a",{wrong}]]}}}}"#);
        assert!(TokenizerConfig::from_json_with(json.as_bytes(), Scores::Exact).is_err(), "{wrong}");
    }
}

#[test]
fn parts_give_the_model_that_its_json_gives() {
    let mut builder = VocabularyBuilder::default();
    let mut merges = Merges::default();
    for (token, id) in [("a", 0), ("b", 1), ("ab", 2)] {
        builder.arena().push_str(token);
        builder.finish_token(id);
    }
    merges.push("a", "b");
    let fields = r#"{"type":"BPE","unk_token":"a","dropout":null}"#.to_owned();
    let parts = ModelParts { fields, vocab: VocabParts::Ids(builder), merges: Some(merges) };
    let json = r#"{"type":"BPE","unk_token":"a","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}"#;
    let written = |model| serde_json::to_string::<ModelConfig>(&model).unwrap();
    let expected = written(ModelConfig::from_json(json.as_bytes()).unwrap());
    assert_eq!(written(ModelConfig::from_parts(&parts).unwrap()), expected);

    let mut pieces = Pieces::default();
    for (piece, score) in [("<unk>", 0.0), ("é", -1.5)] {
        pieces.arena().push_str(piece);
        pieces.finish_piece(score);
    }
    let parts = ModelParts {
        fields: r#"{"type":"Unigram","unk_id":0}"#.to_owned(),
        vocab: VocabParts::Scores(pieces),
        merges: None,
    };
    let json = r#"{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["é",-1.5]]}"#;
    let expected = written(ModelConfig::from_json(json.as_bytes()).unwrap());
    assert_eq!(written(ModelConfig::from_parts(&parts).unwrap()), expected);
    let fields = r#"{"type":"Unigram","unk_id":2}"#.to_owned();
    assert!(ModelConfig::from_parts(&ModelParts { fields, ..parts }).is_err());
}
