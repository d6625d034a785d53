//! Against the slow twin and against stock, on small hostile models.

use proptest::prelude::*;
use tokenizers::Model as _;
use tokenizers::models::bpe::{BPE, Vocab};

use super::{Bpe, alphabet, naive};
use crate::config::{BpeConfig, Merges};
use crate::error::ErrorKind;
use crate::models::{Alphabet, ModelToken};
use crate::pieces::Span;
use crate::vocabulary::Vocabulary;

/// Builds a configuration from strings; every merge's parts and result become tokens.
fn config(tokens: &[&str], merges: &[(&str, &str)]) -> BpeConfig {
    let mut list = Merges::default();
    for (left, right) in merges {
        list.push(left, right);
    }
    BpeConfig {
        vocab: Vocabulary::from_pairs(tokens.iter().enumerate().map(|(id, &token)| (token, id as u32))),
        merges: list,
        dropout: None,
        unk_token: None,
        continuing_subword_prefix: None,
        end_of_word_suffix: None,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
    }
}

fn stock(config: &BpeConfig) -> BPE {
    let vocab: Vec<(String, u32)> = config.vocab.iter().map(|(id, token)| (token.to_owned(), id)).collect();
    let merges = config.merges.iter().map(|(l, r)| (l.to_owned(), r.to_owned())).collect();
    let mut builder = BPE::builder()
        .vocab_and_merges(vocab.into_iter().collect::<Vocab>(), merges)
        .fuse_unk(config.fuse_unk)
        .byte_fallback(config.byte_fallback)
        .ignore_merges(config.ignore_merges);
    if let Some(token) = &config.unk_token {
        builder = builder.unk_token(token.clone());
    }
    if let Some(prefix) = &config.continuing_subword_prefix {
        builder = builder.continuing_subword_prefix(prefix.clone());
    }
    if let Some(suffix) = &config.end_of_word_suffix {
        builder = builder.end_of_word_suffix(suffix.clone());
    }
    builder.build().unwrap()
}

fn tokens(model: &Bpe, text: &str, pieces: &[Span]) -> Vec<ModelToken> {
    let mut scratch = model.scratch();
    let mut tokens = Vec::new();
    model.tokens(text, pieces, &mut scratch, &mut tokens).unwrap();
    let mut ids = Vec::new();
    // Twice: the second time from the caches.
    for _ in 0..2 {
        ids.clear();
        model.ids(text, pieces, &mut scratch, &mut ids).unwrap();
        assert_eq!(ids, tokens.iter().map(|token| token.id).collect::<Vec<_>>(), "{text:?} {pieces:?}");
    }
    let mut again = Vec::new();
    model.tokens(text, pieces, &mut scratch, &mut again).unwrap();
    assert_eq!(tokens, again);
    tokens
}

/// Spans cut where `cuts` say, empty ones dropped.
fn pieces(text: &str, cuts: &[usize]) -> Vec<Span> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    ends.retain(|&end| text.is_char_boundary(end));
    ends.push(text.len());
    ends.sort_unstable();
    let mut start = 0;
    let mut spans = Vec::new();
    for end in ends {
        if end > start {
            spans.push(Span::new(start, end));
        }
        start = end;
    }
    spans
}

/// Characters: against stock, and the slow twin where it applies.
fn check_characters(config: &BpeConfig, text: &str, cuts: &[usize]) {
    let model = Bpe::compile(config, Alphabet::Characters).unwrap();
    let stock = stock(config);
    let spans = pieces(text, cuts);
    let mut expected = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let piece = &text[span.range()];
        let found = stock.tokenize(piece).unwrap();
        if config.continuing_subword_prefix.is_none() && config.end_of_word_suffix.is_none() {
            let twin = naive::encode(config, piece).unwrap();
            assert_eq!(
                twin,
                found.iter().map(|t| (t.id, t.offsets.1 - t.offsets.0)).collect::<Vec<_>>(),
                "the twins of {piece:?}"
            );
        }
        expected.extend(found.iter().map(|token| ModelToken {
            id: token.id,
            start: span.start + token.offsets.0 as u32,
            end: span.start + token.offsets.1 as u32,
            piece: index as u32,
            surface: false,
        }));
    }
    assert_eq!(tokens(&model, text, &spans), expected, "{text:?} {spans:?}");
}

