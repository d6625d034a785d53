//! The whole pipeline against stock, on small tokenizers built here and, when
//! `BUDTIKTOK_FIXTURES` names a folder with `tokenizers/` and `corpora/`, on real ones.

mod oracle;

use std::path::{Path, PathBuf};

use budtiktok::options::{EncodeOptions, Input, Level, Semantics, Sequence};
use budtiktok::{Encoding, Tokenizer};
use oracle::Pair;

/// A byte-level BPE whose merges come from a few words.
fn byte_level(pre_tokenizer: &str) -> String {
    let mut vocab: Vec<String> =
        tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet().into_iter().map(String::from).collect();
    vocab.sort();
    let mut merges = Vec::new();
    for word in ["Ġthe", "Ġthat", "ing", "Ġ1", "12", "ĠĠĠĠ", "don", "'t", "'re", "Ġhello", "ello", "Ã©", "Ċ"]
    {
        let mut left = String::new();
        for character in word.chars() {
            if !left.is_empty() {
                let merged = format!("{left}{character}");
                if !vocab.contains(&merged) {
                    merges.push(format!("[{},{}]", quote(&left), quote(&character.to_string())));
                    vocab.push(merged);
                }
            }
            left.push(character);
        }
    }
    let vocab: Vec<String> =
        vocab.iter().enumerate().map(|(id, token)| format!("{}:{id}", quote(token))).collect();
    format!(
        r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[
            {{"id":0,"content":"<|end|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}},
            {{"id":0,"content":"<mask>","single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true}},
            {{"id":0,"content":"hello","single_word":true,"lstrip":false,"rstrip":true,"normalized":true,"special":false}}],
        "normalizer":{{"type":"NFC"}},"pre_tokenizer":{pre_tokenizer},
        "post_processor":{{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}},
        "decoder":null,
        "model":{{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"",
            "fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{{{}}},"merges":[{}]}}}}"#,
        vocab.join(","),
        merges.join(",")
    )
}

fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

fn bert() -> String {
    let mut tokens: Vec<String> =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "hello", "##ing", "un", "##aff", "##able", "中", "##s"]
            .map(String::from)
            .to_vec();
    for letter in ('a'..='z').chain('0'..='9').chain("!?.,-'".chars()).chain("éßжя".chars()) {
        tokens.push(letter.to_string());
        tokens.push(format!("##{letter}"));
    }
    let vocab: Vec<String> =
        tokens.iter().enumerate().map(|(id, token)| format!("{}:{id}", quote(token))).collect();
    format!(
        r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[
            {{"id":3,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}}],
        "normalizer":{{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}},
        "pre_tokenizer":{{"type":"BertPreTokenizer"}},
        "post_processor":{{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}},
        "decoder":{{"type":"WordPiece","prefix":"\u0023\u0023","cleanup":true}},
        "model":{{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"\u0023\u0023","max_input_chars_per_word":20,"vocab":{{{}}}}}}}"#,
        vocab.join(",")
    )
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "Hello there, that's the 123rd   thing!\n\n  don't",
    "  leading and trailing  ",
    "hello <mask>  hello hellos xhello hello<|end|>\t<|end|> hello",
    "cafe\u{301} café ÅNGSTRÖM \u{212b} ﬁ İstanbul ẞ",
    "中文字符 and 日本語, Ж я 👩‍👩‍👧‍👦 \u{200d}\u{feff}\u{0}\u{7f}\u{ad}",
    "a\u{b}b\u{c}c\u{85}d\u{a0}e\u{3000}f\r\ng\rh",
    "unaffable unaffables aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa [SEP] [sep]",
    "don'T DON'T 'ſ we\u{2019}re 12345678 ٣٤٥ ½ Ⅷ",
];

type Columns<'a> = (&'a [u32], Option<(Vec<&'a str>, &'a [Option<u32>], &'a [(usize, usize)])>);

fn columns(encoding: &Encoding) -> Columns<'_> {
    let heavy = encoding.detail.as_ref();
    let heavy = heavy.map(|heavy| (heavy.texts().collect(), &heavy.words[..], &heavy.offsets[..]));
    (&encoding.ids, heavy)
}

fn compiled(json: &str) -> Tokenizer {
    Tokenizer::from_json(json.as_bytes(), Semantics::default()).expect("it compiles")
}

/// Long texts are cut for several threads; a batch has long and short ones.
#[test]
fn threads_give_what_one_thread_gives() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
    let mut long = String::new();
    for index in 0..9000 {
        long.push_str(TEXTS[index % TEXTS.len()]);
        long.push_str(&index.to_string());
        long.push(' ');
    }
    let unbroken = long.replace(char::is_whitespace, "");
    let texts = ["short", long.as_str(), "", unbroken.as_str(), &long[..100_000], "hello there"];
    let inputs: Vec<Input> =
        texts.iter().map(|&text| Input { first: Sequence::Raw(text), second: None }).collect();
    let byte_level_parts =
        r#"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#;
    let whole = r#"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":false}"#;
    // Without a normalized added token, sections are cut at spaces; else pieces are shared.
    let sections = byte_level(byte_level_parts).replace(r#""normalized":true"#, r#""normalized":false"#);
    assert!(compiled(&sections).plan().cuts_at_spaces && compiled(&bert()).plan().cuts_at_spaces);
    for json in [sections, byte_level(byte_level_parts), byte_level(whole), byte_level("null"), bert()] {
        let tokenizer = compiled(&json);
        for level in [Level::Ids, Level::Full] {
            let options = EncodeOptions {
                add_special_tokens: true,
                encode_special_tokens: false,
                truncation: None,
                padding: None,
                level,
                fast: false,
            };
            let mut scratch = tokenizer.scratch();
            let alone: Vec<_> = inputs
                .iter()
                .map(|input| tokenizer.encode(input, &options, &mut scratch).expect("it encodes"))
                .collect();
            let shared = tokenizer.encode_batch(&inputs, &options, || Some(&pool)).expect("it encodes");
            assert!(shared.iter().map(columns).eq(alone.iter().map(columns)));
            let single = tokenizer.encode_batch(&inputs[3..4], &options, || Some(&pool));
            assert_eq!(columns(&single.expect("it encodes")[0]), columns(&alone[3]));
        }
    }
}

#[test]
fn small_byte_level_tokenizers_equal_stock() {
    let llama = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    let split = format!(
        r#"{{"type":"Sequence","pretokenizers":[
            {{"type":"Split","pattern":{{"Regex":"{llama}"}},"behavior":"Isolated","invert":false}},
            {{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}}]}}"#
    );
    let plain = |prefix: bool| {
        format!(r#"{{"type":"ByteLevel","add_prefix_space":{prefix},"trim_offsets":true,"use_regex":true}}"#)
    };
    for pre_tokenizer in [plain(false), plain(true), split] {
        let pair = Pair::load(byte_level(&pre_tokenizer).as_bytes()).expect("the engine runs it");
        for text in TEXTS {
            pair.check(text, true);
            pair.check(text, false);
        }
    }
}

#[test]
fn a_small_bert_equals_stock() {
    let pair = Pair::load(bert().as_bytes()).expect("the engine runs it");
    for text in TEXTS {
        pair.check(text, true);
        pair.check(text, false);
    }
}

/// The last character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Every corpus in documents of at most 4 KB, cut at lines where possible.
fn documents(folder: &Path, files_bytes: usize) -> Vec<String> {
    let mut files: Vec<PathBuf> = Vec::new();
    for kind in std::fs::read_dir(folder).expect("corpora").flatten() {
        if kind.path().is_dir() {
            files.extend(std::fs::read_dir(kind.path()).expect("a corpus").flatten().map(|file| file.path()));
        }
    }
    files.sort();
    let mut documents = Vec::new();
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(file).expect("a file")).into_owned();
        let mut rest = &text[..boundary(&text, files_bytes)];
        while !rest.is_empty() {
            let cut = boundary(rest, 4096);
            documents.push(rest[..cut].to_string());
            rest = &rest[cut..];
        }
    }
    documents
}

