//! The whole pipeline beside stock, in one process: MB/s of text on one core, ids only.
//!
//! `BUDTIKTOK_FIXTURES=... cargo bench -p budtiktok --bench pipeline --profile quick -- [tokenizer...]`;
//! `BUDTIKTOK_BENCH_CORPUS=english` runs one corpus only, `BUDTIKTOK_BENCH_BYTES` says how much of
//! each. `BUDTIKTOK_BENCH_STOCK=0` leaves stock out. `BUDTIKTOK_BENCH_CORPUS=growth` encodes single
//! texts of 1, 2 and 4 MB that are hard for some part: doubling the length should about double the
//! time; and tells what memory the longest took at most (Linux), in bytes a byte of text.
//! "cold": new scratch (empty caches), documents of 2 KB, each seen for the first time; "warm":
//! the same again. Times are of the thread (Linux), the best of some rounds; stock runs once.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use budtiktok::Tokenizer;
use budtiktok::options::{EncodeOptions, Input, Level, Semantics, Sequence};

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

const ROUNDS: u32 = 5;
const OPTIONS: EncodeOptions = EncodeOptions {
    add_special_tokens: false,
    encode_special_tokens: false,
    truncation: None,
    padding: None,
    level: Level::Ids,
    fast: false,
};

/// Time this thread has run; wall time where the system does not tell.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Giving the processor away brings the count up to date.
    std::thread::yield_now();
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = ran.and_then(|line| line.split(' ').next().and_then(|number| number.parse().ok()));
    ran.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// An even share of every file of a kind, as the Python benchmarks take it.
fn text(kind: &str, bytes: usize) -> String {
    let folder = fixtures::folder().unwrap().join("corpora").join(kind);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|file| file.path()).collect();
    files.sort();
    let share = bytes / files.len().max(1);
    files
        .iter()
        .map(|file| {
            let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
            text[..fixtures::boundary(&text, share.min(text.len()))].to_owned()
        })
        .collect()
}

fn documents(text: &str) -> Vec<&str> {
    let mut bounds: Vec<usize> =
        (0..text.len()).step_by(2048).map(|at| fixtures::boundary(text, at)).collect();
    bounds.push(text.len());
    bounds.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

fn ours(tokenizer: &Tokenizer, documents: &[&str]) -> (Duration, Duration, usize) {
    let (mut cold, mut warm, mut count) = (Duration::MAX, Duration::MAX, 0);
    // Kept, so that each round's scratch is a new one.
    let mut used = Vec::new();
    for _ in 0..ROUNDS {
        let mut scratch = tokenizer.scratch();
        let mut encode = |text: &str| {
            let input = Input { first: Sequence::Raw(text), second: None };
            tokenizer.encode(&input, &OPTIONS, &mut scratch).unwrap().ids.len()
        };
        encode("A short text, so that everything is built, and no word is seen: zyxwv 13579.");
        for best in [&mut cold, &mut warm] {
            let start = now();
            count = documents.iter().map(|text| encode(text)).sum();
            *best = (*best).min(now() - start);
        }
        used.push(scratch);
    }
    (cold, warm, count)
}

/// Texts of 4 MB.
fn long_texts() -> [(&'static str, String); 5] {
    const SIZE: usize = 4 << 20;
    let mut state = 1_u64;
    let mut cjk = String::new();
    while cjk.len() < SIZE {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cjk.extend(char::from_u32(0x4E00 + (state >> 33) as u32 % 0x5200));
    }
    let of = |unit: &str| unit.repeat(SIZE / unit.len());
    [
        ("letter", of("a")),
        ("spaces", of(" ")),
        ("cjk", cjk),
        ("marks", of("e\u{301}")),
        ("many marks", of("a\u{301}\u{302}\u{323}\u{301}\u{302}\u{323}\u{301}\u{302}\u{323}")),
    ]
}

/// A line of /proc/self/status, in bytes.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    found.and_then(|text| text.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0.0) * 1024.0
}

fn growth(name: &str, tokenizer: &Tokenizer) {
    for (label, text) in long_texts() {
        print!("{name:34} {label:11}");
        let mut last: Option<f64> = None;
        let mut bytes = 0.0;
        for shift in [2, 1, 0] {
            let text = &text[..fixtures::boundary(&text, text.len() >> shift)];
            let input = Input { first: Sequence::Raw(text), second: None };
            let mut best = f64::MAX;
            for _ in 0..2 {
                let mut scratch = tokenizer.scratch();
                // The peak starts over.
                let _ = std::fs::write("/proc/self/clear_refs", "5");
                let before = memory("VmRSS");
                let start = now();
                tokenizer.encode(&input, &OPTIONS, &mut scratch).unwrap();
                best = best.min((now() - start).as_secs_f64() * 1e3);
                bytes = (memory("VmHWM") - before) / text.len() as f64;
            }
            print!(" {best:8.1} ms");
            print!("{}", last.map_or(String::new(), |last| format!(" x{:.2}", best / last)));
            last = Some(best);
        }
        println!("  {bytes:5.1} bytes a byte");
    }
}

fn main() {
    let Some(folder) = fixtures::folder() else {
        println!("BUDTIKTOK_FIXTURES is not set");
        return;
    };
    let mut names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    if names.is_empty() {
        let all = std::fs::read_dir(folder.join("tokenizers")).unwrap().flatten();
        names.extend(
            all.filter(|entry| entry.path().join("tokenizer.json").exists())
                .map(|entry| entry.file_name().to_string_lossy().into_owned()),
        );
        names.sort();
    }
    let only = std::env::var("BUDTIKTOK_BENCH_CORPUS").ok();
    let bytes = std::env::var("BUDTIKTOK_BENCH_BYTES").map_or(500_000, |bytes| bytes.parse().unwrap());
    let with_stock = std::env::var("BUDTIKTOK_BENCH_STOCK").as_deref() != Ok("0");
    for name in &names {
        let json = std::fs::read(folder.join("tokenizers").join(name).join("tokenizer.json")).unwrap();
        let tokenizer = match Tokenizer::from_json(&json, Semantics::default()) {
            Ok(tokenizer) => tokenizer,
            Err(error) => {
                println!("{name:34} {error}");
                continue;
            }
        };
        if only.as_deref() == Some("growth") {
            growth(name, &tokenizer);
            continue;
        }
        let stock = with_stock.then(|| {
            let mut stock = tokenizers::Tokenizer::from_bytes(&json).unwrap();
            stock.with_truncation(None).unwrap();
            stock.with_padding(None);
            stock
        });
        for label in ["english", "multilingual", "code"] {
            if only.as_ref().is_some_and(|only| only != label) {
                continue;
            }
            let text = text(label, bytes);
            let documents = documents(&text);
            let (cold, warm, count) = ours(&tokenizer, &documents);
            let speed = |time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
            print!("{name:34} {label:13} cold {:6.1} warm {:6.1} MB/s", speed(cold), speed(warm));
            if let Some(stock) = &stock {
                let start = now();
                let found: usize =
                    documents.iter().map(|&text| stock.encode_char_offsets(text, false).unwrap().len()).sum();
                let time = now() - start;
                assert_eq!(found, count, "{name} gives another number of ids than stock");
                print!("  stock {:5.2}  x{:5.1}", speed(time), time.as_secs_f64() / cold.as_secs_f64());
            }
            println!();
        }
    }
}
