"""Stock's and patched speed on your own text (without FILES: on Python's own sources), ids read as lists, one thread each.

No speed is printed if any field of any document differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

from budtiktok_hf.cli import loading, measure, progress, texts


class Outcome(NamedTuple):
    documents: int
    megabytes: float
    stock: float
    patched: float
    ratio: float
    accelerated: bool
    reasons: list[str]


class Unequal(Exception):
    """A document gave other fields patched than unpatched."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    loading.add_model(parser)
    parser.add_argument("files", nargs="*", type=Path, help="files or folders, UTF-8")
    parser.add_argument(
        "--megabytes", type=float, default=12.0, help="of text at most (default 12)"
    )


def run(options: argparse.Namespace) -> int:
    text = texts.read(options.files or texts.standard_library(), int(options.megabytes * 1e6))
    try:
        outcome = measure_model(options.model, texts.documents(text))
    except Unequal as error:
        print(error, file=sys.stderr)
        return 1
    print_outcome(outcome)
    return 0


def measure_model(model: str, documents: list[str]) -> Outcome:
    """Loads the model unpatched and runs it, then patched; raises `Unequal` with the first difference."""
    import budtiktok_hf
    from budtiktok_hf import compare

    measure.one_thread()
    with progress.bar() as bar:
        task = bar.add_task("stock", total=len(documents))
        stock = measure.run_pass(_backend(model), documents, lambda count: bar.advance(task, count))
        with budtiktok_hf.patched():
            tok = loading.load(model)
            backend = loading.backend_of(tok)
            again = bar.add_task("patched", total=len(documents))
            patched = measure.run_pass(backend, documents, lambda count: bar.advance(again, count))
            explanation = budtiktok_hf.explain(tok)
    wrong = measure.differing(stock, patched)
    if wrong:
        text = documents[wrong[0]]
        with budtiktok_hf.patched():
            actual = compare.plain(backend.encode(text))
        found = compare.difference(compare.plain(_backend(model).encode(text)), actual)
        raise Unequal(
            f"{len(wrong)} of {len(documents)} documents differ; the first, {text[:60]!r}: {found}"
        )
    speeds = measure.speeds(documents, stock, patched)
    megabytes = sum(len(text.encode("utf-8")) for text in documents) / 1e6
    return Outcome(
        len(documents), megabytes, *speeds, bool(explanation.accelerated), list(explanation.reasons)
    )


def print_outcome(outcome: Outcome) -> None:
    print(f"documents    {outcome.documents:,} of at most 4 KB, {outcome.megabytes:.1f} MB")
    print("fields       11 of each document compared, all equal")
    print(f"stock        {outcome.stock:.1f} MB/s")
    print(f"patched      {outcome.patched:.1f} MB/s")
    print(f"ratio        {outcome.ratio:.1f}x")
    print(f"accelerated  {'yes' if outcome.accelerated else 'no: ' + '; '.join(outcome.reasons)}")


def _backend(model: str) -> Any:
    backend = loading.backend_of(loading.load(model))
    if backend is None:
        raise SystemExit(
            f"{model} has a slow tokenizer (Python code): there is nothing to accelerate"
        )
    return backend
