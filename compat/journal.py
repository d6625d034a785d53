"""Which case is under way, on disk: a process that dies names the case that killed it."""

from __future__ import annotations

import os
import time
from pathlib import Path

WIDTH = 32
PREPARING = -1


class Journal:
    """Written before each case; tells the parent how many results there are, at most ten times a second."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
        self._count, self._told = 0, 0.0

    def begin(self, section: str, number: int) -> None:
        os.pwrite(self._file, f"{section} {number}".ljust(WIDTH).encode(), 0)

    def preparing(self, section: str) -> None:
        self.begin(section, PREPARING)

    def done(self, results: int) -> None:
        self._count += results
        now = time.monotonic()
        if now - self._told > 0.1:
            self._told = now
            print("progress", self._count, flush=True)


def last(path: Path) -> tuple[str, int] | None:
    """(section, number) of the last case begun, None if there was none."""
    try:
        section, number = path.read_text().split()
    except (OSError, ValueError):
        return None
    return None if int(number) == PREPARING else (section, int(number))
