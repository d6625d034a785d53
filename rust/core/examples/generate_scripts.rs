//! Writes `src/unicode/scripts_table.rs`: for each scalar a number for its script, as
//! UnicodeScripts has it. Stock's own table is private, so the pre-tokenizer itself is asked:
//! a text of one character without a script has no pieces, and two characters stay together if
//! their scripts are the same.
//!
//! `cargo run -p budtiktok --example generate_scripts > rust/core/src/unicode/scripts_table.rs`

use tokenizers::pre_tokenizers::unicode_scripts::UnicodeScripts;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

const BLOCK: usize = 128;

fn pieces(text: &str) -> usize {
    let mut pieces = PreTokenizedString::from(text);
    UnicodeScripts::new().pre_tokenize(&mut pieces).expect("it cannot fail");
    pieces.get_splits(OffsetReferential::Original, OffsetType::Byte).len()
}

fn main() {
    // One character of each script; number 0 is for those without.
    let mut scripts: Vec<char> = Vec::new();
    let mut numbers = vec![0u8; 0x11_0000];
    let mut last = 0;
    for c in (0..=0x10_FFFFu32).filter_map(char::from_u32) {
        if pieces(&c.to_string()) == 0 {
            continue;
        }
        let same = |script: &char| pieces(&format!("{script}{c}")) == 1;
        // Neighbours mostly have the script of the one before.
        if last == 0 || !same(&scripts[last - 1]) {
            last = 1 + scripts.iter().position(same).unwrap_or_else(|| {
                scripts.push(c);
                scripts.len() - 1
            });
        }
        numbers[c as usize] = last as u8;
    }
    assert!(scripts.len() < 256);

    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut index = Vec::new();
    for block in numbers.chunks(BLOCK) {
        index.push(blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        }));
    }
    println!("// Written by examples/generate_scripts.rs; do not edit.\n");
    println!("/// Scalar / {BLOCK} -> number of its block in `BLOCKS`.");
    println!("#[rustfmt::skip]\npub static INDEX: [u8; {}] = [", index.len());
    for row in index.chunks(24) {
        println!("{}", row.iter().map(|n| format!("{n},")).collect::<String>());
    }
    println!("];\n\n/// Numbers of {} scripts, in {} different blocks.", scripts.len(), blocks.len());
    println!("#[rustfmt::skip]\npub static BLOCKS: [u8; {}] = [", blocks.len() * BLOCK);
    for row in blocks.concat().chunks(32) {
        println!("{}", row.iter().map(|n| format!("{n},")).collect::<String>());
    }
    println!("];");
}
