"""How many cases each test compared, by kind, for the report of a long run."""

from __future__ import annotations

import os
from collections import Counter, defaultdict

COUNTS: defaultdict[str, Counter[str]] = defaultdict(Counter)


def count(kind: str, cases: int = 1) -> None:
    """Counts cases of the running test."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0].split("[")[0]
    COUNTS[test][kind] += cases
