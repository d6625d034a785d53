use proptest::prelude::*;
use tokenizers::Model as _;

use super::naive::{self, Tokens};
use super::*;

fn config(pieces: &[(&str, f64)], unk_id: Option<usize>, byte_fallback: bool) -> UnigramConfig {
    let pieces = pieces.iter().map(|&(piece, score)| (piece.to_owned(), score)).collect();
    UnigramConfig { pieces, unk_id, byte_fallback }
}

/// The engine's tokens of a word, by both ways in, which must agree; the scratch is used again.
fn ours(
    model: &Unigram,
    word: &str,
    scratch: &mut UnigramScratch,
) -> Result<Vec<(u32, String, usize, usize)>> {
    // Not at the start of its text, so that ranges are seen to count from there.
    let text = format!("é{word}z");
    let span = [Span::new(2, 2 + word.len())];
    let (mut ids, mut tokens) = (Vec::new(), Vec::new());
    let done = model.ids(&text, &span, scratch, &mut ids);
    let again = model.tokens(&text, &span, scratch, &mut tokens);
    assert_eq!(done, again);
    done?;
    assert_eq!(ids, tokens.iter().map(|token| token.id).collect::<Vec<_>>());
    Ok(tokens
        .iter()
        .map(|token| {
            let (start, end) = (token.start as usize, token.end as usize);
            let covered = &text[start..end];
            let string = if token.surface {
                covered
            } else {
                model.vocabulary().token(token.id).expect("an id has a token")
            };
            (token.id, string.to_owned(), start - 2, end - 2)
        })
        .collect())
}

fn stock(
    config: &UnigramConfig,
    word: &str,
) -> std::result::Result<Vec<(u32, String, usize, usize)>, String> {
    let model = tokenizers::models::unigram::Unigram::from(
        config.pieces.clone(),
        config.unk_id,
        config.byte_fallback,
    );
    let tokens = model.expect("stock takes the pieces").tokenize(word).map_err(|error| error.to_string())?;
    Ok(tokens.into_iter().map(|token| (token.id, token.value, token.offsets.0, token.offsets.1)).collect())
}

fn check(config: &UnigramConfig, words: &[&str]) {
    let model = Unigram::compile(config, Alphabet::Characters).expect("it compiles");
    let mut scratch = UnigramScratch::default();
    for word in words.iter().chain(words) {
        let expected = stock(config, word);
        let found = ours(&model, word, &mut scratch).map_err(|error| error.to_string());
        assert_eq!(found, expected, "{word:?} with {config:?}");
        if word.len() < 100 {
            let slow: Tokens = naive::tokenize(config, word);
            assert_eq!(slow, expected.ok(), "{word:?} with {config:?}");
        }
    }
}

#[test]
fn equal_sums_keep_the_earlier_start() {
    let config = config(
        &[("<unk>", 0.0), ("a", -1.0), ("b", -1.0), ("ab", -2.0), ("aa", -2.0), ("aba", -3.0), ("ba", -2.0)],
        Some(0),
        false,
    );
    check(&config, &["a", "ab", "aba", "abab", "aaaa", "ababa", "baab"]);
}

/// Permutations of the same pieces have sums that differ in the last bits.
#[test]
fn sums_are_made_from_left_to_right() {
    let config =
        config(&[("<unk>", 0.0), ("=", -5.1), ("==", -7.3), ("a", -0.1), ("===", -12.4)], Some(0), false);
    let long = "=".repeat(3000);
    let parts = "▁a=====▁=▁===a".repeat(500);
    check(&config, &["a=====", "===", "=======a===", "a=a==a===a====", &long, &parts]);
}

#[test]
fn unknown_neighbours_are_one_token_which_is_looked_up() {
    let pieces =
        [("<unk>", -1.0), ("xy", -50.0), ("a", -1.0), ("xya", -90.0), ("<0x78>", -3.0), ("<0x79>", -3.0)];
    for byte_fallback in [false, true] {
        for unk_id in [Some(0), Some(2), Some(1), None] {
            let config = config(&pieces, unk_id, byte_fallback);
            check(
                &config,
                &["xy", "axy", "xya", "xxyy", "x<unk>y", "<unk>", "zx", "<0x78>x", "é", "yxa<unk><unk>"],
            );
        }
    }
}

