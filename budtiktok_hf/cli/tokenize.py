"""Tokens, ids, character offsets and word numbers of a text (without TEXT: of standard input)."""

from __future__ import annotations

import argparse
import json
import sys

from budtiktok_hf.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    loading.add_model(parser)
    parser.add_argument("text", nargs="?", help="the text; without it standard input is read")
    parser.add_argument("--no-specials", action="store_true", help="without special tokens")
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(options: argparse.Namespace) -> int:
    import budtiktok_hf

    text = sys.stdin.read() if options.text is None else options.text
    with budtiktok_hf.patched():
        tok = loading.load(options.model)
        backend = loading.backend_of(tok)
        if backend is None:
            print(f"{options.model} has a slow tokenizer", file=sys.stderr)
            return 1
        encoding = backend.encode(text, add_special_tokens=not options.no_specials)
        rows = list(
            zip(encoding.ids, encoding.tokens, encoding.offsets, encoding.word_ids, strict=True)
        )
    if options.json:
        names = ("id", "token", "offsets", "word")
        print(
            json.dumps(
                {"text": text, "tokens": [dict(zip(names, row, strict=True)) for row in rows]},
                ensure_ascii=False,
            )
        )
        return 0
    for id, token, (start, end), word in rows:
        print(f"{id:>8}  {start:>6}–{end:<6} {'' if word is None else word!s:>5}  {token!r}")
    return 0
