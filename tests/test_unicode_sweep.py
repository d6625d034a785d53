"""Every Unicode scalar through one representative of each pipeline: ids, offsets and word ids as stock's.

Each scalar stands alone and between letters, spaces, digits, marks, CJK and added tokens. The whole sweep is long; otherwise one
scalar of each class and both sides of every boundary between classes are taken.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

import pytest
from generators import pipelines
from generators.against_stock import Original, assert_accelerated
from generators.counts import count

import budtiktok_hf

CONTEXTS = (
    "a{0}b {0} 1{0}2\n{0}\u0301e{0}  東{0}京<x>{0}<x> new{0}new{0} <y>{0}<y>{0}low{0}<z>{0}<z>"
)
BATCH = 2_000


def scalars() -> Iterator[str]:
    return (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)


def character_class(scalar: str) -> tuple:
    return (
        unicodedata.category(scalar),
        unicodedata.combining(scalar),
        unicodedata.decomposition(scalar).partition(">")[0][:1] == "<",
        bool(unicodedata.decomposition(scalar)),
        unicodedata.east_asian_width(scalar),
        scalar.isspace(),
        scalar.isdecimal(),
        scalar.isnumeric(),
        scalar.lower() != scalar,
        len(scalar.encode()),
    )


def boundaries() -> list[str]:
    """Both sides of every change of class, hence one of each class."""
    chosen: dict[str, None] = {}
    last, was = None, None
    for scalar in scalars():
        now = character_class(scalar)
        if now != was:
            if last is not None:
                chosen[last] = None
            chosen[scalar] = None
        last, was = scalar, now
    chosen[last] = None
    return list(chosen)


def sweep(name: str, chosen: Iterable[str]) -> int:
    """The number of scalars compared."""
    budtiktok_hf.patch()
    tokenizer = pipelines.tokenizer(name)
    assert_accelerated(tokenizer)
    stock = Original(tokenizer)
    done, chosen = 0, iter(chosen)
    while batch := list(islice(chosen, BATCH)):
        texts = batch + [CONTEXTS.format(scalar) for scalar in batch]
        for text, ours, theirs in zip(
            texts, tokenizer.encode_batch(texts), stock.encode_batch(texts), strict=True
        ):
            same = ours.ids == theirs.ids and ours.offsets == theirs.offsets
            if not (same and ours.word_ids == theirs.word_ids):
                expected = theirs.ids, theirs.offsets, theirs.word_ids
                assert (ours.ids, ours.offsets, ours.word_ids) == expected, ascii(text)
        done += len(batch)
    count("scalars", done)
    return done


@pytest.mark.parametrize("name", pipelines.PIPELINES)
def test_each_class_and_every_boundary(name: str) -> None:
    assert sweep(name, boundaries()) > 5_000


@pytest.mark.long
@pytest.mark.parametrize("name", pipelines.PIPELINES)
def test_all_scalars(name: str) -> None:
    assert sweep(name, scalars()) == 1_112_064
