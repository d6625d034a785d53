//! Writes `src/unicode/classes_table.rs`: for each scalar the class byte that `unicode/classes.rs`
//! describes. Categories and scripts are asked of Oniguruma itself, since its tables define what
//! a Split pattern matches; `is_numeric` is the standard library's, `\w` that of the crate `regex`,
//! BERT's punctuation that of the crate `unicode_categories`.
//!
//! `cargo run -p budtiktok --example generate_classes > rust/core/src/unicode/classes_table.rs`

use onig::Regex;
use unicode_categories::UnicodeCategories;

/// In the order of the numbers in `unicode/classes.rs`.
const CATEGORIES: [&str; 30] = [
    "Cn", "Cc", "Cf", "Co", "Cs", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc",
    "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp",
];
const CONTROL_SPACE: u8 = 30;
const YOUNG_NUMBER: u8 = 31;
const BLOCK: usize = 128;

fn main() {
    let all: String = (0..=0x10_FFFFu32).filter_map(char::from_u32).collect();
    let mut classes = vec![0u8; 0x11_0000];
    let mut each = |pattern: &str, f: &mut dyn FnMut(char, &mut u8)| {
        for (start, end) in Regex::new(pattern).expect("a known pattern").find_iter(&all) {
            for c in all[start..end].chars() {
                f(c, &mut classes[c as usize]);
            }
        }
    };
    for (number, name) in CATEGORIES.iter().enumerate() {
        each(&format!(r"\p{{{name}}}+"), &mut |_, class| *class = number as u8);
    }
    each(r"[\s&&\p{Cc}]+", &mut |_, class| *class = CONTROL_SPACE);
    each(r"\p{Han}+", &mut |_, class| *class |= 0x80);
    let word = regex::Regex::new(r"\w").expect("a known pattern");
    each(r"(?m:.)+", &mut |c, class| {
        if c.is_ascii_punctuation() || c.is_punctuation() {
            *class |= 0x20;
        }
        // Numbers younger than Oniguruma's tables: unassigned to it.
        if c.is_numeric() && *class & 31 == 0 {
            *class |= YOUNG_NUMBER;
        }
        let mut buffer = [0; 4];
        if word.is_match(c.encode_utf8(&mut buffer)) {
            *class |= 0x40;
        }
    });

    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut index = Vec::new();
    for block in classes.chunks(BLOCK) {
        let at = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        index.push(at as u16);
    }
    println!("// Written by examples/generate_classes.rs; do not edit.\n");
    println!("/// Scalar / {BLOCK} -> number of its block in `BLOCKS`.");
    println!("#[rustfmt::skip]\npub static INDEX: [u16; {}] = [", index.len());
    for row in index.chunks(24) {
        println!("{}", row.iter().map(|n| format!("{n},")).collect::<String>());
    }
    println!("];\n\n/// The class bytes of {} different blocks of {BLOCK} scalars.", blocks.len());
    println!("#[rustfmt::skip]\npub static BLOCKS: [u8; {}] = [", blocks.len() * BLOCK);
    for row in blocks.concat().chunks(32) {
        println!("{}", row.iter().map(|n| format!("{n},")).collect::<String>());
    }
    println!("];");
}
