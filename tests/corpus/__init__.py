"""Texts to compare stock and the engine on, in five categories, the same on every run of one machine.

`texts(category)` makes them, `FLOORS` says how many there are at least, `judge` compares tokenizers on them;
`python tests/corpus` prints the counts as JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from . import adversarial, edge, plain, world

FLOORS = {
    "ascii": 10_000,
    "unicode": 10_000,
    "edge": 1_000,
    "real-world": 10_000,
    "adversarial": 1_000,
}
_MADE: dict[str, Callable[[], list[str]]] = {
    "ascii": plain.ascii_texts,
    "unicode": plain.unicode_texts,
    "edge": lambda: list(edge.edge_cases().values()),
    "real-world": world.real_world,
    "adversarial": adversarial.adversarial_texts,
}


@cache
def texts(category: str) -> list[str]:
    """The category's texts, no two alike."""
    return list(dict.fromkeys(_MADE[category]()))