/// A long text as one piece, against stock alone: the twin is quadratic.
fn check_characters_stock(config: &BpeConfig, text: &str) {
    let model = Bpe::compile(config, Alphabet::Characters).unwrap();
    let expected: Vec<u32> = stock(config).tokenize(text).unwrap().iter().map(|token| token.id).collect();
    let found = tokens(&model, text, &[Span::new(0, text.len())]);
    assert_eq!(found.iter().map(|token| token.id).collect::<Vec<_>>(), expected);
}

/// The same text written in the byte alphabet, and for each of its bytes the raw byte.
fn written(text: &[u8]) -> (String, Vec<usize>) {
    let mut string = String::new();
    let mut raw = Vec::new();
    for (index, &byte) in text.iter().enumerate() {
        let character = alphabet::CHARACTERS[byte as usize];
        string.push(character);
        raw.extend(std::iter::repeat_n(index, character.len_utf8()));
    }
    (string, raw)
}

/// Raw bytes: `config` is in the byte alphabet; spans may cut characters.
fn check_bytes(config: &BpeConfig, text: &str, spans: &[Span]) {
    let model = Bpe::compile(config, Alphabet::RawBytes).unwrap();
    let stock = stock(config);
    let mut expected = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let (piece, raw) = written(&text.as_bytes()[span.range()]);
        expected.extend(stock.tokenize(&piece).unwrap().iter().map(|token| ModelToken {
            id: token.id,
            start: span.start + raw[token.offsets.0] as u32,
            end: span.start + raw[token.offsets.1 - 1] as u32 + 1,
            piece: index as u32,
            surface: false,
        }));
    }
    assert_eq!(tokens(&model, text, spans), expected, "{text:?} {spans:?}");
}

/// A random model: characters, merges that join tokens made so far (some listed twice, some in an
/// order that makes others unreachable), flags.
#[derive(Debug, Clone)]
struct Recipe {
    base: Vec<&'static str>,
    joins: Vec<(usize, usize)>,
    order: Vec<usize>,
    bytes: Vec<u8>,
    unknown: bool,
    fuse: bool,
    fallback: bool,
    ignore: bool,
    prefix: Option<&'static str>,
    suffix: Option<&'static str>,
}

const BASE: [&str; 9] = ["a", "b", "c", " ", "é", "中", "国", "▁", "😀"];

fn recipe(affixes: bool) -> impl Strategy<Value = Recipe> {
    let affix = move |kinds: &'static [&'static str]| {
        prop::sample::select(kinds.to_vec())
            .prop_map(move |kind| (affixes && !kind.is_empty()).then_some(kind))
    };
    (
        prop::sample::subsequence(BASE.to_vec(), 0..=9),
        prop::collection::vec((0..40_usize, 0..40_usize), 0..40),
        prop::collection::vec(0..60_usize, 0..12),
        prop_oneof![
            Just(vec![]),
            Just((0..=255).collect::<Vec<u8>>()),
            prop::collection::vec(prop::sample::select("a中é😀".as_bytes().to_vec()), 0..12)
        ],
        any::<[bool; 4]>(),
        affix(&["", "#", "##"]),
        affix(&["", "_", "</w>"]),
    )
        .prop_map(|(base, joins, order, bytes, [unknown, fuse, fallback, ignore], prefix, suffix)| {
            Recipe { base, joins, order, bytes, unknown, fuse, fallback, ignore, prefix, suffix }
        })
}

