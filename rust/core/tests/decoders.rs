//! Decoders against stock's: random chains, over random tokens, ids and streams of ids.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use budtiktok::ErrorKind;
use budtiktok::config::{DecoderConfig, Pattern, PrependScheme};
use budtiktok::decoders::{DecodeStream, DecodeTokens, Decoder, IdDecoder};
use budtiktok::vocabulary::Vocabulary;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokenizers::{Decoder as _, DecoderWrapper, Tokenizer};

#[path = "support/cases.rs"]
mod cases;

const TOKENS: [&str; 56] = [
    "a", "Ġb", "▁c", "▁", "▁▁d", "##e", "<0x41>", "<0xE2>", "<0x96>", "<0x81>", "<0xF0>", "<0xC3>", "<0xA9>",
    "<0x20>", "<0x+a>", "<0xGG>", "<0xé>", "é", " ", "  x", ".", "n't", "'s", " '", "'", "do not", "'ve",
    "|", "<pad>", "</w>", "f</w>", "Ã", "©", "â", "ĸ", "ģ", "ł", "\u{FFFD}", "\n", " lead", "", "漢", "ðŁĺ",
    "Ģ", "Ĥ", "ĉ", "Ċ x", "##", "▁ ▁", "x|y", "?", "<0xef>", "<0xbf>", "<0xbd>", "ï", "¿½",
];

/// Added tokens: content, special, normalized.
const ADDED: [(&str, bool, bool); 5] = [
    ("<s>", true, false),
    ("[SEP]", true, true),
    ("<plain>", false, false),
    ("UP", false, true),
    ("a", true, false),
];

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        3 => Just(Pattern::String("▁".to_string())),
        1 => prop::sample::select(vec!["a", "", "</w>", " ", "x|y", "."])
            .prop_map(|text| Pattern::String(text.to_string())),
        1 => prop::sample::select(vec!["▁", "(?<!\\n)^ ", "[a-c]", "", "x*", "$", "\\s+"])
            .prop_map(|text| Pattern::Regex(text.to_string())),
    ]
}

