"""`decode` and `batch_decode` of everything that ids can come in."""

import numpy as np
import pytest
from calls_shown import KINDS, called, compared, made, supported, torch, warm

IDS = [5, 17, 42, 7, 99, 0, 1, 2, 30]


def given():
    yield IDS
    yield [IDS, IDS[:3], []]
    yield []
    yield [[]]
    yield [[], IDS]
    yield 7
    yield True
    yield tuple(IDS)
    yield [tuple(IDS), IDS]
    yield np.array(IDS)
    yield np.array([IDS, IDS], dtype=np.int32)
    yield np.array(5)
    yield np.int64(5)
    yield [np.int64(5), 7]
    yield [np.array(IDS)]
    yield np.array([1.5])
    yield [1.5]
    yield [-1]
    yield [2**40]
    yield [10_000]
    yield ["a"]
    yield None
    yield {"input_ids": IDS}
    yield [[1, [2]]]
    if torch:
        yield torch.tensor(IDS)
        yield torch.tensor([IDS, IDS])
        yield torch.tensor(5)
        yield [torch.tensor(IDS), torch.tensor(IDS[:2])]
        yield torch.tensor([1.5])


OPTIONS = [
    {},
    {"skip_special_tokens": True},
    {"clean_up_tokenization_spaces": True},
    {"clean_up_tokenization_spaces": False, "skip_special_tokens": True},
    {"clean_up_tokenization_spaces": None},
    {"clean_up_tokenization_spaces": 1},
    {"skip_special_tokens": 1},
    {"unknown": 1},
]


@pytest.mark.parametrize("name", ["decode", "batch_decode"])
@pytest.mark.parametrize("kind", KINDS)
def test_decode(kind, name):
    calls = [called(name, ids, **options) for ids in given() for options in OPTIONS]
    fast = compared(warm(lambda: made(kind)), calls)
    compared(warm(lambda: made(kind, clean_up_tokenization_spaces=True)), calls)
    if supported():
        assert fast > len(calls) / 6


def test_an_instance_with_its_own_decode():
    def make():
        tokenizer = made("word_piece")
        backend = tokenizer._tokenizer
        backend.decode = lambda ids, **kwargs: f"{ids} {sorted(kwargs)}"
        return tokenizer

    compared(warm(make), [called("decode", IDS), called("batch_decode", [IDS, IDS])])
