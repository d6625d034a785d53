"""Our side: the same plan through one of the package's doors, its results against the reference's digests."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compat import cases, counters, loading
from compat.comparer import compare
from compat.corpora import Corpora
from compat.journal import Journal
from compat.reference import DIED, DIGEST, numbered, result_digest, same

KEEP = 400
"""Differing results kept for a second look; further ones are only counted."""
DOORS = ("patch", "accelerate", "class")


def run(
    job: dict[str, Any], corpora: Corpora, mode: cases.Mode, journal: Journal
) -> dict[str, Any]:
    counters.install()
    import budtiktok_hf
    from compat import faults

    tok = _through(budtiktok_hf, job["door"], Path(job["tokenizer"]))
    subject = cases.Subject.of(job["name"], tok)
    if job.get("fault"):
        faults.install(job["fault"], tok)
    first = _describe(budtiktok_hf.explain(tok))
    folder = Path(job["references"])
    both = job["side"] == "both"
    references = (
        {}
        if both
        else {section: (folder / f"{section}.bin").read_bytes() for section in cases.SECTIONS}
    )
    tally = Tally(subject, budtiktok_hf.explain, journal, {tuple(case) for case in job["died"]})
    for segment in cases.segments(subject, corpora, mode):
        journal.preparing(segment.section)
        if segment.prepare:
            compare.outcome(segment.prepare)
        expected = (
            _digests_by_stock(budtiktok_hf, job["door"], subject, segment)
            if both
            else references[segment.section]
        )
        tally.run(segment, expected, relative=both)
    if not both:
        tally.check_lengths(references)
    # Parts as they were before the first edit, calls as they are after the last.
    last = _describe(budtiktok_hf.explain(tok))
    Path(job["differing"]).write_bytes(pickle.dumps(tally.kept))
    return tally.report() | {"engine": first | {"stock_calls": last["stock_calls"]}}


def _through(budtiktok_hf: Any, door: str, folder: Path) -> Any:
    if door == "patch":
        budtiktok_hf.patch()
        return loading.load(folder)
    if door == "accelerate":
        tok = loading.load(folder)
        budtiktok_hf.accelerate(tok)
        return tok
    return loading.load(folder, budtiktok_hf.BudTikTokTokenizerFast)


def _digests_by_stock(
    budtiktok_hf: Any, door: str, subject: cases.Subject, segment: cases.Segment
) -> bytes:
    """The reference of one segment where stock disagrees with itself from object to object: by stock, on the same object."""
    if door == "patch":
        budtiktok_hf.unpatch()
    else:
        budtiktok_hf.restore(subject.tok)
    try:
        return b"".join(result_digest(data) for case in segment.cases for data in case.run(subject))
    finally:
        if door == "patch":
            budtiktok_hf.patch()
        else:
            budtiktok_hf.accelerate(subject.tok)


class Tally:
    """What the patched side found: results, differing ones, and how often stock answered in which state of the tokenizer."""

    def __init__(
        self,
        subject: cases.Subject,
        explain: Callable[[Any], Any],
        journal: Journal,
        died: set[tuple[str, int]],
    ) -> None:
        self.subject, self.explain, self.journal, self.died = subject, explain, journal, died
        self.numbers = dict.fromkeys(cases.SECTIONS, 0)
        self.compared = dict.fromkeys(cases.SECTIONS, 0)
        self.mismatches = dict.fromkeys(cases.SECTIONS, 0)
        self.kept: dict[tuple[str, int], Any] = {}
        self.labels: list[str] = []
        self.deaths: list[str] = []
        self.states: list[dict[str, Any]] = []

    def run(self, segment: cases.Segment, expected: bytes, relative: bool) -> None:
        section = segment.section
        offset = self.numbers[section] if relative else 0
        stock_before, compared_before = counters.calls.total(), self.compared[section]
        by_stock: list[str] = []
        for start, case in numbered(segment, self.numbers[section]):
            self.numbers[section] = start + case.results
            at = (start - offset) * DIGEST
            wanted = expected[at : at + case.results * DIGEST]
            label = f"({segment.label}) {case.describe()}"
            if wanted[:DIGEST] == DIED:
                continue
            self.compared[section] += case.results
            if (section, start) in self.died:
                self.mismatches[section] += case.results
                self.deaths.append(label)
                continue
            self.journal.begin(section, start)
            stock = counters.calls.total()
            for index, data in enumerate(case.run(self.subject)):
                if not same(wanted[index * DIGEST : (index + 1) * DIGEST], data):
                    self._differs(section, start + index, data, label)
            self.journal.done(case.results)
            if counters.calls.total() > stock:
                by_stock.append(label)
        state = self.explain(self.subject.tok)
        self.states.append(
            {
                "segment": f"{section}: {segment.label}",
                "results": self.compared[section] - compared_before,
                "accelerated": bool(state.accelerated),
                "reasons": list(state.reasons),
                "stock_calls": counters.calls.total() - stock_before,
                "by_stock": by_stock[:3] if state.accelerated else [],
            }
        )

    def _differs(self, section: str, number: int, data: Any, label: str) -> None:
        self.mismatches[section] += 1
        if len(self.kept) < KEEP:
            self.kept[section, number] = data
            self.labels.append(f"{section} {number} {label}")

    def check_lengths(self, references: dict[str, bytes]) -> None:
        for section, digests in references.items():
            if len(digests) != self.numbers[section] * DIGEST:
                raise SystemExit(
                    f"{section}: {self.numbers[section]} results, but {len(digests) // DIGEST} references"
                )

    def report(self) -> dict[str, Any]:
        return {
            "cases": self.compared,
            "mismatches": self.mismatches,
            "kept": len(self.kept),
            "labels": self.labels[:40],
            "deaths": self.deaths,
            "states": self.states,
        }


def _describe(engine: Any) -> dict[str, Any]:
    return {
        "accelerated": bool(engine.accelerated),
        "reasons": list(engine.reasons),
        "model": getattr(engine, "model", None),
        "pre_tokenizer": getattr(engine, "pre_tokenizer", None),
        "simd": getattr(engine, "simd", None),
        "stock_calls": dict(engine.stock_calls),
    }
