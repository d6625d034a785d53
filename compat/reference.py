"""Stock's side: the digests of all results of the plan, and a second run of the cases that differed."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compat import cases
from compat.comparer import compare
from compat.corpora import Corpora
from compat.journal import Journal

DIGEST = 8
PANICKED = b"panicked"
"""Where stock panics we must raise ValueError; what else the case gave is not compared."""
DIED = b"died\0\0\0\0"
"""Stock's process did not survive the case: there is nothing to compare with."""


def result_digest(data: Any) -> bytes:
    return PANICKED if _raised(data, compare.PANICS) else compare.digest(data)


def same(reference: bytes, data: Any) -> bool:
    if reference == PANICKED:
        return _raised(data, ("ValueError", *compare.PANICS))
    return compare.digest(data) == reference


def _raised(data: Any, types: tuple[str, ...]) -> bool:
    call = data.get("call") if isinstance(data, dict) and "call" in data else data
    return isinstance(call, tuple) and len(call) == 3 and call[0] == "raises" and call[1] in types


def numbered(segment: cases.Segment, start: int) -> Iterator[tuple[int, Any]]:
    for case in segment.cases:
        yield start, case
        start += case.results


def make(
    subject: cases.Subject,
    corpora: Corpora,
    mode: cases.Mode,
    folder: Path,
    journal: Journal,
    skipped: set[tuple[str, int]],
) -> dict[str, Any]:
    """Runs the plan and writes `<section>.bin`, one digest a result."""
    folder.mkdir(parents=True, exist_ok=True)
    digests = {section: bytearray() for section in cases.SECTIONS}
    categories: Counter[str] = Counter()
    left_out = []
    for segment in cases.segments(subject, corpora, mode):
        journal.preparing(segment.section)
        if segment.prepare:
            compare.outcome(segment.prepare)
        found = digests[segment.section]
        for number, case in numbered(segment, len(found) // DIGEST):
            if (segment.section, number) in skipped:
                found += DIED * case.results
                left_out.append(f"({segment.label}) {case.describe()}")
                continue
            journal.begin(segment.section, number)
            for data in case.run(subject):
                found += result_digest(data)
            categories += case.categories()
            journal.done(case.results)
    for section, data in digests.items():
        (folder / f"{section}.bin").write_bytes(data)
    return {
        "cases": {section: len(data) // DIGEST for section, data in digests.items()},
        "categories": dict(categories),
        "skipped": left_out,
    }


def again(
    subject: cases.Subject, corpora: Corpora, mode: cases.Mode, differing_file: Path
) -> dict[str, Any]:
    """The first difference of each result that differed: runs stock again, with every edit on the way, but only those cases."""
    differing = pickle.loads(differing_file.read_bytes())
    at = dict.fromkeys(cases.SECTIONS, 0)
    shown = []
    for segment in cases.segments(subject, corpora, mode):
        if segment.prepare:
            compare.outcome(segment.prepare)
        for start, case in numbered(segment, at[segment.section]):
            wanted = [
                n for n in range(start, start + case.results) if (segment.section, n) in differing
            ]
            at[segment.section] = start + case.results
            if not wanted:
                continue
            results = case.run(subject)
            for number in wanted:
                found = compare.difference(
                    results[number - start], differing[segment.section, number]
                )
                if found:
                    shown.append(
                        {
                            "section": segment.section,
                            "number": number,
                            "segment": segment.label,
                            "case": case.describe(),
                            "difference": str(found),
                        }
                    )
    return {"differences": shown}