/// A long word is written out in sections; an unknown run may lie across.
#[test]
fn long_words() {
    let pieces =
        [("<unk>", 0.0), ("a", -1.0), ("ab", -1.5), ("b", -2.0), ("▁", -3.0), ("▁a", -3.1), ("ba", -1.5)];
    let config = config(&pieces, Some(0), false);
    let texts = [
        "ab".repeat(5000),
        "▁ab".repeat(3000),
        "x".repeat(9000),
        format!("{}{}{}", "▁ab".repeat(682), "x".repeat(50), "▁ba".repeat(1000)),
        "▁xab日".repeat(2500),
    ];
    check(&config, &texts.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn long_pieces() {
    let long: Vec<String> = [253, 254, 255, 256, 300, 3000].map(|len| "a".repeat(len)).to_vec();
    let mut pieces = vec![("<unk>", 0.0), ("b", -1.0), ("▁", -1.0), ("é", -2.0)];
    pieces.extend(long.iter().enumerate().map(|(number, piece)| (piece.as_str(), -1.5 - number as f64)));
    let config = config(&pieces, Some(0), false);
    let words: Vec<String> =
        [253, 254, 255, 256, 510, 555, 1000, 6000].map(|len| format!("b{}éb", "a".repeat(len))).to_vec();
    check(&config, &words.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn empty_and_odd_vocabularies() {
    check(&config(&[], None, true), &["a"]);
    check(&config(&[("", 3.0)], Some(0), false), &["a", "ab"]);
    check(
        &config(&[("a", 1e308), ("aa", 1e308), ("b", -1e308)], Some(1), false),
        &["aaaaaa", "ab", "bbbbbb", "ba"],
    );
    let unk = config(&[("a", 0.0)], Some(1), false);
    assert!(Unigram::compile(&unk, Alphabet::Characters).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn words_are_cut_as_stock_cuts_them(
        strings in prop::collection::vec("[abc▁é]{0,4}|<unk>|<0x6[1-3]>|<0xC3>|<0xA9>", 0..24),
        scores in prop::collection::vec(prop::sample::select(vec![
            0.0, -1.0, -2.0, -3.0, -0.1, -0.2, -0.3, -1.1, -2.2, -3.3, -12.345678901234567, 1.5,
        ]), 24),
        unk_id in prop::option::of(0..24usize),
        byte_fallback in any::<bool>(),
        words in prop::collection::vec("([abc▁éx]|<unk>|ab|<0x61>){1,24}", 1..8),
    ) {
        let pieces: Vec<(&str, f64)> =
            strings.iter().map(String::as_str).zip(scores.iter().copied()).collect();
        let unk_id = unk_id.filter(|&id| id < pieces.len());
        let config = config(&pieces, unk_id, byte_fallback);
        check(&config, &words.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Words of many parts, in which equal sums are as common as in real vocabularies, or rather
    /// sums that are equal but for the order they were made in.
    #[test]
    fn parts_are_kept_only_where_the_sum_before_them_changes_nothing(
        strings in prop::collection::vec("▁{0,2}[abcé]{0,4}|<unk>|<0x78>|xx", 0..24),
        scores in prop::collection::vec(prop::sample::select(vec![
            -1.1, -2.2, -3.3, -4.4, -0.1, -0.2, -0.3, -7.7, -12.345678901234567, -33000.1, -3.3000001,
        ]), 25),
        parts in prop::collection::vec("▁{1,3}([abcéx]|<unk>){0,7}", 1..8),
        order in prop::collection::vec(any::<prop::sample::Index>(), 30..400),
        unk_id in 0..30usize,
        byte_fallback in any::<bool>(),
    ) {
        let strings = strings.iter().map(String::as_str).chain(["▁", "a", "b", "c", "é"]);
        let pieces: Vec<(&str, f64)> = strings.zip(scores.iter().copied().chain([-1.1, -2.2, -3.3, -0.1])).collect();
        let config = config(&pieces, Some(unk_id.min(pieces.len() - 1)), byte_fallback);
        let word: String = order.iter().map(|index| parts[index.index(parts.len())].as_str()).collect();
        check(&config, &[&word, &word[3..]]);
    }
}
