//! Automata against Oniguruma: the patterns of known tokenizers and random ones.

use proptest::prelude::*;

use super::super::pattern::KIMI;
use super::super::regex::Regex;
use super::*;

/// DeepSeek Coder V2: cased letters by their ranges, signs, ideographs and Hangul.
const CODER_WORDS: &str = "\\s?[A-Za-z\u{B5}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{1BA}\u{1BC}-\u{1BF}\u{1C4}-\u{293}\
    \u{295}-\u{2AF}\u{370}-\u{373}\u{376}\u{377}\u{37B}-\u{37D}\u{37F}\u{386}\u{388}-\u{38A}\
    \u{38C}\u{38E}-\u{3A1}\u{3A3}-\u{3F5}\u{3F7}-\u{481}\u{48A}-\u{52F}\u{531}-\u{556}\u{10A0}-\
    \u{10C5}\u{13A0}-\u{13F5}\u{13F8}-\u{13FD}\u{1C90}-\u{1CBA}\u{1CBD}-\u{1CBF}\u{1D00}-\
    \u{1D2B}\u{1D6B}-\u{1D77}\u{1D79}-\u{1D9A}\u{1E00}-\u{1F15}\u{1F18}-\u{1F1D}\u{1F20}-\
    \u{1F45}\u{1F48}-\u{1F4D}\u{1F50}-\u{1F57}\u{1F59}\u{1F5B}\u{1F5D}\u{1F5F}-\u{1F7D}\u{1F80}-\
    \u{1FB4}\u{1FB6}-\u{1FBC}\u{1FBE}\u{1FC2}-\u{1FC4}\u{1FC6}-\u{1FCC}\u{1FD0}-\u{1FD3}\u{1FD6}\
    -\u{1FDB}\u{1FE0}-\u{1FEC}\u{1FF2}-\u{1FF4}\u{1FF6}-\u{1FFC}\u{2102}\u{2107}\u{210A}-\
    \u{2113}\u{2115}\u{2119}-\u{211D}\u{2124}\u{2126}\u{2128}\u{212A}-\u{212D}\u{212F}-\u{2134}\
    \u{2139}\u{213C}-\u{213F}\u{2145}-\u{2149}\u{214E}\u{2183}\u{2184}\u{2C00}-\u{2C7B}\u{2C7E}-\
    \u{2CE4}\u{2CEB}-\u{2CEE}\u{2CF2}\u{2CF3}\u{A640}-\u{A66D}\u{A680}-\u{A69B}\u{A722}-\u{A76F}\
    \u{A771}-\u{A787}\u{A78B}-\u{A78E}\u{AB70}-\u{ABBF}\u{FB00}-\u{FB06}\u{FB13}-\u{FB17}\
    \u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}\
    \u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}]+";
const CODER_SIGNS: &str = "\\s?[!-/:-~\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3000}-\u{3002}]+";
const CODER_CJK: &str = "[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}]+";
const BLOOM: &str = r" ?[^(\s|[.,!?…。，、।۔،])]+";
const SPARK: &str = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+|[\r\n]|\\s+(?!\\S)|\\s+";
const CLIP: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
const NOUGAT: &str = r##"[\(\)\[\]\{\}]|([!"\#\$%\&'\*\+,\-\./:;<=>\?\\\^_`\|\~])\1*"##;

const KNOWN: &[&str] = &[
    KIMI,
    CODER_WORDS,
    CODER_SIGNS,
    CODER_CJK,
    BLOOM,
    SPARK,
    CLIP,
    NOUGAT,
    "[\r\n]",
    r"\s+$",
    r"\s?\p{L}+",
    r"\s?\p{P}+",
    r"\p{N}{1,3}",
    "[一-龥\u{3040}-ゟ゠-ヿ]+",
    r"(?:\r?\n)+(?!\r?\n)",
    "[0-9][0-9][0-9]",
    ".",
    " ",
    r"\s+",
    r"\d+|\D?x{2,}|a{3}(?=b)",
    super::super::pattern::CL100K,
    super::super::pattern::GPT2,
    super::super::pattern::O200K,
    super::super::pattern::DEEPSEEK_WORDS,
];

fn matches(automaton: &Automaton, text: &str) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    automaton.each_match(text, |start, end| all.push((start, end)));
    all
}

fn stock(regex: &Regex, text: &str) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    regex.each_match(text, |start, end| all.push((start, end))).unwrap();
    all
}

fn compiled(pattern: &str) -> (Automaton, Regex) {
    (Automaton::new(pattern).unwrap_or_else(|| panic!("{pattern}")), Regex::new(pattern).unwrap())
}

