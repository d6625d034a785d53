//! Every scanner at every SIMD level of this machine against its scalar twin. Without the test
//! harness, whose threads hang under an emulator: so NEON is tested on other machines too.

use budtiktok::pieces::Span;
use budtiktok::pre_tokenizers::scanners::Scanner;
use budtiktok::simd::Level;

const FRAGMENTS: [&str; 67] = [
    "a",
    "the",
    "Word",
    "HTML",
    "camelCase",
    "s",
    "'",
    "'s",
    "'S",
    "'re",
    "'LL",
    "'ve",
    "'ſ",
    "'x",
    "7",
    "12",
    "2024",
    "٣",
    "²",
    "〇",
    " ",
    "  ",
    "    ",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "\u{85}",
    "\u{a0}",
    "\u{3000}",
    "\u{2028}",
    " \n ",
    ".",
    ",",
    "!",
    "...",
    "/",
    "//",
    "\n/",
    "-",
    "_",
    "(",
    "“",
    "…",
    "é",
    "É",
    "д",
    "Д",
    "ſ",
    "中",
    "文字",
    "カ",
    "・",
    "\u{3040}",
    "한국",
    "ก็",
    "हि",
    "\u{301}",
    "👍",
    "❤\u{fe0f}",
    "\u{200d}",
    "\u{200b}",
    "\u{1}",
    "\u{11de0}",
    "々",
    "⺀",
    "\u{16ff0}",
];

fn scan(scanner: Scanner, level: Level, text: &str) -> Vec<Span> {
    let mut out = Vec::new();
    scanner.scan(level, text, 5, &mut out);
    out
}

fn check(text: &str) {
    for &scanner in Scanner::ALL {
        let want = scan(scanner, Level::Scalar, text);
        for level in Level::available() {
            let got = scan(scanner, level, text);
            assert!(got == want, "{} at {} on {text:?}", scanner.name(), level.name());
        }
    }
}

fn main() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = |below: usize| {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below
    };
    for _ in 0..1500 {
        let mut text = String::new();
        // Some fragments only, so that runs and repetitions are frequent.
        let kinds: Vec<_> = (0..1 + random(12)).map(|_| FRAGMENTS[random(FRAGMENTS.len())]).collect();
        for _ in 0..random(120) {
            let times = if random(20) == 0 { random(70) } else { 1 };
            text.push_str(&kinds[random(kinds.len())].repeat(times));
        }
        check(&text);
    }
    let mut text = String::new();
    for c in (0..=0x10_FFFFu32).filter_map(char::from_u32) {
        text.extend([c, 'x', c, ' ']);
    }
    check(&text);
}
