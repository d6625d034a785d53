//! Every scanner, at every level of this machine, against the steps of stock that it stands for.

use budtiktok::pieces::Span;
use budtiktok::pre_tokenizers::AtSpaces;
use budtiktok::pre_tokenizers::scanners::Scanner;
use budtiktok::simd::Level;
use proptest::prelude::*;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, PreTokenizerWrapper};

const CONTRACTION: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACE: &str = r"\s*[\r\n]+|\s+(?!\S)|\s+";

const KIMI: &str = r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

fn split(regex: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": false
    })
}

/// The steps, as a tokenizer.json writes them.
fn chain(scanner: Scanner) -> serde_json::Value {
    let words = |letters: &str, digits: &str, other: &str| {
        split(&format!(r"{CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?{letters}|{digits}| ?{other}|{SPACE}"))
    };
    let cased = |suffix: &str, digits: &str| {
        let upper = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
        let lower = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
        let prefix = r"[^\r\n\p{L}\p{N}]?";
        split(&format!(
            r"{prefix}{upper}*{lower}+{suffix}|{prefix}{upper}+{lower}*{suffix}|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{SPACE}"
        ))
    };
    let gpt2 = serde_json::json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true
    });
    let sequence =
        |steps: [serde_json::Value; 2]| serde_json::json!({"type": "Sequence", "pretokenizers": steps});
    match scanner {
        Scanner::Gpt2 => gpt2,
        Scanner::DigitsGpt2 => {
            sequence([serde_json::json!({"type": "Digits", "individual_digits": true}), gpt2])
        }
        Scanner::Cl100k => words(r"\p{L}+", r"\p{N}{1,3}", r"[^\s\p{L}\p{N}]+[\r\n]*"),
        Scanner::DigitsCl100k => {
            sequence([split(r"\p{N}{1,3}"), words(r"\p{L}+", r"\p{N}+", r"[^\s\p{L}\p{N}]+[\r\n]*")])
        }
        Scanner::Qwen2 => words(r"\p{L}+", r"\p{N}", r"[^\s\p{L}\p{N}]+[\r\n]*"),
        Scanner::Qwen35 => words(r"[\p{L}\p{M}]+", r"\p{N}", r"[^\s\p{L}\p{M}\p{N}]+[\r\n]*"),
        Scanner::Zeta => words(r"\p{L}+", r"\p{N}{1}", "[^\\s\\p{L}\\p{N}\r\n]+"),
        Scanner::DeepSeek => serde_json::json!({"type": "Sequence", "pretokenizers": [
            split(r"\p{N}{1,3}"),
            split("[一-龥぀-ゟ゠-ヿ]+"),
            split(
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+\
                 | ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
            ),
        ]}),
        Scanner::O200k => cased(&format!("{CONTRACTION}?"), r"\p{N}{1,3}"),
        Scanner::Nemo => cased("", r"\p{N}"),
        Scanner::Kimi => split(KIMI),
        Scanner::Bert => serde_json::json!({"type": "BertPreTokenizer"}),
        Scanner::Whitespace => serde_json::json!({"type": "Whitespace"}),
        Scanner::WhitespaceSplit => serde_json::json!({"type": "WhitespaceSplit"}),
        Scanner::Punctuation => serde_json::json!({"type": "Punctuation", "behavior": "Isolated"}),
        Scanner::PunctuationRuns => serde_json::json!({"type": "Punctuation", "behavior": "Contiguous"}),
        Scanner::Digits => serde_json::json!({"type": "Digits", "individual_digits": true}),
        Scanner::DigitRuns => serde_json::json!({"type": "Digits", "individual_digits": false}),
    }
}

fn stock(scanner: Scanner) -> impl Fn(&str) -> Vec<Span> {
    let stock: PreTokenizerWrapper = serde_json::from_value(chain(scanner)).unwrap();
    move |text| {
        let mut pieces = PreTokenizedString::from(text);
        stock.pre_tokenize(&mut pieces).unwrap();
        pieces
            .get_splits(OffsetReferential::Original, OffsetType::Byte)
            .into_iter()
            .map(|(_, (start, end), _)| Span::new(start, end))
            .collect()
    }
}

