"""Calls that the class matrix makes: those of every tokenizer, and those of one class alone."""

from collections.abc import Callable, Iterator
from typing import Any

TEXT = "The quick brown fox isn't  lazy: 3.14 café!"
PAIR = "hello world, 東京"
BATCH = [TEXT, "", "the fox", "  dog\n jumps  "]
PAIRS = [(TEXT, PAIR), ("a", TEXT), ("", "")]
WORDS = [["The", "quick", "fox"], ["dog"], []]

Call = tuple[str, Callable[[Any], Any]]


def shared() -> Iterator[Call]:
    """What any tokenizer that takes plain text is asked."""
    yield "one", lambda t: t(TEXT)
    yield "pair", lambda t: t(TEXT, PAIR)
    yield "batch", lambda t: t(BATCH)
    yield "pairs", lambda t: t([a for a, _ in PAIRS], [b for _, b in PAIRS])
    yield "padded", lambda t: t(BATCH, padding=True)
    yield "left", lambda t: t(BATCH, padding=True, padding_side="left")
    yield "longest", lambda t: t(BATCH, padding="max_length", max_length=12, truncation=True)
    yield "np", lambda t: t(BATCH, padding=True, return_tensors="np")
    yield "pt", lambda t: t(BATCH, padding=True, pad_to_multiple_of=8, return_tensors="pt")
    yield (
        "overflow",
        lambda t: t(
            BATCH,
            truncation=True,
            max_length=8,
            stride=2,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            return_length=True,
            padding=True,
        ),
    )
    yield (
        "second",
        lambda t: t(
            *map(list, zip(*PAIRS, strict=True)), truncation="only_second", max_length=30, stride=1
        ),
    )
    yield "words", lambda t: t(WORDS, is_split_into_words=True, return_offsets_mapping=True)
    yield "word ids", lambda t: t(WORDS[0], is_split_into_words=True).word_ids()
    yield "plain", lambda t: t(TEXT, add_special_tokens=False)
    yield "target", lambda t: t(TEXT, text_target=PAIR)
    yield "targets", lambda t: t(text_target=BATCH, padding=True)
    yield "special split", lambda t: t(t.unk_token or "<s>", split_special_tokens=True)
    yield "encode", lambda t: t.encode(TEXT, PAIR, truncation=True, max_length=10)
    yield "tokenize", lambda t: t.tokenize(TEXT, PAIR, add_special_tokens=True)
    yield "decode", lambda t: t.decode(t(TEXT).input_ids)
    yield "skip", lambda t: t.decode(t(TEXT).input_ids, skip_special_tokens=True)
    yield "many", lambda t: t.batch_decode(t(BATCH).input_ids, skip_special_tokens=True)
    yield "ids", lambda t: t.convert_tokens_to_ids(t.tokenize(TEXT))
    yield "tokens", lambda t: t.convert_ids_to_tokens(t(TEXT).input_ids)
    yield "pad", lambda t: t.pad(t(BATCH), padding=True, return_tensors="np")
    yield "added", _added
    yield "state", lambda t: (t._tokenizer.truncation, t._tokenizer.padding)
    yield "odd", lambda t: t([1, 2])
    yield "none", lambda t: t(None)


def _added(tokenizer):
    count = tokenizer.add_tokens(["quick brown", "<new>"])
    return count, tokenizer(TEXT + "<new>", return_offsets_mapping=True)


BOXES = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]


def _layout() -> Iterator[Call]:
    words, boxes = WORDS[0], BOXES
    yield "one", lambda t: t(words, boxes=boxes)
    yield "labels", lambda t: t(words, boxes=boxes, word_labels=[1, 2, 3])
    yield "question", lambda t: t(TEXT, words, boxes=boxes)
    yield (
        "batch",
        lambda t: t([words, ["dog"]], boxes=[boxes, boxes[:1]], padding=True, return_tensors="np"),
    )
    yield (
        "questions",
        lambda t: t(
            [TEXT, "a"],
            [words, ["dog"]],
            boxes=[boxes, boxes[:1]],
            truncation="only_second",
            max_length=40,
            stride=1,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding="max_length",
        ),
    )
    yield "encode", lambda t: t.encode(words, boxes=boxes)
    yield "tokenize", lambda t: t.tokenize(TEXT, PAIR, add_special_tokens=True)
    yield "decode", lambda t: t.decode(t(words, boxes=boxes).input_ids)
    yield "odd", lambda t: t(words)


def _udop() -> Iterator[Call]:
    words, boxes = WORDS[0], BOXES
    yield "text", lambda t: t(text_target=TEXT)
    yield "texts", lambda t: t(text_target=BATCH, padding=True, truncation=True, max_length=9)
    yield from _layout()
    yield (
        "boxes",
        lambda t: t.call_boxes(words, boxes=boxes, padding="max_length", max_length=20),
    )


def _markup() -> Iterator[Call]:
    nodes, xpaths = ["the", "quick", "fox"], ["/html/body/div/li[1]/div/span", "/html/head", "/a"]
    yield "one", lambda t: t(nodes, xpaths=xpaths)
    yield "labels", lambda t: t(nodes, xpaths=xpaths, node_labels=[1, 2, 3])
    yield "question", lambda t: t(TEXT, nodes, xpaths=xpaths, return_offsets_mapping=True)
    yield (
        "batch",
        lambda t: t([nodes, ["dog"]], xpaths=[xpaths, xpaths[:1]], padding=True, truncation=True),
    )
    yield "tokenize", lambda t: t.tokenize(TEXT, PAIR, add_special_tokens=True)
    yield "decode", lambda t: t.decode(t(nodes, xpaths=xpaths).input_ids)


