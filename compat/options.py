"""The options of a window: axes, their values, and a draw in which every pair of values meets often.

Each axis' values are laid out evenly over all rows and shuffled with a seed of its own. With n rows, two values of axes of a and b
values then meet about n/(ab) times; `pair_floor` counts the rarest pair, and the full run refuses fewer than 100.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from typing import Any

AXES: dict[str, tuple[Any, ...]] = {
    "call": (
        "encode",
        "encode_batch",
        "encode_batch_fast",
        "async_encode_batch",
        "tok",
        "tok_batch",
        "tok_numpy",
        "tok_torch",
        "tok_encode",
        "tok_tokenize",
        "tok_pad",
    ),
    "shape": ("single", "pair", "words", "word_pair"),
    "specials": (True, False),
    "truncation": (None, "longest_first", "only_first", "only_second"),
    "truncation_side": ("right", "left"),
    "max_length": (6, 17, 64, 304),
    "stride": (0, 2, 5),
    "padding": (None, "longest", "fixed"),
    "padding_side": ("right", "left"),
    "multiple": (None, 8),
    "specials_as_text": (False, True),
    "text": (
        "english",
        "code",
        "math",
        "multilingual",
        "structured",
        "unicode",
        "pieces",
        "added",
        "adversarial",
    ),
    "length": ("empty", "word", "line", "paragraph"),
    "decode": ("none", "keep", "skip", "batch", "stream", "random", "tokens", "tok_batch"),
    "state": ("fresh", "added", "edited"),
    "queries": (False, True),
}
STATES = AXES["state"]


def draw(count: int, seed: str) -> list[dict[str, Any]]:
    """`count` rows of options; rows of one `state` stand together, in the order in which the states are reached."""
    columns = {}
    for axis, values in AXES.items():
        column = [values[index % len(values)] for index in range(count)]
        random.Random(f"{seed}:{axis}").shuffle(column)
        columns[axis] = column
    rows = [{axis: columns[axis][index] for axis in AXES} for index in range(count)]
    return sorted(rows, key=lambda row: STATES.index(row["state"]))


def pair_floor(rows: list[dict[str, Any]]) -> int:
    """How often the rarest pair of values of two axes occurs."""
    fewest = len(rows)
    for left, right in combinations(AXES, 2):
        counts = Counter((row[left], row[right]) for row in rows)
        for a in AXES[left]:
            for b in AXES[right]:
                fewest = min(fewest, counts[a, b])
    return fewest
