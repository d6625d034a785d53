"""Calls of the engine answer as stock does, or leave the call to stock."""

from __future__ import annotations

import collections
import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import tokenizers
from test_encoding_object import outcome, shown
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

from budtiktok_hf import _native

VERSION = tuple(int(part) for part in tokenizers.__version__.split(".")[:3])
CORPUS = ["the quick brown fox", "naïve café 日本語", "one two three four five", "😀 smile  twice"]
TEXTS = [
    "the quick brown fox jumps over the lazy dog",
    "",
    " ",
    "naïve café, 日本語 and 😀😀!",
    "one two three four five six seven eight nine ten",
    "a" * 50,
    "\x00 nul\x00",
    "<sep>special<sep>",
]


@pytest.fixture(scope="module")
def tok() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<cls>", "<sep>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(CORPUS * 3, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<cls> $A <sep>",
        pair="<cls> $A <sep> $B:1 <sep>:1",
        special_tokens=[("<cls>", 0), ("<sep>", 1)],
    )
    return made


@pytest.fixture(scope="module")
def engine(tok) -> _native.Engine:
    return _native.Engine.from_json(tok.to_str().encode(), VERSION)


class Text(str):
    pass


class Texts(list):
    def __iter__(self):
        return iter(["one"])


def configured(tok: Tokenizer, truncation: dict | None, padding: dict | None) -> dict:
    """Sets the stock tokenizer's state; the engine's arguments for the same."""
    tok.no_truncation(), tok.no_padding()
    if truncation:
        tok.enable_truncation(**truncation)
    if padding:
        tok.enable_padding(**padding)
    return {"truncation": tok.truncation, "padding": tok.padding}


TRUNCATIONS = [
    None,
    {"max_length": 8},
    {"max_length": 9, "stride": 2},
    {"max_length": 7, "stride": 1, "direction": "left"},
    {"max_length": 12, "strategy": "only_first"},
    {"max_length": 1},
]
PADDINGS = [
    None,
    {},
    {"pad_to_multiple_of": 8, "direction": "left", "pad_id": 2, "pad_token": "<pad>"},
    {"length": 16, "pad_type_id": 1},
    {"length": 3},
]


@pytest.mark.parametrize("truncation", TRUNCATIONS)
@pytest.mark.parametrize("padding", PADDINGS)
def test_calls_equal_stock(tok, engine, truncation, padding):
    state = configured(tok, truncation, padding)
    texts = ["the quick brown fox", "", "naïve café, 日本!", "a" * 30]
    pairs = [("the quick brown fox", "one two"), ("日本", ""), ("one", "naïve café"), ("", "")]
    words = [text.split() for text in texts]
    cases = [(texts, False), (words, True), (pairs, False), (list(zip(words, words[::-1])), True)]
    for inputs, pretokenized in cases:
        for special in [True, False]:
            flags = {"is_pretokenized": pretokenized, "add_special_tokens": special}
            for name in ["encode_batch", "encode_batch_fast"]:
                expected = outcome(lambda: [shown(e) for e in getattr(tok, name)(inputs, **flags)])
                got = outcome(
                    lambda: [shown(e) for e in getattr(engine, name)(inputs, **flags, **state)]
                )
                if got[0] is NotImplementedError:
                    assert name == "encode_batch_fast" and isinstance(inputs[0], tuple)
                elif got[0] is ValueError:
                    assert "stride" in str(expected[1])
                else:
                    assert got == expected
            for item in inputs:
                args = item if isinstance(item, tuple) else (item,)
                expected = outcome(lambda: shown(tok.encode(*args, **flags)))
                got = outcome(lambda: shown(engine.encode(*args, **flags, **state)))
                if got[0] is ValueError:
                    assert "stride" in str(expected[1])
                else:
                    assert got == expected


ODD_SINGLE = [
    None, 1, 1.5, b"bytes", bytearray(b"x"), ["a", "b"], ("a", "b"), [], {"a"}, "\ud800", "a\udfff",
    "\ud83d\ude00", np.str_("hello"), Text("hello é"), np.array("a"), np.array(["a", "b"]),
    np.array(["a", "b"], dtype=object), np.array([b"a"]), (c for c in "ab"), ["a", 1], ["a", None],
    ["a", "\ud800"], [Text("a")], Texts(["a", "b"]), collections.deque(["a"]), [["a"]],
]  # fmt: skip
ODD_BATCH = [
    [], (), "ab", None, 5, {"a"}, {"a": 1}, range(3), [1], ["a", 1], ["a", None], [b"a"],
    [("a", "b")], [["a", "b"]], [("a", None)], [("a", 1)], [("a", "b", "c")], [("a",)], [()],
    [np.array(["a", "b"])], [np.str_("a")], ["a", ("b", "c")], [["a"], ["b"]], [(["a"], ["b"])],
    [[["a"], ["b"]]], [[["a"], "b"]], ["a", "\ud800"], np.array(["a", "é"]), np.array("a"),
    np.array(["a", "b"], dtype=object), np.array([["a", "b"]]), np.array([1, 2]), Texts(["a", "b"]),
    collections.deque(["a"]), [Texts(["a", "b"])], [Text("a")], [[]], [[], []], [([], [])],
]  # fmt: skip


