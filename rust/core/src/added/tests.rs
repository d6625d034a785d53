//! Against a naive search and against stock: the same parts for the same tokens and text.

use std::panic;
use std::str::FromStr;

use proptest::prelude::*;

use super::matcher::{Found, Matcher, Search};
use super::{AddedVocabulary, LiveToken, LiveTokens, Part};
use crate::ErrorKind;
use crate::config::{AddedToken, NormalizerConfig};
use crate::error::Result;
use crate::normalizers::Normalizer;
use crate::text::NormalizedText;
use crate::vocabulary::Vocabulary;

fn token(content: &str, flags: u8) -> AddedToken {
    let flag = |bit: u8| flags & (1 << bit) != 0;
    AddedToken {
        id: 0,
        content: content.to_owned(),
        single_word: flag(0),
        lstrip: flag(1),
        rstrip: flag(2),
        normalized: flag(3),
        special: flag(4),
    }
}

const SINGLE_WORD: u8 = 1;
const LSTRIP: u8 = 2;
const RSTRIP: u8 = 4;
const NORMALIZED: u8 = 8;
const SPECIAL: u8 = 16;

/// Leftmost, then longest, by trying everything.
fn slow(patterns: &[&[u8]], text: &[u8]) -> Vec<Found> {
    let mut all = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let here = patterns.iter().enumerate().filter(|(_, pattern)| text[start..].starts_with(pattern));
        match here.max_by_key(|(_, pattern)| pattern.len()) {
            Some((pattern, bytes)) => {
                all.push(Found { pattern: pattern as u32, start, end: start + bytes.len() });
                start += bytes.len();
            }
            None => start += 1,
        }
    }
    all
}

fn fast(patterns: &[&[u8]], text: &[u8], search: &mut Search) -> Vec<Found> {
    let matcher = Matcher::new(patterns);
    std::iter::from_fn(|| matcher.next(text, search)).collect()
}

/// The parts of both phases (no normalizer): stock drops the empty ones.
fn ours(added: &AddedVocabulary, text: &str, encode_special: bool) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut all = Vec::new();
    added.split_raw(text, encode_special, &mut parts)?;
    for part in parts {
        if part.id.is_some() {
            all.push(part);
            continue;
        }
        let (start, end) = (part.start as usize, part.end as usize);
        let mut inner = Vec::new();
        added.split_normalized(&text[start..end], encode_special, &mut inner)?;
        all.extend(inner.iter().map(|inner| Part {
            id: inner.id,
            start: inner.start + part.start,
            end: inner.end + part.start,
        }));
    }
    all.retain(|part| part.start != part.end);
    Ok(all)
}

/// What lies between tokens is one unknown word for this model, so stock's tokens are the parts.
const UNKNOWN: u32 = 0;

fn stock(tokens: &[AddedToken], text: &str, encode_special: bool) -> Option<Vec<Part>> {
    let encode = || {
        let model =
            r#"{"version":"1.0","model":{"type":"WordLevel","vocab":{"<unk>":0},"unk_token":"<unk>"}}"#;
        let mut tokenizer = tokenizers::Tokenizer::from_str(model).unwrap();
        let tokens: Vec<_> = tokens
            .iter()
            .map(|token| {
                tokenizers::AddedToken::from(token.content.as_str(), token.special)
                    .single_word(token.single_word)
                    .lstrip(token.lstrip)
                    .rstrip(token.rstrip)
                    .normalized(token.normalized)
            })
            .collect();
        tokenizer.add_tokens(tokens).unwrap();
        tokenizer.set_encode_special_tokens(encode_special);
        tokenizer.encode(text, false).unwrap()
    };
    let encoding = panic::catch_unwind(encode).ok()?;
    let ids = encoding.get_ids().iter().zip(encoding.get_offsets());
    Some(
        ids.map(|(&id, &(start, end))| Part {
            id: (id != UNKNOWN).then_some(id),
            start: start as u32,
            end: end as u32,
        })
        .collect(),
    )
}

fn compile(tokens: &[AddedToken]) -> AddedVocabulary {
    AddedVocabulary::compile(tokens, &Vocabulary::from_pairs([("<unk>", 0)]), None).unwrap()
}

fn check(tokens: &[AddedToken], text: &str) {
    let added = compile(tokens);
    for encode_special in [false, true] {
        match (stock(tokens, text, encode_special), ours(&added, text, encode_special)) {
            (Some(stock), Ok(ours)) => assert_eq!(ours, stock, "{text:?} {tokens:?}"),
            (None, Err(error)) => assert_eq!(*error.kind(), ErrorKind::WouldPanic),
            (stock, ours) => panic!("stock {stock:?}, ours {ours:?}: {text:?} {tokens:?}"),
        }
    }
}

