//! Real BPE models against stock, on pieces of real texts: ids and offsets.
//!
//! Needs `BUDTIKTOK_FIXTURES`; without it a small model trained here stands in.
//! `BUDTIKTOK_BPE_BYTES` sets how many bytes of each corpus are read (default 150,000).

use std::collections::HashSet;

use budtiktok::config::{BpeConfig, Merges};
use budtiktok::models::bpe::Bpe;
use budtiktok::models::{Alphabet, ModelToken};
use budtiktok::pieces::Span;
use budtiktok::vocabulary::Vocabulary;
use tokenizers::Model as _;
use tokenizers::models::bpe::{BPE, BpeTrainer, Vocab};
use tokenizers::tokenizer::Trainer as _;

mod fixtures;

fn stock(config: &BpeConfig) -> BPE {
    let vocab: Vocab = config.vocab.iter().map(|(id, token)| (token.to_owned(), id)).collect();
    let merges = config.merges.iter().map(|(l, r)| (l.to_owned(), r.to_owned())).collect();
    let mut builder = BPE::builder()
        .vocab_and_merges(vocab, merges)
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

/// GPT-2's byte alphabet.
fn alphabet() -> Vec<char> {
    let printable = |byte: u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut next = 0x100;
    (0..256)
        .map(|byte| {
            let scalar = if printable(byte) {
                byte
            } else {
                next += 1;
                next - 1
            };
            char::from_u32(scalar).unwrap()
        })
        .collect()
}

/// Compares all pieces of a text; each different piece is asked of stock once.
fn compare(name: &str, config: &BpeConfig, kind: Alphabet, text: &str, spans: &[Span]) {
    let model = Bpe::compile(config, kind).unwrap();
    let stock = stock(config);
    let alphabet = alphabet();
    let mut scratch = model.scratch();
    let mut seen = HashSet::new();
    let (mut ids, mut tokens, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for &span in spans {
        let piece = &text.as_bytes()[span.range()];
        ids.clear();
        model.ids(text, &[span], &mut scratch, &mut ids).unwrap();
        all.extend_from_slice(&ids);
        if !seen.insert(piece) {
            continue;
        }
        let (written, raw) = match kind {
            Alphabet::Characters | Alphabet::Spaces => {
                (String::from_utf8(piece.to_vec()).unwrap(), (0..piece.len()).collect::<Vec<_>>())
            }
            Alphabet::RawBytes => {
                let mut raw = Vec::new();
                for (index, &byte) in piece.iter().enumerate() {
                    raw.extend(std::iter::repeat_n(index, alphabet[byte as usize].len_utf8()));
                }
                (piece.iter().map(|&byte| alphabet[byte as usize]).collect(), raw)
            }
        };
        let expected: Vec<ModelToken> = stock
            .tokenize(&written)
            .unwrap()
            .iter()
            .map(|token| ModelToken {
                id: token.id,
                start: span.start + raw[token.offsets.0] as u32,
                end: span.start + raw[token.offsets.1 - 1] as u32 + 1,
                piece: 0,
                surface: false,
            })
            .collect();
        let piece = String::from_utf8_lossy(piece);
        assert_eq!(ids, expected.iter().map(|token| token.id).collect::<Vec<_>>(), "{name}: {piece:?}");
        tokens.clear();
        model.tokens(text, &[span], &mut scratch, &mut tokens).unwrap();
        assert_eq!(tokens, expected, "{name}: {piece:?}");
    }
    // All pieces in one call, with a cache that knows nothing and with one that knows all.
    for scratch in [&mut model.scratch(), &mut scratch] {
        ids.clear();
        model.ids(text, spans, scratch, &mut ids).unwrap();
        assert!(ids == all, "{name}: all pieces at once");
    }
}

/// The pattern's pieces, then longer ones that no pattern makes, then ones of random lengths
/// that cut characters (over bytes).
fn spans(pattern: &str, text: &str, kind: Alphabet) -> Vec<Span> {
    let mut spans = if kind == Alphabet::RawBytes { fixtures::split(pattern, text) } else { Vec::new() };
    let mut state = 12_345_u64;
    for longest in [12, 40, 200, 3000] {
        let mut at = 0;
        while at < text.len() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut end = (at + 1 + (state >> 33) as usize % longest).min(text.len());
            if kind == Alphabet::Characters || state >> 62 == 0 {
                end = fixtures::boundary(text, end);
            }
            // A part of the text is enough for each length.
            if longest > 12 || state >> 60 & 3 == 0 {
                spans.push(Span::new(at, end));
            }
            at = end;
        }
    }
    spans
}

fn run(names: &[&str], kind: Alphabet) {
    let limit = std::env::var("BUDTIKTOK_BPE_BYTES").ok().and_then(|n| n.parse().ok()).unwrap_or(150_000);
    for name in names {
        let json = fixtures::json(name);
        let config = fixtures::bpe(&json);
        let pattern = fixtures::pattern(&json);
        for files in [fixtures::ENGLISH, fixtures::CODE, fixtures::MULTILINGUAL, fixtures::CJK, fixtures::ODD]
        {
            for file in files {
                let mut text = fixtures::corpus(&[file], limit);
                if kind == Alphabet::Characters {
                    text = text.replace(' ', "▁");
                }
                compare(name, &config, kind, &text, &spans(&pattern, &text, kind));
            }
        }
    }
}

#[test]
fn byte_level_models() {
    if fixtures::folder().is_some() {
        run(
            &[
                "gpt2",
                "llama-3",
                "qwen2.5",
                "olmo-2",
                "phi-2",
                "pythia",
                "smollm",
                "polyglot-ko-1.3b",
                "starcoder-decicoder",
                "roberta-base",
                "gpt-oss-20b",
                "falcon-7b",
                "deepseek-r1",
                "mistral-nemo",
                "whisper-tiny",
                "claude-legacy",
                "progen2",
                "texteller",
                "latex-ocr",
                "minimind",
                "nougat-base",
            ],
            Alphabet::RawBytes,
        );
    }
}

#[test]
fn character_models() {
    if fixtures::folder().is_some() {
        run(
            &[
                "llama-2",
                "gemma-2",
                "mistral-7b-v0.1",
                "mistral-7b-v0.3",
                "phi-3-mini",
                "mathstral-7b",
                "chatglm3",
                "clip-vit-base",
                "barthez",
                "hf-docs-tokenizer-wiki",
                "sqlpilot",
                "tortoise-tts",
                "xtts-v2",
            ],
            Alphabet::Characters,
        );
    }
}

#[test]
fn a_model_trained_here() {
    let text = include_str!("../src/config/mod.rs").repeat(2) + "\u{e9}\u{4e2d}\u{56fd} \u{1f600} zzz";
    let alphabet = alphabet();
    let write = |piece: &[u8]| piece.iter().map(|&byte| alphabet[byte as usize]).collect::<String>();
    let spans = spans(fixtures::GPT2, &text, Alphabet::RawBytes);
    let mut trainer = BpeTrainer::builder().vocab_size(900).show_progress(false).build();
    let words: Vec<String> = fixtures::split(fixtures::GPT2, &text)
        .iter()
        .map(|span| write(&text.as_bytes()[span.range()]))
        .collect();
    trainer.feed(words.iter(), |word| Ok(vec![word.to_owned()])).unwrap();
    let mut trained = BPE::default();
    trainer.train(&mut trained).unwrap();
    let json: serde_json::Value = serde_json::to_value(&trained).unwrap();
    let mut merges = Merges::default();
    for merge in json["merges"].as_array().unwrap() {
        merges.push(merge[0].as_str().unwrap(), merge[1].as_str().unwrap());
    }
    let vocab = trained.get_vocab();
    for ignore_merges in [false, true] {
        let config = BpeConfig {
            vocab: Vocabulary::from_pairs(vocab.iter().map(|(token, &id)| (token.as_str(), id))),
            merges: merges.clone(),
            dropout: None,
            unk_token: None,
            continuing_subword_prefix: None,
            end_of_word_suffix: None,
            fuse_unk: false,
            byte_fallback: false,
            ignore_merges,
        };
        compare("trained", &config, Alphabet::RawBytes, &text, &spans);
    }
}
