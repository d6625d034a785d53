"""One process, one tokenizer, one side: `python -m compat.worker JOB`, JOB a file of JSON.

side `stock`: never imports budtiktok_hf; writes the digests of a section's results to `references`. With `again`, results by
    section and number are run once more, and the first difference from `differing` is written down for each.
side `patched`: counters, then `patch()`; compares with the digests, keeps the results that differ.
side `both`: for a tokenizer on which stock disagrees with itself from object to object: each segment unpatched, then patched, on
    the same object.

Lines on standard output: `progress N` as results come.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from compat import cases, loading
from compat.comparer import compare
from compat.corpora import Corpora

DIGEST = 8
PANICKED = b"panicked"
"""Where stock panics we must raise ValueError; what else the case gave is not compared."""
KEEP = 400
"""Differing results kept for a second look; further ones are only counted."""


def main(job_file: str) -> None:
    job = json.loads(Path(job_file).read_text())
    compare.silence_deprecations()
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    started = time.perf_counter()
    corpora = Corpora.read(Path(job["corpora"]))
    mode = cases.Mode(**job["mode"])
    result: dict[str, Any]
    if job["side"] == "stock":
        tok = loading.load(Path(job["tokenizer"]))
        subject = cases.Subject.of(job["name"], tok)
        if loading.shares_ids(subject.backend):
            result = {"shares_ids": True}
        elif job.get("again"):
            result = _again(subject, corpora, mode, job)
        else:
            result = _reference(subject, corpora, mode, Path(job["references"]))
        assert "budtiktok_hf" not in sys.modules, (
            "the reference process must not import budtiktok_hf"
        )
    else:
        result = _patched(job, corpora, mode)
    result["seconds"] = round(time.perf_counter() - started, 2)
    out = Path(job["out"])
    out.with_suffix(".new").write_text(json.dumps(result))
    out.with_suffix(".new").replace(out)
    # Pools and loops of either library have nothing left to do.
    sys.stdout.flush()
    os._exit(0)


class Progress:
    """Tells the parent how many results there are, at most ten times a second."""

    def __init__(self) -> None:
        self.count, self._told = 0, 0.0

    def add(self, count: int) -> None:
        self.count += count
        now = time.monotonic()
        if now - self._told > 0.1:
            self._told = now
            print("progress", self.count, flush=True)


def result_digest(data: Any) -> bytes:
    call = data.get("call") if isinstance(data, dict) and "call" in data else data
    if (
        isinstance(call, tuple)
        and len(call) == 3
        and call[0] == "raises"
        and call[1] in compare.PANICS
    ):
        return PANICKED
    return compare.digest(data)


def same(reference: bytes, data: Any) -> bool:
    if reference == PANICKED:
        call = data.get("call") if isinstance(data, dict) and "call" in data else data
        return (
            isinstance(call, tuple)
            and call[0] == "raises"
            and call[1] in ("ValueError", *compare.PANICS)
        )
    return compare.digest(data) == reference


def _reference(
    subject: cases.Subject, corpora: Corpora, mode: cases.Mode, folder: Path
) -> dict[str, Any]:
    """Runs the plan and writes `<section>.bin`, one digest a result."""
    folder.mkdir(parents=True, exist_ok=True)
    progress, digests = Progress(), {section: bytearray() for section in cases.SECTIONS}
    for segment in cases.segments(subject, corpora, mode):
        if segment.prepare:
            compare.outcome(segment.prepare)
        for case in segment.cases:
            for data in case.run(subject):
                digests[segment.section] += result_digest(data)
            progress.add(case.results)
    for section, data in digests.items():
        (folder / f"{section}.bin").write_bytes(data)
    return {"cases": {section: len(data) // DIGEST for section, data in digests.items()}}


def _numbered(segment: cases.Segment, start: int) -> Iterator[tuple[int, Any]]:
    for case in segment.cases:
        yield start, case
        start += case.results


def _again(
    subject: cases.Subject, corpora: Corpora, mode: cases.Mode, job: dict[str, Any]
) -> dict[str, Any]:
    """The first difference of each result that differed: runs stock again, with every edit on the way, but only those cases."""
    differing = pickle.loads(Path(job["again"]).read_bytes())
    at = dict.fromkeys(cases.SECTIONS, 0)
    shown = []
    for segment in cases.segments(subject, corpora, mode):
        if segment.prepare:
            compare.outcome(segment.prepare)
        for start, case in _numbered(segment, at[segment.section]):
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
                    shown.append(_shown(segment, case, number, found))
    return {"differences": shown}


def _shown(segment: cases.Segment, case: Any, number: int, found: Any) -> dict[str, Any]:
    return {
        "section": segment.section,
        "number": number,
        "segment": segment.label,
        "case": case.describe(),
        "difference": str(found),
    }


def _patched(job: dict[str, Any], corpora: Corpora, mode: cases.Mode) -> dict[str, Any]:
    from compat import counters

    counters.install()
    import budtiktok_hf
    from compat import faults

    budtiktok_hf.patch()
    tok = loading.load(Path(job["tokenizer"]))
    subject = cases.Subject.of(job["name"], tok)
    if job.get("fault"):
        faults.install(job["fault"], tok)
    folder = Path(job["references"])
    both = job["side"] == "both"
    references = (
        {}
        if both
        else {section: (folder / f"{section}.bin").read_bytes() for section in cases.SECTIONS}
    )
    tally = Tally(subject, budtiktok_hf.explain)
    for segment in cases.segments(subject, corpora, mode):
        if segment.prepare:
            compare.outcome(segment.prepare)
        expected = (
            _digests_unpatched(budtiktok_hf, subject, segment)
            if both
            else references[segment.section]
        )
        tally.run(segment, expected, relative=both)
    if not both:
        tally.check_lengths(references)
    engine = budtiktok_hf.explain(tok)
    Path(job["differing"]).write_bytes(pickle.dumps(tally.kept))
    return tally.report() | {"engine": _describe(engine)}


def _digests_unpatched(budtiktok_hf: Any, subject: cases.Subject, segment: cases.Segment) -> bytes:
    budtiktok_hf.unpatch()
    try:
        return b"".join(result_digest(data) for case in segment.cases for data in case.run(subject))
    finally:
        budtiktok_hf.patch()


class Tally:
    """What the patched side found: results, differing ones, and how often stock answered in which state of the tokenizer."""

    def __init__(self, subject: cases.Subject, explain: Callable[[Any], Any]) -> None:
        self.subject, self.explain = subject, explain
        self.counts = dict.fromkeys(cases.SECTIONS, 0)
        self.mismatches = dict.fromkeys(cases.SECTIONS, 0)
        self.kept: dict[tuple[str, int], Any] = {}
        self.labels: list[str] = []
        self.states: list[dict[str, Any]] = []
        self.progress = Progress()

    def run(self, segment: cases.Segment, expected: bytes, relative: bool) -> None:
        from compat import counters

        section = segment.section
        offset = self.counts[section] if relative else 0
        stock_before = counters.calls.total()
        by_stock: list[str] = []
        for case in segment.cases:
            start, stock = self.counts[section], counters.calls.total()
            for number, data in enumerate(case.run(self.subject), start):
                at = (number - offset) * DIGEST
                if not same(expected[at : at + DIGEST], data):
                    self.mismatches[section] += 1
                    if len(self.kept) < KEEP:
                        self.kept[section, number] = data
                        self.labels.append(
                            f"{section} {number} ({segment.label}): {case.describe()}"
                        )
            self.counts[section] += case.results
            self.progress.add(case.results)
            if counters.calls.total() > stock:
                by_stock.append(f"({segment.label}) {case.describe()}")
        state = self.explain(self.subject.tok)
        self.states.append(
            {
                "segment": f"{section}: {segment.label}",
                "results": sum(case.results for case in segment.cases),
                "accelerated": bool(state.accelerated),
                "reasons": list(state.reasons),
                "stock_calls": counters.calls.total() - stock_before,
                "by_stock": by_stock[:3] if state.accelerated else [],
            }
        )

    def check_lengths(self, references: dict[str, bytes]) -> None:
        for section, digests in references.items():
            if len(digests) != self.counts[section] * DIGEST:
                raise SystemExit(
                    f"{section}: {self.counts[section]} results, but {len(digests) // DIGEST} references"
                )

    def report(self) -> dict[str, Any]:
        return {
            "cases": self.counts,
            "mismatches": self.mismatches,
            "kept": len(self.kept),
            "labels": self.labels[:40],
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


if __name__ == "__main__":
    main(sys.argv[1])
