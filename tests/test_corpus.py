"""The accuracy corpus: every category over every kind of model, every field as stock's."""

from __future__ import annotations

import corpus
import pytest
from corpus import edge, judge
from generators.counts import count


@pytest.mark.parametrize("category", corpus.FLOORS)
def test_there_are_enough_texts(category: str) -> None:
    assert len(corpus.texts(category)) >= corpus.FLOORS[category]


def test_edge_cases_have_names() -> None:
    cases = edge.edge_cases()
    for name, character in (
        ("zero width joiner", "\u200d"),
        ("zero width non-joiner", "\u200c"),
        ("right-to-left override", "\u202e"),
        ("byte order mark", "\ufeff"),
    ):
        assert cases[f"{name}, in a word"] == f"wo{character}rd"


def test_ascii_is_ascii_and_unicode_is_not() -> None:
    assert all(text.isascii() for text in corpus.texts("ascii"))
    assert not any(text.isascii() for text in corpus.texts("unicode"))


@pytest.mark.parametrize("category", corpus.FLOORS)
@pytest.mark.parametrize("name", judge.MAKERS)
def test_every_field(name: str, category: str) -> None:
    result = judge.judge(name, category)
    assert result["differ"] == 0, result["first"]
    assert result["accelerated"], result["reasons"]
    count(category, result["texts"])