fn scan(scanner: Scanner, level: Level, text: &str) -> Vec<Span> {
    let mut out = Vec::new();
    scanner.scan(level, text, 0, &mut out);
    out
}

fn show(text: &str, spans: &[Span]) -> Vec<String> {
    spans.iter().map(|span| text.get(span.range()).unwrap_or("(cut)").to_owned()).collect()
}

#[track_caller]
fn same(scanner: Scanner, level: Level, text: &str, want: &[Span]) {
    let got = scan(scanner, level, text);
    assert!(
        got == want,
        "{} {} {text:?}\n got {:?}\nwant {:?}",
        scanner.name(),
        level.name(),
        show(text, &got),
        show(text, want)
    );
}

fn check(text: &str) {
    for &scanner in Scanner::ALL {
        let want = stock(scanner)(text);
        Level::available().into_iter().for_each(|level| same(scanner, level, text, &want));
    }
}

/// One character of each class that some pattern tells apart.
const KINDS: [&str; 19] = [
    "a", "s", "A", "7", " ", "\n", "\t", "'", ".", "/", "é", "\u{3000}", "²", "“", "\u{301}", "中", "・",
    "\u{200b}", "⺀",
];

/// All short texts over those characters, alone and across a block's end.
#[test]
fn short_texts() {
    let mut texts = vec![String::new()];
    let mut from = 0;
    // Four characters take a minute; three are tested always.
    let longest = std::env::var("BUDTIKTOK_LONG").map_or(3, |longest| longest.parse().unwrap());
    for _ in 0..longest {
        let to = texts.len();
        for i in from..to {
            for kind in KINDS {
                let text = format!("{}{kind}", texts[i]);
                texts.push(text);
            }
        }
        from = to;
    }
    for &scanner in Scanner::ALL {
        let stock = stock(scanner);
        for text in &texts {
            same(scanner, Level::Scalar, text, &stock(text));
        }
        for (i, text) in texts.iter().enumerate() {
            let filler = ["x", ".", " ", "\n"][i / 7 % 4].repeat(64 - i % 7);
            for text in [text.clone(), filler + text + "x"] {
                let want = scan(scanner, Level::Scalar, &text);
                for level in &Level::available()[1..] {
                    same(scanner, *level, &text, &want);
                }
            }
        }
    }
}

/// Runs across blocks, white space of every kind, contractions at every place.
#[test]
fn fixed_texts() {
    let mut texts = vec![
        "I'll say 'tis they'RE it'ſ we'Ve 'S\u{17f}'ſ 's' 'lL'llx \u{2019}s".to_owned(),
        "a\u{85}b\u{a0}c\u{3000}\u{3000}d\u{2028}\n\u{2029} e\r\n\r\n  \u{200b}f \r \n".to_owned(),
        "१२३४५६७ ٣٤٥ ⅧⅨ ½¾ 12²³¹4 𝟘𝟙𝟚𝟛 \u{11de0}\u{16ff4}7".to_owned(),
        "日本語、テキスト。\u{3000}한국어 텍스트 Кириллица, ελληνικά हिन्दी ไทย עברית العربية".to_owned(),
        "👩‍👩‍👧‍👦 🏳️‍🌈 e\u{301}\u{302}x \u{301}x .\u{301}x \u{301}".to_owned(),
        "if x:\n\n\n    return 1\n\t\t \n  }\n \n".to_owned(),
        "a.\n\n \n b..\r\n\r\n  c. \n".to_owned(),
    ];
    for unit in
        ["a", "7", " ", "\n", ".", "\u{3000}", "é", "日", "\n ", " \n", "'s", "९", "“", "\u{301}", "\u{85}"]
    {
        for times in [1, 2, 3, 21, 22, 31, 32, 33, 62, 63, 64, 65, 66, 127, 128, 129, 200] {
            texts.push(unit.repeat(times));
            texts.push(format!("x{}y", unit.repeat(times)));
            texts.push(format!(".{}\ny", unit.repeat(times)));
            texts.push(format!("\n{} 1", unit.repeat(times)));
        }
    }
    texts.iter().for_each(|text| check(text));
}

