//! Truncation, post-processors and padding against stock's `post_process`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use budtiktok::ErrorKind;
use budtiktok::config::{
    Direction, PaddingParams, PaddingStrategy, PostProcessorConfig, TemplatePiece, TemplateSpecialToken,
    TruncationParams, TruncationStrategy,
};
use budtiktok::encoding::{Detail, Encoding, TokenText};
use budtiktok::options::{EncodeOptions, Level};
use budtiktok::post_processors::{PostProcessor, post_process};
use budtiktok::truncation::check_stride;
use budtiktok::vocabulary::Vocabulary;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokenizers::models::bpe::BPE;
use tokenizers::{PostProcessorWrapper, Tokenizer};

mod support;

use support::{light, ours, state, stock, strip, value};

fn special_tokens() -> Vec<TemplateSpecialToken> {
    [("[CLS]", vec![101]), ("[SEP]", vec![102]), ("[TWO]", vec![5, 6]), ("[NONE]", vec![])]
        .into_iter()
        .map(|(id, ids)| TemplateSpecialToken {
            id: id.to_string(),
            tokens: ids.iter().map(|n| format!("{id}{n}")).collect(),
            ids,
        })
        .collect()
}

fn template() -> impl Strategy<Value = Vec<TemplatePiece>> {
    let piece = prop_oneof![
        3 => (any::<bool>(), 0u32..3).prop_map(|(second, type_id)| TemplatePiece::Sequence { second, type_id }),
        3 => (prop::sample::select(vec!["[CLS]", "[SEP]", "[TWO]", "[NONE]"]), 0u32..3)
            .prop_map(|(id, type_id)| TemplatePiece::SpecialToken { id: id.to_string(), type_id }),
    ];
    prop::collection::vec(piece, 0..6)
}

fn named(name: &'static str) -> impl Strategy<Value = (String, u32)> {
    (200u32..203).prop_map(move |id| (name.to_string(), id))
}

fn config(depth: u32) -> BoxedStrategy<PostProcessorConfig> {
    let leaf = prop_oneof![
        (any::<bool>(), any::<bool>()).prop_map(|(add_prefix_space, trim_offsets)| {
            PostProcessorConfig::ByteLevel { add_prefix_space, trim_offsets, use_regex: true }
        }),
        (named("</s>"), named("<s>"), any::<bool>(), any::<bool>()).prop_map(
            |(sep, cls, trim_offsets, add_prefix_space)| PostProcessorConfig::Roberta {
                sep,
                cls,
                trim_offsets,
                add_prefix_space
            }
        ),
        (named("[SEP]"), named("[CLS]")).prop_map(|(sep, cls)| PostProcessorConfig::Bert { sep, cls }),
        (template(), template()).prop_map(|(single, pair)| PostProcessorConfig::Template {
            single,
            pair,
            special_tokens: special_tokens()
        }),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    prop_oneof![
        3 => leaf,
        2 => prop::collection::vec(config(depth - 1), 0..4).prop_map(PostProcessorConfig::Sequence),
    ]
    .boxed()
}

fn written(template: &[TemplatePiece]) -> Value {
    template
        .iter()
        .map(|piece| match piece {
            TemplatePiece::Sequence { second, type_id } => {
                json!({"Sequence": {"id": if *second { "B" } else { "A" }, "type_id": type_id}})
            }
            TemplatePiece::SpecialToken { id, type_id } => {
                json!({"SpecialToken": {"id": id, "type_id": type_id}})
            }
        })
        .collect()
}

fn json_of(config: &PostProcessorConfig) -> Value {
    match config {
        PostProcessorConfig::ByteLevel { add_prefix_space, trim_offsets, use_regex } => json!({
            "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets,
            "use_regex": use_regex,
        }),
        PostProcessorConfig::Roberta { sep, cls, trim_offsets, add_prefix_space } => json!({
            "type": "RobertaProcessing", "sep": sep, "cls": cls, "trim_offsets": trim_offsets,
            "add_prefix_space": add_prefix_space,
        }),
        PostProcessorConfig::Bert { sep, cls } => json!({"type": "BertProcessing", "sep": sep, "cls": cls}),
        PostProcessorConfig::Template { single, pair, special_tokens } => {
            let map: serde_json::Map<String, Value> = special_tokens
                .iter()
                .map(|s| (s.id.clone(), json!({"id": s.id, "ids": s.ids, "tokens": s.tokens})))
                .collect();
            json!({
                "type": "TemplateProcessing", "single": written(single), "pair": written(pair),
                "special_tokens": map,
            })
        }
        PostProcessorConfig::Sequence(parts) => {
            json!({"type": "Sequence", "processors": parts.iter().map(json_of).collect::<Vec<_>>()})
        }
    }
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Left, Direction::Right])
}