@pytest.mark.parametrize("pretokenized", [False, True])
def test_odd_arguments_are_answered_as_stock_does_or_left_to_it(tok, engine, pretokenized):
    configured(tok, None, None)
    served = 0
    for value in ODD_SINGLE:
        got = outcome(lambda: shown(engine.encode(value, is_pretokenized=pretokenized)))
        if got[0] is not NotImplementedError:
            served += 1
            assert got == outcome(lambda: shown(tok.encode(value, is_pretokenized=pretokenized)))
        pair = outcome(lambda: shown(engine.encode("a", value, is_pretokenized=pretokenized)))
        if pair[0] is not NotImplementedError:
            assert pair == outcome(
                lambda: shown(tok.encode("a", value, is_pretokenized=pretokenized))
            )
    for value in ODD_BATCH:
        got = outcome(
            lambda: [shown(e) for e in engine.encode_batch(value, is_pretokenized=pretokenized)]
        )
        if got[0] is not NotImplementedError:
            served += 1
            expected = tok.encode_batch(value, is_pretokenized=pretokenized)
            assert got == ("value", [shown(e) for e in expected])
    assert served >= 8


def test_encodings_keep_the_values_of_call_time(tok):
    engine = _native.Engine.from_json(tok.to_str().encode(), VERSION)
    configured(tok, None, None)
    texts = ["the quick 日本語", "naïve"]
    words = ["one", "two"]
    pre = [words, ["three"]]
    encodings = engine.encode_batch(texts) + engine.encode_batch(pre, is_pretokenized=True)
    expected = [shown(e) for e in tok.encode_batch(["the quick 日本語", "naïve"])]
    expected += [
        shown(e) for e in tok.encode_batch([["one", "two"], ["three"]], is_pretokenized=True)
    ]
    texts.clear(), words.append("more"), pre.clear()
    del engine
    gc.collect()
    assert [shown(e) for e in encodings] == expected


def test_readers_of_whole_encodings_get_the_same(tok, engine):
    """After a call whose encodings were read whole, the next one makes them at once."""
    configured(tok, None, None)
    expected = [shown(e) for e in tok.encode_batch(TEXTS)]
    for _ in range(3):
        assert [e.ids for e in engine.encode_batch(TEXTS)] == [e["ids"] for e in expected]
        for _ in range(3):
            assert [shown(e) for e in engine.encode_batch(TEXTS)] == expected
            assert shown(engine.encode(TEXTS[0])) == expected[0]


def test_no_utf8_copy_stays_in_the_callers_strings(tok, engine):
    texts = ["naïve " * 100, "日本語" * 100, "😀" * 100, "plain " * 100]
    sizes = [sys.getsizeof(text) for text in texts]
    for encoding in engine.encode_batch(texts):
        assert encoding.tokens
    assert [sys.getsizeof(text) for text in texts] == sizes


def test_reference_counts_return(tok, engine):
    texts = ["naïve " * 3, "plain words"]
    words = ["naïve", "plain"]
    before = [sys.getrefcount(x) for x in [*texts, *words, texts, words]]
    for _ in range(3):
        for encoding in engine.encode_batch(texts) + [engine.encode(*texts)]:
            assert encoding.tokens and encoding.offsets and encoding.ids
        engine.encode_batch([words, (words, words)], is_pretokenized=True)
        outcome(lambda: engine.encode_batch([*texts, 1]))
    del encoding
    gc.collect()
    assert [sys.getrefcount(x) for x in [*texts, *words, texts, words]] == before


def test_threads(tok, engine):
    configured(tok, None, None)
    documents = [f"{text} {i} naïve 日本" * 40 for i, text in enumerate(TEXTS * 6)]
    expected = [shown(e) for e in tok.encode_batch(documents)]
    shared = engine.encode_batch(documents)
    results = []

    def work() -> None:
        results.append([shown(e) for e in shared])
        results.append([shown(e) for e in engine.encode_batch(documents)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8 and all(result == expected for result in results)


FORK = """
import os, sys
from budtiktok_hf import _native

engine = _native.Engine.from_json(sys.stdin.buffer.read(), {version})
documents = [f"{{i}} the quick brown fox naïve 日本" * 60 for i in range(60)]
expected = [e.ids for e in engine.encode_batch(documents)]
threads = lambda: len(os.listdir("/proc/self/task"))
used = threads()
child = os.fork()
if child == 0:
    assert threads() == 1
    assert [e.ids for e in engine.encode_batch(documents)] == expected
    print(threads() > 1)
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(used > 1)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
@pytest.mark.parametrize(
    ("variables", "child", "parent"),
    [
        ({}, False, True),
        ({"TOKENIZERS_PARALLELISM": "true"}, True, True),
        ({"TOKENIZERS_PARALLELISM": "Anything"}, True, True),
        ({"TOKENIZERS_PARALLELISM": "0"}, False, False),
        ({"TOKENIZERS_PARALLELISM": "OFF"}, False, False),
        ({"TOKENIZERS_PARALLELISM": ""}, False, False),
        ({"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "1"}, False, False),
    ],
)
def test_threads_of_a_process_and_its_forked_child(tok, variables, child, parent):
    configured(tok, None, None)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TOKENIZERS_PARALLELISM", "RAYON_NUM_THREADS")
    }
    environment |= {"RAYON_NUM_THREADS": "2", **variables}
    out = subprocess.run(
        [sys.executable, "-c", FORK.format(version=VERSION)],
        input=tok.to_str().encode(),
        env=environment,
        capture_output=True,
        timeout=60,
    )
    assert out.returncode == 0, out.stderr.decode()
    assert out.stdout.decode().split() == [str(child), str(parent)]
    assert out.stderr == b""


def test_what_cannot_be_compiled_is_said(tok):
    with pytest.raises(ValueError):
        _native.Engine.from_json(b"{", VERSION)
    sampling = models.BPE(dropout=0.5)
    with pytest.raises(_native.Unsupported) as caught:
        _native.Engine.from_json(Tokenizer(sampling).to_str().encode(), VERSION)
    assert caught.value.part == "model"
    assert isinstance(caught.value.kind, str)


def test_report(engine):
    report = engine.report()
    assert report["model"] == "BPE"
    assert set(report) == {"model", "pre_tokenizer", "simd", "cache_bytes"}
