use std::str::FromStr;

use proptest::prelude::*;

use super::{WordPiece, WordPieceScratch, naive};
use crate::ErrorKind;
use crate::config::WordPieceConfig;
use crate::error::Result;
use crate::models::ModelToken;
use crate::pieces::Span;
use crate::vocabulary::Vocabulary;

fn config(tokens: &[&str], prefix: &str, max_chars: usize) -> WordPieceConfig {
    WordPieceConfig {
        vocab: Vocabulary::from_pairs(tokens.iter().zip(0..).map(|(&token, id)| (token, id))),
        unk_token: "[UNK]".to_owned(),
        continuing_subword_prefix: prefix.to_owned(),
        max_input_chars_per_word: max_chars,
    }
}

/// Words one after another, as a text and its pieces.
fn pieces(words: &[impl AsRef<str>]) -> (String, Vec<Span>) {
    let mut text = String::new();
    let spans = words.iter().map(|word| {
        let start = text.len();
        text.push_str(word.as_ref());
        Span::new(start, text.len())
    });
    let spans = spans.collect();
    (text, spans)
}

fn encode(model: &WordPiece, words: &[impl AsRef<str>], scratch: &mut WordPieceScratch) -> Result<Vec<u32>> {
    let (text, spans) = pieces(words);
    let mut ids = Vec::new();
    model.ids(&text, &spans, scratch, &mut ids)?;
    Ok(ids)
}

fn ids(tokens: &[&str], prefix: &str, word: &str) -> Vec<u32> {
    let model = WordPiece::compile(&config(tokens, prefix, 100)).unwrap();
    encode(&model, &[word], &mut model.scratch()).unwrap()
}

#[test]
fn the_paper_and_its_corners() {
    let tokens = ["[UNK]", "a", "abcdx", "##b", "##c", "##cdy", "##dz", "##", "##d"];
    assert_eq!(ids(&tokens, "##", "abcdz"), [1, 3, 4, 6]);
    assert_eq!(ids(&tokens, "##", "abcdx"), [2]);
    assert_eq!(ids(&tokens, "##", "abcdq"), [0]);
    // A word may start as continuing tokens are written, and may be the prefix.
    assert_eq!(ids(&tokens, "##", "##b"), [3]);
    assert_eq!(ids(&tokens, "##", "##"), [7]);
    assert_eq!(ids(&tokens, "##", "##bc"), [3, 4]);
    assert_eq!(ids(&tokens, "##", "a##"), [0]);
    assert_eq!(ids(&["[UNK]", "ab", "c"], "", "abcab"), [1, 2, 1]);
    assert_eq!(ids(&["[UNK]", "é", "##éa"], "##", "ééa"), [1, 2]);
}

#[test]
fn long_words_are_unknown_by_characters() {
    let model = WordPiece::compile(&config(&["[UNK]", "é", "##é"], "##", 3)).unwrap();
    let mut scratch = model.scratch();
    assert_eq!(encode(&model, &["ééé", "éééé"], &mut scratch).unwrap(), [1, 2, 2, 0]);
}

#[test]
fn a_missing_unknown_token_is_stocks_error() {
    let model = WordPiece::compile(&config(&["a"], "##", 100)).unwrap();
    let mut scratch = model.scratch();
    assert_eq!(encode(&model, &["a"], &mut scratch).unwrap(), [0]);
    let error = encode(&model, &["a", "b"], &mut scratch).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Stock);
    assert_eq!(error.to_string(), "WordPiece error: Missing [UNK] token from the vocabulary");
}

#[test]
fn a_token_too_long_for_the_trie_is_matched_naively() {
    let long = "a".repeat(2_000) + "b";
    let config = config(&["[UNK]", "a", "##a", &long], "##", 3_000);
    let model = WordPiece::compile(&config).unwrap();
    assert!(model.trie.is_none());
    check(&config, &["aaa".to_owned(), long, "ab".to_owned()]);
}

#[test]
fn shared_ids_are_not_run() {
    let vocab = Vocabulary::from_pairs([("a", 0), ("b", 0)]);
    let config = WordPieceConfig { vocab, ..config(&[], "##", 100) };
    assert!(matches!(WordPiece::compile(&config).unwrap_err().kind(), ErrorKind::Unsupported { .. }));
}

/// Ids and tokens against the definition, twice, so that the cache answers too.
fn check(config: &WordPieceConfig, words: &[String]) {
    let model = WordPiece::compile(config).unwrap();
    let (text, spans) = pieces(words);
    let mut expected = Vec::new();
    let unk = config.vocab.id("[UNK]").unwrap();
    for (index, (word, span)) in words.iter().zip(&spans).enumerate() {
        let prefix = &config.continuing_subword_prefix;
        let mut ids = Vec::new();
        let known = word.chars().count() <= config.max_input_chars_per_word
            && naive::append(&config.vocab, prefix, word, &mut ids);
        if !known {
            ids = vec![unk];
        }
        let mut start = span.start;
        for (place, &id) in ids.iter().enumerate() {
            let width = config.vocab.token(id).unwrap().len() - if place == 0 { 0 } else { prefix.len() };
            let end = if known { start + width as u32 } else { span.end };
            expected.push(ModelToken { id, start, end, piece: index as u32, surface: false });
            start = end;
        }
    }
    let mut scratch = model.scratch();
    for _ in 0..2 {
        let (mut ids, mut tokens) = (Vec::new(), Vec::new());
        model.ids(&text, &spans, &mut scratch, &mut ids).unwrap();
        model.tokens(&text, &spans, &mut scratch, &mut tokens).unwrap();
        assert_eq!(tokens, expected);
        assert_eq!(ids, expected.iter().map(|token| token.id).collect::<Vec<_>>());
    }
}

/// The same tokens from stock itself.
fn check_stock(config: &WordPieceConfig, words: &[String]) {
    use tokenizers::Model as _;

    let json = serde_json::to_string(&crate::config::ModelConfig::WordPiece(config.clone())).unwrap();
    let document = format!(r#"{{"version":"1.0","model":{json}}}"#);
    let stock = tokenizers::Tokenizer::from_str(&document).unwrap();
    let model = WordPiece::compile(config).unwrap();
    for word in words {
        let mut tokens = Vec::new();
        let span = Span::new(0, word.len());
        model.tokens(word, &[span], &mut model.scratch(), &mut tokens).unwrap();
        let ours: Vec<_> =
            tokens.iter().map(|token| (token.id, token.start as usize, token.end as usize)).collect();
        let theirs = stock.get_model().tokenize(word).unwrap();
        let theirs: Vec<_> =
            theirs.iter().map(|token| (token.id, token.offsets.0, token.offsets.1)).collect();
        assert_eq!(ours, theirs, "{word:?} {:?}", config.vocab);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_to_the_definition(
        tokens in prop::collection::hash_set("(##|#)?[abé]{0,4}", 0..30),
        words in prop::collection::vec("[abé]{1,12}|[abé#]{1,6}|[ab]{12,40}", 1..30),
        prefix in prop::sample::select(vec!["##", "#", "", "a", "é"]),
        max_chars in prop::sample::select(vec![0, 5, 20, 100]),
    ) {
        let tokens: Vec<&str> = ["[UNK]"].into_iter().chain(tokens.iter().map(String::as_str)).collect();
        let config = config(&tokens, prefix, max_chars);
        check(&config, &words);
        check_stock(&config, &words);
    }
}