fn parts_of(tokens: &[AddedToken], text: &str) -> Vec<(Option<u32>, u32, u32)> {
    ours(&compile(tokens), text, false).unwrap().iter().map(|part| (part.id, part.start, part.end)).collect()
}

#[test]
fn the_longest_of_the_leftmost_wins() {
    let tokens = [token("ab", 0), token("abcd", 0), token("bcde", 0)];
    assert_eq!(parts_of(&tokens, "abcde"), [(Some(2), 0, 4), (None, 4, 5)]);
    assert_eq!(parts_of(&tokens, "abcbcde"), [(Some(1), 0, 2), (None, 2, 3), (Some(3), 3, 7)]);
    check(&tokens, "abcdeabcbcde");
}

#[test]
fn words_and_white_space() {
    let mask = [token("<mask>", SINGLE_WORD | LSTRIP | RSTRIP | SPECIAL)];
    for text in [
        "a <mask> b\t<mask>\t<mask>\u{2000}",
        "x<mask> <mask>y",
        "\u{25cc}\u{330}<mask>",
        "<mask>",
        " <mask> ",
    ] {
        check(&mask, text);
    }
    assert_eq!(parts_of(&mask, "a <mask> b"), [(None, 0, 1), (Some(1), 1, 9), (None, 9, 10)]);
}

#[test]
fn a_token_in_white_space_already_taken_overlaps() {
    let tokens = [token("<a>", RSTRIP), token(" b", 0)];
    check(&tokens, "<a>   b");
    assert_eq!(parts_of(&tokens, "<a>   b"), [(Some(1), 0, 6), (Some(2), 5, 7)]);
    let spaces = [token("<a>", RSTRIP), token(" ", 0)];
    check(&spaces, "<a>   b");
    check(&spaces, "<a>   ");
}

#[test]
fn where_stock_panics_there_is_an_error() {
    let tokens = [token("<a>", RSTRIP), token(" ", LSTRIP)];
    let error = ours(&compile(&tokens), "<a>   b", false).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::WouldPanic);
    check(&tokens, "<a>   b");
}

#[test]
fn phases_and_special_tokens() {
    let tokens = [token("<x>", SPECIAL), token("x", NORMALIZED), token("<", NORMALIZED | SPECIAL)];
    for text in ["<x>x<", "<x", "", "x<x>", "<<x>>"] {
        check(&tokens, text);
    }
}

#[test]
fn look_ups() {
    let vocabulary = Vocabulary::from_pairs([("a", 0), ("b", 1), ("c", 7)]);
    let tokens = [token("new", 0), token("b", SPECIAL), token("", 0), token("b", 0), token("newer", SPECIAL)];
    let added = AddedVocabulary::compile(&tokens, &vocabulary, None).unwrap();
    let ids: Vec<_> =
        added.tokens().iter().map(|(id, token)| (*id, token.content.as_str(), token.id)).collect();
    assert_eq!(ids, [(1, "b", 1), (3, "new", 3), (4, "newer", 4)]);
    assert_eq!((added.token_to_id("newer"), added.token_to_id("a")), (Some(4), None));
    assert_eq!((added.decoded(3), added.decoded(0)), (Some("new"), None));
    assert!(added.is_special("b") && !added.is_special("new"));
    assert!(added.has_raw() && !added.has_normalized());
}

#[test]
fn live_tokens_are_taken_as_they_are() {
    let live = |content, flags, id, text: Option<&str>, special: Option<bool>| LiveToken {
        token: AddedToken { id, ..token(content, flags) },
        text: text.map(str::to_owned),
        special,
    };
    let tokens = vec![
        live("x", NORMALIZED, 9, Some("Q"), Some(false)),
        live("once", 0, 4, None, Some(true)),
        live("stays", 0, 2, Some("of another"), Some(false)),
        live("perhaps", 0, 3, None, None),
    ];
    let live = LiveTokens { tokens, shadowed: vec![("gone".into(), 4)] };
    let added = AddedVocabulary::compile_live(&live, None).unwrap();
    let ids = ["x", "Q", "once", "gone"].map(|content| added.token_to_id(content));
    assert_eq!(ids, [Some(9), None, Some(4), Some(4)]);
    let found = |text: &str, special| {
        let (mut raw, mut after) = (Vec::new(), Vec::new());
        added.split_raw(text, special, &mut raw).unwrap();
        added.split_normalized(text, special, &mut after).unwrap();
        raw.iter().chain(&after).filter_map(|part| part.id).collect::<Vec<_>>()
    };
    assert_eq!(found("x Q", false), [9]);
    assert_eq!(found("once gone stays of another", false), [4, 2]);
    assert_eq!(found("once gone stays of another", true), [2]);
    assert_eq!(added.decoded(2), Some("of another"));
    assert_eq!(found("perhaps", false), [3]);
    let refused = added.split_raw("perhaps", true, &mut Vec::new()).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Unsupported { .. }));
}

