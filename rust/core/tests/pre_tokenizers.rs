//! Pre-tokenizers as written in a tokenizer.json, against stock.

use budtiktok::config::{NormalizerConfig, Pattern, PreTokenizerConfig, PrependScheme, SplitBehavior};
use budtiktok::normalizers::Normalizer;
use budtiktok::pieces::{Pieces, Span};
use budtiktok::pre_tokenizers::PreTokenizer;
use budtiktok::text::NormalizedText;
use budtiktok::{Error, ErrorKind};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokenizers::tokenizer::normalizer::Range;
use tokenizers::{
    NormalizedString, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _,
    PreTokenizerWrapper, Token,
};

const BEHAVIORS: [(SplitBehavior, &str); 5] = [
    (SplitBehavior::Removed, "Removed"),
    (SplitBehavior::Isolated, "Isolated"),
    (SplitBehavior::MergedWithPrevious, "MergedWithPrevious"),
    (SplitBehavior::MergedWithNext, "MergedWithNext"),
    (SplitBehavior::Contiguous, "Contiguous"),
];

/// The configuration as a file has it.
fn written(config: &PreTokenizerConfig) -> Value {
    use PreTokenizerConfig as C;
    let name = |behavior: &SplitBehavior| BEHAVIORS.iter().find(|(b, _)| b == behavior).unwrap().1;
    match config {
        C::BertPreTokenizer => json!({"type": "BertPreTokenizer"}),
        C::ByteLevel { add_prefix_space, trim_offsets, use_regex } => json!({
            "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets,
            "use_regex": use_regex
        }),
        C::CharDelimiterSplit { delimiter } => json!({"type": "CharDelimiterSplit", "delimiter": delimiter}),
        C::Metaspace { replacement, prepend_scheme, split } => {
            let scheme = match prepend_scheme {
                PrependScheme::Always => "always",
                PrependScheme::First => "first",
                PrependScheme::Never => "never",
            };
            json!({
                "type": "Metaspace", "replacement": replacement, "prepend_scheme": scheme, "split": split
            })
        }
        C::Whitespace => json!({"type": "Whitespace"}),
        C::Sequence(steps) => {
            json!({"type": "Sequence", "pretokenizers": steps.iter().map(written).collect::<Vec<_>>()})
        }
        C::Split { pattern, behavior, invert } => {
            let pattern = match pattern {
                Pattern::String(text) => json!({"String": text}),
                Pattern::Regex(text) => json!({"Regex": text}),
            };
            json!({"type": "Split", "pattern": pattern, "behavior": name(behavior), "invert": invert})
        }
        C::Punctuation { behavior } => json!({"type": "Punctuation", "behavior": name(behavior)}),
        C::WhitespaceSplit => json!({"type": "WhitespaceSplit"}),
        C::Digits { individual_digits } => json!({"type": "Digits", "individual_digits": individual_digits}),
        C::UnicodeScripts => json!({"type": "UnicodeScripts"}),
        C::FixedLength { length } => json!({"type": "FixedLength", "length": length}),
    }
}

/// A piece: its text, the byte range it came from.
type Cut = Vec<(String, (usize, usize))>;

fn stock(config: &PreTokenizerConfig, text: &str) -> Cut {
    let stock: PreTokenizerWrapper = serde_json::from_value(written(config)).unwrap();
    let mut pieces = PreTokenizedString::from(text);
    stock.pre_tokenize(&mut pieces).unwrap();
    pieces
        .get_splits(OffsetReferential::Original, OffsetType::Byte)
        .into_iter()
        // A chain that cuts nothing leaves an empty text in place: it has no tokens anyway.
        .filter(|(text, _, _)| !text.is_empty())
        .map(|(text, offsets, _)| (text.to_owned(), offsets))
        .collect()
}

fn ours(config: &PreTokenizerConfig, raw_bytes: bool, text: &str) -> Result<Cut, Error> {
    let compiled = PreTokenizer::compile(config, raw_bytes)?;
    let mut pieces = Pieces::default();
    pieces.reset(text.len());
    let mut normalized = NormalizedText::new(text, 0, true);
    compiled.pre_tokenize(&mut normalized, &mut pieces)?;
    Ok(pieces
        .spans
        .iter()
        .map(|span| {
            let offsets = normalized.original_range(span.start as usize, span.end as usize);
            (normalized.get()[span.range()].to_owned(), offsets)
        })
        .collect())
}

fn split(pattern: Pattern, behavior: SplitBehavior, invert: bool) -> PreTokenizerConfig {
    PreTokenizerConfig::Split { pattern, behavior, invert }
}

fn regex(text: &str) -> Pattern {
    Pattern::Regex(text.to_owned())
}