fn config(depth: u32) -> BoxedStrategy<DecoderConfig> {
    let scheme =
        prop::sample::select(vec![PrependScheme::Always, PrependScheme::Never, PrependScheme::First]);
    let leaf = prop_oneof![
        1 => prop::sample::select(vec!["</w>", "", "a"])
            .prop_map(|suffix| DecoderConfig::BpeDecoder { suffix: suffix.to_string() }),
        2 => Just(DecoderConfig::ByteLevel { add_prefix_space: true, trim_offsets: true, use_regex: true }),
        2 => (prop::sample::select(vec!["##", ""]), any::<bool>())
            .prop_map(|(prefix, cleanup)| DecoderConfig::WordPiece { prefix: prefix.to_string(), cleanup }),
        2 => scheme.prop_map(|prepend_scheme| {
            DecoderConfig::Metaspace { replacement: '▁', prepend_scheme, split: true }
        }),
        1 => (prop::sample::select(vec!["<pad>", ""]), any::<bool>()).prop_map(|(pad, cleanup)| {
            DecoderConfig::Ctc { pad_token: pad.to_string(), word_delimiter_token: "|".to_string(), cleanup }
        }),
        2 => (pattern(), prop::sample::select(vec![" ", "", "b\u{FFFD}"]))
            .prop_map(|(pattern, content)| DecoderConfig::Replace { pattern, content: content.to_string() }),
        2 => Just(DecoderConfig::Fuse),
        2 => (prop::sample::select(vec![' ', '▁', 'a']), 0usize..3, prop_oneof![3 => Just(0usize), 1 => 0usize..3])
            .prop_map(|(content, start, stop)| DecoderConfig::Strip { content, start, stop }),
        2 => Just(DecoderConfig::ByteFallback),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let llama = (0usize..3, prop::sample::select(vec![None, Some(' '), Some('\u{FFFD}')])).prop_map(
        |(start, strips)| {
            let mut stages = vec![
                DecoderConfig::Replace {
                    pattern: Pattern::String("▁".to_string()),
                    content: " ".to_string(),
                },
                DecoderConfig::ByteFallback,
                DecoderConfig::Fuse,
            ];
            stages.extend(strips.map(|content| DecoderConfig::Strip { content, start, stop: 0 }));
            DecoderConfig::Sequence(stages)
        },
    );
    prop_oneof![
        3 => leaf,
        2 => llama,
        3 => prop::collection::vec(config(depth - 1), 0..5).prop_map(DecoderConfig::Sequence),
    ]
    .boxed()
}

fn json_of(config: &DecoderConfig) -> Value {
    match config {
        DecoderConfig::BpeDecoder { suffix } => json!({"type": "BPEDecoder", "suffix": suffix}),
        DecoderConfig::ByteLevel { add_prefix_space, trim_offsets, use_regex } => json!({
            "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets,
            "use_regex": use_regex,
        }),
        DecoderConfig::WordPiece { prefix, cleanup } => {
            json!({"type": "WordPiece", "prefix": prefix, "cleanup": cleanup})
        }
        DecoderConfig::Metaspace { replacement, prepend_scheme, split } => {
            let scheme = match prepend_scheme {
                PrependScheme::First => "first",
                PrependScheme::Never => "never",
                PrependScheme::Always => "always",
            };
            json!({"type": "Metaspace", "replacement": replacement, "prepend_scheme": scheme, "split": split})
        }
        DecoderConfig::Ctc { pad_token, word_delimiter_token, cleanup } => json!({
            "type": "CTC", "pad_token": pad_token, "word_delimiter_token": word_delimiter_token,
            "cleanup": cleanup,
        }),
        DecoderConfig::Sequence(parts) => {
            json!({"type": "Sequence", "decoders": parts.iter().map(json_of).collect::<Vec<_>>()})
        }
        DecoderConfig::Replace { pattern, content } => {
            let pattern = match pattern {
                Pattern::String(text) => json!({"String": text}),
                Pattern::Regex(text) => json!({"Regex": text}),
            };
            json!({"type": "Replace", "pattern": pattern, "content": content})
        }
        DecoderConfig::Fuse => json!({"type": "Fuse"}),
        DecoderConfig::Strip { content, start, stop } => {
            json!({"type": "Strip", "content": content, "start": start, "stop": stop})
        }
        DecoderConfig::ByteFallback => json!({"type": "ByteFallback"}),
    }
}

/// Whether the oracle, built with overflow checks, panics where a release build does not: a
/// BPEDecoder that gets no tokens.
fn counts_below_zero(config: &DecoderConfig, tokens: usize) -> bool {
    let is_bpe = |config: &DecoderConfig| matches!(config, DecoderConfig::BpeDecoder { .. });
    fn any(config: &DecoderConfig, test: &dyn Fn(&DecoderConfig) -> bool) -> bool {
        match config {
            DecoderConfig::Sequence(parts) => parts.iter().any(|part| any(part, test)),
            config => test(config),
        }
    }
    any(config, &is_bpe) && (tokens == 0 || any(config, &|c| matches!(c, DecoderConfig::Ctc { .. })))
}

fn stock_tokenizer(config: Option<&DecoderConfig>) -> Tokenizer {
    let vocabulary: serde_json::Map<String, Value> =
        TOKENS.iter().enumerate().map(|(id, token)| (token.to_string(), json!(id))).collect();
    let added: Vec<Value> = ADDED
        .iter()
        .map(|(content, special, normalized)| {
            json!({
                "id": 0, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": normalized, "special": special,
            })
        })
        .collect();
    let file = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": null, "post_processor": null,
        "decoder": config.map(json_of),
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "a"},
    });
    file.to_string().parse().unwrap()
}

fn ours(config: Option<&DecoderConfig>) -> IdDecoder {
    let pairs = TOKENS.iter().enumerate().map(|(id, token)| (*token, id as u32));
    let vocabulary = Arc::new(Vocabulary::from_pairs(pairs));
    let mut next = TOKENS.len() as u32;
    let mut added = Vec::new();
    for (content, _, normalized) in ADDED {
        let id = vocabulary.id(content).unwrap_or_else(|| {
            next += 1;
            next - 1
        });
        added.push((id, if normalized { content.to_lowercase() } else { content.to_string() }));
    }
    let special = ADDED.iter().filter(|token| token.1).map(|token| token.0);
    IdDecoder::compile(config, DecodeTokens::new(vocabulary, added, special)).unwrap()
}

