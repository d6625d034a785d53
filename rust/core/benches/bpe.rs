//! BPE alone, on pieces cut beforehand: MB/s of text on one core, ids into a vector.
//!
//! `BUDTIKTOK_FIXTURES=... cargo bench -p budtiktok --bench bpe --profile quick -- [tokenizer...]`;
//! `BUDTIKTOK_BENCH_CORPUS=english` runs one corpus only, `BUDTIKTOK_BENCH_CORPUS=growth` times
//! single pieces of up to 4 MB: doubling the length should about double the time.
//! "cold": a new scratch (empty cache), text in documents of 2 KB, each seen for the first time;
//! "warm": the same again. Times are of the thread (Linux), so that a busy machine disturbs less;
//! the best of some groups of rounds counts.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use budtiktok::models::Alphabet;
use budtiktok::models::bpe::Bpe;
use budtiktok::pieces::Span;

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

const GROUPS: usize = 4;
const ROUNDS: u32 = 5;

/// Time this thread has run; wall time where the system does not tell.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Giving the processor away brings the count up to date.
    std::thread::yield_now();
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = ran.and_then(|line| line.split(' ').next().and_then(|number| number.parse().ok()));
    ran.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// Documents: a text and its pieces.
fn documents(text: &str, spans: &[Span]) -> Vec<(String, Vec<Span>)> {
    let mut list = Vec::new();
    let mut first = 0;
    while first < spans.len() {
        let start = spans[first].start;
        let mut last = first;
        while last + 1 < spans.len() && spans[last].end - start < 2048 {
            last += 1;
        }
        let end = spans[last].end;
        let pieces = spans[first..=last].iter().map(|s| Span { start: s.start - start, end: s.end - start });
        list.push((text[start as usize..end as usize].to_owned(), pieces.collect()));
        first = last + 1;
    }
    list
}

/// One piece of each length, of kinds that are hard for a merge.
fn growth(model: &Bpe, spm: bool) {
    let mut state = 1_u64;
    let mut cjk = String::new();
    while cjk.len() < 4 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cjk.extend(char::from_u32(0x4E00 + (state >> 33) as u32 % 0x5200));
    }
    let words = fixtures::corpus(fixtures::ENGLISH, 4 << 20).replace(' ', if spm { "▁" } else { " " });
    let texts = [
        ("a", "a".repeat(4 << 20)),
        ("ab", "ab".repeat(2 << 20)),
        ("space", if spm { "▁".repeat((4 << 20) / 3) } else { " ".repeat(4 << 20) }),
        ("cjk", cjk),
        ("marks", "e\u{301}".repeat((4 << 20) / 3)),
        ("english", words),
    ];
    for (label, text) in texts {
        let mut line = format!("  {label:8}");
        let mut last: Option<f64> = None;
        for shift in (0..4).rev() {
            let end = fixtures::boundary(&text, text.len() >> shift);
            let mut best = f64::MAX;
            for _ in 0..2 {
                let mut scratch = model.scratch();
                let mut ids = Vec::new();
                let start = now();
                model.ids(&text, &[Span::new(0, end)], &mut scratch, &mut ids).unwrap();
                best = best.min((now() - start).as_secs_f64() * 1e3);
            }
            line += &format!("  {:5.2} MB {best:7.1} ms", end as f64 / 1e6);
            line += &last.map_or(String::new(), |last| format!(" x{:.2}", best / last));
            last = Some(best);
        }
        println!("{line}");
    }
}

fn main() {
    if fixtures::folder().is_none() {
        println!("BUDTIKTOK_FIXTURES is not set");
        return;
    }
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    let names = if names.is_empty() {
        ["gpt2", "llama-3", "qwen2.5", "gpt-oss-20b"].map(str::to_owned).to_vec()
    } else {
        names
    };
    let only = std::env::var("BUDTIKTOK_BENCH_CORPUS").ok();
    for name in &names {
        let json = fixtures::json(name);
        let config = fixtures::bpe(&json);
        let mut compiling = Duration::MAX;
        let mut model = None;
        let spm = config.byte_fallback;
        let alphabet = if spm { Alphabet::Characters } else { Alphabet::RawBytes };
        for _ in 0..3 {
            let start = now();
            model = Some(Bpe::compile(&config, alphabet).unwrap());
            compiling = compiling.min(now() - start);
        }
        let model = model.unwrap();
        println!("{name}: compiled in {:.1} ms", compiling.as_secs_f64() * 1e3);
        let pattern = fixtures::pattern(&json);
        if only.as_deref() == Some("growth") {
            growth(&model, spm);
            continue;
        }
        let corpora = [
            ("english", fixtures::ENGLISH),
            ("code", fixtures::CODE),
            ("multilingual", fixtures::MULTILINGUAL),
            ("cjk", fixtures::CJK),
        ];
        for (label, files) in corpora {
            if only.as_ref().is_some_and(|only| only != label) {
                continue;
            }
            let text = fixtures::corpus(files, 4 << 20);
            let documents: Vec<_> = if spm {
                let text = text.replace(' ', "▁");
                let mut bounds: Vec<usize> =
                    (0..text.len()).step_by(2048).map(|at| fixtures::boundary(&text, at)).collect();
                bounds.push(text.len());
                bounds
                    .windows(2)
                    .map(|pair| (text[pair[0]..pair[1]].to_owned(), vec![Span::new(0, pair[1] - pair[0])]))
                    .collect()
            } else {
                documents(&text, &fixtures::split(&pattern, &text))
            };
            let bytes: usize = documents.iter().map(|(text, _)| text.len()).sum();
            let pieces: usize = documents.iter().map(|(_, spans)| spans.len()).sum();
            let (mut cold, mut warm) = (Duration::MAX, Duration::MAX);
            let mut count = 0;
            let mut ids = Vec::new();
            for _ in 0..GROUPS {
                let mut sums = [Duration::ZERO; 2];
                for _ in 0..ROUNDS {
                    let mut scratch = model.scratch();
                    for sum in &mut sums {
                        count = 0;
                        let start = now();
                        for (text, spans) in &documents {
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
            let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
            let per_piece = |time: Duration| time.as_secs_f64() * 1e9 / pieces as f64;
            println!(
                "  {label:13} cold {:6.1} MB/s ({:5.1} ns a piece)  warm {:6.1} MB/s ({:5.1} ns)  {:.2} bytes a piece, {count} ids",
                speed(cold),
                per_piece(cold),
                speed(warm),
                per_piece(warm),
                bytes as f64 / pieces as f64,
            );
        }
    }
}