#[test]
fn nothing_added_is_one_part() {
    assert_eq!(parts_of(&[], "abc"), [(None, 0, 3)]);
    let added = compile(&[token("x", 0)]);
    let mut parts = Vec::new();
    added.split_raw("", false, &mut parts).unwrap();
    assert_eq!(parts, [Part { id: None, start: 0, end: 0 }]);
}

#[test]
fn ten_thousand_tokens() {
    let names: Vec<String> = (0..10_000).map(|i| format!("<extra_id_{i}>")).collect();
    let tokens: Vec<_> = names.iter().map(|name| token(name, SPECIAL)).collect();
    let text =
        (0..200).map(|i| format!("word {} {}", names[i * 37 % 10_000], &names[i][..8])).collect::<String>();
    let added = compile(&tokens);
    let found: Vec<_> = ours(&added, &text, false).unwrap().iter().filter_map(|part| part.id).collect();
    assert_eq!(found, (0..200).map(|i| (i * 37 % 10_000) as u32 + 1).collect::<Vec<_>>());
}

#[test]
fn repeated_prefixes_stay_linear_and_equal() {
    let (long, short) = ("a".repeat(500) + "b", "ac".to_owned());
    let mut patterns = [long.as_bytes(), short.as_bytes()];
    patterns.sort();
    let text = "a".repeat(20_000) + "c" + &long;
    let mut search = Search::default();
    let found = fast(&patterns, text.as_bytes(), &mut search);
    assert_eq!(found, slow(&patterns, text.as_bytes()));
}

/// A file with these tokens and this normalizer, in which what lies between tokens is unknown.
fn file(tokens: &[AddedToken], normalizer: &str) -> tokenizers::Tokenizer {
    let tokens: Vec<_> = tokens.iter().map(|token| serde_json::to_value(token).unwrap()).collect();
    let document = serde_json::json!({
        "version": "1.0",
        "added_tokens": tokens,
        "normalizer": serde_json::from_str::<serde_json::Value>(normalizer).unwrap(),
        "model": {"type": "WordLevel", "vocab": {"<unk>": 0}, "unk_token": "<unk>"},
    });
    tokenizers::Tokenizer::from_str(&document.to_string()).unwrap()
}

/// Both phases with a normalizer: ids (unknown between), and every token's decoded string.
fn check_normalized(tokens: &[AddedToken], normalizer: &str, text: &str) {
    let compiled = Normalizer::compile(&NormalizerConfig::from_json(normalizer.as_bytes()).unwrap()).unwrap();
    let added =
        match AddedVocabulary::compile(tokens, &Vocabulary::from_pairs([("<unk>", 0)]), Some(&compiled)) {
            Ok(added) => added,
            // Two tokens with one normalized form, or an empty one: stock serves.
            Err(error) => return assert!(matches!(error.kind(), ErrorKind::Unsupported { .. })),
        };
    let ours = || -> Result<Vec<u32>> {
        let (mut ids, mut raw) = (Vec::new(), Vec::new());
        added.split_raw(text, false, &mut raw)?;
        for part in raw.iter().filter(|part| part.start != part.end) {
            if let Some(id) = part.id {
                ids.push(id);
                continue;
            }
            let mut gap = NormalizedText::new(&text[part.start as usize..part.end as usize], 0, false);
            compiled.normalize(&mut gap)?;
            let mut inner = Vec::new();
            added.split_normalized(gap.get(), false, &mut inner)?;
            ids.extend(inner.iter().filter(|p| p.start != p.end).map(|p| p.id.unwrap_or(UNKNOWN)));
        }
        Ok(ids)
    };
    let stock = file(tokens, normalizer);
    for (id, token) in added.tokens() {
        let theirs = stock.get_added_vocabulary().simple_id_to_token(*id);
        assert_eq!(added.decoded(*id), theirs.as_deref(), "{tokens:?}");
        assert_eq!(
            stock.get_added_vocabulary().is_special_token(&token.content),
            added.is_special(&token.content)
        );
        assert_eq!(added.token_to_id(&token.content), stock.token_to_id(&token.content));
    }
    let encode = || stock.encode(text, false).unwrap().get_ids().to_vec();
    match (panic::catch_unwind(panic::AssertUnwindSafe(encode)), ours()) {
        (Ok(theirs), Ok(ours)) => assert_eq!(ours, theirs, "{text:?} {normalizer} {tokens:?}"),
        (Err(_), Err(error)) => assert_eq!(*error.kind(), ErrorKind::WouldPanic),
        (theirs, ours) => panic!("stock {theirs:?}, ours {ours:?}: {text:?} {normalizer} {tokens:?}"),
    }
}