fn byte_level(add_prefix_space: bool, use_regex: bool) -> PreTokenizerConfig {
    PreTokenizerConfig::ByteLevel { add_prefix_space, trim_offsets: true, use_regex }
}

#[track_caller]
fn check(config: &PreTokenizerConfig, text: &str) {
    assert_eq!(ours(config, false, text).unwrap(), stock(config, text), "{config:?} on {text:?}");
}

/// A part of an input, changed by a normalizer before it is cut.
fn check_changed(config: &PreTokenizerConfig, text: &str, shift: usize, change: usize) {
    let input = format!("{}{text}", "x".repeat(shift));
    let Some(mut section) = NormalizedString::from(input.as_str()).slice(Range::Normalized(shift..)) else {
        return;
    };
    let replace = |content: &str| NormalizerConfig::Replace {
        pattern: Pattern::String("a".to_owned()),
        content: content.to_owned(),
    };
    let normalizer = match change {
        0 => NormalizerConfig::Sequence(vec![]),
        1 => NormalizerConfig::Prepend { prepend: "▁x".to_owned() },
        2 => replace(" "),
        3 => replace(""),
        _ => replace("  b\u{301}"),
    };
    match &normalizer {
        NormalizerConfig::Prepend { prepend } => drop(section.prepend(prepend)),
        NormalizerConfig::Replace { content, .. } => section.replace('a', content).unwrap(),
        _ => {}
    }
    // As the tokenizer does: what lies between added tokens is sliced out of the normalized text.
    let section = section.slice(Range::Normalized(..)).unwrap();
    let stock: PreTokenizerWrapper = serde_json::from_value(written(config)).unwrap();
    // Stock panics on some texts that begin with characters that come from nothing.
    let want = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut pieces = PreTokenizedString::from(section.clone());
        stock.pre_tokenize(&mut pieces).unwrap();
        // Each character as a token: stock then says where it came from.
        pieces
            .tokenize(|piece| {
                let token = |(at, c): (usize, char)| Token::new(0, c.into(), (at, at + c.len_utf8()));
                Ok(piece.get().char_indices().map(token).collect())
            })
            .unwrap();
        let encoding = pieces.into_encoding(None, 0, OffsetType::Byte).unwrap();
        let mut cut: Vec<Vec<(String, (usize, usize))>> = Vec::new();
        let words = encoding.get_word_ids().iter();
        for ((token, offsets), word) in encoding.get_tokens().iter().zip(encoding.get_offsets()).zip(words) {
            cut.resize_with(word.unwrap() as usize + 1, Vec::new);
            cut.last_mut().unwrap().push((token.clone(), *offsets));
        }
        cut
    }));
    for track in [true, false] {
        let mut ours = NormalizedText::new(&input[shift..], shift, track);
        Normalizer::compile(&normalizer).unwrap().normalize(&mut ours).unwrap();
        assert_eq!(ours.get(), section.get());
        let mut ours = ours.slice(Span::new(0, ours.get().len()));
        let mut pieces = Pieces::default();
        pieces.reset(ours.get().len());
        let outcome =
            PreTokenizer::compile(config, false).unwrap().pre_tokenize(&mut ours, &mut pieces).map(|()| {
                pieces
                    .spans
                    .iter()
                    .map(|span| {
                        let piece = ours.get()[span.range()].char_indices();
                        piece
                            .map(|(at, c)| {
                                let at = span.start as usize + at;
                                (c.to_string(), ours.original_range(at, at + c.len_utf8()))
                            })
                            .collect::<Vec<_>>()
                    })
                    .collect::<Vec<_>>()
            });
        let note = format!("{config:?} on {text:?} at {shift} changed by {normalizer:?}, tracked: {track}");
        match (&want, outcome) {
            (Ok(want), Ok(got)) if track => assert_eq!(&got, want, "{note}"),
            (Ok(want), Ok(got)) => {
                let texts = |cut: &[Cut]| -> Vec<String> {
                    cut.iter().map(|piece| piece.iter().map(|(c, _)| c.as_str()).collect()).collect()
                };
                assert_eq!(texts(&got), texts(want), "{note}");
            }
            (Err(_), Err(error)) => assert_eq!(*error.kind(), ErrorKind::WouldPanic, "{note}"),
            (want, got) => panic!("stock panics: {}, ours gives {got:?}: {note}", want.is_err()),
        }
    }
}

