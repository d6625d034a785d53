//! Every component type, its older shapes, and shapes that are not accepted.

use super::{check, check_loads, document};
use crate::config::{
    DecoderConfig, ModelConfig, NormalizerConfig, PostProcessorConfig, PreTokenizerConfig, PrependScheme,
};

const NORMALIZERS: &[&str] = &[
    r#"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":false,"strip_accents":null,"lowercase":true}"#,
    r#"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":false,"lowercase":false}"#,
    r#"{"type":"Strip","strip_left":true,"strip_right":false}"#,
    r#"{"type":"StripAccents"}"#,
    r#"{"type":"NFC"}"#,
    r#"{"type":"NFD"}"#,
    r#"{"type":"NFKC"}"#,
    r#"{"type":"NFKD"}"#,
    r#"{"type":"Sequence","normalizers":[]}"#,
    r#"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Sequence","normalizers":[{"type":"Lowercase"}]}]}"#,
    r#"{"type":"Lowercase"}"#,
    r#"{"type":"Nmt"}"#,
    r#"{"type":"Replace","pattern":{"String":"a\"\\\u0001é"},"content":"\u007f b"}"#,
    r#"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}"#,
    r#"{"type":"Prepend","prepend":"▁"}"#,
    r#"{"type":"ByteLevel"}"#,
    // A trie of one unit and no replacements, with and without padding.
    r#"{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAA="}"#,
    r#"{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAA"}"#,
];

const OTHER_NORMALIZERS: &[&str] = &[
    r#"{"type":"Bert","clean_text":true,"handle_chinese_chars":false,"lowercase":true}"#,
    r#"{"clean_text":true,"handle_chinese_chars":false,"lowercase":true}"#,
    r#"{"type":"anything","strip_left":true,"strip_right":false}"#,
    r#"{"strip_left":true,"strip_right":false}"#,
    r#"{"normalizers":[{"prepend":"x"}]}"#,
    r#"{"pattern":{"Regex":"x"},"content":"▁"}"#,
    r#"{"prepend":"x"}"#,
    r#"{"type":7,"prepend":"x"}"#,
    r#"{"type":"NFC","ignored":[1,2]}"#,
    r#"{"type":"NFX"}"#,
    r#"{}"#,
    r#"{"type":"Strip","strip_left":true}"#,
    r#"{"type":"Strip","strip_left":1,"strip_right":false}"#,
    r#"{"type":"Bert","prepend":"x"}"#,
    r#"{"type":"Sequence","normalizers":[{}]}"#,
    r#"{"type":"Sequence"}"#,
    r#"{"precompiled_charsmap":"BAAAAAAAAAA="}"#,
    r#"{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAB="}"#,
    r#"{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAA=="}"#,
    r#"{"type":"Precompiled","precompiled_charsmap":null}"#,
    r#"{"type":"Precompiled"}"#,
    r#"{"type":"Replace","pattern":{"String":"a","Regex":"b"},"content":""}"#,
    r#"{"type":"Replace","pattern":"a","content":""}"#,
    r#""NFC""#,
    r#"7"#,
];

const PRE_TOKENIZERS: &[&str] = &[
    r#"{"type":"BertPreTokenizer"}"#,
    r#"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":false}"#,
    r#"{"type":"CharDelimiterSplit","delimiter":"▁"}"#,
    r#"{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}"#,
    r#"{"type":"Metaspace","replacement":"_","prepend_scheme":"never","split":true}"#,
    r#"{"type":"Whitespace"}"#,
    r#"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Sequence","pretokenizers":[]}]}"#,
    r#"{"type":"Split","pattern":{"Regex":"\\s+|\\d"},"behavior":"Removed","invert":true}"#,
    r#"{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}"#,
    r#"{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithNext","invert":false}"#,
    r#"{"type":"Split","pattern":{"String":" "},"behavior":"Contiguous","invert":false}"#,
    r#"{"type":"Punctuation","behavior":"Isolated"}"#,
    r#"{"type":"WhitespaceSplit"}"#,
    r#"{"type":"Digits","individual_digits":true}"#,
    r#"{"type":"UnicodeScripts"}"#,
    r#"{"type":"FixedLength","length":7}"#,
];

