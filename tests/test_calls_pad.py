"""`pad`, data collators, and the look-ups of many tokens or ids."""

import collections
from functools import partial

import numpy as np
import pytest
from calls_shown import KINDS, called, compared, made, shown, supported, torch, warm
from conftest import outcome
from transformers import (
    BatchEncoding,
    DataCollatorForLanguageModeling,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
)

import budtiktok_hf
from budtiktok_hf import _native

TENSORS = [None, "np"] + (["pt"] if torch else [])
ROWS = [[1, 2, 3], [4], [], [5, 6]]
FEATURES = [
    {"input_ids": [1, 2, 3], "attention_mask": [1, 1, 1], "label": 0},
    {"input_ids": [4], "attention_mask": [1], "label": 1},
]
FULL = [
    {
        "input_ids": [1, 2, 3],
        "token_type_ids": [0, 0, 1],
        "attention_mask": [1, 1, 0],
        "special_tokens_mask": [1, 0, 1],
        "score": 0.5,
    },
    {
        "input_ids": [1],
        "token_type_ids": [0],
        "attention_mask": [1],
        "special_tokens_mask": [0],
        "score": 1.5,
    },
]


def inputs():
    """Fresh each time: some calls change what they are given."""
    yield {"input_ids": [list(row) for row in ROWS]}
    yield {"input_ids": [[1, 2], [3]], "attention_mask": [[1, 1], [0]], "label": [1, 2]}
    yield {"input_ids": [1, 2, 3]}
    yield {"input_ids": []}
    yield {"input_ids": [[], []]}
    yield {"input_ids": [[1, 2], [3, 4]], "attention_mask": [[1], [1, 1]]}
    yield {"input_ids": [[1, 2.5], [3]]}
    yield {"input_ids": [[1, True], [3]]}
    yield {"input_ids": [["a"], ["b", "c"]]}
    yield {"input_ids": [(1, 2), (3,)]}
    yield {"input_ids": [[1, 2**40], [3]]}
    yield {"input_ids": [[1], [2]], "label": [1]}
    yield {"labels": [[1], [2]]}
    yield {"input_ids": [[1, 2], [3]], "labels": [[1, 2], [3]]}
    yield BatchEncoding({"input_ids": [[1, 2], [3]], "attention_mask": [[1, 1], [1]]})
    yield [dict(feature) for feature in FEATURES]
    yield tuple(dict(feature) for feature in FULL)
    yield [BatchEncoding(dict(feature)) for feature in FULL]
    yield [{"input_ids": [1, 2]}, {"attention_mask": [1]}]
    yield [{"input_ids": np.array([1, 2])}, {"input_ids": np.array([3])}]
    if torch:
        yield [{"input_ids": torch.tensor([1, 2])}, {"input_ids": torch.tensor([3])}]
    yield []
    yield None


OPTIONS = [
    {},
    {"padding": False},
    {"padding": "longest"},
    {"padding": "max_length"},
    {"padding": "max_length", "max_length": 2},
    {"padding": "max_length", "max_length": 6},
    {"padding": True, "max_length": 6},
    {"padding": True, "max_length": 6, "verbose": False},
    {"pad_to_multiple_of": 8},
    {"pad_to_multiple_of": 0},
    {"padding": "max_length", "max_length": 6, "pad_to_multiple_of": 4},
    {"padding_side": "left"},
    {"padding_side": "odd"},
    {"return_attention_mask": False},
    {"return_attention_mask": True},
]


@pytest.mark.parametrize("tensors", TENSORS)
@pytest.mark.parametrize("kind", KINDS)
def test_pad(kind, tensors):
    def padded(at, options):
        def call(tokenizer):
            given = list(inputs())[at]
            result = tokenizer.pad(given, return_tensors=tensors, **options)
            kept = given if isinstance(given, dict) else None
            rows = kept["input_ids"] if kept and isinstance(kept.get("input_ids"), list) else []
            same = [row is new for row, new in zip(rows, result["input_ids"])]
            return shown(result), shown(given), same if tensors is None else None

        call.label = f"{at} {options}"
        return call

    calls = [padded(at, options) for at in range(len(list(inputs()))) for options in OPTIONS]
    fast = compared(warm(lambda: made(kind)), calls)
    if supported():
        assert fast > len(calls) / 6


@pytest.mark.parametrize("kind", KINDS)
def test_settings(kind):
    for settings in [
        {"padding_side": "left"},
        {"pad_token": None},
        {"model_input_names": ["input_ids"]},
        {"model_input_names": ["input_values", "attention_mask"]},
        {"model_max_length": 1e30},
    ]:
        calls = [
            called("pad", [dict(feature) for feature in FULL], **options) for options in OPTIONS
        ]
        compared(warm(lambda settings=settings: made(kind, **settings)), calls)