const CL100K: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Every behaviour over patterns that match nothing, everything, and in between.
fn splits() -> Vec<PreTokenizerConfig> {
    let patterns = [
        Pattern::String(" ".into()),
        Pattern::String("ab".into()),
        Pattern::String("aa".into()),
        Pattern::String("-.é".into()),
        Pattern::String(String::new()),
        regex(""),
        regex("a*"),
        regex(r"\s+$"),
        regex("^.|$"),
        regex("(?=a)"),
        regex(r"\b"),
        regex(r"\w+|[^\w\s]+"),
        regex(r"[0-9][0-9][0-9]"),
        regex(r"\d{1,3}(?=(?:\d{3})*\b)"),
        regex(r"(?:\r?\n)+(?!\r?\n)"),
        regex(r"(?<=a) |."),
        regex(CL100K),
    ];
    let mut all = Vec::new();
    for pattern in patterns {
        for (behavior, _) in BEHAVIORS {
            for invert in [false, true] {
                all.push(split(pattern.clone(), behavior, invert));
            }
        }
    }
    all
}

fn kinds() -> Vec<PreTokenizerConfig> {
    use PreTokenizerConfig as C;
    let mut all = vec![
        C::BertPreTokenizer,
        C::Whitespace,
        C::WhitespaceSplit,
        C::CharDelimiterSplit { delimiter: 'a' },
        C::CharDelimiterSplit { delimiter: 'é' },
        C::Digits { individual_digits: true },
        C::Digits { individual_digits: false },
        C::FixedLength { length: 1 },
        C::FixedLength { length: 3 },
        C::UnicodeScripts,
    ];
    all.extend(BEHAVIORS.map(|(behavior, _)| C::Punctuation { behavior }));
    all
}

fn chains() -> Vec<PreTokenizerConfig> {
    use PreTokenizerConfig as C;
    use SplitBehavior::{Isolated, MergedWithNext, Removed};
    vec![
        C::Sequence(vec![]),
        C::Sequence(vec![C::Whitespace, C::Digits { individual_digits: true }]),
        C::Sequence(vec![C::WhitespaceSplit, C::UnicodeScripts, C::Digits { individual_digits: false }]),
        C::Sequence(vec![C::UnicodeScripts, split(regex(r"\s?\p{L}+"), Isolated, false), C::UnicodeScripts]),
        C::Sequence(vec![
            C::Sequence(vec![split(regex(r"\p{N}{1,3}"), Isolated, false), C::WhitespaceSplit]),
            split(regex(r"\s+$|a$|^."), Isolated, false),
        ]),
        C::Sequence(vec![
            split(regex(r"(?:\r?\n)+(?!\r?\n)"), MergedWithNext, false),
            split(regex(CL100K), Isolated, false),
        ]),
        C::Sequence(vec![
            split(regex(r"\p{N}{1,3}"), Isolated, true),
            split(regex(&CL100K.replace("{1,3}", "+")), Removed, true),
        ]),
    ]
}

const TEXTS: [&str; 14] = [
    "",
    " ",
    "a",
    "aaa",
    "ab ab  abab",
    "The-final--countdown -.é -.é",
    "How are you doing?",
    "1234567 12 é1٣٤٥x 12,345,678",
    "\n\n\na \r\n\r\n b\n",
    "  leading and trailing \u{3000}\u{a0} ",
    "don't 'S\u{17f}'ſ WE'LL",
    "日本語 テキスト、한국어",
    "e\u{301}e\u{301} 👩‍👩‍👧",
    "a\u{0}b\u{85}c",
];

