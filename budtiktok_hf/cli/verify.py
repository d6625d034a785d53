"""Compares patched with stock on your own text, field by field (without FILES: on Python's own sources).

Exit code 0 if everything is equal; else 1, and the smallest failing case is written to a file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from budtiktok_hf import compare
from budtiktok_hf.cli import loading, progress, texts

Call = Callable[[Any, str], Any]
"""A call with a transformers tokenizer and a text."""


def _encode(tok: Any, text: str) -> Any:
    return loading.backend_of(tok).encode(text)


def _without_specials(tok: Any, text: str) -> Any:
    return loading.backend_of(tok).encode(text, add_special_tokens=False)


def _pair(tok: Any, text: str) -> Any:
    half = len(text) // 2
    return tok(
        text[:half], text[half:], return_offsets_mapping=True, return_special_tokens_mask=True
    )


def _words(tok: Any, text: str) -> Any:
    return tok(text.split(), is_split_into_words=True, return_offsets_mapping=True)


def _overflowing(tok: Any, text: str) -> Any:
    return tok(
        text,
        truncation=True,
        max_length=64,
        stride=8,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )


def _decode(tok: Any, text: str) -> Any:
    ids = tok(text)["input_ids"]
    return [tok.decode(ids), tok.decode(ids, skip_special_tokens=True)]


CALLS: dict[str, Call] = {
    "encode": _encode,
    "encode without special tokens": _without_specials,
    "tok(text, pair)": _pair,
    "tok(words, is_split_into_words=True)": _words,
    "tok(text, truncation, stride, overflow)": _overflowing,
    "tok.decode": _decode,
}
QUERIED = 20
"""One document in so many is asked the seven queries at every position."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    loading.add_model(parser)
    parser.add_argument("files", nargs="*", type=Path, help="files or folders, UTF-8")
    parser.add_argument(
        "--megabytes",
        type=float,
        help="of text at most (default: all of FILES, 2 of Python's sources)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("budtiktok-verify.json"), help="where a failing case goes"
    )


def run(options: argparse.Namespace) -> int:
    import budtiktok_hf

    limit = options.megabytes if options.megabytes or options.files else 2.0
    text = texts.read(
        options.files or texts.standard_library(), int(limit * 1e6) if limit else None
    )
    documents = texts.documents(text)
    load = lambda: loading.load(options.model)  # noqa: E731
    with progress.bar() as bar:
        tasks = {side: bar.add_task(side, total=len(documents)) for side in ("stock", "patched")}
        failures = verify(load, documents, lambda side: bar.advance(tasks[side]))
    with budtiktok_hf.patched():
        explanation = budtiktok_hf.explain(load())
    cases = len(documents) * len(CALLS)
    print(f"{len(documents):,} documents, {cases:,} calls, {len(failures):,} differ")
    print(
        "accelerated"
        if explanation.accelerated
        else "not accelerated: " + "; ".join(explanation.reasons)
    )
    if not failures:
        return 0
    name, number = failures[0]
    case = smallest(load, name, documents[number])
    options.out.write_text(
        json.dumps({"model": options.model} | case, ensure_ascii=False, indent=1) + "\n"
    )
    print(
        f"{name}: {case['difference']}\nsmallest failing case ({len(case['text'])} characters): {options.out}",
        file=sys.stderr,
    )
    return 1


def verify(
    load: Callable[[], Any], documents: list[str], advance: Callable[[str], object]
) -> list[tuple[str, int]]:
    """(call, number of the document) of whatever differs. Stock runs whole before `patch()`, so that nothing of ours is near it."""
    import budtiktok_hf

    compare.silence_deprecations()
    expected = []
    tok = _fast(load())
    for number, text in enumerate(documents):
        expected.append([_digest(name, tok, text, number) for name in CALLS])
        advance("stock")
    failures = []
    with budtiktok_hf.patched():
        tok = _fast(load())
        for number, text in enumerate(documents):
            for digest, name in zip(expected[number], CALLS, strict=True):
                if _digest(name, tok, text, number) != digest:
                    failures.append((name, number))
            advance("patched")
    return failures


def smallest(load: Callable[[], Any], name: str, text: str, tries: int = 400) -> dict[str, Any]:
    """Cuts parts out of `text`, ever smaller ones, as long as the call still differs."""
    tok, stock = _fast(load()), _fast(load())

    def differs(candidate: str) -> compare.Difference | None:
        return _difference(CALLS[name], tok, stock, candidate)

    found, size = differs(text), max(1, len(text) // 2)
    while found and tries > 0:
        cut = False
        for start in range(0, len(text), size):
            candidate = text[:start] + text[start + size :]
            tries -= 1
            smaller = differs(candidate)
            if smaller:
                text, found, cut = candidate, smaller, True
                break
            if tries <= 0:
                break
        if not cut:
            if size == 1:
                break
            size = max(1, size // 2)
    return {"call": name, "text": text, "difference": str(found)}


def _digest(name: str, tok: Any, text: str, number: int) -> bytes:
    positions = range(len(text) + 2) if name == "encode" and number % QUERIED == 0 else None
    result = compare.plain(compare.outcome(CALLS[name], tok, text), positions)
    # Where stock panics we raise ValueError; either way there is no result to compare.
    if (
        isinstance(result, tuple)
        and result
        and result[0] == "raises"
        and result[1] in ("ValueError", *compare.PANICS)
    ):
        return b"raises"
    return compare.digest(result)


def _difference(call: Call, tok: Any, stock: Any, text: str) -> compare.Difference | None:
    import budtiktok_hf

    positions = range(min(len(text), 256) + 2)
    expected = compare.plain(compare.outcome(call, stock, text), positions)
    with budtiktok_hf.patched():
        actual = compare.plain(compare.outcome(call, tok, text), positions)
    return compare.difference(expected, actual)


def _fast(tok: Any) -> Any:
    if getattr(tok, "backend_tokenizer", None) is None:
        raise SystemExit(
            "a slow tokenizer (Python code): patch() leaves it alone, there is nothing to verify"
        )
    return tok