fn truncation() -> impl Strategy<Value = TruncationParams> {
    let strategy = prop::sample::select(vec![
        TruncationStrategy::LongestFirst,
        TruncationStrategy::LongestFirst,
        TruncationStrategy::OnlyFirst,
        TruncationStrategy::OnlySecond,
    ]);
    (0usize..16, strategy, 0usize..4, direction()).prop_map(|(max_length, strategy, stride, direction)| {
        TruncationParams { direction, max_length, strategy, stride }
    })
}

fn padding() -> impl Strategy<Value = PaddingParams> {
    let strategy =
        prop_oneof![Just(PaddingStrategy::BatchLongest), (0usize..20).prop_map(PaddingStrategy::Fixed)];
    (strategy, direction(), prop::option::of(0usize..7)).prop_map(|(strategy, direction, multiple)| {
        PaddingParams {
            strategy,
            direction,
            pad_to_multiple_of: multiple,
            pad_id: 77,
            pad_type_id: 3,
            pad_token: "<pad>".to_string(),
        }
    })
}

fn stock_direction<T>(direction: Direction, left: T, right: T) -> T {
    match direction {
        Direction::Left => left,
        Direction::Right => right,
    }
}

/// Stock with a model that nobody asks; `None` where it refuses (or, built with overflow checks,
/// panics at) these parameters.
fn stock_tokenizer(config: Option<&PostProcessorConfig>, options: &EncodeOptions) -> Option<Tokenizer> {
    let mut tokenizer: Tokenizer = Tokenizer::new(BPE::default());
    let processor: Option<PostProcessorWrapper> =
        config.map(|config| serde_json::from_value(json_of(config)).unwrap());
    tokenizer.with_post_processor(processor);
    tokenizer.with_padding(options.padding.as_ref().map(|p| tokenizers::PaddingParams {
        strategy: match p.strategy {
            PaddingStrategy::BatchLongest => tokenizers::PaddingStrategy::BatchLongest,
            PaddingStrategy::Fixed(len) => tokenizers::PaddingStrategy::Fixed(len),
        },
        direction: stock_direction(
            p.direction,
            tokenizers::PaddingDirection::Left,
            tokenizers::PaddingDirection::Right,
        ),
        pad_to_multiple_of: p.pad_to_multiple_of,
        pad_id: p.pad_id,
        pad_type_id: p.pad_type_id,
        pad_token: p.pad_token.clone(),
    }));
    let truncation = options.truncation.as_ref().map(|t| tokenizers::TruncationParams {
        direction: stock_direction(
            t.direction,
            tokenizers::TruncationDirection::Left,
            tokenizers::TruncationDirection::Right,
        ),
        max_length: t.max_length,
        strategy: match t.strategy {
            TruncationStrategy::LongestFirst => tokenizers::TruncationStrategy::LongestFirst,
            TruncationStrategy::OnlyFirst => tokenizers::TruncationStrategy::OnlyFirst,
            TruncationStrategy::OnlySecond => tokenizers::TruncationStrategy::OnlySecond,
        },
        stride: t.stride,
    });
    let set = catch_unwind(AssertUnwindSafe(|| tokenizer.with_truncation(truncation).is_ok()));
    matches!(set, Ok(true)).then_some(tokenizer)
}

fn compare(
    config: Option<&PostProcessorConfig>,
    first: &Value,
    second: Option<&Value>,
    mut options: EncodeOptions,
) -> Result<(), TestCaseError> {
    let Some(tokenizer) = stock_tokenizer(config, &options) else { return Ok(()) };
    let processor = config.map(|config| PostProcessor::compile(config).unwrap());
    if let Some(processor) = &processor {
        use tokenizers::PostProcessor as _;
        let stock = tokenizer.get_post_processor().unwrap();
        prop_assert_eq!(processor.added_tokens(false), stock.added_tokens(false));
        prop_assert_eq!(processor.added_tokens(true), stock.added_tokens(true));
        let added = if options.add_special_tokens { stock.added_tokens(second.is_some()) } else { 0 };
        if options.truncation.as_ref().is_some_and(|t| t.max_length < added) {
            // Wraps in a release build, panics in this one: see `room_that_wraps`.
            return Ok(());
        }
    }
    let full = post_process(ours(first), second.map(ours), &options, processor.as_ref());
    options.level = Level::Ids;
    let strip = |state: &Value| strip(ours(state));
    let ids = post_process(strip(first), second.map(strip), &options, processor.as_ref());
    let expected = catch_unwind(AssertUnwindSafe(|| {
        tokenizer.post_process(stock(first), second.map(stock), options.add_special_tokens)
    }));
    match (expected, full) {
        (Ok(Ok(expected)), Ok(full)) => {
            let expected = serde_json::to_value(&expected).unwrap();
            prop_assert_eq!(&value(&full), &expected);
            prop_assert!(full.is_whole());
            prop_assert_eq!(value(&ids.unwrap()), light(&expected));
        }
        (Ok(Err(expected)), Err(error)) => {
            prop_assert_eq!(error.kind(), &ErrorKind::Stock);
            prop_assert_eq!(error.to_string(), expected.to_string());
            prop_assert_eq!(ids.unwrap_err(), error);
        }
        (Err(_), Err(error)) => {
            prop_assert_eq!(error.kind(), &ErrorKind::WouldPanic);
            prop_assert_eq!(ids.unwrap_err(), error);
        }
        (expected, full) => prop_assert!(false, "stock {:?}, ours {:?}", expected.is_ok(), full),
    }
    Ok(())
}