/// Real tokenizers on real text. `BUDTIKTOK_ONLY` names some of them, `BUDTIKTOK_BYTES` says how
/// much of each file is read.
#[test]
fn real_tokenizers_equal_stock() {
    let Some(fixtures) = std::env::var_os("BUDTIKTOK_FIXTURES").map(PathBuf::from) else { return };
    let only = std::env::var("BUDTIKTOK_ONLY").unwrap_or_default();
    let bytes = std::env::var("BUDTIKTOK_BYTES").map_or(40_000, |bytes| bytes.parse().expect("a number"));
    let documents = documents(&fixtures.join("corpora"), bytes);
    let mut names: Vec<_> =
        std::fs::read_dir(fixtures.join("tokenizers")).expect("tokenizers").flatten().collect();
    names.sort_by_key(|entry| entry.file_name());
    let mut failed = Vec::new();
    for entry in names {
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = entry.path().join("tokenizer.json");
        if !file.exists() || !(only.is_empty() || only.split(',').any(|wanted| wanted == name)) {
            continue;
        }
        match Pair::load(&std::fs::read(file).expect("a tokenizer")) {
            Err(error) => println!("{name}: {error}"),
            Ok(pair) => {
                let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    documents.iter().for_each(|text| pair.check(text, true));
                }));
                println!("{name}: {}", if result.is_ok() { "equal" } else { "DIFFERENT" });
                if result.is_err() {
                    failed.push(name);
                }
            }
        }
    }
    assert!(failed.is_empty(), "different from stock: {failed:?}");
}
