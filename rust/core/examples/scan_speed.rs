//! How fast the scanners cut a file, in MB/s (the best of several runs), at each level.
//!
//! `cargo run --profile quick -p budtiktok --example scan_speed -- FILE...`

use std::time::Instant;

use budtiktok::pre_tokenizers::scanners::Scanner;
use budtiktok::simd::Level;

fn main() {
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("{path}: not a text file");
            continue;
        };
        println!("{path} ({} KB)", text.len() / 1000);
        for &scanner in Scanner::ALL {
            print!("  {:14}", scanner.name());
            for level in Level::available() {
                let mut out = Vec::new();
                let mut best = f64::INFINITY;
                for _ in 0..12 {
                    out.clear();
                    let start = Instant::now();
                    scanner.scan(level, &text, 0, &mut out);
                    best = best.min(start.elapsed().as_secs_f64());
                }
                print!(" {:>7} {:6.0}", level.name(), text.len() as f64 / best / 1e6);
            }
            println!();
        }
    }
}
