//! Unigram alone, on pieces cut beforehand: MB/s of text on one core, ids into a vector.
//!
//! `BUDTIKTOK_FIXTURES=... cargo bench -p budtiktok --bench unigram --profile quick -- [tokenizer...]`.
//! "words": a piece from each `▁` to the next; "whole": a document of 2 KB is one piece.
//! "cold": a new scratch (empty cache), each document for the first time; "warm": the same again.
//! Times are of the thread (Linux); the best of some groups of rounds counts.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use budtiktok::config::UnigramConfig;
use budtiktok::models::Alphabet;
use budtiktok::models::unigram::{Unigram, UnigramScratch};
use budtiktok::pieces::Span;

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

const GROUPS: usize = 4;
const ROUNDS: u32 = 2;

/// Time this thread has run; wall time where the system does not tell.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Giving the processor away brings the count up to date.
    std::thread::yield_now();
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = ran.and_then(|line| line.split(' ').next().and_then(|number| number.parse().ok()));
    ran.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn config(name: &str) -> UnigramConfig {
    let json = fixtures::json(name);
    let model = &json["model"];
    let piece = |piece: &serde_json::Value| {
        (piece[0].as_str().unwrap_or_default().to_owned(), piece[1].as_f64().unwrap_or_default())
    };
    UnigramConfig {
        pieces: model["vocab"].as_array().unwrap().iter().map(piece).collect(),
        unk_id: model["unk_id"].as_u64().map(|id| id as usize),
        byte_fallback: model["byte_fallback"].as_bool().unwrap_or(false),
    }
}

fn words(text: &str) -> Vec<Span> {
    let mut starts: Vec<usize> = text.match_indices('▁').map(|(at, _)| at).collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    starts.push(text.len());
    starts.windows(2).map(|pair| Span::new(pair[0], pair[1])).collect()
}

/// The next character's start.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

fn main() {
    if fixtures::folder().is_none() {
        println!("BUDTIKTOK_FIXTURES is not set");
        return;
    }
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    let names = if names.is_empty() {
        ["xlm-roberta-paraphrase-multilingual-mpnet", "t5-small", "llm-jp-v2.1"].map(str::to_owned).to_vec()
    } else {
        names
    };
    for name in &names {
        let config = config(name);
        let mut compiling = Duration::MAX;
        let mut model = None;
        for _ in 0..3 {
            let start = now();
            model = Some(Unigram::compile(&config, Alphabet::Characters).unwrap());
            compiling = compiling.min(now() - start);
        }
        let model = model.unwrap();
        println!("{name}: compiled in {:.1} ms", compiling.as_secs_f64() * 1e3);
        let corpora = [
            ("english", fixtures::ENGLISH),
            ("code", fixtures::CODE),
            ("multilingual", fixtures::MULTILINGUAL),
            ("cjk", fixtures::CJK),
        ];
        for (label, files) in corpora {
            let text = fixtures::corpus(files, 2 << 20).replace([' ', '\n'], "▁");
            let mut bounds: Vec<usize> =
                (0..text.len()).step_by(2048).map(|at| boundary(&text, at)).collect();
            bounds.push(text.len());
            let whole: Vec<&str> = bounds.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            for (kind, pieces) in [
                ("words", whole.iter().map(|text| words(text)).collect::<Vec<_>>()),
                ("whole", whole.iter().map(|text| vec![Span::new(0, text.len())]).collect()),
            ] {
                let (mut cold, mut warm) = (Duration::MAX, Duration::MAX);
                let mut count = 0;
                let mut ids = Vec::new();
                for _ in 0..GROUPS {
                    let mut sums = [Duration::ZERO; 2];
                    for _ in 0..ROUNDS {
                        let mut scratch = UnigramScratch::default();
                        for sum in &mut sums {
                            count = 0;
                            let start = now();
                            for (text, spans) in whole.iter().zip(&pieces) {
                                ids.clear();
                                model.ids(text, spans, &mut scratch, &mut ids).unwrap();
                                count += ids.len();
                            }
                            *sum += now() - start;
                        }
                    }
                    cold = cold.min(sums[0] / ROUNDS);
                    warm = warm.min(sums[1] / ROUNDS);
                }
                let speed = |time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
                println!(
                    "  {label:13} {kind} cold {:6.1} MB/s  warm {:6.1} MB/s  {count} ids",
                    speed(cold),
                    speed(warm)
                );
            }
        }
    }
}