fn fragment() -> impl Strategy<Value = String> {
    let units = prop::sample::select(vec![
        "a",
        "B",
        "7",
        "٣",
        "²",
        " ",
        " ",
        "\n",
        "\r\n",
        "\t",
        ".",
        "!",
        "é",
        "д",
        "中",
        "ſ",
        "\u{3000}",
        "\u{85}",
        "\u{a0}",
        "\u{301}",
        "ा",
        "👍",
        "“",
        "\u{200d}",
        "/",
        "E",
        "Д",
        "カ",
        "・",
        "\u{3040}",
        "\u{1}",
        "\n/",
        "!",
        "々",
        "〇",
        "⺀",
        "\u{16ff0}",
    ]);
    prop_oneof![
        4 => "[a-zA-Z]{1,9}",
        2 => "[0-9]{1,5}",
        2 => "[ \n\r\t]{1,4}",
        2 => prop::sample::select(vec!["'s", "'S", "'re", "'LL", "'ll", "'ve", "'d", "'", "'ſ", "'x", "'re"])
            .prop_map(str::to_owned),
        2 => "[!-/:-@\\[-`{-~]{1,3}",
        2 => "\\PC{1,4}",
        1 => any::<char>().prop_map(String::from),
        3 => (units, prop_oneof![1..4usize, 15..23usize, 60..68usize]).prop_map(|(unit, n)| unit.repeat(n)),
    ]
}

/// How many random texts: `BUDTIKTOK_CASES`, else 300.
fn cases() -> u32 {
    std::env::var("BUDTIKTOK_CASES").map_or(300, |cases| cases.parse().unwrap())
}

/// A text cut in front of each space between two letters has, scanner by scanner, the pieces that
/// `at_spaces` says.
fn check_cuts(text: &str) {
    let letter = |at: usize| text.as_bytes()[at].is_ascii_alphabetic();
    let places = (1..text.len().saturating_sub(1))
        .filter(|&at| text.as_bytes()[at] == b' ' && letter(at - 1) && letter(at + 1));
    for at in places {
        for &scanner in Scanner::ALL {
            let whole = scan(scanner, Level::Scalar, text);
            let mut parts = scan(scanner, Level::Scalar, &text[..at]);
            let mut right = Vec::new();
            scanner.scan(Level::Scalar, &text[at..], at, &mut right);
            if scanner.at_spaces() == AtSpaces::Local && whole.iter().any(|piece| piece.range().contains(&at))
            {
                let across = parts.pop().expect("the letter's piece");
                right[0].start = across.start;
            }
            parts.append(&mut right);
            if scanner.at_spaces() != AtSpaces::Unknown {
                assert!(parts == whole, "{} {text:?} cut at {at}", scanner.name());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_texts(fragments in prop::collection::vec(fragment(), 0..40)) {
        check(&fragments.concat());
    }

    #[test]
    fn cuts_at_spaces(fragments in prop::collection::vec(fragment(), 1..20)) {
        check_cuts(&fragments.join("a b"));
        check_cuts(&fragments.join("'s B "));
    }
}

/// Every scalar, between characters that tell its classes apart.
#[test]
fn every_scalar() {
    let mut text = String::new();
    for c in (0..=0x10_FFFFu32).filter_map(char::from_u32) {
        text.extend([c, 'x', c, ' ']);
    }
    for &scanner in Scanner::ALL {
        let want = scan(scanner, Level::Scalar, &text);
        for level in &Level::available()[1..] {
            let got = scan(scanner, *level, &text);
            let at = got.iter().zip(&want).position(|(got, want)| got != want);
            let near = at.map(|i| text[want[i].range()].escape_unicode().to_string());
            assert!(got == want, "{} {} at {near:?}", scanner.name(), level.name());
        }
    }
}

/// Real texts: the folder that `BUDTIKTOK_FIXTURES` names, else this file.
#[test]
fn real_texts() {
    let mut texts = vec![include_str!("scanners.rs").to_owned()];
    if let Some(fixtures) = std::env::var_os("BUDTIKTOK_FIXTURES") {
        for folder in std::fs::read_dir(std::path::Path::new(&fixtures).join("corpora")).unwrap() {
            let Ok(files) = std::fs::read_dir(folder.unwrap().path()) else { continue };
            for file in files {
                let text =
                    String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned();
                let end = text.floor_char_boundary(100_000);
                texts.push(text[..end].to_owned());
            }
        }
    }
    texts.iter().for_each(|text| check(text));
}
