//! The normalizers against stock, text and alignment, and tracked against untracked.

use super::Normalizer;
use crate::config::{NormalizerConfig, Pattern};
use crate::pieces::Span;
use crate::text::NormalizedText;
use proptest::prelude::*;
use tokenizers::normalizer::Range;
use tokenizers::{NormalizedString, Normalizer as _, NormalizerWrapper};

/// A charsmap from (key, replacement) pairs: one trie node a byte, no sharing of tails.
pub fn charsmap(rules: &[(&str, &str)]) -> String {
    use base64::Engine as _;
    let mut blob = String::new();
    let mut leaves: Vec<(&[u8], u32)> = Vec::new();
    for (key, replacement) in rules {
        leaves.push((key.as_bytes(), blob.len() as u32));
        blob.push_str(replacement);
        blob.push('\0');
    }
    // Each inner node owns an aligned block of 256 units at which its children are XORed in; the
    // value of a key lies at the block's own start.
    let mut units: Vec<u32> = vec![0; 256];
    let mut nodes: Vec<(Vec<u8>, usize)> = vec![(Vec::new(), 0)];
    let mut next = 0;
    while next < nodes.len() {
        let (prefix, place) = nodes[next].clone();
        next += 1;
        let base = units.len();
        units.resize(base + 256, 0);
        let offset = base ^ place;
        assert!(offset < 1 << 21);
        units[place] |= (offset as u32) << 10;
        if let Some((_, value)) = leaves.iter().find(|(key, _)| *key == prefix.as_slice()) {
            units[base] = 1 << 31 | value;
            units[place] |= 1 << 8;
        }
        let mut labels: Vec<u8> = leaves
            .iter()
            .filter(|(key, _)| key.len() > prefix.len() && key.starts_with(&prefix))
            .map(|(key, _)| key[prefix.len()])
            .collect();
        labels.sort_unstable();
        labels.dedup();
        for label in labels {
            let child = base ^ usize::from(label);
            units[child] |= u32::from(label);
            let mut longer = prefix.clone();
            longer.push(label);
            nodes.push((longer, child));
        }
    }
    let mut bytes = ((units.len() * 4) as u32).to_le_bytes().to_vec();
    units.iter().for_each(|unit| bytes.extend(unit.to_le_bytes()));
    bytes.extend(blob.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn rules() -> String {
    charsmap(&[
        ("\u{1}", ""),
        ("\t", " "),
        ("\r", " "),
        ("\n", " "),
        ("\u{a0}", " "),
        ("\u{ad}", ""),
        ("ﬁ", "fi"),
        ("ﷺ", "صلى الله"),
        ("①", "1"),
        ("\u{301}", ""),
        ("e\u{301}", "é"),
        ("ab", "x"),
        ("Ａ", "A"),
        ("ｶﾞ", "ガ"),
        ("…", "..."),
        ("\u{200d}", ""),
        ("\u{915}", "\u{916}"),
        ("\u{1F1E6}", "A"),
    ])
}

fn bert(bits: u32) -> NormalizerConfig {
    NormalizerConfig::BertNormalizer {
        clean_text: bits & 1 != 0,
        handle_chinese_chars: bits & 2 != 0,
        strip_accents: Some(bits & 4 != 0),
        lowercase: bits & 8 != 0,
    }
}

fn replace(pattern: Pattern, content: &str) -> NormalizerConfig {
    NormalizerConfig::Replace { pattern, content: content.into() }
}

fn kinds() -> Vec<NormalizerConfig> {
    use NormalizerConfig as N;
    let mut kinds: Vec<_> = (0..16).map(bert).collect();
    kinds.extend([
        N::Nfc,
        N::Nfd,
        N::Nfkc,
        N::Nfkd,
        N::Lowercase,
        N::StripAccents,
        N::Nmt,
        N::ByteLevel,
        N::Strip { strip_left: true, strip_right: true },
        N::Strip { strip_left: true, strip_right: false },
        N::Strip { strip_left: false, strip_right: true },
        N::Prepend { prepend: "▁".into() },
        N::Prepend { prepend: String::new() },
        N::Precompiled { precompiled_charsmap: rules() },
        replace(Pattern::String(" ".into()), "▁"),
        replace(Pattern::String("''".into()), "\""),
        replace(Pattern::String("é".into()), ""),
        replace(Pattern::String(String::new()), "|"),
        replace(Pattern::Regex(" {2,}".into()), " "),
        replace(Pattern::Regex("\\s+".into()), " "),
        replace(Pattern::Regex("\\s{2,}".into()), "\u{3000}"),
        replace(Pattern::Regex(" +".into()), " "),
        replace(Pattern::Regex("(?<!\\n)^".into()), "▁"),
        replace(Pattern::Regex("\\s+|$".into()), "_é"),
        replace(Pattern::Regex("(?=a)".into()), "é"),
    ]);
    kinds
}

fn stock_of(config: &NormalizerConfig) -> NormalizerWrapper {
    use NormalizerConfig as N;
    use serde_json::{Value, json};
    fn value(config: &N) -> Value {
        match config {
            N::BertNormalizer { clean_text, handle_chinese_chars, strip_accents, lowercase } => json!({
                "type": "BertNormalizer", "clean_text": clean_text,
                "handle_chinese_chars": handle_chinese_chars, "strip_accents": strip_accents,
                "lowercase": lowercase}),
            N::Strip { strip_left, strip_right } => {
                json!({"type": "Strip", "strip_left": strip_left, "strip_right": strip_right})
            }
            N::StripAccents => json!({"type": "StripAccents"}),
            N::Nfc => json!({"type": "NFC"}),
            N::Nfd => json!({"type": "NFD"}),
            N::Nfkc => json!({"type": "NFKC"}),
            N::Nfkd => json!({"type": "NFKD"}),
            N::Sequence(members) => {
                json!({"type": "Sequence", "normalizers": members.iter().map(value).collect::<Vec<_>>()})
            }
            N::Lowercase => json!({"type": "Lowercase"}),
            N::Nmt => json!({"type": "Nmt"}),
            N::Precompiled { precompiled_charsmap } => {
                json!({"type": "Precompiled", "precompiled_charsmap": precompiled_charsmap})
            }
            N::Replace { pattern: Pattern::String(text), content } => {
                json!({"type": "Replace", "pattern": {"String": text}, "content": content})
            }
            N::Replace { pattern: Pattern::Regex(text), content } => {
                json!({"type": "Replace", "pattern": {"Regex": text}, "content": content})
            }
            N::Prepend { prepend } => json!({"type": "Prepend", "prepend": prepend}),
            N::ByteLevel => json!({"type": "ByteLevel"}),
        }
    }
    serde_json::from_value(value(config)).expect("stock loads what the tests write")
}

/// Stock's text and, for each byte, its original range; `None` where it panics.
type Outcome = Option<(String, Vec<(usize, usize)>)>;

fn of_stock(normalizer: &NormalizerWrapper, text: &str) -> Outcome {
    std::panic::catch_unwind(|| {
        let mut string = NormalizedString::from(text);
        normalizer.normalize(&mut string).expect("stock's normalizers do not fail");
        let ranges = (0..string.get().len())
            .map(|i| {
                let range = string.convert_offsets(Range::Normalized(i..i + 1)).expect("in range");
                (range.start, range.end)
            })
            .collect();
        (string.get().to_owned(), ranges)
    })
    .ok()
}

/// Ours, tracked; also checks what an untracked text must agree in.
fn of_ours(normalizer: &Normalizer, text: &str) -> Outcome {
    let mut tracked = NormalizedText::new(text, 0, true);
    let mut untracked = NormalizedText::new(text, 0, false);
    let outcome = normalizer.normalize(&mut tracked);
    assert_eq!(outcome.is_ok(), normalizer.normalize(&mut untracked).is_ok(), "{text:?}");
    outcome.ok()?;
    assert_eq!(tracked.get(), untracked.get(), "{text:?}");
    let len = tracked.get().len();
    let ranges: Vec<_> = (0..len).map(|i| tracked.original_range_of_bytes(i, i + 1)).collect();
    assert_eq!(tracked.lead(), untracked.lead(), "{text:?}");
    for (i, range) in ranges.iter().enumerate() {
        if tracked.get().is_char_boundary(i) {
            let span = Span::new(i, len);
            assert_eq!(untracked.original_start(span) == 0, range.0 == 0, "{text:?} at {i}");
            assert_eq!(tracked.original_start(span), range.0, "{text:?} at {i}");
        }
    }
    Some((tracked.get().to_owned(), ranges))
}

fn check(config: &NormalizerConfig, text: &str) {
    let ours = Normalizer::compile(config).expect("compiles");
    assert_eq!(of_ours(&ours, text), of_stock(&stock_of(config), text), "{config:?} on {text:?}");
}

/// Characters of every class that some normalizer tells apart.
const INTERESTING: &str = "aAzZ019 .'\t\n\r\u{0}\u{1}\u{b}\u{7f}\u{85}\u{8f}\u{a0}\u{ad}éÉßİıſKÅǅΣςжЖйЙ\
    \u{300}\u{301}\u{307}\u{316}\u{327}\u{345}\u{344}\u{302a}\u{302e}\u{1d165}\u{1d15e}\u{1d16e}\u{93c}\u{94d}\
    \u{915}\u{916}\u{958}\u{9c7}\u{9be}\u{9cb}\u{cca}\u{cc6}\u{cc2}\u{cd5}\u{ccb}\u{f71}\u{f73}\u{f75}\u{f81}\
    \u{f72}\u{1100}\u{1161}\u{11a8}\u{11a7}가각힣\u{ac01}\u{d7b0}中丽\u{f900}\u{2f800}\u{20000}\u{2b820}ｶﾞが\u{3099}か\
    ﬁﷺ①Ａ…▁\u{200b}\u{200c}\u{200d}\u{200e}\u{2028}\u{3000}\u{feff}\u{fffd}\u{e000}\u{f0000}\u{10ffff}\u{378}\
    \u{600}\u{110bd}🏽👩🇦🇧☝\u{fe0f}\u{1e944}\u{1e900}\u{8d4}\u{1cf7}\u{11442}\u{340}\u{2126}\u{1f82}\u{fb2c}\u{fdfa}";

fn interesting() -> Vec<char> {
    INTERESTING.chars().collect()
}

#[test]
fn each_kind_on_pairs_of_interesting_characters() {
    let characters = interesting();
    for config in kinds() {
        let ours = Normalizer::compile(&config).expect("compiles");
        let stock = stock_of(&config);
        let step = characters.len() / 11;
        for (i, &first) in characters.iter().enumerate() {
            let mut text = String::new();
            // Every pair occurs in one long text, some also at the beginning.
            for &second in &characters {
                text.extend([first, second, first, second, second, 'b']);
            }
            assert_eq!(of_ours(&ours, &text), of_stock(&stock, &text), "{config:?}");
            for &second in characters.iter().skip(i % step).step_by(step) {
                let text = format!("{first}{second}");
                assert_eq!(of_ours(&ours, &text), of_stock(&stock, &text), "{config:?} on {text:?}");
            }
        }
    }
}

#[test]
fn cases_once_found() {
    use NormalizerConfig as N;
    let seq = |members: Vec<N>| N::Sequence(members);
    for text in ["", " ", "a", " a b ", "\u{1}\u{1}x\u{ad}y", "\n\na\n", "A\u{302e}\u{316}\u{301}é"] {
        check(&seq(vec![]), text);
        // A character without alignment in front: stock's next steps leave it where it is.
        check(&seq(vec![N::Prepend { prepend: String::new() }, N::Nfc]), text);
        check(&seq(vec![replace(Pattern::Regex("^".into()), "▁"), N::StripAccents, N::Lowercase]), text);
        check(
            &seq(vec![
                replace(Pattern::Regex("^".into()), "▁"),
                N::Strip { strip_left: true, strip_right: true },
            ]),
            text,
        );
        check(&seq(vec![N::Precompiled { precompiled_charsmap: rules() }, N::Nfkd, bert(15)]), text);
    }
}

#[test]
fn changes_that_keep_lengths_need_no_table() {
    let lower = Normalizer::compile(&NormalizerConfig::Lowercase).expect("compiles");
    let mut text = NormalizedText::new("HELLO Привет ÀÉ", 0, true);
    lower.normalize(&mut text).expect("lower case");
    assert_eq!(text.get(), "hello привет àé");
    assert!(text.is_identity());
    let bert = Normalizer::compile(&bert(15)).expect("compiles");
    let mut text = NormalizedText::new("The Quick\tBrown Fox jumps over it", 0, true);
    bert.normalize(&mut text).expect("normalizes");
    assert_eq!(text.get(), "the quick brown fox jumps over it");
    assert!(text.is_identity());
}

#[test]
fn nothing_to_change_is_not_copied() {
    let nfc = Normalizer::compile(&NormalizerConfig::Nfc).expect("compiles");
    let source = "déjà vu, жизнь, 中文字, 한국어 and plain ASCII text of some length";
    let mut text = NormalizedText::new(source, 0, false);
    nfc.normalize(&mut text).expect("normalizes");
    assert_eq!(text.get().as_ptr(), source.as_ptr());
}

fn long() -> bool {
    std::env::var("BUDTIKTOK_LONG").is_ok_and(|value| value == "1")
}

/// The normalizer of a tokenizer.json.
fn config_of(value: &serde_json::Value) -> NormalizerConfig {
    use NormalizerConfig as N;
    let flag = |name: &str| value[name].as_bool();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    match value["type"].as_str().unwrap_or_default() {
        "BertNormalizer" => N::BertNormalizer {
            clean_text: flag("clean_text") == Some(true),
            handle_chinese_chars: flag("handle_chinese_chars") == Some(true),
            strip_accents: flag("strip_accents"),
            lowercase: flag("lowercase") == Some(true),
        },
        "Strip" => N::Strip {
            strip_left: flag("strip_left") == Some(true),
            strip_right: flag("strip_right") == Some(true),
        },
        "StripAccents" => N::StripAccents,
        "NFC" => N::Nfc,
        "NFD" => N::Nfd,
        "NFKC" => N::Nfkc,
        "NFKD" => N::Nfkd,
        "Lowercase" => N::Lowercase,
        "Nmt" => N::Nmt,
        "ByteLevel" => N::ByteLevel,
        "Precompiled" => N::Precompiled { precompiled_charsmap: text(&value["precompiled_charsmap"]) },
        "Prepend" => N::Prepend { prepend: text(&value["prepend"]) },
        "Replace" => match &value["pattern"] {
            pattern if pattern["String"].is_string() => {
                replace(Pattern::String(text(&pattern["String"])), &text(&value["content"]))
            }
            pattern => replace(Pattern::Regex(text(&pattern["Regex"])), &text(&value["content"])),
        },
        "Sequence" => {
            N::Sequence(value["normalizers"].as_array().into_iter().flatten().map(config_of).collect())
        }
        other => panic!("no normalizer {other}"),
    }
}

/// What real tokenizers do to real texts, where those are at hand; else to generated ones.
#[test]
fn real_normalizers_on_real_texts() {
    let mut configs = Vec::new();
    let mut texts = vec![INTERESTING.to_owned(), INTERESTING.repeat(3)];
    if let Some(root) = std::env::var_os("BUDTIKTOK_FIXTURES").map(std::path::PathBuf::from) {
        let folders = |path: std::path::PathBuf| {
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path())
        };
        for folder in folders(root.join("tokenizers")) {
            let Ok(json) = std::fs::read(folder.join("tokenizer.json")) else { continue };
            let value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
            if value["normalizer"].is_object() {
                configs.push(config_of(&value["normalizer"]));
            }
        }
        let stride = if long() { 1 } else { 97 };
        for file in folders(root.join("corpora")).flat_map(folders) {
            let Ok(text) = std::fs::read_to_string(file) else { continue };
            let characters: Vec<char> = text.chars().collect();
            texts.extend(characters.chunks(3000).step_by(stride).map(String::from_iter));
        }
    }
    configs.extend(kinds());
    configs.sort_by_key(|config| format!("{config:?}"));
    configs.dedup();
    for config in configs {
        let ours = Normalizer::compile(&config).expect("compiles");
        let stock = stock_of(&config);
        for text in &texts {
            assert!(of_ours(&ours, text) == of_stock(&stock, text), "{config:?} on {text:?}");
        }
    }
}

/// Every scalar, alone and between letters, in texts of a few thousand characters.
fn sweep(scalars: impl Iterator<Item = char>) {
    let all: Vec<char> = scalars.collect();
    for config in kinds() {
        let ours = Normalizer::compile(&config).expect("compiles");
        let stock = stock_of(&config);
        for chunk in all.chunks(2048) {
            let spaced: String = chunk.iter().flat_map(|&c| [c, ' ']).collect();
            let between: String = chunk.iter().flat_map(|&c| ['E', c, 'b', '\u{301}']).collect();
            for text in [spaced, between] {
                let (ours, stock) = (of_ours(&ours, &text), of_stock(&stock, &text));
                assert!(ours == stock, "{config:?} from U+{:04X}", chunk[0] as u32);
            }
        }
    }
}

/// One scalar of each class and both sides of each boundary between classes.
#[test]
fn boundaries_of_every_class() {
    use crate::unicode::{FLAGS, RECORD_OF};
    let class = |scalar: u32| (FLAGS.get(scalar), RECORD_OF.get(scalar));
    sweep(
        (0..0x11_0000)
            .filter(|&s| s == 0 || class(s) != class(s - 1) || class(s) != class(s + 1))
            .filter_map(char::from_u32)
            // Letters with a mapping of their own are thousands: every third.
            .enumerate()
            .filter(|(i, c)| i % 3 == 0 || !c.is_alphabetic())
            .map(|(_, c)| c),
    );
}

#[test]
fn every_scalar() {
    if long() {
        sweep((0..0x11_0000).filter_map(char::from_u32));
    }
}

#[test]
fn properties_of_the_tables() {
    use crate::unicode::{FLAGS, flags};
    for scalar in (0x80..0x11_0000).filter_map(char::from_u32) {
        let first = scalar.encode_utf8(&mut [0; 4]).as_bytes()[0];
        let bits = FLAGS.get(scalar as u32);
        // What the blockwise check of the normal forms takes for granted.
        if first < 0xCC || first & 0xFE == 0xD0 || (0xE4..=0xE9).contains(&first) {
            assert_eq!(bits & flags::NFC, 0, "{scalar:?}");
        }
        if first & 0xFE == 0xD0 || (0xE4..=0xE9).contains(&first) {
            assert_eq!(bits & flags::NFKC, 0, "{scalar:?}");
        }
        if (0xE4..=0xE9).contains(&first) {
            assert_eq!(bits & (flags::NFD | flags::NFKD), 0, "{scalar:?}");
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select(interesting()),
        2 => prop::char::range(' ', '~'),
        1 => prop::char::range('\u{300}', '\u{370}'),
        1 => any::<char>(),
    ];
    prop::collection::vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}

fn cases() -> u32 {
    if long() { 300_000 } else { 1500 }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn sequences_equal_stock(
        members in prop::collection::vec(prop::sample::select(kinds()), 0..4),
        text in any_text(),
    ) {
        check(&NormalizerConfig::Sequence(members), &text);
    }
}
