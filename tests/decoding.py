"""Tokenizers with every kind of decoder, and what they answer when they decode."""

import json

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

TOKENS = [
    "a", "Ġb", "▁c", "▁", "▁▁d", "##e", "<0x41>", "<0xE2>", "<0x96>", "<0x81>", "<0xF0>", "<0xC3>",
    "<0xA9>", "<0x20>", "<0x+a>", "<0xGG>", "é", " ", "  x", ".", "n't", "'s", " '", "do not", "|",
    "<pad>", "</w>", "f</w>", "Ã", "©", "â", "ĸ", "ģ", "ł", "\ufffd", "\n", " lead", "", "漢", "ðŁĺ",
    "Ģ", "Ċ x", "##", "▁ ▁", "x|y", "?", "😀", "\0", "<0xef>", "<0xbf>", "<0xbd>",
]  # fmt: skip

#: Content, special, normalized.
ADDED = [
    ("<s>", True, False),
    ("[SEP]", True, True),
    ("<plain>", False, False),
    ("UP", False, True),
    ("a", True, False),
]

REPLACE = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
FUSE, BYTES, BYTE_LEVEL = (
    {"type": "Fuse"},
    {"type": "ByteFallback"},
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
)


def metaspace(scheme: str) -> dict:
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": True}


def word_piece(prefix: str, cleanup: bool) -> dict:
    return {"type": "WordPiece", "prefix": prefix, "cleanup": cleanup}


def ctc(pad: str, cleanup: bool) -> dict:
    return {"type": "CTC", "pad_token": pad, "word_delimiter_token": "|", "cleanup": cleanup}


def strip(content: str, start: int, stop: int) -> dict:
    return {"type": "Strip", "content": content, "start": start, "stop": stop}


def sequence(*decoders: dict) -> dict:
    return {"type": "Sequence", "decoders": list(decoders)}


#: Each kind alone, and the sequences that real tokenizers have.
DECODERS: dict[str, dict | None] = {
    "none": None,
    "byte level": BYTE_LEVEL,
    "metaspace": metaspace("always"),
    "metaspace, never": metaspace("never"),
    "wordpiece": word_piece("##", True),
    "wordpiece, no cleanup": word_piece("##", False),
    "bpe": {"type": "BPEDecoder", "suffix": "</w>"},
    "ctc": ctc("<pad>", True),
    "ctc, no cleanup": ctc("<pad>", False),
    "byte fallback": BYTES,
    "fuse": FUSE,
    "strip": strip(" ", 1, 0),
    "strip, both ends": strip(" ", 1, 1),
    "replace": REPLACE,
    "replace a pattern": {"type": "Replace", "pattern": {"Regex": "[a-e]|▁+"}, "content": "_"},
    "llama": sequence(REPLACE, BYTES, FUSE, strip(" ", 1, 0)),
    "gemma": sequence(REPLACE, BYTES, FUSE),
    "chatglm": sequence(BYTES, metaspace("always")),
    "llm-jp": sequence(
        BYTES,
        {"type": "Replace", "pattern": {"Regex": "▁"}, "content": " "},
        FUSE,
        {"type": "Replace", "pattern": {"Regex": "(?<!\\n)^ "}, "content": ""},
    ),
    "ctc in a sequence": sequence(ctc("<pad>", True), FUSE),
    "nothing in a sequence": sequence(),
}


def written(decoder: dict | None) -> str:
    """A tokenizer.json with this decoder."""
    added = [
        {"id": 0, "content": content, "single_word": False, "lstrip": False, "rstrip": False}
        | {"normalized": normalized, "special": special}
        for content, special, normalized in ADDED
    ]
    vocab = {token: id for id, token in enumerate(TOKENS)}
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {"type": "Lowercase"},
            "pre_tokenizer": None,
            "post_processor": None,
            "decoder": decoder,
            "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "a"},
        }
    )


def outcome(call):
    """A call's value, or the type and text of its error; of stock's panics, those of `ValueError`."""
    try:
        return call()
    except BaseException as error:
        kind = type(error).__name__
        if not isinstance(error, Exception) and kind != "PanicException":
            raise
        return ("ValueError" if kind == "PanicException" else kind), str(error)


def decoded(tokenizer: Tokenizer, rows: list[list[int]]) -> list:
    """Everything that decodes these rows at once."""
    return [
        [
            [outcome(lambda: tokenizer.decode(ids, skip_special_tokens=skip)) for ids in rows],
            outcome(lambda: tokenizer.decode_batch(rows, skip_special_tokens=skip)),
        ]
        for skip in (True, False)
    ]


def streamed(stream: DecodeStream, tokenizer: Tokenizer, steps: list) -> list:
    """What the steps of a stream give; a step is an id or a list of ids."""
    return [outcome(lambda: stream.step(tokenizer, step)) for step in steps]