impl Recipe {
    /// The configuration; `write` turns a token's text into what stands in the vocabulary.
    fn config(&self, write: impl Fn(&str) -> Vec<String>) -> BpeConfig {
        let (prefix, suffix) = (self.prefix.unwrap_or(""), self.suffix.unwrap_or(""));
        let mut tokens: Vec<String> = self.base.iter().flat_map(|base| write(base)).collect();
        for base in tokens.clone() {
            for form in
                [format!("{prefix}{base}"), format!("{base}{suffix}"), format!("{prefix}{base}{suffix}")]
            {
                if !tokens.contains(&form) {
                    tokens.push(form);
                }
            }
        }
        tokens.extend(self.bytes.iter().map(|byte| format!("<0x{byte:02X}>")));
        if self.unknown {
            tokens.push("<unk>".to_owned());
        }
        let mut merges = Vec::new();
        if !tokens.is_empty() {
            for &(left, right) in &self.joins {
                let (left, right) = (left % tokens.len(), right % tokens.len());
                let (left, right) = (tokens[left].clone(), tokens[right].clone());
                let Some(rest) = right.get(prefix.len()..) else { continue };
                let result = format!("{left}{rest}");
                if result.len() > 40 {
                    continue;
                }
                if !tokens.contains(&result) {
                    tokens.push(result);
                }
                merges.push((left, right));
            }
        }
        for &at in &self.order {
            if !merges.is_empty() {
                let moved = merges[at % merges.len()].clone();
                // Odd ones are listed twice, even ones move to the end.
                if at % 2 == 0 {
                    merges.remove(at % merges.len());
                }
                merges.push(moved);
            }
        }
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let merges: Vec<(&str, &str)> = merges.iter().map(|(l, r)| (l.as_str(), r.as_str())).collect();
        BpeConfig {
            unk_token: self.unknown.then(|| "<unk>".to_owned()),
            continuing_subword_prefix: self.prefix.map(str::to_owned),
            end_of_word_suffix: self.suffix.map(str::to_owned),
            fuse_unk: self.fuse,
            byte_fallback: self.fallback,
            ignore_merges: self.ignore,
            ..config(&tokens, &merges)
        }
    }
}

fn texts() -> impl Strategy<Value = String> {
    let alphabet: Vec<&str> = BASE.iter().copied().chain(["x", "<unk>", "aab", "#", "_"]).collect();
    prop_oneof![
        prop::collection::vec(prop::sample::select(alphabet.clone()), 0..12).prop_map(|list| list.concat()),
        prop::collection::vec(prop::sample::select(alphabet), 0..90).prop_map(|list| list.concat()),
        (prop::sample::select(BASE.to_vec()), 0..70_usize).prop_map(|(base, n)| base.repeat(n)),
    ]
}

fn settings(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings(1500))]

    #[test]
    fn characters(recipe in recipe(false), text in texts(), cuts in prop::collection::vec(0..200_usize, 0..6)) {
        check_characters(&recipe.config(|base| vec![base.to_owned()]), &text, &cuts);
    }

    #[test]
    fn affixes(recipe in recipe(true), text in texts(), cuts in prop::collection::vec(0..200_usize, 0..6)) {
        check_characters(&recipe.config(|base| vec![base.to_owned()]), &text, &cuts);
    }

    #[test]
    fn bytes(
        recipe in recipe(false),
        text in texts(),
        cuts in prop::collection::vec(0..200_usize, 0..6),
        dropped in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        // The base strings' bytes, some of them missing.
        let mut bytes: Vec<u8> = BASE.concat().into_bytes();
        bytes.sort_unstable();
        bytes.dedup();
        for index in &dropped {
            bytes.remove(index.index(bytes.len()));
        }
        let config = recipe.config(|base| {
            let written: Vec<char> =
                base.bytes().filter(|b| bytes.contains(b)).map(|b| alphabet::CHARACTERS[b as usize]).collect();
            let mut list: Vec<String> = written.iter().map(char::to_string).collect();
            list.dedup();
            list
        });
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
        ends.push(text.len());
        ends.sort_unstable();
        ends.dedup();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let spans: Vec<Span> =
            starts.zip(&ends).filter(|(start, end)| start < end).map(|(s, &e)| Span::new(s, e)).collect();
        check_bytes(&config, &text, &spans);
    }
}

proptest! {
    #![proptest_config(settings(400))]

    /// The procedure for very long words on words of any length.
    #[test]
    fn sweeps(recipe in recipe(false), text in texts()) {
        let config = recipe.config(|base| vec![base.to_owned()]);
        let model = Bpe::compile(&config, Alphabet::Characters).unwrap();
        let mut word = super::Word::default();
        model.atoms.split(text.as_bytes(), &model.missing, &mut word).unwrap();
        let mut queued = super::Word { symbols: word.symbols.clone(), lens: word.lens.clone() };
        super::Queue::default().merge(&model.merges, &mut queued);
        let mut sweep = super::Sweep::default();
        for _ in 0..2 {
            let mut swept = super::Word { symbols: word.symbols.clone(), lens: word.lens.clone() };
            if model.merges.plain {
                sweep.merge(&model.merges, &mut swept);
                assert_eq!((&swept.symbols, &swept.lens), (&queued.symbols, &queued.lens));
            }
        }
    }
}