const OTHER_PRE_TOKENIZERS: &[&str] = &[
    r#"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false}"#,
    r#"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":null}"#,
    r#"{"add_prefix_space":true,"trim_offsets":false}"#,
    r#"{"type":"Metaspace","replacement":"▁","str_rep":"▁","add_prefix_space":true}"#,
    r#"{"type":"Metaspace","replacement":"▁","add_prefix_space":false}"#,
    r#"{"type":"Metaspace","replacement":"▁","add_prefix_space":false,"prepend_scheme":"never"}"#,
    r#"{"type":"Metaspace","replacement":"▁","add_prefix_space":false,"prepend_scheme":"first"}"#,
    r#"{"type":"Metaspace","replacement":"▁","add_prefix_space":null,"split":null,"str_rep":null}"#,
    r#"{"type":"Metaspace","replacement":"▁","prepend_scheme":"First"}"#,
    r#"{"type":"Metaspace","replacement":"▁▁"}"#,
    r#"{"type":"Metaspace","replacement":""}"#,
    r#"{"replacement":"▁"}"#,
    r#"{"type":"Delimiter","delimiter":"x"}"#,
    r#"{"delimiter":"x"}"#,
    r#"{"type":"Punctuation"}"#,
    r#"{"type":"Punctuation","behavior":"isolated"}"#,
    r#"{"type":"FixedLength"}"#,
    r#"{"type":"FixedLength","length":-1}"#,
    r#"{"type":"FixedLength","length":2.0}"#,
    r#"{"type":"Digits"}"#,
    r#"{"type":"Split","pattern":{"String":" "},"behavior":"Removed"}"#,
    r#"{"type":"Sequence","pretokenizers":[{"type":"Nothing"}]}"#,
    r#"{"type":"Nothing"}"#,
    r#"[]"#,
];

const POST_PROCESSORS: &[&str] = &[
    r#"{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":false}"#,
    r#"{"type":"BertProcessing","sep":["[SEP]",102],"cls":["[CLS]",101]}"#,
    r#"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true}"#,
    r#"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[SEP]":{"id":"[SEP]","ids":[1,7],"tokens":["a","b"]},"[CLS]":{"id":"[CLS]","ids":[0],"tokens":["[CLS]"]}}}"#,
    r#"{"type":"TemplateProcessing","single":[],"pair":[],"special_tokens":{}}"#,
    r#"{"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true},{"type":"BertProcessing","sep":["[SEP]",102],"cls":["[CLS]",101]}]}"#,
    r#"{"type":"Sequence","processors":[]}"#,
];

const OTHER_POST_PROCESSORS: &[&str] = &[
    // The fields decide, not the type.
    r#"{"type":"BertProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":false}"#,
    r#"{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0]}"#,
    r#"{"type":"Sequence","sep":["</s>",2],"cls":["<s>",0]}"#,
    r#"{"sep":["</s>",2],"cls":["<s>",0],"trim_offsets":7}"#,
    r#"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false}"#,
    r#"{"add_prefix_space":true,"trim_offsets":false,"use_regex":true}"#,
    r#"{"single":[],"pair":[],"special_tokens":{}}"#,
    r#"{"type":"ByteLevel","single":[],"pair":[],"special_tokens":{}}"#,
    r#"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"C","type_id":0}}],"pair":[],"special_tokens":{}}"#,
    r#"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"pair":[],"special_tokens":{}}"#,
    r#"{"type":"TemplateProcessing","single":["$A"],"pair":[],"special_tokens":{}}"#,
    r#"{"type":"TemplateProcessing","single":[],"pair":[]}"#,
    r#"{"processors":[]}"#,
    r#"{"type":"RobertaProcessing","sep":["</s>",2]}"#,
    r#"{"type":"BertProcessing","sep":["</s>"],"cls":["<s>",0]}"#,
    r#"{"type":"BertProcessing","sep":["</s>",2,3],"cls":["<s>",0]}"#,
    r#"{}"#,
];

const DECODERS: &[&str] = &[
    r#"{"type":"BPEDecoder","suffix":"</w>"}"#,
    r#"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true}"#,
    r#"{"type":"WordPiece","prefix":"@@","cleanup":true}"#,
    r#"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}"#,
    r#"{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true}"#,
    r#"{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}"#,
    r#"{"type":"Replace","pattern":{"Regex":"a+"},"content":" "}"#,
    r#"{"type":"Fuse"}"#,
    r#"{"type":"Strip","content":" ","start":1,"stop":0}"#,
    r#"{"type":"ByteFallback"}"#,
];