proptest! {
    #![proptest_config(support::cases(1500))]

    #[test]
    fn whole_step_equals_stock(
        config in prop::option::weighted(0.9, config(2)),
        first in state(1),
        second in prop::option::of(state(1)),
        truncation in prop::option::of(truncation()),
        padding in prop::option::weighted(0.3, padding()),
        add_special_tokens in any::<bool>(),
    ) {
        let options = EncodeOptions {
            add_special_tokens,
            encode_special_tokens: false,
            truncation,
            padding,
            level: Level::Full,
            fast: false,
        };
        compare(config.as_ref(), &first, second.as_ref(), options)?;
    }
}

fn options(add_special_tokens: bool, truncation: Option<TruncationParams>) -> EncodeOptions {
    EncodeOptions {
        add_special_tokens,
        encode_special_tokens: false,
        truncation,
        padding: None,
        level: Level::Full,
        fast: false,
    }
}

/// The words of `range`, three characters and a space each, as an encoding.
fn words(range: std::ops::Range<usize>, type_id: u32) -> Encoding {
    let mut at = 0;
    let mut detail = Detail::default();
    for (i, word) in range.clone().enumerate() {
        let text = format!("w{word}");
        detail.offsets.push((at, at + text.len()));
        at += text.len() + 1;
        detail.tokens.push(TokenText::Text(Arc::from(text)));
        detail.words.push(Some(i as u32));
    }
    Encoding::from_columns(range.map(|id| id as u32).collect(), detail, type_id)
}

#[test]
fn overflow_of_the_installed_version() {
    let processor = |name: &str| {
        let (sep, cls) = (("[SEP]".to_string(), 21), ("[CLS]".to_string(), 20));
        let special = |id: &str, type_id| TemplatePiece::SpecialToken { id: id.to_string(), type_id };
        let sequence = |second, type_id| TemplatePiece::Sequence { second, type_id };
        Some(match name {
            "bert" => PostProcessorConfig::Bert { sep, cls },
            "roberta" => {
                PostProcessorConfig::Roberta { sep, cls, trim_offsets: true, add_prefix_space: true }
            }
            "template" => PostProcessorConfig::Template {
                single: vec![special("[CLS]", 0), sequence(false, 0), special("[SEP]", 0)],
                pair: vec![
                    special("[CLS]", 0),
                    sequence(false, 0),
                    special("[SEP]", 0),
                    sequence(true, 1),
                    special("[SEP]", 1),
                ],
                special_tokens: [cls, sep]
                    .into_iter()
                    .map(|(id, n)| TemplateSpecialToken { tokens: vec![id.clone()], ids: vec![n], id })
                    .collect(),
            },
            _ => return None,
        })
    };
    let mut cases = 0;
    for line in include_str!("testdata/overflow.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let number = |key: &str| row[key].as_u64().map(|n| n as usize);
        let truncation = TruncationParams {
            direction: if row["direction"] == "left" { Direction::Left } else { Direction::Right },
            max_length: number("max_length").unwrap(),
            strategy: match row["strategy"].as_str().unwrap() {
                "only_first" => TruncationStrategy::OnlyFirst,
                "only_second" => TruncationStrategy::OnlySecond,
                _ => TruncationStrategy::LongestFirst,
            },
            stride: number("stride").unwrap(),
        };
        let processor = processor(row["processor"].as_str().unwrap())
            .map(|config| PostProcessor::compile(&config).unwrap());
        let first = words(0..number("first").unwrap(), 0);
        let second = number("second").map(|count| words(12 - count..12, 1));
        let result = post_process(first, second, &options(true, Some(truncation)), processor.as_ref());
        match row["error"].as_str() {
            Some(text) => assert_eq!(format!("Exception: {}", result.unwrap_err()), text, "{line}"),
            None => assert_eq!(value(&result.unwrap()), row["expected"], "{line}"),
        }
        cases += 1;
    }
    assert_eq!(cases, 64);
}