/// Every scalar, between characters that tell its classes apart.
#[test]
fn every_scalar() {
    let scalars = (0..=0x10_FFFFu32).filter_map(char::from_u32);
    let text: String = scalars.flat_map(|c| [c, 'x', c, ' ', c]).collect();
    // In parts, so that a difference is told apart from those behind it.
    for pattern in KNOWN {
        let Some(automaton) = Automaton::new(pattern) else { continue };
        let regex = Regex::new(pattern).unwrap();
        let mut from = 0;
        while from < text.len() {
            let to = text.floor_char_boundary(from + 4000);
            let part = &text[from..to];
            assert!(matches(&automaton, part) == stock(&regex, part), "{pattern} in {part:?}");
            from = to;
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    let units = prop::sample::select(vec![
        "a",
        "s",
        "S",
        "A",
        "é",
        "ß",
        "ſ",
        "K",
        "\u{301}",
        "ʰ",
        "ǅ",
        "中",
        "々",
        "⺀",
        "〇",
        "の",
        "한",
        "カ",
        "ー",
        "1",
        "7",
        "٣",
        "²",
        " ",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\u{85}",
        "\u{3000}",
        ".",
        "!",
        "-",
        "'",
        "'s",
        "'LL",
        "<|endoftext|>",
        "<|",
        "(",
        "...",
        "…",
        "，",
        "‘",
        "$",
        "x",
        "b",
        "\u{200b}",
        "👍",
    ]);
    let repeated = (units, prop_oneof![8 => 1..4usize, 1 => 60..150usize]).prop_map(|(u, n)| u.repeat(n));
    prop::collection::vec(prop_oneof![6 => repeated, 1 => "\\PC{1,4}"], 0..25).prop_map(|all| all.concat())
}

/// A pattern of the simple kind, or nearly.
fn pattern() -> impl Strategy<Value = String> {
    let set = prop::sample::select(vec![
        r"\p{L}",
        r"\p{N}",
        r"\s",
        r"\S",
        " ",
        "a",
        "1",
        "'",
        "[ab1]",
        "[a-z&&[^b-s]]",
        r"[^\s\p{L}\p{N}]",
        r"[\p{Lu}\p{Lo}\p{M}]",
        r"[\p{Ll}\p{Lo}]",
        r"[\r\n]",
        "[^中a]",
        r"\p{Han}",
        "[一-龥]",
        "[^[a-z] ]",
        ".",
        r"\.",
        "[-a]",
        "[a-]",
        r"[\-!]",
        r"\n",
    ]);
    let group = prop::sample::select(vec!["(?i:'s|'ll)", "(?:ab|a)", r"(?:\r?\n)", "(a|s)", "(?i:ss)"]);
    let atom = prop_oneof![8 => set, 1 => group];
    let times = prop::sample::select(vec!["", "", "?", "+", "+", "*", "{2}", "{1,3}", "{2,}", "+?", "++"]);
    let item = (atom, times).prop_map(|(atom, times)| format!("{atom}{times}"));
    let tail = prop::sample::select(vec!["", "", "", "$", r"(?!\S)", "(?=a)", r"(?!\p{L})"]);
    let sequence = (prop::collection::vec(item, 1..4), tail).prop_map(|(items, tail)| items.concat() + tail);
    prop::collection::vec(sequence, 1..4).prop_map(|all| all.join("|"))
}

fn cases(few: u32) -> u32 {
    std::env::var("BUDTIKTOK_CASES").map_or(few, |cases| cases.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(200), failure_persistence: None, ..ProptestConfig::default()
    })]
    #[test]
    fn random_texts(text in text()) {
        for pattern in KNOWN {
            if let Some(automaton) = Automaton::new(pattern) {
                let regex = Regex::new(pattern).unwrap();
                prop_assert_eq!(matches(&automaton, &text), stock(&regex, &text), "{} in {:?}", pattern, text);
            }
        }
    }

    #[test]
    fn random_patterns(pattern in pattern(), texts in prop::collection::vec(text(), 12)) {
        if let Some(automaton) = Automaton::new(&pattern) {
            let regex = Regex::new(&pattern).unwrap();
            for text in texts {
                prop_assert_eq!(matches(&automaton, &text), stock(&regex, &text), "{} in {:?}", pattern, text);
            }
        }
    }
}

#[test]
fn which_patterns() {
    for pattern in KNOWN {
        // The one with `\D`.
        assert_eq!(Automaton::new(pattern).is_some(), !pattern.contains(r"\D"), "{pattern}");
    }
    let refused = [
        "",
        "a*",
        "a|",
        "a+?",
        "a++",
        "a{2}{3}",
        "a{3,2}",
        "a{,2}",
        "^a",
        r"\ba",
        r"\w+",
        "(?<=a)b",
        "(?<n>a)b",
        "(?>a)b",
        "(?i:ss)",
        "(?i:'[sd])",
        "(?i:a)",
        "(?!ab)c",
        r"(a)(b)\2*",
        r"(\p{L})\1*",
        "[[:alpha:]]",
        "[]a]",
        "[a-b-c]",
        r"[\p{L}-z]",
        "[a&&]",
        "[&&a]",
        r"\p{Greek}",
        r"\P{L}",
        r"\p{^L}",
        "a)",
        "(a",
        "[a",
        "a]",
        r"\u0041",
        r"\1",
        // What makes a backtracking matcher give up.
        "(?:a|a)+(?:a|a)+b",
        "(?:a?a)+b",
        "a*a*b",
        "a*(?:b|a*)c",
    ];
    for pattern in refused {
        assert!(Automaton::new(pattern).is_none(), "{pattern}");
    }
}

/// Failing attempts inside a long run are not repeated from each of its characters.
#[test]
fn long_runs() {
    for pattern in [r"\s+$", r" +x|\s+$", r"a*b|\s*[\r\n]+", KIMI] {
        let (automaton, regex) = compiled(pattern);
        for unit in [" ", "a", " \u{3000}", "\n a"] {
            for tail in ["", "x", "b", "\n", "\r", " \nx"] {
                let text = unit.repeat(300) + tail + &unit.repeat(90) + tail;
                assert_eq!(matches(&automaton, &text), stock(&regex, &text), "{pattern}: {text:?}");
            }
        }
    }
    let (automaton, _) = compiled(r"\s+$");
    let spaces = " ".repeat(3_000_000);
    assert_eq!(matches(&automaton, &(spaces.clone() + "x")), []);
    assert_eq!(matches(&automaton, &spaces), [(0, spaces.len())]);
}