#[test]
fn fixed_texts() {
    for config in splits().iter().chain(&kinds()).chain(&chains()) {
        for text in TEXTS {
            check(config, text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_texts(text in "[ab \n\r1é\\-.'\u{3000}٣中]{0,24}|\\PC{0,12}") {
        for config in splits().iter().chain(&kinds()).chain(&chains()) {
            check(config, &text);
        }
    }
}

/// Every scalar behind one of another script, before and after one without.
#[test]
fn every_script() {
    let scalars = (0..=0x10_FFFFu32).filter_map(char::from_u32);
    let text: String = scalars.flat_map(|c| [c, 'a', c, c, ' ', '字']).collect();
    let mut from = 0;
    while from < text.len() {
        let to = text.floor_char_boundary(from + 5000);
        check(&PreTokenizerConfig::UnicodeScripts, &text[from..to]);
        from = to;
    }
    for text in
        ["", " ", "  a", "\u{378}a", "\u{378}", "a \u{378} b字 ー", "ー ア ｱ あ", "1a 1 .", "e\u{301}"]
    {
        check(&PreTokenizerConfig::UnicodeScripts, text);
    }
}

/// The kinds that change the text, alone and before others.
fn rewriting() -> Vec<PreTokenizerConfig> {
    use PreTokenizerConfig as C;
    let mut all = Vec::new();
    for replacement in ['▁', 'a', ' '] {
        for prepend_scheme in [PrependScheme::Always, PrependScheme::First, PrependScheme::Never] {
            for split in [true, false] {
                let metaspace = C::Metaspace { replacement, prepend_scheme, split };
                all.push(C::Sequence(vec![C::WhitespaceSplit, metaspace.clone()]));
                all.push(C::Sequence(vec![
                    C::Punctuation { behavior: SplitBehavior::Isolated },
                    metaspace.clone(),
                ]));
                all.push(metaspace);
            }
        }
    }
    for add_prefix_space in [true, false] {
        for use_regex in [true, false] {
            let byte_level = byte_level(add_prefix_space, use_regex);
            all.push(byte_level.clone());
            all.push(C::Sequence(vec![byte_level.clone(), byte_level.clone()]));
            all.push(C::Sequence(vec![C::Digits { individual_digits: true }, byte_level.clone()]));
            all.push(C::Sequence(vec![
                C::Punctuation { behavior: SplitBehavior::Contiguous },
                byte_level,
                C::Digits { individual_digits: false },
                split(regex("[0-9][0-9][0-9]"), SplitBehavior::Isolated, false),
            ]));
        }
    }
    all
}

#[test]
fn changed_texts() {
    for config in rewriting() {
        for text in TEXTS {
            for shift in [0, 3] {
                (0..5).for_each(|change| check_changed(&config, text, shift, change));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_changed_texts(text in "[ab \n1é▁.'\u{3000}٣中]{0,16}", shift in 0..2usize, change in 0..5usize) {
        for config in rewriting() {
            check_changed(&config, &text, shift, change);
        }
    }
}

/// Without the alphabet the pieces come from the same bytes.
#[test]
fn raw_bytes() {
    use PreTokenizerConfig as C;
    let chains = [
        byte_level(false, true),
        byte_level(false, false),
        C::Sequence(vec![C::Digits { individual_digits: true }, byte_level(false, true)]),
        C::Sequence(vec![split(regex(CL100K), SplitBehavior::Removed, true), byte_level(false, false)]),
        byte_level(true, true),
        C::Sequence(vec![C::WhitespaceSplit, byte_level(true, true)]),
    ];
    for config in &chains {
        for text in TEXTS {
            let offsets = |cut: Cut| cut.into_iter().map(|(_, offsets)| offsets).collect::<Vec<_>>();
            let got = offsets(ours(config, true, text).unwrap());
            assert_eq!(got, offsets(stock(config, text)), "{config:?} on {text:?}");
        }
    }
}

#[test]
fn names() {
    use PreTokenizerConfig as C;
    let name = |config: &C| PreTokenizer::compile(config, true).unwrap().name();
    assert_eq!(name(&byte_level(false, true)), "gpt2");
    assert_eq!(name(&C::BertPreTokenizer), "bert");
    let cl100k = split(regex(CL100K), SplitBehavior::Isolated, false);
    assert_eq!(name(&cl100k), "cl100k");
    assert_eq!(name(&C::Sequence(vec![cl100k, byte_level(false, false)])), "cl100k");
    // Merged matches are not what the scanner gives.
    assert_eq!(name(&split(regex(CL100K), SplitBehavior::Contiguous, false)), "automaton");
    let digits = C::Digits { individual_digits: true };
    assert_eq!(name(&C::Sequence(vec![digits, byte_level(false, true)])), "digits-gpt2");
    assert_eq!(name(&split(regex("a b"), SplitBehavior::Isolated, false)), "automaton");
    assert_eq!(name(&split(regex("a(?<=b)"), SplitBehavior::Isolated, false)), "regex");
    assert_eq!(name(&split(Pattern::String(String::new()), SplitBehavior::Isolated, false)), "fixed-length");
    let groups = split(regex(r"\d{1,3}(?=(?:\d{3})*\b)"), SplitBehavior::Isolated, false);
    assert_eq!(name(&groups), "digit-groups");
    assert_eq!(name(&C::UnicodeScripts), "unicode-scripts");
}

#[test]
fn errors() {
    let error =
        PreTokenizer::compile(&split(regex("(a"), SplitBehavior::Isolated, false), false).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    let config = PreTokenizerConfig::FixedLength { length: 0 };
    assert_eq!(*ours(&config, false, "a").unwrap_err().kind(), ErrorKind::WouldPanic);
    assert_eq!(ours(&config, false, "").unwrap(), vec![]);
    // Oniguruma gives up after so many steps backwards; stock panics then.
    let config = split(regex("(?:a|a)+(?:a|a)+b"), SplitBehavior::Isolated, false);
    let text = "a".repeat(40) + "xb";
    let error = ours(&config, false, &text).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::WouldPanic);
}