/// A string in the byte alphabet.
fn write(text: &[u8]) -> String {
    text.iter().map(|&byte| alphabet::CHARACTERS[byte as usize]).collect()
}

proptest! {
    #![proptest_config(settings(1500))]

    /// Few bytes and many merges of short tokens in any order: windows at risk from both sides.
    #[test]
    fn windows(
        joins in prop::collection::vec((0..12_usize, 0..12_usize), 1..30),
        keys in prop::collection::vec(any::<u32>(), 30),
        text in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "é", "è", "中"]), 1..14),
        ignore in any::<bool>(),
    ) {
        let bytes = ["a", "b", "c", "é", "è", "中"].concat();
        let mut tokens: Vec<String> = bytes.bytes().map(|byte| write(&[byte])).collect();
        tokens.sort();
        tokens.dedup();
        let mut merges = Vec::new();
        for (left, right) in joins {
            let (left, right) = (tokens[left % tokens.len()].clone(), tokens[right % tokens.len()].clone());
            let result = format!("{left}{right}");
            if result.chars().count() <= 6 {
                if !tokens.contains(&result) {
                    // In front, so that it is joined on.
                    tokens.insert(0, result);
                }
                merges.push((left, right));
            }
        }
        // Characters of several bytes are often tokens.
        for character in ["é", "è"] {
            let parts = [write(&character.as_bytes()[..1]), write(&character.as_bytes()[1..])];
            if !tokens.contains(&parts.concat()) {
                tokens.push(parts.concat());
            }
            merges.push((parts[0].clone(), parts[1].clone()));
        }
        let mut order: Vec<usize> = (0..merges.len()).collect();
        order.sort_by_key(|&index| keys.get(index).copied().unwrap_or(0));
        let merges: Vec<(&str, &str)> =
            order.iter().map(|&index| (merges[index].0.as_str(), merges[index].1.as_str())).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let model = BpeConfig { ignore_merges: ignore, ..config(&tokens, &merges) };
        let text = text.concat();
        check_bytes(&model, &text, &[Span::new(0, text.len())]);
    }
}

#[test]
fn a_merge_across_a_window_may_come_first() {
    // From the right, from the left, into a longer character, out of one.
    let [c3, a9] = [write(&[0xC3]), write(&[0xA9])];
    let e = format!("{c3}{a9}");
    for merges in [
        vec![("b", "c"), ("a", "b")],
        vec![("a", "b"), ("b", "c")],
        vec![("c", "ab"), ("a", "b")],
        vec![("a", "b"), ("c", "ab")],
        vec![("ab", "c"), ("b", "c"), ("a", "b")],
        vec![("a", c3.as_str()), (&c3, &a9)],
        vec![(a9.as_str(), "a"), (&c3, &a9)],
        vec![(e.as_str(), "a"), ("a", "b"), (&c3, &a9)],
    ] {
        let mut tokens = vec!["a".to_owned(), "b".to_owned(), "c".to_owned(), c3.clone(), a9.clone()];
        for (left, right) in &merges {
            for token in [left.to_string(), right.to_string(), format!("{left}{right}")] {
                if !tokens.contains(&token) {
                    tokens.push(token);
                }
            }
        }
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let model = config(&tokens, &merges);
        for text in ["abc", "cab", "dabc", "abcab", "aé", "éa", "éab", "aéab", "abéabc"] {
            check_bytes(&model, text, &[Span::new(0, text.len())]);
        }
    }
}

#[test]
fn very_long_words() {
    let model = config(
        &["a", "b", "aa", "ab", "aaa", "aab", "ba", "abab", "ababab"],
        &[("aa", "b"), ("ab", "ab"), ("a", "b"), ("aa", "a"), ("a", "a"), ("b", "a"), ("abab", "ab")],
    );
    for text in ["a".repeat(5000), "ab".repeat(3000), "aab".repeat(2000), "abaab".repeat(900)] {
        check_characters_stock(&model, &text);
    }
}

#[test]
fn unknowns_wait_for_a_symbol() {
    let mut model = config(&["a", "<unk>", "<0xC3>", "<0xA9>"], &[]);
    model.unk_token = Some("<unk>".to_owned());
    model.fuse_unk = true;
    model.byte_fallback = true;
    // é falls back to bytes, which do not put the unknowns before them down.
    check_characters(&model, "xxéxa", &[]);
    check_characters(&model, "éxé", &[]);
    model.fuse_unk = false;
    check_characters(&model, "xxéxa", &[]);
}