@pytest.mark.skipif(torch is None, reason="without torch")
def test_data_collators():
    texts = ["The quick brown fox", "isn't it?", "a", "def f(x): return x"]

    def features(tokenizer):
        return [tokenizer(text, return_special_tokens_mask=True) for text in texts]

    def with_padding(tokenizer):
        collate = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)
        plain = [tokenizer(text) for text in texts]
        labelled = [dict(feature, label=1) for feature in plain]
        return shown(collate(plain)), shown(collate(labelled))

    def language_modeling(tokenizer):
        torch.manual_seed(7)
        masked = DataCollatorForLanguageModeling(tokenizer, mlm=True)
        causal = DataCollatorForLanguageModeling(tokenizer, mlm=False)
        return shown(masked(features(tokenizer))), shown(causal(features(tokenizer)))

    def token_classification(tokenizer):
        collate = DataCollatorForTokenClassification(tokenizer)
        made = [tokenizer(text) for text in texts]
        labelled = [dict(one, labels=[1] * len(one["input_ids"])) for one in made]
        return shown(collate(labelled))

    compared(lambda: made("word_piece"), [with_padding, language_modeling, token_classification])


@pytest.mark.parametrize("kind", KINDS)
def test_lookups(kind):
    def make():
        tokenizer = made(kind, verbose=True)
        tokenizer.add_tokens(["brand new", "Ünï"])
        return tokenizer

    ids = list(range(420))
    calls = [
        called("convert_ids_to_tokens", given, **options)
        for given in [
            ids,
            tuple(ids[:9]),
            [],
            5,
            0,
            10_000,
            -1,
            True,
            2**40,
            [1, 2**40],
            [True, 2],
            [-1],
            [1.5],
            ["a"],
            np.array([1, 2]),
            None,
        ]
        for options in [{}, {"skip_special_tokens": True}, {"skip_special_tokens": 1}]
    ]
    tokens = ["the", "qu", "[SEP]", "<|endoftext|>", "brand new", "Ünï", "nope nope", "", "é"]
    calls += [
        called("convert_tokens_to_ids", given)
        for given in [tokens, tuple(tokens), [], "the", "nope nope", ["a\ud800"], [1], [None], None]
    ]
    calls += [lambda tokenizer, i=i: tokenizer.convert_tokens_to_ids(i) for i in tokens]
    compared(make, calls)
    fast = compared(warm(make), calls)
    if supported():
        assert fast


@pytest.mark.parametrize("kind", KINDS)
def test_cheap_calls_build_no_engine(kind):
    """What stock does in microseconds waits for no engine until it adds up."""
    calls = [
        called("convert_tokens_to_ids", "the"),
        called("convert_tokens_to_ids", ["the", "nope"]),
        called("convert_ids_to_tokens", [1, 2]),
        called("decode", [1, 2]),
        called("pad", {"input_ids": [[1, 2], [3]]}),
    ]
    tokenizer = made(kind)
    expected = [shown(call(tokenizer)) for call in calls]

    def fast() -> int:
        before = sum(_native.fast_calls().values())
        assert [shown(call(tokenizer)) for call in calls] == expected
        return sum(_native.fast_calls().values()) - before

    with budtiktok_hf.patched():
        assert fast() == 0
        tokenizer.convert_ids_to_tokens([1] * (1 << 18))
        assert fast() >= (len(calls) if supported() else 0)


NO_MASK = {"return_attention_mask": False}


class Counting(collections.UserDict):
    """Tells who reads it."""

    def __getitem__(self, key):
        self.data["read"] = self.data.get("read", 0) + 1
        return super().__getitem__(key)


@pytest.mark.parametrize("tensors", TENSORS)
@pytest.mark.parametrize("padding", [True, False])
def test_masks_of_more_dimensions_and_mappings_of_others(padding, tensors):
    def features(make):
        return [{"attention_mask": make((1, 2, 2)), "input_ids": [at, 2]} for at in (1, 3)]

    makes = [np.ones] + ([torch.ones] if torch else [])

    def masks(make):
        return {"input_ids": [[1], [2]], "attention_mask": [make((2, 2)), make((2, 2))]}

    def pad(inputs, options):
        """The inputs are made anew: some are changed."""

        def call(tokenizer):
            given = inputs()
            return outcome(lambda: shown(tokenizer.pad(given, **options))), repr(given)

        return call

    inputs = [partial(each, make) for each in (features, masks) for make in makes]
    inputs += [lambda: collections.defaultdict(list, {"x": [1]}), lambda: Counting(input_ids=[[1]])]
    options = {"padding": padding, "return_tensors": tensors}
    calls = [pad(given, options | more) for given in inputs for more in ({}, NO_MASK)]
    compared(warm(lambda: made("word_piece")), calls)
    compared(lambda: made("word_piece"), calls)