#[test]
fn room_that_wraps() {
    let bert = PostProcessorConfig::Bert { sep: ("[SEP]".to_string(), 21), cls: ("[CLS]".to_string(), 20) };
    let bert = PostProcessor::compile(&bert).unwrap();
    let truncation = TruncationParams {
        direction: Direction::Right,
        max_length: 1,
        strategy: TruncationStrategy::LongestFirst,
        stride: 0,
    };
    let cut = |add| {
        let options = options(add, Some(truncation.clone()));
        post_process(words(0..5, 0), None, &options, Some(&bert)).unwrap().ids
    };
    assert_eq!(cut(true), [20, 0, 1, 2, 3, 4, 21]);
    assert_eq!(cut(false), [0]);
    let error =
        check_stride(&TruncationParams { max_length: 3, stride: 2, ..truncation.clone() }, 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tokenizer stride set to 2, which is greater than or equal to its effective max length of 1 \
         (= 3 original max length - 2 added special tokens), "
    );
    assert!(check_stride(&TruncationParams { max_length: 4, stride: 2, ..truncation }, 2).is_ok());
}

/// A long text's tokens are trimmed by a table made from the vocabulary; short texts and strings
/// of their own go the slow way. All must agree, also for a vocabulary other than the first seen.
#[test]
fn trimming_by_table() {
    let texts = ["a", "Ġb", " ", "Ġ", "ĠĠ", "b ", "c\u{85}Ġ", "\u{a0}d", "é", "", "Ġ Ġ"];
    let long = "Ġ".repeat(20);
    let vocabulary = |shift: usize| {
        let pairs = texts.iter().copied().chain([long.as_str()]).enumerate();
        Arc::new(Vocabulary::from_pairs(pairs.map(|(i, text)| (text, ((i + shift) % 12) as u32))))
    };
    for processor in [
        PostProcessorConfig::ByteLevel { add_prefix_space: true, trim_offsets: true, use_regex: true },
        PostProcessorConfig::ByteLevel { add_prefix_space: false, trim_offsets: true, use_regex: true },
    ] {
        let processor = PostProcessor::compile(&processor).unwrap();
        for vocabulary in [vocabulary(0), vocabulary(3)] {
            let encoding = |count: usize| {
                let detail = Detail {
                    // The last id is nobody's.
                    tokens: (0..count).map(|i| TokenText::Vocabulary((i % 13) as u32)).collect(),
                    words: vec![None; count],
                    offsets: (0..count).map(|i| (i % 7, i % 7 + i % 30)).collect(),
                    vocabulary: Some(Arc::clone(&vocabulary)),
                };
                Encoding::from_columns((0..count).map(|i| (i % 13) as u32).collect(), detail, 0)
            };
            for count in [100, 1000, 200] {
                let by_id = encoding(count);
                let by_text = Encoding::from_json(by_id.to_json().unwrap().as_bytes()).unwrap();
                assert_eq!(
                    value(&processor.process(by_id, None, true).unwrap()),
                    value(&processor.process(by_text, None, true).unwrap())
                );
            }
        }
    }
}

#[test]
fn templates_that_cannot_be_followed() {
    let sequence = |second| TemplatePiece::Sequence { second, type_id: 0 };
    let compile = |single: Vec<TemplatePiece>, special_tokens| {
        PostProcessor::compile(&PostProcessorConfig::Template { single, pair: vec![], special_tokens })
    };
    let missing = TemplatePiece::SpecialToken { id: "[X]".to_string(), type_id: 0 };
    let template = compile(vec![missing, sequence(false)], vec![]).unwrap();
    assert_eq!(template.added_tokens(false), 0);
    assert_eq!(template.process(words(0..2, 0), None, true).unwrap_err().kind(), &ErrorKind::WouldPanic);
    assert_eq!(template.process(words(0..2, 0), None, false).unwrap().ids, [0, 1]);
    let template = compile(vec![sequence(true)], vec![]).unwrap();
    assert_eq!(template.process(words(0..2, 0), None, true).unwrap_err().kind(), &ErrorKind::WouldPanic);
    let uneven = TemplateSpecialToken { id: "a".to_string(), ids: vec![1, 2], tokens: vec!["a".to_string()] };
    assert!(matches!(
        compile(vec![], vec![uneven]).unwrap_err().kind(),
        ErrorKind::Unsupported { part: "post_processor", .. }
    ));
}