#[test]
fn characters_that_vanish_let_neighbours_merge() {
    let model = config(&["a", "b", "ab"], &[("a", "b")]);
    check_characters(&model, "axxbé", &[]);
    check_characters(&model, "xx", &[]);
    let written = config(&["a", "b", "ab"], &[("a", "b")]);
    check_bytes(&written, "a b é", &[Span::new(0, 6)]);
}

#[test]
fn a_pair_listed_twice_keeps_its_last_rank() {
    let model = config(&["a", "b", "c", "ab", "bc"], &[("a", "b"), ("b", "c"), ("a", "b")]);
    check_characters(&model, "abc", &[]);
}

#[test]
fn results_whose_ranks_lie_apart() {
    let model = config(
        &["a", "b", "c", "ab", "bc", "abc", "d", "cd"],
        &[("a", "b"), ("ab", "c"), ("b", "c"), ("c", "d"), ("a", "bc")],
    );
    for text in ["abc", "abcd", "bcd", "aabc", "cabcd"] {
        check_characters(&model, text, &[]);
    }
}

#[test]
fn a_missing_unknown_token_fails_when_needed() {
    let mut model = config(&["a"], &[]);
    model.unk_token = Some("<unk>".to_owned());
    let compiled = Bpe::compile(&model, Alphabet::Characters).unwrap();
    let mut ids = Vec::new();
    compiled.ids("aa", &[Span::new(0, 2)], &mut compiled.scratch(), &mut ids).unwrap();
    assert_eq!(ids, [0, 0]);
    let error = compiled.ids("ab", &[Span::new(0, 2)], &mut compiled.scratch(), &mut ids).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Stock);
    assert_eq!(error.to_string(), stock(&model).tokenize("ab").unwrap_err().to_string());
}

#[test]
fn what_is_refused() {
    let kind = |config: &BpeConfig, alphabet| Bpe::compile(config, alphabet).unwrap_err().kind().clone();
    let plain = config(&["a", "b"], &[]);
    let dropout = BpeConfig { dropout: Some(0.1), ..plain.clone() };
    assert!(matches!(kind(&dropout, Alphabet::Characters), ErrorKind::Unsupported { .. }));
    let none = BpeConfig { dropout: Some(0.0), ..plain.clone() };
    assert!(Bpe::compile(&none, Alphabet::Characters).is_ok());
    let prefixed = BpeConfig { continuing_subword_prefix: Some("##".to_owned()), ..plain.clone() };
    assert!(matches!(kind(&prefixed, Alphabet::RawBytes), ErrorKind::Unsupported { .. }));
    let suffixed = BpeConfig { end_of_word_suffix: Some("</w>".to_owned()), ..plain.clone() };
    assert!(Bpe::compile(&suffixed, Alphabet::RawBytes).is_ok());
    let looked_up = BpeConfig { ignore_merges: true, ..suffixed };
    assert!(matches!(kind(&looked_up, Alphabet::RawBytes), ErrorKind::Unsupported { .. }));
    assert!(matches!(kind(&plain, Alphabet::Spaces), ErrorKind::Unsupported { .. }));
    let mut shared = plain;
    shared.vocab = Vocabulary::from_pairs([("a", 0), ("b", 0)]);
    assert!(matches!(kind(&shared, Alphabet::Characters), ErrorKind::Unsupported { .. }));
    let missing = config(&["a", "b", "xyz"], &[("a", "b")]);
    let error = Bpe::compile(&missing, Alphabet::Characters).unwrap_err();
    assert_eq!(error.to_string(), "Token `ab` out of vocabulary");
    assert_eq!(error.kind(), &ErrorKind::Config);
}

#[test]
fn strings_outside_the_byte_alphabet_are_decode_only() {
    // The token of three raw spaces has the bytes of the one written in the alphabet.
    let mut model = config(&["Ġ", "   ", "ĠĠ"], &[("Ġ", "Ġ")]);
    model.ignore_merges = true;
    check_bytes(&model, "   ", &[Span::new(0, 3)]);
    check_bytes(&model, "  ", &[Span::new(0, 2)]);
}