const NORMALIZERS: [&str; 6] = [
    r#"{"type":"Lowercase"}"#,
    r#"{"type":"Bert","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}"#,
    r#"{"type":"Prepend","prepend":"_"}"#,
    r#"{"type":"Replace","pattern":{"String":" "},"content":"_"}"#,
    r#"{"type":"ByteLevel"}"#,
    r#"{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]}"#,
];

#[test]
fn normalized_tokens_match_their_normalized_form() {
    let tokens = [
        token("Héllo", NORMALIZED),
        token("[MASK]", SPECIAL | LSTRIP),
        token("B C", NORMALIZED | SINGLE_WORD),
    ];
    for normalizer in NORMALIZERS {
        for text in ["héllo Héllo HELLO hello [MASK] [mask] b c B C", "", "B Cd Héllo", "x [MASK]B C"] {
            check_normalized(&tokens, normalizer, text);
        }
    }
}

#[test]
fn a_normalized_form_outlives_its_token() {
    // The same content again, no longer normalized: it is decoded as it was normalized.
    check_normalized(&[token("AB", NORMALIZED), token("AB", 0)], NORMALIZERS[0], "AB ab");
    check_normalized(&[token("AB", 0), token("AB", NORMALIZED)], NORMALIZERS[0], "AB ab");
}

#[test]
fn what_stock_leaves_to_chance_is_not_run() {
    let normalizer = Normalizer::compile(&NormalizerConfig::Lowercase).unwrap();
    let compile = |tokens: &[AddedToken], normalizer: &Normalizer| {
        AddedVocabulary::compile(tokens, &Vocabulary::default(), Some(normalizer)).map(|_| ())
    };
    let error = compile(&[token("a", NORMALIZED), token("A", NORMALIZED)], &normalizer).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { part: "added_tokens", .. }));
    let strip =
        Normalizer::compile(&NormalizerConfig::Strip { strip_left: true, strip_right: true }).unwrap();
    assert!(compile(&[token(" ", NORMALIZED)], &strip).is_err());
}

fn contents() -> impl Strategy<Value = Vec<String>> {
    let content = prop_oneof!["[<> ab\t]{1,4}", "[é\u{3000}_,]{1,2}", Just("<mask>".to_owned())];
    prop::collection::vec(content, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_search_equals_the_naive_one(
        mut contents in prop::collection::vec("[abcdefghij<\\[é ]{1,5}", 1..40),
        text in "[abcdefghij<\\[é ]{0,120}",
    ) {
        contents.sort();
        contents.dedup();
        let patterns: Vec<&[u8]> = contents.iter().map(String::as_bytes).collect();
        let mut search = Search::default();
        prop_assert_eq!(fast(&patterns, text.as_bytes(), &mut search), slow(&patterns, text.as_bytes()));
    }

    #[test]
    fn sparse_matches_in_longer_texts(
        mut contents in prop::collection::vec("[<\\[{|]{1,3}x?", 1..9),
        text in "([a-z ]{0,70}[<\\[{|x]{0,3}){0,6}",
    ) {
        contents.sort();
        contents.dedup();
        let patterns: Vec<&[u8]> = contents.iter().map(String::as_bytes).collect();
        let mut search = Search::default();
        prop_assert_eq!(fast(&patterns, text.as_bytes(), &mut search), slow(&patterns, text.as_bytes()));
    }

    #[test]
    fn parts_equal_stocks(
        contents in contents(),
        flags in prop::collection::vec(0..32u8, 8),
        text in "([<> ab\té\u{3000}_,]{0,8}|<mask>){0,6}",
    ) {
        let tokens: Vec<_> = contents.iter().zip(flags).map(|(content, flags)| token(content, flags)).collect();
        check(&tokens, &text);
    }

    #[test]
    fn normalized_phases_equal_stocks(
        contents in prop::collection::vec("[abAB éÉ<_>]{1,4}", 0..6),
        flags in prop::collection::vec(0..32u8, 6),
        normalizer in prop::sample::select(NORMALIZERS.to_vec()),
        text in "[abAB éÉ<_>\\u{3000}]{0,24}",
    ) {
        let tokens: Vec<_> = contents.iter().zip(flags).map(|(content, flags)| token(content, flags)).collect();
        check_normalized(&tokens, normalizer, &text);
    }
}