fn ids(most: usize) -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        prop::collection::vec(0u32..64, 0..most),
        // Mostly bytes.
        prop::collection::vec(prop_oneof![6u32..14, 31u32..38, 51u32..56, 0u32..64], 0..most),
    ]
}

proptest! {
    #![proptest_config(cases::cases(3000))]

    #[test]
    fn tokens_equal_stock(
        config in config(2),
        tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..9),
    ) {
        if counts_below_zero(&config, tokens.len()) {
            return Ok(());
        }
        let tokens: Vec<String> = tokens.into_iter().map(str::to_string).collect();
        let stock: DecoderWrapper = serde_json::from_value(json_of(&config)).unwrap();
        let expected = catch_unwind(AssertUnwindSafe(|| stock.decode(tokens.clone()).unwrap()));
        match (expected, Decoder::compile(&config).unwrap().decode(tokens)) {
            (Ok(expected), Ok(text)) => prop_assert_eq!(text, expected),
            (Err(_), Err(error)) => prop_assert_eq!(error.kind(), &ErrorKind::WouldPanic),
            (expected, text) => prop_assert!(false, "stock {:?}, ours {:?}", expected.is_ok(), text),
        }
    }

    #[test]
    fn ids_equal_stock(config in prop::option::weighted(0.95, config(2)), lists in prop::collection::vec(ids(12), 1..4)) {
        let stock = stock_tokenizer(config.as_ref());
        let ours = ours(config.as_ref());
        // The later ones go through the arena.
        for ids in lists.iter().chain(&lists) {
            for skip in [false, true] {
                let slow = ours.decode_slowly(ids, skip);
                let fast = ours.decode(ids, skip);
                prop_assert_eq!(&fast, &slow);
                if config.as_ref().is_some_and(|config| counts_below_zero(config, 0)) {
                    continue;
                }
                match (catch_unwind(AssertUnwindSafe(|| stock.decode(ids, skip).unwrap())), fast) {
                    (Ok(expected), Ok(text)) => prop_assert_eq!(text, expected),
                    (Err(_), Err(error)) => prop_assert_eq!(error.kind(), &ErrorKind::WouldPanic),
                    (expected, text) => prop_assert!(false, "stock {:?}, ours {:?}", expected.is_ok(), text),
                }
            }
        }
    }

    #[test]
    fn streams_equal_stock(
        config in prop::option::weighted(0.95, config(2)),
        prompt in ids(4),
        steps in prop::collection::vec(prop_oneof![8 => ids(2), 1 => ids(4)], 0..24),
        skip in any::<bool>(),
    ) {
        if config.as_ref().is_some_and(|config| counts_below_zero(config, 0)) {
            return Ok(());
        }
        let stock = stock_tokenizer(config.as_ref());
        let ours = ours(config.as_ref());
        let other = self::ours(config.as_ref());
        let mut stream = DecodeStream::new(prompt.clone(), skip);
        let (mut ids, mut prefix, mut prefix_index) = (prompt, String::new(), 0);
        for (i, step) in steps.iter().enumerate() {
            let expected = catch_unwind(AssertUnwindSafe(|| {
                tokenizers::tokenizer::step_decode_stream(
                    &stock, step.clone(), skip, &mut ids, &mut prefix, &mut prefix_index,
                )
                .map_err(|error| error.to_string())
            }));
            // A stream does not mind which of two equal decoders it is given.
            let decoder = if i % 7 == 6 { &other } else { &ours };
            match (expected, stream.step(decoder, step)) {
                (Ok(Ok(expected)), Ok(text)) => prop_assert_eq!(text, expected),
                (Ok(Err(expected)), Err(error)) => {
                    prop_assert_eq!(error.kind(), &ErrorKind::Stock);
                    prop_assert_eq!(error.to_string(), expected);
                }
                (Err(_), Err(error)) => prop_assert_eq!(error.kind(), &ErrorKind::WouldPanic),
                (expected, text) => prop_assert!(false, "stock {:?}, ours {:?}", expected.is_ok(), text),
            }
        }
    }
}
