"""`Encoding` behaves as stock's does, member by member, for the same content."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import subprocess
import sys
import threading
import warnings

import pytest
import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from budtiktok_hf import _native

TEXTS = ["hello world", "", "a b c d e f g h", "hello hello world! naïve café 日本語 😀"]
COLUMNS = [
    "ids",
    "type_ids",
    "tokens",
    "offsets",
    "word_ids",
    "sequence_ids",
    "special_tokens_mask",
    "attention_mask",
    "n_sequences",
]
ONE_INDEX = ["token_to_chars", "token_to_word", "token_to_sequence"]
TWO_INDICES = ["char_to_token", "char_to_word", "word_to_tokens", "word_to_chars"]


def tokenizer() -> Tokenizer:
    words = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "hello", "world", "a", "b", "c", "日本語", "😀"]
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return made


def stock_encodings() -> list[tokenizers.Encoding]:
    tok = tokenizer()
    encodings = [tok.encode(text) for text in TEXTS]
    encodings += [
        tok.encode("hello world", "a b"),
        tok.encode(["hello", "b"], is_pretokenized=True),
    ]
    tok.enable_truncation(7, stride=1)
    tok.enable_padding(length=9)
    encodings += [tok.encode("a b c d e f g h"), tok.encode("a b c d e", "hello a b c world")]
    encodings.append(tokenizers.Encoding())
    return encodings


def pairs() -> list[tuple[tokenizers.Encoding, _native.Encoding]]:
    return [(stock, _native.from_stock(stock)) for stock in stock_encodings()]


def shown(encoding) -> dict:
    made = {name: getattr(encoding, name) for name in COLUMNS}
    made["overflowing"] = [shown(part) for part in encoding.overflowing]
    made["len"], made["repr"], made["bool"] = len(encoding), repr(encoding), bool(encoding)
    return made


def outcome(function):
    try:
        return "value", function()
    except BaseException as error:  # noqa: BLE001
        return type(error), str(error), getattr(error, "__notes__", None)


def test_columns_equal_stock():
    for stock, ours in pairs():
        assert shown(ours) == shown(stock)


def test_getters_give_new_lists():
    (_, ours), *_ = pairs()
    for name in COLUMNS[:-1]:
        first = getattr(ours, name)
        assert first is not getattr(ours, name)
        first.append(None)
        assert first != getattr(ours, name)


@pytest.mark.parametrize("name", ONE_INDEX)
def test_queries_of_a_token(name):
    for stock, ours in pairs():
        for at in [*range(len(stock) + 2), 2**31, 2**64 - 1, 2**64, -1, "0", None, 1.0, True]:
            assert outcome(lambda: getattr(ours, name)(at)) == outcome(
                lambda: getattr(stock, name)(at)
            ), (name, at)


@pytest.mark.parametrize("name", TWO_INDICES)
def test_queries_in_a_sequence(name):
    odd = [-1, 2**32, 2**64, "0", None, 1.5]
    for stock, ours in pairs():
        for at in [*range(12), *odd]:
            assert outcome(lambda: getattr(ours, name)(at)) == outcome(
                lambda: getattr(stock, name)(at)
            ), (name, at)
            for sequence in [0, 1, 2, *odd]:
                assert outcome(lambda: getattr(ours, name)(at, sequence_index=sequence)) == outcome(
                    lambda: getattr(stock, name)(at, sequence_index=sequence)
                ), (name, at, sequence)


PADS = [
    ((9,), {}),
    ((0,), {}),
    ((9,), {"direction": "left", "pad_id": 3, "pad_type_id": 2, "pad_token": "P"}),
    ((9,), {"direction": "x"}),
    ((9,), {"direction": 1}),
    ((9,), {"pad_id": -1}),
    ((9,), {"pad_id": None}),
    ((9,), {"pad_token": "\ud800"}),
    ((-1,), {}),
    (("9",), {}),
    ((9, "left"), {}),
    ((), {}),
]
TRUNCATES = [
    ((3,), {}),
    ((3, 1), {}),
    ((3,), {"stride": 2, "direction": "left"}),
    ((0,), {}),
    ((100, 200), {}),
    ((3,), {"direction": "x"}),
    ((3,), {"direction": None}),
    ((3,), {"stride": -1}),
    ((3, None), {}),
    ((-1,), {}),
    ((), {}),
]
SEQUENCES = [((0,), {}), ((1,), {}), ((7,), {}), ((-1,), {}), (("1",), {}), ((None,), {})]


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [("pad", *case) for case in PADS]
    + [("truncate", *case) for case in TRUNCATES]
    + [("set_sequence_id", *case) for case in SEQUENCES],
)
def test_changes(name, args, kwargs):
    for stock, ours in pairs():
        assert outcome(lambda: getattr(ours, name)(*args, **kwargs)) == outcome(
            lambda: getattr(stock, name)(*args, **kwargs)
        )
        assert shown(ours) == shown(stock)


def test_stride_that_leaves_no_room_is_a_value_error():
    for _, ours in pairs():
        if len(ours) > 3:
            before = shown(ours)
            with pytest.raises(ValueError, match="stride"):
                ours.truncate(3, stride=3)
            assert shown(ours) == before


def test_pad_prints_unknown_options_as_stock_does(capfd):
    stock, ours = pairs()[0]
    stock.pad(9, foo=1, pad_id=3)
    expected = capfd.readouterr().out
    ours.pad(9, foo=1, pad_id=3)
    assert capfd.readouterr().out == expected == "Ignored unknown kwarg option foo\n"
    assert shown(ours) == shown(stock)


def test_merge():
    stocks, ours = zip(*pairs())
    for growing in [True, False]:
        expected = shown(tokenizers.Encoding.merge(list(stocks), growing))
        assert shown(ours[0].merge(list(ours), growing_offsets=growing)) == expected
        mixed = [s if i % 2 else o for i, (s, o) in enumerate(zip(stocks, ours))]
        assert shown(_native.Encoding.merge(tuple(mixed), growing)) == expected
    assert shown(ours[0].merge([])) == shown(tokenizers.Encoding.merge([]))
    for bad in [[1], None, 5, "ab", {1}, [ours[0], 1]]:
        stock_bad = [stocks[0], 1] if bad and isinstance(bad, list) and len(bad) == 2 else bad
        assert outcome(lambda: ours[0].merge(bad)) == outcome(
            lambda: tokenizers.Encoding.merge(stock_bad)
        )
    assert outcome(lambda: ours[0].merge([ours[0]], 1)) == outcome(
        lambda: tokenizers.Encoding.merge([stocks[0]], 1)
    )


def test_words_is_deprecated_as_in_stock():
    stock, ours = pairs()[0]
    caught = []
    for encoding in (stock, ours):
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            assert encoding.words == stock.word_ids
        caught.append([(w.category, str(w.message), w.filename) for w in record])
    assert caught[0] == caught[1] and len(caught[0]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert outcome(lambda: ours.words)[:2] == outcome(lambda: stock.words)[:2]


def test_it_passes_for_stocks_class():
    stock, ours = pairs()[0]
    assert isinstance(ours, tokenizers.Encoding)
    assert ours.__class__ is tokenizers.Encoding
    kind = type(ours)
    assert (kind.__module__, kind.__name__, kind.__qualname__) == (
        "tokenizers",
        "Encoding",
        "Encoding",
    )
    assert repr(kind) == repr(tokenizers.Encoding)
    assert set(dir(ours)) == set(dir(stock))
    assert ours.__doc__ == stock.__doc__
    members = [name for name in dir(tokenizers.Encoding) if not name.startswith("__")]
    for name in [*members, "__getstate__", "__setstate__", "__len__", "__repr__"]:
        theirs = inspect.getattr_static(tokenizers.Encoding, name)
        mine = inspect.getattr_static(kind, name)
        assert type(mine) is type(theirs), name
        theirs, mine = getattr(tokenizers.Encoding, name), getattr(kind, name)
        if callable(theirs):
            assert outcome(lambda: str(inspect.signature(mine))) == outcome(
                lambda: str(inspect.signature(theirs))
            ), name
    assert ours == ours and ours != stock and hash(ours) == hash(ours)


@pytest.mark.parametrize(
    "use",
    [
        lambda e: e[0],
        lambda e: list(e),
        lambda e: setattr(e, "ids", [1]),
        lambda e: e.nothing,
        lambda e: __import__("weakref").ref(e),
        lambda e: type("X", (type(e),), {}),
        lambda e: (setattr(e, "mine", 1), e.mine, vars(e)),
        lambda e: (setattr(e, "pad", 1), e.pad, delattr(e, "pad"), e.pad.__name__),
        lambda e: delattr(e, "nothing"),
        lambda e: shown(type(e)()),
        lambda e: e + e,
        lambda e: e < e,
        lambda e: e.__setstate__("x"),
        lambda e: e.__setstate__(b"x"),
        lambda e: e.__setstate__(b"{}"),
    ],
)
def test_odd_uses(use):
    for stock, ours in pairs():
        assert outcome(lambda: use(ours)) == outcome(lambda: use(stock))


def test_pickles_are_stocks():
    for stock, ours in pairs():
        assert json.loads(ours.__getstate__()) == json.loads(stock.__getstate__())
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            expected = outcome(lambda: pickle.loads(pickle.dumps(stock, protocol)))
            if expected[0] == "value":
                loaded = pickle.loads(pickle.dumps(ours, protocol))
                assert type(loaded) is tokenizers.Encoding
                assert shown(loaded) == shown(stock)
            else:
                assert outcome(lambda: pickle.dumps(ours, protocol))[0] is expected[0]
        for copied in (copy.copy(ours), copy.deepcopy(ours), copy.deepcopy([ours])[0]):
            assert isinstance(copied, tokenizers.Encoding)
            assert shown(copied) == shown(stock)
        ours.mine = 1
        assert not hasattr(copy.copy(ours), "mine")
        assert ours.__reduce_ex__(4)[0] is stock.__reduce_ex__(4)[0]
        assert len(ours.__reduce_ex__(4)) == len(stock.__reduce_ex__(4))


def test_pickle_loads_without_us():
    _, ours = pairs()[4]
    code = (
        "import pickle, sys; e = pickle.loads(sys.stdin.buffer.read());"
        "assert not any('budtiktok' in name for name in sys.modules);"
        "print(e.ids, e.tokens)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(ours), capture_output=True, check=True
    )
    assert out.stdout.decode().strip() == f"{ours.ids} {ours.tokens}"


def test_setstate():
    for stock, ours in pairs():
        other = type(ours)()
        other.__setstate__(stock.__getstate__())
        assert shown(other) == shown(stock)


def test_to_stock_and_back():
    for stock, ours in pairs():
        real = _native.to_stock(ours)
        assert type(real) is tokenizers.Encoding
        assert shown(real) == shown(stock)
        assert _native.to_stock(stock) is stock
        assert _native.is_ours(ours) and not _native.is_ours(stock)


def test_many_tokens_while_the_collector_runs():
    import gc

    state = json.loads(stock_encodings()[0].__getstate__())
    size = 50_000
    for key in ["ids", "type_ids", "tokens", "words", "special_tokens_mask", "attention_mask"]:
        state[key] = [state[key][1]] * size
    state["ids"] = [i % 700_000 for i in range(0, size * 20, 20)]
    state["offsets"] = [[i * 30, i * 30 + 29] for i in range(size)]
    state["sequence_ranges"] = {"0": {"start": 0, "end": size}}
    data = json.dumps(state).encode()
    ours, stock = _native.Encoding(), tokenizers.Encoding()
    ours.__setstate__(data), stock.__setstate__(data)
    enabled = gc.isenabled()
    thresholds = gc.get_threshold()
    try:
        gc.set_threshold(5)
        assert shown(ours) == shown(stock)
    finally:
        gc.set_threshold(*thresholds)
    assert gc.isenabled() is enabled
    assert ours.offsets == [tuple(pair) for pair in state["offsets"]]


def test_changes_from_several_threads():
    _, ours = pairs()[2]
    start = threading.Barrier(4)
    errors = []

    def work(number: int) -> None:
        try:
            start.wait()
            for i in range(300):
                ours.set_sequence_id(number)
                ours.pad(20 + i)
                assert len(ours.tokens) == len(ours.offsets) >= 20
                assert len(ours) >= 20 + i
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(ours) == 319