def _languages(codes: tuple[str, str]) -> Iterator[Call]:
    """Source and target language, switched back and forth, some inside a call."""
    source, target = codes

    def switched(t):
        got = [t(TEXT), t(text_target=PAIR)]
        t.src_lang = target
        got.append(t(TEXT))
        t.tgt_lang = source
        got.append(t(TEXT, text_target=BATCH))
        t.set_tgt_lang_special_tokens(target)
        got.append(t(TEXT))
        t.set_src_lang_special_tokens(source)
        got.append(t(BATCH, padding=True))
        return got

    def inputs(t):
        return t._build_translation_inputs(
            TEXT, return_tensors="np", src_lang=source, tgt_lang=target
        )

    yield "switched", switched
    yield "inputs", inputs
    yield "again", lambda t: t(TEXT, text_target=TEXT)


def _seamless() -> Iterator[Call]:
    yield from _languages(("eng", "fra"))
    yield "given", lambda t: t(TEXT, text_target=PAIR, src_lang="fra", tgt_lang="eng")
    yield "kept", lambda t: t(BATCH, padding=True)


def _whisper() -> Iterator[Call]:
    def prefixes(t):
        got = [t(TEXT)]
        t.set_prefix_tokens(language="english", task="translate", predict_timestamps=True)
        got.append((t.prefix_tokens, t(TEXT)))
        t.set_prefix_tokens(language="french", task="transcribe", predict_timestamps=False)
        got.append((t.prefix_tokens, t(BATCH, padding=True)))
        return got

    yield "prefixes", prefixes
    yield "prompt", lambda t: t.get_prompt_ids("the fox")
    yield "decoder", lambda t: t.get_decoder_prompt_ids(task="translate", language="en")
    yield (
        "timestamps",
        lambda t: t.decode(t(TEXT).input_ids, decode_with_timestamps=True, output_offsets=True),
    )
    yield "normalized", lambda t: t.decode(t(TEXT).input_ids, basic_normalize=True)
    yield "skipped", lambda t: t.batch_decode(t(BATCH).input_ids, skip_special_tokens=True)


def _clip() -> Iterator[Call]:
    def backend(t):
        ids = t(TEXT).input_ids
        return t.backend_tokenizer.decode(ids), t._tokenizer.decode_batch([ids, ids])

    yield "instance", backend
    yield "decoded", lambda t: [t.decode(ids) for ids in t(BATCH).input_ids]


def _luke() -> Iterator[Call]:
    text = "the quick fox is in world"
    spans = [(4, 13), (20, 25)]
    yield "spans", lambda t: t(text, entity_spans=spans)
    yield "entities", lambda t: t(text, entities=["fox", "world"], entity_spans=spans)
    yield (
        "several",
        lambda t: t(
            [text, "a fox"],
            entity_spans=[spans, [(2, 5)]],
            padding="max_length",
            max_length=60,
            max_entity_length=4,
            return_tensors="np",
        ),
    )


def _reader() -> Iterator[Call]:
    yield "passages", lambda t: t("what fox", titles=["a", "b"], texts=["the fox", TEXT])
    yield "question", lambda t: t(["what", "fox"], titles="title", texts=TEXT, padding=True)


def _infilling() -> Iterator[Call]:
    yield "filled", lambda t: t("def f():<FILL_ME> return x")
    yield "suffix", lambda t: t.tokenize("the", suffix="fox", suffix_first=True)
    yield "after", lambda t: t(BATCH)


SPECIAL: dict[str, Callable[[], Iterator[Call]]] = {
    "MBartTokenizer": lambda: _languages(("en_XX", "de_DE")),
    "MBart50Tokenizer": lambda: _languages(("en_XX", "de_DE")),
    "NllbTokenizer": lambda: _languages(("eng_Latn", "fra_Latn")),
    "SeamlessM4TTokenizer": _seamless,
    "WhisperTokenizer": _whisper,
    "CLIPTokenizer": _clip,
    "LukeTokenizer": _luke,
    "MLukeTokenizer": _luke,
    "DPRReaderTokenizer": _reader,
    "DPRReaderTokenizerFast": _reader,
    "CodeLlamaTokenizer": _infilling,
}
"""Calls of one class alone, made in turn with those that all have."""

INSTEAD: dict[str, Callable[[], Iterator[Call]]] = {
    "LayoutLMv2Tokenizer": _layout,
    "LayoutLMv3Tokenizer": _layout,
    "LayoutXLMTokenizer": _layout,
    "UdopTokenizer": _udop,
    "MarkupLMTokenizer": _markup,
}
"""Calls of classes that take no plain text."""


def calls(name: str) -> list[Call]:
    # What transformers 5 calls BertTokenizer, 4 calls BertTokenizerFast.
    if name not in SPECIAL:
        name = name.removesuffix("Fast")
    if name in INSTEAD:
        return list(INSTEAD[name]())
    common = list(shared())
    own = list(SPECIAL[name]()) if name in SPECIAL else []
    # Twice: what the class's own calls leave behind is seen by the common ones.
    return common + own + common if own else common
