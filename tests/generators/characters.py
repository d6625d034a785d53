"""Characters that part implementations: by name, by class, and strings of them."""

from __future__ import annotations

#: Single characters and short strings that are easily treated wrongly, by name.
NAMED = {
    "nul": "\x00", "start of heading": "\x01", "tab": "\t", "line feed": "\n", "vertical tab": "\v",
    "form feed": "\f", "carriage return": "\r", "crlf": "\r\n", "file separator": "\x1c",
    "unit separator": "\x1f", "delete": "\x7f", "next line": "\x85", "no-break space": "\xa0",
    "soft hyphen": "\xad", "ogham space": "\u1680", "mongolian vowel separator": "\u180e",
    "en quad": "\u2000", "thin space": "\u2009", "zero width space": "\u200b",
    "zero width non-joiner": "\u200c", "zero width joiner": "\u200d",
    "left-to-right mark": "\u200e", "right-to-left mark": "\u200f", "line separator": "\u2028",
    "paragraph separator": "\u2029", "right-to-left override": "\u202e",
    "pop directional formatting": "\u202c", "narrow no-break space": "\u202f",
    "medium mathematical space": "\u205f", "word joiner": "\u2060",
    "first strong isolate": "\u2068", "ideographic space": "\u3000", "byte order mark": "\ufeff",
    "noncharacter": "\uffff", "replacement character": "\ufffd", "private use": "\ue000",
    "last scalar": "\U0010ffff", "tag letter": "\U000e0041", "variation selector": "\ufe0f",
    "ideographic variation selector": "\U000e0100", "unassigned": "\u0378",
    "combining grave": "\u0300", "combining acute": "\u0301", "combining dot above": "\u0307",
    "combining enclosing keycap": "\u20e3", "combining iota": "\u0345", "greek tonos": "\u0384",
    "dotted capital i": "İ", "dotless i": "ı", "long s": "ſ", "kelvin": "\u212a",
    "angstrom": "\u212b", "sharp s": "ß", "capital sharp s": "ẞ", "final sigma": "ΑΣ",
    "dz titlecase": "ǅ", "ligature fi": "ﬁ", "ligature ffi": "ﬃ", "arabic ligature": "ﷺ",
    "composed e": "é", "decomposed e": "e\u0301", "two marks": "a\u0323\u0302",
    "marks out of order": "a\u0302\u0323", "hangul syllable": "한", "hangul jamo": "\u1112\u1161\u11ab",
    "half-width katakana": "ｶﾞ", "voiced mark": "か\u3099", "full-width letter": "Ａ",
    "full-width digit": "１", "squared word": "㌀", "vulgar fraction": "½", "roman numeral": "Ⅻ",
    "superscript": "²", "arabic digit": "٣", "devanagari digit": "५", "bengali currency": "৴",
    "devanagari conjunct": "क्षि", "thai": "ภาษาไทย", "tibetan": "བོད་", "khmer": "ភាសា", "cjk": "東京",
    "cjk extension a": "㐀", "cjk extension b": "\U00020000", "cjk extension g": "\U00030000",
    "cjk compatibility": "豈", "iteration mark": "々", "emoji": "😀", "skin tone": "👍🏽",
    "family": "👨‍👩‍👧‍👦", "flag": "🇩🇪", "half a flag": "🇩", "keycap": "1️⃣", "rainbow flag": "🏳️‍🌈",
    "mathematical letter": "𝐀", "deseret capital": "𐐀", "old italic": "𐌀", "hebrew points": "שָׁלוֹם",
    "arabic": "العربية", "arabic tatweel": "ـ", "sentencepiece space": "▁", "two of them": "▁▁",
    "mapped space": "Ġ", "mapped line feed": "Ċ", "cyrillic": "Москва", "greek": "Ελλάδα", "vietnamese": "tiếng Việt",
    "apostrophe s": "it's", "typographic apostrophe": "it’s", "apostrophe long s": "it'ſ", "dashes": "a–b—c", "quotes": "“a” «b»",
    "middle dot": "l·l", "underscore": "a_b", "backtick": "`a`", "currency": "$1€2£3",
}  # fmt: skip

SPACES = " \t\n\v\f\r\x1c\x85\xa0\u1680\u180e\u2000\u2009\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
LETTERS = "abcdehlorstwxyABCXYZ"
DIGITS = "0123456789²½٣५Ⅻ１"
PUNCTUATION = ".,!?'-_|#$%&()[]{}<>/\\\"`~^*+=:;@…—’“«。、！"
MARKS = "\u0300\u0301\u0307\u0308\u0323\u0327\u0345\u20dd\u20e3\u3099\u093f\u094d\u05b8\u064b\ufe0f"
_WORDS = (
    "the low lower newest widest hello world don't isn't we'll naïve café straße Ünïcödé "
    "東京 東京都 Москва שלום مرحبا नमस्ते 한국어 สวัสดี 😀 1,234.56 x=y+1 foo_bar"
)
WORDS = _WORDS.split()