const OTHER_DECODERS: &[&str] = &[
    r#"{"suffix":"</w>"}"#,
    r#"{"type":"BPE","suffix":"</w>"}"#,
    r#"{"prefix":"@@","cleanup":true}"#,
    r#"{"pad_token":"<pad>","word_delimiter_token":"|","cleanup":true}"#,
    r#"{"pattern":{"String":"▁"},"content":" "}"#,
    r#"{"content":" ","start":1,"stop":0}"#,
    r#"{"decoders":[]}"#,
    r#"{"type":"Metaspace","replacement":"▁","str_rep":"▁","add_prefix_space":true}"#,
    r#"{"type":"WordPiece","prefix":"@@"}"#,
    r#"{"type":"Strip","content":"ab","start":1,"stop":0}"#,
    r#"{"type":"Strip","content":" ","start":-1,"stop":0}"#,
    r#"{"type":"Nothing"}"#,
    r#"{}"#,
];

fn check_part(field: &str, loads: &[&str], others: &[&str]) {
    for json in loads {
        check_loads(&document(&format!(r#""{field}":{json},"#)));
    }
    for json in others {
        check(&document(&format!(r#""{field}":{json},"#)));
    }
    check_loads(&document(&format!(r#""{field}":null,"#)));
}

#[test]
fn normalizers() {
    check_part("normalizer", NORMALIZERS, OTHER_NORMALIZERS);
}

#[test]
fn pre_tokenizers() {
    check_part("pre_tokenizer", PRE_TOKENIZERS, OTHER_PRE_TOKENIZERS);
}

#[test]
fn post_processors() {
    check_part("post_processor", POST_PROCESSORS, OTHER_POST_PROCESSORS);
}

#[test]
fn decoders() {
    check_part("decoder", DECODERS, OTHER_DECODERS);
}

#[test]
fn truncation_and_padding() {
    let truncation = r#"{"direction":"Left","max_length":128,"strategy":"OnlySecond","stride":3}"#;
    let padding = r#"{"strategy":{"Fixed":9},"direction":"Left","pad_to_multiple_of":8,"pad_id":3,"pad_type_id":1,"pad_token":"[PAD]"}"#;
    check_part(
        "truncation",
        &[truncation, r#"{"max_length":1,"strategy":"LongestFirst","stride":0}"#],
        &[
            r#"{"max_length":1,"strategy":"longest_first","stride":0}"#,
            r#"{"max_length":1,"strategy":"OnlyFirst"}"#,
        ],
    );
    check_part(
        "padding",
        &[
            padding,
            r#"{"strategy":"BatchLongest","direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"x"}"#,
            r#"{"strategy":"BatchLongest","direction":"Right","pad_id":0,"pad_type_id":0,"pad_token":"x"}"#,
        ],
        &[
            r#"{"strategy":"Fixed","direction":"Right","pad_id":0,"pad_type_id":0,"pad_token":"x"}"#,
            r#"{"strategy":"BatchLongest","direction":"Right","pad_id":-1,"pad_type_id":0,"pad_token":"x"}"#,
        ],
    );
}

#[test]
fn one_part_alone() {
    for json in NORMALIZERS {
        NormalizerConfig::from_json(json.as_bytes()).unwrap();
    }
    for json in POST_PROCESSORS {
        PostProcessorConfig::from_json(json.as_bytes()).unwrap();
    }
    for json in DECODERS {
        DecoderConfig::from_json(json.as_bytes()).unwrap();
    }
    let metaspace = br#"{"type":"Metaspace","replacement":"_","add_prefix_space":true}"#;
    assert_eq!(
        PreTokenizerConfig::from_json(metaspace).unwrap(),
        PreTokenizerConfig::Metaspace {
            replacement: '_',
            prepend_scheme: PrependScheme::Always,
            split: true
        }
    );
    assert!(PreTokenizerConfig::from_json(b"{").is_err());
    assert!(matches!(ModelConfig::from_json(super::MODEL.as_bytes()), Ok(ModelConfig::WordLevel(_))));
}
